//! What two officers approve so that one of them learns which person is behind a hop or a
//! certificate. Specification: `spec/keyserver.md`, "From a mail to a person".

use crate::Digest;
use crate::hop_record::{HopId, RECORD_VERSION, RecordFault, check_version, to_json};
use crate::officers::{Approvable, is_one_line};
use crate::person_request::check_nonce;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The largest request that is read, in octets.
pub const MAX_TRACE_BYTES: usize = 8 * 1024;

/// The longest reason, in octets.
pub const MAX_REASON_BYTES: usize = 1000;

/// The longest reference of a case, in octets.
pub const MAX_CASE_BYTES: usize = 200;

/// The longest serial number, in octets (RFC 5280 4.1.2.2).
const MAX_SERIAL_BYTES: usize = 20;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TraceOperation {
    /// The person behind a hop or a certificate.
    Trace,
}

/// By what the person is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Traced {
    /// A hop that this organisation made: the `id` of its hop record.
    Hop(HopId),
    /// A certificate that its CA issued, by SHA-256.
    Certificate(Digest),
    /// The same by the serial number: lower-case hexadecimal, whole octets.
    Serial(String),
}

impl Traced {
    /// As people have it: a hop id; else the SHA-256 of a certificate (64 hexadecimal
    /// digits) or a serial number (fewer), with or without colons, in either case.
    #[must_use]
    pub fn from_words(words: &str) -> Option<Self> {
        let words = words.trim().to_ascii_lowercase();
        if let Ok(hop) = HopId::parse(&words) {
            return Some(Self::Hop(hop));
        }
        let digits = words.replace(':', "");
        let octets = hex::decode(&digits).ok()?;
        match <[u8; 32]>::try_from(octets.as_slice()) {
            Ok(digest) => Some(Self::Certificate(Digest(digest))),
            Err(_) => is_serial(&digits).then_some(Self::Serial(digits)),
        }
    }
}

impl std::fmt::Display for Traced {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hop(id) => id.fmt(out),
            Self::Certificate(digest) => digest.fmt(out),
            Self::Serial(serial) => serial.fmt(out),
        }
    }
}

/// One spelling only, so that one request is one text.
fn is_serial(text: &str) -> bool {
    let digits = text.bytes().all(|one| matches!(one, b'0'..=b'9' | b'a'..=b'f'));
    digits && text.len().is_multiple_of(2) && (2..=2 * MAX_SERIAL_BYTES).contains(&text.len())
}

/// The words of a request.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// The case.
    pub case: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who gets the answer.
    pub proposer: &'a str,
}

/// The request that both officers sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceRequest {
    /// [`RECORD_VERSION`].
    pub v: u8,
    /// Always `trace`.
    pub op: TraceOperation,
    /// By what.
    pub traced: Traced,
    /// What the case is filed under, an incident's reference for one: one line, at most
    /// [`MAX_CASE_BYTES`].
    pub case: String,
    /// Why, for the log and who is told: one line, at most [`MAX_REASON_BYTES`].
    pub reason: String,
    /// The officer who gets the answer, and nobody else does: a user id, or an address.
    pub proposer: String,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Until when it may be carried out.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// A request serves once (`person_request::NONCE_DIGITS`).
    pub nonce: String,
}

impl TraceRequest {
    /// A request of this version.
    #[must_use]
    pub fn new(
        traced: Traced,
        words: Words<'_>,
        (at, until): (OffsetDateTime, OffsetDateTime),
        nonce: [u8; 16],
    ) -> Self {
        Self {
            v: RECORD_VERSION,
            op: TraceOperation::Trace,
            traced,
            case: words.case.to_owned(),
            reason: words.reason.to_owned(),
            proposer: words.proposer.to_owned(),
            at,
            until,
            nonce: hex::encode(nonce),
        }
    }
}

impl Approvable for TraceRequest {
    fn parse(json: &str) -> Result<Self, RecordFault> {
        if json.len() > MAX_TRACE_BYTES {
            return Err(RecordFault::TooLarge);
        }
        let request: Self = serde_json::from_str(json).map_err(|_| RecordFault::Malformed)?;
        check_version(request.v)?;
        check_nonce(&request.nonce)?;
        if request.reason.len() > MAX_REASON_BYTES || request.case.len() > MAX_CASE_BYTES {
            return Err(RecordFault::TooLarge);
        }
        let says_all = [&request.case, &request.reason, &request.proposer]
            .into_iter()
            .all(|one| is_one_line(one));
        let is_named = match &request.traced {
            Traced::Hop(id) => HopId::parse(&id.to_string()).is_ok(),
            Traced::Certificate(_) => true,
            Traced::Serial(serial) => is_serial(serial),
        };
        if says_all && is_named { Ok(request) } else { Err(RecordFault::Malformed) }
    }

