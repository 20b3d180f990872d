//! S/MIME BR 7.1.2.3 f: e-mail protection; in the strict generation nothing else, in the
//! others never a TLS server, code, time stamps, OCSP or any purpose.

use super::BaselineGeneration;
use super::{Rule, Severity, View};
use crate::oid;

const NEVER: [&str; 5] = [
    oid::EKU_ANY,
    oid::EKU_SERVER_AUTH,
    oid::EKU_OCSP_SIGNING,
    "1.3.6.1.5.5.7.3.3",
    "1.3.6.1.5.5.7.3.8",
];

pub(super) const RULE: Rule = Rule {
    name: "baseline_extended_key_usage",
    section: "S/MIME BR 7.1.2.3 f",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let usages = view.certificate.extended_key_usages();
    let is_strict = view.baseline.is_some_and(|one| one.generation == BaselineGeneration::Strict);
    usages.iter().any(|usage| usage == oid::EKU_EMAIL_PROTECTION)
        && usages.iter().all(|usage| {
            usage == oid::EKU_EMAIL_PROTECTION || (!is_strict && !NEVER.contains(&usage.as_str()))
        })
}
