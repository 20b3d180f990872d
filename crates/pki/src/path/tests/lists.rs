//! Deltas, indirect CRLs, reasons, distribution points, and the moment asked about.

use std::cell::Cell;

use der::asn1::{Ia5String, Uint};
use time::{Duration, OffsetDateTime};
use x509_cert::ext::pkix::crl::dp::{DistributionPoint, Reasons};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{CrlDistributionPoints, IssuingDistributionPoint};
use x509_cert::name::Name;

use super::revocation::{Scene, altered, content, issue, scope, with_extension};
use super::{input, user};
use crate::crl::{Content, Crl, Entry, Reason};
use crate::forge::{self, AT, BEGIN, CITY, Holder, basis, new_key};
use crate::path::danger::{Answer, strict, validate_with_verifier};
use crate::path::{Limits, PathFault, PathInput, PolicyInput, Revocation, validate};
use crate::{Certificate, KeyUsage, encode, oid, profile};

const UNKNOWN: Result<(), PathFault> = Err(PathFault::RevocationUnknown);

fn revoked(since: OffsetDateTime, reason: Reason) -> Result<(), PathFault> {
    Err(PathFault::Revoked { since, reason })
}

impl Scene {
    /// The answer about `leaf`, issued by the member CA, with CRLs of the upper CAs.
    fn ask(&self, leaf: &Certificate, others: &[&Holder], crls: &[Crl]) -> Result<(), PathFault> {
        let mut intermediates = self.federation.intermediates();
        intermediates.extend(others.iter().map(|holder| holder.certificate.clone()));
        let crls = [&self.upper, crls].concat();
        let input = input(leaf, &intermediates, &self.federation.root);
        validate(&PathInput { crls: &crls, revocation: Revocation::Require, ..input }).map(|_| ())
    }

    fn ask_hanako(&self, crls: &[Crl]) -> Result<(), PathFault> {
        self.ask(&self.hanako.certificate, &[], crls)
    }

    /// A complete CRL of the member CA that lists Hanako for a reason, or nobody.
    fn complete(&self, number: u64, hanako: Option<Reason>) -> Crl {
        issue(&self.federation.member, &self.listing(number, hanako))
    }

    fn listing(&self, number: u64, hanako: Option<Reason>) -> Content {
        let serial = self.hanako.certificate.serial().to_vec();
        let entries = hanako.map(|reason| Entry { serial, revoked_at: BEGIN, reason });
        Content { number, entries: entries.into_iter().collect(), ..content(&[]) }
    }

    /// A delta of the member CA to the complete CRL number `base`.
    fn delta(&self, base: u64, number: u64, hanako: Option<Reason>) -> Crl {
        let later = self.listing(number, hanako);
        let later = Content { this_update: AT - Duration::MINUTE, ..later };
        self.delta_to(base, &issue(&self.federation.member, &later))
    }

    fn delta_to(&self, base: u64, crl: &Crl) -> Crl {
        let base = Uint::new(&base.to_be_bytes()).unwrap();
        with_extension(crl, &self.federation.member, oid::EXT_DELTA_CRL, &base)
    }
}

#[test]
fn a_delta_adds_to_its_base_and_lifts_a_hold() {
    let scene = Scene::new();
    let (hold, lifted) = (Some(Reason::CertificateHold), Some(Reason::RemoveFromCrl));
    assert_eq!(scene.ask_hanako(&[scene.complete(5, None), scene.delta(5, 6, None)]), Ok(()));
    let added = scene.delta(5, 6, Some(Reason::Superseded));
    assert_eq!(
        scene.ask_hanako(&[scene.complete(5, None), added]),
        revoked(BEGIN, Reason::Superseded)
    );
    let on_hold = scene.complete(5, hold);
    assert_eq!(
        scene.ask_hanako(std::slice::from_ref(&on_hold)),
        revoked(BEGIN, Reason::CertificateHold)
    );
    assert_eq!(scene.ask_hanako(&[on_hold, scene.delta(5, 6, lifted)]), Ok(()));
}

#[test]
fn a_key_that_was_compromised_is_not_taken_off_the_list() {
    let scene = Scene::new();
    let listed = scene.complete(5, Some(Reason::KeyCompromise));
    let delta = scene.delta(5, 6, Some(Reason::RemoveFromCrl));
    assert_eq!(scene.ask_hanako(&[listed, delta]), revoked(BEGIN, Reason::KeyCompromise));
}

