//! A SHA-256 value that reads as hexadecimal in JSON and as octets elsewhere.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

/// A SHA-256 digest. Two are compared in public: none of them is a secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

/// A text is not a SHA-256 digest: 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 digest in 64 lower-case hexadecimal digits")]
pub struct DigestFault;

impl Digest {
    /// The digest of `octets`.
    #[must_use]
    pub fn of(octets: &[u8]) -> Self {
        Self(ssmax_primitives::sha256(octets))
    }

    /// The digest of a sequence of fields, each prefixed with its length as eight
    /// octets, so that no two sequences share an input.
    #[must_use]
    pub fn of_fields(label: &str, fields: &[&[u8]]) -> Self {
        let mut hash = ssmax_primitives::Sha256::new();
        hash.update(label.as_bytes());
        for field in fields {
            hash.update(&(field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Self(hash.finish())
    }

    /// Reads 64 lower-case hexadecimal digits; upper case is refused, so that one
    /// value has one text.
    ///
    /// # Errors
    /// [`DigestFault`] for anything else.
    pub fn from_hex(text: &str) -> Result<Self, DigestFault> {
        if text.bytes().any(|octet| octet.is_ascii_uppercase()) {
            return Err(DigestFault);
        }
        let mut value = [0; 32];
        hex::decode_to_slice(text, &mut value).map_err(|_| DigestFault)?;
        Ok(Self(value))
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, out)
    }
}

impl From<[u8; 32]> for Digest {
    fn from(value: [u8; 32]) -> Self {
        Self(value)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Octets;
        impl Visitor<'_> for Octets {
            type Value = Digest;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a SHA-256 digest")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Digest, E> {
                Digest::from_hex(text).map_err(E::custom)
            }
            fn visit_bytes<E: de::Error>(self, octets: &[u8]) -> Result<Digest, E> {
                octets.try_into().map(Digest).map_err(|_| E::custom(DigestFault))
            }
            fn visit_byte_buf<E: de::Error>(self, octets: Vec<u8>) -> Result<Digest, E> {
                self.visit_bytes(&octets)
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Octets)
        } else {
            deserializer.deserialize_bytes(Octets)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_text() {
        let text = "a".repeat(64);
        assert_eq!(Digest::from_hex(&text).unwrap().to_string(), text);
        assert_eq!(Digest::from_hex(&"A".repeat(64)), Err(DigestFault));
        assert_eq!(Digest::from_hex(&"a".repeat(63)), Err(DigestFault));
    }

    #[test]
    fn fields_cannot_be_shifted_into_one_another() {
        assert_ne!(Digest::of_fields("x", &[b"ab", b"c"]), Digest::of_fields("x", &[b"a", b"bc"]));
    }
}
