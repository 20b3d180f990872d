//! What is unusual and good, or nobody's to judge, each with the reason that tells so.

use ssmax_mail::header_protection::{Confidentiality, Mode, protect};

use super::*;
use crate::fixture::issued;
use ssmax_pki::profile::{self, Generation, Identity, User};

const FIELDS: &str = "From: Alice <alice@a.example>\r\nTo: bob@b.example\r\n\
    Date: Mon, 1 Jun 2026 12:00:00 +0000\r\nSubject: The plan\r\n";

fn reason(judgement: &Judgement, name: Name) -> &'static str {
    judgement.check(name).unwrap().reason.code()
}

/// A mail of Alice's, its header protected, not yet signed.
fn protected(mode: Mode) -> (String, Vec<u8>) {
    let mail = [FIELDS.as_bytes(), ENTITY].concat();
    let mail = ssmax_mail::parse(&mail, &Limits::default()).unwrap();
    let written = protect(mail.header(), &mail, mode).unwrap();
    (text(&written.fields), written.payload)
}

/// Around what is given, without the Subject of [`mail`].
fn with_fields(fields: &str, entity: &[u8]) -> Vec<u8> {
    [fields.as_bytes(), b"MIME-Version: 1.0\r\n", entity].concat()
}

fn state<'j>(judgement: &'j Judgement, name: &str) -> (&'j str, &'j str) {
    let field = judgement.fields.iter().find(|field| field.name == name).unwrap();
    (field.state.as_str(), field.covers)
}

#[test]
fn protected_fields_that_are_shown_as_signed_are_told() {
    let (fields, payload) = protected(Mode::Clear);
    let signature = signature(&WORLD.alice, &payload, Extra::default());
    let judgement = judged(&with_fields(&fields, &clear_signed(&payload, &signature)));
    assert_eq!(judgement.verdict, Verdict::Good, "{:?}", judgement.checks);
    assert_eq!(state(&judgement, "subject"), ("same", "signed"));
    let json = serde_json::to_value(&judgement).unwrap();
    assert_eq!(
        json["fields"][0],
        serde_json::json!({"name": "date", "state": "same", "covers": "signed"})
    );
    let json = serde_json::to_value(judged(&good())).unwrap();
    assert_eq!(json.get("fields"), None);
}

#[test]
fn an_openpgp_signature_inside_is_content_and_any_other_kind_is_not() {
    let inside = |protocol: &str| {
        let part = format!("Content-Type: {protocol}\r\n\r\nx\r\n");
        let parts = [ENTITY.to_vec(), part.into_bytes()];
        let entity = compose::multipart("signed", &[("protocol", protocol)], "=+inner", &parts);
        judged(&mail(
            FROM_ALICE,
            &clear_signed(&entity, &signature(&WORLD.alice, &entity, Extra::default())),
        ))
    };
    let judgement = inside("application/pgp-signature");
    assert_eq!((judgement.verdict, judgement.covers), (Verdict::Good, Covers::Whole));
    let judgement = inside("application/x-new-signature");
    assert_eq!(reason(&judgement, Name::Structure), "nested-signature");
    assert_eq!(judgement.verdict, Verdict::Bad);
}

#[test]
fn a_field_that_only_stands_outside_is_nobodys() {
    let (fields, payload) = protected(Mode::Clear);
    let fields = format!("{fields}Reply-To: eve@evil.example\r\n");
    let signature = signature(&WORLD.alice, &payload, Extra::default());
    let judgement = judged(&with_fields(&fields, &clear_signed(&payload, &signature)));
    assert_eq!(state(&judgement, "reply-to"), ("only-outer", "none"));
    assert_eq!(judgement.verdict, Verdict::Good);
}

