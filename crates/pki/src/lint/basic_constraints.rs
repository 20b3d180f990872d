//! RFC 5280 4.2.1.9: a CA is a CA with the path length of its profile, and nobody
//! else is one.

use super::Requirement;
use crate::profile::{Draft, Profile};

pub(super) const REQUIREMENT: Requirement = Requirement {
    name: "basic_constraints",
    section: "RFC 5280 4.2.1.9, SSMAX certificates 4",
    is_kept,
};

fn is_kept(draft: &Draft) -> bool {
    let path_len = match draft.profile {
        Profile::IssuingCa => Some(1),
        Profile::MemberCa | Profile::SealCa | Profile::TransportCa => Some(0),
        _ => None,
    };
    draft.is_ca == draft.profile.is_ca() && draft.path_len == path_len
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, member_ca, user_signing};

    #[test]
    fn a_user_who_would_be_a_ca_is_found() {
        let mut draft = user_signing();
        draft.is_ca = true;
        assert_breaks("basic_constraints", draft);
    }

    #[test]
    fn a_member_ca_with_room_for_another_ca_below_is_found() {
        for path_len in [None, Some(1)] {
            let mut draft = member_ca();
            draft.path_len = path_len;
            assert_breaks("basic_constraints", draft);
        }
    }
}
