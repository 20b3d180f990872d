use der::asn1::Ia5String;
use time::Duration;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::ext::pkix::name::GeneralName;

use super::*;
use crate::certificate::Tbs;
use crate::forge::{Federation, altered, basis, new_key};
use crate::lint::samples;
use crate::profile::{self, Draft, Identity, User};
use crate::{KeyUsage, encode, name, oid};

/// A person of the strict generation without anything that only we put in.
fn draft() -> Draft {
    let user = User { identity_proof: None, ..samples::HANAKO };
    with_list(profile::user_signing(basis(&new_key()), &user))
}

fn with_list(mut draft: Draft) -> Draft {
    draft.basis.crl_urls = vec!["http://crl.b.example/member.crl".into()];
    draft
}

fn certificate(draft: &Draft, change: impl FnOnce(&mut Tbs)) -> Certificate {
    Certificate::from_der(&altered(draft, &Federation::new().member, change)).unwrap()
}

/// What is found, errors only.
fn errors(certificate: &Certificate, standard: Option<Standard>) -> Vec<&'static str> {
    let report = check(certificate, standard);
    let errors = report.findings.iter().filter(|one| one.severity == Severity::Error);
    errors.map(|finding| finding.requirement).collect()
}

#[track_caller]
fn assert_finds(expected: &[&str], draft: &Draft, change: impl FnOnce(&mut Tbs)) {
    assert_eq!(errors(&certificate(draft, change), None), expected);
}

fn replace(tbs: &mut Tbs, identifier: &str, critical: bool, value: &impl der::Encode) {
    remove(tbs, identifier);
    let extension = encode::extension(identifier, critical, value).unwrap();
    tbs.extensions.as_mut().unwrap().push(extension);
}

fn remove(tbs: &mut Tbs, identifier: &str) {
    let list = tbs.extensions.as_mut().unwrap();
    list.retain(|one| one.extn_id.to_string() != identifier);
}

#[test]
fn every_profile_of_ours_is_recognised_or_named_and_has_no_error() {
    let federation = Federation::new();
    for draft in samples::all() {
        let profile = draft.profile;
        let certificate = if profile.is_self_signed() {
            crate::forge::Holder::own(|basis| Draft { basis, ..draft }).certificate
        } else {
            crate::forge::forge(&draft, &federation.member)
        };
        let standard = Standard::Ours(profile);
        assert_eq!(errors(&certificate, Some(standard)), Vec::<&str>::new(), "{profile:?}");
        let guessed = Standard::of(&certificate);
        // Roots and TLS certificates look like everybody's.
        assert!(guessed == standard || guessed == Standard::Plain, "{profile:?}: {guessed:?}");
    }
}

#[test]
fn a_certificate_of_the_baseline_requirements_is_held_to_its_policy() {
    let certificate = certificate(&draft(), |_| {});
    let report = check(&certificate, None);
    assert_eq!(report.standard.name(), "sponsor-strict");
    assert_eq!(errors(&certificate, None), Vec::<&str>::new());
    let names: Vec<_> = report.findings.iter().map(|finding| finding.requirement).collect();
    assert_eq!(names, ["baseline_authority_information"]);
    assert!(!report.has_error());
    let mailbox = Standard::parse("mailbox-strict");
    let found = errors(&certificate, mailbox);
    assert_eq!(found, ["baseline_policies", "baseline_subject", "baseline_common_name"]);
}

#[test]
fn a_certificate_for_too_long_or_of_the_ended_generation_is_found() {
    let mut long = draft();
    long.basis.validity.not_after = long.basis.validity.not_before + Duration::days(825);
    assert_finds(&["baseline_validity"], &long, |_| {});
    let mut legacy = draft();
    legacy.policies = vec!["2.23.140.1.5.3.1".into()];
    assert_finds(&["legacy_generation"], &legacy, |_| {});
}

#[test]
fn usages_beside_those_of_the_key_are_found() {
    let mut both = draft();
    both.key_usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_AGREEMENT;
    assert_finds(&[], &both, |_| {});
    both.key_usage = KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT;
    assert_finds(&["baseline_key_usage"], &both, |_| {});
    let mut purposes = draft();
    purposes.extended_key_usage.push(oid::EKU_CLIENT_AUTH.into());
    assert_finds(&["baseline_extended_key_usage"], &purposes, |_| {});
    purposes.policies = vec!["2.23.140.1.5.3.2".into()];
    assert_finds(&[], &purposes, |_| {});
    purposes.extended_key_usage.push(oid::EKU_SERVER_AUTH.into());
    assert_finds(&["baseline_extended_key_usage"], &purposes, |_| {});
}

#[test]
fn a_name_of_another_kind_beside_the_address_is_found() {
    let draft = draft();
    let email = GeneralName::Rfc822Name(Ia5String::new("hanako@b.example").unwrap());
    let host = GeneralName::DnsName(Ia5String::new("b.example").unwrap());
    assert_finds(&["baseline_names"], &draft, |tbs| {
        replace(tbs, oid::EXT_SUBJECT_ALT_NAME, false, &vec![email, host]);
    });
    assert_finds(&["baseline_names"], &draft, |tbs| remove(tbs, oid::EXT_SUBJECT_ALT_NAME));
}

