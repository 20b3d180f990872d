-- What was answered to an application or a renewal, by the digest of what was asked: an
-- answer that got lost is given once more, octet for octet.
CREATE TABLE answer (
    asked BLOB PRIMARY KEY,
    member TEXT NOT NULL REFERENCES member (id),
    answer TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
