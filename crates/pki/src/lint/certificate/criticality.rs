//! RFC 5280 4.2: which extensions are critical and which are not. A verifier that meets a
//! critical one it does not know has to refuse.

use super::{Rule, Severity, View};
use crate::oid;

/// Key identifiers, authority information, freshest CRL, issuer alternative names, our
/// identity proof, capabilities.
const NEVER: [&str; 7] = [
    oid::EXT_SUBJECT_KEY_ID,
    oid::EXT_AUTHORITY_KEY_ID,
    oid::EXT_AUTHORITY_INFO_ACCESS,
    "2.5.29.46",
    "2.5.29.9",
    oid::IDENTITY_PROOF,
    oid::SMIME_CAPABILITIES,
];
const ALWAYS: [&str; 3] =
    [oid::EXT_NAME_CONSTRAINTS, oid::EXT_POLICY_CONSTRAINTS, oid::EXT_INHIBIT_ANY_POLICY];

pub(super) const RULE: Rule =
    Rule { name: "criticality", section: "RFC 5280 4.2", severity: Severity::Error, is_kept };

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    let wrong = certificate.extensions().all.iter().any(|extension| {
        let kind = extension.extn_id.to_string();
        (extension.critical && NEVER.contains(&kind.as_str()))
            || (!extension.critical && ALWAYS.contains(&kind.as_str()))
            || (kind == oid::EXT_BASIC_CONSTRAINTS && certificate.is_ca() && !extension.critical)
    });
    !wrong && !certificate.extensions().has_unknown_critical
}
