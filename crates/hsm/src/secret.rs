//! Small secrets that are no keys, kept in a role's tables: encrypted under the store's
//! secret, so that who reads the tables or a backup of them has nothing.
//!
//! ```text
//! version (1 octet) | nonce (12) | tag (16) | ciphertext
//! authenticated: "SSMAX1-small-secret" | version | what it is of
//! ```

use ssmax_primitives::cipher::{aes_gcm_open, aes_gcm_seal};
use ssmax_token::Random;
use zeroize::Zeroizing;

use crate::HsmError;
use crate::header::StoreKey;

const VERSION: u8 = 1;

fn authenticated(of: &str) -> Vec<u8> {
    [&b"SSMAX1-small-secret"[..], &[VERSION], of.as_bytes()].concat()
}

pub(crate) fn seal(
    key: &StoreKey,
    of: &str,
    secret: &[u8],
    random: &dyn Random,
) -> Result<Vec<u8>, HsmError> {
    let mut nonce = [0; 12];
    random.fill(&mut nonce);
    let key = key.small_secrets();
    let (ciphertext, tag) =
        aes_gcm_seal(&key, &nonce, &authenticated(of), secret).map_err(|_| HsmError::Encryption)?;
    Ok([&[VERSION][..], &nonce, &tag, &ciphertext].concat())
}

pub(crate) fn open(key: &StoreKey, of: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let rest = sealed.strip_prefix(&[VERSION])?;
    let (nonce, rest) = rest.split_first_chunk::<12>()?;
    let (tag, ciphertext) = rest.split_first_chunk::<16>()?;
    let key = key.small_secrets();
    aes_gcm_open(&key, nonce, &authenticated(of), ciphertext, tag).ok()
}
