//! S/MIME BR 7.1.2.3 c: where the issuer's certificate and its OCSP responder are, http
//! URLs in plain text and without login, as for CRLs.

use super::Requirement;
use super::crl_distribution_points::is_plain_url;
use crate::profile::Draft;

pub(super) const REQUIREMENT: Requirement =
    Requirement { name: "authority_information", section: "S/MIME BR 7.1.2.3 c", is_kept };

fn is_kept(draft: &Draft) -> bool {
    let basis = &draft.basis;
    let is_root = draft.profile.is_self_signed();
    // Who signs itself has no issuer to be found elsewhere.
    let has_urls = !basis.ocsp_urls.is_empty() || !basis.issuer_urls.is_empty();
    !(is_root && has_urls)
        && basis.ocsp_urls.iter().chain(&basis.issuer_urls).all(|url| is_plain_url(url))
}

#[cfg(test)]
mod tests {
    use crate::lint::samples::{assert_breaks, assert_kept, seal_ca, user_signing};

    #[test]
    fn only_plain_http_urls_pass() {
        let mut draft = user_signing();
        draft.basis.ocsp_urls = vec!["http://pki.b.example/ocsp".into()];
        draft.basis.issuer_urls = vec!["http://pki.b.example/ca.cer".into()];
        assert_kept(draft.clone());
        let mut other = draft.clone();
        other.basis.ocsp_urls = vec!["https://pki.b.example/ocsp".into()];
        assert_breaks("authority_information", other);
        draft.basis.issuer_urls = vec!["http://user@pki.b.example/".into()];
        assert_breaks("authority_information", draft);
    }

    #[test]
    fn a_certificate_that_signs_itself_names_no_issuer() {
        let mut draft = seal_ca();
        draft.basis.issuer_urls = vec!["http://pki.b.example/ca.cer".into()];
        assert_breaks("authority_information", draft);
    }
}
