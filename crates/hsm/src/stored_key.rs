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

    /// Counts a use.
    fn counted<T>(
        &self,
        operation: &'static str,
        done: Result<T, TokenError>,
    ) -> Result<T, TokenError> {
        let result = if done.is_ok() { "ok" } else { "failed" };
        let labels = [self.purpose.as_str().into(), operation.into(), result.into()];
        ssmax_metrics::list::KEY_OPERATIONS.count(labels);
        done
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
        let done = match &self.home {
            Home::Memory(key) => key.sign(message),
            Home::Token(key) => key.sign(message),
        };
        self.counted("sign", done)
    }
}

impl DecryptionKey for StoredKey {
    fn agree(&self, peer_point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(false)?;
        let done = match &self.home {
            Home::Memory(key) => key.agree(peer_point),
            Home::Token(key) => key.agree(peer_point),
        };
        self.counted("agree", done)
    }

    fn decrypt_oaep(
        &self,
        hash: OaepHash,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(false)?;
        let done = match &self.home {
            Home::Memory(key) => key.decrypt_oaep(hash, ciphertext),
            Home::Token(key) => key.decrypt_oaep(hash, ciphertext),
        };
        self.counted("decrypt-oaep", done)
    }

    fn decrypt_pkcs1(
        &self,
        ciphertext: &[u8],
        expected_len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        self.check(false)?;
        let done = match &self.home {
            Home::Memory(key) => key.decrypt_pkcs1(ciphertext, expected_len),
            Home::Token(key) => key.decrypt_pkcs1(ciphertext, expected_len),
        };
        self.counted("decrypt-pkcs1", done)
    }

    fn prove(&self) -> Result<(), TokenError> {
        match &self.home {
            Home::Memory(_) => Ok(()),
            Home::Token(key) => key.prove(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_metrics::list::KEY_OPERATIONS;

    #[test]
    fn each_use_is_counted_under_its_purpose() {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let key = StoredKey::software(KeyPurpose::Seal, key);
        let labels = ["seal".into(), "sign".into(), "ok".into()];
        let before = KEY_OPERATIONS.counted(labels);
        key.sign(b"x").unwrap();
        assert_eq!(KEY_OPERATIONS.counted(labels), before + 1);
        // What its purpose does not do is not done, and so not counted.
        assert_eq!(key.agree(b"x").unwrap_err(), TokenError::WrongAlgorithm);
        assert_eq!(KEY_OPERATIONS.counted(["seal".into(), "agree".into(), "failed".into()]), 0);
    }
}
