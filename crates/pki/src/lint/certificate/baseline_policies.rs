//! S/MIME BR 7.1.6.4: exactly one policy of the Baseline Requirements, that of the
//! profile, and never anyPolicy.

use super::Baseline;
use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "baseline_policies",
    section: "S/MIME BR 7.1.2.3 a, 7.1.6.4",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let Some(baseline) = view.baseline else { return true };
    let policies = view.certificate.policies();
    let reserved: Vec<&String> =
        policies.iter().filter(|policy| Baseline::from_policy(policy).is_some()).collect();
    reserved.len() == 1
        && view.certificate.has_policy(&baseline.policy())
        && !view.certificate.has_policy(oid::ANY_POLICY)
}
