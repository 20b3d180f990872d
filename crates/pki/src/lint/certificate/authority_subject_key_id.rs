//! RFC 5280 4.2.1.2: a CA names its key by an identifier.

use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "authority_subject_key_id",
    section: "RFC 5280 4.2.1.2",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    !view.certificate.is_ca() || view.certificate.subject_key_id().is_some()
}
