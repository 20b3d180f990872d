//! PostgreSQL: a schema of a database that other roles, and other processes of the same
//! role, may be in as well.
//!
//! All bounds are on both sides: the server gives up on a statement by itself, and this
//! side gives up on a server that says nothing. A connection that did not answer in time
//! is thrown away, not given back: what is still under way on it is not known.

use crate::database::BUSY_TIMEOUT;
use crate::dialect::for_postgres;
use crate::error::{Code, SqlFault, StoreError};
use crate::migrations::{MOVED, is_to_server};
use crate::query::{Changed, Parameter, Query, Row, Value};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow, Postgres,
};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Row as _, TypeInfo as _,
    ValueRef as _,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long connecting, or waiting for a free connection, takes at most. A mail that is
/// refused for it asks several times, in more than one role, within the 30 seconds of a
/// gateway; who watches a role waits five.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long the server works on one statement at most.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long we wait for the answer to one statement: a little longer than the server works
/// on it.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(12);

/// How long a transaction may say nothing before the server ends it.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// The oldest server that the tests run against, as `server_version_num` has it.
const OLDEST_VERSION: i32 = 150_000;

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL
        DEFAULT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
)";

/// A pool of connections, with the schema that they are in.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pool: PgPool,
    options: PgConnectOptions,
    schema: Arc<str>,
}

/// A transaction with its connection, which is thrown away unless the transaction ends as
/// it should: the server then rolls back.
#[derive(Debug)]
pub(crate) struct ServerTransaction(Option<PoolConnection<Postgres>>);

impl Drop for ServerTransaction {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

impl Server {
    pub(crate) async fn open(
        options: PgConnectOptions,
        name: &str,
        connections: u32,
    ) -> Result<Self, StoreError> {
        let schema = schema_of(name);
        let options = bounded(options, &schema);
        // Not from the pool, which keeps trying whatever the server says.
        let mut first = connect(&options).await?;
        let durable = look(&mut first).await;
        let _ = timeout(ANSWER_TIMEOUT, first.close()).await;
        // As it was found, so that nobody turns it off for this user later on.
        let options = options.options([("synchronous_commit", durable?.as_str())]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(CONNECT_TIMEOUT)
            .connect_lazy_with(options.clone());
        Ok(Self { pool, options, schema })
    }

    /// The server's version, and the version of the schema, 0 if there is none yet.
    pub(crate) async fn look(
        options: PgConnectOptions,
        name: &str,
    ) -> Result<(String, u32), StoreError> {
        let schema = schema_of(name);
        let mut connection = connect(&bounded(options, &schema)).await?;
        look(&mut connection).await?;
        let server = show(&mut connection, "SHOW server_version").await?;
        let may = "SELECT CASE
             WHEN EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)
             THEN has_schema_privilege($1, 'USAGE') AND has_schema_privilege($1, 'CREATE')
             ELSE has_database_privilege(current_database(), 'CREATE') END";
        if !ask_one(&mut connection, may, &schema).await? {
            return Err(StoreError::Sql(SqlFault::Refused { code: Code::State(*b"42501") }));
        }
        let made = "SELECT to_regclass($1 || '.ssmax_migration') IS NOT NULL";
        if !ask_one(&mut connection, made, &schema).await? {
            return Ok((server, 0));
        }
        let newest = raw("SELECT COALESCE(MAX(version), 0) FROM ssmax_migration", []);
        let rows = fetch_raw(&mut connection, newest).await?;
        match rows.first().and_then(|row| row.values.first()) {
            Some(Value::Integer(version)) if *version == MOVED => {
                let text = raw("SELECT sql FROM ssmax_migration ORDER BY version DESC LIMIT 1", []);
                let rows = fetch_raw(&mut connection, text).await?;
                let text = rows.first().and_then(|row| row.values.first());
                let server = matches!(text, Some(Value::Text(text)) if is_to_server(text));
                Err(StoreError::Moved { server })
            }
            Some(Value::Integer(version)) => Ok((server, u32::try_from(*version).unwrap_or(0))),
            _ => Err(StoreError::Sql(SqlFault::NoRow)),
        }
    }

