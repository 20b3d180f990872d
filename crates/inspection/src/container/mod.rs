//! Containers beside zip: what can be opened, and what can at least be told to be locked.

pub(crate) mod lzma;
pub(crate) mod rar;
pub(crate) mod seven_zip;

/// What of an archive that we cannot open is locked with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Locks {
    /// Something is: the headers, or the content of a file.
    pub(crate) locked: bool,
    /// Something is not, or could not be told.
    pub(crate) open: bool,
}

impl Locks {
    /// Nothing could be told.
    const UNKNOWN: Self = Self { locked: false, open: true };
}
