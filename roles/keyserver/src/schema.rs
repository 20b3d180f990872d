//! The keyserver's tables.

use ssmax_store::{Database, Migration, Place, StoreError};

/// All steps so far.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
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
    },
    Migration {
        version: 2,
        sql: "
    -- Whose an encryption key is, by key id, and every certificate it ever had. Nothing is
    -- taken away here: old mail opens with old keys.
    CREATE TABLE escrowed_key (key TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL) STRICT;
    CREATE INDEX escrowed_key_user ON escrowed_key (user);
    CREATE TABLE escrowed_certificate (
        sha256 BLOB NOT NULL PRIMARY KEY,
        key TEXT NOT NULL REFERENCES escrowed_key(key),
        der BLOB NOT NULL
    ) STRICT;
    CREATE INDEX escrowed_certificate_key ON escrowed_certificate (key);
    -- A person's request serves once.
    CREATE TABLE person_nonce (nonce TEXT NOT NULL PRIMARY KEY, used INTEGER NOT NULL) STRICT;
    -- Parts re-wrapped for a person, by day since 1970.
    CREATE TABLE person_use (
        user TEXT NOT NULL,
        day INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (user, day)
    ) STRICT;
    -- Who may submit a ciphertext that somebody else wrote, to forward it.
    CREATE TABLE forwarding (
        tail BLOB NOT NULL,
        kcv BLOB NOT NULL,
        user TEXT NOT NULL,
        allowed INTEGER NOT NULL,
        PRIMARY KEY (tail, kcv, user)
    ) STRICT;
    ",
    },
    Migration {
        version: 3,
        sql: "
    -- Who may write in whose name. A person's record is replaced now and then, so nothing
    -- here depends on its row.
    CREATE TABLE delegation (
        owner TEXT NOT NULL,
        actor TEXT NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (owner, actor)
    ) STRICT;
    ",
    },
    Migration {
        version: 4,
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
    },
    Migration {
        version: 5,
        sql: "
    -- Requests of two officers that have been tried: each serves once.
    CREATE TABLE archive_request (nonce TEXT NOT NULL PRIMARY KEY, until INTEGER NOT NULL) STRICT;
    -- Archive copies opened, by day since 1970.
    CREATE TABLE archive_use (day INTEGER NOT NULL PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    -- What was granted: the text as both signed it, by its SHA-256 as the audit log has it,
    -- and CBOR of the approvals.
    CREATE TABLE archive_grant (
        request BLOB NOT NULL PRIMARY KEY,
        text TEXT NOT NULL,
        approvals BLOB NOT NULL,
        granted INTEGER NOT NULL
    ) STRICT;
    -- Who is to be told; the notice is CBOR of ssmax_api::archive::ArchiveNotice.
    CREATE TABLE archive_notice (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        notice BLOB NOT NULL,
        ended INTEGER
    ) STRICT;
    ",
    },
    Migration {
        version: 6,
        sql: "
    -- Whose key it is: of the gateway's own listeners, or of the MTA's submission service.
    ALTER TABLE statement_key ADD COLUMN service TEXT NOT NULL DEFAULT 'gateway';
    -- A statement that comes through an MTA serves one mail, however often it is tried: by
    -- its nonce, when it was first believed.
    CREATE TABLE submitted_statement (
        nonce TEXT NOT NULL PRIMARY KEY,
        first_used INTEGER NOT NULL
    ) STRICT;
    ",
    },
    Migration {
        version: 7,
        sql: "
    -- What came since the list in member_list, as signed: deltas in their order, and the
    -- checkpoint that they lead to. The version there is that of the last of them.
    CREATE TABLE member_delta (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        signed BLOB NOT NULL
    ) STRICT;
    CREATE TABLE member_checkpoint (
        one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
        signed BLOB NOT NULL
    ) STRICT;
    ",
    },
    Migration {
        version: 8,
        sql: "
    -- People looked for by two officers, by day since 1970. Requests and grants are in the
    -- tables of those for archive copies.
    CREATE TABLE trace_use (day INTEGER NOT NULL PRIMARY KEY, count INTEGER NOT NULL) STRICT;
    ",
    },
];

/// The tables for who only looks into them: `None` if they are not made yet. On a server
/// also if they are of an older version: whoever opens a database takes its steps, and the
/// running keyserver is to take them first.
pub(crate) async fn open_if_current(place: Place) -> Result<Option<Database>, StoreError> {
    let is_there = match Database::look(&place, "keyserver", MIGRATIONS).await? {
        Some(found) => found.version == found.known,
        None => place.may_have("keyserver"),
    };
    if !is_there {
        return Ok(None);
    }
    Database::open(place, "keyserver", MIGRATIONS).await.map(Some)
}
