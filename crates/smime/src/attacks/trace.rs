//! Results and records that the sender wrote.

use ssmax_cms::signed::attribute_utf8;
use ssmax_pki::oid;

use super::{ALICE, Attack, ENTITY, entity_signed, fields, signed};
use crate::fixture::{Extra, WORLD, clear_signed, encrypted, mail, signature};

const RESULTS: &str = "Authentication-Results: mx.b.example; smime=pass; dkim=pass\r\n\
    SSMAX-Result: class=verified; sender=alice@a.example; standing=good\r\n";

pub(super) fn attacks() -> Vec<Attack> {
    let outside = format!("{RESULTS}{}", fields(ALICE));
    let inside = [RESULTS.as_bytes(), ENTITY].concat();
    let record = attribute_utf8(oid::HOP_RECORD, "{\"v\":1,\"hop\":3}");
    let record =
        signature(&WORLD.alice, ENTITY, Extra { signed: vec![record], ..Extra::default() });
    let seal = attribute_utf8(oid::HOP_RECORD, "{}");
    let seal = signature(&WORLD.seal, ENTITY, Extra { signed: vec![seal], ..Extra::default() });
    vec![
        Attack::new(
            "trace-outside",
            "results of a check that the sender wrote, over an unsigned mail",
            "none - not-signed",
            mail(&outside, ENTITY),
        ),
        Attack::new(
            "trace-outside-other-signer",
            "results of a check that the sender wrote, over another's signature",
            "bad binding other-address",
            mail(&outside, &entity_signed(&WORLD.mallory, ENTITY)),
        ),
        Attack::new(
            "trace-inside-the-signature",
            "results of a check in the signed layer",
            "bad binding other-address",
            mail(&fields(ALICE), &entity_signed(&WORLD.mallory, &inside)),
        ),
        Attack::new(
            "trace-inside-the-encryption",
            "results of a check in the encrypted layer",
            "none - encrypted",
            mail(&fields(ALICE), &encrypted(&inside, &[&WORLD.bob_encryption])),
        )
        .decrypted("success", "none - not-signed"),
        Attack::new(
            "trace-hop-record-by-a-person",
            "a person signs a record that only organisations make",
            "bad structure hop-record-malformed",
            mail(&fields(ALICE), &clear_signed(ENTITY, &record)),
        ),
        Attack::new(
            "trace-seal-without-content",
            "a seal whose record says nothing",
            "bad structure hop-record-malformed",
            mail(&fields(ALICE), &clear_signed(ENTITY, &seal)),
        ),
        Attack::new(
            "trace-seal-of-another",
            "a seal for Alice under another's From",
            "bad binding other-address",
            signed(&WORLD.seal, "boss@a.example"),
        ),
    ]
}
