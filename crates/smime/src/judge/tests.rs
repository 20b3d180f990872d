//! Every trick that must not be judged good, with the check that tells it.

use ssmax_cms::signed::{Attribute, attribute_utf8};
use ssmax_mail::compose;
use ssmax_pki::crl::{self, Content, Crl, Entry};
use ssmax_pki::oid;
use time::Duration;
use time::macros::datetime;

use super::CheckName as Name;
use super::*;
use crate::fixture::{
    ENTITY, Extra, FROM_ALICE, Holder, NOW, SENDER, WORLD, asked, clear_signed, encrypted, good,
    judged, mail, opaque, signature,
};

mod allowed;
mod records;

/// Asserts that the mail is bad because of this check alone.
#[track_caller]
fn assert_bad(message: &[u8], name: Name, code: &str) -> Judgement {
    let judgement = judged(message);
    let failed: Vec<_> = judgement
        .checks
        .iter()
        .filter(|check| check.result == Outcome::Fail)
        .map(|check| (check.name, check.reason.code()))
        .collect();
    assert_eq!(failed, [(name, code)]);
    assert_eq!(judgement.verdict, Verdict::Bad);
    judgement
}

#[track_caller]
fn assert_none(message: &[u8], code: &str) {
    let judgement = judged(message);
    let reason = judgement.check(Name::Signature).unwrap().reason;
    assert_eq!((judgement.verdict, reason.code()), (Verdict::None, code));
    assert_eq!((judgement.signer, judgement.covers), (None, Covers::None));
}

fn signed_by(holder: &Holder, from: &str) -> Vec<u8> {
    mail(from, &clear_signed(ENTITY, &signature(holder, ENTITY, Extra::default())))
}

fn text(message: &[u8]) -> String {
    String::from_utf8(message.to_vec()).unwrap()
}

#[test]
fn a_mail_signed_by_its_from_under_an_anchor_is_good() {
    let judgement = judged(&good());
    let results: Vec<_> = judgement.checks.iter().map(|check| (check.name, check.result)).collect();
    let expected: Vec<_> = Name::ALL
        .into_iter()
        .map(|name| match name {
            Name::Revocation | Name::Standing => (name, Outcome::Skipped),
            _ => (name, Outcome::Pass),
        })
        .collect();
    assert_eq!(results, expected);
    assert_eq!(judgement.verdict, Verdict::Good);
    assert_eq!(judgement.covers, Covers::Whole);
    assert_eq!(judgement.signer.as_deref(), Some("alice@a.example"));
}

#[test]
fn an_opaque_mail_is_judged_by_what_stands_inside() {
    let extra = Extra { opaque: true, ..Extra::default() };
    let message = mail(FROM_ALICE, &opaque(&signature(&WORLD.alice, ENTITY, extra)));
    assert_eq!(judged(&message).verdict, Verdict::Good);
}

