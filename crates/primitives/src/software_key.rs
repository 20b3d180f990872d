//! A private key in this process' memory.

use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeySize, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use der::{Decode, SliceReader, Tagged};
use ssmax_token::{
    DecryptionKey, KeyAlgorithm, KeyPair, OaepHash, SignatureAlgorithm, SigningKey, TokenError,
};
use zeroize::Zeroizing;

use crate::constant_time::{choose, mask_eq, to_mask};
use crate::public_key::{EC_PUBLIC_KEY, check_p256_point, oaep_algorithm};
use crate::{hkdf_sha256, hmac_sha256, key_algorithm, p256_spki};

mod pem;

/// Separates the secret of implicit rejection from every other use of the private key.
const REJECTION_LABEL: &[u8] = b"SSMAX1-implicit-rejection";

/// A key pair in memory: parsed once (about a millisecond), used many times and from
/// many threads. Signs with ECDSA and SHA-256, or with RSASSA-PKCS1-v1_5 and SHA-256.
///
/// The octets of the private key are wiped when it is dropped, and `Debug` shows the
/// algorithm only.
///
/// # What timing tells
/// Private operations are the library's, constant-time with blinding for RSA. For
/// RSAES-PKCS1-v1_5 the library checks the padding without branches, but then tells good
/// from bad by returning early, with an entry in its error queue and without a copy of
/// the plaintext. That cannot be avoided from outside of it. Measured over 36,000
/// decryptions with 2,048 bits each, the medians for good and bad padding lay within 0.5 µs
/// of each other, in either direction, at 0.28 ms with a spread of 60 µs: small, but not
/// nothing to somebody on the same machine with patience. Hence PKCS#1 v1.5 stays off
/// unless a member needs it. Everything after that branch (which octets are given out,
/// their number, all that follows with them) is the same on both ways.
pub struct SoftwareKey {
    algorithm: KeyAlgorithm,
    spki: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
    private: Private,
}

enum Private {
    Ec { signing: EcdsaKeyPair, agreement: agreement::PrivateKey },
    Rsa(Box<RsaPrivate>),
}

struct RsaPrivate {
    signing: RsaKeyPair,
    oaep: OaepPrivateDecryptingKey,
    pkcs1: Pkcs1PrivateDecryptingKey,
    rejection: Zeroizing<Vec<u8>>,
}

