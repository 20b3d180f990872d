//! Asking for a certificate, and installing what the CA answered.

use crate::{Answer, Fingerprint, Place, Request, callers, role_name};
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_pki::{Certificate, PkiError};
use ssmax_primitives::{SoftwareKey, sha256};
use ssmax_store::{StoreError, files};
use ssmax_token::{KeyAlgorithm, KeyPair as _, TokenError};
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// Why a certificate cannot be asked for or installed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// A file of ours.
    #[error(transparent)]
    File(#[from] StoreError),
    /// The key.
    #[error(transparent)]
    Key(#[from] TokenError),
    /// A certificate or request that is none.
    #[error(transparent)]
    Certificate(#[from] PkiError),
    /// No such role of a member.
    #[error("a member has no role {role}")]
    UnknownRole {
        /// What was said.
        role: String,
    },
    /// The file does not hold a key or a certificate.
    #[error("{} is not what was written there", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The answer is for another member, role or key.
    #[error("the answer is not to a request of this role on this host")]
    Foreign,
    /// The answer's CA is not the one that was named, or not the one installed here.
    #[error("the answer comes from another transport CA: {found}")]
    OtherCa {
        /// SHA-256 of the CA certificate in the answer, in hexadecimal.
        found: String,
    },
    /// A certificate of this role on this host is denied.
    #[error("a certificate of {role} on {host} is denied")]
    Denied {
        /// The role.
        role: String,
        /// The host.
        host: String,
    },
    /// The certificate does not lead to the answer's CA, or is not valid now.
    #[error("the certificate is not accepted: {0}")]
    NotAccepted(String),
}

/// SHA-256 over the public key of a request, as host and CA show it to people.
///
/// # Errors
/// [`EnrolError::Certificate`] for what is no request.
pub fn key_fingerprint(request: &Request) -> Result<Fingerprint, EnrolError> {
    Ok(sha256(&ssmax_pki::request::parse_pem(&request.request)?.spki))
}

/// SHA-256 of the transport CA's certificate in an answer.
///
/// # Errors
/// [`EnrolError::Certificate`] for what is no certificate.
pub fn ca_fingerprint(answer: &Answer) -> Result<Fingerprint, EnrolError> {
    Ok(Certificate::from_pem(&answer.ca)?.sha256())
}

/// Makes a key for the role and what the CA has to be given. Asked once more before the
/// answer is installed, it takes the same key.
///
/// # Errors
/// [`EnrolError`].
pub fn request(place: &Place, member: &str, role: &str, host: &str) -> Result<Request, EnrolError> {
    if callers(role).is_none() {
        return Err(EnrolError::UnknownRole { role: role.to_owned() });
    }
    files::create_private_dir(&place.dir)?;
    let key = kept_key(&pending(place, role))?;
    Ok(Request {
        member: member.to_owned(),
        role: role.to_owned(),
        host: host.to_owned(),
        request: ssmax_pki::request::to_pem(&ssmax_pki::request::create(&key, host, None)?),
    })
}

/// Installs the CA's answer, if its CA is the one of `ca_sha256`, and it is for the key
/// that waits here.
///
/// # Errors
/// [`EnrolError::Foreign`], [`EnrolError::OtherCa`], [`EnrolError::NotAccepted`]; nothing
/// is changed then.
pub fn install(
    place: &Place,
    member: &str,
    answer: &Answer,
    ca_sha256: &Fingerprint,
) -> Result<Certificate, EnrolError> {
    let path = pending(place, &answer.role);
    if answer.member != member || callers(&answer.role).is_none() || !path.exists() {
        return Err(EnrolError::Foreign);
    }
    let ca = Certificate::from_pem(&answer.ca)?;
    if ca.sha256() != *ca_sha256 || !is_known(place, &ca)? {
        return Err(EnrolError::OtherCa { found: hex::encode(ca.sha256()) });
    }
    let key = read_key(&path)?;
    let certificate = Certificate::from_pem(&answer.certificate)?;
    put(place, member, &answer.role, &key, &certificate, &ca)?;
    files::remove(&path)?;
    Ok(certificate)
}

/// Puts key and certificate in their places, if they belong together and peers will
/// accept them.
pub(crate) fn put(
    place: &Place,
    member: &str,
    role: &str,
    key: &SoftwareKey,
    certificate: &Certificate,
    ca: &Certificate,
) -> Result<(), EnrolError> {
    if certificate.spki() != key.spki() || certificate.dns_names() != [role_name(role, member)] {
        return Err(EnrolError::Foreign);
    }
    let input = PathInput {
        leaf: certificate,
        intermediates: &[],
        anchors: std::slice::from_ref(ca),
        crls: &[],
        ocsp: &[],
        at: OffsetDateTime::now_utc(),
        purpose: Purpose::TlsServer,
        limits: path::Limits::default(),
        revocation: Revocation::Skip,
    };
    path::validate(&input).map_err(|fault| EnrolError::NotAccepted(fault.to_string()))?;
    if !place.ca_file().exists() {
        files::write_private(&place.ca_file(), ca.to_pem().as_bytes())?;
    }
    let mut pem = key.to_pem();
    pem.push_str(&certificate.to_pem());
    Ok(files::write_private(&place.role_file(role), pem.as_bytes())?)
}

/// The certificate that a role has on this host.
///
/// # Errors
/// [`EnrolError::File`], [`EnrolError::Unreadable`].
pub fn certificate(place: &Place, role: &str) -> Result<Certificate, EnrolError> {
    let path = place.role_file(role);
    let octets = files::read_private(&path)?;
    let text = std::str::from_utf8(&octets).ok();
    text.and_then(|text| Certificate::from_pem(text).ok()).ok_or(EnrolError::Unreadable { path })
}

/// The transport CA's certificates that a role believes.
pub(crate) fn known_cas(place: &Place) -> Result<Vec<Certificate>, EnrolError> {
    let octets = files::read_private(&place.ca_file())?;
    Ok(Certificate::all_from_pem(&String::from_utf8_lossy(&octets))?)
}

/// Whether this CA is one that the role believes already. The first is new.
fn is_known(place: &Place, ca: &Certificate) -> Result<bool, EnrolError> {
    Ok(!place.ca_file().exists() || known_cas(place)?.contains(ca))
}

/// The key of a request that waits for its answer.
fn pending(place: &Place, role: &str) -> PathBuf {
    place.dir.join(format!("{role}.request.pem"))
}

/// The key that waits in this file; made, if there is none.
pub(crate) fn kept_key(path: &Path) -> Result<SoftwareKey, EnrolError> {
    if !path.exists() {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256)?;
        files::create_private(path, key.to_pem().as_bytes())?;
    }
    read_key(path)
}

fn read_key(path: &Path) -> Result<SoftwareKey, EnrolError> {
    let octets = files::read_private(path)?;
    let unreadable = || EnrolError::Unreadable { path: path.to_owned() };
    let text = std::str::from_utf8(&octets).map_err(|_| unreadable())?;
    SoftwareKey::from_pem(text).map_err(|_| unreadable())
}
