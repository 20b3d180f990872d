CREATE TABLE ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE TABLE ca_certificate (purpose TEXT NOT NULL PRIMARY KEY, der BLOB NOT NULL) STRICT;
CREATE TABLE person (
        user TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        proof TEXT NOT NULL,
        ial INTEGER NOT NULL,
        active INTEGER NOT NULL,
        registered INTEGER NOT NULL
    , kind TEXT NOT NULL DEFAULT 'person', ended INTEGER) STRICT;
CREATE TABLE address (
        address TEXT NOT NULL PRIMARY KEY,
        user TEXT NOT NULL REFERENCES person(user),
        position INTEGER NOT NULL
    , ended INTEGER) STRICT;
CREATE TABLE credential (
        user TEXT NOT NULL REFERENCES person(user),
        method TEXT NOT NULL,
        verifier TEXT NOT NULL,
        PRIMARY KEY (user, method)
    ) STRICT;
CREATE TABLE certificate (
        serial BLOB NOT NULL PRIMARY KEY,
        subject TEXT NOT NULL,
        kind TEXT NOT NULL,
        intended INTEGER NOT NULL,
        der BLOB,
        revoked INTEGER
    , asked_by BLOB) STRICT;
CREATE TABLE relay (
        address TEXT NOT NULL,
        kind TEXT NOT NULL,
        key_id BLOB NOT NULL,
        common_name TEXT NOT NULL,
        der BLOB NOT NULL,
        not_after INTEGER NOT NULL,
        PRIMARY KEY (address, kind, key_id, common_name)
    ) STRICT;
CREATE TABLE former_person (
        user TEXT NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        proof TEXT NOT NULL,
        ial INTEGER NOT NULL,
        registered INTEGER NOT NULL,
        ended INTEGER NOT NULL
    ) STRICT;
CREATE TABLE former_address (
        address TEXT NOT NULL,
        user TEXT NOT NULL,
        ended INTEGER NOT NULL
    ) STRICT;
CREATE UNIQUE INDEX certificate_asked_by ON certificate (asked_by)
        WHERE asked_by IS NOT NULL;
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (1, '
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
    ', '2026-12-01T10:25:09Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (2, '
    -- person, shared, system or list.
    ALTER TABLE person ADD COLUMN kind TEXT NOT NULL DEFAULT ''person'';
    ', '2026-12-01T10:25:09Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (3, '
    -- When the rights ended; NULL while there are some.
    ALTER TABLE person ADD COLUMN ended INTEGER;
    -- When the address ceased to be this person''s. It rests with them until they or
    -- somebody else get it.
    ALTER TABLE address ADD COLUMN ended INTEGER;
    UPDATE person SET ended = coalesce(
        (SELECT max(revoked) FROM certificate WHERE subject = person.user), unixepoch()
    ) WHERE active = 0;
    UPDATE address SET ended = (SELECT ended FROM person WHERE person.user = address.user);
    -- What was before: a number was registered several times, an address several people''s.
    CREATE TABLE former_person (
        user TEXT NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL,
        proof TEXT NOT NULL,
        ial INTEGER NOT NULL,
        registered INTEGER NOT NULL,
        ended INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE former_address (
        address TEXT NOT NULL,
        user TEXT NOT NULL,
        ended INTEGER NOT NULL
    ) STRICT;
    ', '2026-12-01T10:25:09Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (4, '
    -- A role''s certificate for TLS that was renewed: the serial of the one that asked for
    -- it. One may ask for one.
    ALTER TABLE certificate ADD COLUMN asked_by BLOB;
    CREATE UNIQUE INDEX certificate_asked_by ON certificate (asked_by)
        WHERE asked_by IS NOT NULL;
    ', '2026-12-01T10:25:09Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (5, '
    -- Certificates of the same second are told in their order. SQLite counts its rows by
    -- itself.
    -- postgresql: ALTER TABLE certificate ADD COLUMN rowid BIGINT GENERATED ALWAYS AS IDENTITY;
    ', '2026-12-01T10:25:09Z');
INSERT INTO "ca_certificate" ("purpose", "der") VALUES ('member-ca', X'3001');
INSERT INTO "person" ("user", "name", "proof", "ial", "active", "registered", "kind", "ended") VALUES ('10234', '山田 花子', 'in-person', 2, 1, 1796000000, 'person', NULL);
INSERT INTO "person" ("user", "name", "proof", "ial", "active", "registered", "kind", "ended") VALUES ('reports', 'Mail system', 'none', 0, 0, 1796000001, 'system', 1796000009);
INSERT INTO "address" ("address", "user", "position", "ended") VALUES ('hanako@a.example', '10234', 0, NULL);
INSERT INTO "address" ("address", "user", "position", "ended") VALUES ('old@a.example', '10234', 1, 1796000002);
INSERT INTO "credential" ("user", "method", "verifier") VALUES ('10234', 'device-secret', 'e3b0');
INSERT INTO "certificate" ("serial", "subject", "kind", "intended", "der", "revoked", "asked_by") VALUES (X'7F02', '10234', 'user-signing', 1796000000, X'3002', NULL, NULL);
INSERT INTO "certificate" ("serial", "subject", "kind", "intended", "der", "revoked", "asked_by") VALUES (X'0A01', '10234', 'user-encryption', 1796000000, NULL, 1796000005, NULL);
INSERT INTO "certificate" ("serial", "subject", "kind", "intended", "der", "revoked", "asked_by") VALUES (X'0B01', 'gateway', 'transport', 1796000000, X'3003', NULL, X'0A01');
INSERT INTO "relay" ("address", "kind", "key_id", "common_name", "der", "not_after") VALUES ('bob@b.example', 'user', X'09', 'Bob', X'3004', 1799999999);
INSERT INTO "former_person" ("user", "name", "kind", "proof", "ial", "registered", "ended") VALUES ('10001', 'Taro', 'person', 'in-person', 2, 1700000000, 1790000000);
INSERT INTO "former_address" ("address", "user", "ended") VALUES ('taro@a.example', '10001', 1790000000);
