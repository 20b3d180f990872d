CREATE TABLE ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE TABLE own_certificate (
        purpose TEXT NOT NULL,
        sha256 BLOB NOT NULL PRIMARY KEY,
        der BLOB NOT NULL
    ) STRICT;
CREATE TABLE statement_key (spki BLOB NOT NULL PRIMARY KEY, service TEXT NOT NULL DEFAULT 'gateway') STRICT;
CREATE TABLE statement_nonce (nonce TEXT NOT NULL PRIMARY KEY, used INTEGER NOT NULL) STRICT;
CREATE TABLE ciphertext (
        tail BLOB NOT NULL,
        kcv BLOB NOT NULL,
        user TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (tail, kcv)
    ) STRICT;
CREATE TABLE person (user TEXT NOT NULL PRIMARY KEY, record BLOB NOT NULL) STRICT;
CREATE TABLE address (
        address TEXT NOT NULL PRIMARY KEY,
        user TEXT NOT NULL REFERENCES person(user) ON DELETE CASCADE
    ) STRICT;
CREATE TABLE member_list (
        one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
        version INTEGER NOT NULL,
        signed BLOB NOT NULL
    ) STRICT;
CREATE TABLE member_certificate (sha256 BLOB NOT NULL PRIMARY KEY, der BLOB NOT NULL) STRICT;
CREATE TABLE escrowed_key (key TEXT NOT NULL PRIMARY KEY, user TEXT NOT NULL) STRICT;
CREATE INDEX escrowed_key_user ON escrowed_key (user);
CREATE TABLE escrowed_certificate (
        sha256 BLOB NOT NULL PRIMARY KEY,
        key TEXT NOT NULL REFERENCES escrowed_key(key),
        der BLOB NOT NULL
    ) STRICT;
CREATE INDEX escrowed_certificate_key ON escrowed_certificate (key);
CREATE TABLE person_nonce (nonce TEXT NOT NULL PRIMARY KEY, used INTEGER NOT NULL) STRICT;
CREATE TABLE person_use (
        user TEXT NOT NULL,
        day INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (user, day)
    ) STRICT;
CREATE TABLE forwarding (
        tail BLOB NOT NULL,
        kcv BLOB NOT NULL,
        user TEXT NOT NULL,
        allowed INTEGER NOT NULL,
        PRIMARY KEY (tail, kcv, user)
    ) STRICT;
CREATE TABLE delegation (
        owner TEXT NOT NULL,
        actor TEXT NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (owner, actor)
    ) STRICT;
CREATE TABLE stopped_hop (
        from_org TEXT NOT NULL,
        hop TEXT NOT NULL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (from_org, hop)
    ) STRICT;
CREATE TABLE stopped_ciphertext (
        tail BLOB NOT NULL,
        kcv BLOB NOT NULL,
        first_seen INTEGER NOT NULL,
        PRIMARY KEY (tail, kcv)
    ) STRICT;
CREATE TABLE archive_request (nonce TEXT NOT NULL PRIMARY KEY, until INTEGER NOT NULL) STRICT;
CREATE TABLE archive_use (day INTEGER NOT NULL PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE archive_grant (
        request BLOB NOT NULL PRIMARY KEY,
        text TEXT NOT NULL,
        approvals BLOB NOT NULL,
        granted INTEGER NOT NULL
    ) STRICT;
CREATE TABLE archive_notice (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        notice BLOB NOT NULL,
        ended INTEGER
    ) STRICT;
CREATE TABLE submitted_statement (
        nonce TEXT NOT NULL PRIMARY KEY,
        first_used INTEGER NOT NULL
    ) STRICT;
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (1, '
    -- The member''s own certificates, by purpose: organisation-signing,
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
    ', '2026-12-01T10:25:11Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (2, '
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
    -- A person''s request serves once.
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
    ', '2026-12-01T10:25:11Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (3, '
    -- Who may write in whose name. A person''s record is replaced now and then, so nothing
    -- here depends on its row.
    CREATE TABLE delegation (
        owner TEXT NOT NULL,
        actor TEXT NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (owner, actor)
    ) STRICT;
    ', '2026-12-01T10:25:11Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (4, '
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
    ', '2026-12-01T10:25:11Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (5, '
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
    ', '2026-12-01T10:25:11Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (6, '
    -- Whose key it is: of the gateway''s own listeners, or of the MTA''s submission service.
    ALTER TABLE statement_key ADD COLUMN service TEXT NOT NULL DEFAULT ''gateway'';
    -- A statement that comes through an MTA serves one mail, however often it is tried: by
    -- its nonce, when it was first believed.
    CREATE TABLE submitted_statement (
        nonce TEXT NOT NULL PRIMARY KEY,
        first_used INTEGER NOT NULL
    ) STRICT;
    ', '2026-12-01T10:25:11Z');
INSERT INTO "own_certificate" ("purpose", "sha256", "der") VALUES ('member-ca', X'01', X'3001');
INSERT INTO "statement_key" ("spki", "service") VALUES (X'3059', 'gateway');
INSERT INTO "statement_key" ("spki", "service") VALUES (X'305A', 'submission');
INSERT INTO "statement_nonce" ("nonce", "used") VALUES ('n1', 1796000000);
INSERT INTO "ciphertext" ("tail", "kcv", "user", "first_seen") VALUES (X'00FF', X'', 'alice', 1796000002);
INSERT INTO "person" ("user", "record") VALUES ('alice', X'A1');
INSERT INTO "person" ("user", "record") VALUES ('鈴木', X'A2');
INSERT INTO "address" ("address", "user") VALUES ('alice@a.example', 'alice');
INSERT INTO "member_list" ("one", "version", "signed") VALUES (1, 12, X'3082');
INSERT INTO "member_certificate" ("sha256", "der") VALUES (X'02', X'3002');
INSERT INTO "escrowed_key" ("key", "user") VALUES ('k1', 'alice');
INSERT INTO "escrowed_certificate" ("sha256", "key", "der") VALUES (X'03', 'k1', X'3003');
INSERT INTO "person_nonce" ("nonce", "used") VALUES ('n3', 1796000003);
INSERT INTO "person_use" ("user", "day", "count") VALUES ('alice', 20787, 4);
INSERT INTO "forwarding" ("tail", "kcv", "user", "allowed") VALUES (X'00FF', X'01', 'bob', 1796000004);
INSERT INTO "delegation" ("owner", "actor", "until") VALUES ('alice', 'bob', 1799999999);
INSERT INTO "stopped_hop" ("from_org", "hop", "first_seen") VALUES ('NTRJP-1010001034567', '7c1f', 1796000005);
INSERT INTO "stopped_ciphertext" ("tail", "kcv", "first_seen") VALUES (X'AA', X'BB', 1796000006);
INSERT INTO "archive_request" ("nonce", "until") VALUES ('n4', 1796900000);
INSERT INTO "archive_use" ("day", "count") VALUES (20787, 2);
INSERT INTO "archive_grant" ("request", "text", "approvals", "granted") VALUES (X'04', 'request of 2026-12-01', X'82', 1796000007);
INSERT INTO "archive_notice" ("id", "notice", "ended") VALUES (1, X'A0', NULL);
INSERT INTO "archive_notice" ("id", "notice", "ended") VALUES (3, X'A3', 1796000008);
INSERT INTO "submitted_statement" ("nonce", "first_used") VALUES ('n2', 1796000001);
