//! Tables that are carried from a file to a server and back: what has to arrive, and what
//! has to be refused.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

#[path = "database/engine.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod engine;

use engine::{Site, at, private_dir};
use ssmax_store::{
    Database, Files, Migration, Place, Relocated, Row, SqlFault, StoreError, Tables, files, query,
    relocate,
};
use ssmax_test_postgres::shared;
use std::path::Path;

const STEPS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    CREATE TABLE list (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT;
    INSERT INTO list (one, version) VALUES (1, 1);
    CREATE TABLE person (user TEXT PRIMARY KEY, record BLOB, ended INTEGER) STRICT;
    -- Filled behind what it refers to, though not by its name.
    CREATE TABLE address (
        address TEXT PRIMARY KEY,
        user TEXT NOT NULL REFERENCES person (user)
    ) STRICT;
    CREATE TABLE notice (address TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE TABLE change (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE TABLE journal (id INTEGER PRIMARY KEY, mail TEXT) STRICT;
    CREATE TABLE certificate (serial BLOB NOT NULL PRIMARY KEY) STRICT;
    ",
    },
    Migration {
        version: 2,
        sql: "-- postgresql: ALTER TABLE certificate ADD COLUMN rowid BIGINT GENERATED ALWAYS AS IDENTITY;
",
    },
];

const HELD: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE held (id TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL) STRICT;
    CREATE TABLE held_piece (
        id TEXT NOT NULL REFERENCES held(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        octets BLOB NOT NULL,
        PRIMARY KEY (id, place)
    ) STRICT;
    ",
}];

const SETS: &[Tables] = &[
    Tables { name: "role", migrations: STEPS, files: None },
    Tables {
        name: "kept",
        migrations: HELD,
        files: Some(Files {
            folder: "held",
            table: "held_piece",
            owner: "held",
            condition: "state = 'held'",
        }),
    },
];

/// More than two pages of rows.
const ROWS: i64 = 450;

/// More than two pieces, and no whole number of them.
const LARGE: usize = 2 * 1024 * 1024 + 77;

async fn open(place: &Place, set: usize) -> Result<Database, StoreError> {
    Database::open(place.clone(), SETS[set].name, SETS[set].migrations).await
}

fn large() -> Vec<u8> {
    (0..LARGE).map(|place| u8::try_from(place % 251).unwrap()).collect()
}

/// State with all that is special about it.
async fn fill(place: &Place) {
    let role = open(place, 0).await.unwrap();
    query("UPDATE list SET version = 9").execute(&role).await.unwrap();
    for (user, record, ended) in [
        ("鈴木", Some(vec![0_u8, 255]), None),
        ("a'b", None, Some(-7_i64)),
        ("", Some(vec![]), None),
    ] {
        query("INSERT INTO person (user, record, ended) VALUES (?, ?, ?)")
            .bind(user)
            .bind(record)
            .bind(ended)
            .execute(&role)
            .await
            .unwrap();
    }
    query("INSERT INTO address (address, user) VALUES ('s@a.example', '鈴木')")
        .execute(&role)
        .await
        .unwrap();
    let mut change = role.begin_write().await.unwrap();
    for number in 0..ROWS {
        let rows = [
            query("INSERT INTO journal (id, mail) VALUES (?, 'm')").bind(number * 2 + 1),
            // Twice the same, without a key.
            query("INSERT INTO notice (address, at) VALUES ('n', ?)").bind(number / 2),
            // Told in the order in which they came, which is not that of their key.
            query("INSERT INTO certificate (serial) VALUES (?)").bind(serial(number)),
        ];
        for row in rows {
            row.execute(&mut change).await.unwrap();
        }
    }
    for reason in ["one", "two", "three"] {
        query("INSERT INTO change (reason) VALUES (?)")
            .bind(reason)
            .execute(&mut change)
            .await
            .unwrap();
    }
    query("DELETE FROM change WHERE number = 3").execute(&mut change).await.unwrap();
    change.commit().await.unwrap();
    role.close().await;
    let kept = open(place, 1).await.unwrap();
    query("INSERT INTO held (id, state) VALUES ('large', 'held'), ('small', 'held'), ('gone', 'ended')")
        .execute(&kept)
        .await
        .unwrap();
    kept.close().await;
    let folder = place.directory().join("held");
    files::create_private_dir(&folder).unwrap();
    files::write_private(&folder.join("large"), &large()).unwrap();
    files::write_private(&folder.join("small"), b"s").unwrap();
}

fn serial(number: i64) -> Vec<u8> {
    (number * 7919 % 1000).to_be_bytes().to_vec()
}

async fn carry(from: &Place, to: &Place) -> Result<Relocated, StoreError> {
    relocate(from, to, SETS, &mut |_| {}).await
}

async fn serials(role: &Database) -> Vec<Vec<u8>> {
    query("SELECT serial FROM certificate ORDER BY rowid").fetch_all(role).await.unwrap()
}

