//! SignedData, and the signatures over it.
//!
//! Properties: without its content the message has the same signers and certificates; a
//! signature that holds under a key of ours is over what that key signed.

use ssmax_cms::Limits;
use ssmax_cms::signed::SignedData;

use crate::fixed::{ALICE, SIGNED_ENTITY};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Cms];
pub(crate) const ROUNDS: usize = 1000;

/// Certificates whose keys each signature is tried with.
const MAX_TRIED: usize = 4;

/// Reads the octets and verifies each signature.
pub fn run(octets: &[u8]) {
    let limits = Limits::default();
    let Ok(signed) = SignedData::parse(octets, &limits) else { return };
    let content = signed.content().unwrap_or(SIGNED_ENTITY);
    assert!(signed.signers().len() <= limits.max_signers, "more signers than the bound");
    assert!(signed.certificates().len() <= limits.max_certificates);
    for signer in signed.signers() {
        let _ = signer.certificate(signed.certificates());
        for certificate in signed.certificates().iter().take(MAX_TRIED) {
            let _ = signer.verify(certificate, content);
        }
        if signer.verify(&ALICE.certificate, content).is_ok() {
            assert_eq!(content, SIGNED_ENTITY, "a signature holds over other content");
        }
    }
    let detached = signed.detached();
    let again = SignedData::parse(&detached, &limits).expect("without its content it is read");
    assert_eq!(again.content(), None);
    assert_eq!(again.certificates(), signed.certificates());
    assert_eq!(again.crls(), signed.crls());
    let signers = |one: &SignedData| -> Vec<[u8; 32]> {
        one.signers().iter().map(ssmax_cms::signed::SignerInfo::hash).collect()
    };
    assert_eq!(signers(&again), signers(&signed));
    assert_eq!(again.detached(), detached);
}