#[test]
fn a_delta_lifts_a_hold_only_where_its_numbers_fit() {
    let scene = Scene::new();
    let on_hold = scene.complete(5, Some(Reason::CertificateHold));
    let answer = |delta: Crl| scene.ask_hanako(&[on_hold.clone(), delta]);
    let held = revoked(BEGIN, Reason::CertificateHold);
    let lifted = Some(Reason::RemoveFromCrl);
    for (base, number, expected) in [
        (5, 6, Ok(())),
        (1, 6, Ok(())),
        // Made for a later base: what happened in between is missing.
        (6, 7, held),
        // Not newer than the base.
        (5, 5, held),
        (1, 4, held),
    ] {
        assert_eq!(answer(scene.delta(base, number, lifted)), expected, "{base} {number}");
    }
}

#[test]
fn a_delta_for_other_certificates_or_by_another_key_changes_nothing() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let on_hold = scene.complete(5, Some(Reason::CertificateHold));
    let held = revoked(BEGIN, Reason::CertificateHold);
    let delta = scene.delta(5, 6, Some(Reason::RemoveFromCrl));
    let users = IssuingDistributionPoint { only_contains_user_certs: true, ..scope() };
    let narrower = with_extension(&delta, member, oid::EXT_ISSUING_DISTRIBUTION_POINT, &users);
    assert_eq!(scene.ask_hanako(&[on_hold.clone(), narrower]), held);
    let forged = altered(&delta, &Scene::new().federation.member, |_| {});
    assert_eq!(scene.ask_hanako(&[on_hold, forged]), held);
}

#[test]
fn a_delta_does_not_keep_a_stale_base_alive() {
    let scene = Scene::new();
    let stale = Content {
        this_update: AT - Duration::DAY,
        next_update: AT - Duration::HOUR,
        ..scene.listing(5, None)
    };
    let stale = issue(&scene.federation.member, &stale);
    let answer = scene.ask_hanako(&[stale, scene.delta(5, 6, None)]);
    assert_eq!(answer, Err(PathFault::RevocationStale));
}

#[test]
fn what_a_stale_list_revokes_for_ever_is_revoked_and_a_hold_in_it_is_only_stale() {
    let scene = Scene::new();
    let answer = |reason| {
        let stale =
            Content { next_update: AT - Duration::SECOND, ..scene.listing(1, Some(reason)) };
        scene.ask_hanako(&[issue(&scene.federation.member, &stale)])
    };
    assert_eq!(answer(Reason::Superseded), revoked(BEGIN, Reason::Superseded));
    assert_eq!(answer(Reason::CertificateHold), Err(PathFault::RevocationStale));
}

#[test]
fn a_hold_at_that_moment_counts_even_if_a_later_list_has_lifted_it() {
    let scene = Scene::new();
    let on_hold = scene.complete(5, Some(Reason::CertificateHold));
    let later = Content { this_update: AT + Duration::DAY, ..scene.listing(6, None) };
    let later = Content { next_update: AT + Duration::days(2), ..later };
    let later = issue(&scene.federation.member, &later);
    let held = revoked(BEGIN, Reason::CertificateHold);
    assert_eq!(scene.ask_hanako(&[later.clone(), on_hold]), held);
    assert_eq!(scene.ask_hanako(&[later]), Ok(()));
}

#[test]
fn lists_for_some_reasons_tell_the_state_only_all_together() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let compromise = Reasons::KeyCompromise | Reasons::CaCompromise;
    let rest = Reasons::AffiliationChanged
        | Reasons::Superseded
        | Reasons::CessationOfOperation
        | Reasons::CertificateHold
        | Reasons::PrivilegeWithdrawn
        | Reasons::AaCompromise;
    let list = |reasons, hanako| {
        let some = IssuingDistributionPoint { only_some_reasons: Some(reasons), ..scope() };
        let crl = scene.complete(1, hanako);
        with_extension(&crl, member, oid::EXT_ISSUING_DISTRIBUTION_POINT, &some)
    };
    assert_eq!(scene.ask_hanako(&[list(compromise, None)]), UNKNOWN);
    assert_eq!(scene.ask_hanako(&[list(rest, None)]), UNKNOWN);
    assert_eq!(scene.ask_hanako(&[list(compromise, None), list(rest, None)]), Ok(()));
    assert_eq!(
        scene.ask_hanako(&[list(compromise, None), list(rest, Some(Reason::Superseded))]),
        revoked(BEGIN, Reason::Superseded)
    );
}

fn uri(text: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap())
}

fn directory(certificate: &Certificate) -> GeneralName {
    let name: Name = der::Decode::from_der(certificate.subject()).unwrap();
    GeneralName::DirectoryName(name)
}

/// A person below the member CA whose certificate has this distribution point.
fn person(scene: &Scene, point: DistributionPoint) -> Certificate {
    let draft = profile::user_signing(basis(&new_key()), &user("jiro@b.example"));
    let points = CrlDistributionPoints(vec![point]);
    let der = forge::altered(&draft, &scene.federation.member, |tbs| {
        let points = encode::extension(oid::EXT_CRL_DISTRIBUTION_POINTS, false, &points).unwrap();
        tbs.extensions.as_mut().unwrap().push(points);
    });
    Certificate::from_der(&der).unwrap()
}

