//! One key as a file: encrypted, and bound to its purpose and id.
//!
//! ```text
//! "SSMAXKEY" | version (1 octet) | nonce (12) | tag (16) | ciphertext
//! plaintext: when the key came, in nanoseconds since 1970 (8 octets) | PKCS#8 (DER)
//! authenticated: "SSMAX1-key-file" | version | length of purpose | purpose | key id
//! ```
//! Of a key that lives in a token the file holds what there is to know here; the first
//! octets are then "SSMAXREF", the authenticated label "SSMAX1-key-reference", and in
//! place of the PKCS#8 stands the SubjectPublicKeyInfo (DER).

use ssmax_primitives::cipher::{aes_gcm_open, aes_gcm_seal};
use ssmax_token::Random;
use zeroize::Zeroizing;

use crate::header::StoreKey;
use crate::{HsmError, KeyPurpose};

/// The largest key file, in octets. RSA with 4,096 bits needs some 2,420.
pub(crate) const MAX_KEY_FILE_OCTETS: u64 = 16 * 1_024;

const VERSION: u8 = 1;

/// What a key file holds.
pub(crate) struct KeyFile {
    /// When the key was made or imported, in nanoseconds since 1970.
    pub(crate) created: u64,
    /// The key, or where it is.
    pub(crate) held: Held,
}

/// Where a private key is.
pub(crate) enum Held {
    /// Here: PKCS#8.
    Here(Zeroizing<Vec<u8>>),
    /// In the token: its public half, SubjectPublicKeyInfo.
    InToken(Vec<u8>),
}

impl Held {
    fn magic(&self) -> &'static [u8; 8] {
        match self {
            Self::Here(_) => b"SSMAXKEY",
            Self::InToken(_) => b"SSMAXREF",
        }
    }

    /// What keeps a key and a reference to one apart, whatever their first octets say.
    fn label(&self) -> &'static [u8] {
        match self {
            Self::Here(_) => b"SSMAX1-key-file",
            Self::InToken(_) => b"SSMAX1-key-reference",
        }
    }

    fn octets(&self) -> &[u8] {
        match self {
            Self::Here(pkcs8) => pkcs8,
            Self::InToken(spki) => spki,
        }
    }
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
        let octets = self.held.octets();
        let mut plaintext = Zeroizing::new(Vec::with_capacity(8 + octets.len()));
        plaintext.extend_from_slice(&self.created.to_be_bytes());
        plaintext.extend_from_slice(octets);
        let aad = authenticated(self.held.label(), purpose, id);
        let (ciphertext, tag) = aes_gcm_seal(key.octets(), &nonce, &aad, &plaintext)
            .map_err(|_| HsmError::Encryption)?;
        Ok([self.held.magic(), &[VERSION][..], &nonce, &tag, &ciphertext].concat())
    }

    /// Opens what [`KeyFile::seal`] gave. Nothing unless store, purpose and id are the
    /// same and no octet differs.
    pub(crate) fn open(
        octets: &[u8],
        key: &StoreKey,
        purpose: KeyPurpose,
        id: &str,
    ) -> Option<Self> {
        let (magic, rest) = octets.split_first_chunk::<8>()?;
        let mut held = match magic {
            b"SSMAXKEY" => Held::Here(Zeroizing::new(Vec::new())),
            b"SSMAXREF" => Held::InToken(Vec::new()),
            _ => return None,
        };
        let rest = rest.strip_prefix(&[VERSION])?;
        let (nonce, rest) = rest.split_first_chunk::<12>()?;
        let (tag, ciphertext) = rest.split_first_chunk::<16>()?;
        let aad = authenticated(held.label(), purpose, id);
        let plaintext = aes_gcm_open(key.octets(), nonce, &aad, ciphertext, tag).ok()?;
        let (created, content) = plaintext.split_first_chunk::<8>()?;
        match &mut held {
            Held::Here(pkcs8) => pkcs8.extend_from_slice(content),
            Held::InToken(spki) => spki.extend_from_slice(content),
        }
        Some(Self { created: u64::from_be_bytes(*created), held })
    }
}

fn authenticated(label: &[u8], purpose: KeyPurpose, id: &str) -> Vec<u8> {
    let purpose = purpose.as_str().as_bytes();
    // Names of purposes have at most 32 octets; the length keeps purpose and id apart.
    let len = purpose.len() as u8;
    [label, &[VERSION, len][..], purpose, id.as_bytes()].concat()
}
