//! RFC 5280 4.1.2.5: a certificate ends after it begins, in years that X.509 can
//! write.

use super::Requirement;
use crate::profile::Draft;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "validity_order", section: "RFC 5280 4.1.2.5", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let validity = draft.basis.validity;
    validity.not_before < validity.not_after
        && validity.not_before.year() >= 1950
        && validity.not_after.year() <= 9999
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, user_signing};

    #[test]
    fn a_certificate_that_ends_as_it_begins_is_found() {
        let mut draft = user_signing();
        draft.basis.validity.not_after = draft.basis.validity.not_before;
        assert_breaks("validity_order", draft);
    }
}
