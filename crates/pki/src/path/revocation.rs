//! Revocation by CRL (RFC 5280 6.3).

use super::PathFault;
use super::danger::Answer;
use super::search::Search;
use crate::crl::{Crl, Entry};
use crate::{Certificate, KeyUsage};

/// Checks that a current CRL of its issuer does not list any certificate below the
/// anchor.
pub(super) fn check(search: &mut Search<'_>, chain: &[&Certificate]) -> Result<(), PathFault> {
    for position in 1..chain.len() {
        match state(search, chain, position)? {
            State::Good => {}
            State::Revoked { entry } => {
                return Err(PathFault::Revoked { since: entry.revoked_at, reason: entry.reason });
            }
            State::Unknown => return Err(PathFault::RevocationUnknown),
        }
    }
    Ok(())
}

enum State {
    Good,
    Revoked { entry: Entry },
    Unknown,
}

/// The state of the certificate below `position`, whose issuer stands there.
fn state(
    search: &mut Search<'_>,
    chain: &[&Certificate],
    position: usize,
) -> Result<State, PathFault> {
    let below = position.checked_sub(1).and_then(|below| chain.get(below));
    let (Some(certificate), Some(authorities)) = (below, chain.get(position..)) else {
        return Ok(State::Unknown);
    };
    let mut newest: Option<&Crl> = None;
    let at = search.input.at;
    for crl in search.input.crls.iter().filter(|crl| crl.covers(certificate, at)) {
        // A later CRL may lift a hold, so the latest one decides.
        if newest.is_some_and(|newest| newest.this_update() >= crl.this_update()) {
            continue;
        }
        search.step()?;
        if is_from(search, crl, authorities)? {
            newest = Some(crl);
        }
    }
    let Some(newest) = newest else { return Ok(State::Unknown) };
    if let Some(entry) = newest.is_revoked(certificate, at) {
        return Ok(State::Revoked { entry: entry.clone() });
    }
    for crl in search.input.crls.iter().filter(|crl| crl.may_reveal(certificate, at)) {
        search.step()?;
        if is_from(search, crl, authorities)?
            && let Some(entry) = crl.is_revoked(certificate, at)
        {
            return Ok(State::Revoked { entry: entry.clone() });
        }
    }
    Ok(State::Good)
}

/// Whether the CRL is the issuer's, who stands first in `authorities` (the rest of
/// the path): signed with its key, with a former or later key of the same CA higher
/// on the path, or with another key that it certified for CRLs.
fn is_from(
    search: &mut Search<'_>,
    crl: &Crl,
    authorities: &[&Certificate],
) -> Result<bool, PathFault> {
    for authority in authorities {
        if crl.may_be_from(authority) && search.check_crl(crl, authority)? == Answer::Good {
            return Ok(true);
        }
    }
    for other in search.input.intermediates {
        if crl.may_be_from(other)
            && !authorities.contains(&other)
            && is_crl_signer(search, other, authorities)?
            && search.check_crl(crl, other)? == Answer::Good
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `other`, which has the issuer's name, is a further certificate of that
/// very CA: made with the issuer's key or by the CA above it, valid, and not revoked
/// by a CRL that either signed itself. One such step and no more: RFC 5280 6.3.3 (f)
/// asks for a path to the same anchor, and this is the one that the path at hand
/// already contains.
fn is_crl_signer(
    search: &mut Search<'_>,
    other: &Certificate,
    authorities: &[&Certificate],
) -> Result<bool, PathFault> {
    let at = search.input.at;
    let may_sign = other.key_usage().is_some_and(|usage| usage.contains(KeyUsage::CRL_SIGN));
    let is_current = other.not_before() <= at && at <= other.not_after();
    if !may_sign || !is_current || other.extensions().has_unknown_critical {
        return Ok(false);
    }
    for signer in authorities.iter().take(2) {
        let certifies = signer.key_usage().is_none_or(|usage| usage.contains(KeyUsage::CERT_SIGN));
        if !certifies
            || other.issuer_name() != signer.subject_name()
            || search.check_certificate(other, signer)? != Answer::Good
        {
            continue;
        }
        for crl in search.input.crls.iter().filter(|crl| crl.covers(other, at)) {
            search.step()?;
            if crl.may_be_from(signer)
                && search.check_crl(crl, signer)? == Answer::Good
                && crl.is_revoked(other, at).is_none()
            {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
