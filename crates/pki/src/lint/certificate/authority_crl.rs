//! S/MIME BR 7.1.2.2 b: a CA below a root says where the CRL about it is.

use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "authority_crl",
    section: "S/MIME BR 7.1.2.2 b",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    view.certificate.has_own_name_as_issuer() || !view.certificate.crl_urls().is_empty()
}
