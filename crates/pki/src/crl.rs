//! Certificate revocation lists (RFC 5280 section 5).

use std::fmt;
use std::sync::Arc;

use der::asn1::{Any, ObjectIdentifier, OctetString, Uint};
use der::{Decode, Encode};
use ssmax_primitives::verify;
use ssmax_token::SigningKey;
use time::OffsetDateTime;
use x509_cert::Version;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, CrlReason, IssuingDistributionPoint as DistributionPointExtension,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Time;

use crate::certificate::Signed;
use crate::issue::sign_octets;
use crate::name::CanonicalName;
use crate::{Certificate, KeyUsage, PkiError, algorithm, encode, instant, oid, pem};

/// The largest CRL that is read, in octets: about 400,000 entries.
pub const MAX_CRL_BYTES: usize = 16 * 1024 * 1024;

const PEM_LABEL: &str = "X509 CRL";
/// CRL entry extension certificateIssuer: the mark of an indirect CRL.
const EXT_CERTIFICATE_ISSUER: &str = "2.5.29.29";

/// Why a certificate was revoked (RFC 5280 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// No reason given.
    Unspecified,
    /// The subject's private key is in other hands.
    KeyCompromise,
    /// The CA's private key is in other hands.
    CaCompromise,
    /// The subject's name or employment changed.
    AffiliationChanged,
    /// Another certificate took its place.
    Superseded,
    /// The certificate is no longer needed.
    CessationOfOperation,
    /// Suspended for the time being.
    CertificateHold,
    /// No longer on hold; only in delta CRLs, which are not used here.
    RemoveFromCrl,
    /// A right in the certificate was withdrawn.
    PrivilegeWithdrawn,
    /// An attribute authority's key is in other hands.
    AaCompromise,
}

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The content octets of the serial number's INTEGER, as
    /// [`Certificate::serial`] gives them.
    pub serial: Vec<u8>,
    /// Since when the certificate is not to be trusted: the revocation date, or an
    /// earlier invalidityDate (RFC 5280 5.3.2).
    pub revoked_at: OffsetDateTime,
    /// Why.
    pub reason: Reason,
}

/// A CRL: syntax checked, nothing verified. Cheap to clone.
#[derive(Clone)]
pub struct Crl(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    tbs: Vec<u8>,
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    issuer_name: CanonicalName,
    this_update: OffsetDateTime,
    next_update: Option<OffsetDateTime>,
    /// In the order of their serials.
    entries: Vec<Entry>,
    scope: Scope,
}

/// Which certificates a CRL speaks about.
#[derive(Default)]
struct Scope {
    /// An indirect CRL, or one with a critical extension that we do not know: says
    /// nothing to us (RFC 5280 5.2, 5.3).
    is_unusable: bool,
    /// A delta, or a CRL for some reasons only: not being listed there says nothing,
    /// being listed says all.
    is_partial: bool,
    only_users: bool,
    only_authorities: bool,
    /// The names of the one distribution point that it is for.
    point: Option<Vec<GeneralName>>,
}

/// What a new CRL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The moment of issue.
    pub this_update: OffsetDateTime,
    /// When the next one comes at the latest; from then on this one is worthless.
    pub next_update: OffsetDateTime,
    /// Higher than that of every CRL before (RFC 5280 5.2.3).
    pub number: u64,
    /// The revoked certificates, in any order.
    pub entries: Vec<Entry>,
}

/// Issues a CRL for all certificates of `issuer`.
///
/// # Errors
/// [`PkiError::WrongIssuerKey`], [`PkiError::IssuerNotAllowed`] without the key usage
/// cRLSign, [`PkiError::UnsupportedAlgorithm`], [`PkiError::Unencodable`] and
/// [`PkiError::Token`].
pub fn issue(
    issuer: &Certificate,
    key: &dyn SigningKey,
    content: &Content,
) -> Result<Crl, PkiError> {
    if issuer.spki() != key.spki() {
        return Err(PkiError::WrongIssuerKey);
    }
    if !issuer.key_usage().is_some_and(|usage| usage.contains(KeyUsage::CRL_SIGN)) {
        return Err(PkiError::IssuerNotAllowed);
    }
    let algorithm =
        algorithm::to_der(key.signature_algorithm()).ok_or(PkiError::UnsupportedAlgorithm)?;
    let revoked: Vec<RevokedCert> =
        content.entries.iter().map(revoked_certificate).collect::<Result<_, _>>()?;
    let mut extensions = Vec::new();
    if let Some(key_id) = issuer.subject_key_id() {
        let identifier = AuthorityKeyIdentifier {
            key_identifier: Some(OctetString::new(key_id).map_err(unencodable)?),
            ..AuthorityKeyIdentifier::default()
        };
        extensions.push(encode::extension(oid::EXT_AUTHORITY_KEY_ID, false, &identifier)?);
    }
    // RFC 5280 5.2.3: "MUST mark this extension as non-critical."
    let number = Uint::new(&content.number.to_be_bytes()).map_err(unencodable)?;
    extensions.push(encode::extension(oid::EXT_CRL_NUMBER, false, &number)?);
    let tbs = TbsCertList {
        version: Version::V2,
        signature: decoded(&algorithm)?,
        issuer: Name::from_der(issuer.subject()).map_err(unencodable)?,
        this_update: time_of(content.this_update)?,
        next_update: Some(time_of(content.next_update)?),
        // RFC 5280 5.1.2.6: absent when nothing is revoked.
        revoked_certificates: (!revoked.is_empty()).then_some(revoked),
        crl_extensions: Some(extensions),
    }
    .to_der()
    .map_err(unencodable)?;
    let (algorithm, signature) = sign_octets(&tbs, key)?;
    let crl = Crl::from_der(&encode::signed(&tbs, &algorithm, &signature)?)?;
    // The issuer's name went through a decoder; it must have come out the same.
    if crl.0.issuer_name == *issuer.subject_name() { Ok(crl) } else { Err(PkiError::Unencodable) }
}

