INSERT INTO held (id, state, at, expires, known, bytes, facts, told, ended, officer, why, digest, object) VALUES
    ('0123456789abcdef', 'held', 1796000000, 1797000000, 'aa11', 5, '{"direction":"outbound"}', 1, NULL, NULL, NULL, NULL, NULL),
    ('00112233aabbccdd', 'held', 1796000000, 1797000000, 'cc33', 6, '{}', 0, NULL, NULL, NULL, 'ab01', '0123456789abcdef0123456789abcdef'),
    ('fedcba9876543210', 'deleted', 1796000000, 1797000000, 'bb22', 7, '{}', 2, 1796000009, 'carol <carol@a.example>', '誤送信', NULL, NULL);
INSERT INTO held_folder (id, name) VALUES (1, 'aabbccddeeff00112233445566778899');
INSERT INTO released (id, recipient, at) VALUES ('fedcba9876543210', 'bob@b.example', 1796000008);
INSERT INTO notice (address, at) VALUES ('alice@a.example', 1796000001), ('alice@a.example', 1796000001);
