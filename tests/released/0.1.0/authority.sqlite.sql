CREATE TABLE ssmax_migration (
    version INTEGER PRIMARY KEY,
    sql TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
CREATE TABLE list (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL CHECK (version > 0)
) STRICT;
CREATE TABLE member (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('organisation', 'esp')),
    name_ja TEXT NOT NULL,
    name_kana TEXT NOT NULL,
    name_en TEXT NOT NULL,
    corporate_number TEXT NOT NULL UNIQUE,
    incident_contact TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    -- How control of the domains was proved.
    domain_proof TEXT NOT NULL CHECK (domain_proof IN ('none')),
    admitted TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('good', 'watched', 'suspended', 'expelled')),
    since TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE TABLE member_domain (
    domain TEXT PRIMARY KEY,
    member TEXT NOT NULL REFERENCES member (id),
    place INTEGER NOT NULL
) STRICT;
CREATE INDEX member_domain_member ON member_domain (member);
CREATE TABLE certificate (
    serial BLOB PRIMARY KEY,
    profile TEXT NOT NULL,
    member TEXT,
    spki_sha256 BLOB NOT NULL,
    intended TEXT NOT NULL,
    sha256 TEXT UNIQUE,
    der BLOB
) STRICT;
CREATE INDEX certificate_member ON certificate (member);
CREATE INDEX certificate_spki ON certificate (spki_sha256);
CREATE TABLE standing_change (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    member TEXT NOT NULL REFERENCES member (id),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE answer (
    asked BLOB PRIMARY KEY,
    member TEXT NOT NULL REFERENCES member (id),
    answer TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (1, '-- The member list''s version. Every change of what the list says raises it.
CREATE TABLE list (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL CHECK (version > 0)
) STRICT;
INSERT INTO list (only, version) VALUES (1, 1);

CREATE TABLE member (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN (''organisation'', ''esp'')),
    name_ja TEXT NOT NULL,
    name_kana TEXT NOT NULL,
    name_en TEXT NOT NULL,
    corporate_number TEXT NOT NULL UNIQUE,
    incident_contact TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    -- How control of the domains was proved.
    domain_proof TEXT NOT NULL CHECK (domain_proof IN (''none'')),
    admitted TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN (''good'', ''watched'', ''suspended'', ''expelled'')),
    since TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- One domain, one member: the key is the domain, so two admissions at the same moment
-- cannot both have it.
CREATE TABLE member_domain (
    domain TEXT PRIMARY KEY,
    member TEXT NOT NULL REFERENCES member (id),
    place INTEGER NOT NULL
) STRICT;
CREATE INDEX member_domain_member ON member_domain (member);

-- A row is written, and on the disk, before its certificate is signed; sha256 and der
-- follow together with what the certificate is for. So no serial is used twice and
-- each certificate that may exist can be revoked.
CREATE TABLE certificate (
    serial BLOB PRIMARY KEY,
    profile TEXT NOT NULL,
    member TEXT,
    spki_sha256 BLOB NOT NULL,
    intended TEXT NOT NULL,
    sha256 TEXT UNIQUE,
    der BLOB
) STRICT;
CREATE INDEX certificate_member ON certificate (member);
CREATE INDEX certificate_spki ON certificate (spki_sha256);

CREATE TABLE standing_change (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    member TEXT NOT NULL REFERENCES member (id),
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
', '2026-12-01T10:25:09Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (2, '-- What was answered to an application or a renewal, by the digest of what was asked: an
-- answer that got lost is given once more, octet for octet.
CREATE TABLE answer (
    asked BLOB PRIMARY KEY,
    member TEXT NOT NULL REFERENCES member (id),
    answer TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
', '2026-12-01T10:25:09Z');
INSERT INTO "ssmax_migration" ("version", "sql", "applied_at") VALUES (3, '-- Certificates are told in the order in which they were intended. SQLite counts its rows
-- by itself.
-- postgresql: ALTER TABLE certificate ADD COLUMN rowid BIGINT GENERATED ALWAYS AS IDENTITY;
', '2026-12-01T10:25:09Z');
INSERT INTO "list" ("only", "version") VALUES (1, 7);
INSERT INTO "member" ("id", "kind", "name_ja", "name_kana", "name_en", "corporate_number", "incident_contact", "capabilities", "domain_proof", "admitted", "state", "since", "reason") VALUES ('NTRJP-7000012050002', 'organisation', '組織A', 'ソシキエー', 'Organisation A', '7000012050002', 'abuse@a.example', '[]', 'none', '2026-12-01T00:00:00Z', 'suspended', '2026-12-02T00:00:00Z', 'incident-1');
INSERT INTO "member_domain" ("domain", "member", "place") VALUES ('a.example', 'NTRJP-7000012050002', 0);
INSERT INTO "certificate" ("serial", "profile", "member", "spki_sha256", "intended", "sha256", "der") VALUES (X'7F01', 'member-ca', 'NTRJP-7000012050002', X'05', '2026-12-01T00:00:00Z', 'ab', X'3001');
INSERT INTO "certificate" ("serial", "profile", "member", "spki_sha256", "intended", "sha256", "der") VALUES (X'0001', 'root', NULL, X'06', '2026-12-01T00:00:00Z', NULL, NULL);
INSERT INTO "standing_change" ("number", "member", "state", "reason", "at") VALUES (2, 'NTRJP-7000012050002', 'suspended', 'incident-1', '2026-12-02T00:00:00Z');
INSERT INTO "answer" ("asked", "member", "answer", "at") VALUES (X'07', 'NTRJP-7000012050002', '{}', '2026-12-01T00:00:00Z');
