//! `ssmax mail encrypt`: encrypt a message so that all its readers can read it.

use super::attach::{SigningArgs, encrypt_attachments};
use super::learnt::{self, KnownFile};
use crate::command::Context;
use crate::command::decrypt::{recipient_certificates, write};
use crate::command::verify::{self, TrustArgs};
use crate::complaint::{Complaint, Exit};
use serde_json::json;
use ssmax_agent::encrypt::{Copy, EncryptFault, Options, encrypt_copies_vec};
use ssmax_agent::submission::readable_recipients;
use ssmax_cms::capabilities::Capabilities;
use ssmax_cms::enveloped::RsaTransport;
use ssmax_mail::address::Address;
use ssmax_mail::header_protection::Confidentiality;
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_smime::choice::{self, Family, Recipient, RsaPadding};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax mail encrypt`.
#[derive(Debug, clap::Args)]
pub(super) struct Encrypt {
    /// The message; `-` is standard input.
    #[arg(value_name = "FILE.eml")]
    pub(super) file: PathBuf,
    /// A recipient's certificate; may be given several times. Name your own too if you
    /// want to read what you sent.
    #[arg(long, value_name = "CERT.pem")]
    pub(super) to: Vec<PathBuf>,
    /// A good signed mail by a recipient, whose certificate is taken from there; may be
    /// given several times.
    #[arg(long, value_name = "FILE.eml")]
    pub(super) learn_from: Vec<PathBuf>,
    /// Where certificates that were learnt are kept, and looked up.
    #[arg(long, value_name = "FILE")]
    pub(super) known: Option<PathBuf>,
    #[command(flatten)]
    pub(super) trust: TrustArgs,
    /// How RSA keys get the content key: auto (as their mailers say), oaep or pkcs1.
    #[arg(long, value_name = "PADDING", default_value = "auto", hide_possible_values = true)]
    pub(super) rsa: Padding,
    /// Make two messages where some recipients have RSA keys and some EC keys.
    #[arg(long)]
    pub(super) split: bool,
    /// Keep the subject inside the encryption; most mailers then show none.
    #[arg(long, conflicts_with = "no_header_protection")]
    pub(super) hide_subject: bool,
    /// Do not repeat the header inside the encryption.
    #[arg(long)]
    pub(super) no_header_protection: bool,
    /// Sign the message, and encrypt each attachment by itself; the text stays readable.
    #[arg(long, conflicts_with_all = ["split", "hide_subject", "no_header_protection"])]
    pub(super) attachments: bool,
    #[command(flatten)]
    pub(super) signing: SigningArgs,
    /// Where to write the encrypted message. Default: standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// The padding of RSA key transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Padding {
    Auto,
    Oaep,
    Pkcs1,
}

impl From<Padding> for RsaPadding {
    fn from(padding: Padding) -> Self {
        match padding {
            Padding::Auto => Self::Announced,
            Padding::Oaep => Self::Always(RsaTransport::OaepSha256),
            Padding::Pkcs1 => Self::Always(RsaTransport::Pkcs1),
        }
    }
}

/// Somebody to encrypt for.
struct Reader {
    certificate: Certificate,
    capabilities: Option<Capabilities>,
}

/// Encrypts the message.
pub(super) fn run(args: &Encrypt, context: &Context) -> Result<ExitCode, Complaint> {
    let message = verify::mail(&args.file)?;
    let readers = readers(args, &message, context)?;
    if args.attachments {
        let certificates: Vec<_> = readers.into_iter().map(|reader| reader.certificate).collect();
        let (signing, out) = (&args.signing, args.out.as_deref());
        return encrypt_attachments(&args.file, &certificates, signing, out, context);
    }
    let recipients: Vec<Recipient<'_>> = readers
        .iter()
        .map(|reader| Recipient {
            certificate: &reader.certificate,
            capabilities: reader.capabilities.as_ref(),
        })
        .collect();
    let choice = choice::Policy { rsa: args.rsa.into(), ..choice::Policy::default() };
    let header = match (args.no_header_protection, args.hide_subject) {
        (true, _) => None,
        (false, true) => Some(Confidentiality::Baseline),
        // What stands outside is all that mailers show (measured).
        (false, false) => Some(Confidentiality::None),
    };
    let options = Options { choice, split: args.split, header };
    let copies = encrypt_copies_vec(
        message,
        &recipients,
        &options,
        OffsetDateTime::now_utc(),
        &SystemRandom,
    )
    .map_err(|fault| complaint(&fault, &args.file))?;
    let files = file_names(args.out.as_deref(), copies.len())?;
    for (copy, file) in copies.iter().zip(&files) {
        write(file.as_deref(), &copy.octets)?;
    }
    if files.len() > 1 || context.json {
        tell(&copies, &files, &readers, context);
    }
    Ok(ExitCode::SUCCESS)
}

/// Those named by certificate, and those learnt to whom the message goes. Recipients in
/// the header whom nobody can be read by are told.
fn readers(args: &Encrypt, message: &[u8], context: &Context) -> Result<Vec<Reader>, Complaint> {
    let mut readers = Vec::new();
    for path in &args.to {
        for certificate in recipient_certificates(path)? {
            readers.push(Reader { certificate, capabilities: None });
        }
    }
    let mut known = KnownFile::open(args.known.as_deref())?;
    let trust = args.trust.load()?;
    for path in &args.learn_from {
        let learnt = learnt::from_mail(path, &trust.question())?;
        known.add(learnt)?;
    }
    if !args.learn_from.is_empty() {
        known.save()?;
    }
    let (named, unreadable) = readable_recipients(message)
        .map_err(|fault| super::envelope_complaint(fault, &args.file))?;
    for entry in unreadable {
        let entry = verify::printable(&entry);
        verify::warn(context, &context.text("mail-entry-unreadable", &[("entry", &entry)]));
    }
    for address in &named {
        add_known(&mut readers, address, &known);
        let has_certificate =
            readers.iter().any(|reader| reader.certificate.has_email(&address.to_string()));
        if !has_certificate && !readers.is_empty() {
            let address = verify::printable(&address.to_string());
            verify::warn(context, &context.text("mail-cannot-read", &[("address", &address)]));
        }
    }
    Ok(readers)
}

/// What is known of `address`: its certificate, unless another was named for it; what the
/// mailer reads also for the certificate that was named.
fn add_known(readers: &mut Vec<Reader>, address: &Address, known: &KnownFile) {
    let Some(learnt) = known.find(address) else { return };
    let capabilities = learnt.read_capabilities();
    let named = |reader: &Reader| reader.certificate.has_email(&address.to_string());
    match readers.iter_mut().find(|reader| named(reader)) {
        Some(reader) if reader.certificate == learnt.certificate => {
            reader.capabilities = capabilities;
        }
        Some(_) => {}
        None => {
            let certificate = learnt.certificate.clone();
            readers.push(Reader { certificate, capabilities });
        }
    }
}

/// `sealed.eml`, and for a second copy `sealed-2.eml`; `None` is standard output.
fn file_names(out: Option<&Path>, copies: usize) -> Result<Vec<Option<PathBuf>>, Complaint> {
    let out = out.filter(|out| out.as_os_str() != "-");
    let Some(first) = out else {
        return match copies {
            0 | 1 => Ok(vec![None]),
            _ => Err(Complaint::new(Exit::WrongUse, "mail-split-needs-out")),
        };
    };
    let numbered = |number: usize| {
        let stem = first.file_stem().unwrap_or_default().to_string_lossy();
        let end = first.extension().map(|end| format!(".{}", end.to_string_lossy()));
        first.with_file_name(format!("{stem}-{number}{}", end.unwrap_or_default()))
    };
    let others = (2..=copies).map(|number| Some(numbered(number)));
    Ok(std::iter::once(Some(first.to_owned())).chain(others).collect())
}

/// Which file is for whom.
fn tell(copies: &[Copy], files: &[Option<PathBuf>], readers: &[Reader], context: &Context) {
    let subjects = |copy: &Copy| -> Vec<String> {
        let of = |index: &usize| readers.get(*index).map(|reader| name(&reader.certificate));
        copy.recipients.iter().filter_map(of).collect()
    };
    let path = |file: &Option<PathBuf>| {
        file.as_ref().map_or_else(|| "-".to_owned(), |file| file.display().to_string())
    };
    let facts: Vec<_> = copies
        .iter()
        .zip(files)
        .map(|(copy, file)| {
            let keys = if copy.family == Family::Rsa { "rsa" } else { "ec" };
            json!({ "file": path(file), "cipher": copy.cipher.name(), "keys": keys,
                "recipients": subjects(copy) })
        })
        .collect();
    let lines = || {
        let line = |(copy, file): (&Copy, &Option<PathBuf>)| {
            let (file, people) = (path(file), subjects(copy).join(", "));
            context.text("mail-copy-for", &[("file", &file), ("people", &people)])
        };
        copies.iter().zip(files).map(line).collect::<Vec<_>>().join("\n")
    };
    if files.iter().any(Option::is_none) {
        verify::say(context, false, &json!({ "copies": facts }).to_string());
    } else {
        context.print(&json!({ "copies": facts }), lines);
    }
}

/// Whom a certificate is for, as people know them: by address.
pub(crate) fn name(certificate: &Certificate) -> String {
    let name = certificate.emails().into_iter().next();
    verify::printable(&name.unwrap_or_else(|| certificate.subject_text()))
}

/// Why the message was not encrypted.
pub(super) fn complaint(fault: &EncryptFault, path: &Path) -> Complaint {
    let whose = |certificate: &Certificate, name| {
        Complaint::new(Exit::WrongUse, name).with("subject", certificate.subject_text())
    };
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", path.display());
    match fault {
        EncryptFault::Mail(fault) => of("not-a-mail").with("reason", fault.code()),
        EncryptFault::NoRecipient => Complaint::new(Exit::WrongUse, "mail-no-certificate"),
        EncryptFault::TooManyRecipients => Complaint::new(Exit::WrongUse, "too-many-recipients")
            .with("max", choice::MAX_RECIPIENTS),
        EncryptFault::NotForEncryption(certificate) => {
            whose(certificate, "mail-not-for-encryption")
        }
        EncryptFault::NotValidNow(certificate) => {
            whose(certificate, "mail-recipient-not-valid-now")
        }
        EncryptFault::Key(certificate) => whose(certificate, "mail-recipient-key"),
        EncryptFault::WeakMailer(certificate) => whose(certificate, "mail-recipient-weak"),
        EncryptFault::Mixed => Complaint::new(Exit::WrongUse, "mail-mixed-keys"),
        EncryptFault::SubjectNotInside => of("mail-subject-not-inside"),
        EncryptFault::Header(fault) => of("mail-header-unprotected").with("reason", fault),
        fault => Complaint::new(Exit::WrongUse, "mail-encrypting-failed").with("reason", fault),
    }
}
