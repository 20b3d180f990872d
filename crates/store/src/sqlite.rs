//! SQLite: a file in the role's directory.

use crate::database::BUSY_TIMEOUT;
use crate::error::{FileAction, SqlFault, StoreError};
use crate::files;
use crate::query::{Changed, Parameter, Query, Row, Value};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool,
    SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Column as _, Executor, Row as _, TypeInfo as _, ValueRef as _};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many connections one file has. SQLite writes one at a time; the others
/// are for readers, which never wait in WAL mode.
const MAX_CONNECTIONS: u32 = 4;

/// How long one waits before it opens a file again that another is opening.
const TRY_AGAIN: Duration = Duration::from_millis(20);

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT";

/// Write-ahead log, `synchronous=FULL`, foreign keys enforced, readable by its owner only.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    pool: SqlitePool,
    path: PathBuf,
}

/// A transaction with its connection, which is thrown away unless the transaction ends as it
/// should. A full disk makes SQLite roll back by itself, of which the driver hears nothing:
/// given back, the connection would refuse every later transaction.
#[derive(Debug)]
pub(crate) struct SqliteTransaction(Option<PoolConnection<sqlx::Sqlite>>);

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

impl Sqlite {
    pub(crate) async fn open(dir: &Path, name: &str) -> Result<Self, StoreError> {
        let path = dir.join(format!("{name}.sqlite"));
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
        let began = Instant::now();
        let pool = loop {
            let connected = SqlitePoolOptions::new()
                .max_connections(MAX_CONNECTIONS)
                .acquire_timeout(BUSY_TIMEOUT.saturating_mul(2))
                .connect_with(options.clone())
                .await;
            match connected {
                // Of two that switch a new file to its log at once SQLite fails one without
                // waiting, whatever its timeout is.
                Err(error)
                    if SqlFault::from(&error) == SqlFault::Busy
                        && began.elapsed() < BUSY_TIMEOUT =>
                {
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                connected => break connected?,
            }
        };
        Ok(Self { pool, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) async fn begin_migration(&self) -> Result<SqliteTransaction, StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::raw_sql(LEDGER).execute(transaction.connection()?).await?;
        Ok(transaction)
    }

    pub(crate) async fn begin_write(&self) -> Result<SqliteTransaction, StoreError> {
        // A transaction that reads first cannot wait for another writer: SQLite fails it
        // at once, or what it has read would be stale.
        self.begin("BEGIN IMMEDIATE").await
    }

    pub(crate) async fn begin_read(&self) -> Result<SqliteTransaction, StoreError> {
        self.begin("BEGIN").await
    }

    async fn begin(&self, how: &'static str) -> Result<SqliteTransaction, StoreError> {
        let mut transaction = SqliteTransaction(Some(self.pool.acquire().await?));
        sqlx::raw_sql(how).execute(transaction.connection()?).await?;
        Ok(transaction)
    }

    pub(crate) async fn execute(&self, query: Query) -> Result<Changed, StoreError> {
        execute(&self.pool, query).await
    }

    pub(crate) async fn fetch(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        fetch(&self.pool, query).await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl SqliteTransaction {
    fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.0.as_deref_mut().ok_or(StoreError::Sql(SqlFault::Closed))
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<Changed, StoreError> {
        execute(self.connection()?, query).await
    }

    pub(crate) async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        fetch(self.connection()?, query).await
    }

    pub(crate) async fn execute_script(&mut self, sql: &'static str) -> Result<(), SqlFault> {
        let Ok(connection) = self.connection() else { return Err(SqlFault::Closed) };
        let done = sqlx::raw_sql(sql).execute(connection).await;
        done.map(drop).map_err(|error| SqlFault::from(&error))
    }

    /// Commits or rolls back; the connection is given back only if that worked.
    pub(crate) async fn finish(mut self, how: &'static str) -> Result<(), StoreError> {
        sqlx::raw_sql(how).execute(self.connection()?).await?;
        drop(self.0.take());
        Ok(())
    }
}

async fn execute<'c>(
    on: impl Executor<'c, Database = sqlx::Sqlite>,
    query: Query,
) -> Result<Changed, StoreError> {
    execute_text(on, query.sql.to_owned(), query.parameters).await
}

/// Carries out a statement that was put together of names, never of values.
pub(crate) async fn execute_text<'c>(
    on: impl Executor<'c, Database = sqlx::Sqlite>,
    sql: String,
    parameters: Vec<Parameter>,
) -> Result<Changed, StoreError> {
    let arguments = arguments(parameters)?;
    let done = sqlx::query_with(AssertSqlSafe(sql), arguments).execute(on).await?;
    Ok(Changed { rows: done.rows_affected() })
}

/// Carries out several statements without values.
pub(crate) async fn script_text<'c>(
    on: impl Executor<'c, Database = sqlx::Sqlite>,
    sql: String,
) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(on).await?;
    Ok(())
}

