use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use crate::error::{FileAction, StoreError};
use crate::files;
use crate::migrations::{self, Migration};

/// How long a statement waits for another writer before it fails as
/// [`SqlFault::Busy`](crate::SqlFault::Busy). Well under the 30 seconds within which
/// a gateway answers 4xx when something it depends on is down.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many connections one database has. SQLite writes one at a time; the others
/// are for readers, which never wait in WAL mode.
pub const MAX_CONNECTIONS: u32 = 4;

/// Longest database name, in octets.
const MAX_NAME_BYTES: usize = 64;

/// A SQLite database that survives kill -9 and power loss: write-ahead log,
/// `synchronous=FULL`, foreign keys enforced, readable by its owner only.
///
/// Clones share the connections.
#[derive(Debug, Clone)]
pub struct Database {
    pool: SqlitePool,
    path: PathBuf,
}

impl Database {
    /// Opens `dir/NAME.sqlite`, made when missing (directory 0700, file 0600), and
    /// brings its schema to the newest of `migrations`.
    ///
    /// # Errors
    /// [`StoreError::OpenToOthers`] or [`StoreError::ForeignOwner`] when directory or
    /// file are not private; [`StoreError::DatabaseNewer`] and
    /// [`StoreError::MigrationChanged`] when the database was made by another program
    /// version; [`StoreError::MigrationFailed`], which leaves the database as it was;
    /// [`StoreError::Sql`] when the file is damaged or stays locked.
    pub async fn open(
        dir: &Path,
        name: &str,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        let path = dir.join(file_name(name)?);
        files::create_private_dir(dir)?;
        // SQLite gives the log beside the database the database's own mode, so making
        // the file first keeps all three private whatever the umask is.
        create_database_file(&path)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(BUSY_TIMEOUT.saturating_mul(2))
            .connect_with(options)
            .await?;
        if let Err(error) = migrations::apply(&pool, migrations).await {
            pool.close().await;
            return Err(error);
        }
        Ok(Self { pool, path })
    }

    /// The connections, for `sqlx` queries. Statements that change something in
    /// several steps go through [`Database::begin_write`].
    #[must_use]
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a transaction that is a writer from its beginning. One that reads first
    /// and writes later cannot wait for another writer: SQLite fails it at once, or
    /// what it has read would be stale. Dropped without `commit`, it is rolled back.
    ///
    /// # Errors
    /// [`StoreError::Sql`], as `Busy` when another writer keeps the database longer
    /// than [`BUSY_TIMEOUT`].
    pub async fn begin_write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// Closes all connections after their running statements and folds the log into
    /// the file. Later calls fail as [`SqlFault::Closed`](crate::SqlFault::Closed).
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

fn file_name(name: &str) -> Result<String, StoreError> {
    let plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(plain) {
        return Err(StoreError::DatabaseName);
    }
    Ok(format!("{name}.sqlite"))
}

fn create_database_file(path: &Path) -> Result<(), StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(files::PRIVATE_FILE_MODE)
        .open(path)
        .map_err(|error| StoreError::file(FileAction::Create, path, &error))?;
    files::check_private_file(&file, path)
}
