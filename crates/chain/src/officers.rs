//! What several officers sign before the keyserver does what none of them may have done
//! alone. Specification: `spec/keyserver.md`, "Mail of others".
//!
//! They sign one and the same text, at leisure; one of them then says now that it is to be
//! carried out. The labels keep apart what is approved, what is asked for, and mail. What
//! the text asks for is not said here: it names its operation itself.

use crate::Digest;
use crate::hop_record::{RECORD_VERSION, RecordFault, check_version, to_json};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The largest text of an [`Asking`] that is read, in octets.
pub const MAX_ASKING_BYTES: usize = 4096;

/// The octets that an officer signs to approve a request: a label, one octet zero, the text.
#[must_use]
pub fn approved_octets(request: &str) -> Vec<u8> {
    labelled(b"SSMAX1-officer-approves\0", request)
}

/// The octets that an officer signs to have an approved request carried out.
#[must_use]
pub fn asked_octets(asking: &str) -> Vec<u8> {
    labelled(b"SSMAX1-officer-asks\0", asking)
}

/// A text that two officers approve. It names its operation itself, so that an approval of
/// one is none of another.
pub trait Approvable: Sized {
    /// Reads it; the whole of `json` must be it.
    ///
    /// # Errors
    /// [`RecordFault`] when it is over a bound, malformed or of another version.
    fn parse(json: &str) -> Result<Self, RecordFault>;

    /// The JSON text that gets signed.
    fn to_json(&self) -> String;
}

/// Whether people may be told this in one line of a text: it is not empty, and has nothing
/// in it that looks like another line.
pub(crate) fn is_one_line(words: &str) -> bool {
    !words.trim().is_empty() && !words.contains(char::is_control)
}

fn labelled(label: &[u8], text: &str) -> Vec<u8> {
    [label, text.as_bytes()].concat()
}

/// One of the officers asks now for what they have approved. It has no nonce: the request
/// that it names serves once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asking {
    /// [`RECORD_VERSION`].
    pub v: u8,
    /// SHA-256 of the text that was approved.
    pub request: Digest,
    /// Who asks: a user id, or an address of the person.
    pub officer: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

impl Asking {
    /// Asks for the request with this text.
    #[must_use]
    pub fn new(request: &str, officer: &str, at: OffsetDateTime) -> Self {
        let request = Digest::of(request.as_bytes());
        Self { v: RECORD_VERSION, request, officer: officer.to_owned(), at }
    }

    /// Reads it; the whole of `json` must be it.
    ///
    /// # Errors
    /// [`RecordFault`] when it is over a bound, malformed or of another version.
    pub fn parse(json: &str) -> Result<Self, RecordFault> {
        if json.len() > MAX_ASKING_BYTES {
            return Err(RecordFault::TooLarge);
        }
        let asking: Self = serde_json::from_str(json).map_err(|_| RecordFault::Malformed)?;
        check_version(asking.v)?;
        Ok(asking)
    }

    /// The JSON text that gets signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_approved_what_is_asked_for_and_what_a_person_asks_are_never_the_same_octets() {
        let text = "{}";
        let octets = [
            approved_octets(text),
            asked_octets(text),
            crate::person_request::signed_octets(text),
            text.as_bytes().to_vec(),
        ];
        for (at, one) in octets.iter().enumerate() {
            assert!(octets.iter().skip(at + 1).all(|other| one != other), "{at}");
        }
    }

    #[test]
    fn an_asking_is_read_strictly() {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let asking = Asking::new("text", "olga", at);
        let json = asking.to_json();
        assert_eq!(Asking::parse(&json), Ok(asking));
        for (this, by) in [
            ("\"officer\":\"olga\"", "\"officer\":\"olga\",\"officer\":\"oscar\""),
            ("\"officer\":\"olga\"", "\"officer\":\"olga\",\"for\":\"oscar\""),
            ("\"officer\":\"olga\",", ""),
        ] {
            assert!(json.contains(this), "{this}");
            let changed = json.replacen(this, by, 1);
            assert_eq!(Asking::parse(&changed), Err(RecordFault::Malformed), "{by}");
        }
        let other = json.replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(Asking::parse(&other), Err(RecordFault::Version(2)));
        let longest = json.clone() + &" ".repeat(MAX_ASKING_BYTES - json.len());
        assert!(Asking::parse(&longest).is_ok());
        assert_eq!(Asking::parse(&(longest + " ")), Err(RecordFault::TooLarge));
    }
}
