//! `docs/keyserver-rules.md` names a test for each rule, and every operation: here it is
//! held to that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What the key server is asked, by the file and the type that says so.
const OPERATIONS: [(&str, &str); 4] = [
    ("crates/api/src/keyserver.rs", "GatewayRequest"),
    ("crates/api/src/keyserver/worker.rs", "WorkerAsk"),
    ("crates/api/src/keyserver/people.rs", "CaRequest"),
    ("crates/api/src/person.rs", "PersonRequest"),
];

fn page() -> String {
    read("docs/keyserver-rules.md")
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rows of all tables, without their heads.
fn rows(page: &str) -> Vec<&str> {
    let lines: Vec<&str> = page.lines().collect();
    let is_head = |at: usize| lines.get(at + 1).is_some_and(|next| next.starts_with("|---"));
    (0..lines.len())
        .filter(|at| lines[*at].starts_with("| ") && !is_head(*at))
        .map(|at| lines[at])
        .collect()
}

/// The tests that a row names: file and function.
fn tests(row: &str) -> Vec<(&str, &str)> {
    row.split('`').skip(1).step_by(2).filter_map(|name| name.split_once("::")).collect()
}

#[test]
fn every_rule_names_a_test_that_exists_and_is_run() {
    let page = page();
    let rows = rows(&page);
    assert!(rows.len() >= 60, "{}", rows.len());
    for row in rows {
        assert!(!tests(row).is_empty(), "a rule without a test: {row}");
        for (file, name) in tests(row) {
            let source = read(file);
            let written = format!("fn {name}(");
            let (before, _) = source.split_once(&written).unwrap_or_else(|| {
                panic!("there is no test {name} in {file}");
            });
            let is_test = before.trim_end().ends_with("#[test]");
            let is_called = source.matches(&format!("{name}(")).count() > 1;
            // A file's own `run` is called from another.
            assert!(is_test || is_called || name == "run", "{file}: {name} is never run");
        }
    }
}

#[test]
fn every_operation_of_the_key_server_stands_in_the_table() {
    let page = page();
    let first_cells: BTreeSet<&str> = rows(&page)
        .iter()
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split(','))
        .map(str::trim)
        .collect();
    for (file, name) in OPERATIONS {
        let source = read(file);
        let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).unwrap();
        let (body, _) = body.split_once("\n}").unwrap();
        let variants: Vec<&str> = body
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
            .map(|line| line.split([' ', '(', ',', '{']).next().unwrap())
            .collect();
        assert!(!variants.is_empty(), "{name}");
        for variant in variants {
            // It hands out public keys, and stands beside the operation that checks them.
            let is_there = first_cells.contains(variant) || variant == "RelayKeys";
            assert!(is_there, "{name}::{variant} has no rule in docs/keyserver-rules.md");
        }
    }
}
