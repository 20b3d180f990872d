//! One certificate, read once.

mod facts;

use std::fmt;
use std::sync::Arc;

use der::asn1::{Any, BitString, ObjectIdentifier};
use der::{Decode, Encode, Sequence, Tag};
use ssmax_primitives::sha256;
use ssmax_token::SignatureAlgorithm;
use time::OffsetDateTime;
use x509_cert::Version;
use x509_cert::ext::Extension;
use x509_cert::name::Name;

use crate::extensions::{Extensions, IdentityProof};
use crate::name::CanonicalName;
use crate::{KeyUsage, PkiError, address, algorithm, instant, name, oid, pem};

/// The largest certificate that is read, in octets. An organisation certificate with
/// a thousand domains has about 100 KiB.
pub const MAX_CERTIFICATE_BYTES: usize = 256 * 1024;

pub(crate) const PEM_LABEL: &str = "CERTIFICATE";

/// An X.509 certificate: syntax and addresses checked, nothing verified.
///
/// Cheap to clone. Two certificates are equal when their octets are. Whether to
/// believe one is the question for [`crate::path::validate`].
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    tbs: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    issuer_name: CanonicalName,
    subject: Vec<u8>,
    subject_name: CanonicalName,
    subject_parsed: Name,
    spki: Vec<u8>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    extensions: Extensions,
}

/// The outermost structure (RFC 5280 4.1). The signed part stays as octets, because
/// the signature is over them and not over what we would write.
#[derive(Sequence)]
pub(crate) struct Signed {
    pub(crate) tbs: Any,
    pub(crate) algorithm: Any,
    pub(crate) signature: BitString,
}

/// `TBSCertificate` (RFC 5280 4.1.2), with names and key as octets.
#[derive(Sequence)]
pub(crate) struct Tbs {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", default = "Default::default")]
    pub(crate) version: Version,
    pub(crate) serial: Any,
    pub(crate) algorithm: Any,
    pub(crate) issuer: Any,
    pub(crate) validity: TbsValidity,
    pub(crate) subject: Any,
    pub(crate) spki: Any,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) issuer_unique_id: Option<BitString>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) subject_unique_id: Option<BitString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension>>,
}

/// `Validity` (RFC 5280 4.1.2.5).
#[derive(Sequence)]
pub(crate) struct TbsValidity {
    pub(crate) not_before: Any,
    pub(crate) not_after: Any,
}