fn full(names: Vec<GeneralName>) -> Option<DistributionPointName> {
    Some(DistributionPointName::FullName(names))
}

#[test]
fn a_partitioned_list_counts_for_the_certificates_that_name_it() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let point = |url| DistributionPoint {
        distribution_point: full(vec![uri(url)]),
        reasons: None,
        crl_issuer: None,
    };
    let leaf = person(&scene, point("http://crl.b.example/2.crl"));
    let partition = |url| {
        let scope =
            IssuingDistributionPoint { distribution_point: full(vec![uri(url)]), ..scope() };
        let crl = scene.complete(1, None);
        with_extension(&crl, member, oid::EXT_ISSUING_DISTRIBUTION_POINT, &scope)
    };
    assert_eq!(scene.ask(&leaf, &[], &[partition("http://crl.b.example/2.crl")]), Ok(()));
    assert_eq!(scene.ask(&leaf, &[], &[partition("http://crl.b.example/1.crl")]), UNKNOWN);
}

/// Somebody who lists for the member CA: certified by the issuing CA, under a name of
/// its own.
fn lister(issuer: &Holder) -> Holder {
    Holder::below(issuer, |basis| {
        let mut draft = profile::member_ca(basis, &CITY, "Federation CRLs", &["b.example"]);
        (draft.is_ca, draft.path_len) = (false, None);
        draft.key_usage = KeyUsage::CRL_SIGN;
        draft.permitted_domains.clear();
        draft
    })
}

fn lists_elsewhere(lister: &Holder) -> DistributionPoint {
    DistributionPoint {
        distribution_point: None,
        reasons: None,
        crl_issuer: Some(vec![directory(&lister.certificate)]),
    }
}

/// An indirect CRL with one entry of serial `serial`, whose certificate `of` issued.
fn indirect(lister: &Holder, listed: Option<(&Certificate, &Holder)>) -> Crl {
    let entries: Vec<_> = listed.iter().map(|(certificate, _)| (*certificate, BEGIN)).collect();
    let crl = issue(lister, &content(&entries));
    let flag = IssuingDistributionPoint { indirect_crl: true, ..scope() };
    let crl = with_extension(&crl, lister, oid::EXT_ISSUING_DISTRIBUTION_POINT, &flag);
    let Some((_, of)) = listed else { return crl };
    altered(&crl, lister, |tbs| {
        let names = vec![directory(&of.certificate)];
        let extension = encode::extension(oid::EXT_CERTIFICATE_ISSUER, true, &names).unwrap();
        let entries = tbs.revoked_certificates.as_mut().unwrap();
        entries[0].crl_entry_extensions.as_mut().unwrap().push(extension);
    })
}

#[test]
fn an_indirect_list_tells_the_state_of_those_who_name_its_issuer() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let lister = lister(&scene.federation.issuing);
    let leaf = person(&scene, lists_elsewhere(&lister));
    let ask = |crl: Crl| scene.ask(&leaf, &[&lister], &[crl]);
    assert_eq!(ask(indirect(&lister, None)), Ok(()));
    let listed = indirect(&lister, Some((&leaf, member)));
    assert_eq!(ask(listed), revoked(BEGIN, Reason::KeyCompromise));
    // The same serial number at another CA is another certificate.
    let other = indirect(&lister, Some((&leaf, &scene.federation.issuing)));
    assert_eq!(ask(other), Ok(()));
    // Hanako's certificate names nobody, so it is the member CA's own list that counts.
    let answer = scene.ask(&scene.hanako.certificate, &[&lister], &[indirect(&lister, None)]);
    assert_eq!(answer, UNKNOWN);
}

#[test]
fn a_list_that_does_not_say_to_be_indirect_is_none() {
    let scene = Scene::new();
    let lister = lister(&scene.federation.issuing);
    let leaf = person(&scene, lists_elsewhere(&lister));
    let plain = issue(&lister, &content(&[]));
    assert_eq!(scene.ask(&leaf, &[&lister], &[plain]), UNKNOWN);
    let listed = indirect(&lister, Some((&leaf, &scene.federation.member)));
    let unmarked = altered(&listed, &lister, |tbs| {
        tbs.crl_extensions.as_mut().unwrap().pop();
    });
    assert_eq!(scene.ask(&leaf, &[&lister], &[unmarked]), UNKNOWN);
}

#[test]
fn whom_a_ca_beside_the_path_certified_lists_nobody() {
    let scene = Scene::new();
    let other_member = Holder::below(&scene.federation.issuing, |basis| {
        profile::member_ca(basis, &CITY, "Other Member CA", &["a.example"])
    });
    let impostor = lister(&other_member);
    let leaf = person(&scene, lists_elsewhere(&impostor));
    let crl = indirect(&impostor, None);
    assert_eq!(scene.ask(&leaf, &[&other_member, &impostor], &[crl]), UNKNOWN);
}

