//! The record of a seal: what a gateway says to its own people.
//!
//! Property: what is read and written is read as the same.

use ssmax_chain::seal_record::SealRecord;

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1200;

/// Reads the octets as a record.
pub fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(record) = SealRecord::parse(text) else { return };
    assert_eq!(SealRecord::parse(&record.to_json()).as_ref(), Ok(&record));
}
