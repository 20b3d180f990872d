//! Making a SignedData with one signer.

use ssmax_pki::Certificate;
use ssmax_primitives::sha256;
use ssmax_token::{SignatureAlgorithm, SigningKey};
use time::OffsetDateTime;

use super::{Attribute, attribute};
use crate::{
    CmsError, identifier, oid,
    write::{Element, GENERALIZED_TIME, NULL, OCTET_STRING, SET, UTC_TIME, content_info, context},
};

/// What is to be signed, by whom, and what goes along.
#[derive(Debug)]
pub struct SignRequest<'a> {
    /// SHA-256 of the content. The caller's promise if `content` is given as well.
    pub content_digest: [u8; 32],
    /// The content, to stand inside (opaque signing); `None` makes a detached signature.
    pub content: Option<&'a [u8]>,
    /// The signingTime attribute, cut to seconds; left out if `None`.
    pub signing_time: Option<OffsetDateTime>,
    /// More signed attributes. Those written always may not be among them.
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
/// # Errors
/// [`CmsError::KeyMismatch`] if `key` is not the certificate's,
/// [`CmsError::SigningAlgorithm`] if it does not sign with SHA-256,
/// [`CmsError::BadAttribute`], [`CmsError::DuplicateAttribute`], and
/// [`CmsError::Signing`] for what the key's home says.
pub fn sign(request: &SignRequest<'_>, key: &dyn SigningKey) -> Result<Vec<u8>, CmsError> {
    if key.spki() != request.signer.spki() {
        return Err(CmsError::KeyMismatch);
    }
    let algorithm = signature_algorithm(key.signature_algorithm())?;
    let attributes = signed_attributes(request)?;
    let unsigned = request.unsigned.iter().map(Attribute::encode).collect::<Result<Vec<_>, _>>()?;
    let as_set = Element::Nested(SET, attributes.iter().map(raw).collect()).encode();
    let signature = key.sign(&as_set).map_err(CmsError::Signing)?;

    let mut signer_info = vec![
        // RFC 5652 5.3: version 1 goes with issuerAndSerialNumber.
        Element::small_integer(1),
        identifier::issuer_serial(request.signer),
        Element::algorithm(oid::SHA256),
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
        Element::Nested(SET, vec![Element::algorithm(oid::SHA256)]),
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

fn signed_attributes(request: &SignRequest<'_>) -> Result<Vec<Vec<u8>>, CmsError> {
    let mut types = vec![
        oid::CONTENT_TYPE.to_vec(),
        oid::MESSAGE_DIGEST.to_vec(),
        oid::SIGNING_CERTIFICATE_V2.to_vec(),
        oid::SMIME_CAPABILITIES.to_vec(),
    ];
    let mut attributes = vec![
        attribute::encode(oid::CONTENT_TYPE, Element::oid(oid::DATA)),
        attribute::encode(
            oid::MESSAGE_DIGEST,
            Element::value(OCTET_STRING, &request.content_digest[..]),
        ),
        attribute::encode(oid::SIGNING_CERTIFICATE_V2, signing_certificate(request.signer)),
        attribute::encode(oid::SMIME_CAPABILITIES, capabilities()),
    ];
    if let Some(time) = request.signing_time {
        types.push(oid::SIGNING_TIME.to_vec());
        attributes.push(attribute::encode(oid::SIGNING_TIME, signing_time(time)));
    }
    for extra in &request.extra_signed {
        types.push(oid::encode(&extra.oid).ok_or(CmsError::BadAttribute)?);
        attributes.push(extra.encode()?);
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

/// What we can read, best first; a mailer that answers chooses the first it knows.
fn capabilities() -> Element<'static> {
    let ciphers =
        [oid::AES256_GCM, oid::AES128_GCM, oid::AES256_CBC, oid::AES192_CBC, oid::AES128_CBC];
    Element::sequence(ciphers.into_iter().map(Element::algorithm).collect())
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

/// The identifier to write; RFC 5754 section 3: PKCS#1 has NULL, ECDSA no parameters.
fn signature_algorithm(algorithm: SignatureAlgorithm) -> Result<Element<'static>, CmsError> {
    match algorithm {
        SignatureAlgorithm::EcdsaSha256 => Ok(Element::algorithm(oid::ECDSA_SHA256)),
        SignatureAlgorithm::RsaPkcs1Sha256 => Ok(Element::sequence(vec![
            Element::oid(oid::SHA256_WITH_RSA),
            Element::value(NULL, &[][..]),
        ])),
        SignatureAlgorithm::RsaPssSha256 => Ok(pss_sha256()),
        _ => Err(CmsError::SigningAlgorithm),
    }
}

/// RSASSA-PSS-params (RFC 4055 3.1): SHA-256, MGF1 with SHA-256, salt of 32 octets.
fn pss_sha256() -> Element<'static> {
    let hash = || Element::algorithm(oid::SHA256);
    let mask = Element::sequence(vec![Element::oid(oid::MGF1), hash()]);
    Element::sequence(vec![
        Element::oid(oid::RSASSA_PSS),
        Element::sequence(vec![
            Element::Nested(context(0), vec![hash()]),
            Element::Nested(context(1), vec![mask]),
            Element::Nested(context(2), vec![Element::small_integer(32)]),
        ]),
    ])
}
