//! One signer (RFC 5652 5.3).

use std::fmt;
use std::ops::Range;

use ssmax_pki::Certificate;
use ssmax_primitives::{DigestAlgorithm, Sha256};
use ssmax_token::SignatureAlgorithm;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use super::attribute::Attributes;
use crate::{
    CmsError, Limits, SignatureFault, algorithm, ber,
    capabilities::{Capabilities, SMIME_CAPABILITIES},
    enveloped::RecipientId,
    oid,
    tlv::{Reader, Tlv},
    write::{GENERALIZED_TIME, INTEGER, OCTET_STRING, SEQUENCE, UTC_TIME, context, push_length},
};

/// One signature: who says to have made it, how, and what else was signed.
#[derive(Clone)]
pub struct SignerInfo {
    pub(super) der: Vec<u8>,
    /// What the encapsulated content says of its type, which the attribute must repeat.
    pub(super) content_type: Vec<u8>,
    pub(super) signer: RecipientId,
    pub(super) digest: Result<DigestAlgorithm, SignatureFault>,
    pub(super) algorithm: Result<SignatureAlgorithm, SignatureFault>,
    /// Whether it is RSASSA-PKCS1-v1_5 with SHA-1; `digest` and `algorithm` are errors
    /// then.
    pub(super) is_sha1_rsa: bool,
    pub(super) signed: Option<Attributes>,
    unsigned: Option<Attributes>,
    pub(super) signature: Range<usize>,
    /// The identifier of the digest algorithm.
    digest_name: Range<usize>,
    /// All content octets but the unsigned attributes.
    certain: Range<usize>,
}

impl SignerInfo {
    /// Reads a `SignerInfo` that stands alone, in BER, over content of type `id-data`.
    ///
    /// # Errors
    /// [`CmsError::Malformed`], [`CmsError::TooManyAttributes`], and those of
    /// [`ber::to_der`].
    pub fn parse(input: &[u8], limits: &Limits) -> Result<Self, CmsError> {
        Self::from_der(&ber::to_der(input, limits)?, oid::DATA)
    }

    pub(super) fn from_der(der: &[u8], content_type: &[u8]) -> Result<Self, CmsError> {
        let mut outer = Reader::new(der);
        let whole = outer.take(SEQUENCE)?;
        outer.finish()?;
        let mut inside = whole.inside();
        inside.take(INTEGER)?;
        let signer = RecipientId::read(&mut inside)?;
        let digest_algorithm = inside.algorithm()?;
        let digest_name = digest_algorithm.whole.range();
        let digest = algorithm::signature_digest(&digest_algorithm);
        let signed = inside.optional(context(0))?.map(Attributes::read).transpose()?;
        let signature_algorithm = inside.algorithm()?;
        let signature = inside.take(OCTET_STRING)?.content_range();
        let certain = whole.content_range().start..signature.end;
        let unsigned = inside.optional(context(1))?.map(Attributes::read).transpose()?;
        inside.finish()?;
        let algorithm =
            digest.and_then(|digest| algorithm::signature_algorithm(&signature_algorithm, digest));
        Ok(Self {
            der: der.to_vec(),
            content_type: content_type.to_vec(),
            signer,
            digest,
            algorithm,
            digest_name,
            is_sha1_rsa: algorithm::is_sha1_rsa(&digest_algorithm, &signature_algorithm),
            signed,
            unsigned,
            signature,
            certain,
        })
    }

