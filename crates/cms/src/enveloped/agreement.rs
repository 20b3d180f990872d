//! Ephemeral-static ECDH on P-256 (RFC 5753 3.1, 7.1).

use ssmax_primitives::{self as primitives, CipherError, DigestAlgorithm};
use zeroize::Zeroizing;

use super::{shared_info, wrap192};
use crate::{
    CmsError, oid,
    tlv::{Algorithm, Reader, Tlv},
    write::{BIT_STRING, NULL, OBJECT_IDENTIFIER, SEQUENCE, context, context_primitive},
};

/// AES key wrap (RFC 3394), by the length of the key that wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyWrap {
    /// 128 bits.
    Aes128,
    /// 192 bits: read, never written.
    Aes192,
    /// 256 bits.
    Aes256,
}

impl KeyWrap {
    /// Octets of the key that wraps.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    fn named(algorithm: &Algorithm<'_>) -> Option<Self> {
        match algorithm.oid {
            // RFC 3565 2.3.2: parameters absent; NULL is what some write.
            _ if !algorithm.is_plain() => None,
            oid::AES128_WRAP => Some(Self::Aes128),
            oid::AES192_WRAP => Some(Self::Aes192),
            oid::AES256_WRAP => Some(Self::Aes256),
            _ => None,
        }
    }
}

/// The sender's side of one key agreement.
#[derive(Debug, Clone)]
pub(super) struct Agreement {
    pub(super) kdf: DigestAlgorithm,
    pub(super) wrap: KeyWrap,
    /// DER of the KeyWrapAlgorithm as it came: it goes into the key derivation.
    wrap_algorithm: Vec<u8>,
    /// The ephemeral key as an uncompressed or compressed point.
    pub(super) point: Vec<u8>,
}

impl Agreement {
    pub(super) fn read(originator: Tlv<'_>, algorithm: &Algorithm<'_>) -> Result<Self, CmsError> {
        let kdf = match algorithm.oid {
            oid::STD_DH_SHA1_KDF => DigestAlgorithm::Sha1,
            oid::STD_DH_SHA256_KDF => DigestAlgorithm::Sha256,
            oid::STD_DH_SHA384_KDF => DigestAlgorithm::Sha384,
            oid::STD_DH_SHA512_KDF => DigestAlgorithm::Sha512,
            _ => return Err(CmsError::AgreementAlgorithm),
        };
        let parameters = algorithm.parameters.ok_or(CmsError::WrapAlgorithm)?;
        let wrap_algorithm =
            Reader::new(parameters.raw()).algorithm().map_err(|_| CmsError::WrapAlgorithm)?;
        let wrap = KeyWrap::named(&wrap_algorithm).ok_or(CmsError::WrapAlgorithm)?;
        // OriginatorIdentifierOrKey: by certificate (SEQUENCE) or key identifier [0] is
        // a long-lived key of the sender; only originatorKey [1] is ephemeral.
        if originator.tag() == SEQUENCE || originator.tag() == context_primitive(0) {
            return Err(CmsError::StaticOriginator);
        }
        if originator.tag() != context(1) {
            return Err(CmsError::OriginatorKey);
        }
        let point = originator_point(originator.inside()).map_err(|_| CmsError::OriginatorKey)?;
        let wrap_algorithm = wrap_algorithm.whole.raw().to_vec();
        Ok(Self { kdf, wrap, wrap_algorithm, point: point.to_vec() })
    }

    /// Unwraps a content key, given the shared secret.
    pub(super) fn unwrap(
        &self,
        shared: &[u8],
        ukm: Option<&[u8]>,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        let info = shared_info::encode(&self.wrap_algorithm, ukm, self.wrap.key_len());
        let kek = primitives::x963_kdf(self.kdf, shared, &info, self.wrap.key_len());
        match self.wrap {
            KeyWrap::Aes192 => wrap192::unwrap(&kek, wrapped),
            KeyWrap::Aes128 | KeyWrap::Aes256 => primitives::key_wrap::unwrap(&kek, wrapped),
        }
    }
}

/// OriginatorPublicKey: RFC 5753 7.1.2 has the curve's parameters absent, NULL or
/// ECParameters; they say nothing that the recipient's key does not.
fn originator_point(mut inside: Reader<'_>) -> Result<&[u8], CmsError> {
    let algorithm = inside.algorithm()?;
    let key = inside.take(BIT_STRING)?;
    inside.finish()?;
    let curve_fits = match algorithm.parameters {
        None => true,
        Some(parameters) => match parameters.tag() {
            NULL => true,
            OBJECT_IDENTIFIER => parameters.content() == oid::P256,
            _ => false,
        },
    };
    match key.content().split_first() {
        Some((0, point)) if curve_fits && is_p256_point(point) => {
            if algorithm.oid == oid::EC_PUBLIC_KEY {
                Ok(point)
            } else {
                Err(CmsError::OriginatorKey)
            }
        }
        _ => Err(CmsError::OriginatorKey),
    }
}

/// Uncompressed: RFC 5753 7.2 has "MUST support", and compressed ones are not written.
/// Whether the point is on the curve shows when the key is used.
fn is_p256_point(point: &[u8]) -> bool {
    point.len() == 65 && point.first() == Some(&4)
}
