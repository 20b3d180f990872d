//! SMIMECapabilities, of a signed attribute or a certificate.
//!
//! Property: nothing is named twice, and what is named is read.

use ssmax_cms::Limits;
use ssmax_cms::capabilities::{Capabilities, MAX_CAPABILITIES, SMIME_CAPABILITIES};
use ssmax_cms::signed::SignerInfo;

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1600;

/// Of every signer that has the attribute.
pub(crate) fn made() -> Vec<Vec<u8>> {
    let signers = Pool::SignerInfos.seeds();
    let limits = Limits::default();
    let signers = signers.iter().filter_map(|der| SignerInfo::parse(der, &limits).ok());
    signers
        .filter_map(|one| {
            one.signed_attribute(SMIME_CAPABILITIES).ok().flatten().map(<[u8]>::to_vec)
        })
        .collect()
}

/// Reads the octets.
pub fn run(octets: &[u8]) {
    let Ok(found) = Capabilities::parse(octets) else { return };
    let ciphers = found.ciphers();
    assert!(ciphers.len() <= MAX_CAPABILITIES, "more than the bound");
    for (at, cipher) in ciphers.iter().enumerate() {
        assert!(found.reads(*cipher), "a cipher that is named and not read");
        assert!(!ciphers[..at].contains(cipher), "a cipher twice");
    }
    assert_eq!(found.prefers_oaep(), !found.oaep_hashes().is_empty());
    assert!(found.agreements().iter().all(|(kdf, _)| found.agrees(*kdf)));
}
