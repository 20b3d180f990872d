use der::asn1::OctetString;
use time::macros::date;
use x509_cert::ext::pkix::certpolicy::PolicyInformation;
use x509_cert::ext::pkix::{CertificatePolicies, PolicyMapping, PolicyMappings};

use super::*;
use crate::forge::{CITY, Federation, altered, basis, new_key};
use crate::profile::{self, Draft, Generation, Identity, User};
use crate::{encode, issue, lint};

fn hanako() -> User<'static> {
    User {
        address: "hanako@b.example",
        identity: Identity::Sponsor {
            organisation: CITY,
            surname: "山田",
            given_name: "花子",
            common_name: "山田 花子",
        },
        generation: Generation::Multipurpose,
        server_held: true,
        identity_proof: Some(IdentityProof { level: 2, date: date!(2026 - 03 - 31) }),
    }
}

fn draft() -> Draft {
    profile::user_signing(basis(&new_key()), &hanako())
}

/// A certificate to whose extensions something is added; whether it is read.
fn with_extensions(added: &[Extension]) -> Result<(), PkiError> {
    let der = altered(&draft(), &Federation::new().member, |tbs| {
        tbs.extensions.as_mut().unwrap().extend_from_slice(added);
    });
    Certificate::from_der(&der).map(|_| ())
}

fn private(number: usize, octets: usize) -> Extension {
    Extension {
        extn_id: ObjectIdentifier::new(&format!("1.3.6.1.4.1.32473.{number}")).unwrap(),
        critical: false,
        extn_value: OctetString::new(vec![0; octets]).unwrap(),
    }
}

#[test]
fn a_user_certificate_says_what_its_draft_says() {
    let federation = Federation::new();
    let linted = lint::lint(draft()).unwrap();
    let member = &federation.member;
    let certificate = issue::issue(linted, &member.certificate, &member.key).unwrap();
    assert_eq!(certificate.common_name().as_deref(), Some("山田 花子"));
    assert_eq!(certificate.organization().as_deref(), Some("B市"));
    assert_eq!(certificate.organization_identifier().as_deref(), Some(CITY.identifier));
    assert_eq!(certificate.emails(), ["hanako@b.example"]);
    assert_eq!(certificate.policies(), ["2.23.140.1.5.3.2", oid::POLICY_SERVER_HELD]);
    assert!(certificate.has_policy(oid::POLICY_SERVER_HELD));
    assert_eq!(certificate.identity_proof(), hanako().identity_proof);
    assert_eq!(
        certificate.subject_key_id().map(<[u8]>::to_vec),
        Some(crate::key_identifier(certificate.spki()))
    );
    assert!(certificate.allows_signing() && !certificate.allows_encryption());
    assert!(!certificate.is_ca());
}

#[test]
fn an_address_is_found_by_its_exact_local_part_only() {
    let der = altered(&draft(), &Federation::new().member, |_| {});
    let certificate = Certificate::from_der(&der).unwrap();
    assert!(certificate.has_email("hanako@B.Example"));
    for address in
        ["Hanako@b.example", "hanako@b.example ", "\"hanako\"@b.example", "山田 花子", "", "@"]
    {
        assert!(!certificate.has_email(address), "{address:?}");
    }
}

#[test]
fn octets_before_or_after_a_certificate_make_it_none() {
    let der = altered(&draft(), &Federation::new().member, |_| {});
    assert!(Certificate::from_der(&der).is_ok());
    let longer = [der.as_slice(), &[0]].concat();
    assert_eq!(Certificate::from_der(&longer), Err(PkiError::Malformed));
    assert_eq!(Certificate::from_der(&der[..der.len() - 1]), Err(PkiError::Malformed));
}

#[test]
fn the_two_signature_algorithms_must_be_alike() {
    let other = crate::algorithm::to_der(SignatureAlgorithm::RsaPkcs1Sha256).unwrap();
    let der = altered(&draft(), &Federation::new().member, |tbs| {
        tbs.algorithm = Any::from_der(&other).unwrap();
    });
    assert_eq!(Certificate::from_der(&der), Err(PkiError::AlgorithmMismatch));
}

