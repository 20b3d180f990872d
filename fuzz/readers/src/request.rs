//! A certificate request (PKCS#10).
//!
//! Property: PEM and DER are read alike.

use ssmax_pki::request;

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

/// Reads the octets as DER and as PEM.
pub fn run(octets: &[u8]) {
    let pem = request::to_pem(octets);
    let (der, pem) = (request::parse(octets), request::parse_pem(&pem));
    assert_eq!(der.is_ok(), pem.is_ok(), "PEM and DER are read differently");
    let (Ok(der), Ok(pem)) = (der, pem) else { return };
    assert_eq!(format!("{der:?}"), format!("{pem:?}"));
}
