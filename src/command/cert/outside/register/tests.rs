use super::*;
use ssmax_pki::profile::{self, Basis, Validity};
use ssmax_pki::{issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::{Duration, OffsetDateTime};

fn certificate() -> Certificate {
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let not_before = OffsetDateTime::now_utc() - Duration::HOUR;
    let validity = Validity { not_before, not_after: not_before + Duration::days(300) };
    let basis = Basis::new(key.spki(), issue::random_serial(&SystemRandom), validity);
    let ca = profile::root(basis, "Elsewhere", "Elsewhere CA");
    issue::self_signed(lint::lint(ca).unwrap(), &key).unwrap()
}

fn empty() -> (tempfile::TempDir, Register) {
    let dir = tempfile::tempdir().unwrap();
    let register = Register::read(dir.path().to_owned()).unwrap();
    (dir, register)
}

fn bob() -> Address {
    Address::parse("bob@x.example").unwrap()
}

#[test]
fn a_certificate_keeps_when_it_was_first_seen_and_what_proves_more() {
    let (_dir, mut register) = empty();
    let certificate = certificate();
    register.see(&bob(), &certificate, Source::File, 10).unwrap();
    register.see(&bob(), &certificate, Source::Mail, 20).unwrap();
    let entry = register.see(&bob(), &certificate, Source::File, 30).unwrap();
    assert_eq!((entry.first_seen, entry.last_seen, entry.source), (10, 30, Source::Mail));
    let again = Register::read(register.folder.clone()).unwrap();
    assert_eq!(again.entries, [entry]);
}

#[test]
fn one_more_than_may_wait_for_an_address_is_not_kept() {
    let (_dir, mut register) = empty();
    for _ in 0..MAX_WAITING_FOR_ADDRESS {
        register.see(&bob(), &certificate(), Source::File, 1).unwrap();
    }
    let fault = register.see(&bob(), &certificate(), Source::File, 1).unwrap_err();
    assert_eq!((fault.name, fault.exit), ("outside-waiting", Exit::Bad));
    // Another address still learns, and a decision makes room.
    let carol = Address::parse("carol@x.example").unwrap();
    register.see(&carol, &certificate(), Source::File, 1).unwrap();
    let first = register.entries.first().cloned().unwrap();
    register.reject(&first).unwrap();
    register.see(&bob(), &certificate(), Source::File, 1).unwrap();
}

#[test]
fn a_full_register_takes_no_more_and_still_knows_what_it_has() {
    let (_dir, mut register) = empty();
    let known = certificate();
    let entry = register.see(&bob(), &known, Source::File, 1).unwrap();
    let filler = Entry { sha256: "00".repeat(32), state: State::Rejected, ..entry };
    register.entries.resize(MAX_ENTRIES, filler);
    let fault = register.see(&bob(), &certificate(), Source::File, 2).unwrap_err();
    assert_eq!((fault.name, fault.exit), ("outside-full", Exit::Bad));
    register.see(&bob(), &known, Source::File, 2).unwrap();
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("outside");
    let fault = Register::read(missing.clone()).err().unwrap();
    assert_eq!((fault.exit, missing.exists()), (Exit::WrongUse, false));
}

#[test]
fn a_register_that_cannot_be_read_is_not_taken_for_an_empty_one() {
    let (_dir, register) = empty();
    std::fs::write(register.folder.join("register/x.json"), "{}").unwrap();
    let fault = Register::read(register.folder).err().unwrap();
    assert_eq!((fault.name, fault.exit), ("outside-entry", Exit::Bad));
}

#[test]
fn a_name_that_fits_two_or_is_too_short_finds_none() {
    let (_dir, mut register) = empty();
    let entry = register.see(&bob(), &certificate(), Source::File, 1).unwrap();
    assert_eq!(register.find(&entry.sha256[..16].to_uppercase()).unwrap(), entry);
    assert_eq!(register.find(&entry.sha256[..15]).unwrap_err().name, "outside-not-found");
    let end = "0".repeat(48);
    register
        .entries
        .push(Entry { sha256: format!("{}{end}", &entry.sha256[..16]), ..entry.clone() });
    assert_eq!(register.find(&entry.sha256[..16]).unwrap_err().name, "outside-not-found");
    assert_eq!(register.find(&entry.sha256).unwrap(), entry);
}
