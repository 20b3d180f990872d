//! OCSP responses: about whom, by whom, for when.

use der::asn1::{Any, OctetString};
use ssmax_primitives::DigestAlgorithm;
use time::{Duration, OffsetDateTime};

use super::input;
use super::revocation::{Scene, content, issue};
use crate::crl::{Crl, Reason};
use crate::forge::responses::{
    Made, asked, delegate, generalized, good, hashed, of_responder, revoked_since, single, unknown,
};
use crate::forge::{AT, BEGIN, Federation, Holder, altered, basis, new_key};
use crate::ocsp::syntax::Single;
use crate::ocsp::{
    AGE_WITHOUT_NEXT_UPDATE, Fault, MAX_ANSWERS, MAX_RESPONSE_BYTES, Request, Response, Said,
    Status, respond,
};
use crate::path::{PathFault, PathInput, Revocation, validate};
use crate::{Certificate, KeyUsage, PkiError, encode, oid, profile};

impl Scene {
    fn answers(&self, responses: &[Response], crls: &[Crl]) -> Result<(), PathFault> {
        self.answers_at(AT, responses, crls)
    }

    /// Only the leaf's state is required.
    fn answers_at(
        &self,
        at: OffsetDateTime,
        responses: &[Response],
        crls: &[Crl],
    ) -> Result<(), PathFault> {
        let intermediates = self.federation.intermediates();
        let input = input(&self.hanako.certificate, &intermediates, &self.federation.root);
        let revocation = Revocation::RequireLeaf;
        validate(&PathInput { ocsp: responses, crls, at, revocation, ..input }).map(|_| ())
    }

    fn about_hanako(&self, status: Any) -> Single {
        single(&self.hanako.certificate, &self.federation.member.certificate, status)
    }

    fn answer(&self, response: Response) -> Result<(), PathFault> {
        self.answers(&[response], &[])
    }
}

fn fault(fault: Fault) -> Result<(), PathFault> {
    Err(PathFault::Ocsp(fault))
}

#[test]
fn the_issuers_own_response_tells_the_state_by_name_or_by_key() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let answer = |status: Any, by_key| {
        let made = Made { by_key, ..Made::of(vec![scene.about_hanako(status)]) };
        scene.answer(made.signed(member))
    };
    for by_key in [false, true] {
        assert_eq!(answer(good(), by_key), Ok(()));
        let since = AT - Duration::DAY;
        let revoked = PathFault::Revoked { since, reason: Reason::KeyCompromise };
        assert_eq!(answer(revoked_since(since, 1), by_key), Err(revoked));
        assert_eq!(answer(unknown(), by_key), fault(Fault::Unknown));
    }
}

#[test]
fn the_certificate_may_be_named_with_sha_1_or_sha_2_and_not_otherwise() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let (hanako, issuer) = (&scene.hanako.certificate, &member.certificate);
    for (algorithm, identifier, expected) in [
        (DigestAlgorithm::Sha1, "1.3.14.3.2.26", Ok(())),
        (DigestAlgorithm::Sha256, "2.16.840.1.101.3.4.2.1", Ok(())),
        (DigestAlgorithm::Sha512, "2.16.840.1.101.3.4.2.3", Ok(())),
        (DigestAlgorithm::Sha1, "1.2.840.113549.2.5", fault(Fault::UnsupportedAlgorithm)),
        (DigestAlgorithm::Sha256, "1.3.14.3.2.26", fault(Fault::OtherIssuer)),
    ] {
        let answer = hashed(hanako, issuer, good(), algorithm, identifier);
        assert_eq!(scene.answer(Made::of(vec![answer]).signed(member)), expected, "{identifier}");
    }
}

#[test]
fn an_answer_about_another_certificate_or_issuer_says_nothing() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let stranger = Federation::new().member;
    let other = single(&member.certificate, &member.certificate, good());
    assert_eq!(scene.answer(Made::of(vec![other]).signed(member)), fault(Fault::OtherCertificate));
    // The name of the issuer is alike, its key is not.
    let elsewhere = single(&scene.hanako.certificate, &stranger.certificate, good());
    assert_eq!(scene.answer(Made::of(vec![elsewhere]).signed(member)), fault(Fault::OtherIssuer));
    assert_eq!(scene.answers(&[], &[]), Err(PathFault::RevocationUnknown));
}

