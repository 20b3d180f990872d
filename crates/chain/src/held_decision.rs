//! What an officer signs to decide about a held mail. Specification: `spec/keyserver.md`,
//! "Held mail".
//!
//! The gateway keeps held mail and carries out what is decided, so its word on who has
//! decided is worth nothing. The text names mail and deed; the label keeps this signature
//! apart from every other one.

use crate::Digest;
use crate::hop_record::{RECORD_VERSION, RecordFault, check_version, to_json};
use crate::person_request::check_nonce;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The largest text that is read, in octets.
pub const MAX_DECISION_BYTES: usize = 8 * 1024;

/// The longest reason, in octets.
pub const MAX_REASON_BYTES: usize = 1000;

/// The longest name of a held mail or an officer, in octets.
const MAX_NAME_BYTES: usize = 320;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldDeed {
    /// The content is shown to a reviewer.
    HoldShow,
    /// The mail goes on, with findings that say `hold`.
    HoldRelease,
    /// The mail goes on, also with findings that say `block`. Needs a reason.
    HoldOverride,
    /// The mail is given up. Needs a reason.
    HoldDelete,
}

impl HeldDeed {
    /// Whether the mail goes on.
    #[must_use]
    pub fn releases(self) -> bool {
        matches!(self, Self::HoldRelease | Self::HoldOverride)
    }

    fn needs_a_reason(self) -> bool {
        matches!(self, Self::HoldOverride | Self::HoldDelete)
    }
}

/// An officer's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldDecision {
    /// [`RECORD_VERSION`].
    pub v: u8,
    /// What is to be done.
    pub op: HeldDeed,
    /// The name of the held mail.
    pub held: String,
    /// What it is: the digest by which the keyserver knows the mail when it is admitted
    /// again. Another mail under the same name is not meant.
    pub mail: Digest,
    /// Who decides: a user id, or an address of the person.
    pub officer: String,
    /// Why, in one line; may be empty where none is needed.
    pub reason: String,
    /// For whom the content is: SHA-256 of the reviewer's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Digest>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Sixteen random octets in lower-case hexadecimal: a decision serves once.
    pub nonce: String,
}

impl HeldDecision {
    /// A decision of this version, about the mail of this name and digest.
    #[must_use]
    pub fn new(
        op: HeldDeed,
        (held, mail): (&str, Digest),
        (officer, reason): (&str, &str),
        at: OffsetDateTime,
        nonce: [u8; 16],
    ) -> Self {
        Self {
            v: RECORD_VERSION,
            op,
            held: held.to_owned(),
            mail,
            officer: officer.to_owned(),
            reason: reason.to_owned(),
            certificate: None,
            at,
            nonce: hex::encode(nonce),
        }
    }

    /// Reads a decision; the whole of `json` must be it.
    ///
    /// # Errors
    /// [`RecordFault`] when it is over a bound, malformed or of another version.
    pub fn parse(json: &str) -> Result<Self, RecordFault> {
        if json.len() > MAX_DECISION_BYTES {
            return Err(RecordFault::TooLarge);
        }
        let decision: Self = serde_json::from_str(json).map_err(|_| RecordFault::Malformed)?;
        check_version(decision.v)?;
        check_nonce(&decision.nonce)?;
        let is_name = |text: &str| !text.is_empty() && text.len() <= MAX_NAME_BYTES;
        let is_line = |text: &str| !text.contains(char::is_control);
        let well = is_name(&decision.held)
            && is_name(&decision.officer)
            && decision.reason.len() <= MAX_REASON_BYTES
            && [&decision.held, &decision.officer, &decision.reason]
                .into_iter()
                .all(|one| is_line(one))
            && !(decision.op.needs_a_reason() && decision.reason.trim().is_empty())
            && decision.certificate.is_some() == (decision.op == HeldDeed::HoldShow);
        if well { Ok(decision) } else { Err(RecordFault::Malformed) }
    }

