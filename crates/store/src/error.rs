use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why state could not be read or kept.
///
/// Paths are the operator's own and may be shown; no variant carries stored content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused an operation on a file or directory.
    #[error("cannot {action} {}: {kind}", path.display())]
    File {
        /// What was being done.
        action: FileAction,
        /// To which file or directory.
        path: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// A file or directory that must be private is open to group or others.
    #[error("{} has mode {mode:03o}: group and others must have no access to it", path.display())]
    OpenToOthers {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits as found.
        mode: u32,
    },
    /// A private file or directory belongs to another user, who could change it.
    #[error("{} belongs to user {uid}, not to the user this program runs as", path.display())]
    ForeignOwner {
        /// The file or directory.
        path: PathBuf,
        /// The numeric id of its owner.
        uid: u32,
    },
    /// Something else stands where a directory or a regular file is needed.
    #[error("{} is not a {wanted}", path.display())]
    WrongKind {
        /// What stands there.
        path: PathBuf,
        /// `directory` or `regular file`.
        wanted: &'static str,
    },
    /// A private file is larger than the reader takes.
    #[error("{} is larger than {max} bytes", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// The largest size that would have been read, in bytes.
        max: u64,
    },
    /// A database name is empty, over 64 octets, or has other characters than
    /// `a-z`, `0-9`, `-` and `_`. It comes from the program, never from a person.
    #[error("a database name is made of a-z, 0-9, - and _ only")]
    DatabaseName,
    /// Migrations are not numbered 1, 2, 3 and so on. The program is at fault.
    #[error("migration {found} stands where number {expected} belongs")]
    MigrationOrder {
        /// The number that belongs at this place.
        expected: u32,
        /// The number found there.
        found: u32,
    },
    /// The database was made by a migration whose text has changed since.
    #[error("migration {version} of this database is not the one this program knows")]
    MigrationChanged {
        /// The number of the migration.
        version: u32,
    },
    /// A newer program has been at this database; going back would lose its changes.
    #[error("the database is at version {found}, this program knows up to {known}")]
    DatabaseNewer {
        /// The version of the database.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// A migration did not run; the database is at the version before it.
    #[error("migration {version} failed: {fault}")]
    MigrationFailed {
        /// The number of the migration.
        version: u32,
        /// What the database said.
        fault: SqlFault,
    },
    /// A statement failed.
    #[error("database: {0}")]
    Sql(SqlFault),
}

impl StoreError {
    /// Whether the same operation may succeed later without anyone changing the
    /// program or the configuration: the database is busy or its disk is full.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Sql(fault) | Self::MigrationFailed { fault, .. } => {
                matches!(fault, SqlFault::Busy | SqlFault::Full | SqlFault::Closed)
            }
            Self::File { kind, .. } => matches!(
                kind,
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::Interrupted
                    | io::ErrorKind::ResourceBusy
            ),
            _ => false,
        }
    }

    pub(crate) fn file(action: FileAction, path: &Path, error: &io::Error) -> Self {
        Self::File { action, path: path.to_owned(), kind: error.kind() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(SqlFault::from(&error))
    }
}

/// What was being done to a file when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileAction {
    /// Making a directory or a file.
    Create,
    /// Opening or reading.
    Read,
    /// Writing, syncing or renaming.
    Write,
    /// Removing.
    Remove,
}

impl std::fmt::Display for FileAction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Write => "write",
            Self::Remove => "remove",
        })
    }
}

/// Why a statement failed, as far as a caller can act on it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SqlFault {
    /// Another writer held the database, or all connections were taken, for too long.
    #[error("it stayed busy for too long")]
    Busy,
    /// No room is left on the disk.
    #[error("the disk is full")]
    Full,
    /// The file is damaged, or is no database.
    #[error("the database is damaged or is no database")]
    Corrupt,
    /// The disk failed, or the file may not be written.
    #[error("the disk failed or the file may not be written (SQLite code {code})")]
    Disk {
        /// SQLite's extended result code.
        code: u32,
    },
    /// A row with the same key is already there.
    #[error("a row with the same key is already there")]
    Duplicate,
    /// Another rule of the schema forbids the change (foreign key, check, not null).
    #[error("a rule of the schema forbids the change (SQLite code {code})")]
    Constraint {
        /// SQLite's extended result code.
        code: u32,
    },
    /// A row that had to be there is not.
    #[error("the row is not there")]
    NoRow,
    /// The database has been closed, because the role is stopping.
    #[error("it has been closed")]
    Closed,
    /// Anything else, such as a statement that is wrong. The program is at fault.
    #[error("the statement failed: {message}")]
    Other {
        /// SQLite's or the driver's own sentence. It names tables and columns, never
        /// their content: values are bound, not written into statements.
        message: String,
    },
}

impl From<&sqlx::Error> for SqlFault {
    fn from(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => {
                let code = database.code().and_then(|code| code.parse::<u32>().ok());
                code.and_then(Self::from_code)
                    .unwrap_or_else(|| Self::Other { message: database.message().to_owned() })
            }
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::PoolClosed => Self::Closed,
            sqlx::Error::RowNotFound => Self::NoRow,
            other => Self::Other { message: other.to_string() },
        }
    }
}

impl SqlFault {
    /// SQLite's extended result codes: the low octet is the primary code
    /// (<https://sqlite.org/rescode.html>).
    fn from_code(code: u32) -> Option<Self> {
        const CONSTRAINT_PRIMARY_KEY: u32 = 1555;
        const CONSTRAINT_UNIQUE: u32 = 2067;
        const CONSTRAINT_ROW_ID: u32 = 2579;
        const IO_ERROR_WRITE: u32 = 778;
        match (code, code & 0xff) {
            (CONSTRAINT_PRIMARY_KEY | CONSTRAINT_UNIQUE | CONSTRAINT_ROW_ID, _) => {
                Some(Self::Duplicate)
            }
            (_, 5 | 6) => Some(Self::Busy),
            (_, 13) => Some(Self::Full),
            (_, 11 | 26) => Some(Self::Corrupt),
            // A quota or a full network disk shows as a failed write, which is not
            // the operator's "full"; both are for a person to look at.
            (IO_ERROR_WRITE, _) | (_, 8 | 10 | 14) => Some(Self::Disk { code }),
            (_, 19) => Some(Self::Constraint { code }),
            _ => None,
        }
    }
}
