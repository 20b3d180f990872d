//! One SignerInfo that stands alone, as evidence keeps it.
//!
//! Property: its DER is read as the same signer.

use ssmax_cms::Limits;
use ssmax_cms::signed::{SignerInfo, utf8_value};

use crate::fixed::{ALICE, SIGNED_ENTITY};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::SignerInfos];
pub(crate) const ROUNDS: usize = 1200;

/// contentType, messageDigest, signingTime, SMIMECapabilities, signingCertificateV2.
const ATTRIBUTES: [&str; 5] = [
    "1.2.840.113549.1.9.3",
    "1.2.840.113549.1.9.4",
    "1.2.840.113549.1.9.5",
    "1.2.840.113549.1.9.15",
    "1.2.840.113549.1.9.16.2.47",
];

/// Reads the octets, their attributes, and verifies.
pub fn run(octets: &[u8]) {
    let limits = Limits::default();
    let Ok(signer) = SignerInfo::parse(octets, &limits) else { return };
    for name in ATTRIBUTES {
        for value in [signer.signed_attribute(name), signer.unsigned_attribute(name)] {
            let _ = value.ok().flatten().map(utf8_value);
        }
    }
    let _ = (signer.signing_time(), signer.digest_algorithm(), signer.signature_algorithm());
    let _ = signer.verify(&ALICE.certificate, SIGNED_ENTITY);
    let again = SignerInfo::parse(signer.der(), &limits).expect("its DER is read");
    assert_eq!(again.der(), signer.der());
    assert_eq!(again.hash(), signer.hash());
    assert_eq!(again.identifier(), signer.identifier());
}
