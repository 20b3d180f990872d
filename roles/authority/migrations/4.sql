-- Since which version of the list an entry is as it is; 0 for what was there before this
-- was counted.
ALTER TABLE member ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;

-- The last version that was published; 0 if none was since deltas are made.
ALTER TABLE list ADD COLUMN published INTEGER NOT NULL DEFAULT 0;

-- What leads from one published version to the next, as it is served.
CREATE TABLE delta (
    previous INTEGER PRIMARY KEY CHECK (previous > 0),
    version INTEGER NOT NULL CHECK (version > previous),
    signed BLOB NOT NULL
) STRICT;
