use crate::error::{SqlFault, StoreError};
use crate::lock::{Alone, Locks};
use crate::migrations::{self, Migration};
use crate::place::Place;
use crate::postgres::{Server, ServerTransaction};
use crate::query::{Changed, Query, Row};
use crate::sqlite::{Sqlite, SqliteTransaction};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a statement waits for another writer before it fails as
/// [`SqlFault::Busy`]. Well under the 30 seconds within which a gateway answers 4xx when
/// something it depends on is down.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest database name, in octets.
const MAX_NAME_BYTES: usize = 48;

/// A database that survives kill -9 and power loss, and that its owner alone reads: a
/// SQLite file, or a schema of a PostgreSQL database. Which one it is, who writes
/// statements need not know.
///
/// Clones share the connections.
#[derive(Debug, Clone)]
pub struct Database {
    engine: Engine,
}

#[derive(Debug, Clone)]
enum Engine {
    Sqlite(Sqlite),
    Server(Arc<Server>),
}

impl Database {
    /// Opens the database `name` of a role, made when missing, and brings its schema to
    /// the newest of `migrations`: `NAME.sqlite` in the role's directory (directory 0700,
    /// file 0600), or the schema `ssmax_NAME` on the server.
    ///
    /// # Errors
    /// [`StoreError::OpenToOthers`] or [`StoreError::ForeignOwner`] when directory or
    /// file are not private; [`StoreError::DatabaseNewer`] and
    /// [`StoreError::MigrationChanged`] when the database was made by another program
    /// version; [`StoreError::MigrationFailed`], which leaves the database as it was;
    /// [`StoreError::NotDurable`] and [`StoreError::ServerUnfit`] when the server is not
    /// set up so that nothing is lost; [`StoreError::Sql`] when the file is damaged or stays
    /// locked, or the server does not answer.
    pub async fn open(
        place: Place,
        name: &str,
        migrations: &[Migration],
    ) -> Result<Self, StoreError> {
        check_name(name)?;
        migrations::check_order(migrations)?;
        let engine = match place.server()? {
            Some(options) => {
                Engine::Server(Arc::new(Server::open(options, name, place.connections()).await?))
            }
            None => Engine::Sqlite(Sqlite::open(place.directory(), name).await?),
        };
        let database = Self { engine };
        if let Err(error) = database.migrate(migrations).await {
            database.close().await;
            return Err(error);
        }
        Ok(database)
    }

    async fn migrate(&self, migrations: &[Migration]) -> Result<(), StoreError> {
        let transaction = match &self.engine {
            Engine::Sqlite(sqlite) => Inner::Sqlite(sqlite.begin_migration().await?),
            Engine::Server(server) => Inner::Server(server.begin_migration().await?),
        };
        migrations::apply(Transaction { inner: transaction, fault: None }, migrations).await
    }

