//! Issuing a CRL.

use der::asn1::{OctetString, Uint};
use der::{Decode, Encode};
use ssmax_token::SigningKey;
use time::OffsetDateTime;
use x509_cert::Version;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlReason};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Time;

use super::{Crl, Entry, REASONS, Reason};
use crate::issue::sign_octets;
use crate::{Certificate, KeyUsage, PkiError, algorithm, encode, instant, oid};

/// What a new CRL says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The moment of issue.
    pub this_update: OffsetDateTime,
    /// When the next one comes at the latest; from then on this one is worthless.
    pub next_update: OffsetDateTime,
    /// Higher than that of every CRL before (RFC 5280 5.2.3).
    pub number: u64,
    /// Since when ended certificates stay listed (X.509 9.5.2.8): old mail is judged by
    /// what was revoked when it was written. `None` says nothing about them.
    pub keeps_since: Option<OffsetDateTime>,
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
    if let Some(since) = content.keeps_since {
        let since = instant::to_generalized(since)?;
        extensions.push(encode::extension(oid::EXT_EXPIRED_CERTIFICATES_ON_CRL, false, &since)?);
    }
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

pub(crate) fn code_of(reason: Reason) -> CrlReason {
    let found = REASONS.iter().find(|(other, _)| *other == reason);
    found.map_or(CrlReason::Unspecified, |(_, code)| *code)
}

fn time_of(instant: OffsetDateTime) -> Result<Time, PkiError> {
    decoded(&instant::to_any(instant)?.to_der().map_err(unencodable)?)
}

fn decoded<T: for<'a> Decode<'a>>(der: &[u8]) -> Result<T, PkiError> {
    T::from_der(der).map_err(|_| PkiError::Unencodable)
}

fn unencodable(_: der::Error) -> PkiError {
    PkiError::Unencodable
}
