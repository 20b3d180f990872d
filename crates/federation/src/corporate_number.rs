//! The Japanese corporate number (法人番号) and the member id made from it.

/// Digits of a corporate number: one check digit, then twelve that are assigned.
const DIGITS: usize = 13;

/// What precedes the number in a member id: ETSI EN 319 412-1 5.1.4, identity type
/// `NTR` (national trade register), country `JP`.
const ID_PREFIX: &str = "NTRJP-";

/// Whether `number` is thirteen ASCII digits of which the first checks the others.
///
/// Nothing is trimmed and no full-width digit is read: what two programs could read
/// differently is not a number.
#[must_use]
pub fn corporate_number_is_valid(number: &str) -> bool {
    // The lint of certificates has the same rule: one place decides.
    ssmax_pki::lint::is_corporate_number(number)
}

/// The check digit (`'1'` to `'9'`) of twelve assigned digits; `None` when `assigned`
/// is not twelve ASCII digits.
///
/// Ordinance on the corporate number (法人番号の指定等に関する省令), article 2: nine
/// minus the remainder by nine of the sum of the digits, counted from the last, the
/// even ones doubled.
#[must_use]
pub fn corporate_number_check_digit(assigned: &str) -> Option<char> {
    if assigned.len() != DIGITS - 1 || !assigned.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let sum: u32 = (assigned.bytes().rev())
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    char::from_digit(9 - sum % 9, 10)
}

/// The member id of a corporate number: `NTRJP-` and its thirteen digits. It stands in
/// the certificates as `organizationIdentifier`. The number is not checked here.
#[must_use]
pub fn member_id(corporate_number: &str) -> String {
    format!("{ID_PREFIX}{corporate_number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_public_bodies_are_valid() {
        // National Tax Agency; Digital Agency.
        for number in ["7000012050002", "8000012010038"] {
            assert!(corporate_number_is_valid(number), "{number}");
        }
    }

    #[test]
    fn every_change_of_the_check_digit_is_noticed() {
        for digit in "012345689".chars() {
            assert!(!corporate_number_is_valid(&format!("{digit}000012050002")), "{digit}");
        }
    }

    #[test]
    fn what_is_not_thirteen_ascii_digits_is_no_number() {
        for number in [
            "",
            "7",
            "700001205000",
            "70000120500020",
            " 7000012050002",
            "7000012050002\n",
            "700001205000x",
            "７000012050002",
            "7０00012050002",
            "é00001205000",
        ] {
            assert!(!corporate_number_is_valid(number), "{number:?}");
        }
    }

    #[test]
    fn the_id_is_the_trade_register_prefix_and_the_number() {
        assert_eq!(member_id("7000012050002"), "NTRJP-7000012050002");
    }
}
