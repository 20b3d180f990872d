//! S/MIME BR 7.1.5: the member CA is confined to the member's mail domains, the seal
//! CA is kept out of them; no other profile has name constraints.

use super::Requirement;
use crate::address;
use crate::profile::{Draft, Profile};

pub(super) const REQUIREMENT: Requirement = Requirement {
    name: "name_constraints",
    section: "S/MIME BR 7.1.5, RFC 5280 4.2.1.10",
    is_kept,
};

fn is_kept(draft: &Draft) -> bool {
    let (permitted, excluded) = (&draft.permitted_domains, &draft.excluded_domains);
    let numbers = match draft.profile {
        Profile::MemberCa => !permitted.is_empty() && excluded.is_empty(),
        Profile::SealCa => permitted.is_empty() && !excluded.is_empty(),
        _ => permitted.is_empty() && excluded.is_empty(),
    };
    // An empty constraint or one that begins with a dot would mean every domain, or
    // every host below one, instead of the one mail domain.
    let is_mail_domain =
        |domain: &String| address::is_domain(domain) && *domain == domain.to_ascii_lowercase();
    numbers && permitted.iter().chain(excluded).all(is_mail_domain)
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, member_ca, seal_ca, user_signing};

    #[test]
    fn a_member_ca_for_every_domain_is_found() {
        let mut draft = member_ca();
        draft.permitted_domains.clear();
        assert_breaks("name_constraints", draft);
    }

    #[test]
    fn a_seal_ca_that_may_speak_for_colleagues_is_found() {
        let mut draft = seal_ca();
        draft.excluded_domains.clear();
        assert_breaks("name_constraints", draft);
    }

    #[test]
    fn a_constraint_that_is_no_mail_domain_is_found() {
        for domain in ["", ".b.example", "@b.example", "b.example\0", "B.example"] {
            let mut draft = member_ca();
            draft.permitted_domains.push(domain.into());
            assert_breaks("name_constraints", draft);
        }
    }

    #[test]
    fn constraints_in_a_user_certificate_are_found() {
        let mut draft = user_signing();
        draft.permitted_domains.push("b.example".into());
        assert_breaks("name_constraints", draft);
    }
}
