//! One of the two places of a move: files, or schemas of a server, on one connection.

use super::pieces::PieceWriter;
use super::plan::{Kind, Plan, Table};
use super::{Files, Tables, Values};
use crate::error::{FileAction, StoreError};
use crate::files;
use crate::migrations::{self, MOVED};
use crate::place::Place;
use crate::postgres::{self, bounded, schema_of};
use crate::query::{Parameter, Row, Value};
use crate::sqlite;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Rows that are read and written at once; of those with octets fewer.
const PAGE_ROWS: usize = 200;
const PAGE_ROWS_WITH_OCTETS: usize = 16;

/// How long a move waits for somebody else who holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one that is just ending is waited for.
const ENDING: Duration = Duration::from_secs(3);

pub(super) struct Side {
    connection: Connection,
    directory: PathBuf,
    /// The databases by their names, and what each is called on the connection.
    schemas: Vec<(&'static str, String)>,
    pieces: PieceWriter,
}

enum Connection {
    File(SqliteConnection),
    Server(PgConnection),
}

impl Side {
    pub(super) async fn open(place: &Place, sets: &[Tables]) -> Result<Self, StoreError> {
        let (connection, schemas) = match place.server()? {
            Some(options) => {
                let first = sets.first().map(|set| set.name).unwrap_or_default();
                let options = bounded(options, &schema_of(first));
                // Not under the name by which a role is found to be there.
                let options = options.application_name("ssmax store move");
                let schemas = sets.iter().map(|set| (set.name, schema_of(set.name).to_string()));
                (Connection::Server(postgres::connect(&options).await?), schemas.collect())
            }
            None => attach(place.directory(), sets).await?,
        };
        let directory = place.directory().to_owned();
        Ok(Self { connection, directory, schemas, pieces: PieceWriter::default() })
    }

    /// An empty database that goes with the connection.
    pub(super) async fn in_memory() -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().in_memory(true);
        let connection = Connection::File(SqliteConnection::connect_with(&options).await?);
        let pieces = PieceWriter::default();
        Ok(Self { connection, directory: PathBuf::new(), schemas: Vec::new(), pieces })
    }

