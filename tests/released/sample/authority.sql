UPDATE list SET version = 7, published = 6;
INSERT INTO member (id, kind, name_ja, name_kana, name_en, corporate_number, incident_contact, capabilities, domain_proof, admitted, state, since, reason, changed) VALUES
    ('NTRJP-7000012050002', 'organisation', '組織A', 'ソシキエー', 'Organisation A', '7000012050002', 'abuse@a.example', '[]', 'none', '2026-12-01T00:00:00Z', 'suspended', '2026-12-02T00:00:00Z', 'incident-1', 5);
INSERT INTO member_domain (domain, member, place) VALUES ('a.example', 'NTRJP-7000012050002', 0);
INSERT INTO certificate (serial, profile, member, spki_sha256, intended, sha256, der) VALUES
    (X'7F01', 'member-ca', 'NTRJP-7000012050002', X'05', '2026-12-01T00:00:00Z', 'ab', X'3001'),
    (X'0001', 'root', NULL, X'06', '2026-12-01T00:00:00Z', NULL, NULL);
INSERT INTO standing_change (number, member, state, reason, at) VALUES (2, 'NTRJP-7000012050002', 'suspended', 'incident-1', '2026-12-02T00:00:00Z');
INSERT INTO answer (asked, member, answer, at) VALUES (X'07', 'NTRJP-7000012050002', '{}', '2026-12-01T00:00:00Z');
INSERT INTO delta (previous, version, signed) VALUES (4, 6, X'3087');
