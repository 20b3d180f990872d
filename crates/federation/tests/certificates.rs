//! An organisation certificate counts only together with the list.
#![allow(clippy::unwrap_used, reason = "tests stop at what they do not expect")]

mod authority;
mod sample;

use authority::{Authority, basis, certificate, key};
use sample::{corporate_number, member};
use ssmax_federation::{ListFault, Member, member_id, organisation_certificates_match};
use ssmax_pki::Certificate;
use ssmax_pki::profile::{self, Organisation};

/// The signing certificate of sample member 1 for these domains.
fn signing(authority: &Authority, domains: &[&str]) -> Certificate {
    let id = member_id(&corporate_number(1));
    let organisation = Organisation { name: "Example 1", identifier: &id };
    let draft = profile::organisation_signing(basis(&key(), 365), &organisation, domains);
    certificate(draft, &authority.issuing_ca, &authority.issuing_key)
}

/// Sample member 1 with this certificate listed.
fn listing(certificate: &Certificate) -> Member {
    let mut member = member(1, "a.example");
    member.certificates = vec![hex::encode(certificate.sha256())];
    member
}

#[test]
fn list_and_certificate_together_make_it_the_members() {
    let authority = Authority::new();
    let signing = signing(&authority, &["a.example"]);
    let member = listing(&signing);
    for domain in ["a.example", "A.Example"] {
        assert_eq!(organisation_certificates_match(&member, &signing, domain), Ok(()));
    }
}

#[test]
fn an_encryption_certificate_counts_by_its_own_role_address() {
    let authority = Authority::new();
    let id = member_id(&corporate_number(1));
    let organisation = Organisation { name: "Example 1", identifier: &id };
    let draft = profile::organisation_encryption(basis(&key(), 365), &organisation, &["a.example"]);
    let encryption = certificate(draft, &authority.issuing_ca, &authority.issuing_key);
    let member = listing(&encryption);
    assert_eq!(organisation_certificates_match(&member, &encryption, "a.example"), Ok(()));
}

#[test]
fn a_certificate_that_the_list_does_not_name_does_not_count() {
    let authority = Authority::new();
    let member = listing(&signing(&authority, &["a.example"]));
    assert_eq!(
        organisation_certificates_match(&member, &signing(&authority, &["a.example"]), "a.example"),
        Err(ListFault::CertificateNotListed)
    );
}

#[test]
fn a_domain_in_the_list_but_not_in_the_certificate_does_not_count() {
    let authority = Authority::new();
    let signing = signing(&authority, &["a.example"]);
    let mut member = listing(&signing);
    member.domains.push("second.example".into());
    assert_eq!(
        organisation_certificates_match(&member, &signing, "second.example"),
        Err(ListFault::DomainNotCertified)
    );
}

#[test]
fn a_domain_in_the_certificate_but_not_in_the_list_does_not_count() {
    let authority = Authority::new();
    let signing = signing(&authority, &["a.example", "second.example"]);
    let member = listing(&signing);
    for domain in ["second.example", "x.a.example", "example", "", "a.example."] {
        assert_eq!(
            organisation_certificates_match(&member, &signing, domain),
            Err(ListFault::DomainNotListed),
            "{domain}"
        );
    }
}

#[test]
fn a_certificate_of_another_organisation_does_not_count_even_if_listed() {
    let authority = Authority::new();
    let signing = signing(&authority, &["a.example"]);
    let mut other = member(2, "a.example");
    other.certificates = vec![hex::encode(signing.sha256())];
    assert_eq!(
        organisation_certificates_match(&other, &signing, "a.example"),
        Err(ListFault::OrganisationMismatch)
    );
}

#[test]
fn the_member_ca_speaks_for_no_domain() {
    let authority = Authority::new();
    let id = member_id(&corporate_number(1));
    let organisation = Organisation { name: "Example 1", identifier: &id };
    let draft =
        profile::member_ca(basis(&key(), 365), &organisation, "Example 1 CA", &["a.example"]);
    let ca = certificate(draft, &authority.issuing_ca, &authority.issuing_key);
    assert_eq!(
        organisation_certificates_match(&listing(&ca), &ca, "a.example"),
        Err(ListFault::NotOrganisationCertificate)
    );
}