    pub(super) fn is_server(&self) -> bool {
        matches!(self.connection, Connection::Server(_))
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Begins the one transaction; nobody else writes or changes the schema until its end.
    pub(super) async fn lock(&mut self, plans: &[Plan]) -> Result<(), StoreError> {
        if !self.is_server() {
            return self.script("BEGIN IMMEDIATE".to_owned()).await;
        }
        self.script(
            "BEGIN ISOLATION LEVEL READ COMMITTED;
             SET LOCAL idle_in_transaction_session_timeout = 0"
                .to_owned(),
        )
        .await?;
        for plan in plans {
            let schema = self.schema(plan);
            // A role that starts waits for the first, one that writes for the second.
            for name in ["schema", "write"] {
                let lock = "SELECT CAST(pg_advisory_xact_lock(hashtextextended($1, 0)) AS TEXT)";
                let _ = self.texts(lock, &[&format!("{schema} {name}")]).await?;
            }
            self.wait_for_others(&schema).await?;
        }
        Ok(())
    }

    /// Waits for those that are just ending: our own connection that looked at the schema,
    /// and a role that was stopped.
    async fn wait_for_others(&mut self, schema: &str) -> Result<(), StoreError> {
        let began = Instant::now();
        loop {
            let free = "SELECT CAST(pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS TEXT)";
            let alone = self.texts(free, &[&format!("{schema} serve")]).await?;
            let others = "SELECT application_name FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = $1";
            if alone == ["true"] && self.texts(others, &[schema]).await?.is_empty() {
                return Ok(());
            }
            if began.elapsed() > ENDING {
                return Err(StoreError::InUse);
            }
            // What the server tells of its sessions stays the same within a transaction.
            self.script("SELECT pg_stat_clear_snapshot()".to_owned()).await?;
            tokio::time::sleep(ENDING / 20).await;
        }
    }

    /// Whether the database is of exactly this program's version, and was not moved.
    pub(super) async fn check_version(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let schema = self.schema(plan);
        let select = format!("SELECT version, sql FROM {schema}.ssmax_migration ORDER BY version");
        let mut applied = Vec::new();
        for row in self.fetch(&select, Vec::new()).await? {
            applied.push((row.try_get::<i64>("version")?, row.try_get::<String>("sql")?));
        }
        migrations::check_applied(&applied, plan.set.migrations)?;
        let known = plan.set.migrations.len();
        if applied.len() == known {
            return Ok(());
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Err(StoreError::OtherVersion { found: number(applied.len()), known: number(known) })
    }

    /// Marks a database as moved.
    pub(super) async fn mark(&mut self, plan: &Plan, server: bool) -> Result<(), StoreError> {
        let schema = self.schema(plan);
        let (version, text) = (self.parameter(1), self.parameter(2));
        let insert = format!(
            "INSERT INTO {schema}.ssmax_migration (version, sql) VALUES ({version}, {text})"
        );
        let to = migrations::moved_text(server);
        self.execute(insert, vec![Parameter::from(MOVED), Parameter::from(to)]).await
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.pieces.finish()?;
        self.script("COMMIT".to_owned()).await?;
        match self.connection {
            Connection::File(connection) => connection.close().await?,
            Connection::Server(connection) => connection.close().await?,
        }
        Ok(())
    }

    pub(super) async fn clear(&mut self, plan: &Plan, table: &Table) -> Result<(), StoreError> {
        let delete = format!("DELETE FROM {}", self.named(plan, table));
        self.execute(delete, Vec::new()).await
    }

    pub(super) async fn write(
        &mut self,
        plan: &Plan,
        table: &Table,
        rows: Vec<Values>,
    ) -> Result<(), StoreError> {
        if let (Some(files), false) = (plan.files_of(table), self.is_server()) {
            let folder = self.directory.join(files.folder);
            return rows.iter().try_for_each(|row| self.pieces.write(&folder, row));
        }
        let (mut groups, mut values) = (Vec::new(), Vec::new());
        for row in rows {
            let mut group = Vec::new();
            for value in row {
                values.push(value);
                group.push(self.parameter(values.len()));
            }
            groups.push(format!("({})", group.join(", ")));
        }
        let insert = format!(
            "INSERT INTO {} ({}) VALUES {}",
            self.named(plan, table),
            columns(table),
            groups.join(", ")
        );
        self.execute(insert, values).await
    }

    /// Has what became files on the disk.
    pub(super) async fn flush(&mut self) -> Result<(), StoreError> {
        self.pieces.finish()
    }

    /// The `id`s of what is a file where there is no server.
    pub(super) async fn names(
        &mut self,
        plan: &Plan,
        files: &Files,
    ) -> Result<Vec<String>, StoreError> {
        let (schema, owner, condition) = (self.schema(plan), files.owner, files.condition);
        let select = format!("SELECT id FROM {schema}.{owner} WHERE {condition} ORDER BY id");
        self.texts(&select, &[]).await
    }

    /// How far a column has been counted.
    pub(super) async fn count_so_far(
        &mut self,
        plan: &Plan,
        table: &Table,
        column: &str,
    ) -> Result<i64, StoreError> {
        let named = self.named(plan, table);
        let newest = format!("SELECT COALESCE(MAX(\"{column}\"), 0) AS count FROM {named}");
        let newest = self.number(&newest, Vec::new()).await?;
        if !table.remembers {
            return Ok(newest);
        }
        let schema = self.schema(plan);
        let remembered = if self.is_server() {
            let sequence = self.sequence(&named, column).await?;
            let select = format!(
                "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS count
                 FROM {sequence}"
            );
            self.number(&select, Vec::new()).await?
        } else {
            let select = format!(
                "SELECT COALESCE(MAX(seq), 0) AS count FROM {schema}.sqlite_sequence
                 WHERE name = ?1"
            );
            self.number(&select, vec![Parameter::from(&table.name)]).await?
        };
        Ok(newest.max(remembered))
    }

    /// Has a column go on behind this number.
    pub(super) async fn set_count(
        &mut self,
        plan: &Plan,
        table: &Table,
        column: &str,
        count: i64,
    ) -> Result<(), StoreError> {
        if self.is_server() {
            if count < 1 {
                return Ok(());
            }
            let named = self.named(plan, table);
            let sequence = self.sequence(&named, column).await?;
            let set = "SELECT setval(CAST(CAST($1 AS TEXT) AS regclass), $2) AS count";
            self.number(set, vec![Parameter::from(sequence), Parameter::from(count)]).await?;
            return Ok(());
        }
        if !table.remembers {
            return Ok(());
        }
        let schema = self.schema(plan);
        let delete = format!("DELETE FROM {schema}.sqlite_sequence WHERE name = ?1");
        self.execute(delete, vec![Parameter::from(&table.name)]).await?;
        let insert = format!("INSERT INTO {schema}.sqlite_sequence (name, seq) VALUES (?1, ?2)");
        self.execute(insert, vec![Parameter::from(&table.name), Parameter::from(count)]).await
    }

    async fn sequence(&mut self, named: &str, column: &str) -> Result<String, StoreError> {
        let select = "SELECT pg_get_serial_sequence($1, $2) AS name";
        let rows = self.texts(select, &[named, column]).await?;
        rows.into_iter().next().ok_or(StoreError::Sql(crate::SqlFault::NoRow))
    }

    pub(super) async fn pages(&mut self, plan: &Plan, table: &Table) -> Result<Pages, StoreError> {
        let has_octets = table.columns.iter().any(|column| column.kind == Kind::Octets);
        let mut kinds: Vec<Kind> = table.columns.iter().map(|column| column.kind).collect();
        let mut selected = columns(table);
        let key = if table.in_order {
            selected.push_str(", rowid");
            kinds.push(Kind::Integer);
            vec![(table.columns.len(), "rowid".to_owned())]
        } else {
            let named = |place: &usize| {
                table.columns.get(*place).map(|column| (*place, format!("\"{}\"", column.name)))
            };
            table.key.iter().filter_map(named).collect()
        };
        Ok(Pages {
            select: format!("SELECT {selected} FROM {}", self.named(plan, table)),
            all: columns(table),
            width: table.columns.len(),
            kinds,
            key,
            rows: if has_octets { PAGE_ROWS_WITH_OCTETS } else { PAGE_ROWS },
            after: None,
            read: 0,
        })
    }

    pub(super) async fn script(&mut self, sql: String) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::File(connection) => sqlite::script_text(connection, sql).await,
            Connection::Server(connection) => postgres::script_text(connection, sql).await,
        }
    }

