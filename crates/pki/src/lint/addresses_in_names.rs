//! RFC 5280 4.2.1.6 and RFC 9598 3: addresses are mailboxes and nothing around them;
//! domains are A-labels in lower case.

use super::Requirement;
use crate::address;
use crate::profile::Draft;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "addresses_in_names", section: "RFC 5280 4.2.1.6, RFC 9598 3", is_kept };

fn is_kept(draft: &Draft) -> bool {
    draft.emails().all(|email| {
        let usable = address::is_ascii_mailbox(email) || address::is_utf8_mailbox(email);
        usable
            && address::split(email)
                .is_some_and(|(_, domain)| domain == domain.to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{HANAKO, assert_breaks, assert_kept, basis, relay_signing};
    use crate::profile::{AlternativeName, User, user_signing};

    #[test]
    fn addresses_with_whitespace_controls_or_quotes_are_found() {
        for address in [
            "hanako@b.example ",
            "hana ko@b.example",
            "hanako@b.example\0",
            "hanako@b.example\r\nx",
            "\"hanako\"@b.example",
            "hanako",
            "hanako@a@b.example",
            "花子@例\u{200b}え.example",
        ] {
            let draft = user_signing(basis(825), &User { address, ..HANAKO });
            assert_breaks("addresses_in_names", draft);
        }
    }

    #[test]
    fn a_domain_in_capitals_put_in_by_hand_is_found() {
        let mut draft = relay_signing();
        draft.names = vec![AlternativeName::Email("alice@A.example".into())];
        assert_breaks("addresses_in_names", draft);
    }

    #[test]
    fn a_local_part_beyond_ascii_with_an_internationalised_domain_passes() {
        assert_kept(user_signing(basis(825), &User { address: "花子@例え.example", ..HANAKO }));
    }
}
