--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: ssmax_hold; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA ssmax_hold;




--
-- Name: held; Type: TABLE; Schema: ssmax_hold; Owner: -
--

CREATE TABLE ssmax_hold.held (
    id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    expires bigint NOT NULL,
    known text NOT NULL COLLATE pg_catalog."C",
    bytes bigint NOT NULL,
    facts text NOT NULL COLLATE pg_catalog."C",
    told bigint DEFAULT 0 NOT NULL,
    ended bigint,
    officer text COLLATE pg_catalog."C",
    why text COLLATE pg_catalog."C"
);


--
-- Name: held_piece; Type: TABLE; Schema: ssmax_hold; Owner: -
--

CREATE TABLE ssmax_hold.held_piece (
    id text NOT NULL COLLATE pg_catalog."C",
    place bigint NOT NULL,
    octets bytea NOT NULL
);


--
-- Name: notice; Type: TABLE; Schema: ssmax_hold; Owner: -
--

CREATE TABLE ssmax_hold.notice (
    address text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL
);


--
-- Name: released; Type: TABLE; Schema: ssmax_hold; Owner: -
--

CREATE TABLE ssmax_hold.released (
    id text NOT NULL COLLATE pg_catalog."C",
    recipient text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL
);


--
-- Name: ssmax_migration; Type: TABLE; Schema: ssmax_hold; Owner: -
--

CREATE TABLE ssmax_hold.ssmax_migration (
    version integer NOT NULL,
    sql text NOT NULL,
    applied_at text DEFAULT to_char((now() AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'::text) NOT NULL
);


--
-- Data for Name: held; Type: TABLE DATA; Schema: ssmax_hold; Owner: -
--

INSERT INTO ssmax_hold.held VALUES ('0123456789abcdef', 'held', 1796000000, 1797000000, 'aa11', 5, '{"direction":"outbound"}', 1, NULL, NULL, NULL);
INSERT INTO ssmax_hold.held VALUES ('fedcba9876543210', 'deleted', 1796000000, 1797000000, 'bb22', 7, '{}', 2, 1796000009, 'carol <carol@a.example>', '誤送信');


--
-- Data for Name: held_piece; Type: TABLE DATA; Schema: ssmax_hold; Owner: -
--

INSERT INTO ssmax_hold.held_piece VALUES ('0123456789abcdef', 0, '\x7069656365');


--
-- Data for Name: notice; Type: TABLE DATA; Schema: ssmax_hold; Owner: -
--

INSERT INTO ssmax_hold.notice VALUES ('alice@a.example', 1796000001);
INSERT INTO ssmax_hold.notice VALUES ('alice@a.example', 1796000001);


--
-- Data for Name: released; Type: TABLE DATA; Schema: ssmax_hold; Owner: -
--

INSERT INTO ssmax_hold.released VALUES ('fedcba9876543210', 'bob@b.example', 1796000008);


--
-- Data for Name: ssmax_migration; Type: TABLE DATA; Schema: ssmax_hold; Owner: -
--

INSERT INTO ssmax_hold.ssmax_migration VALUES (1, '
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
    ', '2026-12-01T10:18:37Z');
INSERT INTO ssmax_hold.ssmax_migration VALUES (2, '
    -- The octets of held mail where several gateways share the tables; else each is a file.
    CREATE TABLE held_piece (
        id TEXT NOT NULL REFERENCES held(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        octets BLOB NOT NULL,
        PRIMARY KEY (id, place)
    ) STRICT;
    ', '2026-12-01T10:18:37Z');


--
-- Name: held_piece held_piece_pkey; Type: CONSTRAINT; Schema: ssmax_hold; Owner: -
--

ALTER TABLE ONLY ssmax_hold.held_piece
    ADD CONSTRAINT held_piece_pkey PRIMARY KEY (id, place);


--
-- Name: held held_pkey; Type: CONSTRAINT; Schema: ssmax_hold; Owner: -
--

ALTER TABLE ONLY ssmax_hold.held
    ADD CONSTRAINT held_pkey PRIMARY KEY (id);


--
-- Name: released released_pkey; Type: CONSTRAINT; Schema: ssmax_hold; Owner: -
--

ALTER TABLE ONLY ssmax_hold.released
    ADD CONSTRAINT released_pkey PRIMARY KEY (id, recipient);


--
-- Name: ssmax_migration ssmax_migration_pkey; Type: CONSTRAINT; Schema: ssmax_hold; Owner: -
--

ALTER TABLE ONLY ssmax_hold.ssmax_migration
    ADD CONSTRAINT ssmax_migration_pkey PRIMARY KEY (version);


--
-- Name: held_expires; Type: INDEX; Schema: ssmax_hold; Owner: -
--

CREATE INDEX held_expires ON ssmax_hold.held USING btree (state, expires);


--
-- Name: held_once; Type: INDEX; Schema: ssmax_hold; Owner: -
--

CREATE UNIQUE INDEX held_once ON ssmax_hold.held USING btree (known) WHERE (state = 'held'::text);


--
-- Name: notice_address; Type: INDEX; Schema: ssmax_hold; Owner: -
--

CREATE INDEX notice_address ON ssmax_hold.notice USING btree (address, at);


--
-- Name: held_piece held_piece_id_fkey; Type: FK CONSTRAINT; Schema: ssmax_hold; Owner: -
--

ALTER TABLE ONLY ssmax_hold.held_piece
    ADD CONSTRAINT held_piece_id_fkey FOREIGN KEY (id) REFERENCES ssmax_hold.held(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--


