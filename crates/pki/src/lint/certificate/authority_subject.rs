//! S/MIME BR 7.1.4.3: a CA has a common name, an organisation and a country.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "authority_subject",
    section: "S/MIME BR 7.1.4.3.1",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    [oid::COMMON_NAME, oid::ORGANIZATION, oid::COUNTRY]
        .iter()
        .all(|kind| view.certificate.subject_attributes(kind).len() == 1)
}
