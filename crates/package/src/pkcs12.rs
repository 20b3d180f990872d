//! PKCS#12 (RFC 7292), read as it is found: OpenSSL and Windows write DER, NSS (and so
//! Thunderbird and Firefox) BER on every level.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Encode as _, Tag, Tagged as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ssmax_primitives::DigestAlgorithm;
use zeroize::Zeroizing;

use crate::KeyFault;
use crate::password::{Purpose, decrypt, derive, split_first};

pub mod write;

/// How deep SafeContents may lie in each other.
const MAX_DEPTH: usize = 4;
/// The most bags that are looked at.
const MAX_BAGS: usize = 256;

// RFC 5652 and RFC 7292 appendix D.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHROUDED_KEY_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");
const CERT_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.3");
const SAFE_CONTENTS_BAG: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.6");
const X509_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

/// What is in a file.
#[derive(Default)]
pub struct Contents {
    /// PKCS#8 keys.
    pub keys: Vec<Zeroizing<Vec<u8>>>,
    /// X.509 certificates.
    pub certificates: Vec<Vec<u8>>,
}

/// Reads a file. Its integrity is checked first: a wrong password is found there.
///
/// # Errors
/// [`KeyFault`] by cause.
pub fn read(octets: &[u8], password: &str) -> Result<Contents, KeyFault> {
    let der = to_der(octets)?;
    let [_version, auth_safe, mac @ ..] = &elements(&der)?[..] else {
        return Err(KeyFault::Malformed);
    };
    let (kind, content) = content_info(*auth_safe)?;
    if kind != DATA {
        // Signed by a public key instead of a password: nobody writes that.
        return Err(KeyFault::Unsupported);
    }
    let content = octet_string(content)?;
    if let [mac, ..] = mac {
        check_mac(*mac, content, password)?;
    }
    let mut reader = Contents::default();
    let mut bags_left = MAX_BAGS;
    for safe in elements(&to_der(content)?)? {
        let (kind, content) = content_info(safe)?;
        let bags = match kind {
            DATA => Zeroizing::new(octet_string(content)?.to_vec()),
            ENCRYPTED_DATA => encrypted_data(content, password)?,
            _ => return Err(KeyFault::Unsupported),
        };
        reader.bags(&bags, password, MAX_DEPTH, &mut bags_left)?;
    }
    Ok(reader)
}

impl Contents {
    fn bags(
        &mut self,
        bags: &[u8],
        password: &str,
        depth: usize,
        left: &mut usize,
    ) -> Result<(), KeyFault> {
        let depth = depth.checked_sub(1).ok_or(KeyFault::Malformed)?;
        for bag in elements(&Zeroizing::new(to_der(bags)?))? {
            *left = left.checked_sub(1).ok_or(KeyFault::Malformed)?;
            let parts = parts_of(bag)?;
            let [kind, value, ..] = &parts[..] else { return Err(KeyFault::Malformed) };
            // bagValue [0] EXPLICIT
            let value = value.value();
            match identifier(*kind)? {
                KEY_BAG => self.keys.push(Zeroizing::new(value.to_vec())),
                SHROUDED_KEY_BAG => self.keys.push(encrypted_key(value, password)?),
                CERT_BAG => self.certificates.extend(certificate(value)?),
                SAFE_CONTENTS_BAG => self.bags(value, password, depth, left)?,
                // CRLs and secrets are not for us.
                _ => {}
            }
        }
        Ok(())
    }
}

/// Opens an EncryptedPrivateKeyInfo (RFC 5958 section 3).
///
/// # Errors
/// [`KeyFault`] by cause.
pub fn encrypted_key(octets: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let der = to_der(octets)?;
    let parts = elements(&der)?;
    let [algorithm, ciphertext] = &parts[..] else { return Err(KeyFault::Malformed) };
    decrypt(&raw(*algorithm)?, octet_string(*ciphertext)?, password)
}

/// EncryptedData (RFC 5652 section 8).
fn encrypted_data(object: AnyRef<'_>, password: &str) -> Result<Zeroizing<Vec<u8>>, KeyFault> {
    let parts = parts_of(object)?;
    let [_version, content, ..] = &parts[..] else { return Err(KeyFault::Malformed) };
    let parts = parts_of(*content)?;
    let [_kind, algorithm, ciphertext] = &parts[..] else { return Err(KeyFault::Malformed) };
    // encryptedContent [0] IMPLICIT OCTET STRING; NSS and others write it in segments.
    let segments = ciphertext.tag().is_constructed();
    let octets = if segments { joined(*ciphertext)? } else { ciphertext.value().to_vec() };
    decrypt(&raw(*algorithm)?, &octets, password)
}

