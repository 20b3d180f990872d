CREATE TABLE ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE TABLE audit (
        seq INTEGER NOT NULL PRIMARY KEY,
        row TEXT NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
CREATE TABLE head (
        seq INTEGER NOT NULL PRIMARY KEY,
        head TEXT NOT NULL,
        signature BLOB NOT NULL
    ) STRICT;
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (1, '
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
    ', '2026-12-01T10:25:11Z');
INSERT INTO "audit" ("seq", "row", "hash") VALUES (1, '{"op":"admit"}', X'11');
INSERT INTO "audit" ("seq", "row", "hash") VALUES (2, '{"op":"rewrap-to"}', X'22');
INSERT INTO "head" ("seq", "head", "signature") VALUES (2, '{"seq":2}', X'3045');
