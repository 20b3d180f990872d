//! The CA's tables.

use ssmax_store::Migration;

/// All steps so far.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
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
    ",
    },
    Migration {
        version: 2,
        sql: "
    -- person, shared, system or list.
    ALTER TABLE person ADD COLUMN kind TEXT NOT NULL DEFAULT 'person';
    ",
    },
    Migration {
        version: 3,
        sql: "
    -- When the rights ended; NULL while there are some.
    ALTER TABLE person ADD COLUMN ended INTEGER;
    -- When the address ceased to be this person's. It rests with them until they or
    -- somebody else get it.
    ALTER TABLE address ADD COLUMN ended INTEGER;
    UPDATE person SET ended = coalesce(
        (SELECT max(revoked) FROM certificate WHERE subject = person.user), unixepoch()
    ) WHERE active = 0;
    UPDATE address SET ended = (SELECT ended FROM person WHERE person.user = address.user);
    -- What was before: a number was registered several times, an address several people's.
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
    ",
    },
    Migration {
        version: 4,
        sql: "
    -- A role's certificate for TLS that was renewed: the serial of the one that asked for
    -- it. One may ask for one.
    ALTER TABLE certificate ADD COLUMN asked_by BLOB;
    CREATE UNIQUE INDEX certificate_asked_by ON certificate (asked_by)
        WHERE asked_by IS NOT NULL;
    ",
    },
    Migration {
        version: 5,
        sql: "
    -- Certificates of the same second are told in their order. SQLite counts its rows by
    -- itself.
    -- postgresql: ALTER TABLE certificate ADD COLUMN rowid BIGINT GENERATED ALWAYS AS IDENTITY;
    ",
    },
    Migration {
        version: 6,
        sql: "
    -- Why it was revoked: the number of RFC 5280 5.3.1, NULL for none.
    ALTER TABLE certificate ADD COLUMN reason INTEGER;
    -- A CRL is meant, with its number, before it is signed. issuer: the CA's key identifier.
    CREATE TABLE revocation_list (
        issuer TEXT NOT NULL,
        number INTEGER NOT NULL,
        intended INTEGER NOT NULL,
        listed BLOB NOT NULL,
        der BLOB,
        PRIMARY KEY (issuer, number)
    ) STRICT;
    ",
    },
    Migration {
        version: 7,
        sql: "
    -- What is known of a person beside the name in certificates.
    ALTER TABLE person ADD COLUMN kana TEXT;
    ALTER TABLE person ADD COLUMN english TEXT;
    ALTER TABLE person ADD COLUMN department TEXT;
    -- Where the evidence of identity is found again, when it was looked at and by whom.
    ALTER TABLE person ADD COLUMN proof_reference TEXT;
    ALTER TABLE person ADD COLUMN proved INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE person ADD COLUMN proved_by TEXT;
    UPDATE person SET proved = registered;
    -- Who tells of the person: hand, import, ldap or scim.
    ALTER TABLE person ADD COLUMN source TEXT NOT NULL DEFAULT 'hand';
    ALTER TABLE former_person ADD COLUMN proof_reference TEXT;
    ALTER TABLE former_person ADD COLUMN proved INTEGER;
    ALTER TABLE former_person ADD COLUMN proved_by TEXT;
    UPDATE former_person SET proved = registered;
    CREATE INDEX address_user ON address (user);
    CREATE INDEX certificate_subject ON certificate (subject);
    -- A change that is being carried out: CBOR of what there is to do, and, once its
    -- certificates are signed, of the record for the key server. A row without a record is
    -- given up after a failure, one with a record is carried through.
    CREATE TABLE person_change (
        user TEXT NOT NULL PRIMARY KEY,
        work BLOB NOT NULL,
        record BLOB,
        begun INTEGER NOT NULL
    ) STRICT;
    ",
    },
    Migration {
        version: 8,
        sql: "
    -- Who has to type a one-time code behind the password. The secret is encrypted under the
    -- key store's; the last step used, so that no code counts twice; wrong ones of late.
    CREATE TABLE one_time_code (
        user TEXT NOT NULL PRIMARY KEY REFERENCES person(user),
        secret BLOB NOT NULL,
        last_step INTEGER NOT NULL,
        wrong INTEGER NOT NULL,
        wrong_since INTEGER NOT NULL
    ) STRICT;
    ",
    },
    Migration {
        version: 9,
        sql: "
    -- Invitations to the enrolment page. link: SHA-256 of its secret; code: likewise, with the
    -- secret, NULL where none is asked for; used: when, NULL while it counts.
    CREATE TABLE invitation (
        link TEXT NOT NULL PRIMARY KEY,
        user TEXT NOT NULL REFERENCES person(user),
        code TEXT,
        card INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        used INTEGER
    ) STRICT;
    ",
    },
    Migration {
        version: 10,
        sql: "
    -- Users as an identity provider has them (SCIM). person: whose user id in the registry
    -- that is, if anybody's.
    CREATE TABLE scim_user (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        user_name TEXT NOT NULL UNIQUE,
        external_id TEXT,
        person TEXT UNIQUE,
        resource TEXT NOT NULL,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        version INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX scim_user_external ON scim_user (external_id);
    ",
    },
    Migration {
        version: 11,
        sql: "
    -- When what was known of a person was deleted, long after the rights had ended.
    ALTER TABLE person ADD COLUMN erased INTEGER;
    ",
    },
];

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;
    use ssmax_store::{Database, Place, StateConfig, query};

    #[tokio::test]
    async fn who_was_revoked_before_addresses_rested_has_them_resting_since_then() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("ca");
        rest_since_then(Place::in_directory(&home)).await;
        if let Some(server) = ssmax_test_postgres::shared() {
            let state = StateConfig { url: Some(server.database()), ..StateConfig::default() };
            rest_since_then(Place::new(home, &state)).await;
        }
    }

    async fn rest_since_then(place: Place) {
        let before = Database::open(place.clone(), "ca", &MIGRATIONS[..2]).await.unwrap();
        for statement in [
            "INSERT INTO person (user, name, proof, ial, active, registered)
             VALUES ('1', 'A', 'in-person', 2, 0, 10), ('2', 'B', 'in-person', 2, 1, 10)",
            "INSERT INTO address (address, user, position)
             VALUES ('a@a.example', '1', 0), ('b@a.example', '2', 0)",
        ] {
            query(statement).execute(&before).await.unwrap();
        }
        query(
            "INSERT INTO certificate (serial, subject, kind, intended, revoked)
             VALUES (?, '1', 'user-signing', 10, 99)",
        )
        .bind(&[1_u8][..])
        .execute(&before)
        .await
        .unwrap();
        before.close().await;
        let after = Database::open(place, "ca", MIGRATIONS).await.unwrap();
        let rows: Vec<(String, Option<i64>, Option<i64>)> = query(
            "SELECT address, person.ended, address.ended FROM address JOIN person USING (user)
             ORDER BY address",
        )
        .fetch_all(&after)
        .await
        .unwrap();
        let expected = [
            ("a@a.example".to_owned(), Some(99), Some(99)),
            ("b@a.example".to_owned(), None, None),
        ];
        assert_eq!(rows, expected);
    }
}
