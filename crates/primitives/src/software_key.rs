//! A private key in this process' memory.

use std::fmt;

use aws_lc_rs::agreement;
use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeySize, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair,
};
use der::{Decode, SliceReader, Tagged};
use ssmax_token::{
    DecryptionKey, KeyAlgorithm, KeyPair, OaepHash, SignatureAlgorithm, SigningKey, TokenError,
};
use zeroize::Zeroizing;

use crate::constant_time::{choose, mask_eq, to_mask};
use crate::curve::Curve;
use crate::implicit_rejection::rejection;
use crate::public_key::{EC_PUBLIC_KEY, ED25519, X25519, oaep_algorithm};
use crate::{hkdf_sha256, key_algorithm};

mod edwards;
mod pem;

/// Separates the secret of implicit rejection from every other use of the private key.
const REJECTION_LABEL: &[u8] = b"SSMAX1-implicit-rejection";

/// A key pair in memory: parsed once (about a millisecond), used many times and from
/// many threads. Signs with ECDSA and the hash as strong as the curve, with Ed25519, or
/// with RSASSA-PKCS1-v1_5 and SHA-256; [`SoftwareKey::with_signature_algorithm`] chooses
/// another. RSA keys have 2,048, 3,072 or 4,096 bits.
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
    signature: SignatureAlgorithm,
    spki: Vec<u8>,
    pkcs8: Zeroizing<Vec<u8>>,
    private: Private,
}

