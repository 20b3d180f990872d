//! BER of any shape to DER.
//!
//! Property: DER that was made is DER, and stays as it is.

use ssmax_cms::{Limits, ber};

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Cms, Pool::Certificates];
pub(crate) const ROUNDS: usize = 1600;

pub(crate) fn made() -> Vec<Vec<u8>> {
    vec![
        b"\x24\x80\x04\x02ab\x24\x03\x04\x01c\x00\x00".to_vec(),
        b"\x30\x80\x30\x80\x02\x01\x01\x00\x00\x00\x00".to_vec(),
        b"\x04\x84\x00\x00\x00\x01a".to_vec(),
        b"\x31\x06\x02\x01\x02\x02\x01\x01".to_vec(),
        [b"\x30\x80".repeat(40), b"\x00\x00".repeat(40)].concat(),
    ]
}

/// Normalises the octets twice.
pub fn run(octets: &[u8]) {
    let limits = Limits::default();
    let Ok(der) = ber::to_der(octets, &limits) else { return };
    assert_eq!(ber::to_der(&der, &limits).as_ref(), Ok(&der), "DER changes when it is read");
    assert!(der.len() <= limits.max_bytes, "DER beyond the bound");
}
