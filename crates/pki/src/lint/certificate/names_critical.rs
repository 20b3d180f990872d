//! RFC 5280 4.2.1.6: the alternative names should not be critical beside a subject.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "names_critical",
    section: "RFC 5280 4.2.1.6",
    severity: Severity::Warning,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let names = view.certificate.extension(oid::EXT_SUBJECT_ALT_NAME);
    view.certificate.subject_name().is_empty() || names.is_none_or(|names| !names.critical)
}
