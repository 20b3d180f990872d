//! S/MIME BR 6.3.2: user certificates of the strict and multipurpose generations are
//! valid for at most 825 days. Organisation certificates keep the same bound.

use time::Duration;

use super::Requirement;
use crate::profile::{Draft, Profile};

const LONGEST: Duration = Duration::days(825);

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "user_validity", section: "S/MIME BR 6.3.2", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let bound = draft.profile.is_user()
        || draft.profile.is_organisation()
        || draft.profile == Profile::ListSigner;
    !bound || draft.basis.validity.length() <= LONGEST
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use crate::lint::samples::{
        assert_breaks, assert_kept, organisation_signing, user_encryption, user_signing,
    };

    #[test]
    fn a_user_certificate_of_825_days_passes_and_one_second_more_does_not() {
        for mut draft in [user_signing(), user_encryption(), organisation_signing()] {
            assert_kept(draft.clone());
            draft.basis.validity.not_after += Duration::SECOND;
            assert_breaks("user_validity", draft);
        }
    }
}