#[test]
fn an_obscured_subject_is_as_the_sender_put_it_there() {
    let (fields, payload) = protected(Mode::Cipher(Confidentiality::Baseline));
    let content = clear_signed(&payload, &signature(&WORLD.alice, &payload, Extra::default()));
    let delivered = with_fields(&fields, &encrypted(&content, &[&WORLD.bob_encryption]));
    let anchors = [WORLD.root.certificate.clone()];
    let judgement = judge_opened(&delivered, &content, &Question::new(&anchors, NOW));
    assert_eq!(judgement.verdict, Verdict::Good, "{:?}", judgement.checks);
    assert_eq!(state(&judgement, "subject"), ("obscured", "signed-and-encrypted"));
    assert_eq!(state(&judgement, "from"), ("same", "signed"));
}

#[test]
fn what_a_mail_says_of_an_encryption_that_it_does_not_have_is_not_told() {
    let (fields, payload) = protected(Mode::Cipher(Confidentiality::Baseline));
    let signature = signature(&WORLD.alice, &payload, Extra::default());
    let judgement = judged(&with_fields(&fields, &clear_signed(&payload, &signature)));
    assert_eq!(state(&judgement, "subject"), ("obscured", "signed"));
}

#[test]
fn a_wrapped_message_with_the_fields_that_are_shown_is_good() {
    let entity = format!(
        "Content-Type: message/rfc822; forwarded=no\r\n\r\n{FIELDS}\
         Content-Type: text/plain\r\n\r\nHello\r\n"
    );
    let signed = signature(&WORLD.alice, entity.as_bytes(), Extra::default());
    let message = with_fields(FIELDS, &clear_signed(entity.as_bytes(), &signed));
    let judgement = judged(&message);
    assert_eq!(judgement.verdict, Verdict::Good, "{:?}", judgement.checks);
    // Without the mark it is a mail that Alice forwards, whoever wrote it.
    let entity = entity.replace("; forwarded=no", "").replace("Alice <alice@", "Boss <boss@");
    let signed = signature(&WORLD.alice, entity.as_bytes(), Extra::default());
    let message = with_fields(FIELDS, &clear_signed(entity.as_bytes(), &signed));
    assert_eq!(judged(&message).verdict, Verdict::Good);
}

#[test]
fn a_micalg_that_names_another_digest_is_told() {
    for micalg in ["sha1", "sha-512", "md5", "unknown"] {
        let message = text(&good()).replacen("sha-256", micalg, 1);
        let judgement = judged(message.as_bytes());
        assert_eq!(judgement.verdict, Verdict::Good);
        assert_eq!(reason(&judgement, Name::Structure), "micalg-differs");
    }
    for micalg in ["SHA-256", "sha256"] {
        let message = text(&good()).replacen("sha-256", micalg, 1);
        assert_eq!(reason(&judged(message.as_bytes()), Name::Structure), "holds");
    }
}

#[test]
fn old_names_of_the_types_are_known() {
    let message = text(&good()).replace("pkcs7-signature", "x-pkcs7-signature");
    assert_eq!(judged(message.as_bytes()).verdict, Verdict::Good);
    let extra = Extra { opaque: true, ..Extra::default() };
    let message = mail(FROM_ALICE, &opaque(&signature(&WORLD.alice, ENTITY, extra)));
    let message = text(&message).replace("pkcs7-mime", "x-pkcs7-mime");
    assert_eq!(judged(message.as_bytes()).verdict, Verdict::Good);
}

#[test]
fn a_signature_below_a_signed_multipart_is_content_like_any_other() {
    let inner = clear_signed(ENTITY, &signature(&WORLD.mallory, ENTITY, Extra::default()));
    let inner = text(&inner).replace("=_outer", "=+inner").into_bytes();
    let mixed = compose::multipart("mixed", &[], "=!mixed", &[inner]);
    let outer = signature(&WORLD.alice, &mixed, Extra::default());
    let judgement = judged(&mail(FROM_ALICE, &clear_signed(&mixed, &outer)));
    assert_eq!(judgement.verdict, Verdict::Good);
    assert_eq!(judgement.signer.as_deref(), Some("alice@a.example"));
}