#[test]
fn among_several_answers_the_one_about_the_certificate_counts_and_two_about_it_do_not() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let other = || single(&member.certificate, &member.certificate, unknown());
    let made = Made::of(vec![other(), scene.about_hanako(good()), other()]);
    assert_eq!(scene.answer(made.signed(member)), Ok(()));
    let twice = Made::of(vec![scene.about_hanako(good()), scene.about_hanako(good())]);
    assert_eq!(scene.answer(twice.signed(member)), fault(Fault::SeveralAnswers));
    let since = AT - Duration::DAY;
    let both = vec![scene.about_hanako(good()), scene.about_hanako(revoked_since(since, 4))];
    let revoked = PathFault::Revoked { since, reason: Reason::Superseded };
    assert_eq!(scene.answer(Made::of(both).signed(member)), Err(revoked));
}

#[test]
fn an_answer_counts_from_this_update_to_next_update() {
    let scene = Scene::new();
    let response = Made::of(vec![scene.about_hanako(good())]).signed(&scene.federation.member);
    let ask = |at| scene.answers_at(at, std::slice::from_ref(&response), &[]);
    assert_eq!(ask(AT - Duration::HOUR), Ok(()));
    assert_eq!(ask(AT + Duration::hours(23)), Ok(()));
    assert_eq!(ask(AT + Duration::hours(23) + Duration::SECOND), fault(Fault::Stale));
    // Made later, it knows more about the past.
    assert_eq!(ask(BEGIN + Duration::DAY), Ok(()));
}

#[test]
fn an_answer_without_next_update_counts_for_an_hour() {
    let scene = Scene::new();
    let open = Single { next_update: None, ..scene.about_hanako(good()) };
    let response = Made::of(vec![open]).signed(&scene.federation.member);
    let begin = AT - Duration::HOUR;
    let ask = |at| scene.answers_at(at, std::slice::from_ref(&response), &[]);
    assert_eq!(ask(begin + AGE_WITHOUT_NEXT_UPDATE), Ok(()));
    assert_eq!(ask(begin + AGE_WITHOUT_NEXT_UPDATE + Duration::SECOND), fault(Fault::Stale));
}

#[test]
fn what_was_revoked_later_was_good_before_and_a_stale_answer_still_revokes() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let since = AT - Duration::DAY;
    let response =
        |reason| Made::of(vec![scene.about_hanako(revoked_since(since, reason))]).signed(member);
    let compromised = [response(1)];
    let revoked = Err(PathFault::Revoked { since, reason: Reason::KeyCompromise });
    assert_eq!(scene.answers_at(since - Duration::SECOND, &compromised, &[]), Ok(()));
    assert_eq!(scene.answers_at(since, &compromised, &[]), revoked);
    let late = AT + Duration::days(10);
    assert_eq!(scene.answers_at(late, &compromised, &[]), revoked);
    assert_eq!(scene.answers_at(late, &[response(6)], &[]), fault(Fault::Stale));
}

#[test]
fn an_answer_from_after_the_end_counts_only_with_an_archive() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let end = scene.hanako.certificate.not_after();
    let response = |cutoff: Option<OffsetDateTime>| {
        let this_update = generalized(end + Duration::DAY);
        let answer = Single { this_update, next_update: None, ..scene.about_hanako(good()) };
        let extensions = cutoff.map(|cutoff| {
            vec![encode::extension(oid::OCSP_ARCHIVE_CUTOFF, false, &generalized(cutoff)).unwrap()]
        });
        let made = Made { produced_at: end + Duration::DAY, extensions, ..Made::of(vec![answer]) };
        made.signed(member)
    };
    assert_eq!(scene.answer(response(None)), fault(Fault::NotForThisTime));
    assert_eq!(scene.answer(response(Some(end))), Ok(()));
    let too_late = end + Duration::SECOND;
    assert_eq!(scene.answer(response(Some(too_late))), fault(Fault::NotForThisTime));
}

#[test]
fn an_answer_that_is_newer_than_its_response_is_none() {
    let scene = Scene::new();
    let answer = Single { this_update: generalized(AT), ..scene.about_hanako(good()) };
    let made = Made::of(vec![answer]);
    let answer = scene.answer(made.signed(&scene.federation.member));
    assert_eq!(answer, fault(Fault::NotForThisTime));
}

#[test]
fn a_delegate_of_the_issuer_may_answer() {
    let scene = Scene::new();
    let responder = delegate(&scene.federation.member, |_| {});
    let made = || Made::of(vec![scene.about_hanako(good())]);
    let response = made().with(&[&responder.certificate]).signed(&responder);
    assert_eq!(scene.answer(response), Ok(()));
    // Without its certificate nobody knows whose signature that is.
    assert_eq!(scene.answer(made().signed(&responder)), fault(Fault::NoResponder));
}

