//! Checking one signature (RFC 5652 5.6).

use ssmax_pki::Certificate;
use ssmax_primitives::{self as primitives, DigestAlgorithm, KeyError, VerifyError};
use ssmax_token::SignatureAlgorithm;

use super::{SignerInfo, attribute::Attributes};
use crate::{
    CmsError, SignatureFault, algorithm,
    identifier::RecipientId,
    oid,
    tlv::Reader,
    write::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, context},
};

/// Which signatures count besides those of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignaturePolicy {
    /// Whether RSASSA-PKCS1-v1_5 with SHA-1 counts: only to show old mail to a person, and
    /// never for mail that arrives, since anybody can have a second content made for such
    /// a signature. ECDSA, PSS and DSA with SHA-1, and all that hashes with MD5, are
    /// refused even so, and RSA keys below 2,048 bits. Off by default.
    pub allow_sha1: bool,
}

/// How a signature is to be checked.
#[derive(Clone, Copy)]
enum Scheme {
    Today(DigestAlgorithm, SignatureAlgorithm),
    /// RSASSA-PKCS1-v1_5 with SHA-1.
    Old,
}

impl Scheme {
    fn digest(self) -> DigestAlgorithm {
        match self {
            Self::Today(digest, _) => digest,
            Self::Old => DigestAlgorithm::Sha1,
        }
    }
}

impl SignerInfo {
    /// Checks that `certificate`'s key signed `content`. Whether the certificate is to
    /// be believed, and allowed to sign, is for its path validation.
    ///
    /// Checked are: the signer identifier names the certificate; no attribute type
    /// occurs twice; contentType and messageDigest fit; signingCertificateV2, if
    /// present, names the certificate; the signature itself. A signature without signed
    /// attributes is accepted over `id-data` (RFC 5652 5.3), unless the content could
    /// itself be taken for signed attributes.
    ///
    /// # Errors
    /// The [`SignatureFault`] found first.
    pub fn verify(&self, certificate: &Certificate, content: &[u8]) -> Result<(), SignatureFault> {
        self.verify_with(certificate, content, &SignaturePolicy::default())
    }

    /// As [`SignerInfo::verify`], with signatures that count besides those of today.
    ///
    /// # Errors
    /// The [`SignatureFault`] found first.
    pub fn verify_with(
        &self,
        certificate: &Certificate,
        content: &[u8],
        policy: &SignaturePolicy,
    ) -> Result<(), SignatureFault> {
        let scheme = self.scheme(policy)?;
        if self.signed.is_some() {
            let digest = primitives::digest(scheme.digest(), content);
            return self.check_digest(certificate, &digest, scheme);
        }
        self.check_signer(certificate)?;
        if self.content_type != oid::DATA {
            return Err(SignatureFault::NoSignedAttributes);
        }
        if looks_like_attributes(content) {
            return Err(SignatureFault::AmbiguousContent);
        }
        self.check_value(certificate, content, scheme)
    }

    /// As [`SignerInfo::verify`] for content of which only the digest is known, made
    /// with [`SignerInfo::digest_algorithm`].
    ///
    /// # Errors
    /// The [`SignatureFault`] found first; [`SignatureFault::NoSignedAttributes`] where
    /// the signature is over the content itself.
    pub fn verify_digest(
        &self,
        certificate: &Certificate,
        digest: &[u8],
    ) -> Result<(), SignatureFault> {
        self.check_digest(certificate, digest, self.scheme(&SignaturePolicy::default())?)
    }

    fn scheme(&self, policy: &SignaturePolicy) -> Result<Scheme, SignatureFault> {
        if policy.allow_sha1 && self.is_sha1_rsa {
            return Ok(Scheme::Old);
        }
        let signature = self.algorithm?;
        Ok(Scheme::Today(self.digest?, signature))
    }

    fn check_digest(
        &self,
        certificate: &Certificate,
        digest: &[u8],
        scheme: Scheme,
    ) -> Result<(), SignatureFault> {
        self.check_signer(certificate)?;
        let attributes = self.signed.as_ref().ok_or(SignatureFault::NoSignedAttributes)?;
        self.check_attributes(attributes, certificate, digest)?;
        let mut message = self.der.get(attributes.range.clone()).unwrap_or_default().to_vec();
        // RFC 5652 5.4: "an EXPLICIT SET OF tag is used" instead of [0].
        if let Some(tag) = message.first_mut() {
            *tag = SET;
        }
        self.check_value(certificate, &message, scheme)
    }

