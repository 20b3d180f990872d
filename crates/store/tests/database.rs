//! The database: what it promises about durability, privacy and schema versions.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sqlx::Row;
use ssmax_store::{Database, Migration, SqlFault, StoreError, sqlx};
use tempfile::{TempDir, tempdir};

const FIRST: Migration = Migration {
    version: 1,
    sql: "CREATE TABLE journal (id TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT;
          CREATE TABLE line (journal TEXT NOT NULL REFERENCES journal(id)) STRICT;",
};
const SECOND: Migration =
    Migration { version: 2, sql: "ALTER TABLE journal ADD COLUMN at TEXT NOT NULL DEFAULT ''" };

fn private_dir() -> TempDir {
    let dir = tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    dir
}

async fn open(dir: &Path, migrations: &[Migration]) -> Result<Database, StoreError> {
    Database::open(dir, "journal", migrations).await
}

async fn insert(database: &Database, id: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO journal (id, size) VALUES (?, 1)")
        .bind(id)
        .execute(database.pool())
        .await?;
    Ok(())
}

async fn count(database: &Database) -> i64 {
    sqlx::query("SELECT count(*) FROM journal").fetch_one(database.pool()).await.unwrap().get(0)
}

#[tokio::test]
async fn every_connection_writes_durably_and_enforces_foreign_keys() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    let mut connections = Vec::new();
    for _ in 0..ssmax_store::MAX_CONNECTIONS {
        connections.push(database.pool().acquire().await.unwrap());
    }
    for connection in &mut connections {
        let mut read = Vec::new();
        for pragma in ["PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA busy_timeout"] {
            let row = sqlx::query(pragma).fetch_one(&mut **connection).await.unwrap();
            read.push(row.get::<i64, _>(0));
        }
        assert_eq!(read, [2, 1, 5000]);
        let row = sqlx::query("PRAGMA journal_mode").fetch_one(&mut **connection).await.unwrap();
        assert_eq!(row.get::<String, _>(0), "wal");
    }
}

#[tokio::test]
async fn the_database_and_its_log_are_for_their_owner_only() {
    let dir = private_dir();
    let state = dir.path().join("state");
    let database = open(&state, &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    names.sort();
    assert_eq!(names, ["journal.sqlite", "journal.sqlite-shm", "journal.sqlite-wal"]);
    assert_eq!(database.path(), state.join("journal.sqlite"));
}

#[tokio::test]
async fn a_database_that_others_can_read_is_refused() {
    let dir = private_dir();
    let path = dir.path().join("journal.sqlite");
    fs::write(&path, b"").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = open(dir.path(), &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::OpenToOthers { path, mode: 0o644 });
}

#[tokio::test]
async fn rows_and_schema_are_there_after_reopening() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    database.close().await;
    assert_eq!(insert(&database, "b").await.unwrap_err(), StoreError::Sql(SqlFault::Closed));
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    assert_eq!(count(&database).await, 1);
}

#[tokio::test]
async fn what_was_written_is_read_by_another_process_without_closing() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    // A copy of the files as they are now is what is left after kill -9.
    let copy = private_dir();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let survivor = open(copy.path(), &[FIRST]).await.unwrap();
    assert_eq!(count(&survivor).await, 1);
}

#[tokio::test]
async fn a_newer_program_adds_its_step_and_keeps_the_rows() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    database.close().await;
    let database = open(dir.path(), &[FIRST, SECOND]).await.unwrap();
    let row = sqlx::query("SELECT id, at FROM journal").fetch_one(database.pool()).await.unwrap();
    assert_eq!((row.get::<&str, _>(0), row.get::<&str, _>(1)), ("a", ""));
}

#[tokio::test]
async fn an_older_program_refuses_a_newer_database() {
    let dir = private_dir();
    open(dir.path(), &[FIRST, SECOND]).await.unwrap().close().await;
    let refused = open(dir.path(), &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::DatabaseNewer { found: 2, known: 1 });
}

#[tokio::test]
async fn an_edited_step_is_noticed() {
    let dir = private_dir();
    open(dir.path(), &[FIRST]).await.unwrap().close().await;
    let edited = Migration { version: 1, sql: "CREATE TABLE other (id TEXT) STRICT" };
    let refused = open(dir.path(), &[edited]).await.unwrap_err();
    assert_eq!(refused, StoreError::MigrationChanged { version: 1 });
}

#[tokio::test]
async fn a_step_that_fails_half_way_leaves_the_database_at_the_version_before() {
    let dir = private_dir();
    open(dir.path(), &[FIRST]).await.unwrap().close().await;
    let broken = Migration {
        version: 2,
        sql: "CREATE TABLE half (id TEXT) STRICT; INSERT INTO nowhere VALUES (1);",
    };
    let refused = open(dir.path(), &[FIRST, broken]).await.unwrap_err();
    let fault = SqlFault::Other { message: "no such table: nowhere".to_owned() };
    assert_eq!(refused, StoreError::MigrationFailed { version: 2, fault });
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    let tables: i64 = sqlx::query("SELECT count(*) FROM sqlite_schema WHERE name = 'half'")
        .fetch_one(database.pool())
        .await
        .unwrap()
        .get(0);
    assert_eq!(tables, 0);
}