#[test]
fn a_revoked_or_expired_lister_lists_nobody() {
    let mut scene = Scene::new();
    let lister = lister(&scene.federation.issuing);
    let leaf = person(&scene, lists_elsewhere(&lister));
    let crl = indirect(&lister, None);
    scene.upper[1] = issue(&scene.federation.issuing, &content(&[(&lister.certificate, BEGIN)]));
    assert_eq!(scene.ask(&leaf, &[&lister], std::slice::from_ref(&crl)), UNKNOWN);
    scene.upper.remove(1);
    assert_eq!(scene.ask(&leaf, &[&lister], &[crl]), UNKNOWN);
}

#[test]
fn a_list_tells_the_state_of_its_own_signer_only_where_that_is_arranged() {
    let mut scene = Scene::new();
    let issuing = &scene.federation.issuing;
    let plain = lister(issuing);
    let mut arranged = lister(issuing);
    let draft_point = CrlDistributionPoints(vec![lists_elsewhere(&arranged)]);
    let mut draft = profile::member_ca(basis(&arranged.key), &CITY, "Federation CRLs", &[]);
    (draft.is_ca, draft.path_len) = (false, None);
    draft.key_usage = KeyUsage::CRL_SIGN;
    let der = forge::altered(&draft, issuing, |tbs| {
        let points =
            encode::extension(oid::EXT_CRL_DISTRIBUTION_POINTS, false, &draft_point).unwrap();
        tbs.extensions.as_mut().unwrap().push(points);
    });
    arranged.certificate = Certificate::from_der(&der).unwrap();
    // Without the issuing CA's own list nothing else tells the lister's state.
    scene.upper.remove(1);
    for (lister, expected) in [(plain, UNKNOWN), (arranged, Ok(()))] {
        let leaf = person(&scene, lists_elsewhere(&lister));
        let crl = indirect(&lister, None);
        let mut intermediates = scene.federation.intermediates();
        intermediates.push(lister.certificate.clone());
        let crls = [scene.upper.clone(), vec![crl]].concat();
        let input = input(&leaf, &intermediates, &scene.federation.root);
        let revocation = Revocation::RequireLeaf;
        let answer = validate(&PathInput { crls: &crls, revocation, ..input }).map(|_| ());
        assert_eq!(answer, expected);
    }
}

#[test]
fn about_a_ca_the_lists_may_be_silent_if_only_the_leaf_is_asked_for_but_not_say_revoked() {
    let scene = Scene::new();
    let intermediates = scene.federation.intermediates();
    let ask = |crls: &[Crl]| {
        let input = input(&scene.hanako.certificate, &intermediates, &scene.federation.root);
        validate(&PathInput { crls, revocation: Revocation::RequireLeaf, ..input }).map(|_| ())
    };
    let own = scene.complete(1, None);
    assert_eq!(ask(std::slice::from_ref(&own)), Ok(()));
    let member = &scene.federation.member.certificate;
    let listed = issue(&scene.federation.issuing, &content(&[(member, BEGIN)]));
    assert_eq!(ask(&[own, listed]), revoked(BEGIN, Reason::KeyCompromise));
    assert_eq!(ask(&scene.upper), UNKNOWN);
}

/// A crowd of lists with the right names and wrong signatures, and a crowd of possible
/// signers for each.
#[test]
fn a_crowd_of_lists_and_signers_stays_within_the_signature_bound() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let mut intermediates = scene.federation.intermediates();
    for _ in 0..30 {
        intermediates.push(
            Holder::own(|basis| {
                profile::member_ca(basis, &CITY, "B City Member CA", &["b.example"])
            })
            .certificate,
        );
    }
    let mut crls = scene.upper.clone();
    for minute in 0..30 {
        let content = Content { this_update: AT - Duration::minutes(minute), ..content(&[]) };
        crls.push(altered(
            &issue(member, &content),
            &Holder { key: new_key(), certificate: member.certificate.clone() },
            |_| {},
        ));
    }
    let checked = Cell::new(0);
    let count = |identifier: &[u8], spki: &[u8], message: &[u8], signature: &[u8]| -> Answer {
        checked.set(checked.get() + 1);
        strict(identifier, spki, message, signature)
    };
    let input = input(&scene.hanako.certificate, &intermediates, &scene.federation.root);
    let input = PathInput { crls: &crls, revocation: Revocation::Require, ..input };
    let answer = validate_with_verifier(&input, &PolicyInput::default(), &count);
    assert_eq!(answer, Err(PathFault::TooMuchWork));
    assert_eq!(checked.get(), Limits::default().max_signatures);
}