#[test]
fn the_json_has_the_promised_fields() {
    let json = serde_json::to_value(judged(&good())).unwrap();
    assert_eq!(json["verdict"], "good");
    assert_eq!(json["from"], "alice@a.example");
    assert_eq!(json["signer"], "alice@a.example");
    assert_eq!(json["covers"], "whole");
    assert_eq!(json["chain"], serde_json::json!([]));
    let names: Vec<_> = json["checks"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
    assert_eq!(
        names,
        [
            "one-from",
            "structure",
            "signature",
            "binding",
            "whole-message",
            "path",
            "revocation",
            "time",
            "algorithm",
            "standing"
        ]
    );
    assert_eq!(
        json["checks"][6],
        serde_json::json!({"name": "revocation", "result": "skipped", "reason": "no-crl"})
    );
    let unsigned = judged(&mail(FROM_ALICE, ENTITY));
    assert_eq!(serde_json::to_value(unsigned).unwrap()["signer"], serde_json::Value::Null);
}

#[test]
fn unsigned_encrypted_and_foreign_mails_are_none() {
    assert_none(&mail(FROM_ALICE, ENTITY), "not-signed");
    let inner = clear_signed(ENTITY, &signature(&WORLD.alice, ENTITY, Extra::default()));
    let ciphertext = encrypted(&inner, &[&WORLD.bob_encryption]);
    assert_none(&mail(FROM_ALICE, &ciphertext), "encrypted");
    // A signature around a ciphertext says nothing about what its reader sees.
    let around = signature(&WORLD.alice, &ciphertext, Extra::default());
    assert_none(&mail(FROM_ALICE, &clear_signed(&ciphertext, &around)), "encrypted");
    let pgp = compose::multipart(
        "signed",
        &[("protocol", "application/pgp-signature")],
        "=_pgp",
        &[ENTITY.to_vec(), b"Content-Type: application/pgp-signature\r\n\r\nx".to_vec()],
    );
    assert_none(&mail(FROM_ALICE, &pgp), "not-smime");
    // A forwarded signed mail says nothing about who forwards.
    let forwarded = [b"Content-Type: message/rfc822\r\n\r\n", &good()[..]].concat();
    assert_none(&mail("From: eve@evil.example\r\n", &forwarded), "not-signed");
}

#[test]
fn a_valid_signature_by_somebody_else_is_bad_and_names_them() {
    let judgement =
        assert_bad(&signed_by(&WORLD.mallory, FROM_ALICE), Name::Binding, "other-address");
    assert_eq!(judgement.signer.as_deref(), Some("mallory@a.example"));
    assert_eq!(judgement.from.as_deref(), Some("alice@a.example"));
}

#[test]
fn the_sender_field_does_not_stand_for_from() {
    let fields = "From: boss@a.example\r\nSender: alice@a.example\r\n";
    assert_bad(&signed_by(&WORLD.alice, fields), Name::Binding, "other-address");
}

#[test]
fn the_case_of_the_local_part_counts_and_that_of_the_domain_does_not() {
    let other = signed_by(&WORLD.alice, "From: Alice@a.example\r\n");
    assert_bad(&other, Name::Binding, "other-address");
    let same = signed_by(&WORLD.alice, "From: \"alice\"@A.EXAMPLE\r\n");
    assert_eq!(judged(&same).verdict, Verdict::Good);
}

#[test]
fn from_must_stand_there_once_with_one_plain_address() {
    for (from, code) in [
        ("", "no-from"),
        ("From: alice@a.example\r\nFROM: eve@a.example\r\n", "several-from-fields"),
        ("From: alice@a.example, eve@a.example\r\n", "several-from-addresses"),
        ("From: a:alice@a.example;\r\n", "group-in-from"),
        ("From: boss@b.example <alice@a.example>\r\n", "address-in-display"),
        ("From: \"boss@b.example\" <alice@a.example>\r\n", "display-shows-other-address"),
        ("From: =?utf-8?q?boss=40b.example?= <alice@a.example>\r\n", "display-shows-other-address"),
        ("From: <boss@b.example> <alice@a.example>\r\n", "address-malformed"),
    ] {
        let judgement = judged(&signed_by(&WORLD.alice, from));
        let check = judgement.check(Name::OneFrom).unwrap();
        assert_eq!((check.result, check.reason.code()), (Outcome::Fail, code), "{from}");
        assert_eq!((judgement.verdict, judgement.from), (Verdict::Bad, None));
    }
}

#[test]
fn changed_content_is_bad_and_covers_nothing() {
    let message = text(&good()).replace("Hello", "Hallo");
    let judgement = assert_bad(message.as_bytes(), Name::Signature, "content-changed");
    assert_eq!((judgement.covers, judgement.signer), (Covers::None, None));
}

#[test]
fn a_signed_part_with_something_around_it_covers_a_part() {
    let inner = clear_signed(ENTITY, &signature(&WORLD.alice, ENTITY, Extra::default()));
    let footer = b"Content-Type: text/plain\r\n\r\nlist footer\r\n".to_vec();
    for parts in [vec![inner.clone(), footer.clone()], vec![footer, inner]] {
        let message = mail(FROM_ALICE, &compose::multipart("mixed", &[], "=_list", &parts));
        let judgement = assert_bad(&message, Name::WholeMessage, "signed-part-below");
        assert_eq!(judgement.covers, Covers::Part);
    }
    let extra = Extra { opaque: true, ..Extra::default() };
    let inner = opaque(&signature(&WORLD.alice, ENTITY, extra));
    let message = mail(FROM_ALICE, &compose::multipart("mixed", &[], "=_list", &[inner]));
    assert_bad(&message, Name::WholeMessage, "signed-part-below");
}

#[test]
fn text_behind_the_signed_multipart_covers_a_part() {
    let message = [&good()[..], b"-- \r\nlist footer\r\n"].concat();
    let judgement = assert_bad(&message, Name::WholeMessage, "text-behind");
    assert_eq!(judgement.covers, Covers::Part);
}

#[test]
fn a_sentence_for_old_readers_before_the_first_part_is_no_fault() {
    let message =
        text(&good()).replacen("--=_outer", "This is an S/MIME signed message\r\n\r\n--=_outer", 1);
    assert_eq!(judged(message.as_bytes()).verdict, Verdict::Good);
}

#[test]
fn a_signed_pointer_to_a_body_elsewhere_covers_a_part() {
    let entity = b"Content-Type: message/external-body; access-type=URL; \
        URL=\"http://evil.example/\"\r\n\r\nContent-Type: text/html\r\n\r\n";
    let message =
        mail(FROM_ALICE, &clear_signed(entity, &signature(&WORLD.alice, entity, Extra::default())));
    let judgement = assert_bad(&message, Name::WholeMessage, "body-elsewhere");
    assert_eq!(judgement.covers, Covers::Part);
}

#[test]
fn the_signed_multipart_has_two_parts() {
    let signed = signature(&WORLD.alice, ENTITY, Extra::default());
    let third = b"Content-Type: text/plain\r\n\r\nmore\r\n".to_vec();
    let signature_part = ssmax_chain::hop_mail::signature_part(&signed);
    let build = |parts: &[Vec<u8>]| {
        let params = [("protocol", "application/pkcs7-signature")];
        mail(FROM_ALICE, &compose::multipart("signed", &params, "=_outer", parts))
    };
    for parts in [
        vec![ENTITY.to_vec(), third.clone(), signature_part.clone()],
        vec![ENTITY.to_vec(), signature_part.clone(), third],
        vec![signature_part.clone()],
        vec![signature_part, ENTITY.to_vec()],
    ] {
        assert_bad(&build(&parts), Name::Structure, "signed-multipart-shape");
    }
}

#[test]
fn a_protocol_that_is_not_that_of_the_signature_is_bad() {
    let changed = text(&good()).replacen(
        "protocol=\"application/pkcs7-signature\"",
        "protocol=\"application/pgp-signature\"",
        1,
    );
    assert_bad(changed.as_bytes(), Name::Structure, "protocol-differs");
    let missing = text(&good()).replacen("protocol=", "x-protocol=", 1);
    assert_bad(missing.as_bytes(), Name::Structure, "protocol-differs");
}

#[test]
fn content_beside_a_detached_signature_is_bad() {
    let extra = Extra { opaque: true, ..Extra::default() };
    let signed = signature(&WORLD.alice, ENTITY, extra);
    let shown = b"Content-Type: text/plain\r\n\r\nOther\r\n";
    for entity in [&shown[..], ENTITY] {
        let message = mail(FROM_ALICE, &clear_signed(entity, &signed));
        assert_bad(&message, Name::Structure, "two-contents");
    }
}

#[test]
fn a_signature_directly_below_a_signature_is_bad() {
    let inner = clear_signed(ENTITY, &signature(&WORLD.mallory, ENTITY, Extra::default()));
    let inner = text(&inner).replace("=_outer", "=+inner").into_bytes();
    let outer = signature(&WORLD.alice, &inner, Extra::default());
    let message = mail(FROM_ALICE, &clear_signed(&inner, &outer));
    assert_bad(&message, Name::Structure, "nested-signature");
}

#[test]
fn an_inner_from_must_be_the_outer_one() {
    let inner = |from: &str| {
        let entity =
            format!("Content-Type: text/plain; hp=\"clear\"\r\n{from}Subject: s\r\n\r\nHello\r\n");
        let signed = signature(&WORLD.alice, entity.as_bytes(), Extra::default());
        mail(FROM_ALICE, &clear_signed(entity.as_bytes(), &signed))
    };
    assert_eq!(judged(&inner(FROM_ALICE)).verdict, Verdict::Good);
    for from in ["From: boss@a.example\r\n", "From: alice@a.example, boss@a.example\r\n"] {
        assert_bad(&inner(from), Name::Binding, "inner-from-differs");
    }
}

#[test]
fn several_signers_are_bad_even_if_each_is_good() {
    let openssl = Openssl::new();
    let output = openssl.sign(&["-signer", "alice.pem", "-signer", "mallory.pem"]);
    assert_bad(&mail(FROM_ALICE, &output), Name::Signature, "several-signers");
}

#[test]
fn a_signer_whose_certificate_is_not_there_is_bad() {
    let extra = Extra { bare: true, ..Extra::default() };
    let message = mail(FROM_ALICE, &clear_signed(ENTITY, &signature(&WORLD.alice, ENTITY, extra)));
    assert_bad(&message, Name::Signature, "no-certificate");
}

#[test]
fn a_broken_hash_is_named_and_not_verified() {
    let openssl = Openssl::new();
    let output = openssl.sign(&["-signer", "alice.pem", "-md", "sha1"]);
    let message = mail(FROM_ALICE, &output);
    let judgement = assert_bad(&message, Name::Algorithm, "weak-digest");
    let check = judgement.check(Name::Signature).unwrap();
    assert_eq!((check.result, check.reason), (Outcome::Skipped, Reason::WeakAlgorithm));
    assert_eq!(judgement.covers, Covers::None);
}

#[test]
fn without_an_anchor_the_path_fails() {
    let question = Question::new(&[], NOW);
    let judgement = judge(&good(), &question);
    let check = judgement.check(Name::Path).unwrap();
    assert_eq!((check.result, check.reason), (Outcome::Fail, Reason::NoAnchor));
    assert_eq!(judgement.verdict, Verdict::Bad);
    // The signature itself holds, and that is told.
    assert_eq!(judgement.covers, Covers::Whole);
}

#[test]
fn another_anchor_is_none() {
    let anchors = [WORLD.seal_ca.certificate.clone()];
    let question = Question::new(&anchors, NOW);
    let judgement = judge(&good(), &question);
    assert_eq!(judgement.check(Name::Path).unwrap().reason.code(), "no-issuer");
}

#[test]
fn the_certificate_must_be_valid_at_the_moment_asked_for() {
    let begin = WORLD.alice.certificate.not_before();
    let end = WORLD.alice.certificate.not_after();
    for (at, code) in [
        (begin - Duration::SECOND, Some("not-yet-valid")),
        (begin, None),
        (end, None),
        (end + Duration::SECOND, Some("expired")),
        (datetime!(2090-01-01 0:00 UTC), Some("expired")),
    ] {
        let judgement = asked(&good(), &[], at);
        let check = judgement.check(Name::Time).unwrap();
        match code {
            None => assert_eq!(judgement.verdict, Verdict::Good),
            Some(code) => {
                assert_eq!((check.result, check.reason.code()), (Outcome::Fail, code));
                assert_eq!(judgement.verdict, Verdict::Bad);
                assert_eq!(judgement.check(Name::Path).unwrap().result, Outcome::Pass);
            }
        }
    }
}

fn crl(issuer: &Holder, revoked: &[&Holder]) -> Crl {
    let entries = revoked
        .iter()
        .map(|holder| Entry {
            serial: holder.certificate.serial().to_vec(),
            revoked_at: NOW - Duration::DAY,
            reason: crl::Reason::KeyCompromise,
        })
        .collect();
    let content = Content {
        this_update: NOW - Duration::HOUR,
        next_update: NOW + Duration::DAY,
        number: 1,
        keeps_since: None,
        entries,
    };
    crl::issue(&issuer.certificate, &issuer.key, &content).unwrap()
}

#[test]
fn a_revoked_certificate_is_bad() {
    let lists = [crl(&WORLD.member, &[&WORLD.alice])];
    let judgement = asked(&good(), &lists, NOW);
    let check = judgement.check(Name::Revocation).unwrap();
    assert_eq!((check.result, check.reason.code()), (Outcome::Fail, "revoked"));
    assert_eq!(judgement.verdict, Verdict::Bad);
}

#[test]
fn a_revoked_ca_is_bad_and_one_without_a_list_is_told() {
    let of_member = crl(&WORLD.member, &[&WORLD.mallory]);
    let judgement = asked(&good(), std::slice::from_ref(&of_member), NOW);
    let check = judgement.check(Name::Revocation).unwrap();
    assert_eq!((check.result, check.reason), (Outcome::Pass, Reason::AuthoritiesUnknown));
    assert_eq!(judgement.verdict, Verdict::Good);
    let lists = [of_member.clone(), crl(&WORLD.issuing, &[]), crl(&WORLD.root, &[])];
    let judgement = asked(&good(), &lists, NOW);
    assert_eq!(judgement.check(Name::Revocation).unwrap().reason, Reason::Holds);
    let lists = [of_member, crl(&WORLD.issuing, &[&WORLD.member])];
    let judgement = asked(&good(), &lists, NOW);
    assert_eq!(judgement.check(Name::Revocation).unwrap().reason.code(), "revoked");
}

#[test]
fn lists_that_say_nothing_of_the_signer_are_bad() {
    for list in [crl(&WORLD.issuing, &[]), crl(&WORLD.seal_ca, &[])] {
        let judgement = asked(&good(), &[list], NOW);
        let check = judgement.check(Name::Revocation).unwrap();
        assert_eq!((check.result, check.reason.code()), (Outcome::Fail, "revocation-unknown"));
    }
    let judgement = asked(&good(), &[crl(&WORLD.member, &[])], NOW + Duration::days(2));
    assert_eq!(judgement.check(Name::Revocation).unwrap().reason.code(), "revocation-stale");
}

#[test]
fn a_key_for_encryption_signs_nothing() {
    let message = signed_by(&WORLD.bob_encryption, "From: bob@a.example\r\n");
    assert_bad(&message, Name::Path, "wrong-key-usage");
}

#[test]
fn an_organisation_does_not_speak_for_a_person() {
    assert_bad(&signed_by(&WORLD.organisation, FROM_ALICE), Name::Binding, "other-address");
}

#[test]
fn mime_that_reads_in_two_ways_is_bad() {
    let twice =
        text(&good()).replacen("MIME-Version", "Content-Type: text/html\r\nMIME-Version", 1);
    assert_bad(twice.as_bytes(), Name::Structure, "duplicate-content-type");
    let bare = text(&good()).replacen("Hello\r\n", "Hello\n", 1);
    assert_bad(bare.as_bytes(), Name::Structure, "bare-lf");
}

/// OpenSSL with the world's keys, for messages that we refuse to make ourselves.
struct Openssl(tempfile::TempDir);

#[expect(clippy::disallowed_methods, reason = "a peer program reads files")]
impl Openssl {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, holder) in [("alice", &WORLD.alice), ("mallory", &WORLD.mallory)] {
            let pem = format!("{}{}", holder.certificate.to_pem(), *holder.key.to_pem());
            std::fs::write(dir.path().join(format!("{name}.pem")), pem).unwrap();
        }
        let chain: String = WORLD.chain().iter().map(Certificate::to_pem).collect();
        std::fs::write(dir.path().join("chain.pem"), chain).unwrap();
        std::fs::write(dir.path().join("entity"), ENTITY).unwrap();
        Self(dir)
    }

    /// A self-signed RSA certificate for Alice, as `rsa.pem` with its key.
    fn rsa(&self) -> Certificate {
        let output = std::process::Command::new("openssl")
            .current_dir(self.0.path())
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Alice"])
            .args(["-addext", "subjectAltName=email:alice@a.example"])
            .args(["-keyout", "rsa.key", "-out", "rsa.crt"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |name: &str| std::fs::read_to_string(self.0.path().join(name)).unwrap();
        std::fs::write(self.0.path().join("rsa.pem"), read("rsa.crt") + &read("rsa.key")).unwrap();
        Certificate::from_pem(&read("rsa.crt")).unwrap()
    }

    /// SignedData with certificates and no signer.
    fn certificates(&self) -> Vec<u8> {
        let output = std::process::Command::new("openssl")
            .current_dir(self.0.path())
            .args(["crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-outform", "DER"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// A signed entity with `Content-*` fields first, as `openssl cms` writes it.
    fn sign(&self, options: &[&str]) -> Vec<u8> {
        let output = std::process::Command::new("openssl")
            .current_dir(self.0.path())
            .args(["cms", "-sign", "-in", "entity", "-certfile", "chain.pem"])
            .args(options)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mail = ssmax_mail::canonical::to_crlf(&output.stdout);
        let without_version = text(&mail).replacen("MIME-Version: 1.0\r\n", "", 1);
        without_version.into_bytes()
    }
}

#[test]
fn an_old_signature_under_a_newer_date_is_bad_and_a_late_signature_is_told() {
    for (date, result, reason) in [
        ("Mon, 1 Jun 2026 13:00:00 +0000", Outcome::Pass, Reason::Holds),
        ("Mon, 1 Jun 2026 13:00:01 +0000", Outcome::Fail, Reason::SignedBeforeDate),
        ("Mon, 1 Jun 2026 11:00:00 +0000", Outcome::Pass, Reason::Holds),
        ("Mon, 1 Jun 2026 10:59:59 +0000", Outcome::Pass, Reason::SignedAfterDate),
        ("Mon, 1 Jun 2026 20:00:00 +0900", Outcome::Pass, Reason::Holds),
        ("Mon, 1 Jun 2026 12:00:00 +0000 (UTC)", Outcome::Pass, Reason::Holds),
        ("Mon, 1 Jun 2026 12:00:00 GMT", Outcome::Pass, Reason::Holds),
        ("1 Jun 2026 12:00 -0000", Outcome::Pass, Reason::Holds),
        ("Mon,  1 Jun 2026 07:00:00 EST", Outcome::Pass, Reason::Holds),
        ("1 Jun 26 12:00:00 +0000", Outcome::Pass, Reason::Holds),
        ("yesterday", Outcome::Fail, Reason::DateUnreadable),
    ] {
        let fields = format!("{FROM_ALICE}Date: {date}\r\n");
        let judgement = judged(&signed_by(&WORLD.alice, &fields));
        let check = judgement.check(Name::Time).unwrap();
        assert_eq!((check.result, check.reason), (result, reason), "{date}");
        let verdict = if result == Outcome::Pass { Verdict::Good } else { Verdict::Bad };
        assert_eq!(judgement.verdict, verdict);
    }
}

/// A self-signed certificate by OpenSSL, and the verdict about a mail it signs for Alice.
#[expect(clippy::disallowed_methods, reason = "a peer program reads files")]
fn judged_with_subject(subject: &str, extensions: &[&str]) -> Judgement {
    let openssl = Openssl::new();
    let output = std::process::Command::new("openssl")
        .current_dir(openssl.0.path())
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-keyout", "self.key", "-out", "self.pem", "-utf8", "-subj", subject])
        .args(extensions.iter().flat_map(|extension| ["-addext", extension]))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let signed = openssl.sign(&["-signer", "self.pem", "-inkey", "self.key"]);
    let pem = std::fs::read_to_string(openssl.0.path().join("self.pem")).unwrap();
    let anchors = Certificate::all_from_pem(&pem).unwrap();
    let at = OffsetDateTime::now_utc();
    judge(&mail(FROM_ALICE, &signed), &Question::new(&anchors, at))
}

#[test]
fn an_address_in_the_subject_counts_only_alone_and_plain() {
    let judgement = judged_with_subject("/CN=Alice/emailAddress=alice@a.example", &[]);
    assert_eq!(judgement.verdict, Verdict::Good, "{:?}", judgement.checks);
    assert_eq!(judgement.signer.as_deref(), Some("alice@a.example"));
    for (subject, extensions) in [
        ("/CN=alice@a.example", &[][..]),
        ("/CN=x/emailAddress=eve@a.example", &[]),
        ("/CN=x/emailAddress=eve@a.example/emailAddress=alice@a.example", &[]),
        ("/CN=x/emailAddress=alice@a.example ", &[]),
        ("/CN=x/emailAddress=\"alice\"@a.example", &[]),
        ("/CN=x/emailAddress=Alice@a.example", &[]),
        ("/CN=x/emailAddress=alice@a.example", &["subjectAltName=email:eve@a.example"]),
        ("/CN=x/emailAddress=alice@a.example", &["subjectAltName=DNS:a.example"]),
        ("/CN=x/emailAddress=alice@a.example", &["subjectAltName=URI:mailto:eve@a.example"]),
        ("/CN=x/emailAddress=alice@a.example", &["subjectAltName=DER:3000"]),
    ] {
        let judgement = judged_with_subject(subject, extensions);
        let check = judgement.check(Name::Binding).unwrap();
        assert_eq!(
            (check.result, check.reason),
            (Outcome::Fail, Reason::OtherAddress),
            "{subject}"
        );
    }
}

#[test]
fn mails_signed_by_openssl_are_good() {
    let openssl = Openssl::new();
    for options in [
        &["-signer", "alice.pem"][..],
        &["-signer", "alice.pem", "-nodetach"],
        &["-signer", "alice.pem", "-nodetach", "-stream"],
        &["-signer", "alice.pem", "-md", "sha512"],
        &["-signer", "alice.pem", "-keyid"],
        &["-signer", "alice.pem", "-noattr"],
        &["-signer", "alice.pem", "-cades"],
    ] {
        let judgement = judged(&mail(FROM_ALICE, &openssl.sign(options)));
        assert_eq!(judgement.verdict, Verdict::Good, "{options:?} {:?}", judgement.checks);
    }
}
