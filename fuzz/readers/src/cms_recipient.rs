//! One RecipientInfo that stands alone, as the keyserver is given it.
//!
//! Property: its DER is read as the same recipient; no key opens it by chance to a key of
//! another length than was asked for.

use ssmax_cms::enveloped::{KeyName, RecipientInfo, UnwrapPolicy};
use ssmax_token::DecryptionKey;

use crate::fixed::{BOB, CAROL};
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::RecipientInfos];
pub(crate) const ROUNDS: usize = 600;

/// Identifiers under which a private key is used.
const MAX_OPENED: usize = 2;

/// Reads the octets and opens them under every name they bear.
pub fn run(octets: &[u8]) {
    let Ok(info) = RecipientInfo::parse(octets) else { return };
    let again = RecipientInfo::parse(info.der()).expect("its DER is read");
    assert_eq!(again.der(), info.der());
    assert_eq!(again.kind(), info.kind());
    assert_eq!(again.ukm(), info.ukm());
    assert_eq!(again.identifiers(), info.identifiers());
    let policy = UnwrapPolicy { allow_pkcs1: true };
    let keys: [&dyn DecryptionKey; 2] = [&BOB.key, &CAROL.key];
    for id in info.identifiers().iter().take(MAX_OPENED) {
        for key in keys {
            if let Ok(found) = info.unwrap(KeyName::Id(id), key, &policy, 32) {
                assert_eq!(found.as_bytes().len(), 32);
            }
        }
    }
}
