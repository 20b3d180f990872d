//! How much work one mail may cause. What lies beyond is "uninspectable", and that is
//! a finding: never silence.

use serde::{Deserialize, Serialize};

/// Bounds of one inspection. Each is tested at the limit and one past it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Octets that all archives of one mail may expand to, together. Default 200 MB.
    /// Beyond: `archive.too-large`.
    pub expanded_bytes: u64,
    /// How many archives may lie within each other: 1 opens an archive but none in
    /// it. A document of zip form (`.xlsx`) is an archive too. Default 8. Beyond:
    /// `archive.too-deep`.
    pub archive_depth: u32,
    /// Entries of all archives of one mail, together. Default 10,000. Beyond:
    /// `archive.too-many-entries`.
    pub archive_entries: u32,
    /// Octets of decoded text (UTF-8) of one mail, together; a sheet's cell counts
    /// its text and 16 octets. Default 100 MB. Beyond: `text.too-large`.
    pub text_bytes: u64,
    /// How many messages may be attached within each other. Default 10. Beyond:
    /// `mail.too-deep`.
    pub message_depth: u32,
    /// Findings in a verdict. Default 100. The outcome counts all of them regardless.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            expanded_bytes: 200_000_000,
            archive_depth: 8,
            archive_entries: 10_000,
            text_bytes: 100_000_000,
            message_depth: 10,
            findings: 100,
        }
    }
}

/// What is left of the limits while one mail is walked.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) expanded_bytes: u64,
    pub(crate) archive_entries: u32,
    pub(crate) text_bytes: u64,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            expanded_bytes: limits.expanded_bytes,
            archive_entries: limits.archive_entries,
            text_bytes: limits.text_bytes,
        }
    }
}
