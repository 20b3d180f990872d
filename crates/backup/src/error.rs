use ssmax_store::StoreError;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why no archive could be made, or none put back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("{path}: {kind}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// A link, a pipe or the like in a role's folder: none of ours.
    #[error("{path} is neither a file nor a folder", path = path.display())]
    ForeignKind {
        /// Which.
        path: PathBuf,
    },
    /// More files or longer names than an archive holds.
    #[error("there are more files, or a name is longer, than an archive holds")]
    TooMany,
    /// A snapshot of a database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive could not be written or read.
    #[error("the archive: {0}")]
    Archive(io::ErrorKind),
    /// The archive ends early, or is none.
    #[error("the archive is not whole")]
    NotWhole,
    /// An entry that no archive of ours has.
    #[error("the archive has an entry that is not ours: {name}")]
    ForeignEntry {
        /// Its name, as far as it is text.
        name: String,
    },
    /// A file is not what the manifest says.
    #[error("{name} is not as it was when the archive was made")]
    Changed {
        /// Which.
        name: String,
    },
    /// The state of another role or member.
    #[error("the archive has the state of {found}")]
    OfAnother {
        /// Whose.
        found: String,
    },
    /// There is state already, and nothing is overwritten.
    #[error("{path} is not empty", path = path.display())]
    NotEmpty {
        /// Where.
        path: PathBuf,
    },
}

impl BackupError {
    pub(crate) fn of(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), kind: error.kind() }
    }

    pub(crate) fn archive(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
                Self::NotWhole
            }
            kind => Self::Archive(kind),
        }
    }
}
