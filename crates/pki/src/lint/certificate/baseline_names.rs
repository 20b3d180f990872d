//! S/MIME BR 7.1.4.2.1: the alternative names are there, with at least one address; beside
//! addresses only directory names, and other names not in the strict generation.

use super::BaselineGeneration;
use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "baseline_names",
    section: "S/MIME BR 7.1.2.3 h, 7.1.4.2.1",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let is_strict = view.baseline.is_some_and(|one| one.generation == BaselineGeneration::Strict);
    !view.certificate.emails().is_empty()
        && view.certificate.dns_names().is_empty()
        && view
            .certificate
            .other_names()
            .iter()
            .all(|name| name.starts_with("dir:") || (!is_strict && name.starts_with("other:")))
}
