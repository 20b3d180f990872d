//! Revocation at a moment: by CRLs (RFC 5280 6.3) and OCSP responses (RFC 6960).
//!
//! Nothing is fetched, so what is at hand has to do. Where sources differ, the one that
//! says "revoked" wins; a state is good when one source covers every reason for it.

mod lists;
mod responses;

use time::OffsetDateTime;

use super::danger::Answer;
use super::search::Search;
use super::{PathFault, Revocation, check};
use crate::crl::{Entry, Reason};
use crate::{Certificate, KeyUsage, ocsp};

/// How many signers of revocation information may stand one upon the other: each needs
/// a known state of its own.
const MAX_NESTED_SIGNERS: usize = 3;

/// Checks that no certificate below the anchor is revoked.
pub(super) fn check(search: &mut Search<'_>, chain: &[&Certificate]) -> Result<(), PathFault> {
    let required = search.input.revocation;
    for (position, certificate) in chain.iter().enumerate() {
        let Some(authorities) = chain.get(position + 1..).filter(|rest| !rest.is_empty()) else {
            break;
        };
        let subject = Subject { certificate, authorities, signers: &[] };
        match state(search, &subject)? {
            State::Good => {}
            State::Revoked { since, reason } => return Err(PathFault::Revoked { since, reason }),
            State::Unknown(_) if position > 0 && required == Revocation::RequireLeaf => {}
            // That a response is about somebody else is worth saying of the leaf; those
            // above have seldom a response of their own.
            State::Unknown(PathFault::RevocationUnknown)
                if position == 0 && !search.input.ocsp.is_empty() =>
            {
                return Err(PathFault::Ocsp(ocsp::Fault::OtherCertificate));
            }
            State::Unknown(fault) => return Err(fault),
        }
    }
    Ok(())
}

/// Whose state is asked for.
struct Subject<'s> {
    certificate: &'s Certificate,
    /// The rest of its path, the issuer first, the anchor last; never empty.
    authorities: &'s [&'s Certificate],
    /// Signers of revocation information whose own state is just being asked for: what
    /// they signed does not count for it.
    signers: &'s [&'s Certificate],
}

enum State {
    Good,
    Revoked {
        since: OffsetDateTime,
        reason: Reason,
    },
    /// Not to be told, with the reason.
    Unknown(PathFault),
}

impl State {
    fn revoked(entry: &Entry) -> Self {
        Self::Revoked { since: entry.revoked_at, reason: entry.reason }
    }
}

/// What lists and responses together say.
fn state(search: &mut Search<'_>, subject: &Subject<'_>) -> Result<State, PathFault> {
    let lists = lists::ask(search, subject)?;
    if matches!(lists, State::Revoked { .. }) {
        return Ok(lists);
    }
    let responses = responses::ask(search, subject)?;
    Ok(match (lists, responses) {
        (_, revoked @ State::Revoked { .. }) => revoked,
        (State::Good, _) | (_, State::Good) => State::Good,
        (lists, State::Unknown(PathFault::RevocationUnknown)) => lists,
        (_, responses) => responses,
    })
}

/// Which list another signer is to sign.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A CRL of the issuer itself, signed with another key.
    OwnList,
    /// A CRL of somebody whom the certificate names.
    IndirectList,
}

/// Whether `other`, which is not on the path, may sign CRLs for the subject.
///
/// RFC 5280 6.3.3 (f) asks for a path to the same anchor, and a name is all that leads
/// there. Any CA below that anchor could then put a key of its own under the name of
/// another one, so the path has to be the one at hand: `other` was certified by the
/// issuer or the CA above it, and for an indirect CRL by somebody on the path.
fn is_list_signer(
    search: &mut Search<'_>,
    other: &Certificate,
    subject: &Subject<'_>,
    role: Role,
) -> Result<bool, PathFault> {
    let at = search.input.at;
    let may_sign = other.key_usage().is_some_and(|usage| usage.contains(KeyUsage::CRL_SIGN));
    let is_current = other.not_before() <= at && at <= other.not_after();
    if !may_sign || !is_current || other.extensions().has_unknown_critical {
        return Ok(false);
    }
    let is_asking = subject.signers.contains(&other);
    // A list that tells the state of its own signer proves nothing, unless the CA that
    // certified the signer said that this is how its state is told.
    if is_asking && !crate::crl::scope::tells_own_state(other) {
        return Ok(false);
    }
    let reach = if role == Role::OwnList { 2 } else { subject.authorities.len() };
    for (place, certifier) in subject.authorities.iter().enumerate().take(reach) {
        if !is_certified(search, other, certifier)? {
            continue;
        }
        let authorities = subject.authorities.get(place..).unwrap_or_default();
        let chain: Vec<&Certificate> =
            std::iter::once(other).chain(authorities.iter().copied()).collect();
        if check::check_names(&chain).is_err() {
            continue;
        }
        if is_asking {
            return Ok(true);
        }
        if subject.signers.len() >= MAX_NESTED_SIGNERS {
            return Ok(false);
        }
        let signers: Vec<&Certificate> = subject.signers.iter().copied().chain([other]).collect();
        let asked = Subject { certificate: other, authorities, signers: &signers };
        if matches!(state(search, &asked)?, State::Good) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `certifier` made the certificate `other` and may make certificates.
fn is_certified(
    search: &mut Search<'_>,
    other: &Certificate,
    certifier: &Certificate,
) -> Result<bool, PathFault> {
    let certifies = certifier.key_usage().is_none_or(|usage| usage.contains(KeyUsage::CERT_SIGN));
    Ok(certifies
        && other.issuer_name() == certifier.subject_name()
        && search.check_certificate(other, certifier)? == Answer::Good)
}
