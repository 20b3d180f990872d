INSERT INTO journal (id, at, direction, message_id, queue_id, mail_from, recipient, hop, fate, stage, reason, reply, rebuilt, ticket, mail, listener, login, bytes, verdict, stages, to_org) VALUES
    (3, 1796000000, 'outbound', '<one@a.example>', '4XyZ', 'alice@a.example', 'bob@b.example', '7c1f', 'passed', NULL, NULL, '250 2.0.0 Ok', 0, 'a1b2', 'm1', 'submission', 'alice', 1234, 'pass', 'admit 3, deliver 20', 'NTRJP-1010001034567'),
    (4, 1796000001, 'inbound', '<二@b.example>', NULL, 'bob@b.example', 'alice@a.example', NULL, 'refused', 'signature', 'not-signed', '550 5.7.1 ''no''', 1, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL);
INSERT INTO replay (from_org, hop, recipient, at) VALUES ('NTRJP-1010001034567', '7c1f', 'alice@a.example', 1796000002);
INSERT INTO sent (user, body, recipient, at) VALUES ('alice', 'e3b0c442', 'bob@b.example', 1796000003);
INSERT INTO status (name, value) VALUES ('list', '12');
