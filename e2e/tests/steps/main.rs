//! The steps of a mail's journey, each with what it promises and what it refuses, seen from
//! outside: two organisations behind real Postfix and Dovecot, the one with its keys in
//! SoftHSM, the other its tables on PostgreSQL, and mail read on the line, in queues and in mailboxes by OpenSSL.
//!
//! Steps by number: `docs/acceptance.md`. All tests share one set-up, and take turns.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::Path;

mod card;
mod journey;
mod leak;
mod malware;
mod organisation;
mod reading;
mod recipient;
mod send;
mod sender;
mod stage;
mod trace;
mod wire;

/// The table names every test here, and of other files only tests that there are.
#[test]
fn the_acceptance_table_is_that_of_the_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let here = std::fs::read_dir(root.join("e2e/tests/steps")).unwrap();
    let here: String =
        here.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let tests = here.split("#[test]\nfn ").skip(1).map(|text| text.split('(').next().unwrap());
    let mut tests: BTreeSet<&str> = tests.collect();
    assert!(tests.remove("the_acceptance_table_is_that_of_the_tests") && tests.len() > 15);

    let table = read("docs/acceptance.md");
    let mut steps = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && line.contains('_')) {
        steps += usize::from(row[2..].starts_with(char::is_numeric));
        let shown_by = row.trim_end_matches(" |").rsplit('|').next().unwrap();
        let mut file = None;
        for name in shown_by.split('`').skip(1).step_by(2) {
            match (name.ends_with(".rs"), &file) {
                (true, _) => file = Some(read(name)),
                (false, Some(text)) => assert!(text.contains(&format!("fn {name}()")), "{name}"),
                (false, None) => {
                    assert!(tests.remove(name), "{name} is no test here, or named twice")
                }
            }
        }
    }
    assert_eq!(steps, 13);
    assert_eq!(tests, BTreeSet::new(), "not in docs/acceptance.md");
}
