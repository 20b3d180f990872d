//! The elliptic curves of NIST (RFC 5480) that mail uses.

use aws_lc_rs::agreement::{self, ParsedPublicKey, UnparsedPublicKey};
use aws_lc_rs::signature::{self, EcdsaSigningAlgorithm};
use der::asn1::ObjectIdentifier;
use ssmax_token::{KeyAlgorithm, SignatureAlgorithm};

use crate::KeyError;

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// The DER of a `SubjectPublicKeyInfo` up to the point (RFC 5480 2), by curve.
const P256_SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const P384_SPKI_PREFIX: [u8; 23] = [
    0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00,
];
const P521_SPKI_PREFIX: [u8; 25] = [
    0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05,
    0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
];

/// A curve of NIST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The curve with this identifier (RFC 5480 2.1.1.1).
    pub(crate) fn named(oid: ObjectIdentifier) -> Option<Self> {
        match oid {
            P256 => Some(Self::P256),
            P384 => Some(Self::P384),
            P521 => Some(Self::P521),
            _ => None,
        }
    }

    pub(crate) fn key_algorithm(self) -> KeyAlgorithm {
        match self {
            Self::P256 => KeyAlgorithm::EcP256,
            Self::P384 => KeyAlgorithm::EcP384,
            Self::P521 => KeyAlgorithm::EcP521,
        }
    }

    pub(crate) fn ecdh(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &agreement::ECDH_P256,
            Self::P384 => &agreement::ECDH_P384,
            Self::P521 => &agreement::ECDH_P521,
        }
    }

    /// The hash as strong as the curve, and how the library signs with it (FIPS 186-5
    /// 6.1.1).
    pub(crate) fn default_signature(self) -> SignatureAlgorithm {
        match self {
            Self::P256 => SignatureAlgorithm::EcdsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaSha384,
            Self::P521 => SignatureAlgorithm::EcdsaSha512,
        }
    }

    /// How the library signs on this curve; none for the hashes that it does not offer.
    pub(crate) fn signing(
        self,
        with: SignatureAlgorithm,
    ) -> Option<&'static EcdsaSigningAlgorithm> {
        use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512};
        Some(match (self, with) {
            (Self::P256, EcdsaSha256) => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            (Self::P384, EcdsaSha384) => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            (Self::P521, EcdsaSha256) => &signature::ECDSA_P521_SHA256_ASN1_SIGNING,
            (Self::P521, EcdsaSha384) => &signature::ECDSA_P521_SHA384_ASN1_SIGNING,
            (Self::P521, EcdsaSha512) => &signature::ECDSA_P521_SHA512_ASN1_SIGNING,
            _ => return None,
        })
    }

    /// Octets of an uncompressed point: 0x04, x, y (SEC 1 2.3.3).
    pub(crate) fn point_octets(self) -> usize {
        match self {
            Self::P256 => 65,
            Self::P384 => 97,
            Self::P521 => 133,
        }
    }

    /// The DER `SubjectPublicKeyInfo` of an uncompressed point, which is not checked.
    pub(crate) fn spki(self, point: &[u8]) -> Vec<u8> {
        let prefix = match self {
            Self::P256 => &P256_SPKI_PREFIX[..],
            Self::P384 => &P384_SPKI_PREFIX,
            Self::P521 => &P521_SPKI_PREFIX,
        };
        [prefix, point].concat()
    }

    /// Whether `point` is uncompressed and on the curve. The library checks the curve's
    /// equation; its leniency towards other forms is not wanted, as one key must have
    /// one encoding.
    pub(crate) fn check_point(self, point: &[u8]) -> Result<(), KeyError> {
        match point.first() {
            Some(0x04) if point.len() == self.point_octets() => {}
            Some(0x02 | 0x03 | 0x06 | 0x07) => return Err(KeyError::UnsupportedPointForm),
            _ => return Err(KeyError::Malformed),
        }
        ParsedPublicKey::try_from(UnparsedPublicKey::new(self.ecdh(), point))
            .map(drop)
            .map_err(|_| KeyError::PointNotOnCurve)
    }
}