#[test]
fn extensions_stand_in_version_3_only() {
    let der = altered(&draft(), &Federation::new().member, |tbs| tbs.version = Version::V2);
    assert_eq!(Certificate::from_der(&der), Err(PkiError::WrongVersion));
}

#[test]
fn a_hundred_extensions_are_read_and_one_more_is_not() {
    let der = altered(&draft(), &Federation::new().member, |_| {});
    let tbs = Tbs::from_der(Certificate::from_der(&der).unwrap().tbs()).unwrap();
    let room = crate::extensions::MAX_EXTENSIONS - tbs.extensions.unwrap().len();
    let added: Vec<Extension> = (0..=room).map(|number| private(number, 1)).collect();
    assert_eq!(with_extensions(&added[..room]), Ok(()));
    assert_eq!(with_extensions(&added), Err(PkiError::TooLarge));
}

#[test]
fn five_hundred_policies_or_mappings_are_read_and_one_more_is_not() {
    let count = crate::extensions::MAX_POLICIES;
    let policies = |count: usize| {
        let policy = |number: usize| PolicyInformation {
            policy_identifier: ObjectIdentifier::new(&format!("1.3.6.1.4.1.32473.{number}"))
                .unwrap(),
            policy_qualifiers: None,
        };
        let list = CertificatePolicies((0..count).map(policy).collect());
        let der = altered(&draft(), &Federation::new().member, |tbs| {
            let list = encode::extension(oid::EXT_CERTIFICATE_POLICIES, false, &list).unwrap();
            let extensions = tbs.extensions.as_mut().unwrap();
            extensions.retain(|one| one.extn_id != list.extn_id);
            extensions.push(list);
        });
        Certificate::from_der(&der).map(|_| ())
    };
    assert_eq!(policies(count), Ok(()));
    assert_eq!(policies(count + 1), Err(PkiError::TooLarge));
    let mappings = |count: usize| {
        let pair = PolicyMapping {
            issuer_domain_policy: ObjectIdentifier::new_unwrap("1.2.3"),
            subject_domain_policy: ObjectIdentifier::new_unwrap("1.2.4"),
        };
        let list = PolicyMappings(vec![pair; count]);
        with_extensions(&[encode::extension(oid::EXT_POLICY_MAPPINGS, true, &list).unwrap()])
    };
    assert_eq!(mappings(count), Ok(()));
    assert_eq!(mappings(count + 1), Err(PkiError::TooLarge));
}

#[test]
fn a_certificate_as_large_as_the_bound_is_read_and_one_octet_more_is_not() {
    let federation = Federation::new();
    let draft = draft();
    let sized = |padding: usize| {
        altered(&draft, &federation.member, |tbs| {
            tbs.extensions.as_mut().unwrap().push(private(1, padding));
        })
    };
    // ECDSA signatures differ in length by an octet or two: look for one that fits.
    let overhead = sized(MAX_CERTIFICATE_BYTES - 4096).len() - (MAX_CERTIFICATE_BYTES - 4096);
    let fitting = (0..200)
        .map(|_| sized(MAX_CERTIFICATE_BYTES - overhead))
        .find(|der| der.len() == MAX_CERTIFICATE_BYTES)
        .unwrap();
    assert!(Certificate::from_der(&fitting).is_ok());
    let over = [fitting.as_slice(), &[0]].concat();
    assert_eq!(Certificate::from_der(&over), Err(PkiError::TooLarge));
}

#[test]
fn what_is_shown_for_debugging_is_short() {
    let federation = Federation::new();
    let shown = format!("{:?}", federation.root.certificate);
    assert!(shown.starts_with("Certificate(CN=SSMAX Root,O=SSMAX Authority,C=JP"), "{shown}");
    assert!(shown.len() < 120);
}