    /// How to connect besides the pool.
    pub(crate) fn lock_options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    pub(crate) fn schema(&self) -> Arc<str> {
        Arc::clone(&self.schema)
    }

    pub(crate) async fn begin_migration(&self) -> Result<ServerTransaction, StoreError> {
        let mut transaction = self.begin("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        transaction.lock(&format!("{} schema", self.schema)).await?;
        // Asked first: making one that is there needs the right to make another.
        let found = raw("SELECT 1 FROM pg_namespace WHERE nspname = $1", [self.schema.as_ref()]);
        if transaction.fetch_raw(found).await?.is_empty() {
            let make = format!("CREATE SCHEMA {}", self.schema);
            transaction.script(make).await.map_err(StoreError::Sql)?;
        }
        transaction.script(LEDGER.to_owned()).await.map_err(StoreError::Sql)?;
        transaction.lock(&format!("{} write", self.schema)).await?;
        Ok(transaction)
    }

    /// One writer at a time, as SQLite has it, by a lock of the schema that ends with the
    /// transaction. What each statement reads is what was committed before it: the lock is
    /// held by then, so no other such transaction is under way.
    pub(crate) async fn begin_write(&self) -> Result<ServerTransaction, StoreError> {
        let mut transaction = self.begin("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        transaction.lock(&format!("{} write", self.schema)).await?;
        Ok(transaction)
    }

    pub(crate) async fn begin_read(&self) -> Result<ServerTransaction, StoreError> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    async fn begin(&self, how: &'static str) -> Result<ServerTransaction, StoreError> {
        let mut transaction = ServerTransaction(Some(self.acquire().await?));
        transaction.script(how.to_owned()).await.map_err(StoreError::Sql)?;
        Ok(transaction)
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(|error| match error {
            // The pool tries until its time is up, whatever the server says.
            sqlx::Error::PoolTimedOut => StoreError::Sql(SqlFault::Unreachable),
            other => other.into(),
        })
    }

    pub(crate) async fn execute(&self, query: Query) -> Result<Changed, StoreError> {
        let mut connection = Lent(Some(self.acquire().await?));
        let done = execute(connection.get()?, query).await;
        connection.give_back_after(&done);
        done
    }

    pub(crate) async fn fetch(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        let mut connection = Lent(Some(self.acquire().await?));
        let rows = fetch(connection.get()?, query).await;
        connection.give_back_after(&rows);
        rows
    }

    pub(crate) async fn octets(&self) -> Result<i64, StoreError> {
        let mut connection = Lent(Some(self.acquire().await?));
        let select = "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind = 'r'";
        let rows = fetch_raw(connection.get()?, raw(select, [self.schema.as_ref()])).await;
        connection.give_back_after(&rows);
        match rows?.first().and_then(|row| row.values.first()) {
            Some(Value::Integer(octets)) => Ok(*octets),
            _ => Err(StoreError::Sql(SqlFault::NoRow)),
        }
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// A connection of the pool while one statement runs on it. Dropped in the middle of it, as
/// when nobody waits for the answer any more, it is thrown away.
struct Lent(Option<PoolConnection<Postgres>>);

impl Lent {
    fn get(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.0.as_deref_mut().ok_or(StoreError::Sql(SqlFault::Closed))
    }

    fn give_back_after<T>(&mut self, result: &Result<T, StoreError>) {
        if !result.as_ref().is_err_and(is_of_the_connection) {
            drop(self.0.take());
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

/// Whether the connection is of no use any more: what is under way on it is not known.
fn is_of_the_connection(error: &StoreError) -> bool {
    matches!(error, StoreError::Sql(SqlFault::Unreachable))
}

impl ServerTransaction {
    fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.0.as_deref_mut().ok_or(StoreError::Sql(SqlFault::Closed))
    }

    async fn lock(&mut self, name: &str) -> Result<(), StoreError> {
        let statement = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        execute_raw(self.connection()?, raw(statement, [name])).await.map(drop)
    }

    async fn script(&mut self, sql: String) -> Result<(), SqlFault> {
        let Ok(connection) = self.connection() else { return Err(SqlFault::Closed) };
        match timeout(ANSWER_TIMEOUT, sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection)).await {
            Ok(done) => done.map(drop).map_err(|error| SqlFault::from(&error)),
            Err(_) => Err(SqlFault::Unreachable),
        }
    }

    pub(crate) async fn execute_script(&mut self, sql: &'static str) -> Result<(), SqlFault> {
        self.script(for_postgres(sql)).await
    }

    pub(crate) async fn execute(&mut self, query: Query) -> Result<Changed, StoreError> {
        execute(self.connection()?, query).await
    }

    pub(crate) async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, StoreError> {
        fetch(self.connection()?, query).await
    }

    async fn fetch_raw(&mut self, raw: Raw) -> Result<Vec<Row>, StoreError> {
        fetch_raw(self.connection()?, raw).await
    }

    /// Commits or rolls back; the connection is given back only if that worked.
    pub(crate) async fn finish(mut self, how: &'static str) -> Result<(), StoreError> {
        self.script(how.to_owned()).await.map_err(StoreError::Sql)?;
        drop(self.0.take());
        Ok(())
    }
}

/// A statement as PostgreSQL has it.
struct Raw {
    sql: String,
    parameters: Vec<Parameter>,
}

fn raw<const N: usize>(sql: &str, values: [&str; N]) -> Raw {
    Raw { sql: sql.to_owned(), parameters: values.map(Parameter::from).into() }
}

impl From<Query> for Raw {
    fn from(query: Query) -> Self {
        Self { sql: for_postgres(query.sql), parameters: query.parameters }
    }
}

async fn execute(connection: &mut PgConnection, query: Query) -> Result<Changed, StoreError> {
    execute_raw(connection, query.into()).await
}

async fn fetch(connection: &mut PgConnection, query: Query) -> Result<Vec<Row>, StoreError> {
    fetch_raw(connection, query.into()).await
}

/// Carries out a statement that was put together of names, never of values, as PostgreSQL
/// has it.
pub(crate) async fn execute_text(
    connection: &mut PgConnection,
    sql: String,
    parameters: Vec<Parameter>,
) -> Result<Changed, StoreError> {
    execute_raw(connection, Raw { sql, parameters }).await
}

/// As [`execute_text`], for a statement that gives rows.
pub(crate) async fn fetch_text(
    connection: &mut PgConnection,
    sql: String,
    parameters: Vec<Parameter>,
) -> Result<Vec<Row>, StoreError> {
    fetch_raw(connection, Raw { sql, parameters }).await
}

/// Carries out several statements without values.
pub(crate) async fn script_text(
    connection: &mut PgConnection,
    sql: String,
) -> Result<(), StoreError> {
    in_time(sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection)).await.map(drop)
}

async fn execute_raw(connection: &mut PgConnection, raw: Raw) -> Result<Changed, StoreError> {
    let arguments = arguments(raw.parameters)?;
    let statement = sqlx::query_with(AssertSqlSafe(raw.sql), arguments);
    let done = in_time(statement.execute(connection)).await?;
    Ok(Changed { rows: done.rows_affected() })
}

async fn fetch_raw(connection: &mut PgConnection, raw: Raw) -> Result<Vec<Row>, StoreError> {
    let arguments = arguments(raw.parameters)?;
    let statement = sqlx::query_with(AssertSqlSafe(raw.sql), arguments);
    let rows = in_time(statement.fetch_all(connection)).await?;
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let columns: Arc<[String]> =
        first.columns().iter().map(|column| column.name().to_owned()).collect();
    rows.iter().map(|row| Ok(Row { columns: Arc::clone(&columns), values: values(row)? })).collect()
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match timeout(ANSWER_TIMEOUT, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Sql(SqlFault::Unreachable)),
    }
}

fn arguments(parameters: Vec<Parameter>) -> Result<PgArguments, StoreError> {
    use sqlx::Arguments as _;
    let mut arguments = PgArguments::default();
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

fn values(row: &PgRow) -> Result<Vec<Value>, StoreError> {
    row.columns()
        .iter()
        .enumerate()
        .map(|(place, column)| {
            if row.try_get_raw(place)?.is_null() {
                return Ok(Value::Null);
            }
            Ok(match column.type_info().name() {
                "INT8" => Value::Integer(row.try_get(place)?),
                "INT4" => Value::Integer(row.try_get::<i32, _>(place)?.into()),
                "BOOL" => Value::Integer(row.try_get::<bool, _>(place)?.into()),
                "BYTEA" => Value::Octets(row.try_get(place)?),
                "TEXT" => Value::Text(row.try_get(place)?),
                _ => {
                    let column = column.name().to_owned();
                    return Err(StoreError::Sql(SqlFault::Column { column }));
                }
            })
        })
        .collect()
}

pub(crate) fn schema_of(name: &str) -> Arc<str> {
    format!("ssmax_{}", name.replace('-', "_")).into()
}

/// What the server is told at the start of each connection.
pub(crate) fn bounded(options: PgConnectOptions, schema: &str) -> PgConnectOptions {
    let milliseconds = |bound: Duration| bound.as_millis().to_string();
    options.application_name(schema).disable_statement_logging().options([
        ("search_path", schema),
        ("statement_timeout", &milliseconds(STATEMENT_TIMEOUT)),
        ("lock_timeout", &milliseconds(BUSY_TIMEOUT)),
        ("idle_in_transaction_session_timeout", &milliseconds(IDLE_IN_TRANSACTION)),
        // A process whose host is gone must not keep its locks for hours.
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
    ])
}

/// A connection besides the pool.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    match timeout(CONNECT_TIMEOUT, options.connect()).await {
        Ok(connection) => Ok(connection?),
        Err(_) => Err(StoreError::Sql(SqlFault::Unreachable)),
    }
}

/// Looks whether what the server says is written stays written, and gives how it commits.
async fn look(connection: &mut PgConnection) -> Result<String, StoreError> {
    let version = show(connection, "SHOW server_version_num").await?;
    if version.parse().unwrap_or(0) < OLDEST_VERSION {
        let (setting, needed) = ("server_version_num", "150000 at least");
        return Err(StoreError::ServerUnfit { setting, value: version, needed });
    }
    let encoding = show(connection, "SHOW server_encoding").await?;
    if encoding != "UTF8" {
        let (setting, needed) = ("server_encoding", "UTF8");
        return Err(StoreError::ServerUnfit { setting, value: encoding, needed });
    }
    if show(connection, "SHOW transaction_read_only").await? != "off" {
        return Err(StoreError::Sql(SqlFault::Refused { code: Code::State(*b"25006") }));
    }
    for (setting, statement) in
        [("fsync", "SHOW fsync"), ("full_page_writes", "SHOW full_page_writes")]
    {
        let value = show(connection, statement).await?;
        if value != "on" {
            return Err(StoreError::NotDurable { setting, value });
        }
    }
    let commit = show(connection, "SHOW synchronous_commit").await?;
    // With a standby, the server's owner decides how far a commit waits for it.
    if ["on", "local", "remote_write", "remote_apply"].contains(&commit.as_str()) {
        return Ok(commit);
    }
    Err(StoreError::NotDurable { setting: "synchronous_commit", value: commit })
}

async fn show(connection: &mut PgConnection, statement: &str) -> Result<String, StoreError> {
    let rows = fetch_raw(connection, raw(statement, [])).await?;
    match rows.first().and_then(|row| row.values.first()) {
        Some(Value::Text(value)) => Ok(value.clone()),
        _ => Err(StoreError::Sql(SqlFault::NoRow)),
    }
}

/// Asks a question with one value, answered by yes or no.
pub(crate) async fn ask_one(
    connection: &mut PgConnection,
    statement: &str,
    value: &str,
) -> Result<bool, StoreError> {
    let rows = fetch_raw(connection, raw(statement, [value])).await?;
    Ok(rows.first().and_then(|row| row.values.first()) == Some(&Value::Integer(1)))
}
