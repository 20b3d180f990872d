//! S/MIME BR 7.1.4.2.2 a: the common name is an address of the certificate, or what was
//! validated: the organisation, the pseudonym or the person.

use super::Validation;
use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "baseline_common_name",
    section: "S/MIME BR 7.1.4.2.2 a",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let (Some(baseline), certificate) = (view.baseline, view.certificate) else { return true };
    certificate.subject_attributes(oid::COMMON_NAME).iter().all(|name| {
        let is_one_of =
            |kind: &str| certificate.subject_attributes(kind).iter().any(|value| value == name);
        certificate.has_email(name)
            || match baseline.validation {
                Validation::Mailbox => false,
                Validation::Organization => is_one_of(oid::ORGANIZATION),
                // A person's name is written in many ways.
                Validation::Sponsor | Validation::Individual => !name.contains('@'),
            }
    })
}
