//! Databases as every released version left them go forward: to the schema that a new one
//! has, with their rows, on SQLite and on PostgreSQL.
//!
//! `tests/released/VERSION` has, for each database, what a version left: `NAME.sqlite.sql` and
//! `NAME.postgresql.sql`, schema and a sample of every table. It is never changed again.
//! `NAME.rows` is what becomes of the sample by now: whoever adds a step that changes rows
//! writes down there what they have to be. `tests/released/sample` fills the next version.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_store::sqlx::{
    self, AssertSqlSafe, Connection as _, Row as _, SqliteConnection, raw_sql,
};
use ssmax_store::{Database, Place, StateConfig, StoreError, Tables, files, relocate};
use ssmax_test_postgres::{Server, shared};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// With this variable set to a version, `tests/released/VERSION` is made.
const FREEZE: &str = "SSMAX_FREEZE";

/// What fills the rows of files that a server has.
const PIECE: (&str, &[u8]) = ("0123456789abcdef", b"piece");

fn all() -> Vec<Tables> {
    let roles = [
        ssmax_authority::tables(),
        ssmax_ca::tables(),
        ssmax_gateway::tables(),
        ssmax_keyserver::tables(),
    ];
    roles.concat()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released")
}

fn versions() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut versions: Vec<PathBuf> =
        entries.filter(|path| path.is_dir() && !path.ends_with("sample")).collect();
    versions.sort();
    versions
}

fn file() -> (Place, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("role");
    files::create_private_dir(&home).unwrap();
    (Place::in_directory(&home), dir)
}

fn at(address: &str, dir: &Path) -> Place {
    let state = StateConfig { url: Some(address.to_owned()), ..StateConfig::default() };
    Place::new(dir.to_owned(), &state)
}

async fn open(place: &Place, set: &Tables) -> Result<(), StoreError> {
    Database::open(place.clone(), set.name, set.migrations).await?.close().await;
    Ok(())
}

/// SQLite's own way into a file, which need not be there.
async fn connect(place: &Place, set: &Tables) -> SqliteConnection {
    let path = place.directory().join(format!("{}.sqlite", set.name));
    if !path.exists() {
        files::write_private(&path, b"").unwrap();
    }
    SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap()
}

async fn texts(connection: &mut SqliteConnection, sql: String) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

async fn tables(connection: &mut SqliteConnection) -> Vec<String> {
    let select = "SELECT name FROM sqlite_master WHERE type = 'table'
                  AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid";
    texts(connection, select.to_owned()).await
}

/// The rows of a table as statements, in the order in which they came.
async fn inserts(connection: &mut SqliteConnection, table: &str) -> Vec<String> {
    let select = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
    let columns = texts(connection, select).await;
    let names: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    let quoted: Vec<String> = names.iter().map(|name| format!("quote({name})")).collect();
    let (names, quoted) = (names.join(", "), quoted.join(" || ', ' || "));
    let select = format!(
        "SELECT 'INSERT INTO \"{table}\" ({names}) VALUES (' || {quoted} || ');'
         FROM \"{table}\" ORDER BY rowid"
    );
    texts(connection, select).await
}

/// All of a database as statements.
async fn dump(place: &Place, set: &Tables) -> String {
    let mut connection = connect(place, set).await;
    let made = "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL
                AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid";
    let mut lines = texts(&mut connection, made.to_owned()).await;
    for table in tables(&mut connection).await {
        lines.extend(inserts(&mut connection, &table).await);
    }
    connection.close().await.unwrap();
    lines.join("\n") + "\n"
}

/// All rows but those of the ledger, sorted: a server keeps no order.
async fn rows(place: &Place, set: &Tables) -> String {
    let mut connection = connect(place, set).await;
    let mut lines = Vec::new();
    for table in tables(&mut connection).await {
        if table != "ssmax_migration" {
            lines.extend(inserts(&mut connection, &table).await);
        }
    }
    connection.close().await.unwrap();
    lines.sort();
    lines.join("\n") + "\n"
}

async fn schema(place: &Place, set: &Tables) -> Vec<String> {
    let mut connection = connect(place, set).await;
    let select = "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_master
                  ORDER BY type, name";
    let schema = texts(&mut connection, select.to_owned()).await;
    connection.close().await.unwrap();
    schema
}

fn schema_name(set: &Tables) -> String {
    format!("ssmax_{}", set.name)
}

