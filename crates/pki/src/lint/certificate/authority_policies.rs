//! S/MIME BR 7.1.2.2 a: a CA below a root names its policies.

use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "authority_policies",
    section: "S/MIME BR 7.1.2.2 a",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    view.certificate.has_own_name_as_issuer() || !view.certificate.policies().is_empty()
}
