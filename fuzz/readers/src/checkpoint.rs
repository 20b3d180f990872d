//! The checkpoint as JSON, and I-JSON as such.
//!
//! Property: text that passes as I-JSON is JSON for an ordinary reader too.

use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::ijson;

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

const MAX_BYTES: usize = 64 * 1024;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let checkpoint = format!(
        "{{\"version\":3,\"members\":2,\"state\":\"{0}\",\"list_sha256\":\"{0}\",\"issued\":\"2026-06-01T12:00:00Z\",\
         \"expires\":\"2026-06-02T12:00:00Z\"}}",
        "ab".repeat(32)
    );
    let others = [
        "{\"a\":[1,-9007199254740991,1e3,\"\\u3042\",null,true],\"b\":{}}",
        "{\"a\":1,\"a\":2}",
        "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
        "\"\\ud83d\\ude00 \\uffff\"",
    ];
    std::iter::once(checkpoint.into_bytes()).chain(others.map(|text| text.into())).collect()
}

/// Reads the octets as I-JSON and as a checkpoint.
pub fn run(octets: &[u8]) {
    if ijson::check(octets, MAX_BYTES).is_ok() {
        let read = serde_json::from_slice::<serde_json::Value>(octets);
        assert!(read.is_ok(), "I-JSON that is no JSON");
    }
    if let Ok(checkpoint) = ijson::read::<Checkpoint>(octets, MAX_BYTES) {
        let _ = checkpoint.check();
    }
}