#[test]
fn an_address_in_the_subject_that_is_nowhere_else_is_found() {
    let mut mailbox = User { identity: Identity::Mailbox, ..samples::HANAKO };
    mailbox.identity_proof = None;
    let draft = with_list(profile::user_signing(basis(&new_key()), &mailbox));
    assert_finds(&[], &draft, |_| {});
    assert_finds(&["baseline_mailbox_in_subject"], &draft, |tbs| {
        let subject = name::encode(&[(oid::EMAIL_ADDRESS, "ceo@b.example")]).unwrap();
        tbs.subject = der::Decode::from_der(&subject).unwrap();
    });
    assert_finds(&["baseline_common_name"], &draft, |tbs| {
        let subject = name::encode(&[(oid::COMMON_NAME, "Hanako")]).unwrap();
        tbs.subject = der::Decode::from_der(&subject).unwrap();
    });
}

#[test]
fn the_country_is_the_one_of_registration() {
    let mut abroad = draft();
    abroad.subject.country = Some("DE".into());
    assert_finds(&["baseline_country"], &abroad, |_| {});
}

#[test]
fn a_subscriber_who_would_be_a_ca_is_found() {
    let found = certificate(&draft(), |tbs| {
        let authority = BasicConstraints { ca: true, path_len_constraint: None };
        replace(tbs, oid::EXT_BASIC_CONSTRAINTS, true, &authority);
    });
    assert!(errors(&found, Standard::parse("sponsor-strict")).contains(&"baseline_no_authority"));
}

#[test]
fn extensions_that_are_critical_against_the_norm_are_found() {
    assert_finds(&["criticality"], &draft(), |tbs| {
        let key_id = der::asn1::OctetString::new([7; 20]).unwrap();
        replace(tbs, oid::EXT_SUBJECT_KEY_ID, true, &key_id);
    });
    assert_finds(&["criticality"], &draft(), |tbs| {
        replace(tbs, "1.3.6.1.4.1.32473.1", true, &true);
    });
    assert_finds(&["authority_key_id"], &draft(), |tbs| remove(tbs, oid::EXT_AUTHORITY_KEY_ID));
}

#[test]
fn a_list_behind_tls_is_an_error_and_no_list_a_hint() {
    let mut https = draft();
    https.basis.crl_urls = vec!["https://crl.b.example/member.crl".into()];
    assert_finds(&["baseline_crl"], &https, |_| {});
    https.basis.crl_urls.clear();
    let found = check(&certificate(&https, |_| {}), None).findings;
    let crl = found.iter().find(|finding| finding.requirement == "baseline_crl").unwrap();
    assert_eq!(crl.severity, Severity::Warning);
}

#[test]
fn what_a_profile_of_ours_does_not_have_is_found() {
    let mut mine = draft();
    mine.identity_proof = samples::HANAKO.identity_proof;
    assert_finds(&[], &mine, |_| {});
    assert_finds(&["nothing_else"], &mine, |tbs| {
        replace(tbs, "1.3.6.1.4.1.32473.1", false, &true);
    });
    let reserved = Draft {
        names: vec![profile::AlternativeName::Email("domain-signing-authority@b.example".into())],
        ..mine
    };
    assert_finds(&["reserved_local_parts"], &reserved, |_| {});
}

#[test]
fn a_mail_certificate_without_a_policy_is_held_to_the_rfc_alone() {
    let mut plain = draft();
    plain.policies.clear();
    let report = check(&certificate(&plain, |_| {}), None);
    assert_eq!(report.standard, Standard::Plain);
    let names: Vec<_> = report.findings.iter().map(|finding| finding.requirement).collect();
    assert_eq!(names, ["known_standard"]);
}

#[test]
fn a_ca_for_mail_is_held_to_the_requirements_for_cas() {
    let mut authority = samples::member_ca();
    authority.policies = vec!["2.23.140.1.5.3.3".into()];
    authority.basis.crl_urls = vec!["http://crl.example/root.crl".into()];
    let found = certificate(&authority, |_| {});
    assert_eq!(Standard::of(&found), Standard::Authority);
    // Issued by a CA of the same name: the tests' federation has one such name only.
    assert_eq!(errors(&found, None), Vec::<&str>::new());
    let open = certificate(&authority, |tbs| {
        tbs.issuer =
            der::Decode::from_der(&name::encode(&[(oid::COMMON_NAME, "R")]).unwrap()).unwrap();
        remove(tbs, oid::EXT_EXTENDED_KEY_USAGE);
        remove(tbs, oid::EXT_CRL_DISTRIBUTION_POINTS);
    });
    let found = errors(&open, Some(Standard::Authority));
    assert_eq!(found, ["authority_purposes", "authority_crl"]);
}
