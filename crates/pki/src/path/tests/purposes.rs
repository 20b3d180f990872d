//! What a member could try with its CA, and who may do what.

use super::{answer, input, user};
use crate::forge::{CITY, Federation, Holder, basis, new_key};
use crate::path::{PathFault, PathInput, Purpose, validate};
use crate::{KeyUsage, oid, profile};

fn organisation(federation: &Federation) -> Holder {
    Holder::below(&federation.issuing, |basis| {
        profile::organisation_signing(basis, &CITY, &["b.example"])
    })
}

fn judge(federation: &Federation, holder: &Holder, purpose: Purpose) -> Result<(), PathFault> {
    let intermediates = federation.intermediates();
    let input = input(&holder.certificate, &intermediates, &federation.root);
    validate(&PathInput { purpose, ..input }).map(|_| ())
}

#[test]
fn an_organisation_signs_for_itself_and_encrypts_with_another_certificate() {
    let federation = Federation::new();
    let signing = organisation(&federation);
    let encryption = Holder::below(&federation.issuing, |basis| {
        profile::organisation_encryption(basis, &CITY, &["b.example"])
    });
    assert_eq!(judge(&federation, &signing, Purpose::OrganisationSigning), Ok(()));
    assert_eq!(judge(&federation, &encryption, Purpose::OrganisationEncryption), Ok(()));
    assert_eq!(
        judge(&federation, &signing, Purpose::OrganisationEncryption),
        Err(PathFault::WrongKeyUsage)
    );
    assert_eq!(
        judge(&federation, &encryption, Purpose::OrganisationSigning),
        Err(PathFault::WrongKeyUsage)
    );
}

#[test]
fn a_member_ca_cannot_make_an_organisation_certificate_for_its_own_domain() {
    let federation = Federation::new();
    let draft = profile::organisation_signing(basis(&new_key()), &CITY, &["b.example"]);
    assert_eq!(
        answer(&federation, Purpose::OrganisationSigning, &draft),
        Err(PathFault::NoAcceptablePolicy)
    );
}

#[test]
fn any_policy_in_a_leaf_is_not_the_organisation_policy() {
    let federation = Federation::new();
    let leaf = Holder::below(&federation.issuing, |basis| {
        let mut draft = profile::organisation_signing(basis, &CITY, &["b.example"]);
        draft.policies = vec![oid::ANY_POLICY.into()];
        draft
    });
    assert_eq!(
        judge(&federation, &leaf, Purpose::OrganisationSigning),
        Err(PathFault::WrongPolicy)
    );
}

#[test]
fn a_member_ca_cannot_make_a_list_signer() {
    let federation = Federation::new();
    let draft = profile::list_signer(basis(&new_key()), "SSMAX Authority", "SSMAX Member List");
    assert_eq!(
        answer(&federation, Purpose::ListSigning, &draft),
        Err(PathFault::WrongExtendedKeyUsage)
    );
}

#[test]
fn the_list_signer_comes_from_root_or_issuing_ca_and_signs_no_mail() {
    let federation = Federation::new();
    for issuer in [&federation.root, &federation.issuing] {
        let signer = Holder::below(issuer, |basis| {
            profile::list_signer(basis, "SSMAX Authority", "SSMAX Member List")
        });
        assert_eq!(judge(&federation, &signer, Purpose::ListSigning), Ok(()));
        assert_eq!(
            judge(&federation, &signer, Purpose::EmailSigning),
            Err(PathFault::WrongExtendedKeyUsage)
        );
    }
    assert_eq!(
        judge(&federation, &organisation(&federation), Purpose::ListSigning),
        Err(PathFault::WrongExtendedKeyUsage)
    );
}

#[test]
fn a_mail_ca_makes_no_tls_server() {
    let federation = Federation::new();
    let draft = profile::tls_server(basis(&new_key()), &["gateway.b.example"]);
    assert_eq!(
        answer(&federation, Purpose::TlsServer, &draft),
        Err(PathFault::WrongExtendedKeyUsage)
    );
}

#[test]
fn a_tls_server_is_trusted_by_way_of_the_transport_ca() {
    let ca = Holder::own(|basis| profile::transport_ca(basis, &CITY, "B City Transport CA"));
    let server = Holder::below(&ca, |basis| profile::tls_server(basis, &["gateway.b.example"]));
    let client = Holder::below(&ca, |basis| profile::tls_client(basis, "gateway"));
    let judge = |holder: &Holder| {
        let input = input(&holder.certificate, &[], &ca);
        validate(&PathInput { purpose: Purpose::TlsServer, ..input }).map(|_| ())
    };
    assert_eq!(judge(&server), Ok(()));
    assert_eq!(judge(&client), Err(PathFault::WrongExtendedKeyUsage));
}

#[test]
fn signing_and_encryption_keys_are_not_taken_for_each_other() {
    let federation = Federation::new();
    let signing = profile::user_signing(basis(&new_key()), &user("hanako@b.example"));
    let encryption = profile::user_encryption(basis(&new_key()), &user("hanako@b.example"));
    assert!(answer(&federation, Purpose::EmailSigning, &signing).is_ok());
    assert!(answer(&federation, Purpose::EmailEncryption, &encryption).is_ok());
    for (purpose, draft) in
        [(Purpose::EmailEncryption, &signing), (Purpose::EmailSigning, &encryption)]
    {
        assert_eq!(answer(&federation, purpose, draft), Err(PathFault::WrongKeyUsage));
    }
}

#[test]
fn a_certificate_for_tls_only_signs_no_mail_and_one_for_any_purpose_does() {
    let federation = Federation::new();
    let mut draft = profile::user_signing(basis(&new_key()), &user("hanako@b.example"));
    draft.extended_key_usage = vec![oid::EKU_SERVER_AUTH.into()];
    assert_eq!(
        answer(&federation, Purpose::EmailSigning, &draft),
        Err(PathFault::WrongExtendedKeyUsage)
    );
    for open in [vec![oid::EKU_ANY.to_owned()], Vec::new()] {
        draft.extended_key_usage = open;
        assert!(answer(&federation, Purpose::EmailSigning, &draft).is_ok());
    }
}

#[test]
fn the_seal_ca_vouches_for_outside_persons_and_never_for_colleagues() {
    let seal_ca =
        Holder::own(|basis| profile::seal_ca(basis, &CITY, "B City Seal CA", &["b.example"]));
    let relay = |address: &str| {
        let leaf = Holder::below(&seal_ca, |basis| {
            profile::relay_signing(basis, address, "Alice (checked by B)")
        });
        validate(&input(&leaf.certificate, &[], &seal_ca)).map(|_| ())
    };
    assert_eq!(relay("alice@a.example"), Ok(()));
    assert_eq!(relay("山田@a.example"), Ok(()));
    assert_eq!(relay("hanako@b.example"), Err(PathFault::NameExcluded));
    assert_eq!(relay("花子@b.example"), Err(PathFault::NameExcluded));
}

#[test]
fn a_ca_certificate_signs_no_mail() {
    let federation = Federation::new();
    assert_eq!(
        federation.member.certificate.key_usage(),
        Some(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN)
    );
    assert_eq!(
        judge(&federation, &federation.member, Purpose::EmailSigning),
        Err(PathFault::WrongKeyUsage)
    );
}
