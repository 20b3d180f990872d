//! The database: what it promises about durability, privacy and schema versions, whether
//! it is a file or on a server.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

#[path = "database/engine.rs"]
mod engine;
#[path = "database/file.rs"]
mod file;
#[path = "database/server.rs"]
mod server;

use engine::{Site, sites};
use ssmax_store::{Code, Database, Migration, Row, SqlFault, StoreError, query};

const FIRST: Migration = Migration {
    version: 1,
    sql: "CREATE TABLE journal (id TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT;
          CREATE TABLE line (journal TEXT NOT NULL REFERENCES journal(id)) STRICT;",
};
const SECOND: Migration =
    Migration { version: 2, sql: "ALTER TABLE journal ADD COLUMN at TEXT NOT NULL DEFAULT ''" };

async fn open(site: &Site, migrations: &[Migration]) -> Result<Database, StoreError> {
    Database::open(site.place.clone(), "journal", migrations).await
}

async fn insert(database: &Database, id: &str) -> Result<(), StoreError> {
    query("INSERT INTO journal (id, size) VALUES (?, 1)").bind(id).execute(database).await?;
    Ok(())
}

async fn count(database: &Database) -> i64 {
    query("SELECT COUNT(*) FROM journal").fetch_one(database).await.unwrap()
}

#[tokio::test]
async fn rows_and_schema_are_there_after_reopening() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        insert(&database, "a").await.unwrap();
        database.close().await;
        assert_eq!(insert(&database, "b").await.unwrap_err(), StoreError::Sql(SqlFault::Closed));
        let database = open(&site, &[FIRST]).await.unwrap();
        assert_eq!(count(&database).await, 1);
    }
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_was_bound() {
    let schema = Migration {
        version: 1,
        sql: "CREATE TABLE kept (
                  id INTEGER PRIMARY KEY, user TEXT, \"order\" INTEGER, row BLOB, text TEXT
              ) STRICT",
    };
    for site in sites() {
        let database = open(&site, &[schema]).await.unwrap();
        for (user, order, row) in [
            (Some("鈴木 ?"), Some(i64::MIN), Some(vec![0, 0xff])),
            (Some(""), Some(i64::MAX), Some(vec![])),
            (None, None, None),
        ] {
            query("INSERT INTO kept (user, \"order\", row) VALUES (?, ?, ?)")
                .bind(user)
                .bind(order)
                .bind(row.clone())
                .execute(&database)
                .await
                .unwrap();
            type Kept = (i64, Option<String>, Option<i64>, Option<Vec<u8>>, Option<String>);
            let kept: Kept =
                query("SELECT id, user, \"order\", row, text FROM kept ORDER BY id DESC LIMIT 1")
                    .fetch_one(&database)
                    .await
                    .unwrap();
            assert_eq!((kept.1.as_deref(), kept.2, kept.3, kept.4), (user, order, row, None));
        }
        let row: Row = query("SELECT id, user, text FROM kept WHERE id = ?2 AND ?1 = 1 OR ?1 = 2")
            .bind(true)
            .bind(2_u32)
            .fetch_one(&database)
            .await
            .unwrap();
        assert_eq!(row.try_get::<String>("user").unwrap(), "");
        let fault = |column: &str| StoreError::Sql(SqlFault::Column { column: column.to_owned() });
        assert_eq!(row.try_get::<String>("id").unwrap_err(), fault("id"));
        assert_eq!(row.try_get::<i64>("nothing").unwrap_err(), fault("nothing"));
        assert_eq!(row.try_get::<Option<String>>("text").unwrap(), None);
        let there: bool = query("SELECT EXISTS (SELECT 1 FROM kept WHERE user = '')")
            .fetch_one(&database)
            .await
            .unwrap();
        assert!(there);
    }
}

#[tokio::test]
async fn texts_are_ordered_by_their_octets() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        for id in ["b", "ä", "B", "a-b", "ab", "あ"] {
            insert(&database, id).await.unwrap();
        }
        let ids: Vec<String> =
            query("SELECT id FROM journal ORDER BY id").fetch_all(&database).await.unwrap();
        assert_eq!(ids, ["B", "a-b", "ab", "b", "ä", "あ"]);
    }
}

