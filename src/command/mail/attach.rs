//! `ssmax mail encrypt --attachments` and `ssmax mail forward`: files encrypted one by one.

use super::learnt::KnownFile;
use super::{encrypt, sign_complaint};
use crate::command::Context;
use crate::command::decrypt::{self, Identity, KeyArgs, OpenArgs, Use, recipient_certificates};
use crate::command::verify;
use crate::complaint::{Complaint, Exit};
use serde_json::json;
use ssmax_agent::attach::{AttachFault, attach};
use ssmax_agent::forward::{self, ForwardFault, Forwarded};
use ssmax_agent::sign::{Signer, with_date};
use ssmax_chain::manifest::MAX_LISTED_FILES;
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_smime::choice::Recipient;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// The key that signs, where another one encrypts or opens.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SigningArgs {
    /// The private key to sign with, PEM or PKCS#12.
    #[arg(long, value_name = "FILE")]
    sign_key: Option<PathBuf>,
    /// Its certificate, where the key file does not hold it.
    #[arg(long, value_name = "FILE", requires = "sign_key")]
    sign_cert: Option<PathBuf>,
    /// File with the password of that key file on its first line.
    #[arg(long, value_name = "FILE", requires = "sign_key")]
    sign_password_file: Option<PathBuf>,
    /// Certificates of the CAs above it, to go along; may be given several times.
    #[arg(long, value_name = "CA.pem")]
    sign_chain: Vec<PathBuf>,
}

/// Who signs, with what goes along.
struct Signing {
    identity: Identity,
    certificate: Certificate,
    chain: Vec<Certificate>,
}

impl SigningArgs {
    /// Reads the key; without one named, that of `other`, whose file may hold both.
    fn load(&self, other: Option<&KeyArgs>) -> Result<Signing, Complaint> {
        let named = self.sign_key.as_ref().map(|key| {
            let (certificate, password) = (&self.sign_cert, &self.sign_password_file);
            KeyArgs::new(key.clone(), certificate.clone(), password.clone())
        });
        let key = named.as_ref().or(other);
        let key = key.ok_or_else(|| Complaint::new(Exit::WrongUse, "sign-key-needed"))?;
        let identity = key.load(Use::Signing)?;
        let certificate = identity
            .certificate
            .clone()
            .ok_or_else(|| Complaint::new(Exit::WrongUse, "certificate-needed"))?;
        let mut chain: Vec<Certificate> =
            identity.others.iter().filter(|other| other.is_ca()).cloned().collect();
        for path in &self.sign_chain {
            chain.extend(verify::certificates(path)?);
        }
        Ok(Signing { identity, certificate, chain })
    }
}

impl Signing {
    fn signer(&self) -> Signer<'_> {
        Signer {
            key: &self.identity.key,
            certificate: &self.certificate,
            chain: &self.chain,
            encryption: None,
        }
    }
}

/// Signs the message and encrypts its attachments one by one.
pub(super) fn encrypt_attachments(
    file: &Path,
    certificates: &[Certificate],
    signing: &SigningArgs,
    out: Option<&Path>,
) -> Result<ExitCode, Complaint> {
    let signing = signing.load(None)?;
    let message = verify::mail(file)?;
    let to: Vec<Recipient<'_>> = certificates.iter().map(Recipient::from).collect();
    let now = OffsetDateTime::now_utc();
    let message = with_date(message, now).map_err(|fault| sign_complaint(fault, file))?;
    let mail = attach(&message, &signing.signer(), &to, now, &SystemRandom)
        .map_err(|fault| complaint(&fault, file))?;
    decrypt::write(out, &mail)?;
    Ok(ExitCode::SUCCESS)
}

/// Arguments of `ssmax mail forward`.
#[derive(Debug, clap::Args)]
pub(super) struct Forward {
    /// The received message as the mailer saves it; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
    #[command(flatten)]
    open: OpenArgs,
    #[command(flatten)]
    signing: SigningArgs,
    /// The new recipient: a certificate, whose address becomes To, or an address that is
    /// looked up in --known.
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
    /// Where to write the message. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Makes the forwarded message.
pub(super) fn forward(args: &Forward, context: &Context) -> Result<ExitCode, Complaint> {
    let identity = args.key.load(Use::Decrypting)?;
    let signing = args.signing.load(Some(&args.key))?;
    let certificates = new_reader(args)?;
    let address = certificates.first().and_then(|first| first.emails().into_iter().next());
    let address = address.ok_or_else(|| Complaint::new(Exit::WrongUse, "mail-no-certificate"))?;
    let to: Vec<Recipient<'_>> = certificates.iter().map(Recipient::from).collect();
    let message = verify::mail(&args.file)?;
    let request = forward::Request {
        key: &identity.key,
        certificate: identity.certificate.as_ref(),
        open: args.open.policy(),
        signer: signing.signer(),
        to: &to,
        address: &address,
        drop: &args.drop,
        text: &args.text,
    };
    let now = OffsetDateTime::now_utc();
    let forwarded = forward::forward(&message, &request, now, &SystemRandom)
        .map_err(|fault| forward_complaint(&fault, &args.file))?;
    decrypt::write(args.out.as_deref(), &forwarded.octets)?;
    tell(&forwarded, args.out.as_deref(), context);
    Ok(ExitCode::SUCCESS)
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
        let name = if is_same { "mail-forwarded-rewrapped" } else { "mail-forwarded-anew" };
        context.text(name, &[("kept", &kept), ("dropped", &dropped)])
    };
    if out.is_none_or(|out| out.as_os_str() == "-") {
        let said = if context.json { facts.to_string() } else { line() };
        verify::say(context, false, &said);
    } else {
        context.print(&facts, line);
    }
}

fn forward_complaint(fault: &ForwardFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        ForwardFault::Open(fault) => decrypt::complaint(*fault, path),
        ForwardFault::NotAsListed => {
            Complaint::new(Exit::Bad, "mail-attachments-not-as-listed").with("path", path.display())
        }
        ForwardFault::NoSuchAttachment(name) => {
            of("mail-no-such-attachment").with("name", verify::printable(name))
        }
        ForwardFault::Make(fault) => complaint(fault, path),
        fault => of("mail-signing-failed").with("reason", fault),
    }
}

/// Why the attachments were not encrypted.
pub(super) fn complaint(fault: &AttachFault, path: &Path) -> Complaint {
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        AttachFault::Sign(fault) => sign_complaint(*fault, path),
        AttachFault::Encrypt(fault) => encrypt::complaint(fault, path),
        AttachFault::NoAttachment => of("mail-no-attachment"),
        AttachFault::AttachmentBelow => of("mail-attachment-below"),
        AttachFault::Name(name) => of("mail-attachment-name").with("name", verify::printable(name)),
        _ => of("mail-too-many-attachments").with("max", MAX_LISTED_FILES),
    }
}
