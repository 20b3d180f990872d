//! S/MIME BR 7.1.3.2, RFC 8550 4.3: certificates are signed with SHA-2; SHA-1 and MD5 let
//! another certificate have the same signature.

use super::{Rule, Severity, View};

pub(super) const RULE: Rule = Rule {
    name: "signature_algorithm",
    section: "S/MIME BR 7.1.3.2",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    view.certificate.signature_algorithm().is_some()
}
