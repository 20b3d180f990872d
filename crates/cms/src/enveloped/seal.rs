//! Encrypting, and wrapping a content key for a recipient.

use std::fmt;

use ssmax_pki::Certificate;
use ssmax_primitives::{self as primitives, ContentKey, DigestAlgorithm};
use ssmax_token::{OaepHash, Random};

use super::{ContentCipher, Kind, cipher, shared_info, tail::Tail};
use crate::{
    CmsError, identifier, oid,
    tlv::Reader,
    write::{BIT_STRING, Element, NULL, OCTET_STRING, context, context_primitive},
};

/// How an RSA recipient gets the content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RsaTransport {
    /// PKCS#1 v1.5: what every mailer reads.
    Pkcs1,
    /// OAEP with SHA-1.
    OaepSha1,
    /// OAEP with SHA-256.
    OaepSha256,
}

/// An encrypted message without recipients yet.
#[derive(Clone)]
pub struct Sealed {
    cipher: ContentCipher,
    algorithm: Vec<u8>,
    ciphertext: Vec<u8>,
    mac: Option<[u8; cipher::TAG_OCTETS]>,
}

/// Encrypts `content` under `key`, with a fresh random vector or nonce.
///
/// # Errors
/// [`CmsError::KeyLength`] if the key does not fit the cipher; [`CmsError::TooLarge`]
/// if the content is beyond what the cipher can take.
pub fn encrypt(
    content: &[u8],
    cipher: ContentCipher,
    key: &ContentKey,
    random: &dyn Random,
) -> Result<Sealed, CmsError> {
    if key.as_bytes().len() != cipher.key_len() {
        return Err(CmsError::KeyLength);
    }
    let (parameters, ciphertext, mac) = match cipher.kind() {
        Kind::Enveloped => {
            let mut vector = [0; cipher::CBC_IV_OCTETS];
            random.fill(&mut vector);
            let ciphertext = primitives::cipher::aes_cbc_encrypt(key.as_bytes(), &vector, content)
                .map_err(|_| CmsError::TooLarge)?;
            (Element::value(OCTET_STRING, vector.to_vec()), ciphertext, None)
        }
        Kind::AuthEnveloped => {
            let mut nonce = [0; cipher::GCM_NONCE_OCTETS];
            random.fill(&mut nonce);
            // RFC 5083 2.2: no authAttrs, so no additional data.
            let (ciphertext, mac) =
                primitives::cipher::aes_gcm_seal(key.as_bytes(), &nonce, &[], content)
                    .map_err(|_| CmsError::TooLarge)?;
            let parameters = Element::sequence(vec![
                Element::value(OCTET_STRING, nonce.to_vec()),
                Element::small_integer(cipher::TAG_OCTETS as u8),
            ]);
            (parameters, ciphertext, Some(mac))
        }
    };
    let algorithm = Element::sequence(vec![Element::oid(cipher.oid()), parameters]).encode();
    Ok(Sealed { cipher, algorithm, ciphertext, mac })
}

impl Sealed {
    /// The tail hash, as [`super::Enveloped::tail`].
    #[must_use]
    pub fn tail(&self) -> [u8; 32] {
        self.with_tail(|tail| tail.hash())
    }

    /// The message as a DER `ContentInfo`, with `infos` in the order given (see
    /// [`super::Enveloped::with_recipients`]).
    #[must_use]
    pub fn with_recipients(&self, infos: &[Vec<u8>]) -> Vec<u8> {
        self.with_tail(|tail| tail.with_recipients(infos))
    }

