//! What two officers approve so that mail of somebody else's mailbox becomes readable for
//! a person: everything that decides it, but the RecipientInfos themselves, which come
//! with the asking. Specification: `spec/keyserver.md`, "Mail of others".

use crate::Digest;
use crate::hop_record::{RECORD_VERSION, RecordFault, check_version, to_json};
use crate::officers::{Approvable, is_one_line};
use crate::person_request::check_nonce;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// The largest request that is read, in octets.
pub const MAX_REQUEST_BYTES: usize = 2 * 1024 * 1024;

/// How many encrypted parts one request may name, whatever a keyserver is set to allow.
pub const MAX_OBJECTS: usize = 5000;

/// The longest reason, in octets.
pub const MAX_REASON_BYTES: usize = 1000;

/// What is asked for: it stands in the text, so that an approval of one operation is none
/// of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArchiveOperation {
    /// Archive copies opened, and wrapped for a person.
    RewrapArchive,
}

/// The request that both officers sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveRequest {
    /// [`RECORD_VERSION`].
    pub v: u8,
    /// Always `rewrap-archive`.
    pub op: ArchiveOperation,
    /// The address whose mail it is.
    pub mailbox: String,
    /// For whom it becomes readable: a user id, or an address of the person.
    pub target: String,
    /// Why, for the owner and the log: one line, at most [`MAX_REASON_BYTES`].
    pub reason: String,
    /// How many mails the parts are from.
    pub mails: u32,
    /// The encrypted parts, at least one, at most [`MAX_OBJECTS`], none twice.
    pub objects: Vec<ArchiveObject>,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Until when it may be carried out.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// A request serves once (`person_request::NONCE_DIGITS`).
    pub nonce: String,
}

/// One encrypted part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveObject {
    /// Its tail.
    pub tail: Digest,
    /// The content cipher, as "aes256-cbc".
    pub cipher: String,
    /// SHA-256 of the archive's RecipientInfo, DER.
    pub archive: Digest,
}

impl ArchiveRequest {
    /// A request of this version.
    #[must_use]
    pub fn new(
        (mailbox, target, reason): (&str, &str, &str),
        mails: u32,
        objects: Vec<ArchiveObject>,
        (at, until): (OffsetDateTime, OffsetDateTime),
        nonce: [u8; 16],
    ) -> Self {
        Self {
            v: RECORD_VERSION,
            op: ArchiveOperation::RewrapArchive,
            mailbox: mailbox.to_owned(),
            target: target.to_owned(),
            reason: reason.to_owned(),
            mails,
            objects,
            at,
            until,
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
        if request.objects.len() > MAX_OBJECTS || request.reason.len() > MAX_REASON_BYTES {
            return Err(RecordFault::TooLarge);
        }
        let tails: BTreeSet<[u8; 32]> = request.objects.iter().map(|one| one.tail.0).collect();
        let mails = usize::try_from(request.mails).unwrap_or(usize::MAX);
        // What people are told must not look like another line of it.
        let says_why = is_one_line(&request.reason)
            && ![&request.mailbox, &request.target]
                .iter()
                .any(|one| one.contains(char::is_control));
        if tails.is_empty()
            || tails.len() != request.objects.len()
            || !(1..=tails.len()).contains(&mails)
            || !says_why
        {
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

impl Approvable for ArchiveRequest {
    fn parse(json: &str) -> Result<Self, RecordFault> {
        Self::parse(json)
    }

    fn to_json(&self) -> String {
        self.to_json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> ArchiveObject {
        ArchiveObject {
            tail: Digest::of(name.as_bytes()),
            cipher: "aes256-cbc".to_owned(),
            archive: Digest::of(b"info"),
        }
    }

    fn request() -> ArchiveRequest {
        let at = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let times = (at, at + time::Duration::hours(72));
        let words = ("bob@b.example", "carol", "he has left");
        ArchiveRequest::new(words, 1, vec![object("one"), object("two")], times, [7; 16])
    }

    fn parsed(request: &ArchiveRequest) -> Result<(), RecordFault> {
        ArchiveRequest::parse(&request.to_json()).map(drop)
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(ArchiveRequest::parse(&request().to_json()), Ok(request()));
        assert!(request().to_json().contains("\"op\":\"rewrap-archive\""));
    }

    #[test]
    fn a_repeated_an_unknown_and_a_missing_field_are_refused() {
        let json = request().to_json();
        for (this, by) in [
            ("\"target\":\"carol\"", "\"target\":\"carol\",\"target\":\"dave\""),
            ("\"target\":\"carol\"", "\"target\":\"carol\",\"to\":\"dave\""),
            ("\"target\":\"carol\",", ""),
            ("rewrap-archive", "rewrap-own"),
        ] {
            assert!(json.contains(this), "{this}");
            let changed = json.replacen(this, by, 1);
            assert_eq!(ArchiveRequest::parse(&changed), Err(RecordFault::Malformed), "{by}");
        }
        let other = json.replacen("\"v\":1", "\"v\":2", 1);
        assert_eq!(ArchiveRequest::parse(&other), Err(RecordFault::Version(2)));
    }

    #[test]
    fn a_reason_is_one_line_and_not_empty() {
        let with =
            |reason: &str| parsed(&ArchiveRequest { reason: reason.to_owned(), ..request() });
        for reason in ["", " ", "one\ntwo", "one\u{85}two"] {
            assert_eq!(with(reason), Err(RecordFault::Malformed), "{reason:?}");
        }
        assert_eq!(with(&"x".repeat(MAX_REASON_BYTES)), Ok(()));
        assert_eq!(with(&"x".repeat(MAX_REASON_BYTES + 1)), Err(RecordFault::TooLarge));
        for (mailbox, target) in [("bob\n@b.example", "carol"), ("bob@b.example", "ca\nrol")] {
            let (mailbox, target) = (mailbox.to_owned(), target.to_owned());
            let request = ArchiveRequest { mailbox, target, ..request() };
            assert_eq!(parsed(&request), Err(RecordFault::Malformed));
        }
    }

    #[test]
    fn a_part_is_named_once_and_the_bounds_are_exact() {
        let with = |mails, objects| parsed(&ArchiveRequest { mails, objects, ..request() });
        let many = |count: usize| (0..count).map(|at| object(&at.to_string())).collect::<Vec<_>>();
        assert_eq!(with(1, vec![]), Err(RecordFault::Malformed));
        assert_eq!(with(1, vec![object("one"), object("one")]), Err(RecordFault::Malformed));
        for (mails, of) in
            [(0, Err(RecordFault::Malformed)), (2, Ok(())), (3, Err(RecordFault::Malformed))]
        {
            assert_eq!(with(mails, many(2)), of, "{mails}");
        }
        assert_eq!(with(1, many(MAX_OBJECTS)), Ok(()));
        assert_eq!(with(1, many(MAX_OBJECTS + 1)), Err(RecordFault::TooLarge));
        let mut json = request().to_json();
        json.push_str(&" ".repeat(MAX_REQUEST_BYTES - json.len()));
        assert_eq!(ArchiveRequest::parse(&json), Ok(request()));
        json.push(' ');
        assert_eq!(ArchiveRequest::parse(&json), Err(RecordFault::TooLarge));
    }

    #[test]
    fn a_nonce_has_one_spelling() {
        for nonce in ["", "07", &"0G".repeat(16), &"AB".repeat(16)] {
            let request = ArchiveRequest { nonce: nonce.to_owned(), ..request() };
            assert_eq!(parsed(&request), Err(RecordFault::Malformed));
        }
    }
}
