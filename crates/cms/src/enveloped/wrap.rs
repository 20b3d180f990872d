//! Giving a content key to a recipient.

use ssmax_pki::Certificate;
use ssmax_primitives::{self as primitives, ContentKey};
use ssmax_token::OaepHash;

use super::agreement::{AgreementKdf, Curve, KeyWrap};
use crate::{
    CmsError, algorithm, identifier, oid,
    tlv::Reader,
    write::{BIT_STRING, Element, NULL, OCTET_STRING, context, context_primitive},
};

/// How an RSA recipient gets the content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RsaTransport {
    /// PKCS#1 v1.5: what every mailer reads.
    Pkcs1,
    /// OAEP with SHA-1.
    OaepSha1,
    /// OAEP with SHA-256.
    OaepSha256,
    /// OAEP with SHA-384.
    OaepSha384,
    /// OAEP with SHA-512.
    OaepSha512,
}

impl RsaTransport {
    /// The hash of OAEP, none for PKCS#1 v1.5.
    #[must_use]
    pub fn oaep_hash(self) -> Option<OaepHash> {
        match self {
            Self::Pkcs1 => None,
            Self::OaepSha1 => Some(OaepHash::Sha1),
            Self::OaepSha256 => Some(OaepHash::Sha256),
            Self::OaepSha384 => Some(OaepHash::Sha384),
            Self::OaepSha512 => Some(OaepHash::Sha512),
        }
    }
}

/// What may be chosen where a recipient allows several ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrapChoice {
    /// For RSA keys.
    pub transport: RsaTransport,
    /// For EC keys; `None` is [`Curve::default_kdf`].
    pub kdf: Option<AgreementKdf>,
    /// For EC keys; `None` is AES-256.
    pub wrap: Option<KeyWrap>,
    /// Names the recipient by the key identifier in the certificate, instead of by issuer
    /// and serial number.
    pub by_key_id: bool,
}

impl WrapChoice {
    /// Our own choice for EC keys, by issuer and serial number.
    #[must_use]
    pub fn new(transport: RsaTransport) -> Self {
        Self { transport, kdf: None, wrap: None, by_key_id: false }
    }
}

/// The DER of a `RecipientInfo` that gives `key` to the owner of `certificate`, named by
/// issuer and serial number.
///
/// RSA: key transport as `transport` says, and `ukm` must be `None`. P-256, P-384, P-521
/// and X25519: ephemeral key agreement, dhSinglePass-stdDH with the X9.63 KDF of SHA-256,
/// SHA-384, SHA-512 and SHA-256, and aes256-wrap (RFC 5753, RFC 8418), with `ukm` in the
/// key derivation; `transport` says nothing then.
///
/// Whether the certificate is valid and meant for encryption is the caller's to check.
///
/// # Errors
/// [`CmsError::PublicKey`] for a key that is none of these, or unusable (RSA below 2,048
/// bits too); [`CmsError::KeyKind`] for an RSA key with `ukm`.
pub fn recipient_info(
    certificate: &Certificate,
    key: &ContentKey,
    ukm: Option<&[u8]>,
    transport: RsaTransport,
) -> Result<Vec<u8>, CmsError> {
    recipient_info_with(certificate, key, ukm, &WrapChoice::new(transport))
}

/// As [`recipient_info`], in the way that `choice` says.
///
/// # Errors
/// As [`recipient_info`]; [`CmsError::NoKeyId`] for a certificate without key identifier
/// where one is wanted; [`CmsError::AgreementAlgorithm`] for HKDF with SHA-1 or SHA-224,
/// which no scheme names.
pub fn recipient_info_with(
    certificate: &Certificate,
    key: &ContentKey,
    ukm: Option<&[u8]>,
    choice: &WrapChoice,
) -> Result<Vec<u8>, CmsError> {
    let name = if choice.by_key_id {
        Name::KeyId(certificate.subject_key_id().ok_or(CmsError::NoKeyId)?)
    } else {
        Name::Certificate(certificate)
    };
    give(certificate.spki(), name, key, ukm, choice)
}

/// As [`recipient_info`] for a bare key, named by `key_id`; RSA by OAEP with SHA-256.
///
/// # Errors
/// As [`recipient_info`].
pub fn recipient_info_for_key(
    spki: &[u8],
    key_id: &[u8],
    key: &ContentKey,
    ukm: Option<&[u8]>,
) -> Result<Vec<u8>, CmsError> {
    recipient_info_for_key_by(spki, key_id, key, ukm, RsaTransport::OaepSha256)
}

/// As [`recipient_info_for_key`], RSA as `transport` says: what the home of the private
/// key opens.
///
/// # Errors
/// As [`recipient_info`].
pub fn recipient_info_for_key_by(
    spki: &[u8],
    key_id: &[u8],
    key: &ContentKey,
    ukm: Option<&[u8]>,
    transport: RsaTransport,
) -> Result<Vec<u8>, CmsError> {
    give(spki, Name::KeyId(key_id), key, ukm, &WrapChoice::new(transport))
}

