//! What is made of each rule in each direction.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{Direction, Outcome};

/// The rules' stable names.
pub mod rule {
    /// A My Number (個人番号) with a valid check digit and a word near it, or at the
    /// head of its column, that says so.
    pub const LEAK_MY_NUMBER: &str = "leak.my-number";
    /// Twelve digits with a valid check digit and nothing that says what they are: one
    /// random number in ten looks so, hence reported only when the policy asks.
    pub const LEAK_MY_NUMBER_NO_CONTEXT: &str = "leak.my-number-no-context";
    /// A payment card's number: of an issuer's range, with a valid check digit, and a word
    /// that says so or groups as on a card.
    pub const LEAK_CARD_NUMBER: &str = "leak.card-number";
    /// The same digits in one row and nothing that says what they are: reported only when
    /// the policy asks.
    pub const LEAK_CARD_NUMBER_NO_CONTEXT: &str = "leak.card-number-no-context";
    /// The EICAR test file.
    pub const MALWARE_EICAR: &str = "malware.eicar";
    /// What ClamAV knows by a signature; the finding has its name.
    pub const MALWARE_CLAMAV: &str = "malware.clamav";
    /// An archive, an entry or an Office document locked with a password.
    pub const ARCHIVE_ENCRYPTED: &str = "archive.encrypted";
    /// An archive that two programs may read differently.
    pub const ARCHIVE_AMBIGUOUS: &str = "archive.ambiguous";
    /// Archives nested beyond `Limits::archive_depth`.
    pub const ARCHIVE_TOO_DEEP: &str = "archive.too-deep";
    /// More entries than `Limits::archive_entries`.
    pub const ARCHIVE_TOO_MANY_ENTRIES: &str = "archive.too-many-entries";
    /// Expands beyond `Limits::expanded_bytes`.
    pub const ARCHIVE_TOO_LARGE: &str = "archive.too-large";
    /// Broken: cut short, wrong checksum, not well-formed.
    pub const ARCHIVE_DAMAGED: &str = "archive.damaged";
    /// A container that we cannot open: 7z, RAR, LZH, an unknown compression.
    pub const ARCHIVE_UNSUPPORTED: &str = "archive.unsupported";
    /// An attached message that our strict parser refuses.
    pub const MAIL_AMBIGUOUS: &str = "mail.ambiguous";
    /// A part whose transfer encoding cannot be decoded.
    pub const MAIL_UNDECODABLE: &str = "mail.undecodable";
    /// A part that stays closed below the encryption already taken off: S/MIME of any
    /// kind but certificates alone, PGP.
    pub const MAIL_ENCRYPTED: &str = "mail.encrypted";
    /// A fragment of a message, or a pointer to a body kept elsewhere
    /// (RFC 2046 5.2.2, 5.2.3).
    pub const MAIL_INCOMPLETE: &str = "mail.incomplete";
    /// Messages attached within each other beyond `Limits::message_depth`.
    pub const MAIL_TOO_DEEP: &str = "mail.too-deep";
    /// More text than `Limits::text_bytes`.
    pub const TEXT_TOO_LARGE: &str = "text.too-large";
    /// A document whose text we cannot read fully: Office files from before 1997, PDF with
    /// a code of its own for its letters.
    pub const DOCUMENT_NOT_READ: &str = "document.not-read";
    /// A document with macros: VBA, or those of Excel 4.0. What runs by itself is named.
    pub const DOCUMENT_MACROS: &str = "document.macros";
    /// A document that starts a program or fetches more of itself from elsewhere: DDE
    /// fields, remote templates and objects.
    pub const DOCUMENT_ACTIVE: &str = "document.active";
    /// A PDF with JavaScript, which forms of every authority use to add up.
    pub const DOCUMENT_SCRIPT: &str = "document.script";
}

