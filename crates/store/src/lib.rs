//! State of a role: a database with migrations, files for their owner only, large objects.
//!
//! A role keeps everything that must survive a crash in one directory of its own
//! (mode 0700), or its tables on a PostgreSQL server and the rest there. What this crate
//! reports as written has reached the disk: SQLite runs with `synchronous=FULL`, a server
//! that does otherwise is refused, a file is synced before and its directory after the
//! rename that makes it visible.
//!
//! [`Database`] is asynchronous; [`files`] blocks and is called from a blocking task
//! when the file is large.
//!
//! # Statements for both databases
//! A role writes a statement once, for SQLite and within what PostgreSQL knows too; the few
//! words that differ are translated (`dialect.rs`). Keywords and types stand in capitals,
//! names do not. Parameters are `?` or `?1`. Columns are `INTEGER`, `TEXT` or `BLOB`. What
//! both know: `ON CONFLICT DO NOTHING` and `DO UPDATE SET x = excluded.x` (with old values
//! by the table's name, `t.x`), `RETURNING`, `WITH`, partial indices, `CAST(SUM(x) AS
//! BIGINT)` (a bare sum is no `BIGINT` there). After a statement that failed, a transaction
//! can only be rolled back. A step of a schema may have lines for PostgreSQL alone, as
//! comments: `-- postgresql: ...`.
#![allow(clippy::disallowed_methods, reason = "keeping state on disk is what this crate is for")]

pub mod files;
pub mod objects;

mod database;
mod dialect;
mod error;
mod lock;
mod migrations;
mod place;
mod postgres;
mod query;
mod relocate;
mod snapshot;
mod sqlite;

pub use database::{BUSY_TIMEOUT, Database, Looked, Transaction};
pub use error::{Code, FileAction, ServerFault, SqlFault, StoreError};
pub use lock::{Alone, Lock, Locks};
pub use migrations::Migration;
pub use place::{Place, StateConfig};
pub use query::{Changed, Executor, FromRow, FromValue, Parameter, Query, Row, Value, query};
pub use relocate::{Carried, Files, Progress, Relocated, Tables, relocate};
pub use snapshot::snapshot;
/// For tests, which look into a database behind a role's back.
pub use sqlx;
