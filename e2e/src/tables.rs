//! What another program does to a role's SQLite files.

use ssmax_store::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use ssmax_store::sqlx::{self, ConnectOptions as _};
use std::fmt;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long it waits for the role to be done.
const PATIENCE: Duration = Duration::from_secs(10);

/// The right to write into a file, kept from everybody else until this is dropped, as by a
/// shell in which somebody has begun a transaction and gone for lunch.
pub struct Locked {
    end: Option<Sender<()>>,
    holds: Option<JoinHandle<()>>,
}

impl Locked {
    /// Takes it.
    #[track_caller]
    pub fn take(file: &Path) -> Self {
        let (end, ended) = channel::<()>();
        let (taken, is_taken) = channel();
        let file = file.to_owned();
        let holds = std::thread::spawn(move || {
            let runtime = runtime();
            let mut connection = runtime.block_on(open(&file));
            let begin = sqlx::query("BEGIN IMMEDIATE").execute(&mut connection);
            let _ = runtime.block_on(begin).unwrap();
            taken.send(()).unwrap();
            let _ = ended.recv();
            let rollback = sqlx::query("ROLLBACK").execute(&mut connection);
            let _ = runtime.block_on(rollback).unwrap();
        });
        is_taken.recv().unwrap();
        Self { end: Some(end), holds: Some(holds) }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(holds) = self.holds.take() {
            let _ = holds.join();
        }
    }
}

impl fmt::Debug for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").finish_non_exhaustive()
    }
}

/// Takes the room back that the log beside a file has, which is written over and over.
#[track_caller]
pub fn empty_log(file: &Path) {
    let runtime = runtime();
    let mut connection = runtime.block_on(open(file));
    let empty = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection);
    let _ = runtime.block_on(empty).unwrap();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn open(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(PATIENCE);
    options.connect().await.unwrap()
}
