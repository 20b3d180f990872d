//! Ephemeral-static ECDH (RFC 5753 3.1, 7.1; RFC 8418 for X25519).

use ssmax_primitives::{self as primitives, CipherError, DigestAlgorithm};
use ssmax_token::KeyAlgorithm;
use zeroize::Zeroizing;

use super::shared_info;
use crate::{
    CmsError, oid,
    tlv::{Algorithm, Reader, Tlv},
    write::{BIT_STRING, NULL, OBJECT_IDENTIFIER, SEQUENCE, context, context_primitive},
};

/// A curve on which keys are agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Curve {
    /// P-256 (secp256r1).
    P256,
    /// P-384 (secp384r1).
    P384,
    /// P-521 (secp521r1).
    P521,
    /// X25519 (RFC 7748).
    X25519,
}

impl Curve {
    const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::X25519];

    /// The curve that keys of this kind are on, `None` for those that do not agree.
    #[must_use]
    pub fn of(algorithm: KeyAlgorithm) -> Option<Self> {
        match algorithm {
            KeyAlgorithm::EcP256 => Some(Self::P256),
            KeyAlgorithm::EcP384 => Some(Self::P384),
            KeyAlgorithm::EcP521 => Some(Self::P521),
            KeyAlgorithm::X25519 => Some(Self::X25519),
            _ => None,
        }
    }

    /// The key derivation that is written for this curve: the hash as strong as it is.
    #[must_use]
    pub fn default_kdf(self) -> AgreementKdf {
        AgreementKdf::X963(match self {
            Self::P256 | Self::X25519 => DigestAlgorithm::Sha256,
            Self::P384 => DigestAlgorithm::Sha384,
            Self::P521 => DigestAlgorithm::Sha512,
        })
    }

    /// Octets of a public key: an uncompressed point, or the u-coordinate.
    fn public_key_len(self) -> usize {
        match self {
            Self::P256 => 65,
            Self::P384 => 97,
            Self::P521 => 133,
            Self::X25519 => 32,
        }
    }

    /// Identifier of the key type, in `OriginatorPublicKey`.
    pub(super) fn key_type(self) -> &'static [u8] {
        match self {
            Self::P256 | Self::P384 | Self::P521 => oid::EC_PUBLIC_KEY,
            Self::X25519 => oid::X25519,
        }
    }

    fn named(curve: &[u8]) -> Option<Self> {
        match curve {
            oid::P256 => Some(Self::P256),
            oid::P384 => Some(Self::P384),
            oid::P521 => Some(Self::P521),
            _ => None,
        }
    }
}

/// How the key that wraps is derived from the shared secret. The `ukm` goes into it
/// always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgreementKdf {
    /// X9.63 (RFC 5753 7.1.4). Read under the names of standard and of cofactor ECDH: the
    /// curves here have cofactor 1, or clear theirs, so both are one computation.
    X963(DigestAlgorithm),
    /// HKDF (RFC 8418 2.2).
    Hkdf(DigestAlgorithm),
}

impl AgreementKdf {
    /// Those that are written, the weakest hash first: the one place that pairs them with
    /// their identifiers.
    const NAMES: [(Self, &'static [u8]); 8] = [
        (Self::X963(DigestAlgorithm::Sha1), oid::STD_DH_SHA1_KDF),
        (Self::X963(DigestAlgorithm::Sha224), oid::STD_DH_SHA224_KDF),
        (Self::X963(DigestAlgorithm::Sha256), oid::STD_DH_SHA256_KDF),
        (Self::X963(DigestAlgorithm::Sha384), oid::STD_DH_SHA384_KDF),
        (Self::X963(DigestAlgorithm::Sha512), oid::STD_DH_SHA512_KDF),
        (Self::Hkdf(DigestAlgorithm::Sha256), oid::STD_DH_HKDF_SHA256),
        (Self::Hkdf(DigestAlgorithm::Sha384), oid::STD_DH_HKDF_SHA384),
        (Self::Hkdf(DigestAlgorithm::Sha512), oid::STD_DH_HKDF_SHA512),
    ];

    const COFACTOR_NAMES: [(Self, &'static [u8]); 5] = [
        (Self::X963(DigestAlgorithm::Sha1), oid::COFACTOR_DH_SHA1_KDF),
        (Self::X963(DigestAlgorithm::Sha224), oid::COFACTOR_DH_SHA224_KDF),
        (Self::X963(DigestAlgorithm::Sha256), oid::COFACTOR_DH_SHA256_KDF),
        (Self::X963(DigestAlgorithm::Sha384), oid::COFACTOR_DH_SHA384_KDF),
        (Self::X963(DigestAlgorithm::Sha512), oid::COFACTOR_DH_SHA512_KDF),
    ];

    pub(crate) fn named(oid: &[u8]) -> Option<Self> {
        let mut names = Self::NAMES.iter().chain(&Self::COFACTOR_NAMES);
        names.find(|(_, name)| *name == oid).map(|(kdf, _)| *kdf)
    }

    /// The identifier to write, of standard ECDH; none for HKDF with a hash that no
    /// scheme has.
    pub(crate) fn oid(self) -> Option<&'static [u8]> {
        Self::NAMES.iter().find(|(kdf, _)| *kdf == self).map(|(_, name)| *name)
    }

    /// The key that wraps, from the shared secret.
    pub(super) fn derive(
        self,
        shared: &[u8],
        ukm: Option<&[u8]>,
        wrap_algorithm: &[u8],
        len: usize,
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        let info = shared_info::encode(wrap_algorithm, ukm, len);
        match self {
            Self::X963(hash) => Ok(primitives::x963_kdf(hash, shared, &info, len)),
            // RFC 8418 2.2: the ukm is the salt as well.
            Self::Hkdf(hash) => {
                let salt = ukm.unwrap_or_default();
                primitives::hkdf(hash, salt, shared, &info, len).ok_or(CipherError)
            }
        }
    }
}

/// AES key wrap (RFC 3394), by the length of the key that wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyWrap {
    /// 128 bits.
    Aes128,
    /// 192 bits.
    Aes192,
    /// 256 bits: what is written.
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

