use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

use crate::error::{SqlFault, StoreError};

/// One step of a database's schema. Steps only go forward and are never edited once
/// released: a database remembers the text of every step that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// The place in the order: 1, 2, 3 and so on, without gaps.
    pub version: u32,
    /// One or more SQL statements. They run in one transaction, so they contain no
    /// `BEGIN`, `COMMIT`, `VACUUM` or `PRAGMA journal_mode`.
    pub sql: &'static str,
}

// The whole text is kept rather than a digest of it: it is short, comparing it needs
// no cryptography here, and whoever repairs a database sees what made it.
const LEDGER: &str = "CREATE TABLE IF NOT EXISTS ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT";

/// Brings a database to the newest version. All missing steps run in one write
/// transaction, so several processes may do this at the same time.
pub(crate) async fn apply(pool: &SqlitePool, migrations: &[Migration]) -> Result<(), StoreError> {
    check_order(migrations)?;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(LEDGER).execute(&mut *transaction).await?;
    let applied = applied(&mut transaction).await?;
    check_applied(&applied, migrations)?;
    for migration in migrations.iter().skip(applied.len()) {
        run(&mut transaction, migration).await.map_err(|error| StoreError::MigrationFailed {
            version: migration.version,
            fault: SqlFault::from(&error),
        })?;
    }
    transaction.commit().await?;
    Ok(())
}

fn check_order(migrations: &[Migration]) -> Result<(), StoreError> {
    for (expected, migration) in (1..).zip(migrations) {
        if migration.version != expected {
            return Err(StoreError::MigrationOrder { expected, found: migration.version });
        }
    }
    Ok(())
}

async fn applied(
    transaction: &mut Transaction<'static, Sqlite>,
) -> Result<Vec<(u32, String)>, StoreError> {
    let rows = sqlx::query_as("SELECT version, sql FROM ssmax_migration ORDER BY version")
        .fetch_all(&mut **transaction)
        .await?;
    Ok(rows)
}

fn check_applied(applied: &[(u32, String)], migrations: &[Migration]) -> Result<(), StoreError> {
    let known = migrations.last().map_or(0, |migration| migration.version);
    if let Some(&(found, _)) = applied.last()
        && found > known
    {
        return Err(StoreError::DatabaseNewer { found, known });
    }
    for ((version, sql), migration) in applied.iter().zip(migrations) {
        if *version != migration.version || sql != migration.sql {
            return Err(StoreError::MigrationChanged { version: migration.version });
        }
    }
    Ok(())
}

async fn run(
    transaction: &mut Transaction<'static, Sqlite>,
    migration: &Migration,
) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(migration.sql).execute(&mut **transaction).await?;
    sqlx::query("INSERT INTO ssmax_migration (version, sql) VALUES (?, ?)")
        .bind(migration.version)
        .bind(migration.sql)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}
