//! The chain over starts and batches, and each way of changing it afterwards.

use super::*;
use crate::audit::AuditFault;
use crate::audit::verify::{AuditReport, verify};
use crate::config::{KeyserverConfig, Settings};
use ssmax_api::Organisation;
use ssmax_hsm::{KeyPurpose, KeyStore, UnlockSecret};
use ssmax_primitives::SystemRandom;
use ssmax_test_postgres::{Server, shared};
use ssmax_token::KeyAlgorithm;
use tempfile::TempDir;

const ID: &str = "NTRJP-7000012050002";

/// SQLite, or a server.
type Engine = Option<&'static Server>;

/// Runs a test on both.
async fn on_both(test: impl AsyncFn(Engine)) {
    test(None).await;
    if let Some(server) = shared() {
        test(Some(server)).await;
    }
}

struct Log {
    settings: Settings,
    key: Arc<dyn SigningKey>,
    _dir: TempDir,
}

impl Log {
    fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let organisation = Organisation {
            id: ID.to_owned(),
            kind: ssmax_federation::Kind::Organisation,
            name: "A".to_owned(),
            name_ja: String::new(),
            name_kana: String::new(),
            domains: vec!["a.example".to_owned()],
            incident_contact: String::new(),
        };
        let unlock_file = dir.path().join("unlock");
        let address = engine.map(Server::database);
        let keyserver: KeyserverConfig = serde_json::from_value(
            serde_json::json!({ "unlock_file": unlock_file, "state": { "url": address } }),
        )
        .unwrap();
        let (state_dir, run_dir) = (dir.path().join("state"), dir.path().join("run"));
        let settings = Settings {
            organisation,
            state_dir,
            run_dir,
            transport: ssmax_transport::Transport::local(),
            keyserver,
        };
        ssmax_store::files::create_private_dir(&settings.state_dir).unwrap();
        ssmax_store::files::create_private_dir(&settings.dir()).unwrap();
        UnlockSecret::generate_file(&unlock_file, &SystemRandom).unwrap();
        let unlock = UnlockSecret::from_file(&unlock_file).unwrap();
        let keys = KeyStore::create(&settings.key_dir(), &unlock).unwrap();
        let id = keys.generate(KeyPurpose::Audit, KeyAlgorithm::EcP256).unwrap();
        let key = keys.key(KeyPurpose::Audit, &id).unwrap();
        Self { settings, key, _dir: dir }
    }

    async fn open(&self) -> Writer {
        let key = Arc::clone(&self.key);
        Writer::open(self.settings.place(), ID, key, vec![7; 32]).await.unwrap()
    }

    async fn database(&self) -> Database {
        Database::open(self.settings.place(), DATABASE, MIGRATIONS).await.unwrap()
    }

    /// Runs statements on the log behind the keyserver's back.
    async fn tamper(&self, statements: &[&'static str]) {
        let database = self.database().await;
        for statement in statements {
            let changed = query(statement).execute(&database).await.unwrap();
            assert!(changed.rows_affected() > 0, "{statement}");
        }
        database.close().await;
    }

    async fn verified(&self) -> AuditReport {
        verify(&self.settings, None).await.unwrap()
    }

    async fn faults(&self) -> Vec<AuditFault> {
        self.verified().await.faults
    }
}

fn entry(ticket: &str) -> Entry {
    Entry {
        ticket: Some(ticket.to_owned()),
        who: vec!["Alice@a.example".to_owned()],
        result: "ok".to_owned(),
        ..Entry::new("rewrap")
    }
}

/// A log of ten rows.
async fn ten(engine: Engine) -> Log {
    let log = Log::new(engine);
    let writer = log.open().await;
    for number in 0..10 {
        writer.append(entry(&number.to_string())).await.unwrap();
    }
    log
}

#[tokio::test]
async fn a_log_goes_on_after_a_restart_and_verifies() {
    on_both(async |engine| {
        let log = ten(engine).await;
        let writer = log.open().await;
        writer.append(entry("later")).await.unwrap();
        let report = log.verified().await;
        assert_eq!(report.faults, vec![]);
        assert_eq!((report.rows, report.first, report.last), (11, 1, 11));
        assert_eq!(report.tickets[&ticket_name("later")].done, ["rewrap"]);
    })
    .await;
}

