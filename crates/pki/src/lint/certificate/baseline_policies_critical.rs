//! S/MIME BR 7.1.2.3 a: certificatePolicies should not be critical.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "baseline_policies_critical",
    section: "S/MIME BR 7.1.2.3 a",
    severity: Severity::Warning,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let policies = view.certificate.extension(oid::EXT_CERTIFICATE_POLICIES);
    policies.is_none_or(|policies| !policies.critical)
}
