//! One certificate, one mailbox: users and relay certificates have exactly one
//! address; a role has its one name; CAs, the list signer and TLS clients have no alternative
//! names at all.

use super::Requirement;
use crate::profile::{Draft, Profile};

/// The most domains in one organisation certificate. With more, its certificate would
/// outgrow what mailers and this crate read.
const MAX_DOMAINS: usize = 500;

pub(super) const REQUIREMENT: Requirement = Requirement {
    name: "number_of_names",
    section: "SSMAX certificates 3.4, S/MIME BR 7.1.2.3 h",
    is_kept,
};

fn is_kept(draft: &Draft) -> bool {
    let (emails, hosts) = (draft.emails().count(), draft.dns_names().count());
    match draft.profile {
        profile if profile.is_user() || profile.is_relay() => emails == 1 && hosts == 0,
        profile if profile.is_organisation() => {
            (1..=MAX_DOMAINS).contains(&emails) && emails == hosts
        }
        Profile::TlsRole => emails == 0 && hosts == 1,
        Profile::TlsServer => emails == 0 && (1..=MAX_DOMAINS).contains(&hosts),
        _ => emails == 0 && hosts == 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{
        CITY, assert_breaks, assert_kept, basis, member_ca, relay_signing, tls_role, user_signing,
    };
    use crate::profile::{AlternativeName, organisation_signing};

    #[test]
    fn a_second_or_no_address_is_found() {
        for mut draft in [user_signing(), relay_signing()] {
            draft.names.push(AlternativeName::Email("other@b.example".into()));
            assert_breaks("number_of_names", draft.clone());
            draft.names.clear();
            assert_breaks("number_of_names", draft);
        }
    }

    #[test]
    fn a_host_name_in_a_user_certificate_is_found() {
        let mut draft = user_signing();
        draft.names.push(AlternativeName::Dns("b.example".into()));
        assert_breaks("number_of_names", draft);
    }

    #[test]
    fn a_role_that_would_be_two_roles_or_none_is_found() {
        let mut draft = tls_role();
        draft.names.push(AlternativeName::Dns("ca.ntrjp-7000012050002.ssmax.invalid".into()));
        assert_breaks("number_of_names", draft.clone());
        draft.names.clear();
        assert_breaks("number_of_names", draft);
    }

    #[test]
    fn an_address_in_a_ca_certificate_is_found() {
        let mut draft = member_ca();
        draft.names.push(AlternativeName::Email("ca@b.example".into()));
        assert_breaks("number_of_names", draft);
    }

    #[test]
    fn an_organisation_with_500_domains_passes_and_with_501_or_none_does_not() {
        let domains: Vec<String> = (0..501).map(|number| format!("d{number}.example")).collect();
        let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
        assert_kept(organisation_signing(basis(825), &CITY, &domains[..500]));
        assert_breaks("number_of_names", organisation_signing(basis(825), &CITY, &domains));
        assert_breaks("number_of_names", organisation_signing(basis(825), &CITY, &[]));
    }
}
