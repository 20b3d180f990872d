//! 6,046 real mails through everything a person's agent does: read, signed, encrypted,
//! given to another recipient, decrypted, verified. What comes out is what went in.
//!
//! The mails are those of the SpamAssassin project, as `.ci/corpora` fetches them. What
//! was refused and why is the table of `docs/compatibility.md`, which this test keeps
//! true; `SSMAX_WRITE_DOCS=1` writes it anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

mod journey;
mod people;
mod table;

use people::People;
use ssmax_mail::canonical::to_crlf;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use table::{Kind, Table};

/// How many mails there are; fewer would prove less.
const MAILS: usize = 6046;

/// Of the mail that is no spam at most one in so many may be refused.
const HAM_FOR_ONE_REFUSAL: usize = 200;

/// As many as the machines have that run this.
const THREADS: usize = 2;

fn folder() -> PathBuf {
    match std::env::var_os("SSMAX_MAIL_CORPUS") {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("target/corpora/spam-assassin"),
    }
}

/// A mail with the folder it came from.
struct Found {
    kind: Kind,
    path: PathBuf,
}

fn find(folder: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    let Ok(groups) = std::fs::read_dir(folder) else { return found };
    for group in groups {
        let group = group.unwrap().path();
        let name = group.file_name().unwrap().to_str().unwrap();
        let kind = if name.starts_with("spam") { Kind::Spam } else { Kind::Ham };
        for file in std::fs::read_dir(&group).unwrap() {
            found.push(Found { kind, path: file.unwrap().path() });
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// A mail as the file holds it: without the line that mailboxes put first, and with the
/// line ends of the network.
fn read(path: &Path) -> Vec<u8> {
    let octets = std::fs::read(path).unwrap();
    let mail = match octets.strip_prefix(b"From ") {
        Some(rest) => rest.splitn(2, |octet| *octet == b'\n').nth(1).unwrap(),
        None => &octets,
    };
    to_crlf(mail)
}

fn run(mails: &[Found], people: &People) -> Table {
    let mut table = Table::default();
    for (index, mail) in mails.iter().enumerate() {
        let octets = read(&mail.path);
        let outcome = catch_unwind(AssertUnwindSafe(|| journey::run(&octets, people, index)));
        let name = || mail.path.display().to_string();
        match outcome {
            Ok(Ok((reading, end))) => table.count(mail.kind, &reading, end.as_ref()),
            Ok(Err(broken)) => table.broken.push(format!("{}: {broken}", name())),
            Err(_) => table.broken.push(format!("{}: panic", name())),
        }
    }
    table
}

#[test]
fn every_real_mail_comes_back_as_it_went_or_is_refused_by_name() {
    let mails = find(&folder());
    if mails.is_empty() && std::env::var_os("CI").is_none() {
        println!("skipped: no mails in {}; .ci/corpora fetches them", folder().display());
        return;
    }
    assert_eq!(mails.len(), MAILS, "mails in {}; .ci/corpora fetches them", folder().display());
    let people = People::new();
    let tables: Vec<Table> = std::thread::scope(|scope| {
        let share = mails.len().div_ceil(THREADS);
        let threads: Vec<_> =
            mails.chunks(share).map(|mails| scope.spawn(|| run(mails, &people))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let table = tables.into_iter().fold(Table::default(), Table::and);
    assert!(table.broken.is_empty(), "{}", table.broken.join("\n"));
    assert_eq!(table.all(), MAILS);
    let (refused, ham) = table.refused_ham();
    assert!(refused * HAM_FOR_ONE_REFUSAL < ham, "{refused} of {ham} refused");
    table::check(&table);
}