enum Private {
    Ec { curve: Curve, signing: EcdsaKeyPair, agreement: agreement::PrivateKey },
    Ed25519(Ed25519KeyPair),
    X25519(agreement::PrivateKey),
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
            KeyAlgorithm::EcP256 => return Self::generate_ec(Curve::P256),
            KeyAlgorithm::EcP384 => return Self::generate_ec(Curve::P384),
            KeyAlgorithm::EcP521 => return Self::generate_ec(Curve::P521),
            KeyAlgorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| TokenError::Failed)?;
                return Self::from_ed25519(pair);
            }
            KeyAlgorithm::X25519 => {
                let private = agreement::PrivateKey::generate(&agreement::X25519)
                    .map_err(|_| TokenError::Failed)?;
                return Self::from_x25519(private);
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
            ED25519 => Self::from_ed25519(
                Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| TokenError::Malformed)?,
            ),
            X25519 => {
                let seed = edwards::seed(pkcs8)?;
                let private = agreement::PrivateKey::from_private_key(&agreement::X25519, seed)
                    .map_err(|_| TokenError::Malformed)?;
                Self::from_x25519(private)
            }
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

    /// The same key, signing with `algorithm` from now on.
    ///
    /// RSA keys take PKCS#1 v1.5 and PSS with SHA-256, SHA-384 and SHA-512; P-256 ECDSA
    /// with SHA-256, P-384 with SHA-384, P-521 with all three hashes: what the library
    /// signs.
    ///
    /// # Errors
    /// [`TokenError::WrongAlgorithm`] for an algorithm that does not fit the key.
    pub fn with_signature_algorithm(
        mut self,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, TokenError> {
        match &mut self.private {
            Private::Ec { curve, signing, .. } => {
                let with = curve.signing(algorithm).ok_or(TokenError::WrongAlgorithm)?;
                // The library's key pair is bound to its hash.
                *signing = EcdsaKeyPair::from_private_key_der(with, &self.pkcs8)
                    .map_err(|_| TokenError::Failed)?;
            }
            Private::Ed25519(_) if algorithm == SignatureAlgorithm::Ed25519 => {}
            Private::Rsa(_) if rsa_encoding(algorithm).is_some() => {}
            _ => return Err(TokenError::WrongAlgorithm),
        }
        self.signature = algorithm;
        Ok(self)
    }

    fn generate_ec(curve: Curve) -> Result<Self, TokenError> {
        let with = curve.signing(curve.default_signature()).ok_or(TokenError::WrongAlgorithm)?;
        let pair = EcdsaKeyPair::generate(with).map_err(|_| TokenError::Failed)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| TokenError::Failed)?;
        Self::from_ec_der(pkcs8.as_ref())
    }

    /// From PKCS#8 or an `ECPrivateKey`. An `ECPrivateKey` may leave its curve out, and
    /// PKCS#8 holds it in a place of its own; so the curve is found by trying the three.
    fn from_ec_der(der: &[u8]) -> Result<Self, TokenError> {
        check_whole(der)?;
        let read = |curve: Curve| {
            let with = curve.signing(curve.default_signature())?;
            let signing = EcdsaKeyPair::from_private_key_der(with, der).ok()?;
            Some((curve, signing))
        };
        let (curve, signing) =
            Curve::ALL.into_iter().find_map(read).ok_or_else(|| foreign_curve_or_malformed(der))?;
        let agreement = agreement::PrivateKey::from_private_key_der(curve.ecdh(), der)
            .map_err(|_| TokenError::Malformed)?;
        let pkcs8 = signing.to_pkcs8v1().map_err(|_| TokenError::Failed)?;
        Ok(Self {
            algorithm: curve.key_algorithm(),
            signature: curve.default_signature(),
            spki: curve.spki(signing.public_key().as_ref()),
            pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()),
            private: Private::Ec { curve, signing, agreement },
        })
    }

    fn from_ed25519(pair: Ed25519KeyPair) -> Result<Self, TokenError> {
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| TokenError::Failed)?;
        Ok(Self {
            algorithm: KeyAlgorithm::Ed25519,
            signature: SignatureAlgorithm::Ed25519,
            spki: edwards::spki(KeyAlgorithm::Ed25519, pair.public_key().as_ref()),
            pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()),
            private: Private::Ed25519(pair),
        })
    }

    fn from_x25519(private: agreement::PrivateKey) -> Result<Self, TokenError> {
        let public = private.compute_public_key().map_err(|_| TokenError::Failed)?;
        let seed: Curve25519SeedBin<'_> = private.as_be_bytes().map_err(|_| TokenError::Failed)?;
        Ok(Self {
            algorithm: KeyAlgorithm::X25519,
            // Never used: such a key does not sign.
            signature: SignatureAlgorithm::Ed25519,
            spki: edwards::spki(KeyAlgorithm::X25519, public.as_ref()),
            pkcs8: edwards::x25519_pkcs8(seed.as_ref()),
            private: Private::X25519(private),
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
            signature: SignatureAlgorithm::RsaPkcs1Sha256,
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
        self.signature
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        // The library asks for a generator here for compatibility, and uses its own.
        let random = SystemRandom::new();
        match &self.private {
            Private::Ec { signing, .. } => {
                let value = signing.sign(&random, message).map_err(|_| TokenError::Failed)?;
                Ok(value.as_ref().to_vec())
            }
            Private::Ed25519(pair) => {
                let value = pair.try_sign(message).map_err(|_| TokenError::Failed)?;
                Ok(value.as_ref().to_vec())
            }
            Private::Rsa(rsa) => {
                let encoding = rsa_encoding(self.signature).ok_or(TokenError::WrongAlgorithm)?;
                let mut value = vec![0; rsa.signing.public_modulus_len()];
                rsa.signing
                    .sign(encoding, &random, message, &mut value)
                    .map_err(|_| TokenError::Failed)?;
                Ok(value)
            }
            Private::X25519(_) => Err(TokenError::WrongAlgorithm),
        }
    }
}

impl DecryptionKey for SoftwareKey {
    fn agree(&self, peer_point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
        let (key, algorithm) = match &self.private {
            Private::Ec { curve, agreement, .. } => {
                curve.check_point(peer_point).map_err(|_| TokenError::Failed)?;
                (agreement, curve.ecdh())
            }
            Private::X25519(key) => (key, &agreement::X25519),
            Private::Ed25519(_) | Private::Rsa(_) => return Err(TokenError::WrongAlgorithm),
        };
        let peer = agreement::UnparsedPublicKey::new(algorithm, peer_point);
        agreement::agree(key, peer, TokenError::Failed, |shared| {
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
        let mut out = rejection(&self.rejection, ciphertext, expected_len);
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

/// How the library signs with RSA; none for what is not RSA.
fn rsa_encoding(algorithm: SignatureAlgorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
        SignatureAlgorithm::RsaPkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
        SignatureAlgorithm::RsaPkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
        SignatureAlgorithm::RsaPssSha256 => &signature::RSA_PSS_SHA256,
        SignatureAlgorithm::RsaPssSha384 => &signature::RSA_PSS_SHA384,
        SignatureAlgorithm::RsaPssSha512 => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

/// Why the library refused an EC key: other curves have keys too, only not for us.
fn foreign_curve_or_malformed(der: &[u8]) -> TokenError {
    let other =
        EcdsaKeyPair::from_private_key_der(&signature::ECDSA_P256K1_SHA256_ASN1_SIGNING, der);
    if other.is_ok() { TokenError::WrongAlgorithm } else { TokenError::Malformed }
}

#[cfg(test)]
mod tests;
