//! The keyserver's tables.

use ssmax_store::Migration;

/// All steps so far.
pub(crate) const MIGRATIONS: &[Migration] = &[FIRST, STOPPED];

const FIRST: Migration = Migration {
    version: 1,
    sql: "
    -- The member's own certificates, by purpose: organisation-signing,
    -- federation-encryption, member-ca, issuing-ca, root, seal-ca.
    CREATE TABLE own_certificate (
        purpose TEXT NOT NULL,
        sha256 BLOB NOT NULL PRIMARY KEY,
        der BLOB NOT NULL
    ) STRICT;
    -- The public key whose statements are believed.
    CREATE TABLE statement_key (spki BLOB NOT NULL PRIMARY KEY) STRICT;
    -- A statement serves one admission.
    CREATE TABLE statement_nonce (nonce TEXT NOT NULL PRIMARY KEY, used INTEGER NOT NULL) STRICT;
    -- Which submitter first brought a ciphertext with a key.
    CREATE TABLE ciphertext (
        tail BLOB NOT NULL,
        kcv BLOB NOT NULL,
        user TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (tail, kcv)
    ) STRICT;
    -- People; the record is CBOR of ssmax_api::keyserver::UserRecord.
    CREATE TABLE person (user TEXT NOT NULL PRIMARY KEY, record BLOB NOT NULL) STRICT;
    -- An address is the text of its normal form; one person each.
    CREATE TABLE address (
        address TEXT NOT NULL PRIMARY KEY,
        user TEXT NOT NULL REFERENCES person(user) ON DELETE CASCADE
    ) STRICT;
    -- The newest member list as signed, and the highest version ever seen.
    CREATE TABLE member_list (
        one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
        version INTEGER NOT NULL,
        signed BLOB NOT NULL
    ) STRICT;
    -- Certificates named by the list, by their SHA-256.
    CREATE TABLE member_certificate (sha256 BLOB NOT NULL PRIMARY KEY, der BLOB NOT NULL) STRICT;
    ",
};

/// What an officer may look at and release later.
const STOPPED: Migration = Migration {
    version: 2,
    sql: "
    -- When an inspection first stopped a mail of another member: when it is released, its
    -- age is judged by this moment.
    CREATE TABLE stopped_hop (
        from_org TEXT NOT NULL,
        hop TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (from_org, hop)
    ) STRICT;
    -- When an inspection first stopped what an own user encrypted.
    CREATE TABLE stopped_ciphertext (
        tail BLOB NOT NULL,
        kcv BLOB NOT NULL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (tail, kcv)
    ) STRICT;
    ",
};
