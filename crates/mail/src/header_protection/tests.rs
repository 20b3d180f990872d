//! Inside and outside compared, and what is written read back.

use super::*;
use crate::{Limits, parse};

const MAIL: &str = "Received: from x\r\n\
    From: Alice <alice@a.example>\r\n\
    To: bob@b.example\r\n\
    Bcc: carol@c.example\r\n\
    Subject: The\r\n plan\r\n\
    Keywords: secret\r\n\
    Date: Mon, 1 Jun 2026 12:00:00 +0000\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8;\r\n\
    Content-Transfer-Encoding: 7bit\r\n\r\nHello\r\n";

fn protected(mail: &str, mode: Mode) -> Protected {
    let mail = parse(mail.as_bytes(), &Limits::default()).unwrap();
    protect(mail.header(), &mail, mode).unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

fn compared(outer: &str, payload: &str) -> Result<Option<Protection>, HeaderProtectionFault> {
    let outer = format!("{outer}\r\n");
    let outer = parse(outer.as_bytes(), &Limits::default()).unwrap();
    let payload = parse(payload.as_bytes(), &Limits::default()).unwrap();
    read(outer.header(), &payload)
}

/// State of `name` with this outside and inside.
fn state(name: &str, outer: &str, inner: &str, mode: &str) -> (FieldState, bool) {
    let payload = format!("{inner}Content-Type: text/plain; hp=\"{mode}\"\r\n\r\nx");
    let found = compared(outer, &payload).unwrap().unwrap();
    let field = found.fields.iter().find(|field| field.name == name).unwrap();
    (field.state, field.is_confidential)
}

#[test]
fn a_signed_mail_has_its_fields_inside_and_outside() {
    let written = protected(MAIL, Mode::Clear);
    assert_eq!(
        text(&written.fields),
        MAIL.split_once("MIME-Version").unwrap().0,
        "outside all stays as it is"
    );
    assert_eq!(
        text(&written.payload),
        "From: Alice <alice@a.example>\r\nTo: bob@b.example\r\nSubject: The\r\n plan\r\n\
         Keywords: secret\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000\r\n\
         Content-Type: text/plain; charset=utf-8;\r\n hp=\"clear\"\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\nHello\r\n"
    );
    let found = compared(text(&written.fields), text(&written.payload)).unwrap().unwrap();
    assert!(!found.is_cipher);
    assert_eq!(found.first_difference(), None);
    assert!(found.fields.iter().all(|field| field.state == FieldState::Same));
}

#[test]
fn an_encrypted_mail_hides_its_subject_and_tells_what_stands_outside() {
    let written = protected(MAIL, Mode::Cipher(Confidentiality::Baseline));
    assert!(text(&written.fields).contains("Subject: [...]\r\n"));
    assert!(!text(&written.fields).contains("Keywords"));
    assert!(text(&written.payload).contains("HP-Outer: Subject: [...]\r\n"));
    assert!(!text(&written.payload).contains("carol@c.example"));
    let found = compared(text(&written.fields), text(&written.payload)).unwrap().unwrap();
    assert!(found.is_cipher);
    assert_eq!(found.state("Subject"), Some(FieldState::Obscured));
    assert_eq!(found.state("Keywords"), Some(FieldState::Removed));
    assert_eq!(found.state("From"), Some(FieldState::Same));
    assert_eq!(found.first_difference(), None);
    let confidential: Vec<_> = found
        .fields
        .iter()
        .filter(|field| field.is_confidential)
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(confidential, ["keywords", "subject"]);
}

#[test]
fn the_subject_is_repeated_for_old_readers_and_taken_away_again() {
    for encoding in ["7bit", "8bit", "quoted-printable", "base64"] {
        let body = if encoding == "base64" { "SGVsbG8NCg==" } else { "Hello\r\n" };
        let mail =
            MAIL.replace("7bit", encoding).replace("\r\n\r\nHello\r\n", &format!("\r\n\r\n{body}"));
        let written = protected(&mail, Mode::Cipher(Confidentiality::Baseline));
        let payload = parse(&written.payload, &Limits::default()).unwrap();
        assert_eq!(payload.text().unwrap(), "Subject: The plan\r\n\r\nHello\r\n", "{encoding}");
        assert_eq!(
            text_without_legacy_display(&payload, &payload).unwrap(),
            "Hello\r\n",
            "{encoding}"
        );
        let found = read(payload.header(), &payload).unwrap().unwrap();
        assert_eq!(found.legacy_display, ["0"]);
    }
    let mail = MAIL.replace("The\r\n plan", "=?utf-8?q?=E8=A8=88?=");
    let written = protected(&mail, Mode::Cipher(Confidentiality::Baseline));
    let payload = parse(&written.payload, &Limits::default()).unwrap();
    assert_eq!(payload.text().unwrap(), "Hello\r\n", "7bit cannot hold it");
}

#[test]
fn without_confidentiality_all_stands_outside_and_is_told_to_do_so() {
    let written = protected(MAIL, Mode::Cipher(Confidentiality::None));
    let found = compared(text(&written.fields), text(&written.payload)).unwrap().unwrap();
    assert!(found.is_cipher);
    assert!(found.fields.iter().all(|field| field.state == FieldState::Same));
    assert!(found.fields.iter().all(|field| !field.is_confidential));
}

#[test]
fn an_entity_without_a_type_gets_one() {
    let written = protected("From: a@a.example\r\n\r\n\u{3042}", Mode::Clear);
    assert!(
        text(&written.payload)
            .contains("Content-Type: text/plain; charset=utf-8;\r\n hp=\"clear\"\r\n\r\n\u{3042}")
    );
}

#[test]
fn what_is_protected_already_or_ambiguous_is_not_protected() {
    for (mail, fault) in [
        ("Content-Type: text/plain; hp=clear\r\n\r\n", HeaderProtectionFault::AlreadyProtected),
        ("Subject: a\r\nSubject: b\r\n\r\n", HeaderProtectionFault::FieldTwice),
    ] {
        let mail = parse(mail.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(protect(mail.header(), &mail, Mode::Clear), Err(fault));
    }
}

#[test]
fn each_state_has_its_cause() {
    use FieldState::{Differs, Missing, Obscured, OnlyOuter, Removed, Same};
    let outer = "Subject: a\r\n";
    assert_eq!(state("subject", outer, "Subject: a\r\n", "clear"), (Same, false));
    assert_eq!(state("subject", outer, "Subject:  =?utf-8?q?a?=\r\n", "clear"), (Same, false));
    assert_eq!(state("subject", outer, "Subject: b\r\n", "clear"), (Differs, false));
    assert_eq!(state("subject", outer, "", "clear"), (OnlyOuter, false));
    assert_eq!(state("subject", "X: y\r\n", "Subject: b\r\n", "clear"), (Missing, false));
    assert_eq!(state("subject", "X: y\r\n", "Subject: b\r\n", "cipher"), (Removed, true));
    let told = "Subject: b\r\nHP-Outer: Subject: a\r\n";
    assert_eq!(state("subject", outer, told, "cipher"), (Obscured, true));
    assert_eq!(state("subject", "Subject: c\r\n", told, "cipher"), (Differs, true));
    assert_eq!(state("subject", "X: y\r\n", told, "cipher"), (Missing, true));
    let twice = "Subject: a\r\nSubject: evil\r\n";
    assert_eq!(state("subject", twice, "Subject: a\r\n", "clear"), (Differs, false));
    // HP-Outer counts inside an encryption only.
    assert_eq!(state("subject", outer, told, "clear"), (Differs, false));
}

#[test]
fn addresses_are_compared_by_name_and_address() {
    use FieldState::{Differs, Same};
    let inner = "To: \"Bob\" <bob@B.example>\r\n";
    assert_eq!(state("to", "To: Bob <bob@b.example>\r\n", inner, "clear").0, Same);
    assert_eq!(state("to", "To: Bob <bob@c.example>\r\n", inner, "clear").0, Differs);
    assert_eq!(state("to", "To: Eve <bob@b.example>\r\n", inner, "clear").0, Differs);
    let hidden = "To: =?utf-8?q?eve=40e.example=2C?= <bob@b.example>\r\n";
    assert_eq!(state("to", "To: eve@e.example, bob@b.example\r\n", hidden, "clear").0, Differs);
}

#[test]
fn other_parameters_and_malformed_records_are_refused_by_name() {
    let read = |payload: &str| compared("Subject: a\r\n", payload);
    assert_eq!(read("Content-Type: text/plain\r\n\r\n"), Ok(None));
    assert_eq!(
        read("Content-Type: text/plain; hp=other\r\n\r\n"),
        Err(HeaderProtectionFault::UnknownMode)
    );
    for record in ["Subject", ": a", "Sub ject: a"] {
        assert_eq!(
            read(&format!("HP-Outer: {record}\r\nContent-Type: text/plain; hp=cipher\r\n\r\n")),
            Err(HeaderProtectionFault::OuterMalformed),
            "{record}"
        );
    }
    assert_eq!(
        read("Date: a\r\nDate: a\r\nContent-Type: text/plain; hp=clear\r\n\r\n"),
        Err(HeaderProtectionFault::FieldTwice)
    );
}

#[test]
fn a_wrapped_message_is_compared_like_a_signed_one() {
    let outer = parse(b"Subject: a\r\nDate: d\r\n\r\n", &Limits::default()).unwrap();
    let inner = parse(b"Subject: b\r\nDate: d\r\n\r\n", &Limits::default()).unwrap();
    let found = read_wrapped(outer.header(), inner.header()).unwrap();
    assert_eq!(found.first_difference().unwrap().name, "subject");
    assert_eq!(found.state("Date"), Some(FieldState::Same));
}

#[test]
fn as_many_fields_as_a_mail_may_have_are_compared() {
    let fields: String = (0..15_000).map(|number| format!("Subject: {number}\r\n")).collect();
    let payload = "Subject: 1\r\nContent-Type: text/plain; hp=clear\r\n\r\n";
    assert_eq!(
        compared(&fields, payload).unwrap().unwrap().state("subject"),
        Some(FieldState::Differs)
    );
}

#[test]
fn what_servers_write_means_nothing_inside() {
    let inner = "Subject: a\r\nReceived: from x\r\nAuthentication-Results: mx; dkim=pass\r\n\
        SSMAX-Result: verified\r\nHP-Outer: ARC-Seal: x\r\nHP-Outer: Subject: b\r\n\
        Content-Type: text/plain; hp=cipher\r\n\r\n";
    let found = compared("Subject: b\r\n", inner).unwrap().unwrap();
    let names: Vec<_> = found.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["subject"]);
    assert!(found.field("Subject").unwrap().is_recorded);
}

/// The first text of a payload as a reader sees it who sees the protected fields.
fn shown_text(payload: &str) -> String {
    let payload = parse(payload.as_bytes(), &Limits::default()).unwrap();
    let part = payload.walk().find(|part| part.content_type().kind() == "text").unwrap();
    text_without_legacy_display(&payload, part).unwrap()
}

#[test]
fn only_lines_that_repeat_protected_fields_are_taken_away() {
    let text = |fields: &str, parameters: &str, body: &str| {
        shown_text(&format!("{fields}Content-Type: text/plain; {parameters}\r\n\r\n{body}"))
    };
    let (fields, marked) = ("Subject: s\r\nTo: b@b.example\r\n", "hp=cipher; hp-legacy-display=1");
    for gone in ["Subject: s\r\n\r\n", "subject:s\r\n\r\n", "Subject: s\r\nTo: b@b.example\r\n\r\n"]
    {
        assert_eq!(text(fields, marked, &format!("{gone}x\r\n")), "x\r\n", "{gone}");
    }
    for kept in [
        "I do NOT agree.\r\n\r\nI agree.\r\n",
        "Subject: other\r\n\r\nx",
        "Subject: s\r\nNote: do not pay\r\n\r\nPay.\r\n",
        "Subject: s\r\nnot: this\r\n\r\nx",
        "\r\nx",
        "Subject: s\r\n",
        "Subject: s",
    ] {
        assert_eq!(text(fields, marked, kept), kept);
    }
    let body = "Subject: s\r\n\r\nx";
    for parameters in ["hp=clear; hp-legacy-display=1", "hp-legacy-display=1", "hp=cipher"] {
        assert_eq!(text(fields, parameters, body), body, "{parameters}");
    }
}

#[test]
fn only_the_main_text_may_repeat_fields() {
    let part = |mark: &str| {
        format!("--b\r\nContent-Type: text/plain{mark}\r\n\r\nSubject: s\r\n\r\nx\r\n")
    };
    let payload = |kind: &str, first: &str, second: &str| {
        format!(
            "Subject: s\r\nContent-Type: multipart/{kind}; boundary=b; hp=cipher\r\n\r\n{}{}--b--\r\n",
            part(first),
            part(second)
        )
    };
    let mark = "; hp-legacy-display=1";
    let paths = |kind: &str, first: &str, second: &str| {
        let payload = payload(kind, first, second);
        compared("Subject: s\r\n", &payload).unwrap().unwrap().legacy_display
    };
    assert_eq!(paths("mixed", mark, mark), ["1"]);
    assert_eq!(paths("mixed", "", mark), [""; 0]);
    assert_eq!(paths("alternative", mark, mark), ["1", "2"]);
    assert_eq!(shown_text(&payload("mixed", mark, "")), "x");
    assert_eq!(shown_text(&payload("mixed", "", mark)), "Subject: s\r\n\r\nx");
}
