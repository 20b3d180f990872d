//! Public keys as they stand in certificates: parsing, policy, encryption to them.

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::{Decode, Sequence};
use spki::SubjectPublicKeyInfoRef;
use ssmax_token::{KeyAlgorithm, OaepHash};
use zeroize::Zeroizing;

use crate::curve::Curve;

/// The smallest RSA modulus that is accepted, in bits (S/MIME Baseline Requirements
/// 6.1.5).
pub const MIN_RSA_BITS: u32 = 2_048;
/// The largest RSA modulus that is accepted, in bits. The work grows with its cube, and
/// the key comes from whoever sends us a certificate.
pub const MAX_RSA_BITS: u32 = 8_192;
/// An uncompressed point of P-256: 0x04, x, y (SEC 1 2.3.3).
pub const P256_POINT_OCTETS: usize = 65;

pub(crate) const RSA_ENCRYPTION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSASSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
pub(crate) const EC_PUBLIC_KEY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(crate) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
pub(crate) const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");

/// Why a public key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not the DER of a `SubjectPublicKeyInfo`, or the key inside is no valid key.
    #[error("the public key is malformed")]
    Malformed,
    /// A kind of key or a curve that we do not use, or parameters we do not read.
    #[error("the public key's algorithm is not supported")]
    UnsupportedAlgorithm,
    /// Another kind of key than this operation needs.
    #[error("the public key cannot do this operation")]
    WrongAlgorithm,
    /// The EC point is compressed or hybrid where an uncompressed one is needed.
    #[error("the form of the elliptic-curve point is not supported")]
    UnsupportedPointForm,
    /// The EC point does not lie on its curve.
    #[error("the elliptic-curve point is not on the curve")]
    PointNotOnCurve,
    /// An RSA modulus below [`MIN_RSA_BITS`].
    #[error("the RSA key has {bits} bits, at least 2048 are needed")]
    RsaTooSmall {
        /// The length of the modulus.
        bits: u32,
    },
    /// An RSA modulus above [`MAX_RSA_BITS`].
    #[error("the RSA key has {bits} bits, at most 8192 are read")]
    RsaTooLarge {
        /// The length of the modulus.
        bits: u32,
    },
    /// An RSA key that others may have, but that is none of the sizes of our own keys.
    #[error("an RSA key of {bits} bits is not one of our own sizes")]
    UnsupportedRsaSize {
        /// The length of the modulus.
        bits: u32,
    },
    /// What is to be encrypted does not fit the modulus.
    #[error("the message is too long for this RSA key")]
    MessageTooLong,
    /// The library failed on acceptable input.
    #[error("the operation failed")]
    Failed,
}

/// The kind and size of a key pair whose public half is `spki`, if it is one of
/// [`KeyAlgorithm`].
///
/// # Errors
/// [`KeyError::UnsupportedRsaSize`] for other RSA sizes within the bounds,
/// [`KeyError::UnsupportedAlgorithm`] for other kinds, and what parsing finds.
pub fn key_algorithm(spki: &[u8]) -> Result<KeyAlgorithm, KeyError> {
    match PublicKey::parse(spki)? {
        PublicKey::Ec(curve, point) => {
            curve.check_point(point)?;
            Ok(curve.key_algorithm())
        }
        PublicKey::Ed25519(_) => Ok(KeyAlgorithm::Ed25519),
        PublicKey::X25519(_) => Ok(KeyAlgorithm::X25519),
        PublicKey::Rsa { pss_only: true, .. } => Err(KeyError::UnsupportedAlgorithm),
        PublicKey::Rsa { bits: 2_048, .. } => Ok(KeyAlgorithm::Rsa2048),
        PublicKey::Rsa { bits: 3_072, .. } => Ok(KeyAlgorithm::Rsa3072),
        PublicKey::Rsa { bits: 4_096, .. } => Ok(KeyAlgorithm::Rsa4096),
        PublicKey::Rsa { bits, .. } => Err(KeyError::UnsupportedRsaSize { bits }),
    }
}

/// The uncompressed point in `spki`, on P-256 ([`P256_POINT_OCTETS`]), P-384 (97 octets)
/// or P-521 (133 octets).
///
/// # Errors
/// [`KeyError::WrongAlgorithm`] for other keys, [`KeyError::UnsupportedAlgorithm`] for
/// other curves, [`KeyError::UnsupportedPointForm`] for a compressed point,
/// [`KeyError::PointNotOnCurve`].
pub fn ec_point(spki: &[u8]) -> Result<Vec<u8>, KeyError> {
    match PublicKey::parse(spki)? {
        PublicKey::Ec(curve, point) => {
            curve.check_point(point)?;
            Ok(point.to_vec())
        }
        _ => Err(KeyError::WrongAlgorithm),
    }
}