impl Crl {
    /// Reads one DER CRL of version 2.
    ///
    /// # Errors
    /// [`PkiError::TooLarge`], [`PkiError::Malformed`], [`PkiError::WrongVersion`],
    /// [`PkiError::AlgorithmMismatch`], [`PkiError::DuplicateExtension`] and
    /// [`PkiError::MalformedExtension`].
    pub fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        if der.len() > MAX_CRL_BYTES {
            return Err(PkiError::TooLarge);
        }
        let signed = Signed::from_der(der).map_err(malformed)?;
        let tbs_der = signed.tbs.to_der().map_err(malformed)?;
        let tbs = TbsCertList::from_der(&tbs_der).map_err(malformed)?;
        if tbs.version != Version::V2 {
            return Err(PkiError::WrongVersion);
        }
        let algorithm = signed.algorithm.to_der().map_err(malformed)?;
        if algorithm != tbs.signature.to_der().map_err(malformed)? {
            return Err(PkiError::AlgorithmMismatch);
        }
        let mut scope = Scope::read(tbs.crl_extensions.as_deref().unwrap_or_default())?;
        let mut entries = Vec::new();
        for revoked in tbs.revoked_certificates.as_deref().unwrap_or_default() {
            entries.push(read_entry(revoked, &mut scope)?);
        }
        entries.sort_by(|a, b| a.serial.cmp(&b.serial));
        Ok(Self(Arc::new(Inner {
            der: der.to_vec(),
            tbs: tbs_der,
            algorithm,
            signature: signed.signature.as_bytes().ok_or(PkiError::Malformed)?.to_vec(),
            issuer_name: CanonicalName::from_name(&tbs.issuer),
            this_update: instant_of(tbs.this_update)?,
            next_update: tbs.next_update.map(instant_of).transpose()?,
            entries,
            scope,
        })))
    }

    /// Reads the first PEM block "X509 CRL".
    ///
    /// # Errors
    /// [`PkiError::NotPem`], or what [`Crl::from_der`] gives.
    pub fn from_pem(text: &str) -> Result<Self, PkiError> {
        Self::from_der(&pem::decode_first(&[PEM_LABEL], text)?)
    }

    /// The octets of the whole CRL.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The CRL as one PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(PEM_LABEL, self.der())
    }

    /// The moment of issue.
    #[must_use]
    pub fn this_update(&self) -> OffsetDateTime {
        self.0.this_update
    }

    /// When it expires; `None` is a CRL that is never used (RFC 5280 5.1.2.5 demands
    /// the field).
    #[must_use]
    pub fn next_update(&self) -> Option<OffsetDateTime> {
        self.0.next_update
    }

    /// The revoked certificates, in the order of their serials.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0.entries
    }

    /// Checks that `issuer` made this CRL: its name, its right to sign CRLs, its
    /// signature. Whether to trust `issuer` is another question.
    ///
    /// # Errors
    /// [`PkiError::IssuerNotAllowed`], [`PkiError::UnsupportedAlgorithm`] and
    /// [`PkiError::BadSignature`].
    pub fn verify(&self, issuer: &Certificate) -> Result<(), PkiError> {
        if !self.may_be_from(issuer) {
            return Err(PkiError::IssuerNotAllowed);
        }
        let algorithm =
            algorithm::from_der(&self.0.algorithm).ok_or(PkiError::UnsupportedAlgorithm)?;
        verify(algorithm, issuer.spki(), &self.0.tbs, &self.0.signature)
            .map_err(|_| PkiError::BadSignature)
    }

    /// The entry that revokes `certificate` as of `at`, if there is one.
    ///
    /// `None` does not say that the certificate is good: the CRL may be of another
    /// issuer, out of date or unsigned. [`crate::path::validate`] asks all of that.
    #[must_use]
    pub fn is_revoked(&self, certificate: &Certificate, at: OffsetDateTime) -> Option<&Entry> {
        if self.0.issuer_name != *certificate.issuer_name() {
            return None;
        }
        let serial = certificate.serial();
        let start = self.0.entries.partition_point(|entry| entry.serial.as_slice() < serial);
        // A serial may stand in a CRL twice; the earliest date counts.
        let same = self.0.entries.get(start..).unwrap_or_default().iter();
        same.take_while(|entry| entry.serial == serial)
            .filter(|entry| entry.revoked_at <= at && entry.reason != Reason::RemoveFromCrl)
            .min_by_key(|entry| entry.revoked_at)
    }

    /// Whether the issuer's name and key usage admit that it signed this CRL.
    pub(crate) fn may_be_from(&self, issuer: &Certificate) -> bool {
        self.0.issuer_name == *issuer.subject_name()
            && issuer.key_usage().is_none_or(|usage| usage.contains(KeyUsage::CRL_SIGN))
    }

    /// Whether this CRL, if its signature is good, tells the state of `certificate`
    /// at `at` (RFC 5280 6.3.3 (a) and (b)).
    pub(crate) fn covers(&self, certificate: &Certificate, at: OffsetDateTime) -> bool {
        !self.0.scope.is_partial && self.speaks_about(certificate, at)
    }

    /// Whether this CRL, if its signature is good, may only reveal that `certificate`
    /// is revoked. Deltas are not put together with their bases (RFC 5280 6.3.3 (c)),
    /// but what they revoke is revoked.
    pub(crate) fn may_reveal(&self, certificate: &Certificate, at: OffsetDateTime) -> bool {
        self.0.scope.is_partial
            && self.speaks_about(certificate, at)
            && self.is_revoked(certificate, at).is_some()
    }

    fn speaks_about(&self, certificate: &Certificate, at: OffsetDateTime) -> bool {
        let scope = &self.0.scope;
        if scope.is_unusable || self.0.issuer_name != *certificate.issuer_name() {
            return false;
        }
        if (scope.only_users && certificate.is_ca())
            || (scope.only_authorities && !certificate.is_ca())
        {
            return false;
        }
        if let Some(names) = &scope.point
            && !names_point(names, &certificate.extensions().distribution_points)
        {
            return false;
        }
        // A CRL from after `at` knows more, not less, until the certificate's end:
        // then its entry may have been dropped (RFC 5280 3.3).
        let is_begun = self.0.this_update <= at || self.0.this_update <= certificate.not_after();
        is_begun && self.0.next_update.is_some_and(|next| at <= next)
    }

    pub(crate) fn tbs(&self) -> &[u8] {
        &self.0.tbs
    }

    pub(crate) fn algorithm_der(&self) -> &[u8] {
        &self.0.algorithm
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.0.signature
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Crl {}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({} entries, of {})", self.0.entries.len(), self.0.this_update)
    }
}

