use ssmax_primitives::SystemRandom;
use time::Duration;

use super::*;
use crate::forge::{CITY, Federation, Holder, basis, forge, new_key};
use crate::lint::lint;
use crate::profile::{self, Basis, Generation, Identity, User, Validity};

fn user(address: &str) -> User<'_> {
    User {
        address,
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    }
}

fn linted(draft: Draft) -> Linted {
    lint(draft).unwrap()
}

fn hanako() -> Linted {
    linted(profile::user_signing(basis(&new_key()), &user("hanako@b.example")))
}

#[test]
fn what_is_issued_names_its_issuer_and_carries_its_signature() {
    let Federation { member, .. } = Federation::new();
    let certificate = issue(hanako(), &member.certificate, &member.key).unwrap();
    assert_eq!(certificate.issuer(), member.certificate.subject());
    assert_eq!(certificate.authority_key_id(), member.certificate.subject_key_id());
    assert!(certificate.has_email("hanako@b.example"));
    assert_eq!(certificate.policies(), ["2.23.140.1.5.1.3"]);
}

#[test]
fn an_address_outside_the_issuers_domains_is_not_issued() {
    let Federation { member, .. } = Federation::new();
    for address in ["alice@a.example", "花子@a.example"] {
        let draft = profile::user_signing(basis(&new_key()), &user(address));
        assert_eq!(
            issue(linted(draft), &member.certificate, &member.key),
            Err(PkiError::OutsideConstraints)
        );
    }
}

#[test]
fn a_relay_certificate_for_a_colleague_comes_from_the_member_ca_only() {
    let Federation { member, .. } = Federation::new();
    let seal_ca = Holder::own(|basis| profile::seal_ca(basis, &CITY, "Seal CA", &["b.example"]));
    let relay =
        || linted(profile::relay_encryption(basis(&new_key()), "hanako@b.example", "Hanako"));
    assert_eq!(
        issue(relay(), &seal_ca.certificate, &seal_ca.key),
        Err(PkiError::OutsideConstraints)
    );
    assert!(issue(relay(), &member.certificate, &member.key).is_ok());
}

#[test]
fn the_key_must_be_the_issuers_and_the_issuer_a_ca() {
    let Federation { member, .. } = Federation::new();
    assert_eq!(issue(hanako(), &member.certificate, &new_key()), Err(PkiError::WrongIssuerKey));
    let person =
        Holder::below(&member, |basis| profile::user_signing(basis, &user("hanako@b.example")));
    assert_eq!(issue(hanako(), &person.certificate, &person.key), Err(PkiError::IssuerNotAllowed));
}

#[test]
fn a_certificate_may_end_with_its_issuer_and_not_a_second_later() {
    let Federation { member, .. } = Federation::new();
    let until = |end| {
        let key = new_key();
        let validity = Validity { not_after: end, ..basis(&key).validity };
        let basis = Basis { validity, ..basis(&key) };
        let draft = profile::user_signing(basis, &user("hanako@b.example"));
        issue(linted(draft), &member.certificate, &member.key).map(|_| ())
    };
    let end = member.certificate.not_after();
    assert_eq!(until(end), Ok(()));
    assert_eq!(until(end + Duration::SECOND), Err(PkiError::OutlivesIssuer));
}

#[test]
fn a_member_ca_issues_no_ca_and_nothing_beyond_its_purposes_and_policies() {
    let Federation { member, .. } = Federation::new();
    let issue = |draft| issue(linted(draft), &member.certificate, &member.key);
    let basis = || basis(&new_key());
    assert_eq!(
        issue(profile::member_ca(basis(), &CITY, "Sub CA", &["b.example"])),
        Err(PkiError::PathLengthUsedUp)
    );
    assert_eq!(
        issue(profile::organisation_signing(basis(), &CITY, &["b.example"])),
        Err(PkiError::BeyondIssuer)
    );
    assert_eq!(issue(profile::list_signer(basis(), "B", "List")), Err(PkiError::BeyondIssuer));
    assert_eq!(
        issue(profile::tls_server(basis(), &["gateway.b.example"])),
        Err(PkiError::BeyondIssuer)
    );
}

#[test]
fn a_profile_that_signs_itself_is_signed_by_nobody_else_and_the_other_way_round() {
    let Federation { root, .. } = Federation::new();
    let key = new_key();
    let draft = profile::root(basis(&key), "Another", "Root");
    assert_eq!(
        issue(linted(draft.clone()), &root.certificate, &root.key),
        Err(PkiError::WrongSigner)
    );
    assert_eq!(self_signed(linted(draft), &new_key()), Err(PkiError::WrongIssuerKey));
    assert_eq!(self_signed(hanako(), &new_key()), Err(PkiError::WrongSigner));
}

#[test]
fn a_renewed_ca_under_the_same_name_is_told_apart_by_its_key() {
    let Federation { issuing, member, .. } = Federation::new();
    let renewed = Holder::below(&issuing, |basis| {
        profile::member_ca(basis, &CITY, "B City Member CA", &["b.example"])
    });
    assert_eq!(renewed.certificate.subject(), member.certificate.subject());
    let draft = profile::user_signing(basis(&new_key()), &user("hanako@b.example"));
    let leaf = forge(&draft, &renewed);
    assert_ne!(leaf.authority_key_id(), member.certificate.subject_key_id());
}

#[test]
fn serial_numbers_are_16_octets_positive_and_different() {
    let (one, other) = (random_serial(&SystemRandom), random_serial(&SystemRandom));
    assert_eq!(one.len(), SERIAL_BYTES);
    assert!((0x40..0x80).contains(&one[0]));
    assert_ne!(one, other);
}
