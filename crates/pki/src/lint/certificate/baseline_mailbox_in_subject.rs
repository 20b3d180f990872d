//! S/MIME BR 7.1.4.2.1: every address in the subject is also among the alternative names.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "baseline_mailbox_in_subject",
    section: "S/MIME BR 7.1.4.2.1",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    certificate
        .subject_attributes(oid::EMAIL_ADDRESS)
        .iter()
        .all(|address| certificate.has_email(address))
}
