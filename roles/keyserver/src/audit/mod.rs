//! The audit log: what the keyserver was asked and what it answered, each row hashed over
//! the one before. Specification: `spec/keyserver.md`, "Audit log".
//!
//! [`record`] says what of a request goes into a row, [`row`] what a row is, [`writer`]
//! appends, [`sender`] keeps whose a hop was, [`verify`] looks whether anything was changed afterwards.

mod record;
mod row;
mod sender;
mod trace;
mod verify;
mod writer;

pub(crate) use record::Entry;
pub use row::Head;
pub use trace::{TicketRow, ticket_rows};
pub use verify::{AuditFault, AuditReport, TicketTrace, newest_head, verify};
pub(crate) use writer::Writer;

use ssmax_store::Migration;

/// The log's own database, beside the other one: a reader of the log needs no more.
pub(crate) const DATABASE: &str = "audit";

/// All steps so far.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    -- One operation each. `row` is the text that `hash` is over.
    CREATE TABLE audit (
        seq INTEGER NOT NULL PRIMARY KEY,
        row TEXT NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    -- Signed heads: the newest, and one for every thousand rows or so.
    CREATE TABLE head (
        seq INTEGER NOT NULL PRIMARY KEY,
        head TEXT NOT NULL,
        signature BLOB NOT NULL
    ) STRICT;
    ",
    },
    Migration {
        version: 2,
        sql: "
    -- Who submitted the mail of a hop. `sealed` opens with a key that stays at the key
    -- server, so the log alone tells nobody.
    CREATE TABLE sender (
        hop TEXT NOT NULL PRIMARY KEY,
        at INTEGER NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE INDEX sender_at ON sender (at);
    ",
    },
];