/// Every rule and family with its outcome outbound and inbound, most exact first.
///
/// Malware passes outbound by default, with the finding kept: the side that must not
/// trust is the receiving one, and it inspects by its own rules. A setting turns it
/// into `block`.
const DEFAULTS: &[(&str, Outcome, Outcome)] = &[
    (rule::LEAK_MY_NUMBER, Outcome::Block, Outcome::Pass),
    (rule::LEAK_MY_NUMBER_NO_CONTEXT, Outcome::Pass, Outcome::Pass),
    (rule::LEAK_CARD_NUMBER, Outcome::Block, Outcome::Pass),
    (rule::LEAK_CARD_NUMBER_NO_CONTEXT, Outcome::Pass, Outcome::Pass),
    (rule::MALWARE_EICAR, Outcome::Pass, Outcome::Block),
    (rule::MALWARE_CLAMAV, Outcome::Pass, Outcome::Block),
    (rule::ARCHIVE_ENCRYPTED, Outcome::Hold, Outcome::Hold),
    (rule::ARCHIVE_AMBIGUOUS, Outcome::Hold, Outcome::Hold),
    (rule::ARCHIVE_TOO_DEEP, Outcome::Hold, Outcome::Hold),
    (rule::ARCHIVE_TOO_MANY_ENTRIES, Outcome::Hold, Outcome::Hold),
    (rule::ARCHIVE_TOO_LARGE, Outcome::Hold, Outcome::Hold),
    (rule::ARCHIVE_DAMAGED, Outcome::Hold, Outcome::Hold),
    (rule::ARCHIVE_UNSUPPORTED, Outcome::Hold, Outcome::Hold),
    (rule::MAIL_AMBIGUOUS, Outcome::Hold, Outcome::Hold),
    (rule::MAIL_UNDECODABLE, Outcome::Hold, Outcome::Hold),
    (rule::MAIL_ENCRYPTED, Outcome::Hold, Outcome::Hold),
    (rule::MAIL_INCOMPLETE, Outcome::Hold, Outcome::Hold),
    (rule::MAIL_TOO_DEEP, Outcome::Hold, Outcome::Hold),
    (rule::TEXT_TOO_LARGE, Outcome::Hold, Outcome::Hold),
    (rule::DOCUMENT_NOT_READ, Outcome::Pass, Outcome::Pass),
    (rule::DOCUMENT_MACROS, Outcome::Pass, Outcome::Hold),
    (rule::DOCUMENT_ACTIVE, Outcome::Pass, Outcome::Hold),
    (rule::DOCUMENT_SCRIPT, Outcome::Pass, Outcome::Pass),
    ("leak.*", Outcome::Block, Outcome::Pass),
    ("malware.*", Outcome::Pass, Outcome::Block),
    ("archive.*", Outcome::Hold, Outcome::Hold),
    ("mail.*", Outcome::Hold, Outcome::Hold),
    ("text.*", Outcome::Hold, Outcome::Hold),
    ("document.*", Outcome::Pass, Outcome::Pass),
];

/// The names that a policy may set, in the order of [`DEFAULTS`].
const NAMES: [&str; DEFAULTS.len()] = {
    let mut names = [""; DEFAULTS.len()];
    let mut at = 0;
    while at < DEFAULTS.len() {
        names[at] = DEFAULTS[at].0;
        at += 1;
    }
    names
};

/// The outcome of one rule per direction; what is absent keeps its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What happens to outgoing mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound: Option<Outcome>,
    /// What happens to incoming mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound: Option<Outcome>,
}

impl Setting {
    fn in_direction(self, direction: Direction) -> Option<Outcome> {
        match direction {
            Direction::Outbound => self.outbound,
            Direction::Inbound => self.inbound,
        }
    }
}

/// What is made of each rule: the defaults, and what a member set differently.
///
/// Written as a table from rule (`leak.my-number`) or family (`malware.*`) to
/// `{ outbound, inbound }`; an exact rule goes before its family, and a name that no
/// rule bears is refused, since a typing error would switch a protection off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    settings: BTreeMap<String, Setting>,
}

impl Policy {
    /// The same policy with `outcome` for `rule` (or family) in `direction`.
    #[must_use]
    pub fn with(mut self, rule: &str, direction: Direction, outcome: Outcome) -> Self {
        let setting = self.settings.entry(rule.to_owned()).or_default();
        match direction {
            Direction::Outbound => setting.outbound = Some(outcome),
            Direction::Inbound => setting.inbound = Some(outcome),
        }
        self
    }

