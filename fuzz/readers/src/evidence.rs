//! The evidence in a seal, an attribute that anybody may have put there.
//!
//! Property: what is read is written as the same octets.

use ssmax_chain::evidence::Evidence;

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

pub(crate) fn made() -> Vec<Vec<u8>> {
    let evidence = Evidence { organisation: vec![1; 40], sender: vec![2; 3], salt: vec![3; 16] };
    vec![evidence.to_der().unwrap()]
}

/// Reads the octets as evidence.
pub fn run(octets: &[u8]) {
    let Ok(evidence) = Evidence::from_der(octets) else { return };
    assert_eq!(evidence.to_der().as_deref(), Ok(octets));
}
