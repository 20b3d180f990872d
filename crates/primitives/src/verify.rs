//! Checking signatures.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use ssmax_token::SignatureAlgorithm;

use crate::KeyError;
use crate::curve::Curve;
use crate::public_key::PublicKey;

/// Why a signature is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The key is malformed, or its size or kind is against policy.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is of another kind than the signature algorithm.
    #[error("the key is of another kind than the signature algorithm")]
    WrongAlgorithm,
    /// The signature was not made with this key over this message.
    #[error("the signature does not fit key and message")]
    BadSignature,
}

/// Checks `signature` over `message` (which is hashed inside) with the key in `spki`.
///
/// Keys: P-256, P-384 and P-521 with any of the three hashes (RFC 5480), RSA with 2,048
/// to 8,192 bits, Ed25519. The salt of RSASSA-PSS must be as long as the hash. ECDSA
/// values are strict DER; a value of `s` above half the order is accepted, as X.509 has
/// it.
///
/// # Errors
/// [`VerifyError::Key`] tells what is wrong with the key, for instance
/// [`KeyError::RsaTooSmall`]; else one value for every bad signature.
pub fn verify(
    algorithm: SignatureAlgorithm,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let key = PublicKey::parse(spki)?;
    let (verification, key) = match key {
        PublicKey::Ec(curve, point) => {
            // The library would also take a whole key structure or the hybrid form.
            if !matches!(point.first(), Some(0x02..=0x04)) {
                return Err(KeyError::UnsupportedPointForm.into());
            }
            (ecdsa(algorithm, curve), point)
        }
        PublicKey::Rsa { pss_only, rsa_public_key, .. } => {
            (rsa(algorithm, pss_only), rsa_public_key)
        }
        PublicKey::Ed25519(octets) => (ed25519(algorithm), octets),
        PublicKey::X25519(octets) => (None, octets),
    };
    UnparsedPublicKey::new(verification.ok_or(VerifyError::WrongAlgorithm)?, key)
        .verify(message, signature)
        .map_err(|_| VerifyError::BadSignature)
}

/// What lets old mail be read, and must not be used for anything made today.
pub mod danger {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};

    use super::VerifyError;
    use crate::public_key::PublicKey;

    /// Checks an RSASSA-PKCS1-v1_5 signature with SHA-1 over `message`.
    ///
    /// Collisions of SHA-1 are made to order: whoever had influence on the message has
    /// possibly another one with this signature. Such a signature proves something only
    /// about mail that is known to be older than that, and then only to a person.
    ///
    /// # Errors
    /// As [`super::verify`]; RSA keys have 2,048 to 8,192 bits here too.
    pub fn verify_rsa_pkcs1_sha1(
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let PublicKey::Rsa { pss_only: false, rsa_public_key, .. } = PublicKey::parse(spki)? else {
            return Err(VerifyError::WrongAlgorithm);
        };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, rsa_public_key)
            .verify(message, signature)
            .map_err(|_| VerifyError::BadSignature)
    }
}

type Verification = &'static dyn VerificationAlgorithm;

fn ecdsa(algorithm: SignatureAlgorithm, curve: Curve) -> Option<Verification> {
    use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512};
    Some(match (algorithm, curve) {
        (EcdsaSha256, Curve::P256) => &signature::ECDSA_P256_SHA256_ASN1,
        (EcdsaSha384, Curve::P256) => &signature::ECDSA_P256_SHA384_ASN1,
        (EcdsaSha512, Curve::P256) => &signature::ECDSA_P256_SHA512_ASN1,
        (EcdsaSha256, Curve::P384) => &signature::ECDSA_P384_SHA256_ASN1,
        (EcdsaSha384, Curve::P384) => &signature::ECDSA_P384_SHA384_ASN1,
        (EcdsaSha512, Curve::P384) => &signature::ECDSA_P384_SHA512_ASN1,
        (EcdsaSha256, Curve::P521) => &signature::ECDSA_P521_SHA256_ASN1,
        (EcdsaSha384, Curve::P521) => &signature::ECDSA_P521_SHA384_ASN1,
        (EcdsaSha512, Curve::P521) => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

fn rsa(algorithm: SignatureAlgorithm, pss_only: bool) -> Option<Verification> {
    Some(match algorithm {
        SignatureAlgorithm::RsaPssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        SignatureAlgorithm::RsaPssSha384 => &signature::RSA_PSS_2048_8192_SHA384,
        SignatureAlgorithm::RsaPssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ if pss_only => return None,
        SignatureAlgorithm::RsaPkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        SignatureAlgorithm::RsaPkcs1Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        SignatureAlgorithm::RsaPkcs1Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => return None,
    })
}

fn ed25519(algorithm: SignatureAlgorithm) -> Option<Verification> {
    match algorithm {
        SignatureAlgorithm::Ed25519 => Some(&signature::ED25519),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
