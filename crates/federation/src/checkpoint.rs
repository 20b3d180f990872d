//! The checkpoint: a few hundred octets that say which list is current.

use serde::{Deserialize, Serialize};
use ssmax_primitives::sha256;
use time::OffsetDateTime;

use crate::check::is_sha256_name;
use crate::directory::Directory;
use crate::fault::ListFault;
use crate::ijson::MAX_INTEGER;

/// Octets of a checkpoint's JSON at most.
pub const MAX_BYTES: usize = 4096;

/// What gateways poll, to learn within seconds that there is a new list without fetching
/// the list each time. Spec "member list", section 5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The list's version.
    pub version: u64,
    /// How many members it has.
    pub members: u64,
    /// The hash that stands for all of them ([`Directory::state`]), lower-case hex.
    pub state: String,
    /// SHA-256 of the signed list as served, lower-case hex.
    pub list_sha256: String,
    /// The list's `issued` (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub issued: OffsetDateTime,
    /// The list's `expires` (UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub expires: OffsetDateTime,
}

impl Checkpoint {
    /// The checkpoint of a list and its signed form.
    #[must_use]
    pub fn of(directory: &Directory, signed: &[u8]) -> Self {
        let list = directory.list();
        Self {
            version: list.version,
            members: list.members.len() as u64,
            state: directory.state().to_owned(),
            list_sha256: hex::encode(sha256(signed)),
            issued: list.issued,
            expires: list.expires,
        }
    }

    /// Whether the checkpoint stands for exactly the members of a list in hand.
    #[must_use]
    pub fn names_members_of(&self, directory: &Directory) -> bool {
        let list = directory.list();
        self.version == list.version
            && self.members == list.members.len() as u64
            && self.state == directory.state()
    }

    /// Checks the structure of a checkpoint.
    ///
    /// # Errors
    /// [`ListFault::NoVersion`], [`ListFault::ExpiresBeforeIssued`],
    /// [`ListFault::CheckpointForm`] for a hash that none can have.
    pub fn check(&self) -> Result<(), ListFault> {
        if self.version == 0 || self.version > MAX_INTEGER {
            return Err(ListFault::NoVersion);
        }
        if self.expires <= self.issued {
            return Err(ListFault::ExpiresBeforeIssued);
        }
        if !is_sha256_name(&self.list_sha256) || !is_sha256_name(&self.state) {
            return Err(ListFault::CheckpointForm);
        }
        Ok(())
    }
}
