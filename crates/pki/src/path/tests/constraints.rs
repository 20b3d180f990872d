//! Name constraints of every type, and what tries to slip past them.

use der::Encode;
use der::asn1::{Any, Ia5String, ObjectIdentifier, OctetString};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::NameConstraints;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use super::{answer, input, user};
use crate::certificate::Tbs;
use crate::forge::{Federation, Holder, basis, new_key, sign_tbs};
use crate::path::{PathFault, PathInput, Purpose, validate};
use crate::{Certificate, encode, name, oid, profile};

fn judge(address: &str) -> Result<(), PathFault> {
    let federation = Federation::new();
    let draft = profile::user_signing(basis(&new_key()), &user(address));
    answer(&federation, Purpose::EmailSigning, &draft).map(|_| ())
}

#[test]
fn a_member_ca_speaks_for_its_domain_and_for_no_other() {
    assert_eq!(judge("hanako@b.example"), Ok(()));
    assert_eq!(judge("hanako@B.EXAMPLE"), Ok(()));
    for address in
        ["alice@a.example", "x@sub.b.example", "x@xb.example", "x@b.example.evil", "x@example"]
    {
        assert_eq!(judge(address), Err(PathFault::NameNotPermitted), "{address}");
    }
}

#[test]
fn an_address_beyond_ascii_keeps_the_same_constraint() {
    assert_eq!(judge("花子@b.example"), Ok(()));
    assert_eq!(judge("花子@a.example"), Err(PathFault::NameNotPermitted));
}

#[test]
fn a_second_address_outside_the_domain_is_found() {
    let federation = Federation::new();
    let mut draft = profile::user_signing(basis(&new_key()), &user("hanako@b.example"));
    draft.names.push(profile::AlternativeName::Email("alice@a.example".into()));
    assert_eq!(
        answer(&federation, Purpose::EmailSigning, &draft),
        Err(PathFault::NameNotPermitted)
    );
}

/// A leaf with any names and any subject below a CA with any constraints; the CA is
/// the anchor.
fn constrained(
    constraints: &NameConstraints,
    subject: &[(&str, &str)],
    names: &[GeneralName],
) -> Result<(), PathFault> {
    let ca = altered_ca(constraints);
    let draft = profile::user_signing(basis(&new_key()), &user("hanako@b.example"));
    let leaf = crate::forge::forge(&draft, &ca);
    let leaf = altered(&leaf, &ca, |tbs| {
        tbs.subject = any(&name::encode(subject).unwrap());
        let list = tbs.extensions.as_mut().unwrap();
        list.retain(|one| one.extn_id.to_string() != oid::EXT_SUBJECT_ALT_NAME);
        if !names.is_empty() {
            list.push(extension(oid::EXT_SUBJECT_ALT_NAME, &names.to_vec()));
        }
    });
    let input = input(&leaf, &[], &ca);
    validate(&PathInput { purpose: Purpose::Any, ..input }).map(|_| ())
}

fn altered_ca(constraints: &NameConstraints) -> Holder {
    let mut ca = Holder::own(|basis| profile::root(basis, "Test", "Constrained CA"));
    ca.certificate = altered(&ca.certificate, &ca, |tbs| {
        let list = tbs.extensions.as_mut().unwrap();
        list.push(extension(oid::EXT_NAME_CONSTRAINTS, constraints));
    });
    ca
}

/// The certificate with its content changed and signed again.
fn altered(
    certificate: &Certificate,
    issuer: &Holder,
    change: impl FnOnce(&mut Tbs),
) -> Certificate {
    let mut tbs: Tbs = der::Decode::from_der(certificate.tbs()).unwrap();
    change(&mut tbs);
    sign_tbs(&tbs.to_der().unwrap(), &issuer.key)
}

fn extension(identifier: &str, value: &impl Encode) -> Extension {
    encode::extension(identifier, true, value).unwrap()
}

fn any(der: &[u8]) -> Any {
    der::Decode::from_der(der).unwrap()
}

fn permitted(base: GeneralName) -> NameConstraints {
    NameConstraints { permitted_subtrees: Some(vec![subtree(base)]), excluded_subtrees: None }
}

fn excluded(base: GeneralName) -> NameConstraints {
    NameConstraints { permitted_subtrees: None, excluded_subtrees: Some(vec![subtree(base)]) }
}

