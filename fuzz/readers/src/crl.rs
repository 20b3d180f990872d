//! A certificate revocation list.
//!
//! Properties: its octets stay as they are; nobody but the anchor signs for the anchor.

use ssmax_pki::crl::Crl;

use crate::fixed::{ALICE, ANCHOR, AT};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Crls];
pub(crate) const ROUNDS: usize = 1200;

/// Reads the octets, their entries, and verifies.
pub fn run(octets: &[u8]) {
    let Ok(crl) = Crl::from_der(octets) else { return };
    assert_eq!(crl.der(), octets, "a CRL is its octets");
    assert_eq!(Crl::from_pem(&crl.to_pem()).expect("its PEM is read").der(), octets);
    let _ = (crl.this_update(), crl.next_update(), crl.entries().len());
    // No seed is signed by the anchor's key.
    assert!(crl.verify(&ANCHOR).is_err(), "a CRL that the anchor never signed");
    let _ = crl.is_revoked(&ALICE.certificate, AT);
}
