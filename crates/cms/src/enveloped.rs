//! EnvelopedData and AuthEnvelopedData (RFC 5652 section 6, RFC 5083): reading,
//! opening, making, and giving to other recipients without touching the ciphertext.
//!
//! EnvelopedData is read with AES-CBC only and AuthEnvelopedData with AES-GCM only: the
//! same key under two modes lets an attacker use the weaker one against the stronger.
//! GCM tags have 16 octets, read and written; shorter ones are refused.
//!
//! The *tail* is everything but the recipients: content type, algorithm with
//! parameters, ciphertext, authenticated attributes, authentication tag. Its hash names
//! a ciphertext across re-wrapping.

mod agreement;
mod cipher;
mod recipient_info;
mod seal;
mod shared_info;
mod tail;
mod unwrap;
mod wrap192;

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use ssmax_primitives::{self as primitives, ContentKey};
use zeroize::Zeroizing;

use self::tail::Tail;
pub use self::{
    agreement::KeyWrap,
    cipher::ContentCipher,
    recipient_info::{RecipientInfo, RecipientKind},
    seal::{RsaTransport, Sealed, encrypt, recipient_info, recipient_info_for_key},
    unwrap::{KeyName, UnwrapPolicy},
};
pub use crate::identifier::RecipientId;
use crate::{
    CmsError, Limits, ber, oid,
    tlv::{Reader, Tlv, content_info},
    write::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SET, context, context_primitive},
};

/// The most octets of all recipients together, which are copied while reading. A
/// thousand with RSA keys of 8,192 bits have half of it.
pub const MAX_RECIPIENTS_BYTES: usize = 4 * 1024 * 1024;

/// Which of the two structures holds the ciphertext.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// EnvelopedData, with AES-CBC: not authenticated.
    Enveloped,
    /// AuthEnvelopedData, with AES-GCM.
    AuthEnveloped,
}

/// An encrypted message; reading it uses no key.
#[derive(Clone)]
pub struct Enveloped {
    der: Vec<u8>,
    cipher: ContentCipher,
    initial_vector: Range<usize>,
    recipients: Vec<RecipientInfo>,
    content_type: Range<usize>,
    algorithm: Range<usize>,
    ciphertext: Range<usize>,
    auth_attributes: Option<Range<usize>>,
    mac: Option<Range<usize>>,
    has_originator_info: bool,
    has_unprotected_attributes: bool,
    tail: OnceLock<[u8; 32]>,
}

impl Enveloped {
    /// Reads a `ContentInfo` with EnvelopedData or AuthEnvelopedData, in BER of any
    /// shape.
    ///
    /// # Errors
    /// [`CmsError::WrongContentType`], [`CmsError::CbcRequired`],
    /// [`CmsError::GcmRequired`], [`CmsError::CipherRefused`],
    /// [`CmsError::CipherParameters`], [`CmsError::TagLength`],
    /// [`CmsError::InnerContentType`], [`CmsError::NoCiphertext`],
    /// [`CmsError::NoRecipients`], [`CmsError::TooManyRecipients`],
    /// [`CmsError::TooLarge`] also for more than [`MAX_RECIPIENTS_BYTES`],
    /// [`CmsError::Malformed`], and those of [`ber::to_der`].
    pub fn parse(input: &[u8], limits: &Limits) -> Result<Self, CmsError> {
        let der = ber::encrypted_to_der(input, limits)?;
        let (content_type, mut inside) = content_info(&der)?;
        let kind = match content_type {
            oid::ENVELOPED_DATA => Kind::Enveloped,
            oid::AUTH_ENVELOPED_DATA => Kind::AuthEnveloped,
            _ => return Err(CmsError::WrongContentType),
        };
        inside.take(INTEGER)?;
        let has_originator_info = inside.optional(context(0))?.is_some();
        let recipients = read_recipients(inside.take(SET)?, limits)?;
        let mut encrypted = inside.sequence()?;
        let content_type = encrypted.take(OBJECT_IDENTIFIER)?;
        let algorithm = encrypted.algorithm()?;
        let ciphertext = encrypted.optional(context_primitive(0))?;
        encrypted.finish()?;

        let (mut auth_attributes, mut mac) = (None, None);
        let unprotected = if kind == Kind::AuthEnveloped {
            auth_attributes = inside.optional(context(1))?;
            mac = Some(inside.take(OCTET_STRING)?);
            inside.optional(context(2))?
        } else {
            inside.optional(context(1))?
        };
        inside.finish()?;

        let (cipher, initial_vector) = cipher::read(kind, &algorithm)?;
        if content_type.content() != oid::DATA {
            return Err(CmsError::InnerContentType);
        }
        if mac.is_some_and(|mac| mac.content().len() != cipher::TAG_OCTETS) {
            return Err(CmsError::TagLength);
        }
        let ciphertext = ciphertext.ok_or(CmsError::NoCiphertext)?.content_range();
        Ok(Self {
            cipher,
            initial_vector: initial_vector.content_range(),
            recipients,
            content_type: content_type.range(),
            algorithm: algorithm.whole.range(),
            ciphertext,
            auth_attributes: auth_attributes.map(|set| set.range()),
            mac: mac.map(|mac| mac.content_range()),
            has_originator_info,
            has_unprotected_attributes: unprotected.is_some(),
            tail: OnceLock::new(),
            der,
        })
    }

