//! RFC 5280 4.2.1.3, S/MIME BR 7.1.2.3 e: keyUsage should be critical.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "key_usage_critical",
    section: "RFC 5280 4.2.1.3",
    severity: Severity::Warning,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    view.certificate.extension(oid::EXT_KEY_USAGE).is_none_or(|usage| usage.critical)
}
