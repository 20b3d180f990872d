INSERT INTO audit (seq, row, hash) VALUES (1, '{"op":"admit"}', X'11'), (2, '{"op":"rewrap-to"}', X'22');
INSERT INTO head (seq, head, signature) VALUES (2, '{"seq":2}', X'3045');
