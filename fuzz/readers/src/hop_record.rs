//! The hop record: JSON in a signed attribute of another organisation.
//!
//! Property: what is read and written is read as the same.

use ssmax_chain::{HopId, HopRecord};

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::HopRecords];
pub(crate) const ROUNDS: usize = 1200;

/// Reads the octets as a record, and as an identifier.
pub fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let _ = HopId::parse(text);
    let Ok(record) = HopRecord::parse(text) else { return };
    assert_eq!(HopRecord::parse(&record.to_json()).as_ref(), Ok(&record));
}