fn subtree(base: GeneralName) -> GeneralSubtree {
    GeneralSubtree { base, minimum: 0, maximum: None }
}

fn email(text: &str) -> GeneralName {
    GeneralName::Rfc822Name(Ia5String::new(text).unwrap())
}

fn dns(text: &str) -> GeneralName {
    GeneralName::DnsName(Ia5String::new(text).unwrap())
}

fn uri(text: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap())
}

fn ip(octets: &[u8]) -> GeneralName {
    GeneralName::IpAddress(OctetString::new(octets).unwrap())
}

fn directory(attributes: &[(&str, &str)]) -> GeneralName {
    let der = name::encode(attributes).unwrap();
    GeneralName::DirectoryName(der::Decode::from_der(&der).unwrap())
}

fn other_name(identifier: &str, text: &str) -> GeneralName {
    GeneralName::OtherName(OtherName {
        type_id: ObjectIdentifier::new(identifier).unwrap(),
        value: Any::encode_from(&text.to_owned()).unwrap(),
    })
}

const SUBJECT: &[(&str, &str)] = &[(oid::ORGANIZATION, "B"), (oid::COMMON_NAME, "x")];
const OUTSIDE: Result<(), PathFault> = Err(PathFault::NameNotPermitted);
const EXCLUDED: Result<(), PathFault> = Err(PathFault::NameExcluded);

#[test]
fn an_address_constraint_is_a_host_a_domain_below_or_one_mailbox() {
    let cases = [
        ("b.example", "x@b.example", Ok(())),
        ("b.example", "x@sub.b.example", OUTSIDE),
        (".b.example", "x@sub.b.example", Ok(())),
        (".b.example", "x@b.example", OUTSIDE),
        (".b.example", "x@evilb.example", OUTSIDE),
        ("x@b.example", "x@B.example", Ok(())),
        ("x@b.example", "X@b.example", OUTSIDE),
        ("x@b.example", "y@b.example", OUTSIDE),
    ];
    for (base, name, expected) in cases {
        assert_eq!(
            constrained(&permitted(email(base)), SUBJECT, &[email(name)]),
            expected,
            "{base} {name}"
        );
        let inverse = if expected.is_ok() { EXCLUDED } else { Ok(()) };
        assert_eq!(
            constrained(&excluded(email(base)), SUBJECT, &[email(name)]),
            inverse,
            "{base} {name}"
        );
    }
}

#[test]
fn an_address_in_the_subject_keeps_the_address_constraints() {
    let subject = [(oid::COMMON_NAME, "x"), (oid::EMAIL_ADDRESS, "x@evil.example")];
    assert_eq!(constrained(&permitted(email("b.example")), &subject, &[]), OUTSIDE);
    assert_eq!(constrained(&excluded(email("evil.example")), &subject, &[]), EXCLUDED);
    let unreadable = [(oid::COMMON_NAME, "x"), (oid::EMAIL_ADDRESS, "x@evil.example\0@b")];
    assert_eq!(constrained(&excluded(email("evil.example")), &unreadable, &[]), EXCLUDED);
    assert_eq!(constrained(&permitted(email("b.example")), &unreadable, &[]), OUTSIDE);
}

#[test]
fn a_host_constraint_covers_every_host_below_it() {
    let cases = [
        ("b.example", "b.example", Ok(())),
        ("b.example", "www.B.example", Ok(())),
        ("b.example", "xb.example", OUTSIDE),
        ("", "anything.example", Ok(())),
    ];
    for (base, name, expected) in cases {
        assert_eq!(
            constrained(&permitted(dns(base)), SUBJECT, &[dns(name)]),
            expected,
            "{base} {name}"
        );
    }
    assert_eq!(
        constrained(&excluded(dns("www.b.example")), SUBJECT, &[dns("*.b.example")]),
        EXCLUDED
    );
    assert_eq!(
        constrained(&permitted(dns("www.b.example")), SUBJECT, &[dns("*.b.example")]),
        OUTSIDE
    );
    assert_eq!(constrained(&excluded(dns("")), SUBJECT, &[dns("www.b.example")]), EXCLUDED);
}

