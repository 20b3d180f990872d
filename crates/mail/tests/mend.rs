//! Faults that are read over, only to write the mail anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]

use proptest::prelude::*;
use ssmax_mail::{Limits, MailFault, TransferEncoding, compose, parse, parse_to_mend};

fn strict(raw: &str) -> Option<MailFault> {
    parse(raw.as_bytes(), &Limits::default()).err()
}

fn bodies(raw: &str) -> Vec<Vec<u8>> {
    let mended = parse_to_mend(raw.as_bytes(), &Limits::default()).unwrap();
    mended.entity().children().iter().map(|part| part.decoded_body().unwrap()).collect()
}

#[test]
fn the_last_part_goes_to_the_end_where_nothing_closes_it() {
    let start = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo";
    for (end, last) in [("", "two"), ("\r\n", "two\r\n"), ("\r\n--b", "two"), ("\r\n--b \t", "two")]
    {
        let raw = format!("{start}{end}");
        assert_eq!(strict(&raw), Some(MailFault::ClosingDelimiterMissing), "{raw:?}");
        assert_eq!(bodies(&raw), [b"one".to_vec(), last.as_bytes().to_vec()], "{raw:?}");
    }
}

#[test]
fn an_inner_multipart_ends_where_the_outer_one_goes_on() {
    let raw = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
        Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--";
    assert_eq!(strict(raw), Some(MailFault::ClosingDelimiterMissing));
    let mended = parse_to_mend(raw.as_bytes(), &Limits::default()).unwrap();
    let [inner, two] = mended.entity().children() else { panic!() };
    assert_eq!(inner.children()[0].body(), b"one");
    assert_eq!(two.body(), b"two");
}

#[test]
fn base64_is_read_to_its_end_whatever_its_padding() {
    let decoded = |text: &str| {
        let raw = format!("Content-Transfer-Encoding: base64\r\n\r\n{text}");
        let mended = parse_to_mend(raw.as_bytes(), &Limits::default()).unwrap();
        let entity = mended.entity();
        let body = entity.decoded_body();
        if let Ok(octets) = &body {
            assert_eq!(entity.decodes_to(octets), Ok(true));
        }
        body
    };
    assert_eq!(decoded("QQ==QkI="), Ok(b"ABB".to_vec()));
    assert_eq!(decoded("QUJD="), Ok(b"ABC".to_vec()));
    assert_eq!(decoded("QUI"), Ok(b"AB".to_vec()));
    assert_eq!(decoded("QUJDR"), Ok(b"ABC".to_vec()));
    assert_eq!(decoded("QUJD!"), Err(MailFault::Base64Junk));
}

#[test]
fn comments_are_white_space_where_it_could_stand() {
    for raw in [
        "Content-Type: text/html (a;\\)(b)) ; charset=utf-8\r\n\r\nx",
        "Content-Type: text/html;(a=b) charset=utf-8 (c) ; (d)\r\n\r\nx",
    ] {
        assert_eq!(strict(raw), Some(MailFault::ContentComment));
        let mended = parse_to_mend(raw.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(mended.entity().content_type().essence(), "text/html");
        assert_eq!(mended.entity().content_type().parameter("charset"), Some("utf-8"));
    }
    for raw in [
        "Content-Type: text/html; charset=(a)utf-8\r\n\r\nx",
        "Content-Type: text/html; charset=utf-8(a)\r\n\r\nx",
        "Content-Type: text/html; char(a)set=utf-8\r\n\r\nx",
        "Content-Type: text/html (\r\n\r\nx",
    ] {
        let fault = parse_to_mend(raw.as_bytes(), &Limits::default()).err();
        assert_eq!(fault, Some(MailFault::ContentComment), "{raw}");
    }
    let nested = |depth: usize| {
        let raw = format!("Content-Type: a/b {}{}\r\n\r\n", "(".repeat(depth), ")".repeat(depth));
        parse_to_mend(raw.as_bytes(), &Limits::default()).err()
    };
    assert_eq!((nested(20), nested(21)), (None, Some(MailFault::ContentComment)));
}

#[test]
fn what_stands_twice_and_says_the_same_is_one() {
    let read = |raw: &str| parse_to_mend(raw.as_bytes(), &Limits::default()).err();
    assert_eq!(read("Content-Type: text/html\r\ncontent-type:  TEXT/html\r\n\r\nx"), None);
    assert_eq!(read("Content-Type: text/html; a=b; a=\"b\"\r\n\r\nx"), None);
    assert_eq!(
        read("Content-Type: text/html\r\nContent-Type: text/plain\r\n\r\nx"),
        Some(MailFault::DuplicateContentType)
    );
    assert_eq!(
        read("Content-Type: text/html; a=b; a=c\r\n\r\nx"),
        Some(MailFault::ParameterDuplicate)
    );
}

#[test]
fn some_names_for_as_it_is_are_known() {
    for (name, expected) in [
        ("8-bit", TransferEncoding::EightBit),
        ("None", TransferEncoding::EightBit),
        ("7-bit (x)", TransferEncoding::SevenBit),
    ] {
        let raw = format!("Content-Transfer-Encoding: {name}\r\n\r\nx");
        let mended = parse_to_mend(raw.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(mended.entity().transfer_encoding(), expected);
    }
    let fault =
        parse_to_mend(b"Content-Transfer-Encoding: x-uuencode\r\n\r\nx", &Limits::default());
    assert_eq!(fault.err(), Some(MailFault::TransferEncodingUnknown));
}

proptest! {
    #[test]
    fn a_body_decodes_to_what_it_decodes_to_and_to_nothing_else(
        octets in proptest::collection::vec(any::<u8>(), 0..400),
        other in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let text = compose::base64_body(&octets);
        let raw = [b"Content-Transfer-Encoding: base64\r\n\r\n".to_vec(), text].concat();
        let mail = parse(&raw, &Limits::default()).unwrap();
        prop_assert_eq!(mail.decodes_to(&octets), Ok(true));
        prop_assert_eq!(mail.decodes_to(&other), Ok(octets == other));
        for max in [0, 1, octets.len(), octets.len() + 1] {
            let start = &octets[..max.min(octets.len())];
            prop_assert_eq!(mail.decoded_start(max), Ok(start.to_vec()));
        }
    }

    #[test]
    fn what_is_read_strictly_is_read_alike_to_mend(octets in "[-a:; =\"/()\r\nbxQ]{0,200}") {
        let raw = [b"Content-Type: multipart/x; boundary=b\r\n".to_vec(), octets.into_bytes()].concat();
        if let Ok(mail) = parse(&raw, &Limits::default()) {
            let mended = parse_to_mend(&raw, &Limits::default()).unwrap();
            let parts = |entity: &ssmax_mail::Entity<'_>| -> Vec<Vec<u8>> {
                entity.walk().map(|part| part.body().to_vec()).collect()
            };
            prop_assert_eq!(parts(&mail), parts(mended.entity()));
        }
    }
}
