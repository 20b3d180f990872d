use std::io;
use std::path::{Path, PathBuf};

use crate::objects::ObjectFault;
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
    /// The address of the PostgreSQL server cannot be used. It is not shown: a password
    /// may stand in it.
    #[error("the address of the database server cannot be used: {0}")]
    ServerAddress(ServerFault),
    /// The server would lose what it says is written.
    #[error("the database server has {setting} = {value}: a crash would lose what it took")]
    NotDurable {
        /// The server's setting.
        setting: &'static str,
        /// Its value as found.
        value: String,
    },
    /// The server is older than the oldest that is tested, or its database is not UTF-8.
    #[error("the database server has {setting} = {value}, and needs {needed}")]
    ServerUnfit {
        /// The server's setting.
        setting: &'static str,
        /// Its value as found.
        value: String,
        /// What it has to be.
        needed: &'static str,
    },
    /// A large object cannot be written, read or removed.
    #[error("{0}")]
    Object(#[from] ObjectFault),
    /// Another process serves from this database, which only one may.
    #[error("another process serves from this database already")]
    InUse,
    /// The tables were carried elsewhere; what is here is what they were then.
    #[error("the tables were moved {}", if *server { "to a database server" } else { "to SQLite" })]
    Moved {
        /// Whether to a server.
        server: bool,
    },
    /// Tables cannot be moved to where they are.
    #[error("the tables are there already")]
    SamePlace,
    /// There is no database to move.
    #[error("there is no database {name}")]
    NothingToMove {
        /// Its name.
        name: &'static str,
    },
    /// A database that is to be moved is of an older version: the role takes its steps when
    /// it starts.
    #[error("the database is at version {found}, and needs {known} to be moved")]
    OtherVersion {
        /// The version of the database.
        found: u32,
        /// The version of this program.
        known: u32,
    },
    /// Where tables are to be moved to are other rows.
    #[error("the table {table} has rows at the target already")]
    TargetHoldsRows {
        /// The first such table.
        table: String,
    },
    /// What was read back is not what was written.
    #[error("the table {table} is not the same at the target")]
    NotTheSame {
        /// The table.
        table: String,
    },
}

/// What is wrong with the address of a PostgreSQL server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServerFault {
    /// It is not `postgresql://[USER@]HOST[:PORT]/DATABASE[?NAME=VALUE&...]`.
    #[error("it is not postgresql://USER@HOST/DATABASE")]
    Malformed,
    /// A password stands in it, where everybody who may read the configuration reads it.
    #[error("a password stands in it; it belongs into password_file")]
    Password,
    /// It has a parameter other than host, port, user, dbname, sslmode, sslrootcert,
    /// sslcert and sslkey.
    #[error("it has a parameter that is not known")]
    UnknownParameter,
    /// The server is on another host, and is not verified.
    #[error("a server on another host needs sslmode=verify-full and sslrootcert")]
    Unverified,
    /// The password file is not one line of text.
    #[error("the password file is not one line of text")]
    PasswordFile,
}

impl StoreError {
    /// Whether the same operation may succeed later without anyone changing the
    /// program or the configuration: the database is busy, away, or its disk is full.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Sql(fault) | Self::MigrationFailed { fault, .. } => {
                matches!(
                    fault,
                    SqlFault::Busy | SqlFault::Full | SqlFault::Closed | SqlFault::Unreachable
                )
            }
            Self::File { kind, .. } => matches!(
                kind,
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::Interrupted
                    | io::ErrorKind::ResourceBusy
            ),
            Self::Object(fault) => fault.is_temporary(),
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
    #[error("the disk failed or the file may not be written ({code})")]
    Disk {
        /// What the database calls it.
        code: Code,
    },
    /// The PostgreSQL server does not answer, or all connections to it are taken.
    #[error("the database server does not answer")]
    Unreachable,
    /// The PostgreSQL server is not proved to be the one that is meant: its certificate is
    /// for another name, or of a CA that is not ours.
    #[error("the database server's certificate is not trusted")]
    Untrusted,
    /// The PostgreSQL server does not let us in, or not do that: user, password, rights, a
    /// database that is not there, or a server that only reads.
    #[error("the database server refuses ({code})")]
    Refused {
        /// What the database calls it.
        code: Code,
    },
    /// A row with the same key is already there.
    #[error("a row with the same key is already there")]
    Duplicate,
    /// Another rule of the schema forbids the change (foreign key, check, not null).
    #[error("a rule of the schema forbids the change ({code})")]
    Constraint {
        /// What the database calls it.
        code: Code,
    },
    /// A column that had to be there is not, or is of another type. The program is at
    /// fault.
    #[error("the column {column} is not as it should be")]
    Column {
        /// Its name.
        column: String,
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

/// What a database calls a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// SQLite's extended result code.
    Sqlite(u32),
    /// PostgreSQL's SQLSTATE.
    State([u8; 5]),
}

