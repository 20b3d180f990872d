//! The tables of held mail.

use ssmax_store::{Files, Migration, Tables};

/// The database of held mail. The octets of what is in no bucket are files where it is one.
pub(crate) const TABLES: Tables = Tables {
    name: "hold",
    migrations: MIGRATIONS,
    files: Some(Files {
        folder: FOLDER,
        table: "held_piece",
        owner: "held",
        condition: "state = 'held' AND object IS NULL",
    }),
};

/// The folder of these files.
pub(super) const FOLDER: &str = "held";

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    -- Mail that waits for an officer, and for a while what has ended. `known` is SHA-256
    -- over direction, mail and recipients: a mail that comes again is kept once. `facts`
    -- is JSON. The octets are in a file of the name `id`.
    CREATE TABLE held (
        id TEXT NOT NULL PRIMARY KEY,
        state TEXT NOT NULL,
        at INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        known TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        facts TEXT NOT NULL,
        -- 0: nobody was told, 1: that it is held, 2: that it expires soon.
        told INTEGER NOT NULL DEFAULT 0,
        ended INTEGER,
        officer TEXT,
        why TEXT
    ) STRICT;
    CREATE UNIQUE INDEX held_once ON held (known) WHERE state = 'held';
    CREATE INDEX held_expires ON held (state, expires);
    -- Recipients whom a release has reached: never twice.
    CREATE TABLE released (
        id TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (id, recipient)
    ) STRICT;
    -- Notices, to bound how many one person gets.
    CREATE TABLE notice (address TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE INDEX notice_address ON notice (address, at);
    ",
    },
    Migration {
        version: 2,
        sql: "
    -- The octets of held mail where several gateways share the tables; else each is a file.
    CREATE TABLE held_piece (
        id TEXT NOT NULL REFERENCES held(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        octets BLOB NOT NULL,
        PRIMARY KEY (id, place)
    ) STRICT;
    ",
    },
    Migration {
        version: 3,
        sql: "
    -- SHA-256 over the octets, in hexadecimal; an earlier build did not write it down.
    ALTER TABLE held ADD COLUMN digest TEXT;
    -- Where the octets are an object of a bucket: its name there, until it is removed.
    ALTER TABLE held ADD COLUMN object TEXT;
    -- The folder in a bucket that belongs to these tables, one row: what lies there and has
    -- no row in `held` is nobody else's.
    CREATE TABLE held_folder (
        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        name TEXT NOT NULL
    ) STRICT;
    ",
    },
];
