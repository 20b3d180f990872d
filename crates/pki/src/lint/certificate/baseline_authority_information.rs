//! S/MIME BR 7.1.2.3 c: the certificate should say where its issuer's certificate is.

use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "baseline_authority_information",
    section: "S/MIME BR 7.1.2.3 c",
    severity: Severity::Warning,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    !view.certificate.ca_issuers_urls().is_empty()
}
