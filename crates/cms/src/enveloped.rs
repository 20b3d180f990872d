//! EnvelopedData and AuthEnvelopedData (RFC 5652 section 6, RFC 5083): reading,
//! opening, making, and giving to other recipients without touching the ciphertext.
//!
//! EnvelopedData is read with AES-CBC only and AuthEnvelopedData with AES-GCM only: the
//! same key under two modes lets an attacker use the weaker one against the stronger.
//! GCM tags have 16 octets, read and written; shorter ones are refused
//! ([`CmsError::TagLength`]): RFC 5084 allows 12 to 16, each octet less makes a forgery
//! 256 times easier, and everybody writes 16. 3DES is read only by
//! [`Enveloped::parse_old`], to open old mail.
//!
//! # Memory
//! [`Enveloped::parse_vec`], [`Enveloped::into_decrypted`], [`Enveloped::into_rewrapped`],
//! [`encrypt_vec`] and [`Sealed::into_message`] work in the memory they are given, so that
//! a large mail is in memory once; their namesakes without `vec` and `into` copy it.
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
mod wrap;

use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use ssmax_primitives::{self as primitives, ContentKey};
use zeroize::Zeroizing;

pub use self::{
    agreement::{AgreementKdf, Curve, KeyWrap},
    cipher::ContentCipher,
    recipient_info::{RecipientInfo, RecipientKind},
    seal::{ENCRYPT_ROOM, Sealed, encrypt, encrypt_vec},
    unwrap::{KeyName, UnwrapPolicy},
    wrap::{
        RsaTransport, WrapChoice, recipient_info, recipient_info_for_key,
        recipient_info_for_key_by, recipient_info_with,
    },
};
use self::{cipher::Age, tail::Tail};
pub use crate::identifier::RecipientId;
use crate::{
    CmsError, Limits, ber, oid,
    tlv::{Tlv, content_info},
    write::{
        INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SET, context, context_primitive, wrap_in_place,
    },
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
        Self::read(ber::encrypted_to_der(input, limits)?.into_owned(), limits, Age::Today)
    }

    /// As [`Enveloped::parse`] without a copy: BER becomes DER where it stands.
    ///
    /// # Errors
    /// As [`Enveloped::parse`].
    pub fn parse_vec(input: Vec<u8>, limits: &Limits) -> Result<Self, CmsError> {
        Self::read(ber::encrypted_to_der_vec(input, limits)?, limits, Age::Today)
    }

    /// As [`Enveloped::parse_vec`], and reads [`ContentCipher::TripleDesCbc`]: to open
    /// old mail that somebody keeps. Never for mail that arrives: its sender chose the
    /// cipher for a reason that is not ours.
    ///
    /// # Errors
    /// As [`Enveloped::parse`].
    pub fn parse_old_vec(input: Vec<u8>, limits: &Limits) -> Result<Self, CmsError> {
        Self::read(ber::encrypted_to_der_vec(input, limits)?, limits, Age::Old)
    }

    /// As [`Enveloped::parse_old_vec`] from borrowed octets.
    ///
    /// # Errors
    /// As [`Enveloped::parse`].
    pub fn parse_old(input: &[u8], limits: &Limits) -> Result<Self, CmsError> {
        Self::read(ber::encrypted_to_der(input, limits)?.into_owned(), limits, Age::Old)
    }

    fn read(der: Vec<u8>, limits: &Limits, age: Age) -> Result<Self, CmsError> {
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

        let (cipher, initial_vector) = cipher::read(kind, &algorithm, age)?;
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
    /// the ciphertext as one OCTET STRING, and with GCM of authAttrs as SET OF in
    /// DER's order (if any) and of the tag as OCTET STRING, one after the other. Computed
    /// once. Attributes in another order are the same to GCM, and give the same tail.
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
        let opening = self.opening()?;
        let mut content = Zeroizing::new(self.octets(&self.ciphertext).to_vec());
        let len = opening.open(key, &mut content)?;
        content.truncate(len);
        Ok(content)
    }

    /// As [`Enveloped::decrypt`], in the memory of the message. Whoever still needs the
    /// tail asks for it before.
    ///
    /// # Errors
    /// As [`Enveloped::decrypt`].
    pub fn into_decrypted(self, key: &ContentKey) -> Result<Zeroizing<Vec<u8>>, CmsError> {
        let opening = self.opening()?;
        let mut octets = Zeroizing::new(self.der);
        let content = octets.get_mut(self.ciphertext.clone()).ok_or(CmsError::Decryption)?;
        let len = opening.open(key, content)?;
        let start = self.ciphertext.start;
        octets.copy_within(start..start + len, 0);
        octets.truncate(len);
        Ok(octets)
    }

    /// Opens only what tells whether `key` may be the right one: of CBC the beginning and
    /// the padding, at the same cost for every size and whatever comes out; of GCM, where
    /// only the tag tells, everything in a copy. After GCM the key is certain; with CBC
    /// one wrong key in about 250 gets so far, and the caller looks at the beginning.
    ///
    /// # Errors
    /// As [`Enveloped::decrypt`].
    pub fn probe(&self, key: &ContentKey, max_bytes: usize) -> Result<Probe, CmsError> {
        let opening = self.opening()?;
        let ciphertext = self.octets(&self.ciphertext);
        let block = self.initial_vector.len();
        let ends = self.ends(ciphertext, block, max_bytes);
        let (begin, end) = ends.unwrap_or((ciphertext, &[]));
        let skipped = ciphertext.len() - begin.len() - end.len();
        // The last block opens with the one before it as its vector, which itself comes
        // out as nonsense here.
        let mut octets = Zeroizing::new([begin, end].concat());
        let len = opening.open(key, &mut octets)?;
        let content_bytes = len + skipped;
        let beginning = octets.get(..max_bytes.min(len)).unwrap_or_default().to_vec();
        Ok(Probe { beginning: Zeroizing::new(beginning), content_bytes })
    }

    /// The blocks with the first `max_bytes`, and the last two; `None` where all of the
    /// ciphertext is needed.
    fn ends<'c>(
        &self,
        ciphertext: &'c [u8],
        block: usize,
        max_bytes: usize,
    ) -> Option<(&'c [u8], &'c [u8])> {
        let is_whole_blocks = block != 0 && ciphertext.len().is_multiple_of(block);
        if self.kind() != Kind::Enveloped || !is_whole_blocks {
            return None;
        }
        let (begin, rest) =
            ciphertext.split_at_checked(max_bytes.checked_next_multiple_of(block)?)?;
        let (_, end) = rest.split_at_checked(rest.len().checked_sub(2 * block)?)?;
        Some((begin, end))
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

    /// As [`Enveloped::with_recipients`], in the memory of the message.
    #[must_use]
    pub fn into_rewrapped(self, infos: &[Vec<u8>]) -> Vec<u8> {
        let (before, behind) = self.tail_parts().around(infos);
        wrap_in_place(self.der, self.ciphertext, &before, &behind)
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

    /// What opening needs besides key and ciphertext.
    fn opening(&self) -> Result<Opening, CmsError> {
        let tag = self.mac.as_ref().map(|mac| self.octets(mac)).unwrap_or_default();
        Ok(Opening {
            cipher: self.cipher,
            initial_vector: self.octets(&self.initial_vector).to_vec(),
            additional: self.additional_data()?,
            tag: tag.to_vec(),
        })
    }

    /// RFC 5083 2.2: the AAD is the DER of authAttrs with the tag of SET OF, and so in
    /// DER's order; nothing without authAttrs.
    fn additional_data(&self) -> Result<Vec<u8>, CmsError> {
        let Some(range) = &self.auth_attributes else { return Ok(Vec::new()) };
        tail::sorted_set(self.octets(range))
    }
}

/// What [`Enveloped::probe`] saw of the content.
#[derive(Clone, PartialEq, Eq)]
pub struct Probe {
    /// Its first octets, as many as were asked for and are there.
    pub beginning: Zeroizing<Vec<u8>>,
    /// Octets of the whole content.
    pub content_bytes: usize,
}

/// Without the content.
impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("content_bytes", &self.content_bytes).finish_non_exhaustive()
    }
}