    pub(super) async fn fetch(
        &mut self,
        sql: &str,
        parameters: Values,
    ) -> Result<Vec<Row>, StoreError> {
        match &mut self.connection {
            Connection::File(connection) => {
                sqlite::fetch_text(connection, sql.to_owned(), parameters).await
            }
            Connection::Server(connection) => {
                postgres::fetch_text(connection, sql.to_owned(), parameters).await
            }
        }
    }

    async fn execute(&mut self, sql: String, parameters: Values) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::File(connection) => {
                sqlite::execute_text(connection, sql, parameters).await.map(drop)
            }
            Connection::Server(connection) => {
                postgres::execute_text(connection, sql, parameters).await.map(drop)
            }
        }
    }

    /// The first column of each row, where it is text.
    pub(super) async fn texts(
        &mut self,
        sql: &str,
        values: &[&str],
    ) -> Result<Vec<String>, StoreError> {
        let parameters = values.iter().map(|value| Parameter::from(*value)).collect();
        let rows = self.fetch(sql, parameters).await?;
        let text = |row: Row| match row.values.into_iter().next() {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(text).collect())
    }

    async fn number(&mut self, sql: &str, parameters: Values) -> Result<i64, StoreError> {
        let rows = self.fetch(sql, parameters).await?;
        rows.first().map_or(Ok(0), |row| row.try_get("count"))
    }

    /// What a database is called on this connection.
    fn schema(&self, plan: &Plan) -> String {
        let found = self.schemas.iter().find(|(name, _)| *name == plan.set.name);
        found.map_or_else(|| "main".to_owned(), |(_, schema)| schema.clone())
    }

    fn named(&self, plan: &Plan, table: &Table) -> String {
        format!("{}.\"{}\"", self.schema(plan), table.name)
    }

    fn parameter(&self, number: usize) -> String {
        if self.is_server() { format!("${number}") } else { format!("?{number}") }
    }
}

