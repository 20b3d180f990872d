//! The files that private keys come in: PEM, PKCS#8, PKCS#12.
//!
//! Property: a key that was read is read again from its PKCS#8.

use ssmax_agent::key::KeyFile;
use ssmax_primitives::SoftwareKey;
use ssmax_token::KeyPair as _;

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Keys];
pub(crate) const ROUNDS: usize = 300;

/// The passwords of the seeds, and none.
const PASSWORDS: [Option<&str>; 3] = [None, Some("seed"), Some("nss")];

/// Reads the octets with each password.
pub fn run(octets: &[u8]) {
    if let Ok(key) = SoftwareKey::from_pkcs8(octets) {
        whole(&key);
    }
    for password in PASSWORDS {
        for file in KeyFile::read_all(octets, password).into_iter().flatten() {
            let _ = (file.certificate(), file.chain().len());
            whole(&file.key);
        }
    }
}

fn whole(key: &SoftwareKey) {
    let again = SoftwareKey::from_pkcs8(&key.to_pkcs8()).expect("the PKCS#8 of a key is read");
    assert_eq!(again.spki(), key.spki());
    assert!(!format!("{key:?}").contains("BEGIN"), "a key shows itself");
}