#[tokio::test]
async fn a_newer_program_adds_its_step_and_keeps_the_rows() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        insert(&database, "a").await.unwrap();
        database.close().await;
        let database = open(&site, &[FIRST, SECOND]).await.unwrap();
        let row: (String, String) =
            query("SELECT id, at FROM journal").fetch_one(&database).await.unwrap();
        assert_eq!(row, ("a".to_owned(), String::new()));
    }
}

#[tokio::test]
async fn an_older_program_goes_on_while_a_newer_one_adds_its_step() {
    for site in sites() {
        let older = open(&site, &[FIRST]).await.unwrap();
        let select = "SELECT id, size FROM journal";
        let all = async || query(select).fetch_all::<Row>(&older).await;
        insert(&older, "a").await.unwrap();
        assert_eq!(all().await.unwrap().len(), 1);
        let newer = open(&site, &[FIRST, SECOND]).await.unwrap();
        insert(&newer, "b").await.unwrap();
        assert_eq!(all().await.unwrap().len(), 2);
        insert(&older, "c").await.unwrap();
    }
}

#[tokio::test]
async fn columns_are_asked_for_by_their_names() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        let message = "columns are asked for by their names".to_owned();
        let refused = query("SELECT * FROM journal").fetch_all::<Row>(&database).await;
        assert_eq!(refused.unwrap_err(), StoreError::Sql(SqlFault::Other { message }));
    }
}

#[tokio::test]
async fn an_older_program_refuses_a_newer_database() {
    for site in sites() {
        open(&site, &[FIRST, SECOND]).await.unwrap().close().await;
        let refused = open(&site, &[FIRST]).await.unwrap_err();
        assert_eq!(refused, StoreError::DatabaseNewer { found: 2, known: 1 });
    }
}

#[tokio::test]
async fn an_edited_step_is_noticed() {
    for site in sites() {
        open(&site, &[FIRST]).await.unwrap().close().await;
        let edited = Migration { version: 1, sql: "CREATE TABLE other (id TEXT) STRICT" };
        let refused = open(&site, &[edited]).await.unwrap_err();
        assert_eq!(refused, StoreError::MigrationChanged { version: 1 });
    }
}

#[tokio::test]
async fn a_step_that_fails_half_way_leaves_the_database_at_the_version_before() {
    let broken = Migration {
        version: 2,
        sql: "CREATE TABLE half (id TEXT) STRICT; INSERT INTO nowhere VALUES (1);",
    };
    for site in sites() {
        open(&site, &[FIRST]).await.unwrap().close().await;
        let refused = open(&site, &[FIRST, broken]).await.unwrap_err();
        let StoreError::MigrationFailed { version: 2, fault: SqlFault::Other { message } } =
            refused
        else {
            unreachable!("{refused:?}")
        };
        assert!(message.contains("nowhere"), "{message}");
        let database = open(&site, &[FIRST]).await.unwrap();
        assert!(query("SELECT id FROM half").fetch_all::<Row>(&database).await.is_err());
        assert_eq!(count(&database).await, 0);
    }
}

#[tokio::test]
async fn steps_are_numbered_from_one_without_gaps() {
    for site in sites() {
        let refused = open(&site, &[SECOND]).await.unwrap_err();
        assert_eq!(refused, StoreError::MigrationOrder { expected: 1, found: 2 });
        let refused = open(&site, &[FIRST, FIRST]).await.unwrap_err();
        assert_eq!(refused, StoreError::MigrationOrder { expected: 2, found: 1 });
    }
}

#[tokio::test]
async fn several_openers_at_once_apply_each_step_once() {
    let steps = [FIRST, SECOND];
    for site in sites() {
        let opened = tokio::join!(
            open(&site, &steps),
            open(&site, &steps),
            open(&site, &steps),
            open(&site, &steps)
        );
        for database in [opened.0, opened.1, opened.2, opened.3] {
            let steps: i64 = query("SELECT COUNT(*) FROM ssmax_migration")
                .fetch_one(&database.unwrap())
                .await
                .unwrap();
            assert_eq!(steps, 2);
        }
    }
}

