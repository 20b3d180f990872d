//! The checkpoint: a few hundred octets that say which list is current.

use serde::{Deserialize, Serialize};
use ssmax_primitives::sha256;
use time::OffsetDateTime;

use crate::check::is_sha256_name;
use crate::fault::ListFault;
use crate::ijson::MAX_INTEGER;
use crate::member_list::MemberList;

/// Octets of a checkpoint's JSON at most.
pub const MAX_BYTES: usize = 4096;

/// What gateways poll, to learn within seconds that there is a new list without fetching
/// the list each time. Spec "member list", section 5.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The list's version.
    pub version: u64,
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
    pub fn of(list: &MemberList, signed: &[u8]) -> Self {
        Self {
            version: list.version,
            list_sha256: hex::encode(sha256(signed)),
            issued: list.issued,
            expires: list.expires,
        }
    }

    /// Checks that `signed`, opened to `list`, is the list that this checkpoint names.
    ///
    /// # Errors
    /// [`ListFault::CheckpointMismatch`].
    pub fn names(&self, list: &MemberList, signed: &[u8]) -> Result<(), ListFault> {
        if Self::of(list, signed) == *self { Ok(()) } else { Err(ListFault::CheckpointMismatch) }
    }

    /// Checks the structure of a checkpoint.
    ///
    /// # Errors
    /// [`ListFault::NoVersion`], [`ListFault::ExpiresBeforeIssued`],
    /// [`ListFault::CheckpointMismatch`] for a hash that no list can have.
    pub fn check(&self) -> Result<(), ListFault> {
        if self.version == 0 || self.version > MAX_INTEGER {
            return Err(ListFault::NoVersion);
        }
        if self.expires <= self.issued {
            return Err(ListFault::ExpiresBeforeIssued);
        }
        if !is_sha256_name(&self.list_sha256) {
            return Err(ListFault::CheckpointMismatch);
        }
        Ok(())
    }
}