#[test]
fn a_directory_constraint_covers_the_names_that_begin_with_it() {
    let base = directory(&[(oid::ORGANIZATION, "b")]);
    assert_eq!(constrained(&permitted(base.clone()), SUBJECT, &[]), Ok(()));
    assert_eq!(constrained(&excluded(base.clone()), SUBJECT, &[]), EXCLUDED);
    let other = [(oid::ORGANIZATION, "C")];
    assert_eq!(constrained(&permitted(base.clone()), &other, &[]), OUTSIDE);
    // An empty subject is no name; a directory name beside it is.
    assert_eq!(constrained(&permitted(base.clone()), &[], &[email("x@b.example")]), Ok(()));
    assert_eq!(constrained(&permitted(base), &[], &[directory(&other)]), OUTSIDE);
}

#[test]
fn a_uri_constraint_looks_at_the_host_only() {
    let cases = [
        ("b.example", "http://b.example/x", Ok(())),
        ("b.example", "https://user@B.example:8443/?q#f", Ok(())),
        ("b.example", "http://b.example@evil.example/", OUTSIDE),
        ("b.example", "http://evil.example/b.example", OUTSIDE),
        (".b.example", "http://www.b.example", Ok(())),
        (".b.example", "http://b.example", OUTSIDE),
        ("b.example", "urn:x", OUTSIDE),
        ("b.example", "http://192.0.2.1/", OUTSIDE),
    ];
    for (base, name, expected) in cases {
        assert_eq!(
            constrained(&permitted(uri(base)), SUBJECT, &[uri(name)]),
            expected,
            "{base} {name}"
        );
    }
    assert_eq!(constrained(&excluded(uri("evil.example")), SUBJECT, &[uri("urn:x")]), EXCLUDED);
}

#[test]
fn an_ip_constraint_is_network_and_mask_of_one_family() {
    let base = ip(&[192, 0, 2, 0, 255, 255, 255, 0]);
    assert_eq!(constrained(&permitted(base.clone()), SUBJECT, &[ip(&[192, 0, 2, 9])]), Ok(()));
    assert_eq!(constrained(&permitted(base.clone()), SUBJECT, &[ip(&[192, 0, 3, 9])]), OUTSIDE);
    assert_eq!(constrained(&permitted(base.clone()), SUBJECT, &[ip(&[0; 16])]), OUTSIDE);
    assert_eq!(constrained(&excluded(base), SUBJECT, &[ip(&[192, 0, 2, 9])]), EXCLUDED);
}

#[test]
fn constraints_that_cannot_be_processed_are_a_fault_whatever_names_follow() {
    let unsupported = Err(PathFault::UnsupportedConstraint);
    let bases = [
        other_name("1.3.6.1.4.1.311.20.2.3", "x@b.example"),
        other_name(oid::SMTP_UTF8_MAILBOX, "花@b.example"),
        GeneralName::RegisteredId(ObjectIdentifier::new_unwrap("1.2.3")),
        email("@b.example"),
        email("b..example"),
        email("b.example\0"),
        email(""),
        dns(".b.example"),
        uri("http://b.example/"),
        ip(&[192, 0, 2, 0]),
    ];
    for base in bases {
        let text = format!("{base:?}");
        assert_eq!(constrained(&permitted(base.clone()), SUBJECT, &[]), unsupported, "{text}");
        assert_eq!(constrained(&excluded(base), SUBJECT, &[]), unsupported, "{text}");
    }
    let mut bounded = permitted(email("b.example"));
    bounded.permitted_subtrees.as_mut().unwrap()[0].maximum = Some(1);
    assert_eq!(constrained(&bounded, SUBJECT, &[]), unsupported);
}

#[test]
fn constraints_of_one_type_leave_other_types_alone() {
    let constraints = permitted(email("b.example"));
    assert_eq!(constrained(&constraints, SUBJECT, &[dns("www.a.example")]), Ok(()));
    assert_eq!(constrained(&constraints, SUBJECT, &[]), Ok(()));
}

#[test]
fn as_many_comparisons_as_the_bound_pass_and_more_do_not() {
    let names = |count: usize| -> Vec<GeneralName> {
        (0..count).map(|number| dns(&format!("h{number}.b.example"))).collect()
    };
    let constraints = NameConstraints {
        permitted_subtrees: Some((0..500).map(|_| subtree(dns("b.example"))).collect()),
        excluded_subtrees: None,
    };
    // The subject is a name, too.
    assert_eq!(constrained(&constraints, SUBJECT, &names(499)), Ok(()));
    assert_eq!(
        constrained(&constraints, SUBJECT, &names(500)),
        Err(PathFault::UnsupportedConstraint)
    );
}
