use super::*;
use ssmax_pki::lint::lint;
use ssmax_pki::profile::{self, Basis, Draft, Validity};
use ssmax_pki::{issue, profile::Organisation};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use std::sync::LazyLock;
use time::macros::datetime;

const START: OffsetDateTime = datetime!(2026-04-01 0:00 UTC);
const ORGANISATION: Organisation<'static> =
    Organisation { name: "A Inc", identifier: "NTRJP-7000012050002" };

struct Ca {
    key: SoftwareKey,
    certificate: Certificate,
}

static CA: LazyLock<Ca> = LazyLock::new(|| {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let draft = profile::seal_ca(basis(&key, 3000), &ORGANISATION, "CA", &["b.example"]);
    let certificate = issue::self_signed(lint(draft).unwrap(), &key).unwrap();
    Ca { key, certificate }
});

fn basis(key: &SoftwareKey, days: u16) -> Basis {
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), Validity::days(START, days))
}

fn certificate(address: &str) -> Certificate {
    certificate_from(address, START)
}

fn certificate_from(address: &str, start: OffsetDateTime) -> Certificate {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let validity = Validity::days(start, 300);
    let basis = Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity);
    let draft: Draft = profile::relay_encryption(basis, address, "Somebody");
    issue::issue(lint(draft).unwrap(), &CA.certificate, &CA.key).unwrap()
}

fn learnt(address: &str, at: Option<OffsetDateTime>) -> Learnt {
    Learnt {
        address: Address::parse(address).unwrap(),
        certificate: certificate(address),
        capabilities: Some(hex::decode("300d300b060960864801650304012a").unwrap()),
        at,
    }
}

fn at(day: i64) -> Option<OffsetDateTime> {
    Some(START + time::Duration::days(day))
}

#[test]
fn what_is_written_is_read_again_and_written_alike() {
    let mut known = Known::default();
    known.add(learnt("alice@a.example", at(1))).unwrap();
    let bare = Learnt { capabilities: None, ..learnt("bob@a.example", None) };
    known.add(bare).unwrap();
    let octets = known.to_json().unwrap();
    let again = Known::from_json(&octets).unwrap();
    assert_eq!(again, known);
    assert_eq!(again.to_json().unwrap(), octets);
    assert_eq!(again.len(), 2);
}

#[test]
fn of_two_mails_the_one_signed_later_counts() {
    let mut known = Known::default();
    let alice = Address::parse("alice@a.example").unwrap();
    let [first, older, newer, untold] =
        [at(5), at(4), at(6), None].map(|at| learnt("alice@a.example", at));
    assert_eq!(known.add(first.clone()), Ok(Change::New));
    assert_eq!(known.add(older), Ok(Change::Older));
    assert_eq!(known.add(untold), Ok(Change::Older));
    assert_eq!(known.find(&alice), Some(&first));
    assert_eq!(known.add(newer.clone()), Ok(Change::Newer));
    assert_eq!(known.find(&alice), Some(&newer));
}

#[test]
fn at_one_time_or_none_a_certificate_is_never_replaced_by_one_that_begins_earlier() {
    let alice = Address::parse("alice@a.example").unwrap();
    let [old, middle, new] = [0, 10, 20]
        .map(|day| certificate_from("alice@a.example", START + time::Duration::days(day)));
    let of = |certificate: &Certificate, at| Learnt {
        certificate: certificate.clone(),
        ..learnt("alice@a.example", at)
    };
    for (known_at, at, certificate, change) in [
        (at(5), at(5), &old, Change::Older),
        (at(5), at(5), &middle, Change::Older),
        (at(5), at(5), &new, Change::Newer),
        (None, None, &old, Change::Older),
        (None, None, &middle, Change::Older),
        (None, None, &new, Change::Newer),
        (None, at(5), &old, Change::Older),
        (None, at(5), &middle, Change::Newer),
        (None, at(5), &new, Change::Newer),
        (at(5), None, &new, Change::Older),
        // Whoever signs later may go back to an older certificate.
        (at(5), at(6), &old, Change::Newer),
        (at(5), at(4), &new, Change::Older),
    ] {
        let mut known = Known::default();
        known.add(of(&middle, known_at)).unwrap();
        assert_eq!(known.add(of(certificate, at)), Ok(change), "{known_at:?} {at:?}");
        let kept = if change == Change::Newer { certificate } else { &middle };
        assert_eq!(&known.find(&alice).unwrap().certificate, kept);
    }
}

