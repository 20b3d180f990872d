//! RFC 3183 3.1.1 and 4.1: the role addresses of a domain speak for the organisation.
//! No person's certificate may carry one, in any case of letters.

use super::Requirement;
use crate::address;
use crate::profile::{CONFIDENTIALITY_LOCAL_PART, Draft, SIGNING_LOCAL_PART};

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "reserved_local_parts", section: "RFC 3183 3.1.1, 4.1", is_kept };

fn is_kept(draft: &Draft) -> bool {
    if draft.profile.is_organisation() {
        return true;
    }
    let is_reserved = |local: &str| {
        local.eq_ignore_ascii_case(SIGNING_LOCAL_PART)
            || local.eq_ignore_ascii_case(CONFIDENTIALITY_LOCAL_PART)
    };
    !draft.emails().filter_map(address::split).any(|(local, _)| is_reserved(local))
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{HANAKO, assert_breaks, basis};
    use crate::profile::{User, relay_signing, user_encryption, user_signing};

    #[test]
    fn a_person_under_a_role_address_is_found() {
        for address in [
            "domain-signing-authority@b.example",
            "domain-confidentiality-authority@b.example",
            "Domain-Signing-Authority@b.example",
        ] {
            let user = User { address, ..HANAKO };
            assert_breaks("reserved_local_parts", user_signing(basis(825), &user));
            assert_breaks("reserved_local_parts", user_encryption(basis(825), &user));
            assert_breaks("reserved_local_parts", relay_signing(basis(825), address, "A"));
        }
    }
}