#[tokio::test]
async fn faults_of_a_statement_have_their_own_names() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        insert(&database, "a").await.unwrap();
        assert_eq!(insert(&database, "a").await.unwrap_err(), StoreError::Sql(SqlFault::Duplicate));
        let orphan = query("INSERT INTO line (journal) VALUES ('none')").execute(&database).await;
        let code = if site.is_server() { Code::State(*b"23503") } else { Code::Sqlite(787) };
        assert_eq!(orphan.unwrap_err(), StoreError::Sql(SqlFault::Constraint { code }));
        let none =
            query("SELECT id FROM journal WHERE id = 'none'").fetch_one::<String>(&database).await;
        assert_eq!(none.unwrap_err(), StoreError::Sql(SqlFault::NoRow));
    }
}

#[tokio::test]
async fn a_write_transaction_is_rolled_back_when_dropped() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        for _ in 0..20 {
            let mut transaction = database.begin_write().await.unwrap();
            query("INSERT INTO journal (id, size) VALUES ('a', 1)")
                .execute(&mut transaction)
                .await
                .unwrap();
            drop(transaction);
        }
        assert_eq!(count(&database).await, 0);
    }
}

#[tokio::test]
async fn what_failed_in_a_transaction_cannot_be_committed() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        let mut transaction = database.begin_write().await.unwrap();
        for expected in [Ok(()), Err(StoreError::Sql(SqlFault::Duplicate))] {
            let done = query("INSERT INTO journal (id, size) VALUES ('a', 1)")
                .execute(&mut transaction)
                .await;
            assert_eq!(done.map(drop), expected);
        }
        let refused = transaction.commit().await.unwrap_err();
        assert_eq!(refused, StoreError::Sql(SqlFault::Duplicate));
        assert_eq!(count(&database).await, 0);
    }
}

#[tokio::test]
async fn writers_that_read_first_wait_for_each_other() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        insert(&database, "a").await.unwrap();
        let mut writers = Vec::new();
        for _ in 0..20 {
            let database = database.clone();
            writers.push(tokio::spawn(async move {
                let mut transaction = database.begin_write().await.unwrap();
                let size: i64 =
                    query("SELECT size FROM journal").fetch_one(&mut transaction).await.unwrap();
                query("UPDATE journal SET size = ?")
                    .bind(size + 1)
                    .execute(&mut transaction)
                    .await
                    .unwrap();
                transaction.commit().await.unwrap();
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let size: i64 = query("SELECT size FROM journal").fetch_one(&database).await.unwrap();
        assert_eq!(size, 21);
    }
}

#[tokio::test]
async fn a_reading_transaction_sees_one_moment() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        insert(&database, "a").await.unwrap();
        let mut read = database.begin_read().await.unwrap();
        let select = "SELECT COUNT(*) FROM journal";
        let before: i64 = query(select).fetch_one(&mut read).await.unwrap();
        insert(&database, "b").await.unwrap();
        let after: i64 = query(select).fetch_one(&mut read).await.unwrap();
        assert_eq!((before, after, count(&database).await), (1, 1, 2));
        read.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn a_writer_that_waits_too_long_is_told_that_it_is_busy() {
    for site in sites() {
        let database = open(&site, &[FIRST]).await.unwrap();
        let first = database.begin_write().await.unwrap();
        let began = std::time::Instant::now();
        let waited = database.begin_write().await.map(drop).unwrap_err();
        assert_eq!(waited, StoreError::Sql(SqlFault::Busy));
        assert!(waited.is_temporary());
        assert!(began.elapsed() < ssmax_store::BUSY_TIMEOUT * 2);
        first.rollback().await.unwrap();
        database.begin_write().await.unwrap().rollback().await.unwrap();
    }
}

#[tokio::test]
async fn a_name_cannot_leave_the_directory() {
    for site in sites() {
        for name in ["", "../journal", "a/b", "a.b", "A", &"a".repeat(49)] {
            let refused = Database::open(site.place.clone(), name, &[FIRST]).await.unwrap_err();
            assert_eq!(refused, StoreError::DatabaseName, "{name:?}");
        }
        let longest = Database::open(site.place.clone(), &"a".repeat(48), &[FIRST]).await;
        assert!(longest.is_ok());
    }
}
