//! `ssmax mail rekey`: have an own message wrapped anew by the own keyserver.

use crate::command::decrypt;
use crate::command::signing_key::SigningKeyArgs;
use crate::command::{Context, block_on, rewrap, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use serde_bytes::ByteBuf;
use serde_json::json;
use ssmax_agent::rekey::{Asker, RekeyFault, part, request};
use ssmax_api::person::{PersonAnswer, PersonProblem, PersonRequest, RewrappedPart, SignedRequest};
use ssmax_chain::attachments::{AttachmentMail, take_apart, with_objects};
use ssmax_chain::person_request::OwnTarget;
use ssmax_cms::enveloped::Enveloped;
use ssmax_mail::{Entity, Limits};
use ssmax_primitives::SystemRandom;
use ssmax_smime::rewrap::Apart;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use time::OffsetDateTime;

/// How long the keyserver may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Arguments of `ssmax mail rekey`.
#[derive(Debug, clap::Args)]
pub(super) struct Rekey {
    /// The message as the mailer saves it, or an encrypted file (DER, PEM); `-` is
    /// standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: SigningKeyArgs,
    /// The own user id. Default: the mailbox.
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The address whose mail it is. Default: the first one of the signing certificate.
    #[arg(long, value_name = "ADDRESS")]
    mailbox: Option<String>,
    /// For whom: own (the own newest certificate) or submission (the own organisation,
    /// to forward it).
    #[arg(long, value_name = "TARGET", default_value = "own", hide_possible_values = true)]
    to: To,
    /// The keyserver's socket for people. Default: the one that the configuration names.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    socket: Option<PathBuf>,
    /// The configuration file of the own organisation, on the host of its keyserver.
    #[arg(long, value_name = "FILE", default_value = "ssmax.toml", hide_default_value = true)]
    config: PathBuf,
    /// Where to write it; nothing is replaced. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// For whom a message is wrapped anew.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum To {
    Own,
    Submission,
}

impl From<To> for OwnTarget {
    fn from(to: To) -> Self {
        match to {
            To::Own => Self::Own,
            To::Submission => Self::Submission,
        }
    }
}

/// Has the message wrapped anew.
pub(super) fn run(args: &Rekey, context: &Context) -> Result<ExitCode, Complaint> {
    decrypt::refuse_replacing(args.out.as_deref())?;
    let identity = args.key.load()?;
    let certificate = &identity.certificate;
    let mailbox = match &args.mailbox {
        Some(mailbox) => mailbox.clone(),
        None => certificate.emails().into_iter().next().unwrap_or_default(),
    };
    let socket = match &args.socket {
        Some(socket) => socket.clone(),
        None => {
            let config = Config::load(&args.config)?;
            ssmax_keyserver::Settings::socket(&config.keyserver()?.run_dir, "person")
        }
    };
    let file = decrypt::encrypted_file(&args.file)?;
    let asker = Asker {
        user: args.user.as_deref().unwrap_or(&mailbox),
        mailbox: &mailbox,
        key: &*identity.key,
        certificate,
    };
    let ask = |files: &[&Enveloped]| ask(&socket, files, args.to.into(), &asker, &args.file);
    let is_bare = ssmax_smime::decrypt::is_bare_object(&file.octets);
    let mail = (!is_bare).then(|| ssmax_mail::parse(&file.octets, &Limits::default()).ok());
    let attached = mail.flatten();
    let attached =
        attached.as_ref().and_then(|mail| Some((mail, take_apart(mail).ok().flatten()?)));
    if let Some((mail, attached)) = attached {
        let files: Vec<&Enveloped> = attached.files.iter().collect();
        let rewrapped = ask(&files)?;
        let octets = with_files(mail, &attached, &rewrapped)
            .ok_or_else(|| Complaint::new(Exit::Bad, "mail-attachments-not-as-listed"))
            .map_err(|complaint| complaint.with("path", args.file.display()))?;
        decrypt::write(args.out.as_deref(), &rewrap::octets(&file, octets))?;
        tell_files(args, &mailbox, &attached, context);
        return Ok(ExitCode::SUCCESS);
    }
    let apart =
        Apart::of(&file.octets).map_err(|fault| rewrap::complaint(fault, &[], &args.file))?;
    let rewrapped = ask(&[apart.enveloped()])?;
    let [rewrapped] = <[RewrappedPart; 1]>::try_from(rewrapped)
        .map_err(|_| problem_complaint(PersonProblem::Malformed, asker.user, &args.file))?;
    let infos: Vec<Vec<u8>> = rewrapped.recipients.iter().map(|info| info.to_vec()).collect();
    let tail = apart.enveloped().tail();
    let octets = rewrap::octets(&file, apart.with_recipients(&infos));
    decrypt::write(args.out.as_deref(), &octets)?;
    let facts = json!({
        "mailbox": mailbox,
        "tail": hex::encode(tail),
        "kcv": rewrapped.kcv,
        "recipients": infos.len(),
    });
    if args.out.as_deref().is_some_and(|out| out.as_os_str() != "-") {
        context.print(&facts, || told(args, &mailbox, context));
    } else if context.json {
        verify::say(context, false, &facts.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the keyserver for all these objects at once.
pub(super) fn ask(
    socket: &Path,
    files: &[&Enveloped],
    target: OwnTarget,
    asker: &Asker<'_>,
    file: &Path,
) -> Result<Vec<RewrappedPart>, Complaint> {
    let parts = files.iter().map(|file| part(file)).collect::<Result<Vec<_>, _>>();
    let signed = parts
        .and_then(|parts| request(parts, target, asker, OffsetDateTime::now_utc(), &SystemRandom))
        .map_err(|fault| fault_complaint(fault, file))?;
    let signed = SignedRequest { json: signed.json, signature: ByteBuf::from(signed.signature) };
    let request = PersonRequest::RewrapOwn(signed);
    let answer: PersonAnswer = block_on(async {
        ssmax_daemon::call::call(socket, &request, TIMEOUT)
            .await
            .map_err(|error| Complaint::from_call(error, Role::Keyserver.text()))
    })?;
    ssmax_api::person::decode::<Vec<RewrappedPart>>(answer)
        .and_then(|parts| match parts.len() == files.len() {
            true => Ok(parts),
            false => Err(PersonProblem::Malformed),
        })
        .map_err(|problem| problem_complaint(problem, asker.user, file))
}

/// A mail in attachment mode with the new RecipientInfos of its files; `None` if a key is
/// not the listed one.
fn with_files(
    mail: &Entity<'_>,
    attached: &AttachmentMail<'_>,
    rewrapped: &[RewrappedPart],
) -> Option<Vec<u8>> {
    let listed = attached.manifest.parts.iter();
    let files = listed.zip(&attached.files).zip(rewrapped).map(|((listed, file), new)| {
        let infos: Vec<Vec<u8>> = new.recipients.iter().map(|info| info.to_vec()).collect();
        (listed.kcv == new.kcv).then(|| (listed.name.as_str(), file.with_recipients(&infos)))
    });
    Some(with_objects(mail, attached.signed, files.collect::<Option<Vec<_>>>()?))
}

fn tell_files(args: &Rekey, mailbox: &str, attached: &AttachmentMail<'_>, context: &Context) {
    let files = attached.manifest.parts.iter();
    let files = files.map(|listed| json!({ "name": listed.name, "tail": listed.tail }));
    let facts = json!({ "mailbox": mailbox, "files": files.collect::<Vec<_>>() });
    if args.out.as_deref().is_some_and(|out| out.as_os_str() != "-") {
        context.print(&facts, || told(args, mailbox, context));
    } else if context.json {
        verify::say(context, false, &facts.to_string());
    }
}

/// What was done, and with which key the message opens now: a new one, which the person
/// may not have yet.
fn told(args: &Rekey, mailbox: &str, context: &Context) -> String {
    let done = context.text("mail-rekeyed", &[("mailbox", mailbox)]);
    match args.to {
        To::Own => format!("{done}\n{}", context.text("mail-rekeyed-own", &[("mailbox", mailbox)])),
        To::Submission => done,
    }
}

fn fault_complaint(fault: RekeyFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        RekeyFault::TooManyRecipients => {
            of("too-many-recipients").with("max", ssmax_chain::person_request::MAX_RECIPIENTS)
        }
        fault => of("mail-signing-failed").with("reason", fault),
    }
}

fn problem_complaint(problem: PersonProblem, user: &str, path: &Path) -> Complaint {
    use PersonProblem as P;
    let bad = |name| Complaint::new(Exit::Bad, name).with("path", path.display());
    match problem {
        P::Malformed => Complaint::new(Exit::WrongUse, "person-malformed"),
        P::TimeOutside => Complaint::new(Exit::Bad, "person-time-outside"),
        P::NotSigned => {
            // Which of both it is the keyserver tells nobody who has not signed.
            Complaint::new(Exit::Bad, "person-not-signed").with("user", user)
        }
        P::Replayed => Complaint::new(Exit::Bad, "person-replayed"),
        P::NotYourMailbox => Complaint::new(Exit::Bad, "person-not-your-mailbox"),
        P::KeepsNoKeys => Complaint::new(Exit::Bad, "person-keeps-no-keys"),
        P::EncryptionRefused => bad("person-encryption-refused"),
        P::NotForYou => bad("person-not-for-you"),
        P::NoCertificate => Complaint::new(Exit::Bad, "person-no-certificate"),
        P::LimitReached => Complaint::new(Exit::Unavailable, "person-limit-reached"),
        P::NotOpened => bad("person-not-opened"),
        _ => Complaint::new(Exit::Unavailable, "person-failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;

    #[test]
    fn every_problem_of_the_keyserver_has_its_texts() {
        use PersonProblem as P;
        for (problem, exit) in [
            (P::Malformed, Exit::WrongUse),
            (P::TimeOutside, Exit::Bad),
            (P::NotSigned, Exit::Bad),
            (P::Replayed, Exit::Bad),
            (P::NotYourMailbox, Exit::Bad),
            (P::KeepsNoKeys, Exit::Bad),
            (P::EncryptionRefused, Exit::Bad),
            (P::NotForYou, Exit::Bad),
            (P::NoCertificate, Exit::Bad),
            (P::LimitReached, Exit::Unavailable),
            (P::NotOpened, Exit::Bad),
            (P::Failed, Exit::Unavailable),
        ] {
            let complaint = problem_complaint(problem, "u", Path::new("x"));
            assert_eq!(complaint.exit, exit, "{problem:?}");
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(!what.starts_with("err-") && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }
}
