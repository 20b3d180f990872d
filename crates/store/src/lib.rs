//! State of a role: SQLite with migrations, files for their owner only.
//!
//! A role keeps everything that must survive a crash in one directory of its own
//! (mode 0700). What this crate reports as written has reached the disk: the database
//! runs with `synchronous=FULL`, a file is synced before and its directory after the
//! rename that makes it visible.
//!
//! [`Database`] is asynchronous; [`files`] blocks and is called from a blocking task
//! when the file is large.
#![allow(clippy::disallowed_methods, reason = "keeping state on disk is what this crate is for")]

pub mod files;

mod database;
mod error;
mod migrations;
mod snapshot;

pub use database::{BUSY_TIMEOUT, Database, MAX_CONNECTIONS};
pub use error::{FileAction, SqlFault, StoreError};
pub use migrations::Migration;
pub use snapshot::snapshot;
pub use sqlx;
