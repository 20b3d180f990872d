//! What a person asks the keyserver for on their own word: mail of their mailbox wrapped
//! anew. Specification: `spec/keyserver.md`, "Person operations".
//!
//! The text is strict JSON; a detached CMS signature by the person's own certificate goes
//! along. What is signed is [`signed_octets`]: no mail begins with its label, so that no
//! signature over a mail is one over a request, nor the other way round.

use crate::Digest;
use crate::hop_record::{RECORD_VERSION, RecordFault, check_version, to_json};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How far the time of a request may be from the keyserver's, in both directions.
pub const MAX_SKEW: time::Duration = time::Duration::minutes(10);

/// The largest request that is read, in octets: a mail with a thousand RecipientInfos fits.
pub const MAX_REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// How many encrypted parts one request may name.
pub const MAX_PARTS: usize = 64;

/// How many RecipientInfos one part may have.
pub const MAX_RECIPIENTS: usize = 1000;

/// The length of a nonce: sixteen random octets in lower-case hexadecimal.
pub const NONCE_DIGITS: usize = 32;

/// What is asked for. One name so far; another operation has another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RewrapOwnOperation {
    /// Own mail, wrapped anew.
    RewrapOwn,
}

/// For whom the mail is wrapped anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnTarget {
    /// The person's own newest encryption certificate, as the keyserver knows it.
    Own,
    /// The organisation's submission key: the person will forward it.
    Submission,
}

/// A person's request to wrap mail of their own mailbox anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewrapOwn {
    /// [`RECORD_VERSION`].
    pub v: u8,
    /// Always `rewrap-own`.
    pub op: RewrapOwnOperation,
    /// The user id, or an address of the person.
    pub user: String,
    /// The mailbox the mail is from: an address of the person.
    pub mailbox: String,
    /// The encrypted parts, at least one, at most [`MAX_PARTS`].
    pub parts: Vec<OwnPart>,
    /// For whom.
    pub target: OwnTarget,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// [`NONCE_DIGITS`]: a request serves once.
    pub nonce: String,
}

/// One encrypted part of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnPart {
    /// Its RecipientInfos in encoded order, DER in base64.
    pub ri: Vec<Base64>,
    /// Its tail.
    pub tail: Digest,
    /// The content cipher, as "aes256-cbc".
    pub cipher: String,
}

impl RewrapOwn {
    /// A request of this version.
    #[must_use]
    pub fn new(
        user: &str,
        mailbox: &str,
        parts: Vec<OwnPart>,
        target: OwnTarget,
        at: OffsetDateTime,
        nonce: [u8; 16],
    ) -> Self {
        Self {
            v: RECORD_VERSION,
            op: RewrapOwnOperation::RewrapOwn,
            user: user.to_owned(),
            mailbox: mailbox.to_owned(),
            parts,
            target,
            at,
            nonce: hex::encode(nonce),
        }
    }

    /// Reads a request; the whole of `json` must be it.
    ///
    /// # Errors
    /// [`RecordFault`] when it is over a bound, malformed or of another version.
    pub fn parse(json: &str) -> Result<Self, RecordFault> {
        if json.len() > MAX_REQUEST_BYTES {
            return Err(RecordFault::TooLarge);
        }
        let request: Self = serde_json::from_str(json).map_err(|_| RecordFault::Malformed)?;
        check_version(request.v)?;
        check_nonce(&request.nonce)?;
        let parts = &request.parts;
        if parts.len() > MAX_PARTS || parts.iter().any(|part| part.ri.len() > MAX_RECIPIENTS) {
            return Err(RecordFault::TooLarge);
        }
        if parts.is_empty() || parts.iter().any(|part| part.ri.is_empty()) {
            return Err(RecordFault::Malformed);
        }
        Ok(request)
    }

    /// The JSON text that gets signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// The octets whose SHA-256 the signature of a request is over: a label, one octet zero,
/// the text.
#[must_use]
pub fn signed_octets(json: &str) -> Vec<u8> {
    let mut octets = b"SSMAX1-person\0".to_vec();
    octets.extend_from_slice(json.as_bytes());
    octets
}

/// One value has one text: a second spelling of a nonce would serve a second time.
pub(crate) fn check_nonce(nonce: &str) -> Result<(), RecordFault> {
    let digit = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    if nonce.len() == NONCE_DIGITS && nonce.bytes().all(digit) {
        Ok(())
    } else {
        Err(RecordFault::Malformed)
    }
}

/// Octets that are base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        out.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        use serde::de::Error as _;
        let text = String::deserialize(input)?;
        base64::engine::general_purpose::STANDARD.decode(text).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RewrapOwn {
        let part = OwnPart {
            ri: vec![Base64(vec![0x30, 0])],
            tail: Digest::of(b"tail"),
            cipher: "aes256-cbc".to_owned(),
        };
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        RewrapOwn::new("alice", "alice@a.example", vec![part], OwnTarget::Own, at, [7; 16])
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(RewrapOwn::parse(&request().to_json()), Ok(request()));
        assert!(request().to_json().contains("\"op\":\"rewrap-own\""));
    }

    #[test]
    fn a_repeated_an_unknown_and_a_missing_field_are_refused() {
        let json = request().to_json();
        for (this, by) in [
            ("\"user\":\"alice\"", "\"user\":\"alice\",\"user\":\"bob\""),
            ("\"user\":\"alice\"", "\"user\":\"alice\",\"to\":\"bob\""),
            ("\"user\":\"alice\",", ""),
            ("rewrap-own", "rewrap-archive"),
            ("\"target\":\"own\"", "\"target\":\"bob@b.example\""),
        ] {
            assert!(json.contains(this), "{this}");
            let changed = json.replacen(this, by, 1);
            assert_eq!(RewrapOwn::parse(&changed), Err(RecordFault::Malformed), "{by}");
        }
        let other = json.replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(RewrapOwn::parse(&other), Err(RecordFault::Version(2)));
    }

    #[test]
    fn a_nonce_has_one_spelling() {
        for nonce in ["", "07", &"0G".repeat(16), &"AB".repeat(16), &"07".repeat(17)] {
            let request = RewrapOwn { nonce: nonce.to_owned(), ..request() };
            assert_eq!(RewrapOwn::parse(&request.to_json()), Err(RecordFault::Malformed));
        }
    }

    #[test]
    fn the_bounds_are_exact() {
        let with = |parts: Vec<OwnPart>| {
            RewrapOwn::parse(&RewrapOwn { parts, ..request() }.to_json()).map(drop)
        };
        let part = request().parts.remove(0);
        assert_eq!(with(vec![]), Err(RecordFault::Malformed));
        assert_eq!(with(vec![part.clone(); MAX_PARTS]), Ok(()));
        assert_eq!(with(vec![part.clone(); MAX_PARTS + 1]), Err(RecordFault::TooLarge));
        let of = |count| vec![OwnPart { ri: vec![Base64(vec![0]); count], ..part.clone() }];
        assert_eq!(with(of(0)), Err(RecordFault::Malformed));
        assert_eq!(with(of(MAX_RECIPIENTS)), Ok(()));
        assert_eq!(with(of(MAX_RECIPIENTS + 1)), Err(RecordFault::TooLarge));
        let mut json = request().to_json();
        json.push_str(&" ".repeat(MAX_REQUEST_BYTES - json.len()));
        assert_eq!(RewrapOwn::parse(&json), Ok(request()));
        json.push(' ');
        assert_eq!(RewrapOwn::parse(&json), Err(RecordFault::TooLarge));
    }
}
