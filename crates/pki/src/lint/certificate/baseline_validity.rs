//! S/MIME BR 6.3.2: 825 days, and 1,185 days for the legacy generation.

use super::BaselineGeneration;
use super::{Rule, Severity, View};
use time::Duration;

pub(super) const RULE: Rule = Rule {
    name: "baseline_validity",
    section: "S/MIME BR 6.3.2",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let Some(baseline) = view.baseline else { return true };
    let longest = match baseline.generation {
        BaselineGeneration::Legacy => Duration::days(1185),
        _ => Duration::days(825),
    };
    // Both ends belong to the period (RFC 5280 4.1.2.5).
    view.certificate.not_after() - view.certificate.not_before() + Duration::SECOND <= longest
}
