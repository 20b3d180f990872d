//! The extension identityProof has a level of NIST SP 800-63 and a date that is not
//! after the certificate begins, and stands in user certificates only.

use super::Requirement;
use crate::profile::Draft;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "identity_proof", section: "SSMAX certificates 5", is_kept };

fn is_kept(draft: &Draft) -> bool {
    draft.identity_proof.is_none_or(|proof| {
        // A day begins up to a day later elsewhere than where the clock stands.
        let latest = draft.basis.validity.not_before.date().next_day();
        draft.profile.is_user()
            && (1..=3).contains(&proof.level)
            && proof.date.year() >= 1950
            && latest.is_none_or(|latest| proof.date <= latest)
    })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use crate::lint::samples::{HANAKO, assert_breaks, assert_kept, relay_signing, user_signing};
    use crate::profile::IdentityProof;

    #[test]
    fn levels_1_to_3_pass_and_0_and_4_do_not() {
        for (level, kept) in [(0, false), (1, true), (3, true), (4, false)] {
            let mut draft = user_signing();
            draft.identity_proof = Some(IdentityProof { level, date: date!(2026 - 03 - 31) });
            if kept { assert_kept(draft) } else { assert_breaks("identity_proof", draft) }
        }
    }

    #[test]
    fn a_proof_from_the_future_is_found() {
        let mut draft = user_signing();
        draft.identity_proof = Some(IdentityProof { level: 2, date: date!(2026 - 04 - 03) });
        assert_breaks("identity_proof", draft);
    }

    #[test]
    fn a_proof_in_a_relay_certificate_is_found() {
        let mut draft = relay_signing();
        draft.identity_proof = HANAKO.identity_proof;
        assert_breaks("identity_proof", draft);
    }
}
