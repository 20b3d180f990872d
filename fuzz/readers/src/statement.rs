//! The submission statement: JSON that whoever holds the statement key signed.
//!
//! The octets are read as a signed statement, which must not be believed, and as the text
//! of one that the right key signed. Property: only the right key's is believed.

use ssmax_chain::statement::SignedStatement;
use ssmax_token::{KeyPair as _, SigningKey as _};

use crate::fixed::{ALICE, AT, BOB};
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

/// What stands in front of the text that is signed: spec/chain.md, "Submission statement".
const LABEL: &[u8] = b"SSMAX1-statement\0";

pub(crate) fn made() -> Vec<Vec<u8>> {
    let text = format!(
        "{{\"v\":1,\"user\":\"alice\",\"aal\":1,\"method\":\"password\",\
         \"from\":\"alice@a.example\",\"mail_from\":\"alice@a.example\",\
         \"recipients\":[\"bob@b.example\"],\"body\":\"{}\",\
         \"at\":\"2026-06-01T12:00:00Z\",\"nonce\":\"{}\"}}",
        "00".repeat(32),
        "01".repeat(16)
    );
    let signed = SignedStatement { json: text.clone(), signature: vec![0; 8] };
    vec![text.into_bytes(), serde_json::to_vec(&signed).unwrap()]
}

/// Reads the octets as the signed object and as the text in one.
pub fn run(octets: &[u8]) {
    if let Ok(signed) = serde_json::from_slice::<SignedStatement>(octets) {
        assert!(signed.open(ALICE.key.spki(), AT).is_err(), "believed without a signature");
    }
    let Ok(json) = std::str::from_utf8(octets) else { return };
    let signature = ALICE.key.sign(&[LABEL, octets].concat()).unwrap();
    let signed = SignedStatement { json: json.to_owned(), signature };
    assert!(signed.open(BOB.key.spki(), AT).is_err(), "believed by another key");
    if let Ok(statement) = signed.open(ALICE.key.spki(), AT) {
        let again = statement.sign(&ALICE.key).unwrap();
        assert_eq!(again.open(ALICE.key.spki(), AT).as_ref(), Ok(&statement));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_believed() {
        let text = made().swap_remove(0);
        let signature = ALICE.key.sign(&[LABEL, &text].concat()).unwrap();
        let signed = SignedStatement { json: String::from_utf8(text).unwrap(), signature };
        assert_eq!(
            signed.open(ALICE.key.spki(), AT).map(|found| found.user).as_deref(),
            Ok("alice")
        );
    }
}
