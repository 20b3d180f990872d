//! The manifest of a mail in attachment mode: which encrypted files belong to it.
//! Specification: `spec/chain.md`, "Attachment mode".
//!
//! The sender signs it together with the describing text. It names each file by tail and
//! kcv, which stay the same when the file gets other recipients; so the signature
//! survives every re-wrapping, and no file can be put into another mail.

use crate::hop_record::{RECORD_VERSION, RecordFault, check_version, parse_strict, to_json};
use crate::{Digest, HopId};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The file name of the manifest's part.
pub const MANIFEST_NAME: &str = "ssmax-parts.json";

/// The most files that one manifest may list. How many an organisation opens for one mail
/// is its own bound, and a lower one.
pub const MAX_LISTED_FILES: usize = 32;

/// How many files an organisation opens for one mail unless it says otherwise
/// (`max_private_operations` of its key server).
pub const USUAL_FILES: usize = 4;

/// The longest name of a file, in octets: what common file systems hold, less `.p7m`.
pub const MAX_NAME_BYTES: usize = 250;

/// One encrypted file as the sender lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedFile {
    /// Where it stands in the mail: `2` is the first file, as `1` is the signed part.
    pub path: String,
    /// The name of the file inside; its part is called so with `.p7m` behind.
    pub name: String,
    /// The tail of the encrypted object.
    pub tail: Digest,
    /// Check value of its content key.
    pub kcv: Digest,
}

/// What the sender signs about the encrypted files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`RECORD_VERSION`].
    pub v: u8,
    /// The files in their order. Empty where a mail that is encrypted as a whole says
    /// only what it continues.
    pub parts: Vec<ListedFile>,
    /// The hop that this mail continues, if it is a forwarded one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<HopId>,
}

impl Manifest {
    /// A manifest of these files, in their order.
    #[must_use]
    pub fn new(files: Vec<(String, Digest, Digest)>, prev: Option<HopId>) -> Self {
        let listed = files.into_iter().enumerate().map(|(at, (name, tail, kcv))| ListedFile {
            path: path_of(at),
            name,
            tail,
            kcv,
        });
        Self { v: RECORD_VERSION, parts: listed.collect(), prev }
    }

    /// Reads a manifest. It must be written exactly as [`Manifest::to_json`] writes it:
    /// what the detectors do not look into has no room for anything else.
    ///
    /// # Errors
    /// [`RecordFault`] when it is too large, malformed or of another version; when its
    /// paths are not `2`, `3` and so on, a tail stands there twice, a name is none
    /// ([`is_file_name`]), or more than [`MAX_LISTED_FILES`] are listed.
    pub fn parse(json: &str) -> Result<Self, RecordFault> {
        let manifest: Self = parse_strict(json)?;
        check_version(manifest.v)?;
        if let Some(prev) = manifest.prev {
            HopId::parse(&prev.to_string())?;
        }
        let mut tails = HashSet::new();
        let in_order = manifest.parts.iter().enumerate().all(|(at, file)| {
            file.path == path_of(at) && is_file_name(&file.name) && tails.insert(file.tail.0)
        });
        if !in_order || manifest.parts.len() > MAX_LISTED_FILES || manifest.to_json() != json {
            return Err(RecordFault::Malformed);
        }
        Ok(manifest)
    }

    /// The JSON text that gets signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}

/// The path of the file at this position, counted from 0.
fn path_of(at: usize) -> String {
    (at + 2).to_string()
}

/// Whether a name may stand in a manifest: no path, nothing that is not shown, nothing
/// that changes the direction of what is shown (`exe.slip` with a right-to-left override
/// reads `pils.exe`).
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !matches!(name, "." | "..")
        && name.trim() == name
        && !name.chars().any(|c| is_hidden(c) || matches!(c, '/' | '\\'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn file(name: &str) -> (String, Digest, Digest) {
        (name.to_owned(), Digest::of(name.as_bytes()), Digest::of(b"kcv"))
    }

    fn manifest() -> Manifest {
        let prev = HopId::new(OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000), [7; 10]);
        Manifest::new(vec![file("a.txt"), file("見積書.docx")], Some(prev))
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(Manifest::parse(&manifest().to_json()), Ok(manifest()));
        let empty = Manifest::new(vec![], None);
        assert_eq!(empty.to_json(), r#"{"v":1,"parts":[]}"#);
        assert_eq!(Manifest::parse(&empty.to_json()), Ok(empty));
    }

    #[test]
    fn another_spelling_of_the_same_manifest_is_refused() {
        let json = manifest().to_json();
        for other in [
            format!("{json} "),
            json.replace("\"v\":1", "\"v\": 1"),
            json.replace("a.txt", "\\u0061.txt"),
            json.replace("\"prev\"", "\"more\":1,\"prev\""),
            json.replace("\"v\":1", "\"v\":1,\"v\":1"),
        ] {
            assert_ne!(other, json);
            assert_eq!(Manifest::parse(&other), Err(RecordFault::Malformed), "{other}");
        }
        let other = json.replace("\"v\":1", "\"v\":2");
        assert_eq!(Manifest::parse(&other), Err(RecordFault::Version(2)));
    }

    #[test]
    fn paths_out_of_order_and_a_file_listed_twice_are_refused() {
        let mut turned = manifest();
        turned.parts.swap(0, 1);
        let twice = Manifest::new(vec![file("a.txt"), file("a.txt")], None);
        for wrong in [turned, twice] {
            assert_eq!(Manifest::parse(&wrong.to_json()), Err(RecordFault::Malformed));
        }
    }

    #[test]
    fn the_bounds_are_exact() {
        let many = |count: usize| {
            let files = (0..count).map(|at| file(&format!("{at}"))).collect();
            Manifest::parse(&Manifest::new(files, None).to_json()).map(|read| read.parts.len())
        };
        assert_eq!(many(MAX_LISTED_FILES), Ok(MAX_LISTED_FILES));
        assert_eq!(many(MAX_LISTED_FILES + 1), Err(RecordFault::Malformed));
        assert!(is_file_name(&"x".repeat(MAX_NAME_BYTES)));
        assert!(!is_file_name(&"x".repeat(MAX_NAME_BYTES + 1)));
    }

    #[test]
    fn a_name_that_leads_elsewhere_or_is_shown_otherwise_is_none() {
        for name in ["", ".", "..", "a/b", "a\\b", "a\nb", "\u{202e}fdp.exe", " a", "a\0"] {
            assert!(!is_file_name(name), "{name:?}");
        }
        assert!(is_file_name("見積書 (2).docx"));
    }
}
