//! What OCSP responses say (RFC 6960 3.2, 4.2.2).

use super::{State, Subject, is_certified, lists};
use crate::crl::Freshness;
use crate::ocsp::{Fault, Response, Status};
use crate::path::PathFault;
use crate::path::danger::Answer;
use crate::path::search::Search;
use crate::{Certificate, KeyUsage, oid};

/// What one response says, or what is wrong with it.
type Said = Result<State, Fault>;

/// The state of the subject as the OCSP responses at hand tell it.
pub(super) fn ask(search: &mut Search<'_>, subject: &Subject<'_>) -> Result<State, PathFault> {
    let mut is_good = false;
    let mut fault = None;
    for response in search.input.ocsp {
        search.step()?;
        match read(search, response, subject)? {
            Ok(revoked @ State::Revoked { .. }) => return Ok(revoked),
            Ok(_) => is_good = true,
            Err(Fault::OtherCertificate) => {}
            Err(found) => fault = fault.or(Some(found)),
        }
    }
    Ok(match (is_good, fault) {
        (true, _) => State::Good,
        (false, Some(fault)) => State::Unknown(PathFault::Ocsp(fault)),
        (false, None) => State::Unknown(PathFault::RevocationUnknown),
    })
}

/// What one response says about the subject. What costs nothing is looked at first.
fn read(
    search: &mut Search<'_>,
    response: &Response,
    subject: &Subject<'_>,
) -> Result<Said, PathFault> {
    let at = search.input.at;
    let Some(issuer) = subject.authorities.first() else {
        return Ok(Err(Fault::NoResponder));
    };
    let answer = match response.about(subject.certificate, issuer) {
        Ok(answer) => answer,
        Err(fault) => return Ok(Err(fault)),
    };
    let freshness = match response.is_timely(answer, subject.certificate, at) {
        Ok(freshness) => freshness,
        Err(fault) => return Ok(Err(fault)),
    };
    if let Err(fault) = is_signed(search, response, issuer, subject)? {
        return Ok(Err(fault));
    }
    Ok(match (answer.status, freshness) {
        (Status::Unknown, _) => Err(Fault::Unknown),
        // What was revoked stays so; a hold in an old answer may have been lifted.
        (Status::Revoked { since, reason }, freshness)
            if since <= at
                && (freshness != Freshness::Stale
                    || reason != crate::crl::Reason::CertificateHold) =>
        {
            Ok(State::Revoked { since, reason })
        }
        (_, Freshness::Stale) => Err(Fault::Stale),
        _ => Ok(State::Good),
    })
}

/// Whether the issuer, or a responder that it authorised, signed the response.
fn is_signed(
    search: &mut Search<'_>,
    response: &Response,
    issuer: &Certificate,
    subject: &Subject<'_>,
) -> Result<Result<(), Fault>, PathFault> {
    let mut fault = Fault::NoResponder;
    if response.is_by(issuer) {
        match search.check_response(response, issuer)? {
            Answer::Good => return Ok(Ok(())),
            Answer::Bad => fault = Fault::BadSignature,
            Answer::Unsupported => fault = Fault::UnsupportedAlgorithm,
        }
    }
    let others = response.certificates().iter().chain(search.input.intermediates);
    for delegate in others.filter(|other| *other != issuer && response.is_by(other)) {
        search.step()?;
        match is_delegate(search, response, delegate, issuer, subject)? {
            Ok(()) => return Ok(Ok(())),
            Err(found) => fault = found,
        }
    }
    Ok(Err(fault))
}

/// RFC 6960 4.2.2.2: a delegate was certified for OCSP by the very CA that issued the
/// certificate asked about.
fn is_delegate(
    search: &mut Search<'_>,
    response: &Response,
    delegate: &Certificate,
    issuer: &Certificate,
    subject: &Subject<'_>,
) -> Result<Result<(), Fault>, PathFault> {
    let at = search.input.at;
    // Not "any": RFC 6960 4.2.2.2 wants the purpose itself.
    let is_for_ocsp =
        delegate.extended_key_usages().iter().any(|usage| usage == oid::EKU_OCSP_SIGNING);
    let signing = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::CONTENT_COMMITMENT;
    let may_sign = delegate.key_usage().is_none_or(|usage| usage.intersects(signing));
    if !is_for_ocsp || !may_sign || delegate.extensions().has_unknown_critical {
        return Ok(Err(Fault::ResponderNotAllowed));
    }
    // Valid when it signed, and still at the moment: an old key that got out of hand
    // could otherwise date itself back.
    let (first, last) = (response.produced_at(), at.max(response.produced_at()));
    if first < delegate.not_before() || delegate.not_after() < last {
        return Ok(Err(Fault::ResponderNotValid));
    }
    if !is_certified(search, delegate, issuer)? {
        return Ok(Err(Fault::ResponderOfOtherIssuer));
    }
    match search.check_response(response, delegate)? {
        Answer::Good => {}
        Answer::Bad => return Ok(Err(Fault::BadSignature)),
        Answer::Unsupported => return Ok(Err(Fault::UnsupportedAlgorithm)),
    }
    is_in_good_standing(search, delegate, subject)
}

/// RFC 6960 4.2.2.2.1: the CA says with ocspNocheck that nobody has to ask, or it names
/// where to ask, or it says nothing; then the state is taken where it is at hand.
///
/// Only lists are asked. A response about a responder would need another responder.
fn is_in_good_standing(
    search: &mut Search<'_>,
    delegate: &Certificate,
    subject: &Subject<'_>,
) -> Result<Result<(), Fault>, PathFault> {
    let signers: Vec<&Certificate> = subject.signers.iter().copied().chain([delegate]).collect();
    if signers.len() > super::MAX_NESTED_SIGNERS {
        return Ok(Err(Fault::ResponderMayBeRevoked));
    }
    let asked =
        Subject { certificate: delegate, authorities: subject.authorities, signers: &signers };
    Ok(match lists::ask(search, &asked)? {
        State::Good => Ok(()),
        State::Unknown(_) if !names_a_way_to_ask(delegate) => Ok(()),
        _ => Err(Fault::ResponderMayBeRevoked),
    })
}

fn names_a_way_to_ask(delegate: &Certificate) -> bool {
    if delegate.extension(oid::EXT_OCSP_NO_CHECK).is_some() {
        return false;
    }
    delegate.extension(oid::EXT_CRL_DISTRIBUTION_POINTS).is_some()
        || !delegate.ocsp_urls().is_empty()
}
