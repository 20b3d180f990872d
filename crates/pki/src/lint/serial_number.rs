//! S/MIME BR 7.1: serial numbers are positive and unpredictable. RFC 5280 4.1.2.2:
//! at most 20 octets.

use super::Requirement;
use crate::profile::Draft;

/// 64 random bits are the least that S/MIME BR 7.1 allows.
const MIN_BYTES: usize = 8;
const MAX_BYTES: usize = 20;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "serial_number", section: "RFC 5280 4.1.2.2, S/MIME BR 7.1", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let serial = &draft.basis.serial;
    // Positive, and minimal DER: the first octet is neither zero nor has its top bit.
    (MIN_BYTES..=MAX_BYTES).contains(&serial.len())
        && serial.first().is_some_and(|first| (1..0x80).contains(first))
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, assert_kept, user_signing};

    #[test]
    fn serials_of_8_and_20_octets_pass_and_of_7_and_21_do_not() {
        for length in [8, 20] {
            let mut draft = user_signing();
            draft.basis.serial = vec![1; length];
            assert_kept(draft);
        }
        for length in [0, 7, 21] {
            let mut draft = user_signing();
            draft.basis.serial = vec![1; length];
            assert_breaks("serial_number", draft);
        }
    }

    #[test]
    fn a_negative_serial_or_one_with_a_leading_zero_is_found() {
        for first in [0, 0x80] {
            let mut draft = user_signing();
            draft.basis.serial[0] = first;
            assert_breaks("serial_number", draft);
        }
    }
}
