//! Digests and message authentication codes.

use std::fmt;

use aws_lc_rs::digest as library;
use aws_lc_rs::hmac;

/// A hash function of the SHA family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-1, 20 octets. Only where a format demands it (key identifiers, the KDF of old
    /// mailers); never for signatures.
    Sha1,
    /// SHA-224, 28 octets. Only where a format has it (a KDF of RFC 5753).
    Sha224,
    /// SHA-256, 32 octets.
    Sha256,
    /// SHA-384, 48 octets.
    Sha384,
    /// SHA-512, 64 octets.
    Sha512,
}

impl DigestAlgorithm {
    /// The length of the digest in octets.
    #[must_use]
    pub fn output_len(self) -> usize {
        self.library().output_len()
    }

    pub(crate) fn library(self) -> &'static library::Algorithm {
        match self {
            Self::Sha1 => &library::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &library::SHA224,
            Self::Sha256 => &library::SHA256,
            Self::Sha384 => &library::SHA384,
            Self::Sha512 => &library::SHA512,
        }
    }
}

/// SHA-1 of `data`, for key identifiers only (RFC 5280 4.2.1.2): nothing that must
/// withstand a collision may rest on it.
#[must_use]
pub fn sha1(data: &[u8]) -> [u8; 20] {
    fixed(&library::digest(&library::SHA1_FOR_LEGACY_USE_ONLY, data))
}

/// SHA-256 of `data`.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    fixed(&library::digest(&library::SHA256, data))
}

/// The digest of `data` by the algorithm told, [`DigestAlgorithm::output_len`] octets.
#[must_use]
pub fn digest(algorithm: DigestAlgorithm, data: &[u8]) -> Vec<u8> {
    library::digest(algorithm.library(), data).as_ref().to_vec()
}

/// SHA-256 over what comes in pieces.
#[derive(Clone)]
pub struct Sha256(library::Context);

impl Sha256 {
    /// A digest of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(library::Context::new(&library::SHA256))
    }

    /// Adds the next piece.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of all pieces in their order.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        fixed(&self.0.finish())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sha256").finish_non_exhaustive()
    }
}

/// HMAC-SHA-256 (RFC 2104) over the concatenation of `parts`.
///
/// Nothing marks where a part ends: a caller whose parts vary in length prefixes them
/// with their lengths. Compare the result with [`crate::constant_time_eq`].
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    fixed(&context.sign())
}

/// HMAC-SHA-1 (RFC 2104) over `message`: what one-time codes are made with (RFC 4226 5.2),
/// and for no other purpose. What breaks SHA-1 are collisions, which an HMAC does not rest on
/// (RFC 4226, appendix B).
#[must_use]
pub fn hmac_sha1(key: &[u8], message: &[u8]) -> [u8; 20] {
    fixed(&hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), message))
}

/// The library's digests know their length at run time only; here it is in the type.
fn fixed<const N: usize>(octets: &impl AsRef<[u8]>) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(octets.as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_agree_with_the_examples_of_fips_180() {
        assert_eq!(hex::encode(sha1(b"abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            hex::encode(sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex::encode(digest(DigestAlgorithm::Sha384, b"abc")),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
             8086072ba1e7cc2358baeca134c825a7"
        );
        assert_eq!(
            hex::encode(digest(DigestAlgorithm::Sha512, b"abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assert_eq!(digest(DigestAlgorithm::Sha1, b"abc"), sha1(b"abc"));
    }

    #[test]
    fn every_algorithm_tells_the_length_of_its_digests() {
        for (algorithm, len) in [
            (DigestAlgorithm::Sha1, 20),
            (DigestAlgorithm::Sha224, 28),
            (DigestAlgorithm::Sha256, 32),
            (DigestAlgorithm::Sha384, 48),
            (DigestAlgorithm::Sha512, 64),
        ] {
            assert_eq!(algorithm.output_len(), len);
            assert_eq!(digest(algorithm, b"").len(), len);
        }
    }

    #[test]
    fn a_digest_in_pieces_equals_the_digest_of_the_whole() {
        let mut pieces = Sha256::new();
        for piece in [&b"a"[..], b"", b"bc"] {
            pieces.update(piece);
        }
        assert_eq!(pieces.finish(), sha256(b"abc"));
        assert_eq!(Sha256::default().finish(), sha256(b""));
    }

    #[test]
    fn hmac_sha1_agrees_with_rfc_2202() {
        let want = "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79";
        assert_eq!(hex::encode(hmac_sha1(b"Jefe", b"what do ya want for nothing?")), want);
        let want = "aa4ae5e15272d00e95705637ce8a3b55ed402112";
        let message = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(hex::encode(hmac_sha1(&[0xaa; 80], message)), want);
    }

    #[test]
    fn hmac_agrees_with_rfc_4231_however_the_message_is_cut() {
        let want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let message = b"what do ya want for nothing?";
        for cut in 0..message.len() {
            let (head, tail) = message.split_at(cut);
            assert_eq!(hex::encode(hmac_sha256(b"Jefe", &[head, tail])), want);
        }
        // Case 6: a key longer than one block.
        let mac =
            hmac_sha256(&[0xaa; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(
            hex::encode(mac),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
