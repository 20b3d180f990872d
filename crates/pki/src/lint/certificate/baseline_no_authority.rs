//! S/MIME BR 7.1.2.3 d: a subscriber is no CA.

use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "baseline_no_authority",
    section: "S/MIME BR 7.1.2.3 d",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    !view.certificate.is_ca()
}
