//! S/MIME BR 7.1.2.2 g: a CA below a root is bound to e-mail protection, and to nothing that
//! needs another trust.

use super::{Rule, Severity, View};
use crate::oid;

const NEVER: [&str; 4] =
    [oid::EKU_ANY, oid::EKU_SERVER_AUTH, "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.8"];

pub(super) const RULE: Rule = Rule {
    name: "authority_purposes",
    section: "S/MIME BR 7.1.2.2 g",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let usages = view.certificate.extended_key_usages();
    view.certificate.has_own_name_as_issuer()
        || (usages.iter().any(|usage| usage == oid::EKU_EMAIL_PROTECTION)
            && !usages.iter().any(|usage| NEVER.contains(&usage.as_str())))
}
