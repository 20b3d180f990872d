//! CRLs: whose, when, about whom.

use der::asn1::Ia5String;
use der::{Decode, Encode};
use time::{Duration, OffsetDateTime};
use x509_cert::crl::TbsCertList;
use x509_cert::ext::pkix::IssuingDistributionPoint;
use x509_cert::ext::pkix::crl::dp::Reasons;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::time::Time;

use super::{a_user, input};
use crate::crl::{self, Content, Crl, Entry, Reason};
use crate::forge::{AT, BEGIN, CITY, Federation, Holder, signed_octets};
use crate::path::{PathFault, PathInput, Revocation, validate};
use crate::{Certificate, KeyUsage, encode, oid, profile};

pub(crate) fn content(revoked: &[(&Certificate, OffsetDateTime)]) -> Content {
    Content {
        this_update: AT - Duration::hours(1),
        next_update: AT + Duration::hours(23),
        number: 1,
        keeps_since: None,
        entries: revoked
            .iter()
            .map(|(certificate, revoked_at)| Entry {
                serial: certificate.serial().to_vec(),
                revoked_at: *revoked_at,
                reason: Reason::KeyCompromise,
            })
            .collect(),
    }
}

pub(crate) fn issue(issuer: &Holder, content: &Content) -> Crl {
    crl::issue(&issuer.certificate, &issuer.key, content).unwrap()
}

pub(super) struct Scene {
    pub(super) federation: Federation,
    pub(super) hanako: Holder,
    /// Those of root and issuing CA, which list nobody.
    pub(super) upper: Vec<Crl>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let federation = Federation::new();
        let hanako = a_user(&federation);
        let upper =
            [&federation.root, &federation.issuing].map(|ca| issue(ca, &content(&[]))).to_vec();
        Self { federation, hanako, upper }
    }

    fn judge_at(&self, crl: Option<Crl>, at: OffsetDateTime) -> Result<(), PathFault> {
        let mut crls = self.upper.clone();
        crls.extend(crl);
        let intermediates = self.federation.intermediates();
        let input = input(&self.hanako.certificate, &intermediates, &self.federation.root);
        validate(&PathInput { crls: &crls, at, revocation: Revocation::Require, ..input })
            .map(|_| ())
    }

    fn judge(&self, crl: Crl) -> Result<(), PathFault> {
        self.judge_at(Some(crl), AT)
    }
}

#[test]
fn with_a_current_crl_of_every_ca_the_path_is_valid() {
    let scene = Scene::new();
    assert_eq!(scene.judge(issue(&scene.federation.member, &content(&[]))), Ok(()));
}

#[test]
fn without_the_issuers_crl_the_state_is_unknown_unless_nobody_asks() {
    let scene = Scene::new();
    assert_eq!(scene.judge_at(None, AT), Err(PathFault::RevocationUnknown));
    let intermediates = scene.federation.intermediates();
    let input = input(&scene.hanako.certificate, &intermediates, &scene.federation.root);
    assert!(validate(&input).is_ok());
}

#[test]
fn a_revoked_user_is_revoked_from_that_second_on() {
    let scene = Scene::new();
    let listed = |at| issue(&scene.federation.member, &content(&[(&scene.hanako.certificate, at)]));
    let revoked = Err(PathFault::Revoked { since: AT, reason: Reason::KeyCompromise });
    assert_eq!(scene.judge(listed(AT)), revoked);
    assert_eq!(scene.judge(listed(AT + Duration::SECOND)), Ok(()));
}

#[test]
fn a_revoked_member_ca_takes_its_users_along() {
    let mut scene = Scene::new();
    let since = AT - Duration::DAY;
    let member = &scene.federation.member.certificate;
    scene.upper[1] = issue(&scene.federation.issuing, &content(&[(member, since)]));
    assert_eq!(
        scene.judge(issue(&scene.federation.member, &content(&[]))),
        Err(PathFault::Revoked { since, reason: Reason::KeyCompromise })
    );
}

#[test]
fn a_crl_counts_until_its_next_update_and_not_a_second_longer() {
    let scene = Scene::new();
    let content = content(&[]);
    let crl = issue(&scene.federation.member, &content);
    assert_eq!(scene.judge_at(Some(crl.clone()), content.next_update), Ok(()));
    assert_eq!(
        scene.judge_at(Some(crl), content.next_update + Duration::SECOND),
        Err(PathFault::RevocationStale)
    );
}

#[test]
fn a_crl_from_later_tells_about_the_past_as_long_as_the_certificate_runs() {
    let scene = Scene::new();
    let end = scene.hanako.certificate.not_after();
    let later = |this_update: OffsetDateTime| {
        let next_update = this_update + Duration::DAY;
        issue(&scene.federation.member, &Content { this_update, next_update, ..content(&[]) })
    };
    assert_eq!(scene.judge(later(AT + Duration::DAY)), Ok(()));
    assert_eq!(scene.judge(later(end)), Ok(()));
    assert_eq!(scene.judge(later(end + Duration::SECOND)), Err(PathFault::RevocationUnknown));
}

