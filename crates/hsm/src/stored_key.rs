//! A key of a store, wherever it lives.

use ssmax_primitives::SoftwareKey;
use ssmax_token::{
    DecryptionKey, KeyAlgorithm, KeyPair, OaepHash, SignatureAlgorithm, SigningKey, TokenError,
};
use zeroize::Zeroizing;

use crate::KeyPurpose;
use crate::pkcs11::TokenKey;

/// A private key of a [`crate::KeyStore`]: in memory, read from an encrypted file, or in
/// a token that does the operations itself.
///
/// It does what its purpose does ([`KeyPurpose::signs`]) and nothing else: asked for the
/// other, it answers [`TokenError::WrongAlgorithm`].
#[derive(Debug)]
pub struct StoredKey {
    purpose: KeyPurpose,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Memory(SoftwareKey),
    Token(TokenKey),
}

impl StoredKey {
    pub(crate) fn software(purpose: KeyPurpose, key: SoftwareKey) -> Self {
        Self { purpose, home: Home::Memory(key) }
    }

    pub(crate) fn in_token(purpose: KeyPurpose, key: TokenKey) -> Self {
        Self { purpose, home: Home::Token(key) }
    }

    /// Whether the private key is in a token, and never in this process.
    #[must_use]
    pub fn is_in_token(&self) -> bool {
        matches!(self.home, Home::Token(_))
    }

    /// The strongest hash of RSAES-OAEP that [`DecryptionKey::decrypt_oaep`] takes; none
    /// where this key opens no OAEP at all.
    ///
    /// # Errors
    /// [`TokenError::Unavailable`] when the token cannot be asked.
    pub fn oaep_hash(&self) -> Result<Option<OaepHash>, TokenError> {
        match &self.home {
            _ if self.purpose.signs() || !self.algorithm().is_rsa() => Ok(None),
            Home::Memory(_) => Ok(Some(OaepHash::Sha256)),
            Home::Token(key) => key.oaep_hash(),
        }
    }

    fn check(&self, signs: bool) -> Result<(), TokenError> {
        if self.purpose.signs() == signs { Ok(()) } else { Err(TokenError::WrongAlgorithm) }
    }
}

impl KeyPair for StoredKey {
    fn algorithm(&self) -> KeyAlgorithm {
        match &self.home {
            Home::Memory(key) => key.algorithm(),
            Home::Token(key) => key.algorithm(),
        }
    }

    fn spki(&self) -> &[u8] {
        match &self.home {
            Home::Memory(key) => key.spki(),
            Home::Token(key) => key.spki(),
        }
    }
}

impl SigningKey for StoredKey {
    fn signature_algorithm(&self) -> SignatureAlgorithm {
        match &self.home {
            Home::Memory(key) => key.signature_algorithm(),
            Home::Token(key) => key.signature_algorithm(),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.check(true)?;
        match &self.home {
            Home::Memory(key) => key.sign(message),
            Home::Token(key) => key.sign(message),
        }
    }
}

impl DecryptionKey for StoredKey {
    fn agree(&self, peer_point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(false)?;
        match &self.home {
            Home::Memory(key) => key.agree(peer_point),
            Home::Token(key) => key.agree(peer_point),
        }
    }

    fn decrypt_oaep(
        &self,
        hash: OaepHash,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(false)?;
        match &self.home {
            Home::Memory(key) => key.decrypt_oaep(hash, ciphertext),
            Home::Token(key) => key.decrypt_oaep(hash, ciphertext),
        }
    }

    fn decrypt_pkcs1(
        &self,
        ciphertext: &[u8],
        expected_len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(false)?;
        match &self.home {
            Home::Memory(key) => key.decrypt_pkcs1(ciphertext, expected_len),
            Home::Token(key) => key.decrypt_pkcs1(ciphertext, expected_len),
        }
    }
}
