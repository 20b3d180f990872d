//! What CRLs say: complete ones with their deltas, direct and indirect (RFC 5280 6.3.3).

use std::cmp::Reverse;

use time::OffsetDateTime;

use super::{Role, State, Subject, is_list_signer};
use crate::Certificate;
use crate::crl::scope::Reasons;
use crate::crl::{Crl, Entry, Freshness, Reason};
use crate::path::PathFault;
use crate::path::danger::Answer;
use crate::path::search::Search;

/// The state of the subject as the CRLs at hand tell it.
///
/// Of the complete CRLs for one set of certificates and reasons, the latest current one
/// decides, because it may have lifted a hold. One from after the moment knows of later
/// revocations that reach back. A stale one proves nothing good, but what it lists for
/// ever is revoked.
pub(super) fn ask(search: &mut Search<'_>, subject: &Subject<'_>) -> Result<State, PathFault> {
    let (crls, at) = (search.input.crls, search.input.at);
    let certificate = subject.certificate;
    let mut complete: Vec<(&Crl, Reasons)> = crls
        .iter()
        .filter(|crl| !crl.is_delta())
        .map(|crl| (crl, crl.reasons_for(certificate)))
        .filter(|(_, reasons)| *reasons != Reasons::NONE)
        .collect();
    complete.sort_by_key(|(crl, _)| Reverse(crl.this_update()));
    let mut covered = Reasons::NONE;
    let mut is_stale = false;
    let mut decided: Vec<(&Crl, Freshness)> = Vec::new();
    for (crl, reasons) in complete {
        search.step()?;
        let freshness = crl.freshness(certificate, at);
        let has_decided = |(other, counts): &(&Crl, Freshness)| {
            (*counts == Freshness::Current || *counts == freshness) && crl.is_of_same_scope(other)
        };
        if decided.iter().any(has_decided) {
            continue;
        }
        let Some(signer) = signer(search, crl, subject)? else { continue };
        let is_proof = matches!(freshness, Freshness::Current | Freshness::Later);
        let entry = if is_proof {
            covered = covered.union(reasons);
            with_delta(search, crl, &signer, certificate)?
        } else {
            is_stale |= freshness == Freshness::Stale;
            permanent(crl, certificate, at).cloned()
        };
        if let Some(entry) = entry {
            return Ok(State::revoked(&entry));
        }
        decided.push((crl, freshness));
    }
    if let Some(entry) = revealed(search, subject, &decided)? {
        return Ok(State::revoked(&entry));
    }
    Ok(match (covered == Reasons::ALL, is_stale) {
        (true, _) => State::Good,
        (false, true) => State::Unknown(PathFault::RevocationStale),
        (false, false) => State::Unknown(PathFault::RevocationUnknown),
    })
}

/// The entry for the certificate in a complete CRL with its newest delta on top
/// (RFC 5280 6.3.3 (i) to (k)).
fn with_delta(
    search: &mut Search<'_>,
    crl: &Crl,
    signer: &Certificate,
    certificate: &Certificate,
) -> Result<Option<Entry>, PathFault> {
    let (crls, at) = (search.input.crls, search.input.at);
    let own = crl.is_revoked(certificate, at);
    let mut deltas: Vec<&Crl> = crls
        .iter()
        .filter(|delta| {
            delta.extends(crl) && delta.freshness(certificate, at) == Freshness::Current
        })
        .collect();
    deltas.sort_by_key(|delta| Reverse(delta.this_update()));
    for delta in deltas {
        search.step()?;
        // RFC 5280 6.3.3 (h): the key that signed the complete CRL signed the delta.
        if search.check_crl(delta, signer)? != Answer::Good {
            continue;
        }
        if let Some(entry) = delta.is_revoked(certificate, at) {
            return Ok(Some(entry.clone()));
        }
        // RFC 5280 5.3.1: a hold can be lifted. A key that was compromised stays so.
        let is_lifted = delta.lifts(certificate);
        let own = own.filter(|own| !is_lifted || own.reason != Reason::CertificateHold);
        return Ok(own.cloned());
    }
    Ok(own.cloned())
}

/// What deltas reveal without a base that they fit on: not to be listed there says
/// nothing, to be listed says all.
fn revealed(
    search: &mut Search<'_>,
    subject: &Subject<'_>,
    decided: &[(&Crl, Freshness)],
) -> Result<Option<Entry>, PathFault> {
    let (crls, at) = (search.input.crls, search.input.at);
    let certificate = subject.certificate;
    for delta in crls.iter().filter(|crl| crl.is_delta()) {
        if delta.reasons_for(certificate) == Reasons::NONE {
            continue;
        }
        // A complete CRL that is newer may have lifted a hold.
        let is_superseded = decided.iter().any(|(crl, freshness)| {
            *freshness == Freshness::Current && crl.this_update() >= delta.this_update()
        });
        let is_stale = delta.freshness(certificate, at) == Freshness::Stale;
        let entry = if is_superseded || is_stale {
            permanent(delta, certificate, at)
        } else {
            delta.is_revoked(certificate, at)
        };
        let Some(entry) = entry else { continue };
        search.step()?;
        if signer(search, delta, subject)?.is_some() {
            return Ok(Some(entry.clone()));
        }
    }
    Ok(None)
}

/// The entry that no later CRL can take back.
fn permanent<'c>(crl: &'c Crl, certificate: &Certificate, at: OffsetDateTime) -> Option<&'c Entry> {
    crl.is_revoked(certificate, at).filter(|entry| entry.reason != Reason::CertificateHold)
}

/// Who signed the CRL, if that is somebody who may: one of the path's authorities under
/// the CRL issuer's name (also a former or later key of the same CA), or another key
/// that one of them certified for CRLs.
fn signer(
    search: &mut Search<'_>,
    crl: &Crl,
    subject: &Subject<'_>,
) -> Result<Option<Certificate>, PathFault> {
    for authority in subject.authorities {
        if crl.may_be_from(authority) && search.check_crl(crl, authority)? == Answer::Good {
            return Ok(Some((*authority).clone()));
        }
    }
    let is_direct = crl.is_direct_for(subject.certificate);
    let role = if is_direct { Role::OwnList } else { Role::IndirectList };
    for other in search.input.intermediates {
        if crl.may_be_from(other)
            && !subject.authorities.contains(&other)
            && search.check_crl(crl, other)? == Answer::Good
            && is_list_signer(search, other, subject, role)?
        {
            return Ok(Some(other.clone()));
        }
    }
    Ok(None)
}