    /// The JSON text that gets signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// What stands for the digest of a held mail of which the gateway does not know it. It is
/// good for having the mail of this name shown: no mail has this digest.
#[must_use]
pub fn unidentified(held: &str) -> Digest {
    Digest::of_fields("SSMAX1-held-unidentified", &[held.as_bytes()])
}

/// The octets that an officer signs: a label, one octet zero, the text.
#[must_use]
pub fn decided_octets(json: &str) -> Vec<u8> {
    [b"SSMAX1-officer-decides\0", json.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::officers::{approved_octets, asked_octets};
    use crate::person_request::signed_octets;

    fn decision(op: HeldDeed) -> HeldDecision {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let mail = ("4f2a90c1d3e5b867", Digest::of(b"mail"));
        let certificate = (op == HeldDeed::HoldShow).then(|| Digest::of(b"certificate"));
        let decision = HeldDecision::new(op, mail, ("olga", "seen"), at, [7; 16]);
        HeldDecision { certificate, ..decision }
    }

    const DEEDS: [HeldDeed; 4] =
        [HeldDeed::HoldShow, HeldDeed::HoldRelease, HeldDeed::HoldOverride, HeldDeed::HoldDelete];

    #[test]
    fn what_is_written_is_read_back_and_its_signature_is_no_other() {
        for op in DEEDS {
            let json = decision(op).to_json();
            assert_eq!(HeldDecision::parse(&json), Ok(decision(op)));
            let octets = decided_octets(&json);
            for other in [approved_octets(&json), asked_octets(&json), signed_octets(&json)] {
                assert_ne!(octets, other);
            }
        }
        assert!(decision(HeldDeed::HoldRelease).to_json().contains("\"op\":\"hold-release\""));
    }

    #[test]
    fn a_repeated_an_unknown_and_a_missing_field_are_refused() {
        let json = decision(HeldDeed::HoldRelease).to_json();
        for (this, by) in [
            ("\"officer\":\"olga\"", "\"officer\":\"olga\",\"officer\":\"oscar\""),
            ("\"officer\":\"olga\"", "\"officer\":\"olga\",\"for\":\"oscar\""),
            ("\"officer\":\"olga\",", ""),
            ("\"officer\":\"olga\"", "\"officer\":\"\""),
            ("\"held\":\"4f2a90c1d3e5b867\"", "\"held\":\"\""),
            ("\"reason\":\"seen\"", "\"reason\":\"a\\nb\""),
            ("hold-release", "hold-show"),
            ("0707", "07g7"),
        ] {
            assert!(json.contains(this), "{this}");
            let changed = json.replacen(this, by, 1);
            assert_eq!(HeldDecision::parse(&changed), Err(RecordFault::Malformed), "{by}");
        }
        let other = json.replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(HeldDecision::parse(&other), Err(RecordFault::Version(2)));
        let certified =
            HeldDecision { certificate: Some(Digest::of(b"x")), ..decision(HeldDeed::HoldRelease) };
        assert_eq!(HeldDecision::parse(&certified.to_json()), Err(RecordFault::Malformed));
    }

    #[test]
    fn a_reason_is_bounded_and_some_deeds_need_one() {
        let with = |op, reason: &str| {
            let decision = HeldDecision { reason: reason.to_owned(), ..decision(op) };
            HeldDecision::parse(&decision.to_json()).map(drop)
        };
        for op in DEEDS {
            let needed = matches!(op, HeldDeed::HoldOverride | HeldDeed::HoldDelete);
            let expected = if needed { Err(RecordFault::Malformed) } else { Ok(()) };
            assert_eq!(with(op, ""), expected, "{op:?}");
            assert_eq!(with(op, " "), expected, "{op:?}");
            assert_eq!(with(op, &"x".repeat(MAX_REASON_BYTES)), Ok(()));
            let longer = "x".repeat(MAX_REASON_BYTES + 1);
            assert_eq!(with(op, &longer), Err(RecordFault::Malformed));
        }
        let json = decision(HeldDeed::HoldShow).to_json();
        let longest = json.clone() + &" ".repeat(MAX_DECISION_BYTES - json.len());
        assert!(HeldDecision::parse(&longest).is_ok());
        assert_eq!(HeldDecision::parse(&(longest + " ")), Err(RecordFault::TooLarge));
    }
}
