use crate::database::Transaction;
use crate::error::{SqlFault, StoreError};
use crate::query::query;

/// One step of a database's schema. Steps only go forward and are never edited once
/// released: a database remembers the text of every step that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// The place in the order: 1, 2, 3 and so on, without gaps.
    pub version: u32,
    /// One or more SQL statements, for both databases (see the crate's page). They run in
    /// one transaction, so they contain no `BEGIN`, `COMMIT`, `VACUUM` or
    /// `PRAGMA journal_mode`.
    pub sql: &'static str,
}

/// The step that says that a database was carried elsewhere. No program knows it, so one of
/// before such moves refuses the database too.
pub(crate) const MOVED: i64 = 1_000_000_000;

/// What that step says of where to.
pub(crate) fn moved_text(server: bool) -> &'static str {
    if server { "-- moved to a server" } else { "-- moved to SQLite" }
}

pub(crate) fn is_to_server(text: &str) -> bool {
    text == moved_text(true)
}

/// Brings a database to the newest version. `transaction` is the one writer, and the
/// ledger of steps is there: several processes may do this at the same time.
pub(crate) async fn apply(
    mut transaction: Transaction,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let applied: Vec<(i64, String)> =
        query("SELECT version, sql FROM ssmax_migration ORDER BY version")
            .fetch_all(&mut transaction)
            .await?;
    check_applied(&applied, migrations)?;
    let missing = migrations.get(applied.len()..).unwrap_or_default();
    for migration in missing {
        run(&mut transaction, migration)
            .await
            .map_err(|fault| StoreError::MigrationFailed { version: migration.version, fault })?;
    }
    if missing.is_empty() { transaction.rollback().await } else { transaction.commit().await }
}

pub(crate) fn check_order(migrations: &[Migration]) -> Result<(), StoreError> {
    for (expected, migration) in (1..).zip(migrations) {
        if migration.version != expected {
            return Err(StoreError::MigrationOrder { expected, found: migration.version });
        }
    }
    Ok(())
}

pub(crate) fn check_applied(
    applied: &[(i64, String)],
    migrations: &[Migration],
) -> Result<(), StoreError> {
    if let Some((MOVED, text)) = applied.last() {
        return Err(StoreError::Moved { server: is_to_server(text) });
    }
    let known = migrations.last().map_or(0, |migration| migration.version);
    if let Some((found, _)) = applied.last()
        && *found > i64::from(known)
    {
        let found = u32::try_from(*found).unwrap_or(u32::MAX);
        return Err(StoreError::DatabaseNewer { found, known });
    }
    for ((version, sql), migration) in applied.iter().zip(migrations) {
        if *version != i64::from(migration.version) || sql != migration.sql {
            return Err(StoreError::MigrationChanged { version: migration.version });
        }
    }
    Ok(())
}

async fn run(transaction: &mut Transaction, migration: &Migration) -> Result<(), SqlFault> {
    transaction.execute_script(migration.sql).await?;
    // The whole text is kept rather than a digest of it: it is short, comparing it needs
    // no cryptography here, and whoever repairs a database sees what made it. On both
    // databases it is the text as written, so that a step is one thing wherever it ran.
    let kept = query("INSERT INTO ssmax_migration (version, sql) VALUES (?, ?)")
        .bind(migration.version)
        .bind(migration.sql)
        .execute(transaction)
        .await;
    match kept {
        Ok(_) => Ok(()),
        Err(StoreError::Sql(fault)) => Err(fault),
        Err(other) => Err(SqlFault::Other { message: other.to_string() }),
    }
}
