//! The sealed record: what another organisation says to us alone.
//!
//! Property: what is read and written is read as the same.

use ssmax_chain::sealed_record::SealedRecord;
use ssmax_mail::address::Address;

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1200;

/// Reads the octets as a record.
pub fn run(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let Ok(record) = SealedRecord::parse(text) else { return };
    assert_eq!(SealedRecord::parse(&record.to_json()).as_ref(), Ok(&record));
    let bob = Address::parse("bob@b.example").unwrap();
    let _ = record.salt_of(&bob).map(ssmax_chain::sealed_record::RecipientSalt::octets);
}
