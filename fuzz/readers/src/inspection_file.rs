//! One file before the detectors: archives within archives, documents, PDF, RTF, HTML,
//! what cannot be opened.
//!
//! The first octet chooses name and direction. Properties: the same file has the same
//! verdict, no more findings than the bound, and none longer than its bound.

use ssmax_inspection::{Direction, Limits, MAX_FINDING_TEXT_CHARS, Policy, Verdict, inspect_file};

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 600;

const NAMES: [&str; 8] =
    ["a.zip", "a.xlsx", "a.docx", "a.pdf", "a.eml", "a.html", "a.csv", "winmail.dat"];

/// Small, so that an archive that swells shows itself soon.
const LIMITS: Limits = Limits {
    expanded_bytes: 1024 * 1024,
    archive_depth: 4,
    archive_entries: 200,
    text_bytes: 1024 * 1024,
    message_depth: 4,
    findings: 20,
};

/// Looks into the octets: name in the low bits of the first octet, direction in the highest;
/// the bit below asks twice.
pub fn run(octets: &[u8]) {
    let Some((&settings, file)) = octets.split_first() else { return };
    let name = NAMES.get(usize::from(settings) % NAMES.len()).expect("an index in the array");
    let direction = if settings & 0x80 == 0 { Direction::Outbound } else { Direction::Inbound };
    let verdict = look(name, file, direction);
    if settings & 0x40 != 0 {
        assert_eq!(verdict, look(name, file, direction), "one file has two verdicts");
    }
}

/// Looks into one file and holds the properties of its verdict.
pub(crate) fn look(name: &str, file: &[u8], direction: Direction) -> Verdict {
    let verdict = inspect_file(name, file, direction, &Policy::default(), &LIMITS);
    assert!(verdict.findings.len() <= LIMITS.findings, "more findings than the bound");
    for finding in &verdict.findings {
        assert!(finding.what.chars().count() <= MAX_FINDING_TEXT_CHARS, "a long finding");
    }
    verdict
}
