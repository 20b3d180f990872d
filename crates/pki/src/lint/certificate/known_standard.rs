//! A mail certificate says by a policy of the S/MIME Baseline Requirements what was
//! validated. One without is judged by RFC 5280 alone.

use super::Standard;
use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "known_standard",
    section: "S/MIME BR 7.1.6.1",
    severity: Severity::Warning,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    let is_for_mail =
        certificate.extended_key_usages().iter().any(|usage| usage == oid::EKU_EMAIL_PROTECTION);
    view.standard != Standard::Plain || certificate.is_ca() || !is_for_mail
}