/// The DER `SubjectPublicKeyInfo` of an uncompressed P-256 point (RFC 5480).
///
/// The point is not checked: from anything else than [`P256_POINT_OCTETS`] octets of a
/// point on the curve comes something that every function here refuses.
#[must_use]
pub fn p256_spki(point: &[u8]) -> Vec<u8> {
    Curve::P256.spki(point)
}

/// RSAES-PKCS1-v1_5 encryption of `key` (RFC 8017 7.2.1). For old mailers only.
///
/// # Errors
/// [`KeyError::WrongAlgorithm`] for other keys than RSA, the size errors, and
/// [`KeyError::MessageTooLong`] above the modulus' length less 11 octets.
pub fn rsa_encrypt_pkcs1(spki: &[u8], key: &[u8]) -> Result<Vec<u8>, KeyError> {
    let public =
        Pkcs1PublicEncryptingKey::new(encrypting_key(spki)?).map_err(|_| KeyError::Failed)?;
    if key.len() > public.max_plaintext_size() {
        return Err(KeyError::MessageTooLong);
    }
    let mut out = vec![0; public.ciphertext_size()];
    let len = public.encrypt(key, &mut out).map_err(|_| KeyError::Failed)?.len();
    out.truncate(len);
    Ok(out)
}

/// RSAES-OAEP encryption of `key` with an empty label, `hash` for label and MGF1 alike
/// (RFC 8017 7.1.1).
///
/// # Errors
/// [`KeyError::WrongAlgorithm`] for other keys than RSA, the size errors, and
/// [`KeyError::MessageTooLong`] above the modulus' length less two digests and 2 octets.
pub fn rsa_encrypt_oaep(spki: &[u8], hash: OaepHash, key: &[u8]) -> Result<Vec<u8>, KeyError> {
    let algorithm = oaep_algorithm(hash).ok_or(KeyError::UnsupportedAlgorithm)?;
    let public =
        OaepPublicEncryptingKey::new(encrypting_key(spki)?).map_err(|_| KeyError::Failed)?;
    if key.len() > public.max_plaintext_size(algorithm) {
        return Err(KeyError::MessageTooLong);
    }
    let mut out = vec![0; public.ciphertext_size()];
    let len = public.encrypt(algorithm, key, &mut out, None).map_err(|_| KeyError::Failed)?.len();
    out.truncate(len);
    Ok(out)
}

/// Ephemeral-static ECDH with the key in `peer_spki` (RFC 5753 3.1, RFC 8418 2): a new
/// ephemeral public key on the same curve, and the shared secret.
///
/// On P-256, P-384 and P-521 the public key is an uncompressed point and the secret the
/// x-coordinate (32, 48, 66 octets); on X25519 both have 32 octets.
///
/// # Errors
/// [`KeyError::WrongAlgorithm`] for keys that do not agree, and those of [`ec_point`].
/// An X25519 key of small order is [`KeyError::PointNotOnCurve`]: all its secrets are
/// zero.
pub fn ephemeral_agree(peer_spki: &[u8]) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), KeyError> {
    let (algorithm, peer) = match PublicKey::parse(peer_spki)? {
        PublicKey::Ec(curve, point) => {
            curve.check_point(point)?;
            (curve.ecdh(), point)
        }
        PublicKey::X25519(key) => (&agreement::X25519, key),
        PublicKey::Ed25519(_) | PublicKey::Rsa { .. } => return Err(KeyError::WrongAlgorithm),
    };
    let ephemeral = PrivateKey::generate(algorithm).map_err(|_| KeyError::Failed)?;
    let public = ephemeral.compute_public_key().map_err(|_| KeyError::Failed)?;
    let peer = UnparsedPublicKey::new(algorithm, peer);
    let shared = agreement::agree(&ephemeral, peer, KeyError::PointNotOnCurve, |shared| {
        Ok(Zeroizing::new(shared.to_vec()))
    })?;
    Ok((public.as_ref().to_vec(), shared))
}

