//! Making a SignedData with one signer.

use ssmax_pki::Certificate;
use ssmax_primitives::{DigestAlgorithm, digest, sha256};
use ssmax_token::SigningKey;
use time::OffsetDateTime;

use super::{Attribute, attribute};
use crate::{
    CmsError, algorithm, capabilities, identifier, oid,
    write::{Element, GENERALIZED_TIME, OCTET_STRING, SET, UTC_TIME, content_info, context},
};

/// What is to be signed, by whom, and what goes along.
#[derive(Debug)]
pub struct SignRequest<'a> {
    /// SHA-256 of the content. The caller's promise if `content` is given as well. Not
    /// used for keys that sign with another hash, see [`sign`].
    pub content_digest: [u8; 32],
    /// The content, to stand inside (opaque signing); `None` makes a detached signature.
    pub content: Option<&'a [u8]>,
    /// The signingTime attribute, cut to seconds; left out if `None`.
    pub signing_time: Option<OffsetDateTime>,
    /// More signed attributes. Those written always may not be among them, but
    /// SMIMECapabilities may ([`crate::capabilities::Capabilities::attribute`]); without,
    /// AES in CBC is named.
    pub extra_signed: Vec<Attribute>,
    /// Unsigned attributes, written in this order.
    pub unsigned: Vec<Attribute>,
    /// Certificates to embed, in this order, the signer's first by custom.
    pub certificates: &'a [Certificate],
    /// The signer's certificate, named by issuer and serial number. It is embedded only
    /// if it is among `certificates`.
    pub signer: &'a Certificate,
}

/// Signs, giving the DER of a `ContentInfo`. The attributes contentType, messageDigest,
/// signingCertificateV2 (RFC 5035) and SMIMECapabilities (RFC 8551 2.5.2) are always
/// there; signed attributes stand in the order of DER.
///
/// The digest of the content is that of the key's signature algorithm, SHA-512 for
/// Ed25519. If it is not SHA-256, `content_digest` is of no use, and `content` is hashed
/// anew; a detached signature is then made with [`sign_over`].
///
/// # Errors
/// [`CmsError::KeyMismatch`] if `key` is not the certificate's,
/// [`CmsError::SigningAlgorithm`] if it cannot sign, or if the digest it signs with is not
/// known, [`CmsError::BadAttribute`], [`CmsError::DuplicateAttribute`], and
/// [`CmsError::Signing`] for what the key's home says.
pub fn sign(request: &SignRequest<'_>, key: &dyn SigningKey) -> Result<Vec<u8>, CmsError> {
    let scheme = Scheme::of(key)?;
    let digest = match (scheme.digest, request.content) {
        (DigestAlgorithm::Sha256, _) => request.content_digest.to_vec(),
        (other, Some(content)) => digest(other, content),
        (_, None) => return Err(CmsError::SigningAlgorithm),
    };
    sign_digest(request, &digest, scheme, key)
}

/// As [`sign`] over `content`, for every key: `request.content_digest` is not used, and the
/// content stands inside only if `request.content` has it.
///
/// # Errors
/// As [`sign`].
pub fn sign_over(
    request: &SignRequest<'_>,
    content: &[u8],
    key: &dyn SigningKey,
) -> Result<Vec<u8>, CmsError> {
    let scheme = Scheme::of(key)?;
    let digest = digest(scheme.digest, content);
    sign_digest(request, &digest, scheme, key)
}