impl SoftwareKey {
    /// A new key pair, from the library's own generator. RSA takes up to some seconds.
    ///
    /// # Errors
    /// [`TokenError::WrongAlgorithm`] for a kind not known here, [`TokenError::Failed`]
    /// when the library fails.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, TokenError> {
        let size = match algorithm {
            KeyAlgorithm::EcP256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
                    .map_err(|_| TokenError::Failed)?;
                let pkcs8 = pair.to_pkcs8v1().map_err(|_| TokenError::Failed)?;
                return Self::from_pkcs8(pkcs8.as_ref());
            }
            KeyAlgorithm::Rsa2048 => KeySize::Rsa2048,
            KeyAlgorithm::Rsa3072 => KeySize::Rsa3072,
            KeyAlgorithm::Rsa4096 => KeySize::Rsa4096,
            _ => return Err(TokenError::WrongAlgorithm),
        };
        let pair = RsaKeyPair::generate(size).map_err(|_| TokenError::Failed)?;
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| TokenError::Failed)?;
        Self::from_pkcs8(pkcs8.as_ref())
    }

    /// Reads the DER of an unencrypted PKCS#8 `PrivateKeyInfo` (RFC 5208; RFC 5958
    /// version 1). The library checks that its parts fit each other.
    ///
    /// # Errors
    /// [`TokenError::Malformed`] when it cannot be read or has octets after its end,
    /// [`TokenError::WrongAlgorithm`] when it is not one of [`KeyAlgorithm`]. RSA keys
    /// below 2,048 bits are malformed too: the library does not read them at all.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, TokenError> {
        match outer_algorithm(pkcs8)? {
            EC_PUBLIC_KEY => Self::from_ec_der(pkcs8),
            RSA_ENCRYPTION => Self::from_rsa_pkcs8(pkcs8),
            _ => Err(TokenError::WrongAlgorithm),
        }
    }

    /// Reads the first private key in a PEM text: "PRIVATE KEY" (PKCS#8), "EC PRIVATE
    /// KEY" (RFC 5915) or "RSA PRIVATE KEY" (RFC 8017). Text before it, such as "EC
    /// PARAMETERS", is skipped. Encrypted keys are not read.
    ///
    /// # Errors
    /// As [`SoftwareKey::from_pkcs8`].
    pub fn from_pem(text: &str) -> Result<Self, TokenError> {
        let (label, der) = pem::first_private_key(text)?;
        match label {
            pem::Label::Pkcs8 => Self::from_pkcs8(&der),
            pem::Label::Ec => Self::from_ec_der(&der),
            pem::Label::Rsa => {
                check_whole(&der)?;
                let pair = RsaKeyPair::from_der(&der).map_err(|_| TokenError::Malformed)?;
                let pkcs8 =
                    AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| TokenError::Failed)?;
                Self::from_rsa_pkcs8(pkcs8.as_ref())
            }
        }
    }

    /// The key as the DER of an unencrypted PKCS#8 `PrivateKeyInfo`, as the library
    /// writes it: whatever else stood in what was read is not kept.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    /// The key as PEM "PRIVATE KEY" (PKCS#8, unencrypted).
    #[must_use]
    pub fn to_pem(&self) -> Zeroizing<String> {
        pem::pkcs8(&self.pkcs8)
    }

    /// From PKCS#8 or an `ECPrivateKey`.
    fn from_ec_der(der: &[u8]) -> Result<Self, TokenError> {
        check_whole(der)?;
        let signing = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der)
            .map_err(|_| wrong_curve_or_malformed(der))?;
        let agreement = agreement::PrivateKey::from_private_key_der(&ECDH_P256, der)
            .map_err(|_| TokenError::Malformed)?;
        let pkcs8 = signing.to_pkcs8v1().map_err(|_| TokenError::Failed)?;
        Ok(Self {
            algorithm: KeyAlgorithm::EcP256,
            spki: p256_spki(signing.public_key().as_ref()),
            pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()),
            private: Private::Ec { signing, agreement },
        })
    }

    fn from_rsa_pkcs8(pkcs8: &[u8]) -> Result<Self, TokenError> {
        let signing = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| TokenError::Malformed)?;
        let decrypting =
            PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| TokenError::Malformed)?;
        let spki: PublicKeyX509Der<'_> =
            decrypting.public_key().as_der().map_err(|_| TokenError::Failed)?;
        let algorithm = key_algorithm(spki.as_ref()).map_err(|_| TokenError::WrongAlgorithm)?;
        let pkcs8: Pkcs8V1Der<'_> = decrypting.as_der().map_err(|_| TokenError::Failed)?;
        Ok(Self {
            algorithm,
            spki: spki.as_ref().to_vec(),
            private: Private::Rsa(Box::new(RsaPrivate {
                signing,
                oaep: OaepPrivateDecryptingKey::new(decrypting.clone())
                    .map_err(|_| TokenError::Failed)?,
                pkcs1: Pkcs1PrivateDecryptingKey::new(decrypting)
                    .map_err(|_| TokenError::Failed)?,
                rejection: hkdf_sha256(b"", pkcs8.as_ref(), REJECTION_LABEL, 32),
            })),
            pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()),
        })
    }
}

impl KeyPair for SoftwareKey {
    fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    fn spki(&self) -> &[u8] {
        &self.spki
    }
}

impl SigningKey for SoftwareKey {
    fn signature_algorithm(&self) -> SignatureAlgorithm {
        match self.private {
            Private::Ec { .. } => SignatureAlgorithm::EcdsaSha256,
            Private::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        // The library asks for a generator here for compatibility, and uses its own.
        let random = SystemRandom::new();
        match &self.private {
            Private::Ec { signing, .. } => {
                let value = signing.sign(&random, message).map_err(|_| TokenError::Failed)?;
                Ok(value.as_ref().to_vec())
            }
            Private::Rsa(rsa) => {
                let mut value = vec![0; rsa.signing.public_modulus_len()];
                rsa.signing
                    .sign(&RSA_PKCS1_SHA256, &random, message, &mut value)
                    .map_err(|_| TokenError::Failed)?;
                Ok(value)
            }
        }
    }
}

impl DecryptionKey for SoftwareKey {
    fn agree(&self, peer_point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let Private::Ec { agreement, .. } = &self.private else {
            return Err(TokenError::WrongAlgorithm);
        };
        check_p256_point(peer_point).map_err(|_| TokenError::Failed)?;
        let peer = agreement::UnparsedPublicKey::new(&ECDH_P256, peer_point);
        agreement::agree(agreement, peer, TokenError::Failed, |shared| {
            Ok(Zeroizing::new(shared.to_vec()))
        })
    }

