//! The symmetric key one message is encrypted with.

use std::fmt;

use ssmax_token::Random;
use zeroize::Zeroizing;

use crate::constant_time_eq;

/// The symmetric key one message is encrypted with (content-encryption key, RFC 5652
/// section 6). Wiped when dropped, never shown by `Debug`, compared in constant time.
#[derive(Clone)]
pub struct ContentKey(Zeroizing<Vec<u8>>);

impl ContentKey {
    /// Takes the octets over as a key. Any length is accepted; a cipher refuses what
    /// does not fit it.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// A fresh key of `len` octets.
    #[must_use]
    pub fn random(random: &dyn Random, len: usize) -> Self {
        let mut octets = Zeroizing::new(vec![0; len]);
        random.fill(&mut octets);
        Self(octets)
    }

    /// The key's octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for ContentKey {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl Eq for ContentKey {}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn debug_output_of_a_content_key_shows_nothing_of_it() {
        let key = ContentKey::new(vec![0xab; 16]);
        assert_eq!(format!("{key:?}"), "ContentKey { .. }");
    }

    #[test]
    fn random_keys_have_the_length_asked_for_and_differ() {
        let first = ContentKey::random(&SystemRandom, 32);
        let second = ContentKey::random(&SystemRandom, 32);
        assert_eq!(first.as_bytes().len(), 32);
        assert_ne!(first, second);
        assert_eq!(first, first.clone());
    }
}