    pub(crate) fn oid(self) -> &'static [u8] {
        match self {
            Self::Aes128 => oid::AES128_WRAP,
            Self::Aes192 => oid::AES192_WRAP,
            Self::Aes256 => oid::AES256_WRAP,
        }
    }

    pub(crate) fn named(algorithm: &Algorithm<'_>) -> Option<Self> {
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
    pub(super) curve: Curve,
    pub(super) kdf: AgreementKdf,
    pub(super) wrap: KeyWrap,
    /// DER of the KeyWrapAlgorithm as it came: it goes into the key derivation.
    wrap_algorithm: Vec<u8>,
    /// The ephemeral key: an uncompressed point, or 32 octets for X25519.
    pub(super) point: Vec<u8>,
}

impl Agreement {
    pub(super) fn read(originator: Tlv<'_>, algorithm: &Algorithm<'_>) -> Result<Self, CmsError> {
        let kdf = AgreementKdf::named(algorithm.oid).ok_or(CmsError::AgreementAlgorithm)?;
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
        let (curve, point) = originator_key(originator.inside())?;
        let wrap_algorithm = wrap_algorithm.whole.raw().to_vec();
        Ok(Self { curve, kdf, wrap, wrap_algorithm, point: point.to_vec() })
    }

    /// Unwraps a content key, given the shared secret.
    pub(super) fn unwrap(
        &self,
        shared: &[u8],
        ukm: Option<&[u8]>,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        let len = self.wrap.key_len();
        let kek = self.kdf.derive(shared, ukm, &self.wrap_algorithm, len)?;
        primitives::key_wrap::unwrap(&kek, wrapped)
    }
}

/// OriginatorPublicKey. RFC 5753 7.1.2 has the curve's parameters absent, NULL or
/// ECParameters; without a name, the length of the point tells the curve. RFC 8418 3.1:
/// for X25519 they are absent.
fn originator_key(inside: Reader<'_>) -> Result<(Curve, &[u8]), CmsError> {
    let (algorithm, key) = originator_parts(inside).map_err(|_| CmsError::OriginatorKey)?;
    let named = match (algorithm.oid, algorithm.parameters) {
        (oid::X25519, None) => Some(Curve::X25519),
        (oid::EC_PUBLIC_KEY, None) => None,
        (oid::EC_PUBLIC_KEY, Some(parameters)) => match parameters.tag() {
            NULL => None,
            OBJECT_IDENTIFIER => {
                Some(Curve::named(parameters.content()).ok_or(CmsError::OriginatorKey)?)
            }
            _ => return Err(CmsError::OriginatorKey),
        },
        _ => return Err(CmsError::OriginatorKey),
    };
    if algorithm.oid == oid::EC_PUBLIC_KEY {
        match key.first() {
            Some(4) => {}
            Some(2 | 3) => return Err(CmsError::CompressedPoint),
            _ => return Err(CmsError::OriginatorKey),
        }
    }
    let mut curves = Curve::ALL.into_iter().filter(|curve| curve.key_type() == algorithm.oid);
    let curve = curves.find(|curve| curve.public_key_len() == key.len());
    // Whether the point is on the curve shows when the key is used.
    match curve {
        Some(curve) if named.is_none_or(|named| named == curve) => Ok((curve, key)),
        _ => Err(CmsError::OriginatorKey),
    }
}

fn originator_parts<'a>(mut inside: Reader<'a>) -> Result<(Algorithm<'a>, &'a [u8]), CmsError> {
    let algorithm = inside.algorithm()?;
    let key = inside.take(BIT_STRING)?;
    inside.finish()?;
    match key.content().split_first() {
        Some((0, key)) => Ok((algorithm, key)),
        _ => Err(CmsError::Malformed),
    }
}