#[derive(Clone, Copy)]
enum Name<'a> {
    Certificate(&'a Certificate),
    KeyId(&'a [u8]),
}

fn give(
    spki: &[u8],
    name: Name<'_>,
    key: &ContentKey,
    ukm: Option<&[u8]>,
    choice: &WrapChoice,
) -> Result<Vec<u8>, CmsError> {
    match key_type(spki).map_err(|_| CmsError::PublicKey)? {
        oid::RSA_ENCRYPTION if ukm.is_some() => Err(CmsError::KeyKind),
        oid::RSA_ENCRYPTION => key_transport(spki, name, key, choice.transport),
        _ => key_agreement(spki, name, key, ukm, choice),
    }
}

/// The algorithm identifier in a SubjectPublicKeyInfo.
fn key_type(spki: &[u8]) -> Result<&[u8], CmsError> {
    Ok(Reader::new(spki).sequence()?.algorithm()?.oid)
}

/// KeyTransRecipientInfo (RFC 5652 6.2.1): version 0 with issuer and serial number, 2
/// with a key identifier.
fn key_transport(
    spki: &[u8],
    name: Name<'_>,
    key: &ContentKey,
    transport: RsaTransport,
) -> Result<Vec<u8>, CmsError> {
    let (encrypted, algorithm) = match transport.oaep_hash() {
        None => (
            primitives::rsa_encrypt_pkcs1(spki, key.as_bytes()),
            vec![Element::oid(oid::RSA_ENCRYPTION), Element::value(NULL, &[][..])],
        ),
        Some(hash) => (
            primitives::rsa_encrypt_oaep(spki, hash, key.as_bytes()),
            vec![Element::oid(oid::RSAES_OAEP), algorithm::oaep_parameters(hash)],
        ),
    };
    let (version, name) = match name {
        Name::Certificate(certificate) => (0, identifier::issuer_serial(certificate)),
        // subjectKeyIdentifier [0] IMPLICIT SubjectKeyIdentifier
        Name::KeyId(id) => (2, Element::value(context_primitive(0), id)),
    };
    let info = Element::sequence(vec![
        Element::small_integer(version),
        name,
        Element::sequence(algorithm),
        Element::value(OCTET_STRING, encrypted.map_err(|_| CmsError::PublicKey)?),
    ]);
    Ok(info.encode())
}

/// KeyAgreeRecipientInfo (RFC 5652 6.2.2) with one recipient.
fn key_agreement(
    spki: &[u8],
    name: Name<'_>,
    key: &ContentKey,
    ukm: Option<&[u8]>,
    choice: &WrapChoice,
) -> Result<Vec<u8>, CmsError> {
    let curve = primitives::key_algorithm(spki).ok().and_then(Curve::of);
    let curve = curve.ok_or(CmsError::PublicKey)?;
    let kdf = choice.kdf.unwrap_or(curve.default_kdf());
    let kdf_oid = kdf.oid().ok_or(CmsError::AgreementAlgorithm)?;
    let wrap = choice.wrap.unwrap_or(KeyWrap::Aes256);
    let wrap_algorithm = Element::algorithm(wrap.oid()).encode();

    let (point, shared) = primitives::ephemeral_agree(spki).map_err(|_| CmsError::PublicKey)?;
    let kek = kdf
        .derive(&shared, ukm, &wrap_algorithm, wrap.key_len())
        .map_err(|_| CmsError::AgreementAlgorithm)?;
    let wrapped =
        primitives::key_wrap::wrap(&kek, key.as_bytes()).map_err(|_| CmsError::KeyLength)?;

    let mut public = vec![0];
    public.extend_from_slice(&point);
    let originator_key = Element::Nested(
        context(1),
        vec![Element::algorithm(curve.key_type()), Element::value(BIT_STRING, public)],
    );
    let mut inside =
        vec![Element::small_integer(3), Element::Nested(context(0), vec![originator_key])];
    if let Some(ukm) = ukm {
        inside.push(Element::Nested(context(1), vec![Element::value(OCTET_STRING, ukm)]));
    }
    inside.push(Element::sequence(vec![Element::oid(kdf_oid), Element::raw(wrap_algorithm)]));
    let name = match name {
        Name::Certificate(certificate) => identifier::issuer_serial(certificate),
        // rKeyId [0] IMPLICIT RecipientKeyIdentifier
        Name::KeyId(id) => Element::Nested(context(0), vec![Element::value(OCTET_STRING, id)]),
    };
    let recipient = Element::sequence(vec![name, Element::value(OCTET_STRING, wrapped)]);
    inside.push(Element::sequence(vec![recipient]));
    Ok(Element::Nested(context(1), inside).encode())
}
