//! What callers rely on in an entity, beyond the vectors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]

use ssmax_mail::{Limits, MailFault, parse};

const SIGNED: &[u8] = b"From: alice@a.example\r\n\
    Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n\
    \tmicalg=sha-256; boundary=\"----outer\"\r\n\r\n\
    This is an S/MIME signed message\r\n\r\n\
    ------outer\r\nContent-Type: text/plain\r\n\r\nHello\r\n\r\n\
    ------outer\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n\
    ------outer--\r\n\r\n";

#[test]
fn a_signed_part_is_given_octet_for_octet_without_the_delimiters_crlf() {
    let mail = parse(SIGNED, &Limits::default()).unwrap();
    assert_eq!(mail.children()[0].raw(), b"Content-Type: text/plain\r\n\r\nHello\r\n");
    assert_eq!(mail.children()[1].decoded_body().unwrap(), [0, 0, 0]);
    assert_eq!(mail.raw(), SIGNED);
}

#[test]
fn type_and_parameters_are_found_in_any_case() {
    let mail = parse(SIGNED, &Limits::default()).unwrap();
    let kind = mail.content_type();
    assert!(kind.is("Multipart", "SIGNED") && kind.is_multipart());
    assert_eq!(kind.essence(), "multipart/signed");
    assert_eq!(kind.parameter("MICALG"), Some("sha-256"));
    assert_eq!(kind.parameter("charset"), None);
    assert_eq!(mail.children()[1].file_name().as_deref(), Some("smime.p7s"));
}

#[test]
fn a_field_keeps_its_octets_and_gives_its_value_on_one_line() {
    let raw = b"SuBject:  a\r\n\t =?utf-8?q?b?= \r\nX-Raw: \xff\r\n\r\n";
    let mail = parse(raw, &Limits::default()).unwrap();
    let [subject, raw_field] = mail.header().fields() else { panic!() };
    assert_eq!(subject.name(), "SuBject");
    assert_eq!(subject.raw(), b"SuBject:  a\r\n\t =?utf-8?q?b?= \r\n");
    assert_eq!(subject.value(), b"  a\r\n\t =?utf-8?q?b?= ");
    assert_eq!(subject.unfolded(), "a\t =?utf-8?q?b?=");
    assert_eq!(subject.decoded(), "a  b");
    assert_eq!(raw_field.unfolded(), "\u{fffd}");
}

#[test]
fn a_guessed_charset_cannot_swallow_a_sign_of_the_address() {
    // 0x81 0x40 is one character of Shift_JIS, and 0x40 is "@".
    let raw = b"From: alice\x81@a.example\r\n\r\n";
    let mail = parse(raw, &Limits::default()).unwrap();
    assert_eq!(mail.header().fields()[0].unfolded(), "alice\u{fffd}@a.example");
}

#[test]
fn one_field_is_none_some_or_a_fault_that_tells_where() {
    let mail = parse(b"A: 1\r\nB: 2\r\na: 3\r\n\r\n", &Limits::default()).unwrap();
    assert_eq!(mail.header().one("c"), Ok(None));
    assert_eq!(mail.header().one("b").unwrap().unwrap().unfolded(), "2");
    assert_eq!(mail.header().one("A"), Err(MailFault::DuplicateField { index: 2 }));
    assert_eq!(mail.header().all("A").count(), 2);
}

#[test]
fn faults_tell_where_the_octet_is() {
    let fault = |raw: &[u8]| parse(raw, &Limits::default()).unwrap_err();
    assert_eq!(fault(b"A: 1\r\n\r\nab\nc"), MailFault::BareLf { offset: 10 });
    assert_eq!(fault(b"A: 1\r\n\r\nab\rc"), MailFault::BareCr { offset: 10 });
    assert_eq!(fault(b"A: 1\r\n\r\nab\0c"), MailFault::Nul { offset: 10 });
    assert_eq!(fault(b"A: 1\r\nB 2\r\n\r\n"), MailFault::HeaderLineWithoutColon { index: 1 });
}

#[test]
fn no_limit_lets_recursion_run_away() {
    let limits = Limits { max_depth: usize::MAX, ..Limits::default() };
    let mut mail = b"\r\nx".to_vec();
    for level in 0..=ssmax_mail::MAX_DEPTH {
        let boundary = format!("level{level:04}");
        let mut around =
            format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n")
                .into_bytes();
        around.extend_from_slice(&mail);
        around.extend_from_slice(format!("\r\n--{boundary}--").as_bytes());
        mail = around;
        let expected = if level < ssmax_mail::MAX_DEPTH { None } else { Some(MailFault::TooDeep) };
        assert_eq!(parse(&mail, &limits).err(), expected, "{level}");
    }
}

#[test]
fn an_entity_that_is_no_text_or_does_not_decode_has_no_text() {
    let text = |raw: &[u8]| parse(raw, &Limits::default()).unwrap().text();
    assert_eq!(text(b"Content-Type: image/png\r\n\r\nx"), None);
    assert_eq!(text(b"Content-Transfer-Encoding: base64\r\n\r\n*"), None);
    assert_eq!(text(b"\r\nx").as_deref(), Some("x"));
}
