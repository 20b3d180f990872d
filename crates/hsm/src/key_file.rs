//! One key as a file: encrypted, and bound to its purpose and id.
//!
//! ```text
//! "SSMAXKEY" | version (1 octet) | nonce (12) | tag (16) | ciphertext
//! plaintext: when the key came, in nanoseconds since 1970 (8 octets) | PKCS#8 (DER)
//! authenticated: "SSMAX1-key-file" | version | length of purpose | purpose | key id
//! ```

use ssmax_primitives::cipher::{aes_gcm_open, aes_gcm_seal};
use ssmax_token::Random;
use zeroize::Zeroizing;

use crate::header::StoreKey;
use crate::{HsmError, KeyPurpose};

/// The largest key file, in octets. RSA with 4,096 bits needs some 2,420.
pub(crate) const MAX_KEY_FILE_OCTETS: u64 = 16 * 1_024;

const MAGIC: &[u8; 8] = b"SSMAXKEY";
const VERSION: u8 = 1;
const AAD_LABEL: &[u8] = b"SSMAX1-key-file";

/// What a key file holds.
pub(crate) struct KeyFile {
    /// When the key was made or imported, in nanoseconds since 1970.
    pub(crate) created: u64,
    /// The key, PKCS#8.
    pub(crate) pkcs8: Zeroizing<Vec<u8>>,
}

impl KeyFile {
    /// The file's octets, for this purpose and id only. The nonce is drawn at random:
    /// with 96 bits that is safe for four thousand million keys of one store.
    pub(crate) fn seal(
        &self,
        key: &StoreKey,
        purpose: KeyPurpose,
        id: &str,
        random: &dyn Random,
    ) -> Result<Vec<u8>, HsmError> {
        let mut nonce = [0; 12];
        random.fill(&mut nonce);
        let mut plaintext = Zeroizing::new(Vec::with_capacity(8 + self.pkcs8.len()));
        plaintext.extend_from_slice(&self.created.to_be_bytes());
        plaintext.extend_from_slice(&self.pkcs8);
        let (ciphertext, tag) =
            aes_gcm_seal(key.octets(), &nonce, &authenticated(purpose, id), &plaintext)
                .map_err(|_| HsmError::Encryption)?;
        Ok([MAGIC, &[VERSION][..], &nonce, &tag, &ciphertext].concat())
    }

    /// Opens what [`KeyFile::seal`] gave. Nothing unless store, purpose and id are the
    /// same and no octet differs.
    pub(crate) fn open(
        octets: &[u8],
        key: &StoreKey,
        purpose: KeyPurpose,
        id: &str,
    ) -> Option<Self> {
        let rest = octets.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?;
        let (nonce, rest) = rest.split_first_chunk::<12>()?;
        let (tag, ciphertext) = rest.split_first_chunk::<16>()?;
        let aad = authenticated(purpose, id);
        let plaintext = aes_gcm_open(key.octets(), nonce, &aad, ciphertext, tag).ok()?;
        let (created, pkcs8) = plaintext.split_first_chunk::<8>()?;
        Some(Self { created: u64::from_be_bytes(*created), pkcs8: Zeroizing::new(pkcs8.to_vec()) })
    }
}

fn authenticated(purpose: KeyPurpose, id: &str) -> Vec<u8> {
    let purpose = purpose.as_str().as_bytes();
    // Names of purposes have at most 32 octets; the length keeps purpose and id apart.
    let len = purpose.len() as u8;
    [AAD_LABEL, &[VERSION, len][..], purpose, id.as_bytes()].concat()
}
