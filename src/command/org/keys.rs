//! The keys of `ssmax org status`: which are in use, how old they are, where they live.

use crate::command::Context;
use crate::complaint::Complaint;
use crate::config::Config;
use serde_json::{Value, json};
use ssmax_federation::admission::Admission;
use ssmax_hsm::{KeyEntry, KeyId, KeyPurpose, KeyStore, UnlockSecret};
use ssmax_pki::Certificate;
use std::path::Path;
use time::OffsetDateTime;

/// The organisation's own keys; those of people are not counted here.
const PURPOSES: [KeyPurpose; 8] = [
    KeyPurpose::OrganisationSigning,
    KeyPurpose::FederationEncryption,
    KeyPurpose::SubmissionEncryption,
    KeyPurpose::Seal,
    KeyPurpose::Archive,
    KeyPurpose::Hold,
    KeyPurpose::MemberCa,
    KeyPurpose::SealCa,
];

/// A key of the organisation.
pub(super) struct Listed {
    purpose: KeyPurpose,
    entry: KeyEntry,
    state: State,
}

/// What a key is used for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Made by a change of keys, and not certified yet.
    Waiting,
    Current,
    Old,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Current => "current",
            Self::Old => "old",
        }
    }
}

/// All of them, newest first for each purpose. Nothing is asked of a token: what is told
/// stands in the store.
pub(super) fn listed(config: &Config, admission: &Admission) -> Result<Vec<Listed>, Complaint> {
    let certified = certified(admission)?;
    let (keyserver, ca) = (config.keyserver()?, config.ca()?);
    let stores = [
        open(&keyserver.key_dir(), &keyserver.keyserver.unlock_file)?,
        open(&ca.key_dir(), &ca.ca.unlock_file)?,
    ];
    let mut all = Vec::new();
    for purpose in PURPOSES {
        for store in &stores {
            let entries = store.entries(purpose)?;
            // Those before it have been made since and wait for the authority.
            let first = entries.iter().position(|entry| certified.contains(&entry.id)).unwrap_or(0);
            // The archive has one key of each kind in use.
            let in_use = if purpose == KeyPurpose::Archive { 2 } else { 1 };
            for (at, entry) in entries.into_iter().enumerate() {
                let state = match at {
                    at if at < first => State::Waiting,
                    at if at < first + in_use => State::Current,
                    _ => State::Old,
                };
                all.push(Listed { purpose, entry, state });
            }
        }
    }
    Ok(all)
}

/// The keys of the organisation that the authority has certified, by id. All others are
/// in use as soon as they are made.
fn certified(admission: &Admission) -> Result<Vec<KeyId>, Complaint> {
    std::iter::once(&admission.organisation_signing)
        .chain(&admission.organisation_encryption)
        .map(|pem| Ok(ssmax_hsm::key_id(Certificate::from_pem(pem)?.spki())))
        .collect()
}

fn open(dir: &Path, unlock_file: &Path) -> Result<KeyStore, Complaint> {
    Ok(KeyStore::open(dir, &UnlockSecret::from_file(unlock_file)?)?)
}

impl Listed {
    fn days(&self, now: OffsetDateTime) -> i64 {
        (now - OffsetDateTime::from(self.entry.created)).whole_days().max(0)
    }

    pub(super) fn to_json(&self, now: OffsetDateTime) -> Value {
        json!({
            "purpose": self.purpose.as_str(),
            "id": self.entry.id,
            "current": self.state == State::Current,
            "state": self.state.as_str(),
            "age_days": self.days(now),
            "home": if self.entry.in_token { "token" } else { "file" },
        })
    }

    pub(super) fn line(&self, now: OffsetDateTime, context: &Context) -> String {
        let home = if self.entry.in_token { "cli-key-home-token" } else { "cli-key-home-file" };
        let home = context.text(home, &[]);
        let days = self.days(now).to_string();
        let purpose = purpose_text(self.purpose.as_str(), context);
        let arguments = [
            ("purpose", purpose.as_str()),
            ("id", &self.entry.id),
            ("state", self.state.as_str()),
            ("days", &days),
            ("home", &home),
        ];
        format!("  {}", context.text("cli-key-line", &arguments))
    }
}

/// What a key is for, in the reader's words.
pub(super) fn purpose_text(purpose: &str, context: &Context) -> String {
    let id = format!("cli-key-for-{purpose}");
    if ssmax_texts::has(&id) { context.text(&id, &[]) } else { purpose.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_that_is_listed_has_its_name() {
        for purpose in PURPOSES {
            assert!(ssmax_texts::has(&format!("cli-key-for-{purpose}")), "{purpose}");
        }
    }
}