impl Scope {
    fn read(extensions: &[Extension]) -> Result<Self, PkiError> {
        let mut scope = Self::default();
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        for extension in extensions {
            if seen.contains(&extension.extn_id) {
                return Err(PkiError::DuplicateExtension);
            }
            seen.push(extension.extn_id);
            match extension.extn_id.to_string().as_str() {
                oid::EXT_ISSUING_DISTRIBUTION_POINT => {
                    scope.narrow(extension.extn_value.as_bytes())?;
                }
                // Critical by RFC 5280 5.2.4, and a delta even if not marked so.
                oid::EXT_DELTA_CRL => scope.is_partial = true,
                oid::EXT_CRL_NUMBER | oid::EXT_AUTHORITY_KEY_ID => {}
                _ => scope.is_unusable |= extension.critical,
            }
        }
        Ok(scope)
    }

    fn narrow(&mut self, value: &[u8]) -> Result<(), PkiError> {
        let point = DistributionPointExtension::from_der(value)
            .map_err(|_| PkiError::MalformedExtension)?;
        self.only_users = point.only_contains_user_certs;
        self.only_authorities = point.only_contains_ca_certs;
        self.is_unusable |= point.only_contains_attribute_certs || point.indirect_crl;
        self.is_partial |= point.only_some_reasons.is_some();
        match point.distribution_point {
            None => {}
            Some(DistributionPointName::FullName(names)) => self.point = Some(names),
            Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => self.is_unusable = true,
        }
        Ok(())
    }
}

