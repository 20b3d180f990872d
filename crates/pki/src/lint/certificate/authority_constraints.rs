//! RFC 5280 4.2.1.9, S/MIME BR 7.1.2.2 d: a CA says to be one, and signs certificates and
//! CRLs.

use super::{Rule, Severity, View};
use crate::KeyUsage;

pub(super) const RULE: Rule = Rule {
    name: "authority_constraints",
    section: "RFC 5280 4.2.1.9, S/MIME BR 7.1.2.2",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    let wanted = KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN;
    certificate.is_ca() && certificate.key_usage().is_some_and(|usage| usage.contains(wanted))
}
