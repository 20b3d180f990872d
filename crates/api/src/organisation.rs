//! The section of `ssmax.toml` that every role of a member reads.

use serde::{Deserialize, Serialize};

/// `[organisation]`: who we are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// The member id: `NTRJP-` and the 13 digits of the 法人番号.
    pub id: String,
    /// The name in English, as certificates carry it.
    pub name: String,
    /// The name in Japanese.
    #[serde(default)]
    pub name_ja: String,
    /// The reading in kana.
    #[serde(default)]
    pub name_kana: String,
    /// The mail domains, the main one first.
    pub domains: Vec<String>,
    /// Where other members report incidents to.
    #[serde(default)]
    pub incident_contact: String,
}

impl Organisation {
    /// Whether `domain` is one of ours; case does not matter.
    #[must_use]
    pub fn has_domain(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
    }
}
