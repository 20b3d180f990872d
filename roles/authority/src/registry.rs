//! What the authority knows, in SQLite: members, certificates, standings, the version.

mod answers;
mod certificates;
mod members;

use std::path::Path;

use ssmax_store::{Database, Migration, StoreError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::AuthorityConfig;
use crate::error::AuthorityError;

pub use answers::Answered;
pub(crate) use answers::Asked;
pub(crate) use certificates::{Intent, Profile};
pub(crate) use members::NewMember;
pub use members::{DomainProof, MemberRow};

const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("../migrations/1.sql") },
    Migration { version: 2, sql: include_str!("../migrations/2.sql") },
];

/// The database's name in the authority's directory.
const NAME: &str = "authority";

/// The authority's database. Commands and the serving process open it at the same time.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    database: Database,
}

impl Registry {
    /// Opens the database in `home`, making it when missing.
    pub(crate) async fn open(home: &Path) -> Result<Self, AuthorityError> {
        Ok(Self { database: Database::open(home, NAME, MIGRATIONS).await? })
    }

    /// Opens the database of an authority that has been made.
    pub(crate) async fn open_existing(config: &AuthorityConfig) -> Result<Self, AuthorityError> {
        let home = config.home();
        // Opening would make an empty database, and an empty member list with it.
        if !home.join(format!("{NAME}.sqlite")).is_file() {
            return Err(AuthorityError::NotInitialised);
        }
        Self::open(&home).await
    }

    /// The database file.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.database.path()
    }

    /// The version of what the list says now.
    pub(crate) async fn version(&self) -> Result<u64, AuthorityError> {
        let version: i64 = sql(ssmax_store::sqlx::query_scalar("SELECT version FROM list")
            .fetch_one(self.database.pool())
            .await)?;
        u64::try_from(version).map_err(|_| AuthorityError::Damaged)
    }

    /// Closes the database's files, so that the directory can be moved.
    pub(crate) async fn close(self) {
        self.database.close().await;
    }
}

/// What a statement answered, as this crate's error.
fn sql<T>(answer: Result<T, ssmax_store::sqlx::Error>) -> Result<T, AuthorityError> {
    answer.map_err(|error| AuthorityError::Store(StoreError::from(error)))
}

fn time_text(at: OffsetDateTime) -> Result<String, AuthorityError> {
    at.format(&Rfc3339).map_err(|_| AuthorityError::Damaged)
}

fn text_time(text: &str) -> Result<OffsetDateTime, AuthorityError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| AuthorityError::Damaged)
}
