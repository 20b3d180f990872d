//! What the authority knows, in a database: members, certificates, standings, the version.

mod answers;
mod certificates;
mod deltas;
mod members;

use ssmax_store::{Database, Looked, Migration, Place, Tables};
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
    Migration { version: 3, sql: include_str!("../migrations/3.sql") },
    Migration { version: 4, sql: include_str!("../migrations/4.sql") },
];

/// The database's name in the authority's directory.
const NAME: &str = "authority";

/// The authority's databases, for who carries them elsewhere.
#[must_use]
pub fn tables() -> Vec<Tables> {
    vec![Tables { name: NAME, migrations: MIGRATIONS, files: None }]
}

/// The authority's database. Commands and the serving process open it at the same time.
#[derive(Debug, Clone)]
pub(crate) struct Registry {
    database: Database,
}

impl Registry {
    /// Opens the database of this place, making it when missing.
    pub(crate) async fn open(place: Place) -> Result<Self, AuthorityError> {
        Ok(Self { database: Database::open(place, NAME, MIGRATIONS).await? })
    }

    /// Opens the database of an authority that is being made. On a server, one that was
    /// used before is refused: the directory is new, so its keys are elsewhere.
    pub(crate) async fn open_new(place: Place) -> Result<Self, AuthorityError> {
        let registry = Self::open(place).await?;
        let used: bool = ssmax_store::query("SELECT EXISTS (SELECT 1 FROM certificate)")
            .fetch_one(&registry.database)
            .await?;
        if used { Err(AuthorityError::AlreadyInitialised) } else { Ok(registry) }
    }

    /// Opens the database of an authority that has been made.
    pub(crate) async fn open_existing(config: &AuthorityConfig) -> Result<Self, AuthorityError> {
        let place = config.place();
        // Opening would make an empty database, and an empty member list with it.
        if !config.root_file().is_file() || !place.may_have(NAME) {
            return Err(AuthorityError::NotInitialised);
        }
        Self::open(place).await
    }

    /// Looks at it on its server, if it has one, without changing it.
    pub(crate) async fn look(place: &Place) -> Result<Option<Looked>, AuthorityError> {
        Ok(Database::look(place, NAME, MIGRATIONS).await?)
    }

    /// The database itself.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// The version of what the list says now.
    pub(crate) async fn version(&self) -> Result<u64, AuthorityError> {
        let version: i64 =
            ssmax_store::query("SELECT version FROM list").fetch_one(&self.database).await?;
        u64::try_from(version).map_err(|_| AuthorityError::Damaged)
    }

    /// Closes the database's files, so that the directory can be moved.
    pub(crate) async fn close(self) {
        self.database.close().await;
    }
}

fn time_text(at: OffsetDateTime) -> Result<String, AuthorityError> {
    at.format(&Rfc3339).map_err(|_| AuthorityError::Damaged)
}

fn text_time(text: &str) -> Result<OffsetDateTime, AuthorityError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| AuthorityError::Damaged)
}
