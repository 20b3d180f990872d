//! `ssmax mail forward`: give a received message on, without some of its attachments.

use super::attach::{self, Signing, SigningArgs};
use super::learnt::KnownFile;
use super::rekey;
use crate::command::Context;
use crate::command::decrypt::{self, Identity, KeyArgs, OpenArgs, Use, recipient_certificates};
use crate::command::verify::{self, TrustArgs};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use serde_json::json;
use ssmax_agent::attach::AttachFault;
use ssmax_agent::encrypt::EncryptFault;
use ssmax_agent::forward::{self, ForwardFault, Forwarded, Opener, Rewrapped};
use ssmax_agent::open::open_with;
use ssmax_agent::rekey::Asker;
use ssmax_api::person::RewrappedPart;
use ssmax_chain::person_request::OwnTarget;
use ssmax_cms::enveloped::Enveloped;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_smime::choice::Recipient;
use ssmax_smime::judge::{Verdict, judge};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax mail forward`.
#[derive(Debug, clap::Args)]
pub(super) struct Forward {
    /// The received message as the mailer saves it; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    /// The private key that opens it, PEM or PKCS#12. Without one the keyserver, which
    /// keeps it, wraps the attachments, of a message that came with each by itself.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The key's certificate, where the key file does not hold it.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// File with the password of the key file on its first line.
    #[arg(long, value_name = "FILE", requires = "key")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    open: OpenArgs,
    #[command(flatten)]
    trust: TrustArgs,
    /// Give it on although its signature is not good, or cannot be judged.
    #[arg(long)]
    unverified: bool,
    #[command(flatten)]
    signing: SigningArgs,
    /// The new recipient: a certificate, whose address becomes To, or an address that is
    /// looked up in --known; without --key an address.
    #[arg(long, value_name = "CERT.pem|ADDRESS")]
    to: PathBuf,
    /// Where certificates that were learnt are kept.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// An attachment that does not go on, by its name or place; may be given several times.
    #[arg(long, value_name = "NAME|PLACE")]
    drop: Vec<String>,
    /// What to write above it.
    #[arg(long, value_name = "TEXT", default_value = "")]
    text: String,
    /// The keyserver's socket for people. Default: the one that the configuration names.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    socket: Option<PathBuf>,
    /// The configuration file of the own organisation, on the host of its keyserver.
    #[arg(long, value_name = "FILE", default_value = "ssmax.toml", hide_default_value = true)]
    config: PathBuf,
    /// Where to write the message. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Makes the forwarded message.
pub(super) fn run(args: &Forward, context: &Context) -> Result<ExitCode, Complaint> {
    let key = args
        .key
        .as_ref()
        .map(|key| KeyArgs::new(key.clone(), args.cert.clone(), args.password_file.clone()));
    let signing = args.signing.load(key.as_ref())?;
    let message = verify::mail(&args.file)?;
    let identity = key.as_ref().map(|key| key.load(Use::Decrypting)).transpose()?;
    if !args.unverified {
        require_good(args, identity.as_ref(), &message)?;
    }
    let forwarded = match &identity {
        Some(identity) => with_key(args, identity, &signing, &message)?,
        None => with_keyserver(args, &signing, &message)?,
    };
    decrypt::write(args.out.as_deref(), &forwarded.octets)?;
    tell(&forwarded, args.out.as_deref(), context);
    Ok(ExitCode::SUCCESS)
}

/// Whoever gives a message on puts a signature under it: the one on it has to be good first.
fn require_good(
    args: &Forward,
    identity: Option<&Identity>,
    message: &[u8],
) -> Result<(), Complaint> {
    let trust = args.trust.load()?;
    let question = trust.question();
    let judgement = match identity {
        Some(Identity { key, certificate, .. }) => {
            open_with(message, key, certificate.as_ref(), &question, &args.open.policy())
                .map_err(|fault| decrypt::complaint(fault, &args.file))?
                .judgement
        }
        // The keyserver wraps what came one by one, and there the signature is outside.
        None => judge(message, &question),
    };
    match judgement.verdict {
        Verdict::Good => Ok(()),
        _ => {
            Err(Complaint::new(Exit::Bad, "mail-forward-not-good")
                .with("path", args.file.display()))
        }
    }
}

fn with_key(
    args: &Forward,
    identity: &Identity,
    signing: &Signing,
    message: &[u8],
) -> Result<Forwarded, Complaint> {
    let certificates = new_reader(args)?;
    let address = certificates.first().and_then(|first| first.emails().into_iter().next());
    let address = address.ok_or_else(|| no_certificate(args))?;
    let to: Vec<Recipient<'_>> = certificates.iter().map(Recipient::from).collect();
    let opener = Opener::Key {
        key: &identity.key,
        certificate: identity.certificate.as_ref(),
        policy: args.open.policy(),
    };
    made(args, signing, message, opener, &to, &address)
}

/// The keyserver wraps the files for its own submission key: who may read them next it
/// decides when the message is submitted.
fn with_keyserver(
    args: &Forward,
    signing: &Signing,
    message: &[u8],
) -> Result<Forwarded, Complaint> {
    let address = args.to.to_str().filter(|text| Address::parse(text).is_ok());
    let address = address.ok_or_else(|| {
        Complaint::new(Exit::WrongUse, "mail-forward-needs-address").with("to", args.to.display())
    })?;
    let socket = match &args.socket {
        Some(socket) => socket.clone(),
        None => {
            let config = Config::load(&args.config)?;
            ssmax_keyserver::Settings::socket(&config.keyserver()?.run_dir, "person")
        }
    };
    let mailbox = signing.identity.certificate.emails().into_iter().next().unwrap_or_default();
    let asker = Asker {
        user: &mailbox,
        mailbox: &mailbox,
        key: &*signing.identity.key,
        certificate: &signing.identity.certificate,
    };
    let failure = RefCell::new(None);
    let ask = |files: &[&Enveloped]| {
        let answer = rekey::ask(&socket, files, OwnTarget::Submission, &asker, &args.file);
        let answer = answer.map_err(|complaint| *failure.borrow_mut() = Some(complaint)).ok()?;
        let infos = |part: RewrappedPart| Rewrapped {
            recipients: part.recipients.into_iter().map(|info| info.into_vec()).collect(),
            kcv: part.kcv,
        };
        Some(answer.into_iter().map(infos).collect())
    };
    // Only for a text that is left alone, when all files are dropped.
    let certificates = if args.known.is_some() { new_reader(args)? } else { Vec::new() };
    let to: Vec<Recipient<'_>> = certificates.iter().map(Recipient::from).collect();
    let made = made(args, signing, message, Opener::Keyserver(&ask), &to, address);
    match failure.into_inner() {
        Some(complaint) => Err(complaint),
        None => made,
    }
}

fn made(
    args: &Forward,
    signing: &Signing,
    message: &[u8],
    opener: Opener<'_>,
    to: &[Recipient<'_>],
    address: &str,
) -> Result<Forwarded, Complaint> {
    let (signer, drop, text) = (signing.signer(), args.drop.as_slice(), args.text.as_str());
    let request = forward::Request { opener, signer, to, address, drop, text };
    forward::forward(message, &request, OffsetDateTime::now_utc(), &SystemRandom).map_err(|fault| {
        match fault {
            // Without its files the text goes on as a whole, and the keyserver wraps files.
            ForwardFault::Make(AttachFault::Encrypt(EncryptFault::NoRecipient)) => {
                no_certificate(args)
            }
            fault => forward_complaint(&fault, &args.file),
        }
    })
}

fn no_certificate(args: &Forward) -> Complaint {
    Complaint::new(Exit::WrongUse, "mail-forward-no-certificate").with("to", args.to.display())
}

/// The certificate to encrypt for.
fn new_reader(args: &Forward) -> Result<Vec<Certificate>, Complaint> {
    let address = args.to.to_str().and_then(|text| Address::parse(text).ok());
    match (&args.known, address) {
        (Some(known), Some(address)) => {
            let known = KnownFile::open(Some(known))?;
            let found = known.find(&address).map(|learnt| learnt.certificate.clone());
            Ok(found.into_iter().collect())
        }
        (None, Some(_)) if !args.to.exists() => Err(no_certificate(args)),
        _ => recipient_certificates(&args.to),
    }
}

/// What goes on and what does not; a file that was not decrypted is named by its tail.
fn tell(forwarded: &Forwarded, out: Option<&Path>, context: &Context) {
    let kept = forwarded
        .kept
        .iter()
        .map(|(name, tail)| json!({ "name": name, "tail": tail.map(|tail| tail.to_string()) }));
    let facts = json!({
        "kept": kept.collect::<Vec<_>>(),
        "dropped": forwarded.dropped,
        "prev": forwarded.prev.map(|prev| prev.to_string()),
    });
    let line = || {
        let list = |names: Vec<&str>| {
            if names.is_empty() { "-".to_owned() } else { verify::printable(&names.join(", ")) }
        };
        let kept = list(forwarded.kept.iter().map(|(name, _)| name.as_str()).collect());
        let dropped = list(forwarded.dropped.iter().map(String::as_str).collect());
        let is_same = forwarded.kept.iter().all(|(_, tail)| tail.is_some());
        let name = match (forwarded.kept.is_empty(), is_same) {
            (true, _) if forwarded.dropped.is_empty() => "mail-forwarded-without-files",
            (true, _) => "mail-forwarded-text",
            (false, true) => "mail-forwarded-rewrapped",
            (false, false) => "mail-forwarded-anew",
        };
        if forwarded.dropped.is_empty() {
            return context
                .text(name, &[("kept", &kept), ("dropped", &context.text("mail-none", &[]))]);
        }
        context.text(name, &[("kept", &kept), ("dropped", &dropped)])
    };
    if out.is_none_or(|out| out.as_os_str() == "-") {
        let said = if context.json { facts.to_string() } else { line() };
        verify::say(context, false, &said);
    } else {
        context.print(&facts, line);
    }
}

pub(super) fn forward_complaint(fault: &ForwardFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        ForwardFault::Open(fault) => decrypt::complaint(*fault, path),
        ForwardFault::NotAsListed => {
            Complaint::new(Exit::Bad, "mail-attachments-not-as-listed").with("path", path.display())
        }
        ForwardFault::KeyNeeded => of("mail-forward-needs-key"),
        ForwardFault::NoSuchAttachment(name) => {
            of("mail-no-such-attachment").with("name", verify::printable(name))
        }
        ForwardFault::Make(fault) => attach::complaint(fault, path),
        fault => of("mail-signing-failed").with("reason", fault),
    }
}