impl Certificate {
    /// Reads one DER certificate.
    ///
    /// # Errors
    /// [`PkiError::TooLarge`], [`PkiError::Malformed`] (also for octets after it),
    /// [`PkiError::MalformedExtension`], [`PkiError::DuplicateExtension`],
    /// [`PkiError::WrongVersion`], [`PkiError::AlgorithmMismatch`], and
    /// [`PkiError::UnusableAddress`] for an address or host name that holds
    /// whitespace, control characters or anything else that readers could take
    /// differently: such a certificate is refused as a whole.
    pub fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(PkiError::TooLarge);
        }
        let signed = Signed::from_der(der).map_err(|_| PkiError::Malformed)?;
        let tbs_der = signed.tbs.to_der().map_err(|_| PkiError::Malformed)?;
        let tbs = Tbs::from_der(&tbs_der).map_err(|_| PkiError::Malformed)?;
        if signed.algorithm != tbs.algorithm {
            return Err(PkiError::AlgorithmMismatch);
        }
        let list = tbs.extensions.as_deref();
        if list.is_some() && tbs.version != Version::V3 {
            return Err(PkiError::WrongVersion);
        }
        let octets = |value: &Any| value.to_der().map_err(|_| PkiError::Malformed);
        let (issuer, subject) = (octets(&tbs.issuer)?, octets(&tbs.subject)?);
        let subject_parsed = Name::from_der(&subject).map_err(|_| PkiError::Malformed)?;
        Ok(Self(Arc::new(Inner {
            serial: serial_octets(&tbs.serial)?,
            issuer_name: CanonicalName::from_der(&issuer)?,
            subject_name: CanonicalName::from_name(&subject_parsed),
            issuer,
            subject,
            subject_parsed,
            spki: octets(&tbs.spki)?,
            not_before: instant::from_any(&tbs.validity.not_before)?,
            not_after: instant::from_any(&tbs.validity.not_after)?,
            algorithm: octets(&signed.algorithm)?,
            // A signature is whole octets; another BIT STRING is one that never holds.
            signature: signed.signature.as_bytes().unwrap_or_default().to_vec(),
            extensions: Extensions::decode(list.unwrap_or_default())?,
            tbs: tbs_der,
            der: der.to_vec(),
        })))
    }

    /// Reads the first PEM block "CERTIFICATE" (RFC 7468).
    ///
    /// # Errors
    /// [`PkiError::NotPem`], or what [`Certificate::from_der`] gives.
    pub fn from_pem(text: &str) -> Result<Self, PkiError> {
        Self::from_der(&pem::decode_first(&[PEM_LABEL], text)?)
    }

    /// Reads every PEM block "CERTIFICATE", in order; none is an empty list.
    ///
    /// # Errors
    /// Those of [`Certificate::from_pem`]; one bad certificate fails the whole.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, PkiError> {
        pem::decode_all(&[PEM_LABEL], text)?.iter().map(|der| Self::from_der(der)).collect()
    }

    /// Reads every PEM block "CERTIFICATE", in order, each with its own answer; none is
    /// an empty list.
    ///
    /// # Errors
    /// [`PkiError::NotPem`] for a text whose blocks cannot be told.
    pub fn each_from_pem(text: &str) -> Result<Vec<Result<Self, PkiError>>, PkiError> {
        let blocks = pem::decode_all(&[PEM_LABEL], text)?;
        Ok(blocks.iter().map(|der| Self::from_der(der)).collect())
    }

    /// The octets of the whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The certificate as one PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(PEM_LABEL, self.der())
    }

    /// SHA-256 over the DER: the name of this certificate in the member list.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        sha256(self.der())
    }

    /// The subject's public key as DER `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// The content octets of the serial number's INTEGER: two's complement, minimal,
    /// so a leading zero stands where the next octet has its top bit set.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// The issuer as a DER name, octet for octet.
    #[must_use]
    pub fn issuer(&self) -> &[u8] {
        &self.0.issuer
    }

    /// The subject as a DER name, octet for octet.
    #[must_use]
    pub fn subject(&self) -> &[u8] {
        &self.0.subject
    }

    /// The subject key identifier, if there is one.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_id.as_deref()
    }

    /// The key identifier of the issuer's key, if the certificate names it.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_id.as_deref()
    }

    /// The first common name. Never an address: see [`Certificate::emails`].
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        name::attribute_text(&self.0.subject_parsed, oid::COMMON_NAME)
    }

    /// The first organisation name.
    #[must_use]
    pub fn organization(&self) -> Option<String> {
        name::attribute_text(&self.0.subject_parsed, oid::ORGANIZATION)
    }

    /// The first organizationIdentifier, such as `NTRJP-7000012050002`.
    #[must_use]
    pub fn organization_identifier(&self) -> Option<String> {
        name::attribute_text(&self.0.subject_parsed, oid::ORGANIZATION_IDENTIFIER)
    }

    /// The subject for people to read, as RFC 4514 text.
    #[must_use]
    pub fn subject_text(&self) -> String {
        name::text(&self.0.subject_parsed)
    }

    /// The addresses among the alternative names, rfc822Name and SmtpUTF8Mailbox, as
    /// they stand. Those in the subject are never addresses for us.
    #[must_use]
    pub fn emails(&self) -> Vec<String> {
        self.0.extensions.emails.clone()
    }

    /// Whether `address` is one of [`Certificate::emails`]: the local part octet for
    /// octet, the domain without case and whether as U-labels or A-labels.
    ///
    /// An address that certificates of ours could not carry is never one of them.
    #[must_use]
    pub fn has_email(&self, address: &str) -> bool {
        self.0.extensions.emails.iter().any(|email| address::same_mailbox(email, address))
    }

    /// Whether there is an extension subjectAltName, whatever names it holds
    /// (RFC 5280 4.2.1.6). Only without may an address in the subject mean something.
    #[must_use]
    pub fn has_alternative_names(&self) -> bool {
        self.0.extensions.has_alternative_names
    }

    /// The dNSNames among the alternative names, as they stand.
    #[must_use]
    pub fn dns_names(&self) -> Vec<String> {
        self.0.extensions.dns_names.clone()
    }

    /// The first moment of validity.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.0.not_before
    }

    /// The last second of validity; it counts as valid (RFC 5280 4.1.2.5).
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.0.not_after
    }

    /// The key usage bits, or `None` when the extension is absent.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.extensions.key_usage
    }

    /// Whether the key may sign mail: digitalSignature or contentCommitment, or no
    /// key usage extension at all (RFC 8550 4.4.2).
    #[must_use]
    pub fn allows_signing(&self) -> bool {
        let wanted = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::CONTENT_COMMITMENT;
        self.key_usage().is_none_or(|usage| usage.intersects(wanted))
    }

    /// Whether mail may be encrypted to the key: keyEncipherment or keyAgreement, or
    /// no key usage extension at all (RFC 8550 4.4.2).
    #[must_use]
    pub fn allows_encryption(&self) -> bool {
        let wanted = KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT;
        self.key_usage().is_none_or(|usage| usage.intersects(wanted))
    }

    /// The extended key usages in dotted form; empty when the extension is absent.
    #[must_use]
    pub fn extended_key_usages(&self) -> Vec<String> {
        dotted(self.0.extensions.extended_key_usage.as_deref())
    }

    /// The policies in dotted form, as this certificate asserts them. Whether its
    /// issuers allow them is for [`crate::path`] to say.
    #[must_use]
    pub fn policies(&self) -> Vec<String> {
        dotted(self.0.extensions.policies.as_deref())
    }

    /// Whether the certificate asserts `policy` (dotted form). anyPolicy is not taken
    /// for another one.
    #[must_use]
    pub fn has_policy(&self, policy: &str) -> bool {
        self.policies().iter().any(|asserted| asserted == policy)
    }

    /// Whether the certificate says of itself to be a CA's.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.0.extensions.basic_constraints.as_ref().is_some_and(|constraints| constraints.ca)
    }

    /// Level and date of the person's proof of identity, where the certificate has
    /// the extension.
    #[must_use]
    pub fn identity_proof(&self) -> Option<IdentityProof> {
        self.0.extensions.identity_proof
    }

    /// The URIs where the issuer says its CRLs are. Text chosen by whoever made the
    /// certificate: only a configured host may ever be asked.
    #[must_use]
    pub fn crl_urls(&self) -> Vec<String> {
        self.0.extensions.crl_urls()
    }

    /// The algorithm of the signature on this certificate, `None` for one that we do
    /// not accept (SHA-1 among them).
    #[must_use]
    pub fn signature_algorithm(&self) -> Option<SignatureAlgorithm> {
        algorithm::from_der(&self.0.algorithm)
    }

    pub(crate) fn tbs(&self) -> &[u8] {
        &self.0.tbs
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.0.signature
    }

    pub(crate) fn algorithm_der(&self) -> &[u8] {
        &self.0.algorithm
    }

    pub(crate) fn issuer_name(&self) -> &CanonicalName {
        &self.0.issuer_name
    }

    pub(crate) fn subject_name(&self) -> &CanonicalName {
        &self.0.subject_name
    }

    pub(crate) fn subject_parsed(&self) -> &Name {
        &self.0.subject_parsed
    }

    pub(crate) fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// RFC 5280 3.2: issuer and subject are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer_name() == self.subject_name()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = hex::encode(self.sha256());
        let short = digest.get(..16).unwrap_or_default();
        write!(f, "Certificate({}, sha256 {short}…)", self.subject_text())
    }
}

/// The content of an INTEGER that DER would write (X.690 8.3.2).
pub(crate) fn serial_octets(serial: &Any) -> Result<Vec<u8>, PkiError> {
    let octets = serial.value();
    let minimal = match octets {
        [] => false,
        [0x00, next, ..] => next & 0x80 != 0,
        [0xff, next, ..] => next & 0x80 == 0,
        _ => true,
    };
    if serial.header().tag() != Tag::Integer || !minimal {
        return Err(PkiError::Malformed);
    }
    Ok(octets.to_vec())
}

fn dotted(identifiers: Option<&[ObjectIdentifier]>) -> Vec<String> {
    identifiers.unwrap_or_default().iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests;
