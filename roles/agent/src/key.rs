//! Reading the files that keys come in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use ssmax_package::KeyFault;
use ssmax_package::pkcs12;
use ssmax_pki::Certificate;
use ssmax_primitives::SoftwareKey;
use ssmax_token::{KeyPair as _, TokenError};

/// The largest key file that is read, in octets: room for a PKCS#12 with a chain.
pub const MAX_KEY_FILE_BYTES: usize = 1024 * 1024;

/// The PEM label of an encrypted PKCS#8 key (RFC 5958, RFC 7468 11).
const ENCRYPTED_LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// A private key with the certificates that came in the same file.
#[derive(Debug)]
pub struct KeyFile {
    /// The key.
    pub key: SoftwareKey,
    /// The certificates, in the order of the file.
    pub certificates: Vec<Certificate>,
}

impl KeyFile {
    /// Reads PEM (PKCS#8, also encrypted with PBES2; "EC" and "RSA PRIVATE KEY";
    /// certificates beside it), or PKCS#12 with AES, 3DES or RC2 in DER or BER
    /// (RFC 7292).
    ///
    /// # Errors
    /// [`KeyFault`] by cause.
    pub fn read(octets: &[u8], password: Option<&str>) -> Result<Self, KeyFault> {
        let mut keys = Self::read_all(octets, password)?;
        match (keys.pop(), keys.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(KeyFault::SeveralKeys),
            (None, _) => Err(KeyFault::NoKey),
        }
    }

    /// As [`KeyFile::read`] for a file with any number of keys: mailers export signing
    /// and encryption key in one PKCS#12. Of PEM files only the first key is read.
    ///
    /// # Errors
    /// [`KeyFault`] by cause.
    pub fn read_all(octets: &[u8], password: Option<&str>) -> Result<Vec<Self>, KeyFault> {
        if octets.len() > MAX_KEY_FILE_BYTES {
            return Err(KeyFault::TooLarge);
        }
        match std::str::from_utf8(octets) {
            Ok(text) if text.contains("-----BEGIN ") => Ok(vec![pem(text, password)?]),
            _ => from_pkcs12(octets, password),
        }
    }

    /// The certificate for the key, if it came in the same file: the one that begins
    /// last where a certificate was renewed.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificates
            .iter()
            .filter(|certificate| certificate.spki() == self.key.spki())
            .max_by_key(|certificate| certificate.not_before())
    }

    /// The certificates of CAs that came in the same file.
    #[must_use]
    pub fn chain(&self) -> Vec<Certificate> {
        self.certificates.iter().filter(|certificate| certificate.is_ca()).cloned().collect()
    }
}

fn pem(text: &str, password: Option<&str>) -> Result<KeyFile, KeyFault> {
    let certificates = Certificate::all_from_pem(text).map_err(|_| KeyFault::Malformed)?;
    let key = match encrypted_block(text) {
        Some(block) => {
            let password = password.ok_or(KeyFault::PasswordNeeded)?;
            let encrypted = STANDARD.decode(block).map_err(|_| KeyFault::Malformed)?;
            let plain = pkcs12::encrypted_key(&encrypted, password)?;
            SoftwareKey::from_pkcs8(&plain).map_err(key_fault)?
        }
        // RFC 1421 encryption ("Proc-Type: 4,ENCRYPTED") hashes the password once with
        // MD5: such a file protects nothing and is not read.
        None if text.contains("Proc-Type: 4,ENCRYPTED") => return Err(KeyFault::Unsupported),
        None if !text.contains("PRIVATE KEY-----") => return Err(KeyFault::NoKey),
        None => SoftwareKey::from_pem(text).map_err(key_fault)?,
    };
    Ok(KeyFile { key, certificates })
}

/// The base64 of the first encrypted key, in one line.
fn encrypted_block(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {ENCRYPTED_LABEL}-----"))?;
    let (block, _) = rest.split_once(&format!("-----END {ENCRYPTED_LABEL}-----"))?;
    Some(block.split_ascii_whitespace().collect())
}

fn from_pkcs12(octets: &[u8], password: Option<&str>) -> Result<Vec<KeyFile>, KeyFault> {
    let contents =
        pkcs12::read(octets, password.unwrap_or_default()).map_err(|fault| match fault {
            KeyFault::Password if password.is_none() => KeyFault::PasswordNeeded,
            other => other,
        })?;
    let certificates: Vec<Certificate> =
        contents.certificates.iter().filter_map(|der| Certificate::from_der(der).ok()).collect();
    contents
        .keys
        .iter()
        .map(|pkcs8| {
            let key = SoftwareKey::from_pkcs8(pkcs8).map_err(key_fault)?;
            Ok(KeyFile { key, certificates: certificates.clone() })
        })
        .collect()
}

fn key_fault(fault: TokenError) -> KeyFault {
    match fault {
        TokenError::WrongAlgorithm => KeyFault::Unsupported,
        _ => KeyFault::Malformed,
    }
}