#[test]
fn certificates_and_compressed_mails_are_none() {
    let object = hex("3080060b2a864886f70d0109100109a0803000000000");
    let label = |entity: &[u8], label: &str| text(entity).replace("signed-data", label);
    let message = mail(FROM_ALICE, label(&opaque(&object), "compressed-data").as_bytes());
    assert_none(&message, "compressed");
    let wrapped = opaque(&object);
    let around = signature(&WORLD.alice, &wrapped, Extra::default());
    assert_none(&mail(FROM_ALICE, &clear_signed(&wrapped, &around)), "compressed");
    let message = opaque(&Openssl::new().certificates());
    let message = mail(FROM_ALICE, label(&message, "certs-only").as_bytes());
    assert_none(&message, "not-signed");
}

fn hex(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

#[test]
fn sha_1_counts_only_where_it_is_allowed() {
    let openssl = Openssl::new();
    let rsa = openssl.rsa();
    let message =
        mail("From: alice@a.example\r\n", &openssl.sign(&["-signer", "rsa.pem", "-md", "sha1"]));
    let question = Question::new(std::slice::from_ref(&rsa), rsa.not_before());
    let judgement = judge(&message, &question);
    assert_eq!(
        (judgement.verdict, reason(&judgement, Name::Algorithm)),
        (Verdict::Bad, "weak-digest")
    );
    let judgement = judge(&message, &Question { allow_sha1: true, ..question });
    assert_eq!(judgement.verdict, Verdict::Good, "{:?}", judgement.checks);
    assert_eq!(reason(&judgement, Name::Algorithm), "sha1-allowed");
    // ECDSA with SHA-1 is never allowed.
    let message = mail(FROM_ALICE, &openssl.sign(&["-signer", "alice.pem", "-md", "sha1"]));
    let anchors = [WORLD.root.certificate.clone()];
    let question = Question { allow_sha1: true, ..Question::new(&anchors, NOW) };
    let judgement = judge(&message, &question);
    assert_eq!(
        (judgement.verdict, reason(&judgement, Name::Algorithm)),
        (Verdict::Bad, "weak-digest")
    );
}

#[test]
fn letters_beyond_ascii_are_compared_in_their_one_form() {
    let user = |address| User {
        address,
        identity: Identity::Mailbox,
        generation: Generation::Strict,
        server_held: false,
        identity_proof: None,
    };
    let holder =
        issued(&WORLD.member, |basis| profile::user_signing(basis, &user("花子@a.example")), 800);
    let by = |from: &str| judged(&signed_by(&holder, from)).verdict;
    assert_eq!(by("From: 花子@a.example\r\n"), Verdict::Good);
    assert_eq!(by("From: 花子@A.Example\r\n"), Verdict::Good);
    assert_eq!(by("From: 花于@a.example\r\n"), Verdict::Bad);
    // Decomposed: the same to see, another mailbox.
    assert_eq!(by("From: 花子\u{301}@a.example\r\n"), Verdict::Bad);
}

#[test]
fn a_display_name_that_is_the_address_or_no_address_is_no_fault() {
    for from in [
        "From: alice@a.example <alice@a.example>\r\n",
        "From: \"alice @ a.example\" <alice@a.example>\r\n",
        "From: \"Sales @ Company\" <alice@a.example>\r\n",
        "From: \"@alice\" <alice@a.example>\r\n",
        "From: \"Alice@A.example\" <alice@a.example>\r\n",
        "From: Alice @ a.example <alice@a.example>\r\n",
        "From: \"Meet @ 3.30pm\" <alice@a.example>\r\n",
        "From: alice@a.example (Alice) (of Sales)\r\n",
    ] {
        assert_eq!(judged(&signed_by(&WORLD.alice, from)).verdict, Verdict::Good, "{from}");
    }
}
