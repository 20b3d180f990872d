//! Signing what the lint has passed.

use ssmax_primitives::verify;
use ssmax_token::{Random, SigningKey};

use crate::encode::{self, Issuer};
use crate::lint::Linted;
use crate::path::names::{self, NameFault};
use crate::profile::{Draft, Profile};
use crate::{Certificate, KeyUsage, PkiError, algorithm, oid};

/// Octets of a serial number made by [`random_serial`].
pub const SERIAL_BYTES: usize = 16;

/// Issues the certificate that `linted` describes.
///
/// The issuer's own bounds are checked before anything is signed, because a
/// certificate beyond them would be refused by every verifier but stay signed for
/// ever: it is a CA and may sign certificates, its path length has room, it outlives
/// the new certificate, its name constraints admit every name, and its purposes and
/// policies cover the new ones.
///
/// # Errors
/// [`PkiError::WrongSigner`] for a profile that signs itself,
/// [`PkiError::WrongIssuerKey`], [`PkiError::IssuerNotAllowed`],
/// [`PkiError::PathLengthUsedUp`], [`PkiError::OutlivesIssuer`],
/// [`PkiError::BeyondIssuer`], [`PkiError::OutsideConstraints`],
/// [`PkiError::UnsupportedAlgorithm`], [`PkiError::Unencodable`] and
/// [`PkiError::Token`].
pub fn issue(
    linted: Linted,
    issuer_certificate: &Certificate,
    key: &dyn SigningKey,
) -> Result<Certificate, PkiError> {
    let draft = linted.into_draft();
    if draft.profile.is_self_signed() {
        return Err(PkiError::WrongSigner);
    }
    if issuer_certificate.spki() != key.spki() {
        return Err(PkiError::WrongIssuerKey);
    }
    check_bounds(&draft, issuer_certificate)?;
    let issuer =
        Issuer { name: issuer_certificate.subject(), key_id: issuer_certificate.subject_key_id() };
    let certificate = sign(&draft, &issuer, key)?;
    match names::check(issuer_certificate, &certificate) {
        Ok(()) => Ok(certificate),
        Err(NameFault::NotPermitted | NameFault::Excluded) => Err(PkiError::OutsideConstraints),
        Err(_) => Err(PkiError::IssuerNotAllowed),
    }
}

/// Issues a certificate that signs itself: root, seal CA, transport CA.
///
/// # Errors
/// [`PkiError::WrongSigner`] for another profile, [`PkiError::WrongIssuerKey`] when
/// the draft's key is not `key`'s, and the encoding and signing errors of [`issue`].
pub fn self_signed(linted: Linted, key: &dyn SigningKey) -> Result<Certificate, PkiError> {
    let draft = linted.into_draft();
    if !draft.profile.is_self_signed() {
        return Err(PkiError::WrongSigner);
    }
    if draft.basis.spki != key.spki() {
        return Err(PkiError::WrongIssuerKey);
    }
    let subject = encode::subject(&draft.subject)?;
    sign(&draft, &Issuer { name: &subject, key_id: None }, key)
}

/// A serial number with 126 random bits (S/MIME BR 7.1: at least 64), 16 octets long
/// and positive.
pub fn random_serial(random: &dyn Random) -> Vec<u8> {
    let mut serial = vec![0; SERIAL_BYTES];
    random.fill(&mut serial);
    if let Some(first) = serial.first_mut() {
        // Positive, and never with a leading zero octet, so that all have one length.
        *first = (*first & 0x7f) | 0x40;
    }
    serial
}

/// Signs and verifies: a fault in a token must not put a broken signature into the
/// world, and an RSA signature with a computation fault gives the key away.
pub(crate) fn sign_octets(
    octets: &[u8],
    key: &dyn SigningKey,
) -> Result<(Vec<u8>, Vec<u8>), PkiError> {
    let algorithm = key.signature_algorithm();
    let identifier = algorithm::to_der(algorithm).ok_or(PkiError::UnsupportedAlgorithm)?;
    let signature = key.sign(octets)?;
    verify(algorithm, key.spki(), octets, &signature).map_err(|_| PkiError::BadSignature)?;
    Ok((identifier, signature))
}

fn sign(draft: &Draft, issuer: &Issuer<'_>, key: &dyn SigningKey) -> Result<Certificate, PkiError> {
    let identifier =
        algorithm::to_der(key.signature_algorithm()).ok_or(PkiError::UnsupportedAlgorithm)?;
    let tbs = encode::tbs(draft, issuer, &identifier)?;
    let (identifier, signature) = sign_octets(&tbs, key)?;
    Certificate::from_der(&encode::signed(&tbs, &identifier, &signature)?)
}

fn check_bounds(draft: &Draft, issuer: &Certificate) -> Result<(), PkiError> {
    let may_sign = issuer.key_usage().is_some_and(|usage| usage.contains(KeyUsage::CERT_SIGN));
    if !issuer.is_ca() || !may_sign {
        return Err(PkiError::IssuerNotAllowed);
    }
    let path_len = issuer
        .extensions()
        .basic_constraints
        .as_ref()
        .and_then(|constraints| constraints.path_len_constraint);
    if let (true, Some(room)) = (draft.is_ca, path_len) {
        let wanted = draft.path_len.map_or(u16::MAX, |below| u16::from(below) + 1);
        if wanted > u16::from(room) {
            return Err(PkiError::PathLengthUsedUp);
        }
    }
    if draft.basis.validity.not_after > issuer.not_after() {
        return Err(PkiError::OutlivesIssuer);
    }
    let usages = issuer.extended_key_usages();
    let usage_covered = |usage: &String| usages.is_empty() || usages.contains(usage);
    // A responder speaks for its issuer and for nobody below it (RFC 6960 4.2.2.2).
    let is_responder = draft.profile == Profile::OcspResponder;
    if !is_responder && !draft.extended_key_usage.iter().all(usage_covered) {
        return Err(PkiError::BeyondIssuer);
    }
    let policies = issuer.policies();
    let any_policy = policies.is_empty() || issuer.has_policy(oid::ANY_POLICY);
    if !any_policy && !draft.policies.iter().all(|policy| policies.contains(policy)) {
        return Err(PkiError::BeyondIssuer);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
