//! The state of one role in one file, taken while the role serves, and put back.
//!
//! An archive is a tar (POSIX ustar) of the files below the role's folder, so that whoever
//! has to look into one needs no program of ours. Databases are in it as one moment saw
//! them; the last entry, [`MANIFEST`], says whose state it is and what every file holds.
//!
//! Keys that lie in files are in it as they lie there, encrypted or not: an archive is to be
//! guarded like the folder it was made of. What opens encrypted keys is not in it.
#![allow(clippy::disallowed_methods, reason = "state on disk is what this crate is for")]

mod error;
mod manifest;
mod pack;
mod unpack;

pub use error::BackupError;
pub use manifest::{FileFacts, MANIFEST, Manifest, Whose};
pub use pack::pack;
pub use unpack::{Access, unpack, verify};

/// The longest name of a file below a role's folder, in octets: what ustar holds, and far
/// more than any role needs.
pub const MAX_PATH_BYTES: usize = 255;

/// How many files an archive may have.
pub const MAX_FILES: usize = 1_000_000;
