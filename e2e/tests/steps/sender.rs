//! Step 4: the sending gateway verifies who sends.

use crate::stage::{Stage, draft, with};
use ssmax_e2e::mailer;
use ssmax_e2e::mails::Mail;
use ssmax_e2e::member::Person;

/// Submits to bob, and is refused.
#[track_caller]
fn refused(stage: &Stage, login: &Person, mail: &Mail, answer: &str) {
    let said = mailer::submit(&stage.pair.a, login, &[&stage.bob.address], &mail.octets);
    assert!(said.exit != 0 && said.text().contains(answer), "{answer}: {}", said.text());
    stage.went_nowhere(mail);
}

/// A mail with a clear signature by somebody, whoever is in From.
fn signed(stage: &Stage, signer: &Person, mut mail: Mail) -> Mail {
    let from = format!("From: {}\r\n", stage.alice().address);
    let as_signer = format!("From: {}\r\n", signer.address);
    let replaced = |octets: &[u8], from: &str, to: &str| {
        String::from_utf8(octets.to_vec()).unwrap().replacen(from, to, 1).into_bytes()
    };
    mail.octets = replaced(&mail.octets, &from, &as_signer);
    let (octets, entity) = mailer::sign(stage.pair.a.site(), signer, &mail.octets);
    Mail { octets: replaced(&octets, &as_signer, &from), entity, ..mail }
}

#[test]
fn s04_without_a_login_nothing_is_taken() {
    with(|stage| {
        let alice = stage.alice();
        let (mail, _) = stage.encrypted(&draft("s04-nobody", alice, &stage.bob, "Hello."));
        let (at, to) = (stage.pair.a.submission(), [stage.bob.address.as_str()]);
        let said = mailer::hand_in(&alice.dir, at, &[], &alice.address, &to, &mail.octets);
        assert!(said.exit != 0 && said.text().contains("530 5.7.0 SSMAX-1003"), "{}", said.text());
        stage.went_nowhere(&mail);
    });
}

#[test]
fn s04_a_from_that_the_login_may_not_use_is_refused() {
    with(|stage| {
        let mail = draft("s04-from", stage.alice(), &stage.bob, "Hello.");
        refused(stage, &stage.adam, &mail, "550 5.7.1 SSMAX-1102");
        let mail =
            signed(stage, stage.alice(), draft("s04-sent-on", stage.alice(), &stage.bob, ""));
        refused(stage, &stage.adam, &mail, "550 5.7.1 SSMAX-1102");
    });
}

#[test]
fn s04_anothers_signature_is_refused_in_clear_and_within_encryption() {
    with(|stage| {
        let mail =
            signed(stage, &stage.adam, draft("s04-signer", stage.alice(), &stage.bob, "Hi."));
        refused(stage, stage.alice(), &mail, "550 5.7.1 SSMAX-1103");
        // Behind encryption the answer is the one for all causes; the journal has the cause.
        let draft = draft("s04-inside", stage.alice(), &stage.bob, "Hello.");
        let (mail, _) = mailer::encrypted_by_openssl(&stage.adam, &[&stage.for_bob], &draft);
        refused(stage, stage.alice(), &mail, "550 5.7.1 SSMAX-1900");
        assert_eq!(stage.reason(&stage.pair.a, &mail), "inner-signer-not-from");
    });
}

#[test]
fn s04_a_text_that_was_changed_after_it_was_signed_is_refused() {
    with(|stage| {
        let alice = stage.alice();
        let mut mail =
            signed(stage, alice, draft("s04-changed", alice, &stage.bob, "Pay 100 yen."));
        let text = String::from_utf8(mail.octets).unwrap();
        let (good, other) = (&mail.entity, draft("x", alice, &stage.bob, "Pay 900 yen.").entity);
        let good = String::from_utf8(good.clone()).unwrap();
        assert!(text.contains(&good));
        mail.octets = text.replacen(&good, &String::from_utf8(other).unwrap(), 1).into_bytes();
        refused(stage, alice, &mail, "550 5.7.1 SSMAX-1104");
    });
}

#[test]
fn s04_what_a_colleague_has_encrypted_is_not_sent_in_ones_own_name() {
    with(|stage| {
        let alice = stage.alice();
        let (first, _) = stage.encrypted(&draft("s04-first", alice, &stage.bob, "Hello."));
        stage.submits(&first, &[]);
        let _ = stage.bob_gets(&first);
        let own = draft("s04-taken", &stage.adam, &stage.bob, "");
        let fields = own.octets.strip_suffix(own.entity.as_slice()).unwrap();
        let at = first.octets.windows(13).position(|at| at == b"Content-Type:").unwrap();
        let mail = Mail { octets: [fields, &first.octets[at..]].concat(), ..own };
        refused(stage, &stage.adam, &mail, "550 5.7.1 SSMAX-1900");
        assert_eq!(stage.reason(&stage.pair.a, &mail), "ciphertext-of-another");
    });
}
