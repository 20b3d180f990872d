//! Relay certificates: the encryption one runs at most 400 days, because the
//! submission key behind it must stay usable as long; the signing one at most ten
//! years, so that old mail stays good in mailers.

use time::Duration;

use super::Requirement;
use crate::profile::{Draft, Profile};

const LONGEST_ENCRYPTION: Duration = Duration::days(400);
/// Ten years with three leap days.
const LONGEST_SIGNING: Duration = Duration::days(3653);

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "relay_validity", section: "SSMAX certificates 3.2", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let longest = match draft.profile {
        Profile::RelayEncryption => LONGEST_ENCRYPTION,
        Profile::RelaySigning => LONGEST_SIGNING,
        _ => return true,
    };
    draft.basis.validity.length() <= longest
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use crate::lint::samples::{
        assert_breaks, assert_kept, basis, relay_encryption, relay_signing,
    };

    #[test]
    fn a_relay_encryption_certificate_of_400_days_passes_and_one_second_more_does_not() {
        assert_kept(relay_encryption());
        let mut draft = relay_encryption();
        draft.basis.validity.not_after += Duration::SECOND;
        assert_breaks("relay_validity", draft);
    }

    #[test]
    fn a_relay_signing_certificate_of_ten_years_passes_and_of_eleven_does_not() {
        let mut draft = relay_signing();
        draft.basis = basis(3653);
        assert_kept(draft.clone());
        draft.basis = basis(3654);
        assert_breaks("relay_validity", draft);
    }
}