#[test]
fn who_was_not_authorised_to_answer_is_refused_with_the_cause() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let answer = |responder: &Holder| {
        let made = Made::of(vec![scene.about_hanako(good())]);
        scene.answer(made.with(&[&responder.certificate]).signed(responder))
    };
    let mail = delegate(member, |draft| {
        draft.extended_key_usage = vec![oid::EKU_EMAIL_PROTECTION.into()];
    });
    assert_eq!(answer(&mail), fault(Fault::ResponderNotAllowed));
    let any = delegate(member, |draft| draft.extended_key_usage = vec![oid::EKU_ANY.into()]);
    assert_eq!(answer(&any), fault(Fault::ResponderNotAllowed));
    let usage = delegate(member, |draft| draft.key_usage = KeyUsage::KEY_AGREEMENT);
    assert_eq!(answer(&usage), fault(Fault::ResponderNotAllowed));
    // By the CA above: that is not the one who issued the certificate asked about.
    let above = delegate(&scene.federation.issuing, |_| {});
    assert_eq!(answer(&above), fault(Fault::ResponderOfOtherIssuer));
    let stranger = delegate(&Federation::new().member, |_| {});
    assert_eq!(answer(&stranger), fault(Fault::ResponderOfOtherIssuer));
    let ended = delegate(member, |draft| {
        draft.basis.validity.not_after = AT - Duration::SECOND;
    });
    assert_eq!(answer(&ended), fault(Fault::ResponderNotValid));
    let coming = delegate(member, |draft| {
        draft.basis.validity.not_before = AT - Duration::MINUTE;
    });
    assert_eq!(answer(&coming), fault(Fault::ResponderNotValid));
}

#[test]
fn a_revoked_delegate_does_not_answer_nor_one_whose_state_should_be_asked_for() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let ask = |responder: &Holder, crls: &[Crl]| {
        let made = Made::of(vec![scene.about_hanako(good())]);
        let response = made.with(&[&responder.certificate]).signed(responder);
        scene.answers(&[response], crls)
    };
    let responder = delegate(member, |_| {});
    let listed = issue(member, &content(&[(&responder.certificate, BEGIN)]));
    // The list does tell Hanako's own state; only the response is out.
    assert_eq!(ask(&responder, std::slice::from_ref(&listed)), Ok(()));
    let stale = crate::crl::Content {
        next_update: AT - Duration::SECOND,
        ..content(&[(&responder.certificate, BEGIN)])
    };
    assert_eq!(ask(&responder, &[issue(member, &stale)]), fault(Fault::ResponderMayBeRevoked));
    let named = delegate(member, |draft| {
        draft.basis.crl_urls = vec!["http://crl.b.example/member.crl".into()];
    });
    assert_eq!(ask(&named, &[]), fault(Fault::ResponderMayBeRevoked));
    let mut unchecked = delegate(member, |_| {});
    let mut draft = profile::user_signing(basis(&unchecked.key), &of_responder());
    draft.extended_key_usage = vec![oid::EKU_OCSP_SIGNING.into()];
    draft.basis.crl_urls = vec!["http://crl.b.example/member.crl".into()];
    let der = altered(&draft, member, |tbs| {
        let no_check = encode::extension(oid::EXT_OCSP_NO_CHECK, false, &Any::null()).unwrap();
        tbs.extensions.as_mut().unwrap().push(no_check);
    });
    unchecked.certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(ask(&unchecked, &[]), Ok(()));
}

#[test]
fn a_wrong_signature_is_told_whoever_made_it() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let impostor = Holder { key: new_key(), certificate: member.certificate.clone() };
    let made = || Made::of(vec![scene.about_hanako(good())]);
    assert_eq!(scene.answer(made().signed(&impostor)), fault(Fault::BadSignature));
    let responder = delegate(member, |_| {});
    let impostor = Holder { key: new_key(), certificate: responder.certificate.clone() };
    let response = made().with(&[&responder.certificate]).signed(&impostor);
    assert_eq!(scene.answer(response), fault(Fault::BadSignature));
}