async fn fetch<'c>(
    on: impl Executor<'c, Database = sqlx::Sqlite>,
    query: Query,
) -> Result<Vec<Row>, StoreError> {
    fetch_text(on, query.sql.to_owned(), query.parameters).await
}

/// As [`execute_text`], for a statement that gives rows.
pub(crate) async fn fetch_text<'c>(
    on: impl Executor<'c, Database = sqlx::Sqlite>,
    sql: String,
    parameters: Vec<Parameter>,
) -> Result<Vec<Row>, StoreError> {
    let arguments = arguments(parameters)?;
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(on).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> =
        first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter().map(|row| Ok(Row { columns: Arc::clone(&columns), values: values(row)? })).collect()
}

fn arguments(parameters: Vec<Parameter>) -> Result<SqliteArguments, StoreError> {
    use sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    for parameter in parameters {
        match parameter {
            Parameter::Integer(value) => arguments.add(value),
            Parameter::Text(value) => arguments.add(value),
            Parameter::Octets(value) => arguments.add(value),
        }
        .map_err(|error| StoreError::from(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

fn values(row: &SqliteRow) -> Result<Vec<Value>, StoreError> {
    (0..row.len())
        .map(|place| {
            let raw = row.try_get_raw(place)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            // The type of the value, not of the column: SQLite has one for each.
            let kind = raw.type_info().name().to_owned();
            Ok(match kind.as_str() {
                "TEXT" => Value::Text(row.try_get_unchecked(place)?),
                "BLOB" => Value::Octets(row.try_get_unchecked(place)?),
                _ => Value::Integer(row.try_get_unchecked(place)?),
            })
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    async fn opened() -> (Sqlite, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        (Sqlite::open(dir.path(), "journal").await.unwrap(), dir)
    }

    #[tokio::test]
    async fn every_connection_writes_durably_and_enforces_foreign_keys() {
        let (sqlite, _dir) = opened().await;
        let mut connections = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            connections.push(sqlite.pool.acquire().await.unwrap());
        }
        for connection in &mut connections {
            let mut read = Vec::new();
            for pragma in ["PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA busy_timeout"] {
                let row = sqlx::query(pragma).fetch_one(&mut **connection).await.unwrap();
                read.push(row.get::<i64, _>(0));
            }
            assert_eq!(read, [2, 1, 5000]);
            let row =
                sqlx::query("PRAGMA journal_mode").fetch_one(&mut **connection).await.unwrap();
            assert_eq!(row.get::<String, _>(0), "wal");
        }
    }

    #[tokio::test]
    async fn a_full_disk_is_named_as_such_and_is_temporary() {
        let (sqlite, _dir) = opened().await;
        let mut transaction = sqlite.begin_write().await.unwrap();
        transaction.execute_script("CREATE TABLE journal (id TEXT) STRICT").await.unwrap();
        transaction.execute_script("PRAGMA max_page_count = 8").await.unwrap();
        let full = transaction
            .execute(crate::query("INSERT INTO journal (id) VALUES (hex(zeroblob(100000)))"))
            .await
            .unwrap_err();
        assert_eq!(full, StoreError::Sql(SqlFault::Full));
        assert!(full.is_temporary());
    }

    #[tokio::test]
    async fn transactions_begin_again_once_a_full_disk_has_room() {
        let (sqlite, _dir) = opened().await;
        sqlite.execute(crate::query("CREATE TABLE journal (id TEXT) STRICT")).await.unwrap();
        // More often than there are connections.
        for _ in 0..=MAX_CONNECTIONS {
            let mut transaction = sqlite.begin_write().await.unwrap();
            transaction.execute_script("PRAGMA max_page_count = 8").await.unwrap();
            let insert = "INSERT INTO journal (id) VALUES (hex(zeroblob(100000)))";
            let full = transaction.execute(crate::query(insert)).await.unwrap_err();
            assert_eq!(full, StoreError::Sql(SqlFault::Full));
            let _ = transaction.finish("ROLLBACK").await;
        }
        // Nor does one that is dropped stay open.
        let mut dropped = sqlite.begin_write().await.unwrap();
        dropped.execute(crate::query("INSERT INTO journal VALUES ('b')")).await.unwrap();
        drop(dropped);
        let mut transaction = sqlite.begin_write().await.unwrap();
        transaction.execute(crate::query("INSERT INTO journal VALUES ('a')")).await.unwrap();
        transaction.finish("COMMIT").await.unwrap();
        let rows = sqlite.fetch(crate::query("SELECT id FROM journal")).await.unwrap();
        assert_eq!(rows.len(), 1);
    }
}
