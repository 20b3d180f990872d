//! The signed member list, its checkpoint and its deltas, as fetched.
//!
//! Property: nothing opens that no list signer of ours signed.

use ssmax_federation::signed;

use crate::fixed::{ANCHOR, AT};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Cms];
pub(crate) const ROUNDS: usize = 600;

/// Opens the octets as a list, as a checkpoint and as a delta.
pub fn run(octets: &[u8]) {
    let roots = std::slice::from_ref(&*ANCHOR);
    assert!(signed::open(octets, roots, AT).is_err(), "a list that nobody signed");
    assert!(signed::open_checkpoint(octets, roots, AT).is_err(), "a checkpoint that nobody signed");
    assert!(signed::open_deltas(&[octets], roots, AT).is_err(), "a delta that nobody signed");
}
