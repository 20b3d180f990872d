//! Paths that an attacker would like to be valid, and those that are.

mod constraints;
mod lists;
mod purposes;
mod responses;
pub(crate) mod revocation;
mod work;

use time::Duration;

use super::{Limits, Path, PathFault, PathInput, Purpose, Revocation, validate};
use crate::Certificate;
use crate::forge::{AT, Federation, Holder, forge};
use crate::profile::{self, Draft, Generation, Identity, User};

/// A user of the member B city.
pub(super) fn user(address: &str) -> User<'_> {
    User {
        address,
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    }
}

pub(super) fn input<'a>(
    leaf: &'a Certificate,
    intermediates: &'a [Certificate],
    anchor: &'a Holder,
) -> PathInput<'a> {
    PathInput {
        leaf,
        intermediates,
        anchors: std::slice::from_ref(&anchor.certificate),
        crls: &[],
        ocsp: &[],
        at: AT,
        purpose: Purpose::EmailSigning,
        limits: Limits::default(),
        revocation: Revocation::Skip,
    }
}

/// The answer for a leaf that the member CA signed from this draft.
pub(super) fn answer(
    federation: &Federation,
    purpose: Purpose,
    draft: &Draft,
) -> Result<Path, PathFault> {
    let leaf = forge(draft, &federation.member);
    let intermediates = federation.intermediates();
    validate(&PathInput { purpose, ..input(&leaf, &intermediates, &federation.root) })
}

fn a_user(federation: &Federation) -> Holder {
    Holder::below(&federation.member, |basis| {
        profile::user_signing(basis, &user("hanako@b.example"))
    })
}

#[test]
fn a_user_is_trusted_by_way_of_member_and_issuing_ca() {
    let federation = Federation::new();
    let hanako = a_user(&federation);
    let intermediates = federation.intermediates();
    let path = validate(&input(&hanako.certificate, &intermediates, &federation.root)).unwrap();
    let expected = [
        &hanako.certificate,
        &federation.member.certificate,
        &federation.issuing.certificate,
        &federation.root.certificate,
    ];
    assert_eq!(path.certificates.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_member_ca_trusted_directly_ends_the_path() {
    let federation = Federation::new();
    let hanako = a_user(&federation);
    let path = validate(&input(&hanako.certificate, &[], &federation.member)).unwrap();
    assert_eq!(path.certificates.len(), 2);
}

#[test]
fn an_anchor_keeps_to_its_own_constraints() {
    let federation = Federation::new();
    let stranger = Holder::below(&federation.member, |basis| {
        profile::user_signing(basis, &user("alice@a.example"))
    });
    let fault = validate(&input(&stranger.certificate, &[], &federation.member)).unwrap_err();
    assert_eq!(fault, PathFault::NameNotPermitted);
}

#[test]
fn without_intermediates_there_is_no_issuer() {
    let federation = Federation::new();
    let hanako = a_user(&federation);
    let fault = validate(&input(&hanako.certificate, &[], &federation.root)).unwrap_err();
    assert_eq!(fault, PathFault::NoIssuer);
    let strangers = Federation::new();
    let intermediates = federation.intermediates();
    let fault = validate(&input(&hanako.certificate, &intermediates, &strangers.root)).unwrap_err();
    // The names are alike, the keys are not.
    assert_eq!(fault, PathFault::BadSignature);
}

#[test]
fn the_last_second_of_validity_counts_and_the_next_does_not() {
    let federation = Federation::new();
    let hanako = a_user(&federation);
    let intermediates = federation.intermediates();
    let at = |at| {
        validate(&PathInput { at, ..input(&hanako.certificate, &intermediates, &federation.root) })
            .map(|_| ())
    };
    let (begin, end) = (hanako.certificate.not_before(), hanako.certificate.not_after());
    assert_eq!(at(begin), Ok(()));
    assert_eq!(at(begin - Duration::SECOND), Err(PathFault::NotYetValid));
    assert_eq!(at(end), Ok(()));
    assert_eq!(at(end + Duration::SECOND), Err(PathFault::Expired));
}

#[test]
fn a_user_cannot_issue() {
    let federation = Federation::new();
    let hanako = a_user(&federation);
    let forged =
        Holder::below(&hanako, |basis| profile::user_signing(basis, &user("mayor@b.example")));
    let mut intermediates = federation.intermediates();
    intermediates.push(hanako.certificate.clone());
    let fault =
        validate(&input(&forged.certificate, &intermediates, &federation.root)).unwrap_err();
    assert_eq!(fault, PathFault::NotCa);
}

#[test]
fn a_ca_without_cert_sign_cannot_issue() {
    let federation = Federation::new();
    let lame = Holder::below(&federation.issuing, |basis| {
        let mut draft = profile::member_ca(basis, &crate::forge::CITY, "Lame CA", &["b.example"]);
        draft.key_usage = crate::KeyUsage::CRL_SIGN;
        draft
    });
    let leaf =
        Holder::below(&lame, |basis| profile::user_signing(basis, &user("hanako@b.example")));
    let mut intermediates = federation.intermediates();
    intermediates.push(lame.certificate.clone());
    let fault = validate(&input(&leaf.certificate, &intermediates, &federation.root)).unwrap_err();
    assert_eq!(fault, PathFault::MayNotSignCertificates);
}

#[test]
fn a_member_ca_has_no_room_for_a_ca_below() {
    let federation = Federation::new();
    let sub = Holder::below(&federation.member, |basis| {
        profile::member_ca(basis, &crate::forge::CITY, "Sub CA", &["b.example"])
    });
    let leaf = Holder::below(&sub, |basis| profile::user_signing(basis, &user("hanako@b.example")));
    let mut intermediates = federation.intermediates();
    intermediates.push(sub.certificate.clone());
    let fault = validate(&input(&leaf.certificate, &intermediates, &federation.root)).unwrap_err();
    assert_eq!(fault, PathFault::PathLengthExceeded);
}

#[test]
fn a_leaf_that_is_an_anchor_is_a_path_of_its_own() {
    let federation = Federation::new();
    let hanako = a_user(&federation);
    let path = validate(&input(&hanako.certificate, &[], &hanako)).unwrap();
    assert_eq!(path.certificates, [hanako.certificate]);
}