    /// The DER of the whole `SignerInfo`.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER without the unsigned attributes: a name of this signature that
    /// nobody can change by adding to it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let certain = self.der.get(self.certain.clone()).unwrap_or_default();
        let mut header = vec![SEQUENCE];
        push_length(&mut header, certain.len());
        let mut hash = Sha256::new();
        hash.update(&header);
        hash.update(certain);
        hash.finish()
    }

    /// The DER without the unsigned attributes: what [`SignerInfo::hash`] is over.
    #[must_use]
    pub fn without_unsigned(&self) -> Vec<u8> {
        let certain = self.der.get(self.certain.clone()).unwrap_or_default();
        let mut der = vec![SEQUENCE];
        push_length(&mut der, certain.len());
        der.extend_from_slice(certain);
        der
    }

    /// The DER of the digest algorithm's identifier.
    pub(super) fn digest_name(&self) -> &[u8] {
        self.der.get(self.digest_name.clone()).unwrap_or_default()
    }

    /// How the signer is named. Nothing protects this but the signature under the key of
    /// the certificate it leads to.
    #[must_use]
    pub fn identifier(&self) -> &RecipientId {
        &self.signer
    }

    /// The first of `certificates` that the identifier names, by issuer and serial
    /// number or by key identifier. Who puts another with the same name in front of the
    /// right one makes the signature fail, never hold.
    #[must_use]
    pub fn certificate<'a>(&self, certificates: &'a [Certificate]) -> Option<&'a Certificate> {
        certificates.iter().find(|certificate| self.signer.names(certificate))
    }

    /// DER of the one value of a signed attribute, told by its dotted identifier;
    /// `None` if it is absent or no identifier.
    ///
    /// # Errors
    /// [`CmsError::DuplicateAttribute`] if it occurs twice, [`CmsError::AttributeValues`]
    /// if it has not exactly one value.
    pub fn signed_attribute(&self, oid: &str) -> Result<Option<&[u8]>, CmsError> {
        self.attribute(self.signed.as_ref(), oid)
    }

    /// As [`SignerInfo::signed_attribute`] for the unsigned ones. Anybody on the way may
    /// have put them there.
    ///
    /// # Errors
    /// As for signed attributes.
    pub fn unsigned_attribute(&self, oid: &str) -> Result<Option<&[u8]>, CmsError> {
        self.attribute(self.unsigned.as_ref(), oid)
    }

    fn attribute(&self, set: Option<&Attributes>, oid: &str) -> Result<Option<&[u8]>, CmsError> {
        match (set, oid::encode(oid)) {
            (Some(set), Some(oid)) => set.single(&self.der, &oid),
            _ => Ok(None),
        }
    }

    /// When the signer says to have signed (RFC 5652 11.3); `None` without one valid
    /// attribute. It is a claim, and verification does not look at it.
    #[must_use]
    pub fn signing_time(&self) -> Option<OffsetDateTime> {
        let value = self.signed.as_ref()?.single(&self.der, oid::SIGNING_TIME).ok()??;
        read_time(Reader::new(value).any().ok()?)
    }

    /// What the signer's mailer says that it reads (RFC 8551 2.5.2); `None` without the
    /// attribute. To be believed as much as the signature.
    ///
    /// # Errors
    /// Those of [`SignerInfo::signed_attribute`] and of [`Capabilities::parse`].
    pub fn capabilities(&self) -> Result<Option<Capabilities>, CmsError> {
        self.signed_attribute(SMIME_CAPABILITIES)?.map(Capabilities::parse).transpose()
    }

    /// The digest algorithm of content and signature.
    ///
    /// # Errors
    /// [`SignatureFault::WeakDigest`] for SHA-1 and MD5,
    /// [`SignatureFault::UnsupportedDigest`] for others.
    pub fn digest_algorithm(&self) -> Result<DigestAlgorithm, SignatureFault> {
        self.digest
    }

    /// The signature algorithm.
    ///
    /// # Errors
    /// Those of [`SignerInfo::digest_algorithm`], [`SignatureFault::WeakDigest`],
    /// [`SignatureFault::UnsupportedAlgorithm`], [`SignatureFault::DigestDisagrees`] and
    /// [`SignatureFault::PssParameters`].
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, SignatureFault> {
        self.algorithm
    }
}

impl fmt::Debug for SignerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignerInfo")
            .field("signer", &self.signer)
            .field("digest", &self.digest)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// UTCTime or GeneralizedTime in the one form that DER allows (RFC 5652 11.3).
fn read_time(value: Tlv<'_>) -> Option<OffsetDateTime> {
    let text = value.content();
    let (year, rest) = match value.tag() {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            // RFC 5652 11.3: "If YY is greater than or equal to 50, the year SHALL be
            // interpreted as 19YY".
            let year = digits(year)?;
            (if year >= 50 { 1900 + year } else { 2000 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (digits(year)?, rest)
        }
        _ => return None,
    };
    let (rest, [b'Z']) = rest.split_at_checked(10)? else { return None };
    let mut parts =
        rest.chunks(2).map(|pair| digits(pair).and_then(|part| u8::try_from(part).ok()));
    let month = Month::try_from(parts.next()??).ok()?;
    let date = Date::from_calendar_date(year, month, parts.next()??).ok()?;
    let time = Time::from_hms(parts.next()??, parts.next()??, parts.next()??).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc())
}

fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0'))
    })
}