impl std::fmt::Display for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(code) => write!(formatter, "SQLite code {code}"),
            Self::State(state) => {
                write!(formatter, "SQLSTATE {}", String::from_utf8_lossy(state))
            }
        }
    }
}

impl From<&sqlx::Error> for SqlFault {
    fn from(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                let is_sqlite = database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some();
                let known = if is_sqlite {
                    code.parse().ok().and_then(Self::from_sqlite)
                } else {
                    <[u8; 5]>::try_from(code.as_bytes()).ok().and_then(Self::from_state)
                };
                known.unwrap_or_else(|| Self::Other { message: database.message().to_owned() })
            }
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::PoolClosed => Self::Closed,
            sqlx::Error::RowNotFound => Self::NoRow,
            sqlx::Error::Tls(_) => Self::Untrusted,
            // What was said in the handshake is not what TLS says.
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => Self::Untrusted,
            // Only a server is spoken with: SQLite's files have codes of their own.
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => Self::Unreachable,
            other => Self::Other { message: other.to_string() },
        }
    }
}

impl SqlFault {
    /// SQLite's extended result codes: the low octet is the primary code
    /// (<https://sqlite.org/rescode.html>).
    fn from_sqlite(code: u32) -> Option<Self> {
        const CONSTRAINT_PRIMARY_KEY: u32 = 1555;
        const CONSTRAINT_UNIQUE: u32 = 2067;
        const CONSTRAINT_ROW_ID: u32 = 2579;
        const IO_ERROR_WRITE: u32 = 778;
        let named = Code::Sqlite(code);
        match (code, code & 0xff) {
            (CONSTRAINT_PRIMARY_KEY | CONSTRAINT_UNIQUE | CONSTRAINT_ROW_ID, _) => {
                Some(Self::Duplicate)
            }
            (_, 5 | 6) => Some(Self::Busy),
            (_, 13) => Some(Self::Full),
            (_, 11 | 26) => Some(Self::Corrupt),
            // A quota or a full network disk shows as a failed write, which is not
            // the operator's "full"; both are for a person to look at.
            (IO_ERROR_WRITE, _) | (_, 8 | 10 | 14) => Some(Self::Disk { code: named }),
            (_, 19) => Some(Self::Constraint { code: named }),
            _ => None,
        }
    }

    /// PostgreSQL's states: the first two characters are the class (its manual, appendix A).
    fn from_state(state: [u8; 5]) -> Option<Self> {
        let code = Code::State(state);
        match &state {
            b"23505" => Some(Self::Duplicate),
            // The rows are held by another, or the time for it was up.
            b"55P03" | b"57014" | b"40001" | b"40P01" => Some(Self::Busy),
            b"53100" => Some(Self::Full),
            b"25006" | b"42501" | b"3D000" | b"3F000" => Some(Self::Refused { code }),
            [b'2', b'3', ..] => Some(Self::Constraint { code }),
            [b'2', b'8', ..] => Some(Self::Refused { code }),
            // Stopping, starting, out of memory or of connections, or the connection broke.
            [b'0', b'8', ..] | [b'5', b'3', ..] | [b'5', b'7', b'P', ..] => Some(Self::Unreachable),
            [b'5', b'8', ..] => Some(Self::Disk { code }),
            [b'X', b'X', b'0', b'0', b'1' | b'2'] => Some(Self::Corrupt),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_postgresql_are_told_apart_by_what_can_be_done() {
        let fault = |state: &str| {
            let state: [u8; 5] = state.as_bytes().try_into().unwrap();
            SqlFault::from_state(state)
        };
        for state in ["08006", "53300", "57P01", "57P03"] {
            assert_eq!(fault(state), Some(SqlFault::Unreachable), "{state}");
        }
        for state in ["40001", "40P01", "55P03", "57014"] {
            assert_eq!(fault(state), Some(SqlFault::Busy), "{state}");
        }
        for state in ["25006", "28P01", "3D000", "42501"] {
            let found = fault(state).unwrap();
            assert!(matches!(found, SqlFault::Refused { .. }), "{state}");
            assert!(!StoreError::Sql(found.clone()).is_temporary());
            assert!(found.to_string().contains(state));
        }
        assert_eq!(fault("53100"), Some(SqlFault::Full));
        assert_eq!(fault("23505"), Some(SqlFault::Duplicate));
        assert!(matches!(fault("23514"), Some(SqlFault::Constraint { .. })));
        assert!(matches!(fault("58030"), Some(SqlFault::Disk { .. })));
        assert_eq!(fault("XX001"), Some(SqlFault::Corrupt));
        assert_eq!(fault("42601"), None);
    }
}