/// RFC 5280 6.3.3 (b) (2) (i): one of the CRL's names is one of the certificate's.
fn names_point(names: &[GeneralName], points: &[DistributionPoint]) -> bool {
    points.iter().filter(|point| point.crl_issuer.is_none()).any(|point| {
        match &point.distribution_point {
            Some(DistributionPointName::FullName(full)) => {
                full.iter().any(|name| names.iter().any(|other| same_general_name(name, other)))
            }
            _ => false,
        }
    })
}

fn same_general_name(a: &GeneralName, b: &GeneralName) -> bool {
    match (a, b) {
        (GeneralName::DirectoryName(a), GeneralName::DirectoryName(b)) => {
            CanonicalName::from_name(a) == CanonicalName::from_name(b)
        }
        _ => a == b,
    }
}

fn read_entry(revoked: &RevokedCert, scope: &mut Scope) -> Result<Entry, PkiError> {
    let mut entry = Entry {
        serial: revoked.serial_number.as_bytes().to_vec(),
        revoked_at: instant_of(revoked.revocation_date)?,
        reason: Reason::Unspecified,
    };
    for extension in revoked.crl_entry_extensions.as_deref().unwrap_or_default() {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id.to_string().as_str() {
            oid::EXT_CRL_REASON => {
                let reason =
                    CrlReason::from_der(value).map_err(|_| PkiError::MalformedExtension)?;
                entry.reason = reason_of(reason);
            }
            oid::EXT_INVALIDITY_DATE => {
                let date = Any::from_der(value).map_err(|_| PkiError::MalformedExtension)?;
                entry.revoked_at = entry.revoked_at.min(instant::from_any(&date)?);
            }
            EXT_CERTIFICATE_ISSUER => scope.is_unusable = true,
            // RFC 5280 5.3: with an unknown critical entry extension the CRL must not
            // be used for any certificate.
            _ => scope.is_unusable |= extension.critical,
        }
    }
    Ok(entry)
}

fn revoked_certificate(entry: &Entry) -> Result<RevokedCert, PkiError> {
    let reason = match entry.reason {
        // RFC 5280 5.3.1: absent instead of unspecified.
        Reason::Unspecified => None,
        reason => {
            let reason = encode::extension(oid::EXT_CRL_REASON, false, &code_of(reason))?;
            Some(vec![reason])
        }
    };
    Ok(RevokedCert {
        serial_number: SerialNumber::new(&entry.serial).map_err(unencodable)?,
        revocation_date: time_of(entry.revoked_at)?,
        crl_entry_extensions: reason,
    })
}

const REASONS: [(Reason, CrlReason); 10] = [
    (Reason::Unspecified, CrlReason::Unspecified),
    (Reason::KeyCompromise, CrlReason::KeyCompromise),
    (Reason::CaCompromise, CrlReason::CaCompromise),
    (Reason::AffiliationChanged, CrlReason::AffiliationChanged),
    (Reason::Superseded, CrlReason::Superseded),
    (Reason::CessationOfOperation, CrlReason::CessationOfOperation),
    (Reason::CertificateHold, CrlReason::CertificateHold),
    (Reason::RemoveFromCrl, CrlReason::RemoveFromCRL),
    (Reason::PrivilegeWithdrawn, CrlReason::PrivilegeWithdrawn),
    (Reason::AaCompromise, CrlReason::AaCompromise),
];

fn reason_of(code: CrlReason) -> Reason {
    let found = REASONS.iter().find(|(_, other)| *other == code);
    found.map_or(Reason::Unspecified, |(reason, _)| *reason)
}

fn code_of(reason: Reason) -> CrlReason {
    let found = REASONS.iter().find(|(other, _)| *other == reason);
    found.map_or(CrlReason::Unspecified, |(_, code)| *code)
}

fn instant_of(time: Time) -> Result<OffsetDateTime, PkiError> {
    let seconds =
        i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| PkiError::Malformed)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| PkiError::Malformed)
}

fn time_of(instant: OffsetDateTime) -> Result<Time, PkiError> {
    decoded(&instant::to_any(instant)?.to_der().map_err(unencodable)?)
}

fn decoded<T: for<'a> Decode<'a>>(der: &[u8]) -> Result<T, PkiError> {
    T::from_der(der).map_err(|_| PkiError::Unencodable)
}

fn malformed(_: der::Error) -> PkiError {
    PkiError::Malformed
}

fn unencodable(_: der::Error) -> PkiError {
    PkiError::Unencodable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_beyond_the_bound_are_not_even_looked_at() {
        assert_eq!(Crl::from_der(&vec![0; MAX_CRL_BYTES]), Err(PkiError::Malformed));
        assert_eq!(Crl::from_der(&vec![0; MAX_CRL_BYTES + 1]), Err(PkiError::TooLarge));
    }
}