#[test]
fn a_crl_by_another_key_under_the_same_name_is_nobodys() {
    let scene = Scene::new();
    let impostor = Federation::new().member;
    assert_eq!(scene.judge(issue(&impostor, &content(&[]))), Err(PathFault::RevocationUnknown));
}

#[test]
fn a_crl_by_a_ca_that_may_not_sign_crls_is_nobodys() {
    let mut scene = Scene::new();
    let crl = issue(&scene.federation.member, &content(&[]));
    let mut draft = profile::member_ca(
        crate::forge::basis(&scene.federation.member.key),
        &crate::forge::CITY,
        "B City Member CA",
        &["b.example"],
    );
    draft.key_usage = crate::KeyUsage::CERT_SIGN;
    scene.federation.member.certificate = crate::forge::forge(&draft, &scene.federation.issuing);
    assert_eq!(scene.judge(crl), Err(PathFault::RevocationUnknown));
}

#[test]
fn the_latest_crl_decides() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let held = content(&[(&scene.hanako.certificate, BEGIN)]);
    let lifted = Content { this_update: AT, number: 2, ..content(&[]) };
    for crls in [
        [issue(member, &held), issue(member, &lifted)],
        [issue(member, &lifted), issue(member, &held)],
    ] {
        let mut scene_crls = scene.upper.clone();
        scene_crls.extend(crls);
        let intermediates = scene.federation.intermediates();
        let input = input(&scene.hanako.certificate, &intermediates, &scene.federation.root);
        let input = PathInput { crls: &scene_crls, revocation: Revocation::Require, ..input };
        assert!(validate(&input).is_ok());
    }
}

/// The CRL with its content changed and signed again.
pub(crate) fn altered(crl: &Crl, issuer: &Holder, change: impl FnOnce(&mut TbsCertList)) -> Crl {
    let mut tbs = TbsCertList::from_der(crl.tbs()).unwrap();
    change(&mut tbs);
    Crl::from_der(&signed_octets(&tbs.to_der().unwrap(), &issuer.key)).unwrap()
}

pub(crate) fn with_extension(
    crl: &Crl,
    issuer: &Holder,
    identifier: &str,
    value: &impl Encode,
) -> Crl {
    altered(crl, issuer, |tbs| {
        let extension = encode::extension(identifier, true, value).unwrap();
        tbs.crl_extensions.as_mut().unwrap().push(extension);
    })
}

pub(crate) fn scope() -> IssuingDistributionPoint {
    IssuingDistributionPoint {
        distribution_point: None,
        only_contains_user_certs: false,
        only_contains_ca_certs: false,
        only_some_reasons: None,
        indirect_crl: false,
        only_contains_attribute_certs: false,
    }
}

#[test]
fn a_crl_with_an_unknown_critical_extension_says_nothing() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let crl = issue(member, &content(&[]));
    let odd = with_extension(&crl, member, "1.3.6.1.4.1.32473.1", &true);
    assert_eq!(scene.judge(odd), Err(PathFault::RevocationUnknown));
    let odd_entry = altered(
        &issue(member, &content(&[(&scene.federation.root.certificate, BEGIN)])),
        member,
        |tbs| {
            let extension = encode::extension("1.3.6.1.4.1.32473.1", true, &true).unwrap();
            let entries = tbs.revoked_certificates.as_mut().unwrap();
            entries[0].crl_entry_extensions.as_mut().unwrap().push(extension);
        },
    );
    assert_eq!(scene.judge(odd_entry), Err(PathFault::RevocationUnknown));
}

#[test]
fn a_crl_counts_only_for_the_certificates_that_it_is_for() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let crl = issue(member, &content(&[]));
    let narrowed = |scope: IssuingDistributionPoint| {
        scene.judge(with_extension(&crl, member, oid::EXT_ISSUING_DISTRIBUTION_POINT, &scope))
    };
    let unknown = Err(PathFault::RevocationUnknown);
    let users = IssuingDistributionPoint { only_contains_user_certs: true, ..scope() };
    assert_eq!(narrowed(users), Ok(()));
    let authorities = IssuingDistributionPoint { only_contains_ca_certs: true, ..scope() };
    assert_eq!(narrowed(authorities), unknown);
    // An indirect CRL speaks about its own issuer's certificates as well.
    let indirect = IssuingDistributionPoint { indirect_crl: true, ..scope() };
    assert_eq!(narrowed(indirect), Ok(()));
    let contradicting = IssuingDistributionPoint {
        only_contains_user_certs: true,
        only_contains_ca_certs: true,
        ..scope()
    };
    assert_eq!(narrowed(contradicting), unknown);
    let attributes = IssuingDistributionPoint { only_contains_attribute_certs: true, ..scope() };
    assert_eq!(narrowed(attributes), unknown);
    let reasons = IssuingDistributionPoint {
        only_some_reasons: Some(Reasons::KeyCompromise.into()),
        ..scope()
    };
    assert_eq!(narrowed(reasons), unknown);
    let uri = GeneralName::UniformResourceIdentifier(Ia5String::new("http://crl.example").unwrap());
    let point = Some(DistributionPointName::FullName(vec![uri]));
    let elsewhere = IssuingDistributionPoint { distribution_point: point, ..scope() };
    assert_eq!(narrowed(elsewhere), unknown);
}