    /// The database file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.engine {
            Engine::Sqlite(sqlite) => Some(sqlite.path()),
            Engine::Server(_) => None,
        }
    }

    /// Octets of a database on a server, with its indices.
    ///
    /// # Errors
    /// [`StoreError::Sql`]; [`SqlFault::NoRow`] for a file, whose size the file system tells.
    pub async fn server_octets(&self) -> Result<i64, StoreError> {
        match &self.engine {
            Engine::Sqlite(_) => Err(StoreError::Sql(SqlFault::NoRow)),
            Engine::Server(server) => server.octets().await,
        }
    }

    /// Starts a transaction that is a writer from its beginning: there is one at a time.
    /// One that reads first and writes later would write by what is outdated. Dropped
    /// without `commit`, it is rolled back.
    ///
    /// # Errors
    /// [`StoreError::Sql`], as `Busy` when another writer keeps the database longer
    /// than [`BUSY_TIMEOUT`].
    pub async fn begin_write(&self) -> Result<Transaction, StoreError> {
        let inner = match &self.engine {
            Engine::Sqlite(sqlite) => Inner::Sqlite(sqlite.begin_write().await?),
            Engine::Server(server) => Inner::Server(server.begin_write().await?),
        };
        Ok(Transaction { inner, fault: None })
    }

    /// Starts a transaction that only reads, all of it as it was at one moment.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn begin_read(&self) -> Result<Transaction, StoreError> {
        let inner = match &self.engine {
            Engine::Sqlite(sqlite) => Inner::Sqlite(sqlite.begin_read().await?),
            Engine::Server(server) => Inner::Server(server.begin_read().await?),
        };
        Ok(Transaction { inner, fault: None })
    }

    /// Locks among the processes that share this database; `None` where one process has it
    /// for itself.
    #[must_use]
    pub fn locks(&self) -> Option<Locks> {
        match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Server(server) => Some(Locks::new(server.lock_options(), server.schema())),
        }
    }

    /// Makes sure that no other process serves from this database. One that is just ending
    /// is waited for.
    ///
    /// # Errors
    /// [`StoreError::InUse`]; [`StoreError::Sql`].
    pub async fn serve_alone(&self) -> Result<Alone, StoreError> {
        match self.locks() {
            Some(locks) => Alone::by(locks).await,
            // The role's sockets stand in its directory: who serves holds them.
            None => Ok(Alone::anyway()),
        }
    }

    /// Looks at the database `name` of a role on its server, without changing it; `None`
    /// if there is no server.
    ///
    /// # Errors
    /// As [`Database::open`]; [`SqlFault::Refused`] also when the user lacks rights.
    pub async fn look(
        place: &Place,
        name: &'static str,
        migrations: &[Migration],
    ) -> Result<Option<Looked>, StoreError> {
        let Some(options) = place.server()? else { return Ok(None) };
        let (server, version) = Server::look(options, name).await?;
        let known = migrations.last().map_or(0, |migration| migration.version);
        if version > known {
            return Err(StoreError::DatabaseNewer { found: version, known });
        }
        Ok(Some(Looked { name, server, version, known }))
    }

    /// Closes all connections after their running statements; SQLite folds its log into
    /// the file. Later calls fail as [`SqlFault::Closed`].
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Server(server) => server.close().await,
        }
    }

    pub(crate) async fn execute_query(&self, query: Query) -> Result<Changed, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.execute(query).await,
            Engine::Server(server) => server.execute(query).await,
        }
    }

    pub(crate) async fn fetch_query(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.fetch(query).await,
            Engine::Server(server) => server.fetch(query).await,
        }
    }
}

/// A database on a server, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Its name.
    pub name: &'static str,
    /// The server's version.
    pub server: String,
    /// The version of its schema; 0 if that is still to be made.
    pub version: u32,
    /// The newest version that this program knows.
    pub known: u32,
}

/// Statements that take effect together, or not at all.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction {
    inner: Inner,
    /// What failed in it. PostgreSQL answers a commit after that as if all was well.
    fault: Option<StoreError>,
}

#[derive(Debug)]
enum Inner {
    Sqlite(SqliteTransaction),
    Server(ServerTransaction),
}

impl Transaction {
    /// Makes all of it last: it is on the disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Sql`]; what a statement failed with, if one did. Where the connection
    /// broke meanwhile, it may have taken effect: who asks again has to look.
    pub async fn commit(self) -> Result<(), StoreError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        match self.inner {
            Inner::Sqlite(transaction) => transaction.finish("COMMIT").await,
            Inner::Server(transaction) => transaction.finish("COMMIT").await,
        }
    }

    /// Takes all of it back.
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite(transaction) => transaction.finish("ROLLBACK").await,
            Inner::Server(transaction) => transaction.finish("ROLLBACK").await,
        }
    }

    pub(crate) async fn execute_query(&mut self, query: Query) -> Result<Changed, StoreError> {
        let result = match &mut self.inner {
            Inner::Sqlite(transaction) => transaction.execute(query).await,
            Inner::Server(transaction) => transaction.execute(query).await,
        };
        self.noted(result)
    }

    pub(crate) async fn fetch_query(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        let result = match &mut self.inner {
            Inner::Sqlite(transaction) => transaction.fetch(query).await,
            Inner::Server(transaction) => transaction.fetch(query).await,
        };
        self.noted(result)
    }

    /// Several statements without values: a step of a schema.
    pub(crate) async fn execute_script(&mut self, sql: &'static str) -> Result<(), SqlFault> {
        let result = match &mut self.inner {
            Inner::Sqlite(transaction) => transaction.execute_script(sql).await,
            Inner::Server(transaction) => transaction.execute_script(sql).await,
        };
        let noted = self.noted(result.map_err(StoreError::Sql));
        match noted {
            Err(StoreError::Sql(fault)) => Err(fault),
            _ => Ok(()),
        }
    }

    fn noted<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.fault.get_or_insert_with(|| error.clone());
        }
        result
    }
}

fn check_name(name: &str) -> Result<(), StoreError> {
    let plain = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(plain) {
        return Err(StoreError::DatabaseName);
    }
    Ok(())
}
