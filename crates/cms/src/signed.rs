//! SignedData (RFC 5652 section 5): reading, checking, making.
//!
//! Accepted are RSASSA-PKCS1-v1_5, RSASSA-PSS (one hash throughout, salt as long as it),
//! ECDSA and Ed25519, with SHA-256, SHA-384 or SHA-512. SHA-1 and MD5 are refused by
//! name; a [`SignaturePolicy`] lets old mail with SHA-1 be read. A signature is checked over the signed attributes as they came, re-tagged as
//! SET OF (RFC 5652 5.4); if they came in BER, over their DER re-encoding with the order
//! kept (see [`crate::ber`]).
//!
//! Nothing here chooses among several signers: [`SignedData::signers`] gives them in
//! their order, and how many a message may have is the caller's rule.

mod attribute;
mod domain;
mod sign;
mod signer_info;
mod verify;

use std::fmt;
use std::ops::Range;

use ssmax_pki::Certificate;

pub use self::{
    attribute::{Attribute, attribute_oid, attribute_utf8, encryption_key_preference},
    domain::{
        ID_DOMAIN_SIGNATURE, SIGNATURE_TYPE, domain_signature_type, is_domain_signature_type,
        utf8_value,
    },
    sign::{SignRequest, sign, sign_over},
    signer_info::SignerInfo,
    verify::SignaturePolicy,
};
use crate::{
    CmsError, Limits, ber,
    enveloped::RecipientId,
    oid,
    tlv::{Tlv, content_info},
    write::{self, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, context},
};

/// The most attributes in one set of signed or unsigned attributes.
pub const MAX_ATTRIBUTES: usize = 64;

/// The most octets besides the content: certificates, CRLs and signers, which are copied
/// while reading. The largest CRLs of public CAs have some megabytes.
pub const MAX_SIDE_BYTES: usize = 16 * 1024 * 1024;

/// A message with the signatures over it; nothing is verified by reading it.
#[derive(Clone)]
pub struct SignedData {
    der: Vec<u8>,
    content: Option<Range<usize>>,
    content_type: Range<usize>,
    /// What stands before and behind encapContentInfo.
    around: [Range<usize>; 2],
    certificates: Vec<Certificate>,
    crls: Vec<Vec<u8>>,
    signers: Vec<SignerInfo>,
}

impl SignedData {
    /// Reads a `ContentInfo` with SignedData, in BER of any shape.
    ///
    /// A message without signers is read too (it carries certificates); what it proves
    /// is nothing.
    ///
    /// # Errors
    /// [`CmsError::WrongContentType`] for other messages, the bounds
    /// ([`CmsError::TooManySigners`], [`CmsError::TooManyCertificates`],
    /// [`CmsError::TooManyAttributes`], [`CmsError::TooLarge`] also for more than
    /// [`MAX_SIDE_BYTES`]), [`CmsError::Malformed`], and those of [`ber::to_der`].
    pub fn parse(input: &[u8], limits: &Limits) -> Result<Self, CmsError> {
        Self::read(ber::to_der(input, limits)?.into_owned(), limits)
    }

    /// As [`SignedData::parse`] without a copy: BER becomes DER where it stands.
    ///
    /// # Errors
    /// As [`SignedData::parse`].
    pub fn parse_vec(input: Vec<u8>, limits: &Limits) -> Result<Self, CmsError> {
        Self::read(ber::to_der_vec(input, limits)?, limits)
    }

    fn read(der: Vec<u8>, limits: &Limits) -> Result<Self, CmsError> {
        let (found, mut signed_data) = content_info(&der)?;
        if found != oid::SIGNED_DATA {
            return Err(CmsError::WrongContentType);
        }
        let version = signed_data.take(INTEGER)?;
        // The digest algorithms in advance serve one-pass readers; each signer names
        // its own again.
        let digests = signed_data.take(SET)?;
        let whole = signed_data.take(SEQUENCE)?;
        let (content_type, content) = encapsulated(whole)?;
        let certificates = signed_data.optional(context(0))?;
        let crls = signed_data.optional(context(1))?;
        let signer_infos = signed_data.take(SET)?;
        signed_data.finish()?;
        let around = [
            version.range().start..digests.range().end,
            whole.range().end..signer_infos.range().end,
        ];
        if around.iter().map(Range::len).sum::<usize>() > MAX_SIDE_BYTES {
            return Err(CmsError::TooLarge);
        }

        // RFC 5652 10.2.2, 10.2.1: the other alternatives are tagged, and not for us.
        let certificates = sequences(certificates, limits.max_certificates)?
            .filter_map(|found| Certificate::from_der(found.raw()).ok())
            .collect();
        let crls =
            sequences(crls, limits.max_certificates)?.map(|crl| crl.raw().to_vec()).collect();
        let signers = elements(signer_infos, limits.max_signers, CmsError::TooManySigners)?
            .iter()
            .map(|signer| SignerInfo::from_der(signer.raw(), content_type.content()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            content: content.map(|content| content.content_range()),
            content_type: content_type.content_range(),
            around,
            certificates,
            crls,
            signers,
            der,
        })
    }