fn read(version: &Path, set: &Tables, ending: &str) -> String {
    let path = version.join(format!("{}.{ending}", set.name));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What has become of a released database on a server, carried to SQLite to be looked at.
async fn carried(place: &Place, set: &Tables) -> String {
    let (here, _dir) = file();
    relocate(place, &here, &[*set], &mut |_| {}).await.unwrap();
    rows(&here, set).await
}

#[test]
fn the_version_of_this_program_is_frozen() {
    if let Ok(version) = std::env::var(FREEZE) {
        assert_eq!(version, env!("CARGO_PKG_VERSION"), "Cargo.toml says which version this is");
        freeze(&folder().join(version));
    }
    let own = folder().join(env!("CARGO_PKG_VERSION"));
    assert!(
        own.is_dir(),
        "freeze it: {FREEZE}={} cargo test --test released",
        env!("CARGO_PKG_VERSION")
    );
}

#[tokio::test]
async fn every_released_sqlite_database_goes_forward_with_its_rows() {
    let versions = versions();
    assert!(!versions.is_empty());
    for version in versions {
        for set in all() {
            let what = format!("{} {}", version.display(), set.name);
            if !version.join(format!("{}.rows", set.name)).exists() {
                continue; // A database that came later.
            }
            let ((place, _dir), (new, _new)) = (file(), file());
            let mut connection = connect(&place, &set).await;
            let sql = format!("BEGIN; {} COMMIT;", read(&version, &set, "sqlite.sql"));
            raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            open(&place, &set).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            open(&new, &set).await.unwrap();
            assert_eq!(schema(&place, &set).await, schema(&new, &set).await, "{what}");
            assert_eq!(rows(&place, &set).await, read(&version, &set, "rows"), "{what}");
        }
    }
}

#[tokio::test]
async fn every_released_postgresql_database_goes_forward_with_its_rows() {
    let Some(server) = shared() else { return };
    for version in versions() {
        for set in all() {
            let what = format!("{} {}", version.display(), set.name);
            if !version.join(format!("{}.rows", set.name)).exists() {
                continue;
            }
            let (old, new, dir) =
                (server.database(), server.database(), tempfile::tempdir().unwrap());
            server.restore(&old, &read(&version, &set, "postgresql.sql"));
            let (place, fresh) = (at(&old, dir.path()), at(&new, dir.path()));
            open(&place, &set).await.unwrap_or_else(|error| panic!("{what}: {error}"));
            open(&fresh, &set).await.unwrap();
            let schema =
                |address: &str| server.dump(address, &schema_name(&set), &["--schema-only"]);
            assert_eq!(schema(&old), schema(&new), "{what}");
            assert_eq!(carried(&place, &set).await, read(&version, &set, "rows"), "{what}");
        }
    }
}

#[tokio::test]
async fn a_step_that_was_changed_after_its_release_is_refused_and_so_is_an_older_program() {
    for set in all() {
        let version = folder().join(env!("CARGO_PKG_VERSION"));
        if !version.join(format!("{}.rows", set.name)).exists() {
            continue;
        }
        let (place, _dir) = file();
        let mut connection = connect(&place, &set).await;
        let sql = format!("BEGIN; {} COMMIT;", read(&version, &set, "sqlite.sql"));
        raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let mut changed = set.migrations.to_vec();
        changed[0].sql = "CREATE TABLE other (id TEXT) STRICT";
        let refused = Database::open(place.clone(), set.name, &changed).await.unwrap_err();
        assert_eq!(refused, StoreError::MigrationChanged { version: 1 });
        // What the present program has brought forward, one before it refuses.
        open(&place, &set).await.unwrap();
        let found = u32::try_from(set.migrations.len()).unwrap();
        let older = &set.migrations[..set.migrations.len() - 1];
        let refused = Database::open(place, set.name, older).await.unwrap_err();
        assert_eq!(refused, StoreError::DatabaseNewer { found, known: found - 1 });
    }
}

/// Writes down what this version leaves.
fn freeze(version: &Path) {
    let Some(server) = shared() else { panic!("{FREEZE} needs PostgreSQL") };
    fs::create_dir(version).unwrap_or_else(|error| panic!("{}: {error}", version.display()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for set in all() {
        runtime.block_on(freeze_one(version, &set, server));
    }
}

async fn freeze_one(version: &Path, set: &Tables, server: &Server) {
    let (place, _dir) = file();
    open(&place, set).await.unwrap();
    let mut connection = connect(&place, set).await;
    let sample = read(&folder().join("sample"), set, "sql");
    raw_sql(AssertSqlSafe(sample)).execute(&mut connection).await.unwrap();
    for table in tables(&mut connection).await {
        let is_in_files = set.files.is_some_and(|files| files.table == table);
        let has_rows = !inserts(&mut connection, &table).await.is_empty();
        assert!(
            is_in_files || has_rows,
            "tests/released/sample/{}.sql: {table} is empty",
            set.name
        );
    }
    connection.close().await.unwrap();
    if let Some(kept) = set.files {
        let (name, octets) = PIECE;
        let folder = place.directory().join(kept.folder);
        files::create_private_dir(&folder).unwrap();
        files::write_private(&folder.join(name), octets).unwrap();
    }
    let write = |ending: &str, text: &str| {
        fs::write(version.join(format!("{}.{ending}", set.name)), text).unwrap();
    };
    write("sqlite.sql", &dump(&place, set).await);
    write("rows", &rows(&place, set).await);
    let address = server.database();
    relocate(&place, &at(&address, place.directory()), &[*set], &mut |_| {}).await.unwrap();
    write("postgresql.sql", &server.dump(&address, &schema_name(set), &["--inserts"]));
}