/// That all is there, and that counting goes on behind what there ever was.
async fn is_whole(place: &Place) {
    let role = open(place, 0).await.unwrap();
    let version: i64 = query("SELECT version FROM list").fetch_one(&role).await.unwrap();
    assert_eq!(version, 9);
    let people: Vec<Row> = query("SELECT user, record, ended FROM person ORDER BY user")
        .fetch_all(&role)
        .await
        .unwrap();
    let users: Vec<String> = people.iter().map(|row| row.try_get("user").unwrap()).collect();
    assert_eq!(users, ["", "a'b", "鈴木"]);
    assert_eq!(people[0].try_get::<Option<Vec<u8>>>("record").unwrap(), Some(Vec::new()));
    assert_eq!(people[1].try_get::<Option<Vec<u8>>>("record").unwrap(), None);
    assert_eq!(people[1].try_get::<Option<i64>>("ended").unwrap(), Some(-7));
    let notices: i64 = query("SELECT COUNT(*) FROM notice").fetch_one(&role).await.unwrap();
    assert_eq!(notices, ROWS);
    assert_eq!(serials(&role).await, (0..ROWS).map(serial).collect::<Vec<_>>());
    let mut change = role.begin_write().await.unwrap();
    let id: i64 = query("INSERT INTO journal (mail) VALUES ('next') RETURNING id")
        .fetch_one(&mut change)
        .await
        .unwrap();
    assert_eq!(id, ROWS * 2);
    let number: i64 = query("INSERT INTO change (reason) VALUES ('four') RETURNING number")
        .fetch_one(&mut change)
        .await
        .unwrap();
    assert!(number > 3, "3 was used before: {number}");
    change.rollback().await.unwrap();
    role.close().await;
}

async fn pieces(place: &Place) -> Vec<u8> {
    let kept = open(place, 1).await.unwrap();
    let pieces: Vec<Vec<u8>> =
        query("SELECT octets FROM held_piece WHERE id = 'large' ORDER BY place")
            .fetch_all(&kept)
            .await
            .unwrap();
    kept.close().await;
    assert!(pieces.iter().all(|piece| piece.len() <= 1024 * 1024));
    pieces.concat()
}

fn file() -> (Place, tempfile::TempDir) {
    let dir = private_dir();
    (Place::in_directory(&dir.path().join("role")), dir)
}

#[tokio::test]
async fn all_arrives_on_a_server_and_all_comes_back() {
    let Some(server) = shared() else { return };
    let ((from, _from), to, (back, _back)) = (file(), at(&server.database()), file());
    fill(&from).await;
    let there = carry(&from, &to.place).await.unwrap();
    assert!(!there.was_there);
    let table = |name: &str| there.tables.iter().find(|table| table.table == name).unwrap();
    assert_eq!(
        (table("journal").rows, table("held_piece").rows),
        (u64::try_from(ROWS).unwrap(), 4)
    );
    is_whole(&to.place).await;
    assert_eq!(pieces(&to.place).await, large());
    let returned = carry(&to.place, &back).await.unwrap();
    assert_eq!(returned.tables, there.tables);
    is_whole(&back).await;
    let folder = back.directory().join("held");
    assert_eq!(*files::read_private(&folder.join("large")).unwrap(), large());
    assert_eq!(*files::read_private(&folder.join("small")).unwrap(), b"s");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    // From one server to another.
    let second = at(&server.database());
    assert_eq!(open(&to.place, 0).await.unwrap_err(), StoreError::Moved { server: false });
    let third = at(&server.database());
    carry(&back, &second.place).await.unwrap();
    assert_eq!(carry(&second.place, &third.place).await.unwrap().tables, there.tables);
    is_whole(&third.place).await;
}

#[tokio::test]
async fn what_was_moved_is_opened_by_nobody_and_is_as_it_was() {
    let Some(server) = shared() else { return };
    let ((from, _from), to) = (file(), at(&server.database()));
    fill(&from).await;
    carry(&from, &to.place).await.unwrap();
    for set in [0, 1] {
        assert_eq!(open(&from, set).await.unwrap_err(), StoreError::Moved { server: true });
    }
    assert_eq!(carry(&from, &to.place).await.unwrap_err(), StoreError::Moved { server: true });
    let look = Database::look(&to.place, "role", STEPS).await.unwrap().unwrap();
    assert_eq!(look.version, 2);
    let (third, _third) = file();
    carry(&to.place, &third).await.unwrap();
    let looked = Database::look(&to.place, "role", STEPS).await.unwrap_err();
    assert_eq!(looked, StoreError::Moved { server: false });
    // The rows are there for whoever looks by hand.
    assert_eq!(
        server.sql_at(to.address.as_deref().unwrap(), "SELECT COUNT(*) FROM ssmax_role.notice"),
        "450"
    );
}

