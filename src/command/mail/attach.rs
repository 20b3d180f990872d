//! `ssmax mail encrypt --attachments`: files encrypted one by one.

use super::{encrypt, sign_complaint};
use crate::command::Context;
use crate::command::decrypt::{self, KeyArgs};
use crate::command::signing_key::{SigningIdentity, SigningKeyArgs, of_file};
use crate::command::verify;
use crate::complaint::{Complaint, Exit};
use ssmax_agent::attach::{AttachFault, attach};
use ssmax_agent::sign::{Signer, with_date};
use ssmax_chain::attachments::take_apart;
use ssmax_chain::manifest::{MAX_LISTED_FILES, USUAL_FILES};
use ssmax_mail::Limits;
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
    /// Its certificate, where key file or card do not hold it.
    #[arg(long, value_name = "FILE")]
    sign_cert: Option<PathBuf>,
    /// File with the password of that key file on its first line.
    #[arg(long, value_name = "FILE", requires = "sign_key")]
    sign_password_file: Option<PathBuf>,
    /// The key to sign with on a card: a PKCS#11 URI (RFC 7512) with module-path.
    #[arg(long, value_name = "URI", conflicts_with = "sign_key")]
    sign_pkcs11: Option<String>,
    /// File with the card's PIN on its first line. Default: pin-source, or it is asked for.
    #[arg(long, value_name = "FILE", requires = "sign_pkcs11")]
    sign_pin_file: Option<PathBuf>,
    /// Certificates of the CAs above it, to go along; may be given several times.
    #[arg(long, value_name = "CA.pem")]
    sign_chain: Vec<PathBuf>,
}

/// Who signs, with what goes along.
pub(super) struct Signing {
    pub(super) identity: SigningIdentity,
    chain: Vec<Certificate>,
}

impl SigningArgs {
    /// Reads the key; without one named, that of `other`, whose file may hold both.
    pub(super) fn load(&self, other: Option<&KeyArgs>) -> Result<Signing, Complaint> {
        let named = SigningKeyArgs::new(
            self.sign_key.clone(),
            self.sign_cert.clone(),
            self.sign_password_file.clone(),
            self.sign_pkcs11.clone(),
            self.sign_pin_file.clone(),
        );
        let identity = match other {
            _ if named.is_given() => named.load()?,
            Some(other) => of_file(other)?,
            None => return Err(Complaint::new(Exit::WrongUse, "sign-key-needed")),
        };
        let chain = identity.chain(&self.sign_chain)?;
        Ok(Signing { identity, chain })
    }
}

impl Signing {
    pub(super) fn signer(&self) -> Signer<'_> {
        Signer {
            key: &*self.identity.key,
            certificate: &self.identity.certificate,
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
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let signing = signing.load(None)?;
    let message = verify::mail(file)?;
    let to: Vec<Recipient<'_>> = certificates.iter().map(Recipient::from).collect();
    let now = OffsetDateTime::now_utc();
    let message = with_date(message, now).map_err(|fault| sign_complaint(fault, file))?;
    let mail = attach(&message, &signing.signer(), &to, now, &SystemRandom)
        .map_err(|fault| complaint(&fault, file))?;
    decrypt::write(out, &mail)?;
    let count = files_in(&mail);
    if count > USUAL_FILES {
        let (count, usual) = (count.to_string(), USUAL_FILES.to_string());
        let said = context.text("mail-many-attachments", &[("count", &count), ("usual", &usual)]);
        verify::warn(context, &said);
    }
    Ok(ExitCode::SUCCESS)
}

/// How many files of a mail are encrypted one by one.
fn files_in(mail: &[u8]) -> usize {
    let mail = ssmax_mail::parse(mail, &Limits::default());
    let attached = mail.as_ref().ok().and_then(|mail| take_apart(mail).ok().flatten());
    attached.map_or(0, |attached| attached.files.len())
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
