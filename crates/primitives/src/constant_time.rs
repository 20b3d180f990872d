//! Comparing and choosing without a branch on what is compared or chosen.

use std::hint::black_box;

use aws_lc_rs::constant_time::verify_slices_are_equal;

/// Whether two octet strings are equal, in a time that depends on their lengths alone.
///
/// Strings of different lengths are unequal at once: lengths are not secret here.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    verify_slices_are_equal(a, b).is_ok()
}

/// 0xFF where `a == b`, else 0x00, computed without a branch.
pub(crate) fn mask_eq(a: usize, b: usize) -> u8 {
    let difference = a ^ b;
    // The top bit of `x | -x` is set exactly when x is not zero.
    let differs = (difference | difference.wrapping_neg()) >> (usize::BITS - 1);
    to_mask(black_box(differs as u8 ^ 1))
}

/// 0xFF for 1 and 0x00 for 0. The black box keeps the optimiser from learning that the
/// mask has two values only and turning what follows back into a branch.
pub(crate) fn to_mask(bit: u8) -> u8 {
    black_box(bit & 1).wrapping_neg()
}

/// `a` where `mask` is 0xFF, `b` where it is 0x00.
pub(crate) fn choose(mask: u8, a: u8, b: u8) -> u8 {
    (a & mask) | (b & !mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_octets_of_equal_length_are_equal_and_nothing_else_is() {
        assert!(constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"abcd"));
    }

    #[test]
    fn a_mask_is_all_ones_for_equal_numbers_and_zero_otherwise() {
        assert_eq!(mask_eq(7, 7), 0xff);
        assert_eq!(mask_eq(0, 0), 0xff);
        for other in [0, 6, 8, 0x100, usize::MAX, 1 << 63] {
            assert_eq!(mask_eq(7, other), 0);
        }
        assert_eq!(to_mask(1), 0xff);
        assert_eq!(to_mask(0), 0);
        assert_eq!(choose(0xff, 1, 2), 1);
        assert_eq!(choose(0, 1, 2), 2);
    }
}
