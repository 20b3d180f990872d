//! What kind of key a certificate is for.

use der::Decode;
use der::asn1::{ObjectIdentifier, UintRef};
use spki::SubjectPublicKeyInfoRef;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";

/// `RSAPublicKey` (RFC 8017 A.1.1).
#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// The kind and size of a public key, of whatever kind: also of one that we would not
/// use.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// RSA.
    Rsa {
        /// The length of the modulus in bits.
        bits: usize,
        /// The public exponent, if it fits.
        exponent: Option<u64>,
    },
    /// An elliptic curve named by an identifier, in dotted form.
    Ec(String),
    /// An algorithm without a size of its own, such as Ed25519, in dotted form.
    Other(String),
    /// Not to be read.
    Unreadable,
}

/// The named curves and other algorithms that have a name for people.
const NAMES: [(&str, &str); 7] = [
    ("1.2.840.10045.3.1.7", "P-256"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
];

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn from_spki(spki: &[u8]) -> Self {
        Self::read(spki).unwrap_or(Self::Unreadable)
    }

    /// `RSA 2048`, `EC P-256`, `Ed25519`, or the identifier of what has no name here.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Rsa { bits, .. } => format!("RSA {bits}"),
            Self::Ec(curve) => format!("EC {}", name(curve)),
            Self::Other(identifier) => name(identifier).to_owned(),
            Self::Unreadable => "?".to_owned(),
        }
    }

    /// Whether it is an RSA key.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        matches!(self, Self::Rsa { .. })
    }

    fn read(spki: &[u8]) -> Option<Self> {
        let spki = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
        let kind = spki.algorithm.oid.to_string();
        match kind.as_str() {
            RSA => {
                let key = RsaPublicKey::from_der(spki.subject_public_key.raw_bytes()).ok()?;
                let modulus = key.modulus.as_bytes();
                let first = modulus.first()?;
                let leading = usize::try_from(first.leading_zeros()).ok()?;
                let exponent = key.exponent.as_bytes();
                let exponent = (exponent.len() <= 8)
                    .then(|| exponent.iter().fold(0, |sum, octet| (sum << 8) | u64::from(*octet)));
                Some(Self::Rsa { bits: modulus.len() * 8 - leading, exponent })
            }
            EC => {
                let curve = spki.algorithm.parameters?.decode_as::<ObjectIdentifier>().ok()?;
                Some(Self::Ec(curve.to_string()))
            }
            _ => Some(Self::Other(kind)),
        }
    }
}

/// The name of a curve or algorithm, or the identifier itself.
fn name(identifier: &str) -> &str {
    NAMES.iter().find(|(known, _)| *known == identifier).map_or(identifier, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::{KeyAlgorithm, KeyPair};

    use super::*;

    #[test]
    fn keys_are_told_by_kind_and_size() {
        for (algorithm, text) in
            [(KeyAlgorithm::EcP256, "EC P-256"), (KeyAlgorithm::Rsa2048, "RSA 2048")]
        {
            let key = SoftwareKey::generate(algorithm).unwrap();
            assert_eq!(PublicKey::from_spki(key.spki()).text(), text);
        }
        assert_eq!(PublicKey::from_spki(&[0x30, 0]), PublicKey::Unreadable);
    }
}
