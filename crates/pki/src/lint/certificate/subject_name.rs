//! RFC 5280 4.1.2.6: a CA has a subject; who has none has alternative names, marked
//! critical.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "subject_name",
    section: "RFC 5280 4.1.2.6, 4.2.1.6",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    if !certificate.subject_name().is_empty() {
        return true;
    }
    let names = certificate.extension(oid::EXT_SUBJECT_ALT_NAME);
    !certificate.is_ca() && names.is_some_and(|names| names.critical)
}