#[tokio::test]
async fn neither_tickets_nor_addresses_can_be_read_in_it() {
    on_both(async |engine| {
        let log = ten(engine).await;
        let writer = log.open().await;
        let ticket = "00112233445566778899aabbccddeeff";
        writer.append(entry(ticket)).await.unwrap();
        let other = Entry { who: vec!["alice@a.example".to_owned()], ..entry(ticket) };
        writer.append(other).await.unwrap();
        let database = log.database().await;
        let rows: Vec<(String,)> = query("SELECT row FROM audit ORDER BY seq DESC LIMIT 2")
            .fetch_all(&database)
            .await
            .unwrap();
        let who = |text: &str| serde_json::from_str::<Row>(text).unwrap().who;
        for (row,) in &rows {
            assert!(!row.contains(ticket) && !row.to_lowercase().contains("alice"), "{row}");
        }
        assert_eq!(who(&rows[0].0), who(&rows[1].0), "one person in two spellings");
        database.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_edited_row_is_found() {
    on_both(async |engine| {
        let log = ten(engine).await;
        log.tamper(&["UPDATE audit SET row = replace(row, 'rewrap', 'seal') WHERE seq = 5"]).await;
        let faults = [AuditFault::Altered { seq: 5 }, AuditFault::ChainBroken { seq: 6 }];
        assert_eq!(log.faults().await, faults);
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_taken_out_is_found() {
    on_both(async |engine| {
        let log = ten(engine).await;
        log.tamper(&["DELETE FROM audit WHERE seq = 5"]).await;
        assert_eq!(log.faults().await, [AuditFault::Missing { seq: 5 }]);
        let log = ten(engine).await;
        log.tamper(&["DELETE FROM audit WHERE seq = 1"]).await;
        assert_eq!(log.faults().await, [AuditFault::Missing { seq: 1 }]);
    })
    .await;
}

#[tokio::test]
async fn rows_in_another_order_are_found() {
    on_both(async |engine| {
        let log = ten(engine).await;
        log.tamper(&[
            "UPDATE audit SET seq = 99 WHERE seq = 5",
            "UPDATE audit SET seq = 5 WHERE seq = 6",
            "UPDATE audit SET seq = 6 WHERE seq = 99",
        ])
        .await;
        let faults = log.faults().await;
        assert!(faults.contains(&AuditFault::Altered { seq: 5 }), "{faults:?}");
        assert!(faults.contains(&AuditFault::Altered { seq: 6 }), "{faults:?}");
    })
    .await;
}

#[tokio::test]
async fn a_log_that_is_cut_off_is_found() {
    on_both(async |engine| {
        let log = ten(engine).await;
        log.tamper(&["DELETE FROM audit WHERE seq > 7"]).await;
        assert_eq!(log.faults().await, [AuditFault::CutOff { seq: 10, last: 7 }]);
        log.tamper(&["DELETE FROM audit"]).await;
        assert_eq!(log.faults().await, [AuditFault::CutOff { seq: 10, last: 0 }]);
    })
    .await;
}

/// Whoever can write the file can compute hashes, and sign nothing.
#[tokio::test]
async fn a_log_that_is_hashed_anew_is_found_by_its_head() {
    on_both(async |engine| {
        let log = ten(engine).await;
        let database = log.database().await;
        let rows: Vec<(i64, String)> =
            query("SELECT seq, row FROM audit ORDER BY seq").fetch_all(&database).await.unwrap();
        let mut prev = Digest([0; 32]);
        for (seq, text) in rows {
            let mut row: Row = serde_json::from_str(&text).unwrap();
            if seq == 5 {
                "seal".clone_into(&mut row.op);
            }
            row.prev = prev;
            let text = row.text();
            prev = hash(&text);
            query("UPDATE audit SET row = ?, hash = ? WHERE seq = ?")
                .bind(text)
                .bind(prev.0.to_vec())
                .bind(seq)
                .execute(&database)
                .await
                .unwrap();
        }
        database.close().await;
        // The first head that stays is that of the first row, which is as it was.
        assert_eq!(log.faults().await, [AuditFault::HeadDiffers { seq: 10 }]);
    })
    .await;
}

#[tokio::test]
async fn a_head_that_is_forged_or_gone_is_found() {
    on_both(async |engine| {
        let log = ten(engine).await;
        log.tamper(&["UPDATE head SET head = replace(head, '\"at\":', '\"at\":1') WHERE seq = 10"])
            .await;
        assert!(log.faults().await.contains(&AuditFault::HeadForged { seq: 10 }));
        let log = ten(engine).await;
        log.tamper(&["DELETE FROM head WHERE seq = 10"]).await;
        assert_eq!(log.faults().await, [AuditFault::Unsigned { seq: 1 }]);
    })
    .await;
}

/// An old copy of log and heads is in order by itself; a head kept elsewhere tells.
#[tokio::test]
async fn a_log_that_was_put_back_is_found_by_a_head_kept_elsewhere() {
    on_both(async |engine| {
        let log = ten(engine).await;
        let (head, signature) = crate::audit::newest_head(&log.settings).await.unwrap().unwrap();
        let outside = Some((head.as_str(), signature.as_slice()));
        assert_eq!(verify(&log.settings, outside).await.unwrap().faults, vec![]);
        log.tamper(&["DELETE FROM audit WHERE seq > 1", "DELETE FROM head WHERE seq > 1"]).await;
        assert_eq!(log.faults().await, vec![]);
        let report = verify(&log.settings, outside).await.unwrap();
        assert_eq!(report.faults, [AuditFault::CutOff { seq: 10, last: 1 }]);
    })
    .await;
}

#[tokio::test]
async fn old_rows_go_and_what_stays_is_still_chained() {
    on_both(async |engine| {
        let log = Log::new(engine);
        let writer = log.open().await;
        // Many at a time: they share syncs, and heads.
        for _ in 0..13 {
            let rows: Vec<_> = (0..200).map(|number| entry(&number.to_string())).collect();
            let tasks: Vec<_> = rows
                .into_iter()
                .map(|row| {
                    let writer = writer.clone();
                    tokio::spawn(async move { writer.append(row).await })
                })
                .collect();
            for task in tasks {
                task.await.unwrap().unwrap();
            }
        }
        let before = log.verified().await;
        assert_eq!((before.rows, before.faults.len()), (2600, 0));
        let long_ago = OffsetDateTime::now_utc() - time::Duration::days(1);
        assert_eq!(writer.retain(long_ago).await.unwrap(), 0);
        let soon = OffsetDateTime::now_utc() + time::Duration::days(1);
        let removed = writer.retain(soon).await.unwrap();
        assert!((1000..2600).contains(&removed), "{removed}");
        let after = log.verified().await;
        assert_eq!(after.faults, vec![]);
        // The removal has a row of its own.
        assert_eq!((after.first, after.rows), (removed + 1, 2601 - removed));
        writer.append(entry("later")).await.unwrap();
        assert_eq!(log.faults().await, vec![]);
        // What is left still tells if its beginning was taken away.
        log.tamper(&["DELETE FROM audit WHERE seq IN (SELECT MIN(seq) FROM audit)"]).await;
        assert_eq!(log.faults().await, [AuditFault::Missing { seq: 1 }]);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_written_is_told() {
    on_both(async |engine| {
        let log = ten(engine).await;
        let writer = log.open().await;
        log.tamper(&[
            "INSERT INTO audit (seq, row, hash) SELECT 11, '', hash FROM audit WHERE seq = 10",
        ])
        .await;
        assert_eq!(writer.append(entry("x")).await, Err(NotWritten));
        log.tamper(&["DELETE FROM audit WHERE seq = 11"]).await;
        assert_eq!(writer.append(entry("x")).await, Ok(()));
        assert_eq!(log.faults().await, vec![]);
    })
    .await;
}
