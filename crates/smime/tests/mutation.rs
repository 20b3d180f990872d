//! A good mail with one octet changed, taken away or doubled, everywhere that rules how it
//! is read: it is not good, or it shows what was signed.
#![allow(clippy::disallowed_methods, reason = "vectors are files")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::path::PathBuf;

use ssmax_mail::{Entity, Limits};
use ssmax_pki::Certificate;
use ssmax_smime::judge::{Question, Verdict, judge};
use time::macros::datetime;

fn file(name: &str) -> Vec<u8> {
    let keys = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/attacks/keys");
    std::fs::read(keys.join(name)).unwrap()
}

/// Of the base64 of the signature only each so many octets are tried: it has no structure
/// of mail.
const STEP_IN_BASE64: usize = 41;

/// The places of all octets but those of the signature's base64, and some of those.
fn places(mail: &[u8]) -> Vec<usize> {
    let text = std::str::from_utf8(mail).unwrap();
    let begin = text.rfind("\r\n\r\nMII").unwrap() + 4;
    let end = text.rfind("\r\n--").unwrap();
    (0..mail.len()).filter(|at| !(begin..end).contains(at) || at % STEP_IN_BASE64 == 0).collect()
}

fn mutants(mail: &[u8], at: usize) -> [Vec<u8>; 4] {
    let with = |octet: &[u8]| [&mail[..at], octet, &mail[at + 1..]].concat();
    [with(&[mail[at] ^ 0x01]), with(&[mail[at] ^ 0x20]), with(&[]), with(&[mail[at], mail[at]])]
}

/// What is shown: type, encoding and octets of every part that is no signature.
fn shown(mail: &Entity<'_>) -> Vec<(String, String, Vec<u8>)> {
    mail.walk()
        .filter(|part| part.children().is_empty())
        .filter(|part| part.content_type().subtype() != "pkcs7-signature")
        .map(|part| {
            let charset = part.content_type().parameter("charset").unwrap_or_default();
            let body = part.decoded_body().unwrap_or_default();
            (part.content_type().essence(), charset.to_owned(), body)
        })
        .collect()
}

#[test]
fn no_octet_of_the_structure_can_change_what_a_good_mail_shows() {
    let mail = file("good.eml");
    let anchors = String::from_utf8(file("anchors.pem")).unwrap();
    let anchors = Certificate::all_from_pem(&anchors).unwrap();
    let question = Question::new(&anchors, datetime!(2026-06-01 12:00 UTC));
    let original = shown(&ssmax_mail::parse(&mail, &Limits::default()).unwrap());
    assert_eq!(judge(&mail, &question).verdict, Verdict::Good);
    let places = places(&mail);
    let (mail, question, original) = (&mail, &question, &original);
    let run = |places: &[usize]| {
        let (mut good, mut tried) = (0, 0);
        for mutant in places.iter().flat_map(|at| mutants(mail, *at)) {
            tried += 1;
            let judgement = judge(&mutant, question);
            if judgement.verdict != Verdict::Good {
                continue;
            }
            good += 1;
            let told = String::from_utf8_lossy(&mutant);
            let parsed = ssmax_mail::parse(&mutant, &Limits::default()).unwrap();
            assert_eq!(&shown(&parsed), original, "{told}");
            let from = judgement.from.unwrap();
            assert!(from.eq_ignore_ascii_case("alice@a.example"), "{told}");
            assert!(from.starts_with("alice@"), "{told}");
        }
        (good, tried)
    };
    let (first, second) = places.split_at(places.len() / 2);
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(second));
        (run(first), other.join().unwrap())
    });
    let (good, tried) = (one.0 + other.0, one.1 + other.1);
    // Subject, Message-ID and display name are nobody's: some mutants stay good.
    assert!(good > 0 && good < tried / 2, "{good} of {tried}");
}
