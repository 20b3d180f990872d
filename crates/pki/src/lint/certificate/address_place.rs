//! RFC 8550 3: the address of a mail certificate stands among the alternative names; in the
//! subject it is only looked for by old mailers.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule =
    Rule { name: "address_place", section: "RFC 8550 3", severity: Severity::Warning, is_kept };

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    let is_for_mail =
        certificate.extended_key_usages().iter().any(|usage| usage == oid::EKU_EMAIL_PROTECTION);
    certificate.is_ca() || !is_for_mail || !certificate.emails().is_empty()
}
