//! Text with PEM blocks (RFC 7468): certificates, CRLs, requests, keys.
//!
//! Property: certificates written as PEM are read as the same ones, in order.

use ssmax_pki::crl::Crl;
use ssmax_pki::{Certificate, request};
use ssmax_primitives::SoftwareKey;

use crate::fixed::{ALICE_KEY_PEM, ALICE_PEM};
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Pem];
pub(crate) const ROUNDS: usize = 1200;

pub(crate) fn made() -> Vec<Vec<u8>> {
    vec![
        format!("words before\n{ALICE_PEM}words behind\n").into_bytes(),
        [ALICE_PEM, ALICE_PEM].concat().into_bytes(),
        [ALICE_KEY_PEM, ALICE_PEM].concat().into_bytes(),
    ]
}

/// Reads the octets as text with each kind of block.
pub fn run(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let _ = (Crl::from_pem(&text), request::parse_pem(&text), SoftwareKey::from_pem(&text));
    let first = Certificate::from_pem(&text);
    let Ok(all) = Certificate::all_from_pem(&text) else { return };
    assert_eq!(first.ok().as_ref(), all.first(), "the first of all is another one");
    let written: String = all.iter().map(Certificate::to_pem).collect();
    assert_eq!(Certificate::all_from_pem(&written).as_ref(), Ok(&all));
}