    fn decrypt_oaep(
        &self,
        hash: OaepHash,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let Private::Rsa(rsa) = &self.private else { return Err(TokenError::WrongAlgorithm) };
        let algorithm = oaep_algorithm(hash).ok_or(TokenError::Failed)?;
        let mut out = Zeroizing::new(vec![0; rsa.oaep.min_output_size()]);
        let len = rsa
            .oaep
            .decrypt(algorithm, ciphertext, &mut out, None)
            .map_err(|_| TokenError::Failed)?
            .len();
        out.truncate(len);
        Ok(out)
    }

    fn decrypt_pkcs1(
        &self,
        ciphertext: &[u8],
        expected_len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let Private::Rsa(rsa) = &self.private else { return Err(TokenError::WrongAlgorithm) };
        rsa.decrypt_pkcs1(ciphertext, expected_len)
    }
}

impl RsaPrivate {
    fn decrypt_pkcs1(
        &self,
        ciphertext: &[u8],
        expected_len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let modulus_octets = self.pkcs1.min_output_size();
        if ciphertext.len() != modulus_octets {
            return Err(TokenError::Failed);
        }
        // Made before and always, so that making it tells nothing.
        let mut out = self.rejection(ciphertext, expected_len);
        let mut plaintext = Zeroizing::new(vec![0; modulus_octets.max(expected_len)]);
        // The one branch that the library leaves us, see "What timing tells".
        let (good, len) = match self.pkcs1.decrypt(ciphertext, &mut plaintext) {
            Ok(plaintext) => (1, plaintext.len()),
            Err(_) => (0, 0),
        };
        let mask = to_mask(good) & mask_eq(len, expected_len);
        for (fake, real) in out.iter_mut().zip(plaintext.iter()) {
            *fake = choose(mask, *real, *fake);
        }
        Ok(out)
    }

    /// What a bad `ciphertext` decrypts to: `len` octets that nobody without the private
    /// key can tell from a random key, and that are the same each time.
    fn rejection(&self, ciphertext: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(vec![0; len]);
        let asked = (len as u64).to_be_bytes();
        for (counter, block) in (0_u32..).zip(out.chunks_mut(32)) {
            let parts: [&[u8]; 3] = [&counter.to_be_bytes(), &asked, ciphertext];
            let octets = Zeroizing::new(hmac_sha256(&self.rejection, &parts));
            for (to, from) in block.iter_mut().zip(octets.iter()) {
                *to = *from;
            }
        }
        out
    }
}

impl fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftwareKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

const RSA_ENCRYPTION: der::asn1::ObjectIdentifier =
    der::asn1::ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The algorithm that a `PrivateKeyInfo` names: the library tells a wrong one from a
/// malformed key only by trying.
fn outer_algorithm(pkcs8: &[u8]) -> Result<der::asn1::ObjectIdentifier, TokenError> {
    check_whole(pkcs8)?;
    let read = || -> der::Result<_> {
        let mut reader = SliceReader::new(pkcs8)?;
        der::Header::decode(&mut reader)?;
        // The version.
        u8::decode(&mut reader)?;
        Ok(spki::AlgorithmIdentifierRef::decode(&mut reader)?.oid)
    };
    read().map_err(|_| TokenError::Malformed)
}

/// One SEQUENCE and nothing after it: the library reads the first structure and would
/// silently leave the rest.
fn check_whole(der: &[u8]) -> Result<(), TokenError> {
    match der::asn1::AnyRef::from_der(der) {
        Ok(any) if any.tag() == der::Tag::Sequence => Ok(()),
        _ => Err(TokenError::Malformed),
    }
}

/// Why the library refused an EC key: P-384 and P-521 are keys, only not for us.
fn wrong_curve_or_malformed(der: &[u8]) -> TokenError {
    let other_curve = [&agreement::ECDH_P384, &agreement::ECDH_P521]
        .iter()
        .any(|curve| agreement::PrivateKey::from_private_key_der(curve, der).is_ok());
    if other_curve { TokenError::WrongAlgorithm } else { TokenError::Malformed }
}

#[cfg(test)]
mod tests;
