//! What clamd answers to a scan.
//!
//! The first octet is the number of the request. Properties: what is called clean is the
//! one answer that says so, and a name is printable and within its bound.

use ssmax_inspector::clamav::{MAX_SIGNATURE_CHARS, Reply};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

pub(crate) fn made() -> Vec<Vec<u8>> {
    [
        "1: stream: OK",
        "1: stream: Win.Test.EICAR_HDB-1 FOUND",
        "1: INSTREAM size limit exceeded. ERROR",
        "1: stream: Can't create temporary file ERROR",
        "12: stream: OK",
    ]
    .map(|answer| [b"\x01", answer.as_bytes()].concat())
    .to_vec()
}

/// Reads the octets.
pub fn run(octets: &[u8]) {
    let Some((&number, answer)) = octets.split_first() else { return };
    match Reply::parse(answer, u32::from(number)) {
        Ok(Reply::Clean) => {
            assert_eq!(answer, format!("{number}: stream: OK").as_bytes(), "another answer passes");
        }
        Ok(Reply::Found(name)) => {
            assert!(name.chars().count() <= MAX_SIGNATURE_CHARS, "a long name");
            assert!(name.chars().all(|c| matches!(c, ' '..='~')), "a name acts on a terminal");
        }
        Err(_) => {}
    }
}