    /// The content if it stands inside (opaque signing), `None` for a detached signature.
    /// What a program shows must be these octets, never a body found elsewhere.
    #[must_use]
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|range| self.octets(range))
    }

    /// As [`SignedData::content`], in the memory of the message.
    #[must_use]
    pub fn into_content(mut self) -> Option<Vec<u8>> {
        let content = self.content?;
        self.der.truncate(content.end);
        self.der.drain(..content.start);
        Some(self.der)
    }

    /// Whether the content type is `id-data`, as it is in all mail (RFC 8551 2.4).
    #[must_use]
    pub fn is_data(&self) -> bool {
        self.octets(&self.content_type) == oid::DATA
    }

    /// The same message with the content taken out, as a DER `ContentInfo`: what remains
    /// to be kept when the content is known from elsewhere. Certificates, CRLs and
    /// `SignerInfo`s keep their octets.
    #[must_use]
    pub fn detached(&self) -> Vec<u8> {
        let [before, behind] = &self.around;
        let inside = vec![
            Element::raw(self.octets(before)),
            Element::sequence(vec![Element::oid(self.octets(&self.content_type))]),
            Element::raw(self.octets(behind)),
        ];
        write::content_info(oid::SIGNED_DATA, inside).encode()
    }

    /// What of the message a signature covers, and `certificates` in place of those that
    /// came along: no content, no unsigned attributes, no CRLs, no digest algorithms but
    /// the signers'. Whatever is left out here, anybody on the way could have added.
    ///
    /// The signers verify as before, and [`SignerInfo::hash`] of each is the same.
    #[must_use]
    pub fn stripped(&self, certificates: &[Certificate]) -> Vec<u8> {
        // RFC 5652 5.1: 3 for another type than id-data or a signer named by key.
        let by_certificate =
            |one: &SignerInfo| matches!(one.identifier(), RecipientId::IssuerSerial { .. });
        let is_first = self.is_data() && self.signers.iter().all(by_certificate);
        let version = if is_first { 1 } else { 3 };
        let mut digests: Vec<&[u8]> = self.signers.iter().map(SignerInfo::digest_name).collect();
        digests.sort_unstable();
        digests.dedup();
        let mut inside = vec![
            Element::small_integer(version),
            Element::Nested(SET, digests.into_iter().map(Element::raw).collect()),
            Element::sequence(vec![Element::oid(self.octets(&self.content_type))]),
        ];
        if !certificates.is_empty() {
            let certificates = certificates.iter().map(|one| Element::raw(one.der())).collect();
            inside.push(Element::Nested(context(0), certificates));
        }
        let signers = self.signers.iter().map(|signer| Element::raw(signer.without_unsigned()));
        inside.push(Element::Nested(SET, signers.collect()));
        write::content_info(oid::SIGNED_DATA, inside).encode()
    }

    fn octets(&self, range: &Range<usize>) -> &[u8] {
        self.der.get(range.clone()).unwrap_or_default()
    }

    /// The embedded certificates in their order, without those that cannot be read.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The signers in their order; there may be none.
    #[must_use]
    pub fn signers(&self) -> &[SignerInfo] {
        &self.signers
    }

    /// The embedded CRLs in DER, unread.
    #[must_use]
    pub fn crls(&self) -> &[Vec<u8>] {
        &self.crls
    }
}

impl fmt::Debug for SignedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedData")
            .field("content_bytes", &self.content().map(<[u8]>::len))
            .field("certificates", &self.certificates.len())
            .field("signers", &self.signers)
            .finish_non_exhaustive()
    }
}

/// Type and content of encapContentInfo (RFC 5652 5.2). PKCS#7 allowed any type as the
/// content; an OCTET STRING is what CMS demands.
fn encapsulated(whole: Tlv<'_>) -> Result<(Tlv<'_>, Option<Tlv<'_>>), CmsError> {
    let mut inside = whole.inside();
    let content_type = inside.take(OBJECT_IDENTIFIER)?;
    let mut content = None;
    if let Some(explicit) = inside.optional(context(0))? {
        let mut octets = explicit.inside();
        content = Some(octets.take(OCTET_STRING)?);
        octets.finish()?;
    }
    inside.finish()?;
    Ok((content_type, content))
}

/// The elements inside `set`, `limit` at most.
fn elements(set: Tlv<'_>, limit: usize, beyond: CmsError) -> Result<Vec<Tlv<'_>>, CmsError> {
    let mut found = Vec::new();
    let mut inside = set.inside();
    while !inside.is_empty() {
        if found.len() == limit {
            return Err(beyond);
        }
        found.push(inside.any()?);
    }
    Ok(found)
}

/// The untagged SEQUENCEs in an optional set of certificates or CRLs.
fn sequences(
    set: Option<Tlv<'_>>,
    limit: usize,
) -> Result<impl Iterator<Item = Tlv<'_>>, CmsError> {
    let found = match set {
        Some(set) => elements(set, limit, CmsError::TooManyCertificates)?,
        None => Vec::new(),
    };
    Ok(found.into_iter().filter(|element| element.tag() == SEQUENCE))
}
