//! S/MIME BR appendix A: an organizationIdentifier is scheme, country and number.
//! Ours is `NTRJP-` with the corporate number (法人番号), its check digit verified.

use super::Requirement;
use crate::profile::Draft;

const PREFIX: &str = "NTRJP-";

pub(super) const REQUIREMENT: Requirement = Requirement {
    name: "organization_identifier",
    section: "S/MIME BR appendix A, SSMAX certificates 3.3",
    is_kept,
};

/// Whether `number` is a corporate number (法人番号): 13 ASCII digits, the first of
/// which is the check digit 9 - (sum mod 9) over the others, weighted 1, 2, 1, 2, ...
/// from the right (Ordinance on corporate numbers, article 2).
#[must_use]
pub fn is_corporate_number(number: &str) -> bool {
    let Some((check, digits)) = number.as_bytes().split_first() else {
        return false;
    };
    if number.len() != 13 || !number.bytes().all(|octet| octet.is_ascii_digit()) {
        return false;
    }
    let weights = [1u32, 2].into_iter().cycle();
    let sum: u32 = digits
        .iter()
        .rev()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    u32::from(check - b'0') == 9 - sum % 9
}

fn is_kept(draft: &Draft) -> bool {
    draft
        .subject
        .organization_identifier
        .as_deref()
        .is_none_or(|identifier| identifier.strip_prefix(PREFIX).is_some_and(is_corporate_number))
}

#[cfg(test)]
mod tests {
    use super::is_corporate_number;
    use crate::lint::samples::{assert_breaks, organisation_signing};

    #[test]
    fn the_check_digit_decides() {
        assert!(is_corporate_number("7000012050002"));
        for number in ["8000012050002", "700001205000", "70000120500022", "", "700001205000x"] {
            assert!(!is_corporate_number(number), "{number}");
        }
    }

    #[test]
    fn another_scheme_country_or_number_is_found() {
        for identifier in
            ["7000012050002", "VATJP-7000012050002", "NTRDE-7000012050002", "NTRJP-7000012050003"]
        {
            let mut draft = organisation_signing();
            draft.subject.organization_identifier = Some(identifier.into());
            assert_breaks("organization_identifier", draft);
        }
    }
}
