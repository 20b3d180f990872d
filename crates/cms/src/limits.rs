//! Bounds on what a message may make us do.

/// Bounds for one message. Each is the largest value still accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Levels of nested constructed encodings; 32 by default.
    pub max_depth: usize,
    /// Octets of the message; 128 MiB by default.
    pub max_bytes: usize,
    /// `SignerInfo`s in a SignedData; 16 by default.
    pub max_signers: usize,
    /// Recipients, counting each `RecipientEncryptedKey` of a key agreement; 1,000 by
    /// default.
    pub max_recipients: usize,
    /// Embedded certificates, and separately CRLs; 64 by default.
    pub max_certificates: usize,
    /// Octets that a compressed message may expand to; 32 MiB by default. Whoever opens it
    /// holds it a few times over, as it is, canonical, and joined with a header, and less
    /// than a megabyte on the wire is enough to ask for all of it.
    pub max_expanded_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 32,
            max_bytes: 128 * 1024 * 1024,
            max_signers: 16,
            max_recipients: 1_000,
            max_certificates: 64,
            max_expanded_bytes: 32 * 1024 * 1024,
        }
    }
}
