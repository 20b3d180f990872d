//! RFC 5280 4.2.1.2, S/MIME BR 7.1.2.3: a certificate should name its key by an
//! identifier: mail is encrypted to it.

use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "subject_key_id",
    section: "RFC 5280 4.2.1.2",
    severity: Severity::Warning,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    view.certificate.is_ca() || view.certificate.subject_key_id().is_some()
}
