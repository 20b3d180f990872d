//! The key usage extension (RFC 5280 4.2.1.3).

use std::ops::BitOr;

use der::flagset::FlagSet;
use x509_cert::ext::pkix::KeyUsages;

/// A set of key usage bits (RFC 5280 4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Signatures other than those on certificates and CRLs.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// contentCommitment, once named nonRepudiation.
    pub const CONTENT_COMMITMENT: Self = Self(1 << 1);
    /// Wrapping of content keys with RSA.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// Encryption of content itself, which nobody does.
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// Agreement on content keys with ECDH.
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// Signatures on certificates.
    pub const CERT_SIGN: Self = Self(1 << 5);
    /// Signatures on CRLs.
    pub const CRL_SIGN: Self = Self(1 << 6);
    /// Beside key agreement: for encryption only.
    pub const ENCIPHER_ONLY: Self = Self(1 << 7);
    /// Beside key agreement: for decryption only.
    pub const DECIPHER_ONLY: Self = Self(1 << 8);

    /// Whether every bit of `other` is set here.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether at least one bit of `other` is set here.
    #[must_use]
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The names of the bits that are set, as RFC 5280 4.2.1.3 has them.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        const NAMES: [&str; 9] = [
            "digitalSignature",
            "contentCommitment",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly",
        ];
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        set.map(|(_, name)| *name).collect()
    }

    pub(crate) fn to_flags(self) -> FlagSet<KeyUsages> {
        // Bits that the RFC does not define cannot be set through our constants.
        FlagSet::<KeyUsages>::new_truncated(self.0)
    }

    pub(crate) fn from_flags(flags: FlagSet<KeyUsages>) -> Self {
        Self(flags.bits())
    }
}

impl BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
