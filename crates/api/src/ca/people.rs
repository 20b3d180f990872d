//! People as those who know them tell of them: an HR file, a directory, an identity
//! provider. What they say is the record that should be here; [`difference`] finds what
//! there is to do for it, and the CA does it, one person at a time and each once.

mod difference;

pub use difference::{Missing, changed, difference, settled};

use super::{AccountKind, PROOFS};
use crate::Problem;
use serde::{Deserialize, Serialize};

/// The most changes that one request may bring: a batch shares its writes to the disk, and
/// a larger one would keep others waiting.
pub const MAX_CHANGES: usize = 256;

/// The most characters of a user id, a name, a department or a word about evidence. Names
/// that certificates carry have a bound of their own ([`MAX_NAME_CHARS`]).
pub const MAX_FIELD_CHARS: usize = 128;

/// The most characters of the name in certificates (RFC 5280 appendix A.1, ub-common-name).
pub const MAX_NAME_CHARS: usize = 64;

/// The most addresses of one person, the main one among them.
pub const MAX_ADDRESSES: usize = 16;

/// Who tells of people: typed in by an officer, from a file, an LDAP directory or by SCIM.
/// Somebody who is missing in one of them is not thereby missing in the others.
pub const SOURCES: [&str; 4] = ["hand", "import", "ldap", "scim"];

/// A person as the registry should have them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Employee or contract number: the user id, one person's for ever.
    pub user: String,
    /// The name in certificates, as the person writes it; in Japan in kanji.
    pub name: String,
    /// The name in kana.
    pub kana: Option<String>,
    /// The name in Latin letters.
    pub english: Option<String>,
    /// Mail addresses, the main one first, then aliases; all in the member's domains.
    pub addresses: Vec<String>,
    /// Where the person works.
    pub department: Option<String>,
    /// How identity was proved.
    pub evidence: Evidence,
    /// Who tells of this person, one of [`SOURCES`].
    pub source: String,
}

/// How identity was proved, with what an auditor would ask. What a source does not say is
/// kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// One of [`PROOFS`]; it has the level (IAL).
    pub proof: String,
    /// Where the evidence is found again: a file number, never the number of a card.
    pub reference: Option<String>,
    /// When, in seconds since 1970. For a new person without one it is now.
    pub proved: Option<i64>,
    /// Who looked at it.
    pub by: Option<String>,
}

impl Evidence {
    /// The identity assurance level of it, if it is a known proof.
    #[must_use]
    pub fn level(&self) -> Option<u8> {
        PROOFS.iter().find(|(word, _)| *word == self.proof).map(|(_, level)| *level)
    }
}

/// What is known of a person who is registered by hand, beside name and addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The name in kana.
    pub kana: Option<String>,
    /// The name in Latin letters.
    pub english: Option<String>,
    /// Where the person works.
    pub department: Option<String>,
    /// Where the evidence of identity is found again.
    pub reference: Option<String>,
    /// When identity was proved, in seconds since 1970; without it, it is now.
    pub proved: Option<i64>,
    /// Who looked at the evidence.
    pub by: Option<String>,
}

/// A person as the registry has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The record. Addresses of somebody who left are those that rest with them.
    pub person: Person,
    /// What it is; only persons are told of by a source.
    pub kind: AccountKind,
    /// Whether the person may send and receive.
    pub active: bool,
    /// When the rights ended, in seconds since 1970.
    pub ended: Option<i64>,
}

/// A fact of a person that is another than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The name in certificates.
    Name,
    /// The name in kana.
    Kana,
    /// The name in Latin letters.
    English,
    /// The first address.
    MainAddress,
    /// The other addresses.
    Aliases,
    /// Where the person works.
    Department,
    /// A better proof of identity than the one at registration.
    Level,
    /// Evidence of the same level.
    Evidence,
    /// Who tells of the person.
    Source,
}

impl Field {
    /// Whether certificates say it, so that new ones are needed.
    #[must_use]
    pub fn is_certified(self) -> bool {
        matches!(self, Self::Name | Self::MainAddress | Self::Level)
    }
}

/// What there is to do for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Somebody new: registered, with a signing key that the keyserver holds and an
    /// escrowed encryption key, and certificates for both.
    Join(Person),
    /// Somebody who is here, with other facts. Certificates are issued anew, for the same
    /// keys, where they would say something else.
    Change {
        /// The record as it should be.
        person: Person,
        /// What is another than before, for who reads it; the CA looks for itself.
        fields: Vec<Field>,
    },
    /// Somebody whose rights end: certificates and logins too; the keys of old mail stay.
    Leave {
        /// The user id.
        user: String,
    },
    /// Somebody whose rights had ended, under the same number: new keys and certificates,
    /// and the old mail. A number that was used twice by mistake would hand it to somebody
    /// else, so this is asked for by its name.
    Return(Person),
}

impl Change {
    /// The user id of whom it is about.
    #[must_use]
    pub fn user(&self) -> &str {
        match self {
            Self::Join(person) | Self::Return(person) | Self::Change { person, .. } => &person.user,
            Self::Leave { user } => user,
        }
    }
}

/// Changes to be carried out, each by itself: one that is refused stops no other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyChanges {
    /// At most [`MAX_CHANGES`], each about another person.
    pub changes: Vec<Change>,
    /// Whether addresses that were another person's may be given, once they have rested.
    pub former_address: bool,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is carried out; so many certificates were issued for it.
    Done {
        /// Certificates issued.
        certificates: u32,
    },
    /// Everything was so already: asked twice, or resumed after a failure.
    Unchanged,
    /// It is not carried out, and nothing of it is left.
    Refused(Problem),
}