    fn to_json(&self) -> String {
        to_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOP: &str = "0190a6e0-0000-7000-8000-000000000001";

    fn request() -> TraceRequest {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let words = Words { case: "2026-17", reason: "malware was sent", proposer: "olga" };
        let traced = Traced::Hop(HopId::parse(HOP).unwrap());
        TraceRequest::new(traced, words, (at, at + time::Duration::hours(72)), [7; 16])
    }

    fn parsed(request: &TraceRequest) -> Result<(), RecordFault> {
        TraceRequest::parse(&request.to_json()).map(drop)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let digest = Traced::Certificate(Digest([7; 32]));
        for traced in [request().traced, digest, Traced::Serial("0a1b".to_owned())] {
            let request = TraceRequest { traced, ..request() };
            assert_eq!(TraceRequest::parse(&request.to_json()), Ok(request));
        }
        assert!(request().to_json().contains("\"op\":\"trace\""));
    }

    #[test]
    fn what_people_have_is_understood_by_its_form() {
        let digits = "ab".repeat(32);
        let coloned: Vec<&str> = ["AB"; 32].to_vec();
        for (words, traced) in [
            (HOP.to_owned(), Some(Traced::Hop(HopId::parse(HOP).unwrap()))),
            (HOP.to_uppercase(), Some(Traced::Hop(HopId::parse(HOP).unwrap()))),
            (digits, Some(Traced::Certificate(Digest([0xab; 32])))),
            (coloned.join(":"), Some(Traced::Certificate(Digest([0xab; 32])))),
            (" 0A:1B ".to_owned(), Some(Traced::Serial("0a1b".to_owned()))),
            ("ab".repeat(20), Some(Traced::Serial("ab".repeat(20)))),
            ("ab".repeat(21), None),
            (String::new(), None),
            ("abc".to_owned(), None),
            ("<one@a.example>".to_owned(), None),
        ] {
            assert_eq!(Traced::from_words(&words), traced, "{words}");
        }
    }

    #[test]
    fn a_repeated_an_unknown_and_a_missing_field_are_refused() {
        let json = request().to_json();
        for (this, by) in [
            ("\"case\":\"2026-17\"", "\"case\":\"2026-17\",\"case\":\"2026-18\""),
            ("\"case\":\"2026-17\"", "\"case\":\"2026-17\",\"for\":\"oscar\""),
            ("\"case\":\"2026-17\",", ""),
            ("\"reason\":\"malware was sent\",", ""),
            ("\"trace\"", "\"rewrap-archive\""),
            ("{\"hop\"", "{\"serial\":\"0a\",\"hop\""),
            ("\"hop\":", "\"user\":"),
            (HOP, "0190a6e0-0000-4000-8000-000000000001"),
        ] {
            assert!(json.contains(this), "{this}");
            let changed = json.replacen(this, by, 1);
            assert_eq!(TraceRequest::parse(&changed), Err(RecordFault::Malformed), "{by}");
        }
        let other = json.replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(TraceRequest::parse(&other), Err(RecordFault::Version(2)));
    }

    #[test]
    fn case_reason_and_proposer_are_one_line_each_and_not_empty() {
        for words in ["", " ", "one\ntwo", "one\u{85}two"] {
            for request in [
                TraceRequest { case: words.to_owned(), ..request() },
                TraceRequest { reason: words.to_owned(), ..request() },
                TraceRequest { proposer: words.to_owned(), ..request() },
            ] {
                assert_eq!(parsed(&request), Err(RecordFault::Malformed), "{words:?}");
            }
        }
        let case = |count| TraceRequest { case: "x".repeat(count), ..request() };
        assert_eq!(parsed(&case(MAX_CASE_BYTES)), Ok(()));
        assert_eq!(parsed(&case(MAX_CASE_BYTES + 1)), Err(RecordFault::TooLarge));
        let reason = |count| TraceRequest { reason: "x".repeat(count), ..request() };
        assert_eq!(parsed(&reason(MAX_REASON_BYTES)), Ok(()));
        assert_eq!(parsed(&reason(MAX_REASON_BYTES + 1)), Err(RecordFault::TooLarge));
        let mut json = request().to_json();
        json.push_str(&" ".repeat(MAX_TRACE_BYTES - json.len()));
        assert_eq!(TraceRequest::parse(&json), Ok(request()));
        json.push(' ');
        assert_eq!(TraceRequest::parse(&json), Err(RecordFault::TooLarge));
    }

    #[test]
    fn a_serial_number_has_one_spelling() {
        for serial in ["", "a", "0A", "0a:1b", "0g", &"ab".repeat(21)] {
            let request = TraceRequest { traced: Traced::Serial(serial.to_owned()), ..request() };
            assert_eq!(parsed(&request), Err(RecordFault::Malformed), "{serial}");
        }
    }
}
