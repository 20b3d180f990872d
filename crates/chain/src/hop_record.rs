//! The hop record: what a sending organisation signs about one mail (hop 2).
//! Specification: `spec/chain.md`, "Hop record".

use crate::Digest;
use serde::{Deserialize, Serialize};
use ssmax_cms::Limits;
use ssmax_cms::signed::{SignedData, utf8_value};
use ssmax_pki::oid;
use time::OffsetDateTime;

/// The largest hop record that is read, in octets.
pub const MAX_RECORD_BYTES: usize = 16 * 1024;

/// The version of the records this crate writes and the only one it reads.
pub const RECORD_VERSION: u8 = 1;

/// The largest organisation signature that is looked at, with its certificates, in
/// octets. Ours have four thousand.
pub const MAX_SIGNED_DATA_BYTES: usize = 64 * 1024;

/// The sending member and the hop that an organisation's signature names. Nobody has
/// verified it: good for a look-up whose result is believed only when the signature is.
#[must_use]
pub fn claimed_name(signed_data: &[u8]) -> Option<(String, HopId)> {
    if signed_data.len() > MAX_SIGNED_DATA_BYTES {
        return None;
    }
    let signed = SignedData::parse(signed_data, &Limits::default()).ok()?;
    let [signer] = signed.signers() else { return None };
    let json = signer.signed_attribute(oid::HOP_RECORD).ok().flatten().and_then(utf8_value)?;
    let record = HopRecord::parse(&json).ok()?;
    Some((record.from_org, record.id))
}

/// The name of one copy of a mail on its way between two organisations: a UUIDv7,
/// made by the sending keyserver, the same over every retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HopId(uuid::Uuid);

impl HopId {
    /// A new name out of the clock and ten random octets (RFC 9562 5.7).
    #[must_use]
    pub fn new(at: OffsetDateTime, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Reads the text form with hyphens.
    ///
    /// # Errors
    /// [`RecordFault::Malformed`] for anything that is no UUIDv7.
    pub fn parse(text: &str) -> Result<Self, RecordFault> {
        let id = uuid::Uuid::try_parse(text).map_err(|_| RecordFault::Malformed)?;
        if id.get_version_num() != 7 || id.to_string() != text {
            return Err(RecordFault::Malformed);
        }
        Ok(Self(id))
    }

    /// The sixteen octets.
    #[must_use]
    pub fn as_octets(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Display for HopId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// What is wrong with a record, a hop-2 mail or a statement as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// Over [`MAX_RECORD_BYTES`].
    #[error("the record is over {MAX_RECORD_BYTES} octets")]
    TooLarge,
    /// No I-JSON of the expected shape: a field is missing, twice, unknown, or of
    /// another type (RFC 7493).
    #[error("the record is not I-JSON of the expected shape")]
    Malformed,
    /// Of a version this implementation does not know.
    #[error("the record has version {0}, only {RECORD_VERSION} is known")]
    Version(u8),
}

/// One encrypted part as the hop record names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartRecord {
    /// Where the part stands in the signed multipart, as "1".
    pub path: String,
    /// SHA-256 over the RecipientInfos, in their order.
    pub ri: Digest,
    /// The tail: what does not change when a mail is re-wrapped.
    pub tail: Digest,
    /// Check value of the content key over the tail.
    pub kcv: Digest,
    /// The content cipher, as "aes256-gcm".
    pub alg: String,
}

/// What the sending organisation signs. Everything here is readable on the way; what
/// only the receiver may know is in the sealed record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HopRecord {
    /// [`RECORD_VERSION`].
    pub v: u8,
    /// The name of this copy.
    pub id: HopId,
    /// The sending member.
    pub from_org: String,
    /// The receiving member: nobody else may take the mail.
    pub to_org: String,
    /// When it was signed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The version of the member list the sender judged by.
    pub list: u64,
    /// The Message-ID, with angle brackets.
    pub message_id: String,
    /// The envelope sender; empty for the null sender.
    pub mail_from: String,
    /// Digest over the covered header fields ([`crate::binding::headers_digest`]).
    pub headers: Digest,
    /// A salted digest for each recipient of this copy.
    pub rcpt: Vec<Digest>,
    /// The encrypted parts.
    pub parts: Vec<PartRecord>,
    /// SHA-256 of the encrypted sealed record, as it stands in the mail.
    pub sealed: Digest,
    /// The hop this mail continues (forwarding); none for a first sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<HopId>,
}

impl HopRecord {
    /// Reads a record; the whole of `json` must be it.
    ///
    /// # Errors
    /// [`RecordFault`] when it is too large, malformed or of another version.
    pub fn parse(json: &str) -> Result<Self, RecordFault> {
        let record: Self = parse_strict(json)?;
        check_version(record.v)?;
        HopId::parse(&record.id.to_string())?;
        Ok(record)
    }

    /// The JSON text that gets signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// Reads strict JSON: bounded, no unknown and no repeated field (the structures deny
/// both), nothing after the value.
pub(crate) fn parse_strict<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, RecordFault> {
    if json.len() > MAX_RECORD_BYTES {
        return Err(RecordFault::TooLarge);
    }
    serde_json::from_str(json).map_err(|_| RecordFault::Malformed)
}

/// Refuses every version but ours.
pub(crate) fn check_version(version: u8) -> Result<(), RecordFault> {
    if version == RECORD_VERSION { Ok(()) } else { Err(RecordFault::Version(version)) }
}

/// Writes a record. Our records hold strings, numbers and lists only, for which
/// serialising cannot fail; the fallback is a text that no reader accepts.
pub(crate) fn to_json<T: Serialize>(record: &T) -> String {
    serde_json::to_string(record).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> HopRecord {
        HopRecord {
            v: 1,
            id: HopId::new(OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000), [7; 10]),
            from_org: "NTRJP-7000012050002".into(),
            to_org: "NTRJP-8000012050001".into(),
            at: OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000),
            list: 3,
            message_id: "<1@a.example>".into(),
            mail_from: "alice@a.example".into(),
            headers: Digest::of(b"h"),
            rcpt: vec![Digest::of(b"r")],
            parts: vec![],
            sealed: Digest::of(b"s"),
            prev: None,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(HopRecord::parse(&record().to_json()), Ok(record()));
    }

    #[test]
    fn a_repeated_field_is_refused() {
        let json = record().to_json().replacen("\"list\":3", "\"list\":3,\"list\":4", 1);
        assert_eq!(HopRecord::parse(&json), Err(RecordFault::Malformed));
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let json = record().to_json().replacen("\"list\":3", "\"list\":3,\"more\":4", 1);
        assert_eq!(HopRecord::parse(&json), Err(RecordFault::Malformed));
    }

    #[test]
    fn another_version_is_refused_by_its_number() {
        let json = record().to_json().replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(HopRecord::parse(&json), Err(RecordFault::Version(2)));
    }

    #[test]
    fn the_bound_is_exact() {
        let mut json = record().to_json();
        json.push_str(&" ".repeat(MAX_RECORD_BYTES - json.len()));
        assert_eq!(HopRecord::parse(&json), Ok(record()));
        json.push(' ');
        assert_eq!(HopRecord::parse(&json), Err(RecordFault::TooLarge));
    }

    #[test]
    fn an_id_that_is_no_uuid_version_seven_is_refused() {
        let text = "6fa459ea-ee8a-3ca4-894e-db77e160355e";
        assert_eq!(HopId::parse(text), Err(RecordFault::Malformed));
    }
}
