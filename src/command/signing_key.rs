//! The key that signs: in a file, or on a card.

use super::card::{self, PinArgs};
use super::decrypt::{KeyArgs, Use};
use super::verify;
use crate::complaint::{Complaint, Exit};
use ssmax_hsm::CardKey;
use ssmax_pki::Certificate;
use ssmax_token::{KeyPair as _, SigningKey};
use std::path::{Path, PathBuf};

/// A person's signing key.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct SigningKeyArgs {
    /// The private key, PEM or PKCS#12.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The key's certificate, where key file or card do not hold it.
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// File with the password of the key file on its first line.
    #[arg(long, value_name = "FILE", requires = "key")]
    password_file: Option<PathBuf>,
    /// The key on a card: a PKCS#11 URI (RFC 7512) with module-path.
    #[arg(long, value_name = "URI", conflicts_with = "key")]
    pkcs11: Option<String>,
    /// File with the card's PIN on its first line. Default: pin-source, or it is asked for.
    #[arg(long, value_name = "FILE", requires = "pkcs11")]
    pin_file: Option<PathBuf>,
}

/// A key that signs, with what belongs to it.
pub(super) struct SigningIdentity {
    pub(super) key: Box<dyn SigningKey>,
    pub(super) certificate: Certificate,
    /// Further certificates of the same file or card.
    pub(super) others: Vec<Certificate>,
}

impl SigningKeyArgs {
    /// As given in other arguments.
    pub(super) fn new(
        key: Option<PathBuf>,
        cert: Option<PathBuf>,
        password_file: Option<PathBuf>,
        pkcs11: Option<String>,
        pin_file: Option<PathBuf>,
    ) -> Self {
        Self { key, cert, password_file, pkcs11, pin_file }
    }

    /// A key file that holds everything.
    #[cfg(test)]
    pub(super) fn of(path: &Path) -> Self {
        Self { key: Some(path.to_owned()), ..Self::default() }
    }

    /// Whether there is one.
    pub(super) fn is_given(&self) -> bool {
        self.key.is_some() || self.pkcs11.is_some()
    }

    /// Reads key and certificate; the card wants its PIN first.
    pub(super) fn load(&self) -> Result<SigningIdentity, Complaint> {
        match (&self.key, &self.pkcs11) {
            (Some(key), _) => {
                let (cert, password) = (self.cert.clone(), self.password_file.clone());
                of_file(&KeyArgs::new(key.clone(), cert, password))
            }
            (None, Some(uri)) => self.on_card(uri),
            (None, None) => Err(Complaint::new(Exit::WrongUse, "signing-key-needed")),
        }
    }

    fn on_card(&self, uri: &str) -> Result<SigningIdentity, Complaint> {
        let uri = card::uri(uri)?;
        let card = card::open(&uri, &PinArgs { pin_file: self.pin_file.clone() })?;
        let key = card.key(&uri)?;
        let mut others = match &self.cert {
            Some(path) => verify::certificates(path)?,
            None => Vec::new(),
        };
        // What a card holds beside may be anything.
        let beside = card.certificates(&key)?;
        others.extend(beside.iter().filter_map(|der| Certificate::from_der(der).ok()));
        let certificate = certificate_of(&key, &others, self.cert.as_deref())?;
        others.retain(|other| *other != certificate);
        Ok(SigningIdentity { key: Box::new(key), certificate, others })
    }
}

impl SigningIdentity {
    /// The CAs above the certificate, to go along: those of `files` and those that came with
    /// the key.
    pub(super) fn chain(&self, files: &[PathBuf]) -> Result<Vec<Certificate>, Complaint> {
        let mut chain: Vec<Certificate> =
            self.others.iter().filter(|other| other.is_ca()).cloned().collect();
        for path in files {
            chain.extend(verify::certificates(path)?);
        }
        Ok(chain)
    }
}

/// A key of a file, which may hold others beside it.
pub(super) fn of_file(key: &KeyArgs) -> Result<SigningIdentity, Complaint> {
    let identity = key.load(Use::Signing)?;
    let needed = || Complaint::new(Exit::WrongUse, "certificate-needed");
    let certificate = identity.certificate.ok_or_else(needed)?;
    Ok(SigningIdentity { key: Box::new(identity.key), certificate, others: identity.others })
}

/// The key's certificate that begins last: cards keep those before a renewal.
fn certificate_of(
    key: &CardKey,
    among: &[Certificate],
    named: Option<&Path>,
) -> Result<Certificate, Complaint> {
    let own = among.iter().filter(|one| one.spki() == key.spki());
    let newest = own.max_by_key(|one| one.not_before()).cloned();
    newest.ok_or_else(|| match named {
        Some(path) => Complaint::new(Exit::WrongUse, "certificate-of-another-key")
            .with("path", path.display()),
        None => Complaint::new(Exit::WrongUse, "certificate-needed"),
    })
}