/// A copy of the small parts, so that the ciphertext may be opened where it stands.
struct Opening {
    cipher: ContentCipher,
    initial_vector: Vec<u8>,
    additional: Vec<u8>,
    tag: Vec<u8>,
}

impl Opening {
    /// Opens `octets` in place; the plaintext stands at their beginning, this long. They
    /// must be wiped whatever comes of it.
    fn open(&self, key: &ContentKey, octets: &mut [u8]) -> Result<usize, CmsError> {
        if key.as_bytes().len() != self.cipher.key_len() {
            return Err(CmsError::Decryption);
        }
        let (key, vector) = (key.as_bytes(), self.initial_vector.as_slice());
        match self.cipher.kind() {
            Kind::Enveloped if self.cipher == ContentCipher::TripleDesCbc => {
                let vector = vector.try_into().map_err(|_| CmsError::Decryption)?;
                primitives::cipher::triple_des_cbc_decrypt_in_place(key, vector, octets)
            }
            Kind::Enveloped => {
                let vector = vector.try_into().map_err(|_| CmsError::Decryption)?;
                primitives::cipher::aes_cbc_decrypt_in_place(key, vector, octets)
            }
            Kind::AuthEnveloped => {
                let nonce = vector.try_into().map_err(|_| CmsError::Decryption)?;
                let tag = self.tag.as_slice().try_into().map_err(|_| CmsError::Decryption)?;
                let (additional, len) = (&self.additional, octets.len());
                primitives::cipher::aes_gcm_open_in_place(key, nonce, additional, octets, tag)
                    .map(|()| len)
            }
        }
        .map_err(|_| CmsError::Decryption)
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
