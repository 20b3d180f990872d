//! Certificate revocation lists (RFC 5280 section 5): complete, delta and indirect ones.

mod issue;
pub(crate) mod scope;

use std::fmt;
use std::sync::Arc;

use der::asn1::Any;
use der::{Decode, Encode};
use ssmax_primitives::verify;
use time::OffsetDateTime;
use x509_cert::Version;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::CrlReason;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

use crate::certificate::Signed;
use crate::name::CanonicalName;
use crate::{Certificate, KeyUsage, PkiError, algorithm, instant, oid, pem};

pub(crate) use issue::code_of;
pub use issue::{Content, issue};
use scope::{Reasons, Scope};

/// The largest CRL that is read, in octets: about 400,000 entries.
pub const MAX_CRL_BYTES: usize = 16 * 1024 * 1024;

const PEM_LABEL: &str = "X509 CRL";

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
    /// No longer on hold; only in delta CRLs (RFC 5280 5.3.1).
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
    /// For each entry the place of its certificate's issuer in `issuers`; empty when
    /// all are the CRL's own issuer's.
    entry_issuers: Vec<u32>,
    issuers: Vec<CanonicalName>,
    scope: Scope,
}

/// How the time of a CRL stands to the moment asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// The moment lies between thisUpdate and nextUpdate.
    Current,
    /// Made after the moment, and the certificate would still be listed: it knows more
    /// about the past, not less.
    Later,
    /// Out of date at the moment, or without nextUpdate (RFC 5280 5.1.2.5 demands it).
    Stale,
    /// Made so late that the certificate's entry may have been dropped (RFC 5280 3.3).
    Silent,
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
        let issuer_name = CanonicalName::from_name(&tbs.issuer);
        let mut scope =
            Scope::read(tbs.crl_extensions.as_deref().unwrap_or_default(), &issuer_name)?;
        let list = tbs.revoked_certificates.as_deref().unwrap_or_default();
        let (entries, entry_issuers, issuers) = read_entries(list, &issuer_name, &mut scope)?;
        Ok(Self(Arc::new(Inner {
            der: der.to_vec(),
            tbs: tbs_der,
            algorithm,
            // A signature is whole octets; another BIT STRING is one that never holds.
            signature: signed.signature.as_bytes().unwrap_or_default().to_vec(),
            issuer_name,
            this_update: instant_of(tbs.this_update)?,
            next_update: tbs.next_update.map(instant_of).transpose()?,
            entries,
            entry_issuers,
            issuers,
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

    /// Reads every PEM block "X509 CRL", in order; none is an empty list.
    ///
    /// # Errors
    /// Those of [`Crl::from_pem`]; one bad CRL fails the whole.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, PkiError> {
        pem::decode_all(&[PEM_LABEL], text)?.iter().map(|der| Self::from_der(der)).collect()
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

    /// Whether it only says what changed since a complete CRL (RFC 5280 5.2.4).
    #[must_use]
    pub fn is_delta(&self) -> bool {
        self.0.scope.base.is_some()
    }

    /// Whether its entries may be of certificates that others issued (RFC 5280 5.2.5).
    #[must_use]
    pub fn is_indirect(&self) -> bool {
        self.0.scope.is_indirect
    }

    /// The revoked certificates, in the order of their serials. In an indirect CRL they
    /// may be of several issuers.
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
        // A serial may stand in a CRL twice; the earliest date counts.
        self.entries_of(certificate)
            .filter(|entry| entry.revoked_at <= at && entry.reason != Reason::RemoveFromCrl)
            .min_by_key(|entry| entry.revoked_at)
    }

    /// Whether a delta says that the certificate is no longer on hold.
    pub(crate) fn lifts(&self, certificate: &Certificate) -> bool {
        self.entries_of(certificate).any(|entry| entry.reason == Reason::RemoveFromCrl)
    }

    /// The entries for `certificate`, by serial and issuer.
    fn entries_of(&self, certificate: &Certificate) -> impl Iterator<Item = &Entry> {
        let inner = &self.0;
        let (serial, issuer) = (certificate.serial(), certificate.issuer_name());
        let start = inner.entries.partition_point(|entry| entry.serial.as_slice() < serial);
        let same = inner.entries.iter().enumerate().skip(start);
        same.take_while(move |(_, entry)| entry.serial == serial)
            .filter(move |(place, _)| inner.issuer_at(*place) == issuer)
            .map(|(_, entry)| entry)
    }

    /// Whether the issuer's name and key usage admit that it signed this CRL.
    pub(crate) fn may_be_from(&self, issuer: &Certificate) -> bool {
        self.0.issuer_name == *issuer.subject_name()
            && issuer.key_usage().is_none_or(|usage| usage.contains(KeyUsage::CRL_SIGN))
    }

    /// Whether the certificate's own issuer made this CRL, going by the names.
    pub(crate) fn is_direct_for(&self, certificate: &Certificate) -> bool {
        self.0.issuer_name == *certificate.issuer_name()
    }

    /// For which reasons this CRL, if its signature is good, tells the state of
    /// `certificate` (RFC 5280 6.3.3 (b)).
    pub(crate) fn reasons_for(&self, certificate: &Certificate) -> Reasons {
        self.0.scope.reasons_for(&self.0.issuer_name, certificate)
    }

    /// How this CRL's time stands to `at`, when `certificate` is asked about.
    pub(crate) fn freshness(&self, certificate: &Certificate, at: OffsetDateTime) -> Freshness {
        let inner = &self.0;
        let Some(next) = inner.next_update else { return Freshness::Stale };
        if inner.this_update > at {
            let ends = certificate.not_after();
            let is_listed = inner.this_update <= ends
                || inner.scope.keeps_since.is_some_and(|since| since <= ends);
            return if is_listed { Freshness::Later } else { Freshness::Silent };
        }
        if at <= next { Freshness::Current } else { Freshness::Stale }
    }

    /// Whether both are of one issuer for the same certificates and reasons.
    pub(crate) fn is_of_same_scope(&self, other: &Self) -> bool {
        self.0.issuer_name == other.0.issuer_name && self.0.scope.is_same(&other.0.scope)
    }

    /// Whether this delta goes on top of `complete` (RFC 5280 5.2.4).
    pub(crate) fn extends(&self, complete: &Self) -> bool {
        self.0.issuer_name == complete.0.issuer_name && self.0.scope.extends(&complete.0.scope)
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

impl Inner {
    /// The issuer of the certificate of one entry.
    fn issuer_at(&self, place: usize) -> &CanonicalName {
        let issuer = self.entry_issuers.get(place).and_then(|issuer| usize::try_from(*issuer).ok());
        issuer.and_then(|issuer| self.issuers.get(issuer)).unwrap_or(&self.issuer_name)
    }
}

/// Entries in the order of their serials, with the issuers of their certificates.
type Entries = (Vec<Entry>, Vec<u32>, Vec<CanonicalName>);

fn read_entries(
    list: &[RevokedCert],
    issuer: &CanonicalName,
    scope: &mut Scope,
) -> Result<Entries, PkiError> {
    let mut issuers = vec![issuer.clone()];
    let mut entries: Vec<(Entry, u32)> = Vec::with_capacity(list.len());
    // RFC 5280 5.3.3: without the extension an entry is of the same issuer as the one
    // before it, the first of the CRL's own.
    let mut current = 0;
    for revoked in list {
        let (entry, named) = read_entry(revoked, scope)?;
        if let Some(named) = named
            && issuers.last() != Some(&named)
        {
            issuers.push(named);
        }
        if issuers.len() > 1 {
            current = u32::try_from(issuers.len() - 1).map_err(|_| PkiError::TooLarge)?;
        }
        entries.push((entry, current));
    }
    entries.sort_by(|(a, _), (b, _)| a.serial.cmp(&b.serial));
    let (entries, mut places): (Vec<Entry>, Vec<u32>) = entries.into_iter().unzip();
    if issuers.len() == 1 {
        (places, issuers) = (Vec::new(), Vec::new());
    }
    Ok((entries, places, issuers))
}

/// One entry, and the issuer that it names for itself and those after it.
fn read_entry(
    revoked: &RevokedCert,
    scope: &mut Scope,
) -> Result<(Entry, Option<CanonicalName>), PkiError> {
    let mut entry = Entry {
        serial: revoked.serial_number.as_bytes().to_vec(),
        revoked_at: instant_of(revoked.revocation_date)?,
        reason: Reason::Unspecified,
    };
    let mut issuer = None;
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
            oid::EXT_CERTIFICATE_ISSUER => {
                let names = Vec::<GeneralName>::from_der(value)
                    .map_err(|_| PkiError::MalformedExtension)?;
                issuer = scope::directory_names(&names).next();
                // Without a name nobody knows whose entries follow; in a CRL that does
                // not say to be indirect they contradict it.
                scope.is_unusable |= issuer.is_none() || !scope.is_indirect;
            }
            // RFC 5280 5.3: with an unknown critical entry extension the CRL must not
            // be used for any certificate.
            _ => scope.is_unusable |= extension.critical,
        }
    }
    Ok((entry, issuer))
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

pub(crate) fn reason_of(code: CrlReason) -> Reason {
    let found = REASONS.iter().find(|(_, other)| *other == code);
    found.map_or(Reason::Unspecified, |(reason, _)| *reason)
}

fn instant_of(time: Time) -> Result<OffsetDateTime, PkiError> {
    let seconds =
        i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| PkiError::Malformed)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| PkiError::Malformed)
}

fn malformed(_: der::Error) -> PkiError {
    PkiError::Malformed
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