/// All databases of a role on one connection.
async fn attach(
    directory: &Path,
    sets: &[Tables],
) -> Result<(Connection, Vec<(&'static str, String)>), StoreError> {
    let mut schemas = Vec::new();
    let mut connection: Option<SqliteConnection> = None;
    for (number, set) in sets.iter().enumerate() {
        let path = directory.join(format!("{}.sqlite", set.name));
        let file = std::fs::File::open(&path)
            .map_err(|error| StoreError::file(FileAction::Read, &path, &error))?;
        files::check_private_file(&file, &path)?;
        if let Some(connection) = &mut connection {
            let schema = format!("beside{number}");
            let attach = format!("ATTACH DATABASE ?1 AS {schema}");
            let path = path.to_str().map(Parameter::from);
            let path = path.ok_or(StoreError::DatabaseName)?;
            sqlite::execute_text(connection, attach, vec![path]).await?;
            schemas.push((set.name, schema));
        } else {
            let options = SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(false)
                .foreign_keys(true)
                .busy_timeout(BUSY_TIMEOUT);
            connection = Some(SqliteConnection::connect_with(&options).await?);
            schemas.push((set.name, "main".to_owned()));
        }
    }
    let mut connection = connection.ok_or(StoreError::DatabaseName)?;
    // Files that are written together are committed together, which the write-ahead log
    // does not do. Whoever opens them next has the log again.
    for (_, schema) in &schemas {
        for pragma in ["journal_mode = DELETE", "synchronous = FULL"] {
            sqlite::script_text(&mut connection, format!("PRAGMA {schema}.{pragma}")).await?;
        }
    }
    Ok((Connection::File(connection), schemas))
}

fn columns(table: &Table) -> String {
    let quoted: Vec<String> =
        table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    quoted.join(", ")
}

/// A table, read a page at a time in the order of its key.
pub(super) struct Pages {
    select: String,
    all: String,
    /// How many columns are the table's own.
    width: usize,
    kinds: Vec<Kind>,
    key: Vec<(usize, String)>,
    rows: usize,
    after: Option<Values>,
    read: usize,
}

impl Pages {
    pub(super) async fn next(
        &mut self,
        side: &mut Side,
    ) -> Result<Option<Vec<Values>>, StoreError> {
        let names: Vec<&str> = self.key.iter().map(|(_, name)| name.as_str()).collect();
        let names = names.join(", ");
        let (select, rows) = (&self.select, self.rows);
        let (sql, parameters) = match &self.after {
            _ if self.key.is_empty() => {
                let (all, read) = (&self.all, self.read);
                (format!("{select} ORDER BY {all} LIMIT {rows} OFFSET {read}"), Vec::new())
            }
            None => (format!("{select} ORDER BY {names} LIMIT {rows}"), Vec::new()),
            Some(after) => {
                let marks: Vec<String> =
                    (1..=after.len()).map(|number| side.parameter(number)).collect();
                let marks = marks.join(", ");
                (
                    format!("{select} WHERE ({names}) > ({marks}) ORDER BY {names} LIMIT {rows}"),
                    after.clone(),
                )
            }
        };
        let mut page = Vec::new();
        for row in side.fetch(&sql, parameters).await? {
            let mut values = Vec::new();
            for ((kind, value), column) in self.kinds.iter().zip(row.values).zip(row.columns.iter())
            {
                let fault = || {
                    let column = column.clone();
                    StoreError::Sql(crate::SqlFault::Column { column })
                };
                values.push(kind.bound(value).ok_or_else(fault)?);
            }
            page.push(values);
        }
        self.read += page.len();
        let Some(last) = page.last() else { return Ok(None) };
        let key = self.key.iter().filter_map(|(place, _)| last.get(*place).cloned());
        self.after = Some(key.collect());
        page.iter_mut().for_each(|row| row.truncate(self.width));
        Ok(Some(page))
    }
}
