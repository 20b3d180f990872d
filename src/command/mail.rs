//! `ssmax mail`: what a person does with a key when the mailer cannot.

mod send;

use super::Context;
use super::decrypt::{self, KeyArgs, Use};
use super::verify::{self, TrustArgs};
use crate::complaint::{Complaint, Exit};
use serde_json::json;
use ssmax_agent::encrypt::{EncryptFault, encrypt};
use ssmax_agent::learn::learn;
use ssmax_agent::open::{Opened, open};
use ssmax_agent::sign::{SignFault, Signer, sign};
use ssmax_agent::submission::{Envelope, EnvelopeFault};
use ssmax_cms::enveloped::RsaTransport;
use ssmax_mail::Limits;
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax mail`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Sign a message with a key, as its From.
    Sign(Sign),
    /// Encrypt a message to certificates.
    Encrypt(Encrypt),
    /// Hand a message to the own mail server.
    Send(send::Send),
    /// Decrypt a message, judge it and show it.
    Open(Open),
}

#[derive(Debug, clap::Args)]
struct Sign {
    /// The message; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    /// Certificates of the CAs above, to go along; may be given several times.
    #[arg(long, value_name = "CA.pem")]
    chain: Vec<PathBuf>,
    /// The certificate that answers shall be encrypted for.
    #[arg(long, value_name = "CERT.pem")]
    encryption_cert: Option<PathBuf>,
    /// Where to write the signed message. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Encrypt {
    /// The message; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    /// A recipient's certificate; may be given several times. Name your own too if you
    /// want to read what you sent.
    #[arg(long, value_name = "CERT.pem")]
    to: Vec<PathBuf>,
    /// A good signed mail by a recipient, whose certificate is taken from there; may be
    /// given several times.
    #[arg(long, value_name = "FILE.eml")]
    learn_from: Vec<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
    /// How RSA keys get the content key: oaep, or pkcs1 for old mailers.
    #[arg(long, value_name = "PADDING", default_value = "oaep", hide_possible_values = true)]
    rsa: Padding,
    /// Where to write the encrypted message. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The padding of RSA key transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Padding {
    Oaep,
    Pkcs1,
}

#[derive(Debug, clap::Args)]
struct Open {
    /// The message as the mailer saves it; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Where to write the opened message, which mailers can read. Default: its text is
    /// shown.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Does what was asked for.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(match args.action {
        Action::Sign(args) => sign_mail(&args, context),
        Action::Encrypt(args) => encrypt_mail(&args),
        Action::Send(args) => send::run(&args, context),
        Action::Open(args) => open_mail(&args, context),
    })
}

fn sign_mail(args: &Sign, context: &Context) -> Result<ExitCode, Complaint> {
    let identity = args.key.load(Use::Signing)?;
    let certificate = identity
        .certificate
        .as_ref()
        .ok_or_else(|| Complaint::new(Exit::WrongUse, "certificate-needed"))?;
    let mut chain: Vec<Certificate> =
        identity.others.iter().filter(|other| other.is_ca()).cloned().collect();
    for path in &args.chain {
        chain.extend(verify::certificates(path)?);
    }
    let encryption = match &args.encryption_cert {
        Some(path) => verify::certificates(path)?.into_iter().next(),
        None => None,
    };
    let has_issuer =
        chain.iter().any(|issuer| ssmax_pki::same_name(issuer.subject(), certificate.issuer()));
    if !has_issuer {
        verify::warn(context, &context.text("mail-no-chain", &[]));
    }
    let message = verify::mail(&args.file)?;
    let signer =
        Signer { key: &identity.key, certificate, chain: &chain, encryption: encryption.as_ref() };
    let signed = sign(&message, &signer, OffsetDateTime::now_utc(), &SystemRandom)
        .map_err(|fault| sign_complaint(fault, &args.file))?;
    decrypt::write(args.out.as_deref(), &signed)?;
    Ok(ExitCode::SUCCESS)
}

fn sign_complaint(fault: SignFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        SignFault::Mail(fault) => of("not-a-mail").with("reason", fault.code()),
        SignFault::From(_) | SignFault::NotOneFrom => of("mail-not-one-from"),
        SignFault::OtherAddress => of("mail-other-address"),
        SignFault::NotForSigning => of("mail-not-for-signing"),
        SignFault::NotValidNow => of("mail-certificate-not-valid-now"),
        fault => of("mail-signing-failed").with("reason", fault),
    }
}

fn encrypt_mail(args: &Encrypt) -> Result<ExitCode, Complaint> {
    let message = verify::mail(&args.file)?;
    let mut recipients = Vec::new();
    for path in &args.to {
        recipients.extend(verify::certificates(path)?.into_iter().filter(|found| !found.is_ca()));
    }
    if !args.learn_from.is_empty() {
        recipients.extend(learnt(args, &message)?);
    }
    let transport = match args.rsa {
        Padding::Oaep => RsaTransport::OaepSha256,
        Padding::Pkcs1 => RsaTransport::Pkcs1,
    };
    let encrypted =
        encrypt(&message, &recipients, transport, OffsetDateTime::now_utc(), &SystemRandom)
            .map_err(|fault| encrypt_complaint(&fault, &args.file))?;
    decrypt::write(args.out.as_deref(), &encrypted)?;
    Ok(ExitCode::SUCCESS)
}

/// The certificates of those to whom the message goes, out of earlier mails.
fn learnt(args: &Encrypt, message: &[u8]) -> Result<Vec<Certificate>, Complaint> {
    let trust = args.trust.load()?;
    let recipients =
        Envelope::of(message).map_err(|fault| envelope_complaint(fault, &args.file))?.to;
    let mut found = Vec::new();
    for path in &args.learn_from {
        let learnt = learn(&verify::mail(path)?, &trust.question()).map_err(|_| {
            Complaint::new(Exit::Bad, "mail-nothing-learnt").with("path", path.display())
        })?;
        for certificate in learnt.into_values() {
            let is_wanted = recipients.iter().any(|to| certificate.has_email(&to.to_string()));
            if is_wanted && !found.contains(&certificate) {
                found.push(certificate);
            }
        }
    }
    Ok(found)
}

fn encrypt_complaint(fault: &EncryptFault, path: &Path) -> Complaint {
    let whose = |certificate: &Certificate, name| {
        Complaint::new(Exit::WrongUse, name).with("subject", certificate.subject_text())
    };
    match fault {
        EncryptFault::Mail(fault) => Complaint::new(Exit::WrongUse, "not-a-mail")
            .with("path", path.display())
            .with("reason", fault.code()),
        EncryptFault::NoRecipient => Complaint::new(Exit::WrongUse, "mail-no-certificate"),
        EncryptFault::NotForEncryption(certificate) => {
            whose(certificate, "mail-not-for-encryption")
        }
        EncryptFault::NotValidNow(certificate) => {
            whose(certificate, "mail-recipient-not-valid-now")
        }
        EncryptFault::Key(certificate) => whose(certificate, "mail-recipient-key"),
        fault => Complaint::new(Exit::WrongUse, "mail-encrypting-failed").with("reason", fault),
    }
}

fn envelope_complaint(fault: EnvelopeFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        EnvelopeFault::Mail(fault) => of("not-a-mail").with("reason", fault.code()),
        EnvelopeFault::Sender => of("mail-not-one-from"),
        _ => of("mail-no-recipient"),
    }
}

fn open_mail(args: &Open, context: &Context) -> Result<ExitCode, Complaint> {
    let identity = args.key.load(Use::Decrypting)?;
    let trust = args.trust.load()?;
    let message = verify::mail(&args.file)?;
    let opened = open(&message, &identity.key, identity.certificate.as_ref(), &trust.question())
        .map_err(|fault| decrypt::complaint(fault, &args.file))?;
    if let Some(out) = &args.out {
        decrypt::write(Some(out), &opened.mail)?;
    }
    let out_is_stdout = args.out.as_deref().is_some_and(|out| out.as_os_str() == "-");
    let mut facts = json!(opened.judgement);
    if let Some(facts) = facts.as_object_mut() {
        facts.insert("encrypted".into(), opened.content.is_some().into());
    }
    if out_is_stdout {
        verify::say(context, false, &verify::describe(&opened.judgement, context));
    } else {
        context.print(&facts, || {
            let mut lines = verify::describe(&opened.judgement, context);
            if args.out.is_none() {
                lines.push_str("\n\n");
                lines.push_str(&shown(&opened, context));
            }
            lines
        });
    }
    Ok(verify::exit_of(&opened.judgement))
}

/// What a person reads of a mail: some fields, its first text, the names of the rest.
fn shown(opened: &Opened, context: &Context) -> String {
    let Ok(mail) = ssmax_mail::parse(&opened.mail, &Limits::default()) else {
        return context.text("mail-unreadable", &[]);
    };
    let mut lines = Vec::new();
    for name in ["From", "To", "Cc", "Date", "Subject"] {
        for field in mail.header().all(name) {
            lines.push(format!("{name}: {}", field.decoded()));
        }
    }
    lines.push(String::new());
    // An opaque signature hides its content from the parser of the mail.
    let content = ssmax_smime::content::signed_content(&mail).ok();
    let octets = content.map(|content| ssmax_mail::canonical::to_crlf(&content.entity));
    let inner =
        octets.as_deref().and_then(|octets| ssmax_mail::parse(octets, &Limits::default()).ok());
    let entity = inner.as_ref().unwrap_or(&mail);
    let mut has_text = false;
    for part in entity.walk().filter(|part| !part.content_type().is_multipart()) {
        match part.text() {
            Some(text) if !has_text && part.content_type().is("text", "plain") => {
                has_text = true;
                lines.push(text.replace("\r\n", "\n"));
            }
            _ => {
                let name = part.file_name().unwrap_or_else(|| part.content_type().essence());
                lines.push(context.text("mail-part", &[("name", &name)]));
            }
        }
    }
    verify::printable(&lines.join("\n"))
}

#[cfg(test)]
mod tests;
