use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::error::StoreError;
use crate::files;

/// How long a snapshot waits for a database that is locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Writes a SQLite database, as it is at one moment, into a new file (mode 0600). Whoever
/// uses the database goes on meanwhile.
///
/// # Errors
/// [`StoreError::Sql`] when the database is not there or damaged; [`StoreError::File`] when
/// `to` cannot be made.
pub async fn snapshot(database: &Path, to: &Path) -> Result<(), StoreError> {
    // Made before, so that it is never seen with another mode.
    files::create_private(to, b"")?;
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false)
        .busy_timeout(BUSY_TIMEOUT);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    // An empty file is a database without anything in it.
    sqlx::query("VACUUM INTO ?").bind(to.display().to_string()).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