#[tokio::test]
async fn steps_are_numbered_from_one_without_gaps() {
    let dir = private_dir();
    let refused = open(dir.path(), &[SECOND]).await.unwrap_err();
    assert_eq!(refused, StoreError::MigrationOrder { expected: 1, found: 2 });
    let refused = open(dir.path(), &[FIRST, FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::MigrationOrder { expected: 2, found: 1 });
}

#[tokio::test]
async fn several_openers_at_once_apply_each_step_once() {
    let dir = private_dir();
    let steps = [FIRST, SECOND];
    let opened = tokio::join!(
        open(dir.path(), &steps),
        open(dir.path(), &steps),
        open(dir.path(), &steps),
        open(dir.path(), &steps)
    );
    for database in [opened.0, opened.1, opened.2, opened.3] {
        let row = sqlx::query("SELECT count(*) FROM ssmax_migration")
            .fetch_one(database.unwrap().pool())
            .await
            .unwrap();
        assert_eq!(row.get::<i64, _>(0), 2);
    }
}

#[tokio::test]
async fn faults_of_a_statement_have_their_own_names() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    assert_eq!(insert(&database, "a").await.unwrap_err(), StoreError::Sql(SqlFault::Duplicate));
    let orphan = sqlx::query("INSERT INTO line (journal) VALUES ('none')")
        .execute(database.pool())
        .await
        .map_err(StoreError::from);
    assert_eq!(orphan.unwrap_err(), StoreError::Sql(SqlFault::Constraint { code: 787 }));
    let none = sqlx::query("SELECT id FROM journal WHERE id = 'none'")
        .fetch_one(database.pool())
        .await
        .map_err(StoreError::from);
    assert_eq!(none.map(|_| ()).unwrap_err(), StoreError::Sql(SqlFault::NoRow));
}

#[tokio::test]
async fn a_write_transaction_is_rolled_back_when_dropped() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    let mut transaction = database.begin_write().await.unwrap();
    sqlx::query("INSERT INTO journal (id, size) VALUES ('a', 1)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    drop(transaction);
    assert_eq!(count(&database).await, 0);
}

#[tokio::test]
async fn writers_that_read_first_wait_for_each_other() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    insert(&database, "a").await.unwrap();
    let mut writers = Vec::new();
    for _ in 0..20 {
        let database = database.clone();
        writers.push(tokio::spawn(async move {
            let mut transaction = database.begin_write().await.unwrap();
            let size: i64 = sqlx::query("SELECT size FROM journal")
                .fetch_one(&mut *transaction)
                .await
                .unwrap()
                .get(0);
            sqlx::query("UPDATE journal SET size = ?")
                .bind(size + 1)
                .execute(&mut *transaction)
                .await
                .unwrap();
            transaction.commit().await.unwrap();
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let size: i64 =
        sqlx::query("SELECT size FROM journal").fetch_one(database.pool()).await.unwrap().get(0);
    assert_eq!(size, 21);
}

#[tokio::test]
async fn a_damaged_file_is_named_as_such() {
    let dir = private_dir();
    ssmax_store::files::write_private(&dir.path().join("journal.sqlite"), &[0x55; 8192]).unwrap();
    let refused = open(dir.path(), &[FIRST]).await.unwrap_err();
    assert_eq!(refused, StoreError::Sql(SqlFault::Corrupt));
    assert!(!refused.is_temporary());
}

#[tokio::test]
async fn a_full_disk_is_named_as_such_and_is_temporary() {
    let dir = private_dir();
    let database = open(dir.path(), &[FIRST]).await.unwrap();
    let mut connection = database.pool().acquire().await.unwrap();
    sqlx::query("PRAGMA max_page_count = 8").execute(&mut *connection).await.unwrap();
    let full = sqlx::query("INSERT INTO journal (id, size) VALUES (hex(zeroblob(100000)), 1)")
        .execute(&mut *connection)
        .await
        .map_err(StoreError::from)
        .unwrap_err();
    assert_eq!(full, StoreError::Sql(SqlFault::Full));
    assert!(full.is_temporary());
}

#[tokio::test]
async fn a_name_cannot_leave_the_directory() {
    let dir = private_dir();
    for name in ["", "../journal", "a/b", "a.b", "A", &"a".repeat(65)] {
        let refused = Database::open(dir.path(), name, &[FIRST]).await.unwrap_err();
        assert_eq!(refused, StoreError::DatabaseName, "{name:?}");
    }
    assert!(Database::open(dir.path(), &"a".repeat(64), &[FIRST]).await.is_ok());
}