/// The library's OAEP parameters; none for a hash that this crate does not know yet.
pub(crate) fn oaep_algorithm(hash: OaepHash) -> Option<&'static OaepAlgorithm> {
    match hash {
        OaepHash::Sha1 => Some(&OAEP_SHA1_MGF1SHA1),
        OaepHash::Sha256 => Some(&OAEP_SHA256_MGF1SHA256),
        OaepHash::Sha384 => Some(&OAEP_SHA384_MGF1SHA384),
        OaepHash::Sha512 => Some(&OAEP_SHA512_MGF1SHA512),
        _ => None,
    }
}

/// A public key of a kind that we can read, as parts of its `SubjectPublicKeyInfo`. RSA
/// keys are within the bounds of size; EC points are not checked yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PublicKey<'a> {
    Ec(Curve, &'a [u8]),
    Ed25519(&'a [u8]),
    X25519(&'a [u8]),
    Rsa {
        /// The key's own algorithm is RSASSA-PSS: it may do nothing else (RFC 4055 1.2).
        pss_only: bool,
        /// The DER of the `RSAPublicKey`.
        rsa_public_key: &'a [u8],
        bits: u32,
    },
}

/// `RSAPublicKey` (RFC 8017 A.1.1).
#[derive(Sequence)]
pub(crate) struct RsaPublicKey<'a> {
    pub(crate) modulus: UintRef<'a>,
    pub(crate) public_exponent: UintRef<'a>,
}

impl<'a> PublicKey<'a> {
    pub(crate) fn parse(spki: &'a [u8]) -> Result<Self, KeyError> {
        let spki = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| KeyError::Malformed)?;
        let key = spki.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?;
        let parameters = spki.algorithm.parameters;
        match spki.algorithm.oid {
            EC_PUBLIC_KEY => Self::on_curve(parameters, key),
            // RFC 3279 2.3.1: "the parameters field MUST have ASN.1 type NULL".
            RSA_ENCRYPTION if parameters == Some(AnyRef::NULL) => Self::rsa(false, key),
            RSA_ENCRYPTION => Err(KeyError::Malformed),
            // Parameters restrict hash and salt (RFC 4055 3.1); rather than read them in
            // one more place, we take only keys without restriction.
            RSASSA_PSS if parameters.is_none() => Self::rsa(true, key),
            // RFC 8410 3: "the parameters MUST be absent".
            ED25519 if parameters.is_none() && key.len() == 32 => Ok(Self::Ed25519(key)),
            X25519 if parameters.is_none() && key.len() == 32 => Ok(Self::X25519(key)),
            ED25519 | X25519 => Err(KeyError::Malformed),
            _ => Err(KeyError::UnsupportedAlgorithm),
        }
    }

    fn on_curve(parameters: Option<AnyRef<'_>>, point: &'a [u8]) -> Result<Self, KeyError> {
        // RFC 5480 2.1.1: only namedCurve; explicit parameters have let others
        // substitute the generator.
        let curve = parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        let curve = curve.and_then(Curve::named).ok_or(KeyError::UnsupportedAlgorithm)?;
        Ok(Self::Ec(curve, point))
    }

    fn rsa(pss_only: bool, rsa_public_key: &'a [u8]) -> Result<Self, KeyError> {
        let key = RsaPublicKey::from_der(rsa_public_key).map_err(|_| KeyError::Malformed)?;
        let bits = bit_len(key.modulus.as_bytes());
        if bits < MIN_RSA_BITS {
            return Err(KeyError::RsaTooSmall { bits });
        }
        if bits > MAX_RSA_BITS {
            return Err(KeyError::RsaTooLarge { bits });
        }
        // A product of two odd primes is odd, and e is prime to an even number; e = 1
        // encrypts nothing.
        let exponent = key.public_exponent.as_bytes();
        if !is_odd(key.modulus.as_bytes()) || !is_odd(exponent) || exponent == [1] {
            return Err(KeyError::Malformed);
        }
        Ok(Self::Rsa { pss_only, rsa_public_key, bits })
    }
}

fn encrypting_key(spki: &[u8]) -> Result<PublicEncryptingKey, KeyError> {
    match PublicKey::parse(spki)? {
        PublicKey::Rsa { pss_only: false, .. } => {
            PublicEncryptingKey::from_der(spki).map_err(|_| KeyError::Malformed)
        }
        _ => Err(KeyError::WrongAlgorithm),
    }
}

/// The number of bits of a big-endian number without leading zero octets.
fn bit_len(number: &[u8]) -> u32 {
    let Some(first) = number.first() else { return 0 };
    u32::try_from(number.len()).unwrap_or(u32::MAX).saturating_mul(8) - first.leading_zeros()
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|octet| octet & 1 == 1)
}

#[cfg(test)]
mod tests;
