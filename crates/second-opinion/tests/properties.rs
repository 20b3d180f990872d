//! Properties over mails of any content.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use ssmax_mail::{Entity, Limits, MailFault, compose, parse};
use ssmax_second_opinion::{
    Ambiguous, Difference, MAX_ADDED_BYTES, MAX_GROWTH, RebuildFault, Settled, disagreement,
    rebuild, settle,
};

/// Types, names and octets of the leaves.
fn leaves(mail: &Entity<'_>) -> Vec<(String, Option<String>, Vec<u8>)> {
    mail.walk()
        .flat_map(|part| match part.message() {
            Some(inner) => leaves(&inner.unwrap()),
            None if part.children().is_empty() => {
                let name = part.file_name().map(|name| name.trim().to_owned());
                let name = name.filter(|name| !name.is_empty());
                vec![(part.content_type().essence(), name, part.decoded_body().unwrap())]
            }
            None => Vec::new(),
        })
        .collect()
}

fn part() -> impl Strategy<Value = Vec<u8>> {
    let name = "[a-zあ-んé %'*?=.\"\\\\]{0,40}";
    let kind = prop_oneof![
        Just("text/plain"),
        Just("text/html"),
        Just("application/x-thing"),
        Just("image/png"),
        Just("message/delivery-status"),
        Just("text/calendar; method=REQUEST")
    ];
    (kind, name, vec(any::<u8>(), 0..300), any::<bool>()).prop_map(|(kind, name, octets, text)| {
        if text {
            let text: String = octets.iter().map(|octet| char::from(*octet)).collect();
            compose::Part::text_of("plain", &text).into_octets()
        } else {
            compose::Part::attachment(kind, &name, &octets).into_octets()
        }
    })
}

