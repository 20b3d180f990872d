CREATE TABLE ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        direction TEXT NOT NULL,
        message_id TEXT NOT NULL,
        queue_id TEXT,
        mail_from TEXT NOT NULL,
        recipient TEXT NOT NULL,
        hop TEXT,
        fate TEXT NOT NULL,
        stage TEXT,
        reason TEXT,
        reply TEXT NOT NULL
    , rebuilt INTEGER NOT NULL DEFAULT 0, ticket TEXT, mail TEXT, listener TEXT, login TEXT, bytes INTEGER, verdict TEXT, stages TEXT NOT NULL DEFAULT '', to_org TEXT) STRICT;
CREATE INDEX journal_message ON journal (message_id);
CREATE TABLE replay (
        from_org TEXT NOT NULL,
        hop TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (from_org, hop, recipient)
    ) STRICT;
CREATE TABLE status (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE sent (
        user TEXT NOT NULL,
        body TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (user, body, recipient)
    ) STRICT;
CREATE TABLE list (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        signed BLOB NOT NULL
    ) STRICT;
CREATE INDEX journal_hop ON journal (hop);
CREATE INDEX journal_queue ON journal (queue_id);
CREATE INDEX journal_mail ON journal (mail);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_login ON journal (login, at);
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (1, '
    -- One row for each recipient''s fate. `stage` and `reason` are for the own people;
    -- the outside is told less. Addresses are personal data: rows go after a month.
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        direction TEXT NOT NULL,
        message_id TEXT NOT NULL,
        queue_id TEXT,
        mail_from TEXT NOT NULL,
        recipient TEXT NOT NULL,
        hop TEXT,
        fate TEXT NOT NULL,
        stage TEXT,
        reason TEXT,
        reply TEXT NOT NULL
    ) STRICT;
    CREATE INDEX journal_message ON journal (message_id);
    -- A copy that a recipient has; a repeat is answered 250 and not delivered again.
    CREATE TABLE replay (
        from_org TEXT NOT NULL,
        hop TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (from_org, hop, recipient)
    ) STRICT;
    -- What `ssmax status` tells of a running gateway.
    CREATE TABLE status (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
    -- Mail that waits for a person: the octets as they came, so encrypted.
    CREATE TABLE held (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        direction TEXT NOT NULL,
        message_id TEXT NOT NULL,
        mail_from TEXT NOT NULL,
        recipients TEXT NOT NULL,
        stage TEXT NOT NULL,
        reason TEXT NOT NULL,
        mail BLOB NOT NULL
    ) STRICT;
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (2, '
    -- A mail of an own user that the next hop took for a recipient: the client sends the
    -- whole mail again when one of its recipients has to wait. `body` is SHA-256 of the
    -- octets as the client sent them.
    CREATE TABLE sent (
        user TEXT NOT NULL,
        body TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (user, body, recipient)
    ) STRICT;
    -- A mail that comes again is kept once. `digest` is SHA-256 of the mail.
    ALTER TABLE held ADD COLUMN digest TEXT;
    CREATE UNIQUE INDEX held_once ON held (direction, digest, recipients);
    -- The signed member list in force, for a start while the authority is down.
    CREATE TABLE list (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        signed BLOB NOT NULL
    ) STRICT;
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (3, '
    -- Whether the mail was ambiguous as it came, and went on in another form.
    ALTER TABLE journal ADD COLUMN rebuilt INTEGER NOT NULL DEFAULT 0;
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (4, '
    -- Held mail has a store of its own, where it is encrypted.
    DROP TABLE held;
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (5, '
    -- The ticket by its name in logs, to be compared with the keyserver''s audit log.
    ALTER TABLE journal ADD COLUMN ticket TEXT;
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (6, '
    -- What `ssmax journey` tells: this gateway''s own name for the mail, where it came in,
    -- who had logged in, what the inspection said with the rules that fired, the stages
    -- with their milliseconds, and the member that a copy went to.
    ALTER TABLE journal ADD COLUMN mail TEXT;
    ALTER TABLE journal ADD COLUMN listener TEXT;
    ALTER TABLE journal ADD COLUMN login TEXT;
    ALTER TABLE journal ADD COLUMN bytes INTEGER;
    ALTER TABLE journal ADD COLUMN verdict TEXT;
    ALTER TABLE journal ADD COLUMN stages TEXT NOT NULL DEFAULT '''';
    ALTER TABLE journal ADD COLUMN to_org TEXT;
    CREATE INDEX journal_hop ON journal (hop);
    CREATE INDEX journal_queue ON journal (queue_id);
    CREATE INDEX journal_mail ON journal (mail);
    CREATE INDEX journal_at ON journal (at);
    ', '2026-12-01T10:25:10Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (7, '
    -- How much somebody has sent lately.
    CREATE INDEX journal_login ON journal (login, at);
    ', '2026-12-01T10:25:10Z');
INSERT INTO "journal" ("id", "at", "direction", "message_id", "queue_id", "mail_from", "recipient", "hop", "fate", "stage", "reason", "reply", "rebuilt", "ticket", "mail", "listener", "login", "bytes", "verdict", "stages", "to_org") VALUES (3, 1796000000, 'outbound', '<one@a.example>', '4XyZ', 'alice@a.example', 'bob@b.example', '7c1f', 'passed', NULL, NULL, '250 2.0.0 Ok', 0, 'a1b2', 'm1', 'submission', 'alice', 1234, 'pass', 'admit 3, deliver 20', 'NTRJP-1010001034567');
INSERT INTO "journal" ("id", "at", "direction", "message_id", "queue_id", "mail_from", "recipient", "hop", "fate", "stage", "reason", "reply", "rebuilt", "ticket", "mail", "listener", "login", "bytes", "verdict", "stages", "to_org") VALUES (4, 1796000001, 'inbound', '<二@b.example>', NULL, 'bob@b.example', 'alice@a.example', NULL, 'refused', 'signature', 'not-signed', '550 5.7.1 ''no''', 1, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL);
INSERT INTO "replay" ("from_org", "hop", "recipient", "at") VALUES ('NTRJP-1010001034567', '7c1f', 'alice@a.example', 1796000002);
INSERT INTO "status" ("name", "value") VALUES ('list', '12');
INSERT INTO "sent" ("user", "body", "recipient", "at") VALUES ('alice', 'e3b0c442', 'bob@b.example', 1796000003);
INSERT INTO "list" ("id", "signed") VALUES (1, X'3082000100FF');
