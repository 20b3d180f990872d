//! The section of `ssmax.toml` that every role of a member reads.

use serde::{Deserialize, Serialize};
use ssmax_federation::Kind;

/// `[organisation]`: who we are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// The member id: `NTRJP-` and the 13 digits of the 法人番号.
    pub id: String,
    /// `organisation`, or `esp`: a provider for individuals, which inspects no mail and
    /// escrows no key. Default `organisation`.
    #[serde(default = "default_kind")]
    pub kind: Kind,
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

fn default_kind() -> Kind {
    Kind::Organisation
}

impl Organisation {
    /// Whether this member may not open mail: it says so itself.
    #[must_use]
    pub fn is_esp(&self) -> bool {
        self.kind == Kind::Esp
    }

    /// Whether `domain` is one of ours; case does not matter.
    #[must_use]
    pub fn has_domain(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
    }
}