fn entity() -> impl Strategy<Value = Vec<u8>> {
    part().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            (vec(inner.clone(), 1..4), any::<[u8; 16]>()).prop_map(|(parts, random)| {
                compose::multipart("mixed", &[], &compose::boundary(random), &parts)
            }),
            inner.prop_map(|mail| {
                [b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n".to_vec(), mail].concat()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_rebuilt_mail_is_read_alike_has_the_same_content_and_rebuilds_to_itself(
        entity in entity(),
        subject in "[ -~あ-ん]{0,120}",
        display in "[ -~あ-ん]{0,40}",
    ) {
        let address = "alice@a.example".parse().unwrap();
        let fields = [
            format!("From: {}\r\n", compose::mailbox(&display, &address)).into_bytes(),
            compose::header_field("Subject", &subject),
            b"Received: by x; y\r\n".to_vec(),
        ];
        let octets = compose::message(&fields, &entity);
        // The same boundary within itself.
        let Ok(mail) = parse(&octets, &Limits::default()) else { return Ok(()) };
        let rebuilt = rebuild(&mail).unwrap();
        prop_assert!(rebuilt.len() <= octets.len() * MAX_GROWTH + MAX_ADDED_BYTES);
        let again = parse(&rebuilt, &Limits::default()).unwrap();
        prop_assert_eq!(disagreement(&again), None, "{}", String::from_utf8_lossy(&rebuilt));
        prop_assert_eq!(rebuild(&again).unwrap(), rebuilt.clone());
        prop_assert_eq!(leaves(&again), leaves(&mail));
        let words = |mail: &Entity<'_>| -> Vec<String> {
            let subject = mail.header().one("Subject").unwrap().unwrap().decoded();
            subject.split_whitespace().map(str::to_owned).collect()
        };
        prop_assert_eq!(words(&again), words(&mail));
    }

    #[test]
    fn whatever_is_handed_on_needs_no_more_settling(octets in "[-a:; =\"/()\r\nbxQ%*'0-9]{0,300}") {
        let mail = format!(
            "From: a@a.example\r\nContent-Type: multipart/mixed; boundary=b\r\n{}",
            octets.replace('\r', "").replace('\n', "\r\n")
        );
        let limits = Limits::default();
        if let Ok(Settled::Rebuilt(anew)) = settle(mail.as_bytes(), &limits, Ambiguous::Rebuild) {
            prop_assert_eq!(settle(&anew, &limits, Ambiguous::Refuse), Ok(Settled::AsItCame));
        }
    }

    #[test]
    fn any_octets_have_an_answer(octets in vec(any::<u8>(), 0..400)) {
        drop(settle(&octets, &Limits::default(), Ambiguous::Rebuild));
    }
}

#[test]
fn growth_is_bounded_to_the_octet() {
    // Half-width katakana, raw: one octet becomes three, and more in base64.
    let mail = |count: usize| {
        [b"Subject: ".to_vec(), b"\xb1 ".repeat(count), b"x\r\n\r\nx".to_vec()].concat()
    };
    let limits = Limits { max_header_bytes: 1 << 20, ..Limits::default() };
    let rebuilt = |count: usize| rebuild(&parse(&mail(count), &limits).unwrap());
    let (mut small, mut large) = (1, 250_000);
    assert!(rebuilt(small).is_ok());
    assert_eq!(rebuilt(large), Err(RebuildFault::TooLarge));
    while small + 1 < large {
        let middle = (small + large) / 2;
        if rebuilt(middle).is_ok() { small = middle } else { large = middle }
    }
    let (before, after) = (mail(small).len(), rebuilt(small).unwrap().len());
    let most = before * MAX_GROWTH + MAX_ADDED_BYTES;
    assert!(after <= most && after + 100 > most, "{before} octets became {after}");
    assert_eq!(rebuilt(small + 1), Err(RebuildFault::TooLarge));
}

#[test]
fn the_other_parser_is_not_led_deeper_than_we_go() {
    // It looks for boundaries within lines, and would find mails in mails without end.
    let hidden = "Content-Type: message/rfc822\r\n\r\n".repeat(200_000);
    let mail = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx --b\r\n{hidden}\r\n--b--\r\n"
    );
    let read = parse(mail.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(disagreement(&read).unwrap().what, Difference::Delimiter);
}

/// Two mails that end together make the other parser lose count.
#[test]
fn a_mail_that_is_nothing_but_a_mail_gets_a_multipart_around_it() {
    let raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
        Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: x\r\n\r\nx\r\n--b--\r\n";
    let Ok(Settled::Rebuilt(anew)) = settle(raw, &Limits::default(), Ambiguous::Rebuild) else {
        panic!()
    };
    let mail = parse(&anew, &Limits::default()).unwrap();
    let outer = mail.children()[0].message().unwrap().unwrap();
    assert_eq!(outer.content_type().essence(), "multipart/mixed");
    let inner = outer.children()[0].message().unwrap().unwrap();
    assert_eq!(inner.body(), b"x");
}

#[test]
fn mails_within_mails_are_compared_down_to_the_bound() {
    let limits = Limits::default();
    let nested = |depth: usize| {
        let around = b"Content-Type: message/rfc822\r\n\r\n".repeat(depth);
        [around, b"Subject: x\r\n\r\nx\r\n".to_vec()].concat()
    };
    assert_eq!(disagreement(&parse(&nested(20), &limits).unwrap()), None);
    let deeper = disagreement(&parse(&nested(21), &limits).unwrap());
    assert_eq!(deeper.unwrap().what, Difference::Fault(MailFault::TooDeep));
    let rebuilt = rebuild(&parse(&nested(9), &limits).unwrap()).unwrap();
    assert_eq!(disagreement(&parse(&rebuilt, &limits).unwrap()), None);
}

#[test]
fn nothing_signed_or_encrypted_is_rebuilt() {
    for kind in [
        "multipart/signed; boundary=b",
        "multipart/encrypted; boundary=b",
        "application/pkcs7-mime",
        "message/rfc822\r\n\r\nContent-Type: application/x-pkcs7-mime",
    ] {
        let raw = format!("Content-Type: {kind}\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n");
        let read = parse(raw.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(rebuild(&read), Err(RebuildFault::Protected), "{kind}");
    }
}
