//! What was learnt about correspondents, kept in a file.
//!
//! The file is JSON with a version. What it says is trusted as it was when learnt: only
//! good mails teach, each about its own sender, and of two mails the one signed later
//! counts. The certificates in a mail are not signed, so the same mail can come again with
//! fewer of them: it never replaces a certificate by an older one. Whoever can write the file can make a mail readable for somebody else, so it
//! belongs to its owner alone, as a key file does.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use ssmax_mail::address::Address;
use ssmax_pki::Certificate;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::learn::{Learnt, MAX_CAPABILITIES_BYTES};

/// The largest file that is read, in octets.
pub const MAX_KNOWN_BYTES: usize = 64 * 1024 * 1024;

/// The most correspondents in one file.
pub const MAX_CORRESPONDENTS: usize = 10_000;

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// The correspondents, by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    people: BTreeMap<String, Learnt>,
}

/// What a mail changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The sender was not known.
    New,
    /// What was known is replaced.
    Newer,
    /// What is known stays: the mail was not signed later.
    Older,
}

/// Why a file is not read, or a correspondent not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KnownFault {
    /// More than [`MAX_KNOWN_BYTES`].
    #[error("the file is too large")]
    TooLarge,
    /// More than [`MAX_CORRESPONDENTS`].
    #[error("there are too many correspondents")]
    TooMany,
    /// Another version than this program writes.
    #[error("the file is of version {0}")]
    Version(u32),
    /// It is no such file, or damaged.
    #[error("the file cannot be read")]
    Malformed,
}

impl Known {
    /// Reads a file.
    ///
    /// # Errors
    /// [`KnownFault`] by cause; an address that stands there twice, or beside a
    /// certificate that does not carry it, is [`KnownFault::Malformed`].
    pub fn from_json(octets: &[u8]) -> Result<Self, KnownFault> {
        if octets.len() > MAX_KNOWN_BYTES {
            return Err(KnownFault::TooLarge);
        }
        let Version { version } =
            serde_json::from_slice(octets).map_err(|_| KnownFault::Malformed)?;
        if version != VERSION {
            return Err(KnownFault::Version(version));
        }
        let document: Document =
            serde_json::from_slice(octets).map_err(|_| KnownFault::Malformed)?;
        if document.correspondents.len() > MAX_CORRESPONDENTS {
            return Err(KnownFault::TooMany);
        }
        let mut people = BTreeMap::new();
        for row in document.correspondents {
            let person = row.read().ok_or(KnownFault::Malformed)?;
            if people.insert(name(&person.address), person).is_some() {
                return Err(KnownFault::Malformed);
            }
        }
        Ok(Self { people })
    }

    /// The file, in the order of the addresses: the same people give the same octets.
    ///
    /// # Errors
    /// [`KnownFault::Malformed`] for a time beyond the year 9999.
    pub fn to_json(&self) -> Result<Vec<u8>, KnownFault> {
        let rows = self.people.values().map(|person| Row::of(person).ok_or(KnownFault::Malformed));
        let correspondents = rows.collect::<Result<Vec<_>, _>>()?;
        let document = Document { version: VERSION, correspondents };
        let mut octets = serde_json::to_vec_pretty(&document).map_err(|_| KnownFault::Malformed)?;
        octets.push(b'\n');
        Ok(octets)
    }

    /// Keeps what a mail taught, if it was signed later than what is known. A mail that does
    /// not tell when counts as the oldest. Of two mails signed at the same time, and of two
    /// that do not tell, the one whose certificate begins later counts; and against one that
    /// does not tell none counts whose certificate begins earlier.
    ///
    /// # Errors
    /// [`KnownFault::TooMany`] for one more than [`MAX_CORRESPONDENTS`].
    pub fn add(&mut self, learnt: Learnt) -> Result<Change, KnownFault> {
        let name = name(&learnt.address);
        let change = match self.people.get(&name) {
            None if self.people.len() >= MAX_CORRESPONDENTS => return Err(KnownFault::TooMany),
            None => Change::New,
            Some(known) if !is_newer(known, &learnt) => return Ok(Change::Older),
            Some(_) => Change::Newer,
        };
        self.people.insert(name, learnt);
        Ok(change)
    }

    /// What is known of the owner of `address`.
    #[must_use]
    pub fn find(&self, address: &Address) -> Option<&Learnt> {
        self.people.get(&name(address))
    }

    /// How many correspondents are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}

fn is_newer(known: &Learnt, learnt: &Learnt) -> bool {
    let begins = |learnt: &Learnt| learnt.certificate.not_before();
    match (known.at, learnt.at) {
        (Some(before), Some(now)) if before != now => now > before,
        (Some(_), None) => false,
        (None, Some(_)) => begins(learnt) >= begins(known),
        _ => begins(learnt) > begins(known),
    }
}

/// One spelling for all that [`Address::matches`].
fn name(address: &Address) -> String {
    format!("{}@{}", address.local(), address.ascii_domain())
}

/// Read first, so that a later version is named as such, whatever else it has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    correspondents: Vec<Row>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    address: String,
    /// Base64 of the DER.
    certificate: String,
    /// Base64 of the value of the attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capabilities: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_at: Option<String>,
}

impl Row {
    fn of(learnt: &Learnt) -> Option<Self> {
        let signed_at = learnt.at.map(|at| at.format(&Rfc3339));
        Some(Self {
            address: learnt.address.to_string(),
            certificate: STANDARD.encode(learnt.certificate.der()),
            capabilities: learnt.capabilities.as_ref().map(|value| STANDARD.encode(value)),
            signed_at: signed_at.transpose().ok()?,
        })
    }

    fn read(self) -> Option<Learnt> {
        let address = Address::parse(&self.address).ok()?;
        let certificate = Certificate::from_der(&STANDARD.decode(&self.certificate).ok()?).ok()?;
        let capabilities = match self.capabilities {
            Some(value) => Some(STANDARD.decode(value).ok()?),
            None => None,
        };
        let too_long =
            capabilities.as_ref().is_some_and(|value| value.len() > MAX_CAPABILITIES_BYTES);
        if too_long || !certificate.has_email(&address.to_string()) {
            return None;
        }
        let at = match self.signed_at {
            Some(text) => Some(OffsetDateTime::parse(&text, &Rfc3339).ok()?),
            None => None,
        };
        Some(Learnt { address, certificate, capabilities, at })
    }
}

#[cfg(test)]
mod tests;
