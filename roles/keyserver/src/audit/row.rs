//! A row of the log, and a head: what is hashed and what is signed.

use serde::{Deserialize, Serialize};
use ssmax_chain::Digest;

/// The version of rows and heads.
pub(crate) const VERSION: u8 = 1;

/// The label in front of a head where it is signed: it keeps these signatures apart from
/// any other use of the key.
const HEAD_LABEL: &[u8] = b"SSMAX1-audit-head\0";

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub(crate) v: u8,
    /// From 1, without gaps.
    pub(crate) seq: u64,
    /// Seconds since 1970.
    pub(crate) at: i64,
    /// The operation, as "sign-hop".
    pub(crate) op: String,
    /// The name of the ticket in logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<String>,
    /// Keyed hashes of addresses and user ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) who: Vec<String>,
    /// What it was about: a hop id, a tail, a member, an outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    /// "ok", "again", "refused NUMBER", or the problem.
    pub(crate) result: String,
    /// The hash of the row before; zeros for the first.
    pub(crate) prev: Digest,
}

impl Row {
    /// The text that is kept and hashed. Strings and numbers only: writing cannot fail.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The hash of a row's text.
pub(crate) fn hash(text: &str) -> Digest {
    Digest::of_fields("SSMAX1-audit", &[text.as_bytes()])
}

/// Where the chain stood at a moment. Whoever keeps one outside can say later whether the
/// log still holds what it held then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Version 1.
    pub v: u8,
    /// The member.
    pub organisation: String,
    /// The last row.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
    /// Seconds since 1970.
    pub at: i64,
}

impl Head {
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The octets that are signed for a head.
pub(crate) fn labelled(head: &str) -> Vec<u8> {
    [HEAD_LABEL, head.as_bytes()].concat()
}