    /// Which structure it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.cipher.kind()
    }

    /// The content cipher.
    #[must_use]
    pub fn cipher(&self) -> ContentCipher {
        self.cipher
    }

    /// The recipients in encoded order, also those of kinds that cannot be opened here.
    #[must_use]
    pub fn recipients(&self) -> &[RecipientInfo] {
        &self.recipients
    }

    /// SHA-256 over the tail: the DER of contentType, of contentEncryptionAlgorithm, of
    /// the ciphertext as one OCTET STRING, and with GCM of authAttrs as SET OF in their
    /// order (if any) and of the tag as OCTET STRING, one after the other. Computed once.
    #[must_use]
    pub fn tail(&self) -> [u8; 32] {
        *self.tail.get_or_init(|| self.tail_parts().hash())
    }

    /// Octets of the ciphertext.
    #[must_use]
    pub fn ciphertext_len(&self) -> usize {
        self.ciphertext.len()
    }

    /// Whether there is an originatorInfo. Nothing protects it.
    #[must_use]
    pub fn has_originator_info(&self) -> bool {
        self.has_originator_info
    }

    /// Whether there are unprotected or unauthenticated attributes.
    #[must_use]
    pub fn has_unprotected_attributes(&self) -> bool {
        self.has_unprotected_attributes
    }

    /// Opens the content. Of GCM nothing is given out before the tag is checked; CBC
    /// proves nothing, so the result must not be parsed without a signature over it or
    /// around it.
    ///
    /// # Errors
    /// [`CmsError::Decryption`] for every cause, also for a key of the wrong length.
    pub fn decrypt(&self, key: &ContentKey) -> Result<Zeroizing<Vec<u8>>, CmsError> {
        if key.as_bytes().len() != self.cipher.key_len() {
            return Err(CmsError::Decryption);
        }
        let ciphertext = self.octets(&self.ciphertext);
        let vector = self.octets(&self.initial_vector);
        match self.kind() {
            Kind::Enveloped => {
                let vector = vector.try_into().map_err(|_| CmsError::Decryption)?;
                primitives::cipher::aes_cbc_decrypt(key.as_bytes(), vector, ciphertext)
            }
            Kind::AuthEnveloped => {
                let nonce = vector.try_into().map_err(|_| CmsError::Decryption)?;
                let tag = self.mac.as_ref().map(|mac| self.octets(mac)).unwrap_or_default();
                let tag = tag.try_into().map_err(|_| CmsError::Decryption)?;
                let additional = self.additional_data()?;
                primitives::cipher::aes_gcm_open(
                    key.as_bytes(),
                    nonce,
                    &additional,
                    ciphertext,
                    tag,
                )
            }
        }
        .map_err(|_| CmsError::Decryption)
    }

    /// The same ciphertext for other recipients: a DER `ContentInfo` with the tail's
    /// octets as they are and `infos` in the order given. originatorInfo and
    /// unprotected attributes are left out.
    ///
    /// The order is kept, against DER's rule for a SET OF, because the first recipient
    /// that names a key is the one that counts. RFC 5652 demands one recipient at
    /// least; none gives a message that [`Enveloped::parse`] refuses.
    #[must_use]
    pub fn with_recipients(&self, infos: &[Vec<u8>]) -> Vec<u8> {
        self.tail_parts().with_recipients(infos)
    }

    fn octets(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    fn tail_parts(&self) -> Tail<'_> {
        Tail {
            kind: self.kind(),
            content_type: self.octets(&self.content_type),
            algorithm: self.octets(&self.algorithm),
            ciphertext: self.octets(&self.ciphertext),
            auth_attributes: self.auth_attributes.as_ref().map(|range| self.octets(range)),
            mac: self.mac.as_ref().map(|range| self.octets(range)),
        }
    }

    /// RFC 5083 2.2: the AAD is the DER of authAttrs with the tag of SET OF, and so in
    /// DER's order; nothing without authAttrs.
    fn additional_data(&self) -> Result<Vec<u8>, CmsError> {
        let Some(range) = &self.auth_attributes else { return Ok(Vec::new()) };
        let mut reader = Reader::new(self.octets(range));
        let mut inside = reader.any()?.inside();
        let mut attributes = Vec::new();
        while !inside.is_empty() {
            attributes.push(inside.any()?.raw());
        }
        attributes.sort_unstable();
        Ok(tail::set_of(&attributes))
    }
}

impl fmt::Debug for Enveloped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enveloped")
            .field("cipher", &self.cipher)
            .field("recipients", &self.recipients)
            .field("ciphertext_bytes", &self.ciphertext.len())
            .finish_non_exhaustive()
    }
}

/// The key check value, HMAC-SHA-256(content key, "SSMAX1-kcv" | tail): lets whoever
/// knows the key prove that it is the one of this ciphertext, and tells others nothing.
#[must_use]
pub fn kcv(key: &ContentKey, tail: &[u8; 32]) -> [u8; 32] {
    primitives::hmac_sha256(key.as_bytes(), &[b"SSMAX1-kcv", tail])
}

fn read_recipients(set: Tlv<'_>, limits: &Limits) -> Result<Vec<RecipientInfo>, CmsError> {
    if set.content().len() > MAX_RECIPIENTS_BYTES {
        return Err(CmsError::TooLarge);
    }
    let mut found = Vec::new();
    let mut left = limits.max_recipients;
    let mut inside = set.inside();
    while !inside.is_empty() {
        let element = inside.any()?;
        let info = RecipientInfo::from_der(element.raw(), left)?;
        // A recipient of an unreadable kind counts as one.
        left =
            left.checked_sub(info.identifiers().len().max(1)).ok_or(CmsError::TooManyRecipients)?;
        found.push(info);
    }
    if found.is_empty() { Err(CmsError::NoRecipients) } else { Ok(found) }
}
