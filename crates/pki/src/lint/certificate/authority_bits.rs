//! RFC 5280 4.2.1.3, 4.2.1.9: whoever is no CA signs no certificates and has no path length
//! and no name constraints.

use super::{Rule, Severity, View};
use crate::{KeyUsage, oid};

pub(super) const RULE: Rule = Rule {
    name: "authority_bits",
    section: "RFC 5280 4.2.1.3, 4.2.1.9, 4.2.1.10",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    let signs = certificate.key_usage().is_some_and(|usage| usage.contains(KeyUsage::CERT_SIGN));
    let constrains = certificate.extension(oid::EXT_NAME_CONSTRAINTS).is_some();
    certificate.is_ca() || (!signs && !constrains && certificate.path_length().is_none())
}
