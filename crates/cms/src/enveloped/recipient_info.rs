//! One recipient (RFC 5652 6.2).

use std::fmt;
use std::ops::Range;

use ssmax_pki::Certificate;
use ssmax_token::OaepHash;

use super::{
    RecipientId,
    agreement::{Agreement, AgreementKdf, Curve, KeyWrap},
};
use crate::{
    CmsError, Limits, algorithm, ber, oid,
    tlv::{Algorithm, Reader},
    write::{INTEGER, OCTET_STRING, SEQUENCE, context},
};

/// How a recipient gets the content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecipientKind {
    /// RSA with PKCS#1 v1.5 padding.
    KeyTransPkcs1,
    /// RSA with OAEP, this hash for label and mask.
    KeyTransOaep(OaepHash),
    /// Ephemeral-static ECDH.
    KeyAgree {
        /// The curve of the sender's ephemeral key.
        curve: Curve,
        /// The key derivation.
        kdf: AgreementKdf,
        /// The key wrap.
        wrap: KeyWrap,
    },
    /// Everything that [`RecipientInfo::unwrap`] refuses, there with the name of the
    /// reason.
    Other,
}

/// One recipient as it came.
#[derive(Clone)]
pub struct RecipientInfo {
    pub(super) der: Vec<u8>,
    pub(super) body: Body,
}

/// What the recipient's kind tells. A refusal is kept until somebody wants to open it:
/// a message for many recipients may have some that are not for us to understand.
#[derive(Clone)]
pub(super) enum Body {
    Transport {
        id: RecipientId,
        transport: Result<Transport, CmsError>,
        encrypted_key: Range<usize>,
    },
    Agreement {
        agreement: Result<Agreement, CmsError>,
        ukm: Option<Range<usize>>,
        /// RecipientEncryptedKeys: whose, and the wrapped key.
        ids: Vec<RecipientId>,
        wrapped_keys: Vec<Range<usize>>,
    },
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Pkcs1,
    Oaep(OaepHash),
}

impl RecipientInfo {
    /// Reads one `RecipientInfo` that stands alone, in BER.
    ///
    /// # Errors
    /// [`CmsError::Malformed`], [`CmsError::TooManyRecipients`], and those of
    /// [`ber::to_der`], within the default [`Limits`].
    pub fn parse(input: &[u8]) -> Result<Self, CmsError> {
        let limits = Limits::default();
        Self::from_der(&ber::to_der(input, &limits)?, limits.max_recipients)
    }

    pub(super) fn from_der(der: &[u8], max_keys: usize) -> Result<Self, CmsError> {
        let mut reader = Reader::new(der);
        let whole = reader.any()?;
        reader.finish()?;
        let body = match whole.tag() {
            SEQUENCE => transport(whole.inside())?,
            tag if tag == context(1) => agreement(whole.inside(), max_keys)?,
            // KEKRecipientInfo, PasswordRecipientInfo, OtherRecipientInfo.
            tag if (context(2)..=context(4)).contains(&tag) => Body::Other,
            _ => return Err(CmsError::Malformed),
        };
        Ok(Self { der: der.to_vec(), body })
    }

    /// The DER of the whole `RecipientInfo`.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// How the content key is protected.
    #[must_use]
    pub fn kind(&self) -> RecipientKind {
        match &self.body {
            Body::Transport { transport: Ok(Transport::Pkcs1), .. } => RecipientKind::KeyTransPkcs1,
            Body::Transport { transport: Ok(Transport::Oaep(hash)), .. } => {
                RecipientKind::KeyTransOaep(*hash)
            }
            Body::Agreement { agreement: Ok(agreement), .. } => {
                let Agreement { curve, kdf, wrap, .. } = *agreement;
                RecipientKind::KeyAgree { curve, kdf, wrap }
            }
            _ => RecipientKind::Other,
        }
    }

    /// The user keying material of a key agreement, which the key derivation takes in:
    /// whoever changes it cannot open the message.
    #[must_use]
    pub fn ukm(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Agreement { ukm: Some(range), .. } => self.der.get(range.clone()),
            _ => None,
        }
    }

    /// Whether `certificate` is among those it is for, by issuer and serial number or
    /// key identifier.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.identifiers().iter().any(|id| id.names(certificate))
    }

    /// Whom it is for: one for key transport, one or more for key agreement, none for
    /// other kinds.
    #[must_use]
    pub fn identifiers(&self) -> &[RecipientId] {
        match &self.body {
            Body::Transport { id, .. } => std::slice::from_ref(id),
            Body::Agreement { ids, .. } => ids,
            Body::Other => &[],
        }
    }
}

impl fmt::Debug for RecipientInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecipientInfo")
            .field("kind", &self.kind())
            .field("identifiers", &self.identifiers())
            .finish_non_exhaustive()
    }
}

/// KeyTransRecipientInfo (RFC 5652 6.2.1).
fn transport(mut inside: Reader<'_>) -> Result<Body, CmsError> {
    inside.take(INTEGER)?;
    let id = RecipientId::read(&mut inside)?;
    let transport = transport_algorithm(&inside.algorithm()?);
    let encrypted_key = inside.take(OCTET_STRING)?.content_range();
    inside.finish()?;
    Ok(Body::Transport { id, transport, encrypted_key })
}

fn transport_algorithm(algorithm: &Algorithm<'_>) -> Result<Transport, CmsError> {
    match algorithm.oid {
        oid::RSA_ENCRYPTION if algorithm.is_plain() => Ok(Transport::Pkcs1),
        oid::RSAES_OAEP => algorithm::oaep(algorithm).map(Transport::Oaep),
        _ => Err(CmsError::TransportAlgorithm),
    }
}

/// KeyAgreeRecipientInfo (RFC 5652 6.2.2).
fn agreement(mut inside: Reader<'_>, max_keys: usize) -> Result<Body, CmsError> {
    inside.take(INTEGER)?;
    let mut originator = inside.take(context(0))?.inside();
    let originator_key = originator.any()?;
    originator.finish()?;
    let mut ukm = None;
    if let Some(explicit) = inside.optional(context(1))? {
        let mut octets = explicit.inside();
        ukm = Some(octets.take(OCTET_STRING)?.content_range());
        octets.finish()?;
    }
    let agreement = Agreement::read(originator_key, &inside.algorithm()?);
    let mut keys = inside.sequence()?;
    inside.finish()?;
    let (mut ids, mut wrapped_keys) = (Vec::new(), Vec::new());
    while !keys.is_empty() {
        if ids.len() == max_keys {
            return Err(CmsError::TooManyRecipients);
        }
        let mut key = keys.sequence()?;
        ids.push(agreement_recipient(&mut key)?);
        wrapped_keys.push(key.take(OCTET_STRING)?.content_range());
        key.finish()?;
    }
    Ok(Body::Agreement { agreement, ukm, ids, wrapped_keys })
}

/// KeyAgreeRecipientIdentifier: date and other attributes of a key identifier are
/// hints, and not needed.
fn agreement_recipient(key: &mut Reader<'_>) -> Result<RecipientId, CmsError> {
    match key.optional(context(0))? {
        Some(by_key) => Ok(RecipientId::KeyId(by_key.inside().octets()?.to_vec())),
        None => RecipientId::read_issuer_serial(key),
    }
}
