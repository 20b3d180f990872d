//! S/MIME BR 7.1.2.3 b: distribution points are http URLs, plain text and no login.
//! Not https: fetching the CRL would need another chain first (RFC 5280 8).

use super::Requirement;
use crate::profile::Draft;

/// The longest URL that is written, in octets.
const MAX_URL_BYTES: usize = 255;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "crl_distribution_points", section: "S/MIME BR 7.1.2.3 b", is_kept };

fn is_kept(draft: &Draft) -> bool {
    draft.basis.crl_urls.iter().all(|url| is_plain_url(url))
}

/// Whether it is an http URL of a host, with no login, no longer than [`MAX_URL_BYTES`].
pub(super) fn is_plain_url(url: &str) -> bool {
    let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    url.len() <= MAX_URL_BYTES
        && url.bytes().all(|octet| octet.is_ascii_graphic())
        && host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, assert_kept, user_signing};

    #[test]
    fn only_plain_http_urls_pass() {
        let mut draft = user_signing();
        draft.basis.crl_urls = vec!["http://crl.b.example:8080/member.crl".into()];
        assert_kept(draft.clone());
        for url in [
            "https://crl.b.example/member.crl",
            "ldap://crl.b.example",
            "http://",
            "http://user@b.example/",
            "http://b.example/a b",
            "http://b.example/\n",
            "",
        ] {
            draft.basis.crl_urls = vec![url.into()];
            assert_breaks("crl_distribution_points", draft.clone());
        }
    }

    #[test]
    fn a_url_of_255_octets_passes_and_one_of_256_does_not() {
        let mut draft = user_signing();
        let url = format!("http://b.example/{}", "x".repeat(255 - 17));
        draft.basis.crl_urls = vec![url.clone()];
        assert_kept(draft.clone());
        draft.basis.crl_urls = vec![url + "x"];
        assert_breaks("crl_distribution_points", draft);
    }
}