#[tokio::test]
async fn one_that_is_ended_in_the_middle_leaves_nothing_and_is_done_again() {
    let Some(server) = shared() else { return };
    let ((from, _from), to) = (file(), at(&server.database()));
    fill(&from).await;
    let address = to.address.clone().unwrap();
    let mut ended = false;
    let failed = relocate(&from, &to.place, SETS, &mut |progress| {
        if progress.table == "journal" && !ended {
            server.end_connections(&address);
            ended = true;
        }
    })
    .await
    .unwrap_err();
    assert_eq!(failed, StoreError::Sql(SqlFault::Unreachable));
    assert_eq!(server.sql_at(&address, "SELECT COUNT(*) FROM ssmax_role.change"), "0");
    open(&from, 0).await.unwrap().close().await;
    carry(&from, &to.place).await.unwrap();
    is_whole(&to.place).await;
    // Likewise towards a file.
    let (back, _back) = file();
    let mut ended = false;
    relocate(&to.place, &back, SETS, &mut |progress| {
        if progress.table == "held_piece" && !ended {
            server.end_connections(&address);
            ended = true;
        }
    })
    .await
    .unwrap_err();
    let role = open(&back, 0).await.unwrap();
    let rows: i64 = query("SELECT COUNT(*) FROM journal").fetch_one(&role).await.unwrap();
    assert_eq!(rows, 0);
    role.close().await;
    carry(&to.place, &back).await.unwrap();
    is_whole(&back).await;
}

#[tokio::test]
async fn a_mark_that_is_missing_is_made_up_for() {
    let Some(server) = shared() else { return };
    let ((from, _from), to, other) = (file(), at(&server.database()), at(&server.database()));
    fill(&from).await;
    carry(&from, &to.place).await.unwrap();
    unmark(&from).await;
    assert!(carry(&from, &to.place).await.unwrap().was_there);
    assert_eq!(open(&from, 0).await.unwrap_err(), StoreError::Moved { server: true });
    // One other row, and it is not that any more.
    unmark(&from).await;
    let role = open(&from, 0).await.unwrap();
    query("INSERT INTO journal (mail) VALUES ('later')").execute(&role).await.unwrap();
    role.close().await;
    let table = "journal".to_owned();
    let refused = carry(&from, &to.place).await.unwrap_err();
    assert_eq!(refused, StoreError::TargetHoldsRows { table });
    carry(&from, &other.place).await.unwrap();
}

/// As if the one who moved was killed between the two commits.
async fn unmark(place: &Place) {
    use ssmax_store::sqlx::{Connection as _, SqliteConnection};
    for set in SETS {
        let path = place.directory().join(format!("{}.sqlite", set.name));
        let mut connection =
            SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        ssmax_store::sqlx::raw_sql("DELETE FROM ssmax_migration WHERE version > 100")
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_source_or_target_that_is_not_fit_is_refused_and_left_alone() {
    let Some(server) = shared() else { return };
    let ((from, _from), to) = (file(), at(&server.database()));
    let name = "role";
    assert_eq!(carry(&from, &to.place).await.unwrap_err(), StoreError::NothingToMove { name });
    assert_eq!(carry(&from, &from).await.unwrap_err(), StoreError::SamePlace);
    let older = Database::open(from.clone(), "role", &STEPS[..1]).await.unwrap();
    older.close().await;
    open(&from, 1).await.unwrap().close().await;
    let refused = carry(&from, &to.place).await.unwrap_err();
    assert_eq!(refused, StoreError::OtherVersion { found: 1, known: 2 });
    let schemas = "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'ssmax%'";
    assert_eq!(server.sql_at(to.address.as_deref().unwrap(), schemas), "0");
    let newer = Tables { migrations: &STEPS[..0], ..SETS[0] };
    let refused = relocate(&from, &to.place, &[newer], &mut |_| {}).await.unwrap_err();
    assert_eq!(refused, StoreError::DatabaseNewer { found: 1, known: 0 });
    // One who writes, as a role that runs.
    let role = open(&from, 0).await.unwrap();
    let writing = role.begin_write().await.unwrap();
    assert_eq!(carry(&from, &to.place).await.unwrap_err(), StoreError::Sql(SqlFault::Busy));
    writing.rollback().await.unwrap();
    role.close().await;
}

#[tokio::test]
async fn a_database_on_a_server_that_others_are_at_is_not_moved() {
    let Some(server) = shared() else { return };
    let ((from, _from), to, (back, _back)) = (file(), at(&server.database()), file());
    fill(&from).await;
    let there = in_use(&to).await;
    assert_eq!(carry(&from, &to.place).await.unwrap_err(), StoreError::InUse);
    there.close().await;
    carry(&from, &to.place).await.unwrap();
    let there = in_use(&to).await;
    assert_eq!(carry(&to.place, &back).await.unwrap_err(), StoreError::InUse);
    there.close().await;
    carry(&to.place, &back).await.unwrap();
    assert!(Path::new(back.directory()).join("role.sqlite").is_file());
}

/// Somebody at a database, as a gateway of another host is.
async fn in_use(site: &Site) -> Database {
    let database = open(&site.place, 0).await.unwrap();
    let rows: i64 = query("SELECT COUNT(*) FROM journal").fetch_one(&database).await.unwrap();
    assert!(rows >= 0);
    database
}