    fn check_value(
        &self,
        certificate: &Certificate,
        message: &[u8],
        scheme: Scheme,
    ) -> Result<(), SignatureFault> {
        let (spki, value) = (certificate.spki(), self.signature_value());
        match scheme {
            Scheme::Today(_, algorithm) => primitives::verify(algorithm, spki, message, value),
            Scheme::Old => primitives::danger::verify_rsa_pkcs1_sha1(spki, message, value),
        }
        .map_err(|fault| match fault {
            VerifyError::WrongAlgorithm => SignatureFault::KeyKind,
            VerifyError::Key(KeyError::RsaTooSmall { .. }) => SignatureFault::KeyTooSmall,
            VerifyError::Key(_) => SignatureFault::KeyUnusable,
            _ => SignatureFault::Invalid,
        })
    }

    fn signature_value(&self) -> &[u8] {
        self.der.get(self.signature.clone()).unwrap_or_default()
    }

    fn check_signer(&self, certificate: &Certificate) -> Result<(), SignatureFault> {
        if self.signer.names(certificate) { Ok(()) } else { Err(SignatureFault::WrongCertificate) }
    }

    fn check_attributes(
        &self,
        attributes: &Attributes,
        certificate: &Certificate,
        digest: &[u8],
    ) -> Result<(), SignatureFault> {
        if attributes.has_duplicates(&self.der) {
            return Err(SignatureFault::DuplicateAttribute);
        }
        let single =
            |oid| attributes.single(&self.der, oid).map_err(|_| SignatureFault::AttributeValues);
        let content_type = single(oid::CONTENT_TYPE)?.ok_or(SignatureFault::ContentType)?;
        if content_of(content_type, OBJECT_IDENTIFIER)? != self.content_type {
            return Err(SignatureFault::ContentType);
        }
        let signed = single(oid::MESSAGE_DIGEST)?.ok_or(SignatureFault::NoMessageDigest)?;
        if content_of(signed, OCTET_STRING)? != digest {
            return Err(SignatureFault::DigestMismatch);
        }
        // A time that cannot be read is worth no refusal, two of them are.
        single(oid::SIGNING_TIME)?;
        match single(oid::SIGNING_CERTIFICATE_V2)? {
            Some(value) => check_signing_certificate(value, certificate),
            None => Ok(()),
        }
    }
}

/// The content octets of an attribute value of this type.
fn content_of(value: &[u8], tag: u8) -> Result<&[u8], SignatureFault> {
    let found = Reader::new(value).take(tag);
    found.map(|element| element.content()).map_err(|_| SignatureFault::MalformedAttribute)
}

/// Whether `content` is one DER SET, which is what a signature over signed attributes
/// covers. Mail begins with a header field name, so it never is.
fn looks_like_attributes(content: &[u8]) -> bool {
    let mut reader = Reader::new(content);
    reader.take(SET).is_ok() && reader.is_empty()
}

/// RFC 5035 section 3: the first ESSCertIDv2 "MUST be the certificate used to verify the
/// signature".
fn check_signing_certificate(
    value: &[u8],
    certificate: &Certificate,
) -> Result<(), SignatureFault> {
    let (digest, hash, name) = match first_certificate_id(value) {
        Ok((Ok(digest), hash, name)) => (digest, hash, name),
        Ok((Err(fault), ..)) => return Err(fault),
        Err(_) => return Err(SignatureFault::MalformedAttribute),
    };
    let named = name.is_none_or(|name| name.names(certificate));
    if named && primitives::digest(digest, certificate.der()) == hash {
        Ok(())
    } else {
        Err(SignatureFault::SigningCertificate)
    }
}

type CertificateId<'a> = (Result<DigestAlgorithm, SignatureFault>, &'a [u8], Option<RecipientId>);

fn first_certificate_id(value: &[u8]) -> Result<CertificateId<'_>, CmsError> {
    let mut inside = Reader::new(value).sequence()?;
    let mut id = inside.sequence()?.sequence()?;
    // hashAlgorithm DEFAULT sha256 comes as a SEQUENCE, certHash as an OCTET STRING.
    let mut digest = Ok(DigestAlgorithm::Sha256);
    if id.peek() == Some(SEQUENCE) {
        digest = algorithm::signature_digest(&id.algorithm()?);
    }
    let hash = id.octets()?;
    let name = if id.is_empty() { None } else { Some(issuer_serial(&mut id)?) };
    id.finish()?;
    Ok((digest, hash, name))
}

/// IssuerSerial with one directoryName (RFC 5035 section 5).
fn issuer_serial(reader: &mut Reader<'_>) -> Result<RecipientId, CmsError> {
    let mut inside = reader.sequence()?;
    let mut names = inside.sequence()?;
    let mut directory_name = names.take(context(4))?.inside();
    names.finish()?;
    let issuer = directory_name.take(SEQUENCE)?.raw().to_vec();
    directory_name.finish()?;
    let serial = inside.take(INTEGER)?.content().to_vec();
    inside.finish()?;
    Ok(RecipientId::IssuerSerial { issuer, serial })
}
