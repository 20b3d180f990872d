INSERT INTO ca_certificate (purpose, der) VALUES ('member-ca', X'3001');
INSERT INTO person (user, name, proof, ial, active, registered, kind, ended) VALUES
    ('10234', '山田 花子', 'in-person', 2, 1, 1796000000, 'person', NULL),
    ('reports', 'Mail system', 'none', 0, 0, 1796000001, 'system', 1796000009);
INSERT INTO address (address, user, position, ended) VALUES ('hanako@a.example', '10234', 0, NULL), ('old@a.example', '10234', 1, 1796000002);
INSERT INTO credential (user, method, verifier) VALUES ('10234', 'device-secret', 'e3b0');
INSERT INTO certificate (serial, subject, kind, intended, der, revoked, asked_by) VALUES
    (X'7F02', '10234', 'user-signing', 1796000000, X'3002', NULL, NULL),
    (X'0A01', '10234', 'user-encryption', 1796000000, NULL, 1796000005, NULL),
    (X'0B01', 'gateway', 'transport', 1796000000, X'3003', NULL, X'0A01');
INSERT INTO relay (address, kind, key_id, common_name, der, not_after) VALUES ('bob@b.example', 'user', X'09', 'Bob', X'3004', 1799999999);
INSERT INTO former_person (user, name, kind, proof, ial, registered, ended) VALUES ('10001', 'Taro', 'person', 'in-person', 2, 1700000000, 1790000000);
INSERT INTO former_address (address, user, ended) VALUES ('taro@a.example', '10001', 1790000000);
INSERT INTO scim_user (number, id, user_name, external_id, person, resource, created, modified, version) VALUES (2, 'a1', 'hanako@a.example', 'e1', '1001', '{}', 1796000000, 1796000001, 3);