/// What of a record cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RecordFault {
    /// No user id, or one of too many characters, or with control characters or spaces.
    #[error("user id")]
    User,
    /// No name, or one of more than [`MAX_NAME_CHARS`] or with control characters.
    #[error("name")]
    Name,
    /// Kana of too many characters, or with control characters.
    #[error("kana")]
    Kana,
    /// As kana.
    #[error("English name")]
    English,
    /// None, too many, one twice, or one that is no address.
    #[error("addresses")]
    Addresses,
    /// As kana.
    #[error("department")]
    Department,
    /// A proof that is not known.
    #[error("proof")]
    Proof,
    /// A reference, time or name of too many characters, or with control characters.
    #[error("evidence")]
    Evidence,
    /// None of [`SOURCES`].
    #[error("source")]
    Source,
}

impl Person {
    /// Whether a registry can take the record; the CA asks besides whether the addresses are
    /// the member's.
    ///
    /// # Errors
    /// The first field that it cannot.
    pub fn check(&self) -> Result<(), RecordFault> {
        let is_id =
            is_text(&self.user, MAX_FIELD_CHARS) && !self.user.contains(char::is_whitespace);
        let fits =
            |text: &Option<String>| text.as_ref().is_none_or(|text| is_text(text, MAX_FIELD_CHARS));
        let evidence = &self.evidence;
        for (holds, fault) in [
            (is_id, RecordFault::User),
            (is_text(&self.name, MAX_NAME_CHARS), RecordFault::Name),
            (fits(&self.kana), RecordFault::Kana),
            (fits(&self.english), RecordFault::English),
            (self.has_addresses(), RecordFault::Addresses),
            (fits(&self.department), RecordFault::Department),
            (evidence.level().is_some(), RecordFault::Proof),
            (fits(&evidence.reference) && fits(&evidence.by), RecordFault::Evidence),
            (evidence.proved.is_none_or(|at| (0..MAX_TIME).contains(&at)), RecordFault::Evidence),
            (SOURCES.contains(&self.source.as_str()), RecordFault::Source),
        ] {
            if !holds {
                return Err(fault);
            }
        }
        Ok(())
    }

    fn has_addresses(&self) -> bool {
        let parsed: Option<Vec<String>> =
            self.addresses.iter().map(|text| difference::parsed(text)).collect();
        let Some(mut normal) = parsed else { return false };
        let count = normal.len();
        normal.sort();
        normal.dedup();
        normal.len() == count && (1..=MAX_ADDRESSES).contains(&count)
    }
}

/// The year 10000, behind which no certificate can say a date.
const MAX_TIME: i64 = 253_402_300_800;

/// Whether something is written, in so many characters at most, and on one line.
fn is_text(text: &str, most: usize) -> bool {
    !text.trim().is_empty() && text.chars().count() <= most && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hanako() -> Person {
        Person {
            user: "1001".to_owned(),
            name: "山田 花子".to_owned(),
            kana: Some("ヤマダ ハナコ".to_owned()),
            english: Some("Hanako Yamada".to_owned()),
            addresses: vec!["hanako@a.example".to_owned(), "h.yamada@a.example".to_owned()],
            department: Some("営業部".to_owned()),
            evidence: Evidence {
                proof: "in-person".to_owned(),
                reference: Some("HR-2026-17".to_owned()),
                proved: Some(1_796_000_000),
                by: Some("2002".to_owned()),
            },
            source: "import".to_owned(),
        }
    }

    #[test]
    fn a_whole_record_is_taken() {
        assert_eq!(hanako().check(), Ok(()));
        let long = Person { name: "名".repeat(MAX_NAME_CHARS), ..hanako() };
        assert_eq!(long.check(), Ok(()));
    }

    #[test]
    fn each_fault_is_named() {
        let with = |change: fn(&mut Person)| {
            let mut person = hanako();
            change(&mut person);
            person.check()
        };
        assert_eq!(with(|one| one.user.clear()), Err(RecordFault::User));
        assert_eq!(with(|one| one.user = "10 01".to_owned()), Err(RecordFault::User));
        assert_eq!(with(|one| one.user = "1".repeat(129)), Err(RecordFault::User));
        assert_eq!(with(|one| one.name = " ".to_owned()), Err(RecordFault::Name));
        assert_eq!(with(|one| one.name = "名".repeat(65)), Err(RecordFault::Name));
        assert_eq!(with(|one| one.name = "a\nb".to_owned()), Err(RecordFault::Name));
        assert_eq!(with(|one| one.kana = Some("カ".repeat(129))), Err(RecordFault::Kana));
        assert_eq!(with(|one| one.english = Some("\u{7}".to_owned())), Err(RecordFault::English));
        assert_eq!(with(|one| one.addresses.clear()), Err(RecordFault::Addresses));
        assert_eq!(with(|one| one.addresses.push("x".to_owned())), Err(RecordFault::Addresses));
        let twice = |one: &mut Person| one.addresses.push("Hanako@A.example".to_owned());
        assert_eq!(with(twice), Err(RecordFault::Addresses));
        let many = |one: &mut Person| {
            one.addresses = (0..=MAX_ADDRESSES).map(|at| format!("a{at}@a.example")).collect();
        };
        assert_eq!(with(many), Err(RecordFault::Addresses));
        assert_eq!(with(|one| one.department = Some(String::new())), Err(RecordFault::Department));
        assert_eq!(with(|one| one.evidence.proof.clear()), Err(RecordFault::Proof));
        assert_eq!(with(|one| one.evidence.proved = Some(-1)), Err(RecordFault::Evidence));
        assert_eq!(
            with(|one| one.evidence.reference = Some("x".repeat(129))),
            Err(RecordFault::Evidence)
        );
        assert_eq!(with(|one| one.source = "rumour".to_owned()), Err(RecordFault::Source));
    }
}
