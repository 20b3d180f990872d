--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: ssmax_ca; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA ssmax_ca;




--
-- Name: address; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.address (
    address text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    ended bigint
);


--
-- Name: ca_certificate; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.ca_certificate (
    purpose text NOT NULL COLLATE pg_catalog."C",
    der bytea NOT NULL
);


--
-- Name: certificate; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.certificate (
    serial bytea NOT NULL,
    subject text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    intended bigint NOT NULL,
    der bytea,
    revoked bigint,
    asked_by bytea,
    rowid bigint NOT NULL
);


--
-- Name: certificate_rowid_seq; Type: SEQUENCE; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ssmax_ca.certificate ALTER COLUMN rowid ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ssmax_ca.certificate_rowid_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: credential; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.credential (
    "user" text NOT NULL COLLATE pg_catalog."C",
    method text NOT NULL COLLATE pg_catalog."C",
    verifier text NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: former_address; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.former_address (
    address text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    ended bigint NOT NULL
);


--
-- Name: former_person; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.former_person (
    "user" text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    proof text NOT NULL COLLATE pg_catalog."C",
    ial bigint NOT NULL,
    registered bigint NOT NULL,
    ended bigint NOT NULL
);


--
-- Name: person; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.person (
    "user" text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    proof text NOT NULL COLLATE pg_catalog."C",
    ial bigint NOT NULL,
    active bigint NOT NULL,
    registered bigint NOT NULL,
    kind text DEFAULT 'person'::text NOT NULL COLLATE pg_catalog."C",
    ended bigint
);


--
-- Name: relay; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.relay (
    address text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    key_id bytea NOT NULL,
    common_name text NOT NULL COLLATE pg_catalog."C",
    der bytea NOT NULL,
    not_after bigint NOT NULL
);


--
-- Name: ssmax_migration; Type: TABLE; Schema: ssmax_ca; Owner: -
--

CREATE TABLE ssmax_ca.ssmax_migration (
    version integer NOT NULL,
    sql text NOT NULL,
    applied_at text DEFAULT to_char((now() AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'::text) NOT NULL
);


--
-- Data for Name: address; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.address VALUES ('hanako@a.example', '10234', 0, NULL);
INSERT INTO ssmax_ca.address VALUES ('old@a.example', '10234', 1, 1796000002);


--
-- Data for Name: ca_certificate; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.ca_certificate VALUES ('member-ca', '\x3001');


--
-- Data for Name: certificate; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.certificate OVERRIDING SYSTEM VALUE VALUES ('\x7f02', '10234', 'user-signing', 1796000000, '\x3002', NULL, NULL, 1);
INSERT INTO ssmax_ca.certificate OVERRIDING SYSTEM VALUE VALUES ('\x0a01', '10234', 'user-encryption', 1796000000, NULL, 1796000005, NULL, 2);
INSERT INTO ssmax_ca.certificate OVERRIDING SYSTEM VALUE VALUES ('\x0b01', 'gateway', 'transport', 1796000000, '\x3003', NULL, '\x0a01', 3);


--
-- Data for Name: credential; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.credential VALUES ('10234', 'device-secret', 'e3b0');


--
-- Data for Name: former_address; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.former_address VALUES ('taro@a.example', '10001', 1790000000);


--
-- Data for Name: former_person; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.former_person VALUES ('10001', 'Taro', 'person', 'in-person', 2, 1700000000, 1790000000);


--
-- Data for Name: person; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.person VALUES ('10234', '山田 花子', 'in-person', 2, 1, 1796000000, 'person', NULL);
INSERT INTO ssmax_ca.person VALUES ('reports', 'Mail system', 'none', 0, 0, 1796000001, 'system', 1796000009);


--
-- Data for Name: relay; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.relay VALUES ('bob@b.example', 'user', '\x09', 'Bob', '\x3004', 1799999999);


--
-- Data for Name: ssmax_migration; Type: TABLE DATA; Schema: ssmax_ca; Owner: -
--

INSERT INTO ssmax_ca.ssmax_migration VALUES (1, '
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
    ', '2026-12-01T10:25:10Z');
INSERT INTO ssmax_ca.ssmax_migration VALUES (2, '
    -- person, shared, system or list.
    ALTER TABLE person ADD COLUMN kind TEXT NOT NULL DEFAULT ''person'';
    ', '2026-12-01T10:25:10Z');
INSERT INTO ssmax_ca.ssmax_migration VALUES (3, '
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
    ', '2026-12-01T10:25:10Z');
INSERT INTO ssmax_ca.ssmax_migration VALUES (4, '
    -- A role''s certificate for TLS that was renewed: the serial of the one that asked for
    -- it. One may ask for one.
    ALTER TABLE certificate ADD COLUMN asked_by BLOB;
    CREATE UNIQUE INDEX certificate_asked_by ON certificate (asked_by)
        WHERE asked_by IS NOT NULL;
    ', '2026-12-01T10:25:10Z');
INSERT INTO ssmax_ca.ssmax_migration VALUES (5, '
    -- Certificates of the same second are told in their order. SQLite counts its rows by
    -- itself.
    -- postgresql: ALTER TABLE certificate ADD COLUMN rowid BIGINT GENERATED ALWAYS AS IDENTITY;
    ', '2026-12-01T10:25:10Z');


--
-- Name: certificate_rowid_seq; Type: SEQUENCE SET; Schema: ssmax_ca; Owner: -
--

SELECT pg_catalog.setval('ssmax_ca.certificate_rowid_seq', 3, true);


--
-- Name: address address_pkey; Type: CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.address
    ADD CONSTRAINT address_pkey PRIMARY KEY (address);


--
-- Name: ca_certificate ca_certificate_pkey; Type: CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.ca_certificate
    ADD CONSTRAINT ca_certificate_pkey PRIMARY KEY (purpose);


--
-- Name: certificate certificate_pkey; Type: CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.certificate
    ADD CONSTRAINT certificate_pkey PRIMARY KEY (serial);


--
-- Name: credential credential_pkey; Type: CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY ("user", method);


--
-- Name: person person_pkey; Type: CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.person
    ADD CONSTRAINT person_pkey PRIMARY KEY ("user");


--
-- Name: relay relay_pkey; Type: CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.relay
    ADD CONSTRAINT relay_pkey PRIMARY KEY (address, kind, key_id, common_name);


--
-- Name: ssmax_migration ssmax_migration_pkey; Type: CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.ssmax_migration
    ADD CONSTRAINT ssmax_migration_pkey PRIMARY KEY (version);


--
-- Name: certificate_asked_by; Type: INDEX; Schema: ssmax_ca; Owner: -
--

CREATE UNIQUE INDEX certificate_asked_by ON ssmax_ca.certificate USING btree (asked_by) WHERE (asked_by IS NOT NULL);


--
-- Name: address address_user_fkey; Type: FK CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.address
    ADD CONSTRAINT address_user_fkey FOREIGN KEY ("user") REFERENCES ssmax_ca.person("user");


--
-- Name: credential credential_user_fkey; Type: FK CONSTRAINT; Schema: ssmax_ca; Owner: -
--

ALTER TABLE ONLY ssmax_ca.credential
    ADD CONSTRAINT credential_user_fkey FOREIGN KEY ("user") REFERENCES ssmax_ca.person("user");


--
-- PostgreSQL database dump complete
--