#[test]
fn a_person_is_found_by_every_spelling_of_the_domain_and_by_one_of_the_name() {
    let mut known = Known::default();
    known.add(learnt("alice@a.example", at(1))).unwrap();
    let found = |address: &str| known.find(&Address::parse(address).unwrap()).is_some();
    assert!(found("alice@A.EXAMPLE"));
    assert!(!found("Alice@a.example"));
    assert!(!found("alice@b.example"));
}

#[test]
fn files_that_are_none_are_told_by_cause() {
    let mut known = Known::default();
    known.add(learnt("alice@a.example", at(1))).unwrap();
    let text = String::from_utf8(known.to_json().unwrap()).unwrap();
    let fault = |text: &str| Known::from_json(text.as_bytes()).map(drop).unwrap_err();
    assert_eq!(fault(&text.replace("\"version\": 1", "\"version\": 2")), KnownFault::Version(2));
    for changed in [
        text.replace("alice@", "eve@"),
        text.replace("\"address\"", "\"adress\""),
        text.replace("\"certificate\": \"M", "\"certificate\": \"A"),
        text.replace("signed_at\": \"2026", "signed_at\": \"x"),
        text.replace("capabilities\": \"M", "capabilities\": \"!"),
        "[]".to_owned(),
        String::new(),
    ] {
        assert_ne!(changed, text);
        assert_eq!(fault(&changed), KnownFault::Malformed, "{changed}");
    }
    let row = text.split_once('[').unwrap().1.rsplit_once(']').unwrap().0;
    let twice = format!("{{\"version\":1,\"correspondents\":[{row},{row}]}}");
    assert_eq!(fault(&twice), KnownFault::Malformed);
}

#[test]
fn the_largest_list_of_capabilities_is_read_and_one_octet_more_is_not() {
    let of = |len: usize| {
        let capabilities = Some(vec![0x30; len]);
        let mut known = Known::default();
        known.add(Learnt { capabilities, ..learnt("alice@a.example", at(1)) }).unwrap();
        Known::from_json(&known.to_json().unwrap()).map(drop)
    };
    assert_eq!(of(MAX_CAPABILITIES_BYTES), Ok(()));
    assert_eq!(of(MAX_CAPABILITIES_BYTES + 1), Err(KnownFault::Malformed));
}

#[test]
fn the_most_correspondents_are_kept_and_one_more_is_not() {
    let one = learnt("alice@a.example", at(1));
    let mut known = Known::default();
    for number in 0..MAX_CORRESPONDENTS {
        let address = Address::new(&format!("p{number}"), "a.example").unwrap();
        known.add(Learnt { address, ..one.clone() }).unwrap();
    }
    assert_eq!(known.add(one.clone()), Err(KnownFault::TooMany));
    let address = Address::parse("p0@a.example").unwrap();
    assert_eq!(known.add(Learnt { address, at: at(2), ..one }), Ok(Change::Newer));
    assert_eq!(known.len(), MAX_CORRESPONDENTS);
}

#[test]
fn a_file_beyond_the_bound_is_not_read() {
    let file = vec![b' '; MAX_KNOWN_BYTES];
    assert_eq!(Known::from_json(&file), Err(KnownFault::Malformed));
    let file = vec![b' '; MAX_KNOWN_BYTES + 1];
    assert_eq!(Known::from_json(&file), Err(KnownFault::TooLarge));
}