/// How a key signs.
struct Scheme {
    digest: DigestAlgorithm,
    /// Identifiers of the digest, for the two places that name it, and of the signature.
    digests: [Element<'static>; 2],
    signature: Element<'static>,
}

impl Scheme {
    fn of(key: &dyn SigningKey) -> Result<Self, CmsError> {
        if !key.algorithm().can_sign() {
            return Err(CmsError::SigningAlgorithm);
        }
        let (digest, signature) = algorithm::signature_to_write(key.signature_algorithm())
            .ok_or(CmsError::SigningAlgorithm)?;
        let name = || algorithm::digest_to_write(digest).ok_or(CmsError::SigningAlgorithm);
        Ok(Self { digest, digests: [name()?, name()?], signature })
    }
}

fn sign_digest(
    request: &SignRequest<'_>,
    digest: &[u8],
    scheme: Scheme,
    key: &dyn SigningKey,
) -> Result<Vec<u8>, CmsError> {
    if key.spki() != request.signer.spki() {
        return Err(CmsError::KeyMismatch);
    }
    let Scheme { digests: [digest_name, digest_in_advance], signature: algorithm, .. } = scheme;
    let attributes = signed_attributes(request, digest)?;
    let unsigned = request.unsigned.iter().map(Attribute::encode).collect::<Result<Vec<_>, _>>()?;
    let as_set = Element::Nested(SET, attributes.iter().map(raw).collect()).encode();
    let signature = key.sign(&as_set).map_err(CmsError::Signing)?;

    let mut signer_info = vec![
        // RFC 5652 5.3: version 1 goes with issuerAndSerialNumber.
        Element::small_integer(1),
        identifier::issuer_serial(request.signer),
        digest_name,
        Element::Nested(context(0), attributes.iter().map(raw).collect()),
        algorithm,
        Element::value(OCTET_STRING, signature),
    ];
    if !unsigned.is_empty() {
        signer_info.push(Element::Nested(context(1), unsigned.iter().map(raw).collect()));
    }
    let mut signed_data = vec![
        // RFC 5652 5.1: version 1 for id-data, plain certificates and such a signer.
        Element::small_integer(1),
        Element::Nested(SET, vec![digest_in_advance]),
        encapsulated(request.content),
    ];
    if !request.certificates.is_empty() {
        let certificates = request.certificates.iter().map(|found| Element::raw(found.der()));
        signed_data.push(Element::Nested(context(0), certificates.collect()));
    }
    signed_data.push(Element::Nested(SET, vec![Element::sequence(signer_info)]));
    Ok(content_info(oid::SIGNED_DATA, signed_data).encode())
}

fn raw(encoding: &Vec<u8>) -> Element<'_> {
    Element::raw(encoding.as_slice())
}

fn encapsulated(content: Option<&[u8]>) -> Element<'_> {
    let mut inside = vec![Element::oid(oid::DATA)];
    if let Some(content) = content {
        inside.push(Element::Nested(context(0), vec![Element::value(OCTET_STRING, content)]));
    }
    Element::sequence(inside)
}

fn signed_attributes(request: &SignRequest<'_>, digest: &[u8]) -> Result<Vec<Vec<u8>>, CmsError> {
    let mut types = vec![
        oid::CONTENT_TYPE.to_vec(),
        oid::MESSAGE_DIGEST.to_vec(),
        oid::SIGNING_CERTIFICATE_V2.to_vec(),
    ];
    let mut attributes = vec![
        attribute::encode(oid::CONTENT_TYPE, Element::oid(oid::DATA)),
        attribute::encode(oid::MESSAGE_DIGEST, Element::value(OCTET_STRING, digest)),
        attribute::encode(oid::SIGNING_CERTIFICATE_V2, signing_certificate(request.signer)),
    ];
    if let Some(time) = request.signing_time {
        types.push(oid::SIGNING_TIME.to_vec());
        attributes.push(attribute::encode(oid::SIGNING_TIME, signing_time(time)));
    }
    for extra in &request.extra_signed {
        types.push(oid::encode(&extra.oid).ok_or(CmsError::BadAttribute)?);
        attributes.push(extra.encode()?);
    }
    if !types.iter().any(|found| found == oid::SMIME_CAPABILITIES) {
        attributes.push(attribute::encode(oid::SMIME_CAPABILITIES, capabilities::own(false)));
    }
    types.sort_unstable();
    if types.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(CmsError::DuplicateAttribute);
    }
    // X.690 11.6: a SET OF is in the ascending order of its encodings.
    attributes.sort_unstable();
    Ok(attributes)
}

/// SigningCertificateV2 with the default hash, SHA-256, which DER leaves out.
fn signing_certificate(certificate: &Certificate) -> Element<'_> {
    let id =
        Element::sequence(vec![Element::value(OCTET_STRING, sha256(certificate.der()).to_vec())]);
    Element::sequence(vec![Element::sequence(vec![id])])
}

/// RFC 5652 11.3: UTCTime from 1950 to 2049, GeneralizedTime beyond, no fractions.
fn signing_time(time: OffsetDateTime) -> Element<'static> {
    let utc = time.to_offset(time::UtcOffset::UTC);
    let year = utc.year();
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    );
    if (1950..2050).contains(&year) {
        Element::value(UTC_TIME, format!("{:02}{rest}", year % 100).into_bytes())
    } else {
        Element::value(GENERALIZED_TIME, format!("{year:04}{rest}").into_bytes())
    }
}
