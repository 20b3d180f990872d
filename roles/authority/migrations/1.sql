-- The member list's version. Every change of what the list says raises it.
CREATE TABLE list (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL CHECK (version > 0)
) STRICT;
INSERT INTO list (only, version) VALUES (1, 1);

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