fn joined(segments: AnyRef<'_>) -> Result<Vec<u8>, KeyFault> {
    let parts = parts_of(segments)?;
    let octets: Result<Vec<&[u8]>, _> = parts.iter().map(|part| octet_string(*part)).collect();
    Ok(octets?.concat())
}

/// `CertBag ::= SEQUENCE { certId, certValue [0] EXPLICIT OCTET STRING }`; other kinds of
/// certificates are left out.
fn certificate(bag: &[u8]) -> Result<Option<Vec<u8>>, KeyFault> {
    let parts = elements(bag)?;
    let [kind, value] = &parts[..] else { return Err(KeyFault::Malformed) };
    if identifier(*kind)? != X509_CERTIFICATE {
        return Ok(None);
    }
    let (octets, _) = split_first(value.value()).map_err(|_| KeyFault::Malformed)?;
    octet_string(octets).map(|octets| Some(octets.to_vec()))
}

/// MacData (RFC 7292 section 4 and appendix B.4).
fn check_mac(mac: AnyRef<'_>, content: &[u8], password: &str) -> Result<(), KeyFault> {
    let parts = parts_of(mac)?;
    let [digest_info, salt, rounds @ ..] = &parts[..] else { return Err(KeyFault::Malformed) };
    let rounds = match rounds {
        // iterations INTEGER DEFAULT 1
        [] => 1,
        [rounds, ..] => rounds.decode_as::<u32>().map_err(|_| KeyFault::Malformed)?,
    };
    let parts = parts_of(*digest_info)?;
    let [algorithm, expected] = &parts[..] else { return Err(KeyFault::Malformed) };
    let parts = parts_of(*algorithm)?;
    let algorithm = identifier(*parts.first().ok_or(KeyFault::Malformed)?)?;
    let (salt, expected) = (octet_string(*salt)?, octet_string(*expected)?);
    let key =
        |hash: DigestAlgorithm, octets| derive(hash, Purpose::Mac, password, salt, rounds, octets);
    macro_rules! verified {
        ($hash:ident, $kind:ty, $octets:literal) => {{
            let key = key(DigestAlgorithm::$hash, $octets)?;
            let mut mac = Hmac::<$kind>::new_from_slice(&key).map_err(|_| KeyFault::Malformed)?;
            mac.update(content);
            mac.verify_slice(expected)
        }};
    }
    match algorithm {
        SHA1 => verified!(Sha1, sha1::Sha1, 20),
        SHA256 => verified!(Sha256, sha2::Sha256, 32),
        SHA384 => verified!(Sha384, sha2::Sha384, 48),
        SHA512 => verified!(Sha512, sha2::Sha512, 64),
        _ => return Err(KeyFault::Unsupported),
    }
    .map_err(|_| KeyFault::Password)
}

fn to_der(octets: &[u8]) -> Result<Vec<u8>, KeyFault> {
    ssmax_cms::ber::to_der(octets, &ssmax_cms::Limits::default())
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| KeyFault::Malformed)
}

/// `ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT }`
fn content_info(object: AnyRef<'_>) -> Result<(ObjectIdentifier, AnyRef<'_>), KeyFault> {
    let parts = parts_of(object)?;
    let [kind, content] = &parts[..] else { return Err(KeyFault::Malformed) };
    let (content, _) = split_first(content.value()).map_err(|_| KeyFault::Malformed)?;
    Ok((identifier(*kind)?, content))
}

/// The elements of one DER SEQUENCE.
fn elements(der: &[u8]) -> Result<Vec<AnyRef<'_>>, KeyFault> {
    let (whole, _) = split_first(der).map_err(|_| KeyFault::Malformed)?;
    if whole.tag() != Tag::Sequence {
        return Err(KeyFault::Malformed);
    }
    parts_of(whole)
}

fn parts_of(whole: AnyRef<'_>) -> Result<Vec<AnyRef<'_>>, KeyFault> {
    let mut rest = whole.value();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (first, behind) = split_first(rest).map_err(|_| KeyFault::Malformed)?;
        parts.push(first);
        rest = behind;
    }
    Ok(parts)
}

fn identifier(element: AnyRef<'_>) -> Result<ObjectIdentifier, KeyFault> {
    element.decode_as().map_err(|_| KeyFault::Malformed)
}

fn octet_string(element: AnyRef<'_>) -> Result<&[u8], KeyFault> {
    let octets: &OctetStringRef = element.decode_as().map_err(|_| KeyFault::Malformed)?;
    Ok(octets.as_bytes())
}

fn raw(element: AnyRef<'_>) -> Result<Vec<u8>, KeyFault> {
    element.to_der().map_err(|_| KeyFault::Malformed)
}
