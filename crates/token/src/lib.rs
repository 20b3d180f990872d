//! Traits for a private key that stays where it is.
//!
//! Code that signs or unwraps takes these traits and never sees key material, so
//! that a key may live in an encrypted file, on a card or in an HSM. All private-key
//! operations behind them are constant-time; that is the implementer's promise.

use zeroize::Zeroizing;

/// The kind and size of a key pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// Elliptic curve P-256 (secp256r1), for ECDSA or ECDH.
    EcP256,
    /// Elliptic curve P-384 (secp384r1), for ECDSA or ECDH.
    EcP384,
    /// Elliptic curve P-521 (secp521r1), for ECDSA or ECDH.
    EcP521,
    /// Ed25519 (RFC 8032), which signs only.
    Ed25519,
    /// X25519 (RFC 7748), which agrees on keys only.
    X25519,
    /// RSA with a 2,048-bit modulus.
    Rsa2048,
    /// RSA with a 3,072-bit modulus.
    Rsa3072,
    /// RSA with a 4,096-bit modulus.
    Rsa4096,
}

impl KeyAlgorithm {
    /// Whether this is an RSA key, of any size.
    #[must_use]
    pub fn is_rsa(self) -> bool {
        matches!(self, Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096)
    }

    /// Whether such a key makes signatures: all but X25519.
    #[must_use]
    pub fn can_sign(self) -> bool {
        !matches!(self, Self::X25519)
    }

    /// Whether such a key opens what was encrypted for it, by key transport or by key
    /// agreement: all but Ed25519.
    #[must_use]
    pub fn can_decrypt(self) -> bool {
        !matches!(self, Self::Ed25519)
    }
}

/// How a signature is made over a message (the message is hashed inside).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ECDSA on the key's curve with SHA-256; the value is a DER `ECDSA-Sig-Value`.
    EcdsaSha256,
    /// ECDSA on the key's curve with SHA-384; DER as above.
    EcdsaSha384,
    /// ECDSA on the key's curve with SHA-512; DER as above.
    EcdsaSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2).
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// RSASSA-PSS with SHA-256, MGF1 over SHA-256, salt of 32 octets (RFC 8017 8.1).
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384, MGF1 over SHA-384, salt of 48 octets.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512, MGF1 over SHA-512, salt of 64 octets.
    RsaPssSha512,
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// The hash of RSAES-OAEP, used for the label and for MGF1 alike (RFC 8017 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OaepHash {
    /// SHA-1: the default of the norm, still what many HSMs offer only.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// Why a key operation gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The key's home does not answer; trying later may help.
    #[error("the key store is not available")]
    Unavailable,
    /// The key is of another kind than the operation needs.
    #[error("the key cannot do this operation")]
    WrongAlgorithm,
    /// The operation failed on its input. One value for every cause: telling them
    /// apart is what a padding oracle needs.
    #[error("the key operation failed")]
    Failed,
    /// The key itself cannot be read.
    #[error("the key is malformed")]
    Malformed,
}

/// The public side of a key pair.
pub trait KeyPair {
    /// The kind and size of the key.
    fn algorithm(&self) -> KeyAlgorithm;
    /// The public key as a DER `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7).
    fn spki(&self) -> &[u8];
}

/// A private key that signs.
pub trait SigningKey: KeyPair + Send + Sync {
    /// The algorithm [`SigningKey::sign`] uses. Of a key that cannot sign
    /// ([`KeyAlgorithm::can_sign`]) it says nothing.
    fn signature_algorithm(&self) -> SignatureAlgorithm;
    /// Signs `message`, hashing it inside.
    ///
    /// # Errors
    /// [`TokenError`] when the key's home fails or refuses.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError>;
}

/// A private key that opens what was encrypted for its public key.
pub trait DecryptionKey: KeyPair + Send + Sync {
    /// Raw ECDH: the secret shared with `peer_point`, which is an uncompressed SEC1 point
    /// on the key's curve (P-256, P-384, P-521; the x-coordinate is given), or the 32
    /// octets of an X25519 key (RFC 7748 6.1).
    ///
    /// # Errors
    /// [`TokenError::WrongAlgorithm`] for an RSA or Ed25519 key, [`TokenError::Failed`]
    /// for a point that is not on the curve, and for an X25519 key of small order.
    fn agree(&self, peer_point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError>;
    /// RSAES-OAEP with an empty label.
    ///
    /// # Errors
    /// [`TokenError::Failed`] for any bad input, without telling why.
    fn decrypt_oaep(
        &self,
        hash: OaepHash,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError>;
    /// RSAES-PKCS1-v1_5 with implicit rejection: a bad padding, or a plaintext that is
    /// not `expected_len` octets long, yields that many octets which depend on key and
    /// ciphertext alone, so that the caller cannot become a padding oracle.
    ///
    /// # Errors
    /// [`TokenError::WrongAlgorithm`] for an EC key, [`TokenError::Failed`] when the
    /// ciphertext has not the modulus' length.
    fn decrypt_pkcs1(
        &self,
        ciphertext: &[u8],
        expected_len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TokenError>;
    /// Whether the key's home still does what the key is for, tried with something of our
    /// own. Asked when what it gave did not open a message: octets that a broken device
    /// gives as if they were right are not the message's fault. A key in memory cannot
    /// give any.
    ///
    /// # Errors
    /// [`TokenError::Unavailable`] if it does not.
    fn prove(&self) -> Result<(), TokenError> {
        Ok(())
    }
}

/// A source of random octets fit for keys. Libraries take it as an argument.
pub trait Random: Send + Sync {
    /// Fills `out` with random octets.
    fn fill(&self, out: &mut [u8]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_key_tells_what_it_can_do() {
        use KeyAlgorithm::{EcP256, EcP384, EcP521, Ed25519, Rsa2048, Rsa3072, Rsa4096, X25519};
        for ec in [EcP256, EcP384, EcP521] {
            assert_eq!((ec.is_rsa(), ec.can_sign(), ec.can_decrypt()), (false, true, true));
        }
        for rsa in [Rsa2048, Rsa3072, Rsa4096] {
            assert_eq!((rsa.is_rsa(), rsa.can_sign(), rsa.can_decrypt()), (true, true, true));
        }
        assert_eq!(
            (Ed25519.is_rsa(), Ed25519.can_sign(), Ed25519.can_decrypt()),
            (false, true, false)
        );
        assert_eq!(
            (X25519.is_rsa(), X25519.can_sign(), X25519.can_decrypt()),
            (false, false, true)
        );
    }
}