#[test]
fn a_delta_proves_nothing_good_but_what_it_revokes_is_revoked() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let base = issue(member, &content(&[]));
    let delta = |crl: &Crl| with_extension(crl, member, oid::EXT_DELTA_CRL, &1_u8);
    assert_eq!(scene.judge(delta(&base)), Err(PathFault::RevocationUnknown));
    let listed = delta(&issue(member, &content(&[(&scene.hanako.certificate, BEGIN)])));
    let mut crls = scene.upper.clone();
    crls.extend([base, listed]);
    let intermediates = scene.federation.intermediates();
    let input = input(&scene.hanako.certificate, &intermediates, &scene.federation.root);
    let input = PathInput { crls: &crls, revocation: Revocation::Require, ..input };
    let revoked = PathFault::Revoked { since: BEGIN, reason: Reason::KeyCompromise };
    assert_eq!(validate(&input), Err(revoked));
}

#[test]
fn an_earlier_invalidity_date_is_the_date_of_revocation() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let since = BEGIN + Duration::DAY;
    let listed = issue(member, &content(&[(&scene.hanako.certificate, AT + Duration::DAY)]));
    let listed = altered(&listed, member, |tbs| {
        let date = crate::instant::to_generalized(since).unwrap();
        let extension = encode::extension(oid::EXT_INVALIDITY_DATE, false, &date).unwrap();
        let entries = tbs.revoked_certificates.as_mut().unwrap();
        entries[0].crl_entry_extensions.as_mut().unwrap().push(extension);
    });
    let revoked = PathFault::Revoked { since, reason: Reason::KeyCompromise };
    assert_eq!(scene.judge(listed), Err(revoked));
}

#[test]
fn a_key_that_the_ca_certified_for_crls_may_sign_them_and_no_certificates() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let crl_key = Holder::below(member, |basis| {
        let mut draft = profile::member_ca(basis, &CITY, "B City Member CA", &["b.example"]);
        draft.is_ca = false;
        draft.path_len = None;
        draft.key_usage = KeyUsage::CRL_SIGN;
        draft.permitted_domains.clear();
        draft
    });
    let judge = |crls: &[Crl]| {
        let mut intermediates = scene.federation.intermediates();
        intermediates.push(crl_key.certificate.clone());
        let input = input(&scene.hanako.certificate, &intermediates, &scene.federation.root);
        let crls = [&scene.upper, crls].concat();
        validate(&PathInput { crls: &crls, revocation: Revocation::Require, ..input }).map(|_| ())
    };
    let listed = issue(&crl_key, &content(&[(&scene.hanako.certificate, BEGIN)]));
    let by_crl_key = issue(&crl_key, &content(&[]));
    // The state of the CRL key itself comes from a CRL that it did not sign.
    assert_eq!(judge(std::slice::from_ref(&by_crl_key)), Err(PathFault::RevocationUnknown));
    let own = issue(member, &content(&[]));
    let users = IssuingDistributionPoint { only_contains_user_certs: true, ..scope() };
    let about_crl_key = with_extension(&own, member, oid::EXT_ISSUING_DISTRIBUTION_POINT, &users);
    assert_eq!(judge(&[by_crl_key, about_crl_key.clone()]), Ok(()));
    let later = altered(&listed, &crl_key, |tbs| {
        tbs.this_update = Time::from(der::DateTime::new(2026, 6, 1, 0, 0, 0).unwrap());
    });
    let revoked = PathFault::Revoked { since: BEGIN, reason: Reason::KeyCompromise };
    assert_eq!(judge(&[later, about_crl_key]), Err(revoked));
}

#[test]
fn a_crl_is_read_back_with_serials_of_every_shape() {
    let scene = Scene::new();
    let serials: [&[u8]; 4] = [&[1], &[0x7f; 20], &[0, 0x80, 1], &[0x41; 16]];
    let entries = serials.map(|serial| Entry {
        serial: serial.to_vec(),
        revoked_at: AT,
        reason: Reason::Unspecified,
    });
    let crl =
        issue(&scene.federation.member, &Content { entries: entries.to_vec(), ..content(&[]) });
    let again = Crl::from_pem(&crl.to_pem()).unwrap();
    assert_eq!(again, crl);
    assert_eq!(again.verify(&scene.federation.member.certificate), Ok(()));
    let mut expected = serials.map(<[u8]>::to_vec);
    expected.sort();
    let read: Vec<_> = again.entries().iter().map(|entry| entry.serial.clone()).collect();
    assert_eq!(read, expected);
}
