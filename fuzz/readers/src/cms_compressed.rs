//! CompressedData.
//!
//! Property: what expands is no larger than its bounds, and expands alike again.

use ssmax_cms::Limits;
use ssmax_cms::compressed::{FREE_BYTES, MAX_RATIO, decompress, is_compressed};

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Cms];
pub(crate) const ROUNDS: usize = 1000;

/// Small, so that the bound is met.
const MAX_EXPANDED_BYTES: usize = 256 * 1024;

/// Expands the octets.
pub fn run(octets: &[u8]) {
    let limits = Limits { max_expanded_bytes: MAX_EXPANDED_BYTES, ..Limits::default() };
    let Ok(content) = decompress(octets, &limits) else { return };
    assert!(is_compressed(octets), "expanded, and not compressed");
    assert!(content.len() <= MAX_EXPANDED_BYTES, "beyond the bound");
    let by_ratio = octets.len().saturating_mul(MAX_RATIO).max(FREE_BYTES);
    assert!(content.len() <= by_ratio, "beyond the ratio");
    assert_eq!(decompress(octets, &limits), Ok(content));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_expands() {
        let seed = include_bytes!("../../seeds/cms_compressed/words.der");
        assert_eq!(decompress(seed, &Limits::default()).as_deref(), Ok(&b"words ".repeat(100)[..]));
    }
}
