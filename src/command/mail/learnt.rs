//! The file in which certificates of correspondents are kept.

use crate::command::{decrypt, verify};
use crate::complaint::{Complaint, Exit};
use ssmax_agent::known::{Known, KnownFault, MAX_KNOWN_BYTES};
use ssmax_agent::learn::{LearnFault, Learnt, learn};
use ssmax_mail::address::Address;
use ssmax_smime::judge::Question;
use std::path::{Path, PathBuf};

/// The file, read; or nothing but what is learnt now.
pub(super) struct KnownFile {
    path: Option<PathBuf>,
    known: Known,
}

impl KnownFile {
    /// Reads the file; one that is not there yet is empty.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Complaint> {
        let known = match path {
            Some(path) if path.symlink_metadata().is_ok() => {
                let octets = verify::read(path, MAX_KNOWN_BYTES)?;
                Known::from_json(&octets).map_err(|fault| complaint(fault, Some(path)))?
            }
            _ => Known::default(),
        };
        Ok(Self { path: path.map(Path::to_owned), known })
    }

    /// Keeps what a mail taught.
    pub(super) fn add(&mut self, learnt: Learnt) -> Result<(), Complaint> {
        self.known.add(learnt).map(drop).map_err(|fault| complaint(fault, self.path.as_deref()))
    }

    /// What is known of the owner of `address`.
    pub(super) fn find(&self, address: &Address) -> Option<&Learnt> {
        self.known.find(address)
    }

    /// Writes the file.
    pub(super) fn save(&self) -> Result<(), Complaint> {
        let Some(path) = &self.path else { return Ok(()) };
        let octets = self.known.to_json().map_err(|fault| complaint(fault, Some(path)))?;
        decrypt::write(Some(path), &octets)
    }
}

/// Learns from a saved mail.
pub(in crate::command) fn from_mail(
    path: &Path,
    question: &Question<'_>,
) -> Result<Learnt, Complaint> {
    learn(&verify::mail(path)?, question).map_err(|fault| {
        let name = match fault {
            LearnFault::NoCertificate => "mail-teaches-nothing",
            _ => "mail-nothing-learnt",
        };
        Complaint::new(Exit::Bad, name).with("path", path.display())
    })
}

fn complaint(fault: KnownFault, path: Option<&Path>) -> Complaint {
    let path = path.unwrap_or(Path::new("-")).display();
    let of = |name| Complaint::new(Exit::WrongUse, name).with("path", &path);
    match fault {
        KnownFault::TooLarge => of("file-too-large").with("max", MAX_KNOWN_BYTES),
        KnownFault::TooMany => of("known-full").with("max", ssmax_agent::known::MAX_CORRESPONDENTS),
        KnownFault::Version(version) => of("known-version").with("version", version),
        _ => of("known-unreadable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;

    #[test]
    fn a_file_that_is_not_there_is_empty_and_one_that_is_no_such_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("known.json");
        KnownFile::open(Some(&path)).unwrap().save().unwrap();
        assert!(KnownFile::open(Some(&path)).unwrap().known.is_empty());
        for (content, name) in [
            ("{\"version\":2,\"people\":{}}", "known-version"),
            ("{\"version\":1}", "known-unreadable"),
            ("", "known-unreadable"),
        ] {
            std::fs::write(&path, content).unwrap();
            let fault = KnownFile::open(Some(&path)).map(drop).unwrap_err();
            assert_eq!((fault.name, fault.exit), (name, Exit::WrongUse), "{content}");
        }
    }

    #[test]
    fn every_complaint_about_the_file_has_its_texts() {
        for fault in [
            KnownFault::TooLarge,
            KnownFault::TooMany,
            KnownFault::Version(2),
            KnownFault::Malformed,
        ] {
            let complaint = complaint(fault, Some(Path::new("x")));
            for language in Language::ALL {
                let what = complaint.what(language);
                assert!(what.starts_with('x') && !what.contains("{$"), "{what}");
                assert!(!complaint.to_do(language).is_empty(), "{}", complaint.name);
            }
        }
    }
}
