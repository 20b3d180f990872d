//! The CA's tables.

use ssmax_store::Migration;

/// All steps so far.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    -- The CA certificates, by purpose: member-ca, seal-ca, issuing-ca, root.
    CREATE TABLE ca_certificate (purpose TEXT NOT NULL PRIMARY KEY, der BLOB NOT NULL) STRICT;
    CREATE TABLE person (
        user TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        proof TEXT NOT NULL,
        ial INTEGER NOT NULL,
        active INTEGER NOT NULL,
        registered INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE address (
        address TEXT NOT NULL PRIMARY KEY,
        user TEXT NOT NULL REFERENCES person(user),
        position INTEGER NOT NULL
    ) STRICT;
    -- method: password (argon2id in PHC form) or device-secret (SHA-256 in hexadecimal:
    -- the secret itself has 160 random bits).
    CREATE TABLE credential (
        user TEXT NOT NULL REFERENCES person(user),
        method TEXT NOT NULL,
        verifier TEXT NOT NULL,
        PRIMARY KEY (user, method)
    ) STRICT;
    -- The intent is stored before a certificate is signed, so that no serial is ever
    -- used without a row and every certificate can be revoked.
    CREATE TABLE certificate (
        serial BLOB NOT NULL PRIMARY KEY,
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        intended INTEGER NOT NULL,
        der BLOB,
        revoked INTEGER
    ) STRICT;
    CREATE TABLE relay (
        address TEXT NOT NULL,
        kind TEXT NOT NULL,
        key_id BLOB NOT NULL,
        common_name TEXT NOT NULL,
        der BLOB NOT NULL,
        not_after INTEGER NOT NULL,
        PRIMARY KEY (address, kind, key_id, common_name)
    ) STRICT;
    ",
    },
    Migration {
        version: 2,
        sql: "
    -- person, shared, system or list.
    ALTER TABLE person ADD COLUMN kind TEXT NOT NULL DEFAULT 'person';
    ",
    },
];