    /// What `rule` leads to in `direction`: the rule's own setting, else its family's,
    /// else the rule's default, else the family's. A rule that nobody knows holds.
    pub fn outcome(&self, rule: &str, direction: Direction) -> Outcome {
        let family = rule.split_once('.').map(|(family, _)| format!("{family}.*"));
        let names = || std::iter::once(rule).chain(family.as_deref());
        let set = |name: &str| self.settings.get(name)?.in_direction(direction);
        let default = |name: &str| {
            DEFAULTS.iter().find(|(known, _, _)| *known == name).map(|(_, outbound, inbound)| {
                match direction {
                    Direction::Outbound => *outbound,
                    Direction::Inbound => *inbound,
                }
            })
        };
        names().find_map(set).or_else(|| names().find_map(default)).unwrap_or(Outcome::Hold)
    }

    /// Every rule with its outcome outbound and inbound, for showing where a site
    /// stands.
    pub fn effective(&self) -> impl Iterator<Item = (&'static str, Outcome, Outcome)> + '_ {
        NAMES.into_iter().filter(|name| !name.ends_with(".*")).map(|name| {
            let outcome = |direction| self.outcome(name, direction);
            (name, outcome(Direction::Outbound), outcome(Direction::Inbound))
        })
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.settings.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const KNOWN: &[&str] = &NAMES;
        let settings = BTreeMap::<String, Setting>::deserialize(deserializer)?;
        match settings.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            Some(unknown) => Err(D::Error::unknown_field(unknown, KNOWN)),
            None => Ok(Self { settings }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_my_number_is_blocked_outbound_and_only_noted_inbound() {
        let policy = Policy::default();
        assert_eq!(policy.outcome(rule::LEAK_MY_NUMBER, Direction::Outbound), Outcome::Block);
        assert_eq!(policy.outcome(rule::LEAK_MY_NUMBER, Direction::Inbound), Outcome::Pass);
    }

    #[test]
    fn malware_is_blocked_inbound_and_outbound_only_by_a_setting() {
        let policy = Policy::default();
        assert_eq!(policy.outcome(rule::MALWARE_EICAR, Direction::Inbound), Outcome::Block);
        assert_eq!(policy.outcome(rule::MALWARE_EICAR, Direction::Outbound), Outcome::Pass);
        let strict = policy.with("malware.*", Direction::Outbound, Outcome::Block);
        assert_eq!(strict.outcome(rule::MALWARE_EICAR, Direction::Outbound), Outcome::Block);
    }

    #[test]
    fn what_cannot_be_inspected_never_passes_by_default() {
        for direction in [Direction::Outbound, Direction::Inbound] {
            for (name, outbound, inbound) in Policy::default().effective() {
                if name.starts_with("archive.") || name.starts_with("mail.") {
                    assert_eq!((outbound, inbound), (Outcome::Hold, Outcome::Hold), "{name}");
                }
            }
            assert_eq!(Policy::default().outcome("brand.new", direction), Outcome::Hold);
        }
    }

    #[test]
    fn an_exact_setting_goes_before_its_family_and_a_family_before_a_default() {
        let policy = Policy::default().with("archive.*", Direction::Inbound, Outcome::Block).with(
            rule::ARCHIVE_ENCRYPTED,
            Direction::Inbound,
            Outcome::Pass,
        );
        assert_eq!(policy.outcome(rule::ARCHIVE_ENCRYPTED, Direction::Inbound), Outcome::Pass);
        assert_eq!(policy.outcome(rule::ARCHIVE_DAMAGED, Direction::Inbound), Outcome::Block);
        assert_eq!(policy.outcome(rule::ARCHIVE_DAMAGED, Direction::Outbound), Outcome::Hold);
    }

    #[test]
    fn an_engine_of_tomorrow_gets_its_family_default() {
        let policy = Policy::default();
        assert_eq!(policy.outcome("malware.other-engine", Direction::Inbound), Outcome::Block);
    }

    #[test]
    fn a_policy_survives_writing_and_reading() {
        let policy = Policy::default().with("leak.*", Direction::Inbound, Outcome::Hold);
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(json, r#"{"leak.*":{"inbound":"hold"}}"#);
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
    }

    #[test]
    fn a_name_that_no_rule_bears_is_refused_by_name() {
        let fault = serde_json::from_str::<Policy>(r#"{"leak.mynumber":{}}"#).unwrap_err();
        assert!(fault.to_string().starts_with("unknown field `leak.mynumber`"), "{fault}");
    }
}
