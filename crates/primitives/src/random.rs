//! The operating system's random numbers as the library keeps them.

use ssmax_token::Random;

/// The library's generator, seeded by the operating system. Fit for keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// Fills `out` with random octets.
    ///
    /// # Panics
    /// When the library has no entropy. Going on would mean predictable keys, and no
    /// caller could do better than stop.
    #[expect(clippy::expect_used, reason = "going on without entropy would be worse than stopping")]
    fn fill(&self, out: &mut [u8]) {
        aws_lc_rs::rand::fill(out).expect("the system's source of randomness failed");
    }
}
