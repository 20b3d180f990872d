//! Real mail that others made: all of it must be read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use std::path::{Path, PathBuf};

use ssmax_mail::{Entity, Limits, canonical, parse};

fn corpora() -> PathBuf {
    std::env::var_os("SSMAX_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    )
}

fn mails_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            mails_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "eml") {
            found.push(path);
        }
    }
}

fn check_all(name: &str) {
    let folder = corpora().join(name);
    if !folder.is_dir() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", folder.display());
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let mut mails = Vec::new();
    mails_below(&folder, &mut mails);
    assert!(!mails.is_empty(), "no mail in {}", folder.display());
    for path in mails {
        let raw = canonical::to_crlf(&std::fs::read(&path).unwrap());
        let mail = parse(&raw, &Limits::default())
            .unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        check_entity(&mail, &path);
    }
}

fn check_entity(mail: &Entity<'_>, path: &Path) {
    for part in mail.walk() {
        part.decoded_body().unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        if let Some(message) = part.message() {
            check_entity(&message.unwrap(), path);
        }
    }
}

#[test]
fn every_mail_of_thunderbirds_tests_is_read() {
    check_all("thunderbird-smime");
}

#[test]
fn every_mail_of_rfc_4134_is_read() {
    check_all("rfc4134");
}
