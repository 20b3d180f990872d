CREATE TABLE ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
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
    , digest TEXT, object TEXT) STRICT;
CREATE UNIQUE INDEX held_once ON held (known) WHERE state = 'held';
CREATE INDEX held_expires ON held (state, expires);
CREATE TABLE released (
        id TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (id, recipient)
    ) STRICT;
CREATE TABLE notice (address TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX notice_address ON notice (address, at);
CREATE TABLE held_piece (
        id TEXT NOT NULL REFERENCES held(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        octets BLOB NOT NULL,
        PRIMARY KEY (id, place)
    ) STRICT;
CREATE TABLE held_folder (
        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        name TEXT NOT NULL
    ) STRICT;
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (1, '
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
    CREATE UNIQUE INDEX held_once ON held (known) WHERE state = ''held'';
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
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (2, '
    -- The octets of held mail where several gateways share the tables; else each is a file.
    CREATE TABLE held_piece (
        id TEXT NOT NULL REFERENCES held(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        octets BLOB NOT NULL,
        PRIMARY KEY (id, place)
    ) STRICT;
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (3, '
    -- SHA-256 over the octets, in hexadecimal; an earlier build did not write it down.
    ALTER TABLE held ADD COLUMN digest TEXT;
    -- Where the octets are an object of a bucket: its name there, until it is removed.
    ALTER TABLE held ADD COLUMN object TEXT;
    -- The folder in a bucket that belongs to these tables, one row: what lies there and has
    -- no row in `held` is nobody else''s.
    CREATE TABLE held_folder (
        id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        name TEXT NOT NULL
    ) STRICT;
    ', '2026-12-01T10:25:10Z');
INSERT INTO "held" ("id", "state", "at", "expires", "known", "bytes", "facts", "told", "ended", "officer", "why", "digest", "object") VALUES ('0123456789abcdef', 'held', 1796000000, 1797000000, 'aa11', 5, '{"direction":"outbound"}', 1, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "held" ("id", "state", "at", "expires", "known", "bytes", "facts", "told", "ended", "officer", "why", "digest", "object") VALUES ('00112233aabbccdd', 'held', 1796000000, 1797000000, 'cc33', 6, '{}', 0, NULL, NULL, NULL, 'ab01', '0123456789abcdef0123456789abcdef');
INSERT INTO "held" ("id", "state", "at", "expires", "known", "bytes", "facts", "told", "ended", "officer", "why", "digest", "object") VALUES ('fedcba9876543210', 'deleted', 1796000000, 1797000000, 'bb22', 7, '{}', 2, 1796000009, 'carol <carol@a.example>', '誤送信', NULL, NULL);
INSERT INTO "released" ("id", "recipient", "at") VALUES ('fedcba9876543210', 'bob@b.example', 1796000008);
INSERT INTO "notice" ("address", "at") VALUES ('alice@a.example', 1796000001);
INSERT INTO "notice" ("address", "at") VALUES ('alice@a.example', 1796000001);
INSERT INTO "held_folder" ("id", "name") VALUES (1, 'aabbccddeeff00112233445566778899');
