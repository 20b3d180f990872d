//! RFC 3183 3.1.1 and 4.1: an organisation's certificate has for each of its domains
//! the role address and the domain itself, and nothing else.

use super::Requirement;
use crate::profile::{CONFIDENTIALITY_LOCAL_PART, Draft, Profile, SIGNING_LOCAL_PART};

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "role_addresses", section: "RFC 3183 3.1.1, 4.1", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let local_part = match draft.profile {
        Profile::OrganisationSigning => SIGNING_LOCAL_PART,
        Profile::OrganisationEncryption => CONFIDENTIALITY_LOCAL_PART,
        _ => return true,
    };
    // The numbers of both are number_of_names' matter.
    draft
        .dns_names()
        .zip(draft.emails())
        .all(|(domain, email)| email == format!("{local_part}@{domain}"))
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, organisation_signing};
    use crate::profile::AlternativeName;

    #[test]
    fn a_persons_address_in_an_organisations_certificate_is_found() {
        let mut draft = organisation_signing();
        draft.names[0] = AlternativeName::Email("hanako@b.example".into());
        assert_breaks("role_addresses", draft);
    }

    #[test]
    fn the_encryption_role_in_a_signing_certificate_is_found() {
        let mut draft = organisation_signing();
        draft.names[0] =
            AlternativeName::Email("domain-confidentiality-authority@b.example".into());
        assert_breaks("role_addresses", draft);
    }

    #[test]
    fn a_role_address_of_another_domain_is_found() {
        let mut draft = organisation_signing();
        draft.names[0] = AlternativeName::Email("domain-signing-authority@evil.example".into());
        assert_breaks("role_addresses", draft);
    }
}