    fn with_tail<T>(&self, use_tail: impl FnOnce(&Tail<'_>) -> T) -> T {
        use_tail(&Tail {
            kind: self.cipher.kind(),
            content_type: &Element::oid(oid::DATA).encode(),
            algorithm: &self.algorithm,
            ciphertext: &self.ciphertext,
            auth_attributes: None,
            mac: self.mac.as_ref().map(<[u8; cipher::TAG_OCTETS]>::as_slice),
        })
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("cipher", &self.cipher)
            .field("ciphertext_bytes", &self.ciphertext.len())
            .finish_non_exhaustive()
    }
}

/// The DER of a `RecipientInfo` that gives `key` to the owner of `certificate`, named by
/// issuer and serial number.
///
/// RSA: key transport as `transport` says, and `ukm` must be `None`. EC P-256: ephemeral
/// key agreement, dhSinglePass-stdDH-sha256kdf-scheme with aes256-wrap (RFC 5753), with
/// `ukm` in the key derivation; `transport` says nothing then.
///
/// Whether the certificate is valid and meant for encryption is the caller's to check.
///
/// # Errors
/// [`CmsError::PublicKey`] for a key that is neither, or unusable;
/// [`CmsError::KeyKind`] for an RSA key with `ukm`.
pub fn recipient_info(
    certificate: &Certificate,
    key: &ContentKey,
    ukm: Option<&[u8]>,
    transport: RsaTransport,
) -> Result<Vec<u8>, CmsError> {
    let spki = certificate.spki();
    let name = identifier::issuer_serial(certificate);
    match key_type(spki).map_err(|_| CmsError::PublicKey)? {
        oid::EC_PUBLIC_KEY => key_agreement(spki, name, key, ukm),
        oid::RSA_ENCRYPTION if ukm.is_some() => Err(CmsError::KeyKind),
        oid::RSA_ENCRYPTION => key_transport(spki, 0, name, key, transport),
        _ => Err(CmsError::PublicKey),
    }
}

/// As [`recipient_info`] for a bare key, named by `key_id`; RSA by OAEP with SHA-256.
///
/// # Errors
/// [`CmsError::PublicKey`] for any other key.
pub fn recipient_info_for_key(
    spki: &[u8],
    key_id: &[u8],
    key: &ContentKey,
    ukm: Option<&[u8]>,
) -> Result<Vec<u8>, CmsError> {
    match key_type(spki).map_err(|_| CmsError::PublicKey)? {
        oid::RSA_ENCRYPTION if ukm.is_some() => Err(CmsError::KeyKind),
        oid::RSA_ENCRYPTION => {
            // subjectKeyIdentifier [0] IMPLICIT SubjectKeyIdentifier
            let name = Element::value(context_primitive(0), key_id);
            key_transport(spki, 2, name, key, RsaTransport::OaepSha256)
        }
        _ => {
            // rKeyId [0] IMPLICIT RecipientKeyIdentifier
            let name = Element::Nested(context(0), vec![Element::value(OCTET_STRING, key_id)]);
            key_agreement(spki, name, key, ukm)
        }
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
    version: u8,
    name: Element<'_>,
    key: &ContentKey,
    transport: RsaTransport,
) -> Result<Vec<u8>, CmsError> {
    let octets = key.as_bytes();
    let encrypted = match transport {
        RsaTransport::Pkcs1 => primitives::rsa_encrypt_pkcs1(spki, octets),
        RsaTransport::OaepSha1 => primitives::rsa_encrypt_oaep(spki, OaepHash::Sha1, octets),
        RsaTransport::OaepSha256 => primitives::rsa_encrypt_oaep(spki, OaepHash::Sha256, octets),
    };
    let encrypted = encrypted.map_err(|_| CmsError::PublicKey)?;
    let algorithm = match transport {
        RsaTransport::Pkcs1 => {
            vec![Element::oid(oid::RSA_ENCRYPTION), Element::value(NULL, &[][..])]
        }
        // SHA-1 throughout is the default, and DER leaves defaults out.
        RsaTransport::OaepSha1 => vec![Element::oid(oid::RSAES_OAEP), Element::sequence(vec![])],
        RsaTransport::OaepSha256 => vec![Element::oid(oid::RSAES_OAEP), oaep_sha256()],
    };
    let info = Element::sequence(vec![
        Element::small_integer(version),
        name,
        Element::sequence(algorithm),
        Element::value(OCTET_STRING, encrypted),
    ]);
    Ok(info.encode())
}

/// RSAES-OAEP-params (RFC 4055 4.1) with SHA-256 for label and mask.
fn oaep_sha256() -> Element<'static> {
    let hash = || Element::algorithm(oid::SHA256);
    let mask = Element::sequence(vec![Element::oid(oid::MGF1), hash()]);
    Element::sequence(vec![
        Element::Nested(context(0), vec![hash()]),
        Element::Nested(context(1), vec![mask]),
    ])
}

/// KeyAgreeRecipientInfo (RFC 5652 6.2.2) with one recipient.
fn key_agreement(
    spki: &[u8],
    name: Element<'_>,
    key: &ContentKey,
    ukm: Option<&[u8]>,
) -> Result<Vec<u8>, CmsError> {
    let (point, shared) = primitives::ephemeral_agree(spki).map_err(|_| CmsError::PublicKey)?;
    let wrap_algorithm = Element::algorithm(oid::AES256_WRAP).encode();
    let info = shared_info::encode(&wrap_algorithm, ukm, 32);
    let kek = primitives::x963_kdf(DigestAlgorithm::Sha256, &shared, &info, 32);
    let wrapped =
        primitives::key_wrap::wrap(&kek, key.as_bytes()).map_err(|_| CmsError::KeyLength)?;

    let mut public = vec![0];
    public.extend_from_slice(&point);
    let originator_key = Element::Nested(
        context(1),
        vec![Element::algorithm(oid::EC_PUBLIC_KEY), Element::value(BIT_STRING, public)],
    );
    let mut inside =
        vec![Element::small_integer(3), Element::Nested(context(0), vec![originator_key])];
    if let Some(ukm) = ukm {
        inside.push(Element::Nested(context(1), vec![Element::value(OCTET_STRING, ukm)]));
    }
    inside.push(Element::sequence(vec![
        Element::oid(oid::STD_DH_SHA256_KDF),
        Element::raw(wrap_algorithm),
    ]));
    let recipient = Element::sequence(vec![name, Element::value(OCTET_STRING, wrapped)]);
    inside.push(Element::sequence(vec![recipient]));
    Ok(Element::Nested(context(1), inside).encode())
}