#[test]
fn a_nonce_is_passed_over_and_an_unknown_critical_extension_is_not() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let nonce = OctetString::new([7; 16]).unwrap();
    let nonce = encode::extension(oid::OCSP_NONCE, false, &nonce).unwrap();
    let odd = encode::extension("1.3.6.1.4.1.32473.1", true, &true).unwrap();
    let made = |extensions| {
        let made = Made { extensions, ..Made::of(vec![scene.about_hanako(good())]) };
        scene.answer(made.signed(member))
    };
    assert_eq!(made(Some(vec![nonce])), Ok(()));
    assert_eq!(made(Some(vec![odd.clone()])), fault(Fault::UnknownCriticalExtension));
    let answer = Single { extensions: Some(vec![odd]), ..scene.about_hanako(good()) };
    let answer = scene.answer(Made::of(vec![answer]).signed(member));
    assert_eq!(answer, fault(Fault::UnknownCriticalExtension));
}

#[test]
fn where_lists_and_responses_differ_the_one_that_revokes_wins() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let respond = |status| Made::of(vec![scene.about_hanako(status)]).signed(member);
    let nobody = issue(member, &content(&[]));
    let listed = issue(member, &content(&[(&scene.hanako.certificate, BEGIN)]));
    let since = AT - Duration::DAY;
    let by_response = Err(PathFault::Revoked { since, reason: Reason::KeyCompromise });
    let by_list = Err(PathFault::Revoked { since: BEGIN, reason: Reason::KeyCompromise });
    assert_eq!(scene.answers(&[respond(good())], std::slice::from_ref(&nobody)), Ok(()));
    assert_eq!(scene.answers(&[respond(unknown())], std::slice::from_ref(&nobody)), Ok(()));
    assert_eq!(scene.answers(&[respond(revoked_since(since, 1))], &[nobody]), by_response);
    assert_eq!(scene.answers(&[respond(good())], &[listed]), by_list);
    let both = [respond(good()), respond(revoked_since(since, 1))];
    assert_eq!(scene.answers(&both, &[]), by_response);
}

#[test]
fn octets_after_a_response_or_beyond_the_bounds_make_it_none() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let der = Made::of(vec![scene.about_hanako(good())]).der(member);
    assert!(Response::from_der(&der).is_ok());
    let longer = [der.as_slice(), &[0]].concat();
    assert_eq!(Response::from_der(&longer), Err(PkiError::Malformed));
    assert_eq!(Response::from_der(&vec![0; MAX_RESPONSE_BYTES]), Err(PkiError::Malformed));
    assert_eq!(Response::from_der(&vec![0; MAX_RESPONSE_BYTES + 1]), Err(PkiError::TooLarge));
    let many = |count: usize| {
        let answers = (0..count).map(|_| scene.about_hanako(good())).collect();
        Response::from_der(&Made::of(answers).der(member)).map(|_| ())
    };
    assert_eq!(many(MAX_ANSWERS), Ok(()));
    assert_eq!(many(MAX_ANSWERS + 1), Err(PkiError::TooLarge));
}

#[test]
fn a_responder_that_gives_no_answer_gives_none() {
    // tryLater.
    assert_eq!(Response::from_der(&[0x30, 3, 0x0a, 1, 3]), Err(PkiError::NoAnswer));
    assert_eq!(Response::from_der(&[0x30, 3, 0x0a, 1, 0]), Err(PkiError::NoAnswer));
    assert_eq!(Response::from_der(&[0x30, 3, 0x02, 1, 0]), Err(PkiError::Malformed));
}

#[test]
fn what_our_responder_says_is_believed_and_carries_the_nonce() {
    let scene = Scene::new();
    let member = &scene.federation.member;
    let responder = Holder::below(member, |mut basis| {
        basis.validity.not_after = AT + Duration::days(10);
        profile::ocsp_responder(basis, &crate::forge::CITY, "B City OCSP Responder")
    });
    let der = asked(&scene.hanako.certificate, &member.certificate, 1, &[9; 32]);
    let request = Request::from_der(&der).unwrap();
    let question = request.questions.first().unwrap();
    let since = AT - Duration::DAY;
    let revoked = Reason::AffiliationChanged;
    for (status, expected) in [
        (Status::Good, Ok(())),
        (
            Status::Revoked { since, reason: revoked },
            Err(PathFault::Revoked { since, reason: revoked }),
        ),
        (Status::Unknown, fault(Fault::Unknown)),
    ] {
        let said = Said { status, this_update: AT, next_update: AT + Duration::HOUR };
        let nonce = request.nonce.as_deref();
        let der = respond(&[(question, said)], nonce, AT, &responder.certificate, &responder.key)
            .unwrap();
        let nonce = [&[4, 32][..], &[9; 32]].concat();
        assert!(der.windows(nonce.len()).any(|octets| octets == nonce));
        assert_eq!(scene.answer(Response::from_der(&der).unwrap()), expected, "{status:?}");
    }
}
