//! RFC 5280 4.2.1.6: a dNSName is a host name in preferred form. We issue no wildcard:
//! a role is one host.

use super::Requirement;
use crate::address;
use crate::profile::Draft;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "server_names", section: "RFC 5280 4.2.1.6", is_kept };

fn is_kept(draft: &Draft) -> bool {
    draft.dns_names().all(|name| address::is_domain(name) && name == name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, assert_kept, basis, tls_server};
    use crate::profile::{self, AlternativeName};

    #[test]
    fn a_host_name_too_long_for_a_common_name_passes() {
        let name = format!("{}.b.example", "a".repeat(60));
        assert_kept(profile::tls_server(basis(397), &[&name]));
    }

    #[test]
    fn names_that_are_no_plain_host_names_are_found() {
        for name in ["*.b.example", "b_1.example", "b.example.", "b example", "B.example", ""] {
            let mut draft = tls_server();
            draft.names = vec![AlternativeName::Dns(name.into())];
            assert_breaks("server_names", draft);
        }
    }
}
