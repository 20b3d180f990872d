//! A mail before the detectors.
//!
//! Property: the same mail has the same verdict, within the bounds.

use std::sync::LazyLock;

use ssmax_inspection::{
    Direction, Engine, Limits, MAX_FINDING_TEXT_CHARS, Policy, built_in, inspect_with,
};
use ssmax_mail::parse;

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 500;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let begin = "Subject: 個人番号\r\nMIME-Version: 1.0\r\n";
    [
        format!("{begin}Content-Type: text/plain; charset=utf-8\r\n\r\n1234-5678-9018\r\n"),
        format!("{begin}Content-Type: text/html\r\n\r\n<p>123456<b>789018</b>&#x30;</p>\r\n"),
        format!(
            "{begin}Content-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\
             \r\n\r\n氏名,住所,電話\r\na,b,03-1234-5678\r\n"
        ),
        format!("{begin}\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n"),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Looks into the octets in both directions.
pub fn run(octets: &[u8]) {
    // Making the engines costs more than a small mail.
    static ENGINES: LazyLock<Vec<Box<dyn Engine>>> = LazyLock::new(built_in);
    let Ok(mail) = parse(octets, &ssmax_mail::Limits::default()) else { return };
    let limits = Limits { expanded_bytes: 1024 * 1024, ..Limits::default() };
    for direction in [Direction::Outbound, Direction::Inbound] {
        let verdict = inspect_with(&mail, direction, &Policy::default(), &limits, &ENGINES)
            .expect("the built-in engines need nothing and always judge");
        assert!(verdict.findings.len() <= limits.findings, "more findings than the bound");
        for finding in &verdict.findings {
            assert!(finding.what.chars().count() <= MAX_FINDING_TEXT_CHARS, "a long finding");
        }
    }
}
