//! A certificate of ours has the attributes, names and extensions of its profile and no
//! others.

use super::{Rule, Severity, View};
use crate::{Certificate, oid};

const ATTRIBUTES: [&str; 6] = [
    oid::COUNTRY,
    oid::ORGANIZATION,
    oid::ORGANIZATION_IDENTIFIER,
    oid::SURNAME,
    oid::GIVEN_NAME,
    oid::COMMON_NAME,
];
const EXTENSIONS: [&str; 11] = [
    oid::EXT_SUBJECT_KEY_ID,
    oid::EXT_AUTHORITY_KEY_ID,
    oid::EXT_BASIC_CONSTRAINTS,
    oid::EXT_KEY_USAGE,
    oid::EXT_EXTENDED_KEY_USAGE,
    oid::EXT_SUBJECT_ALT_NAME,
    oid::EXT_CERTIFICATE_POLICIES,
    oid::EXT_NAME_CONSTRAINTS,
    oid::EXT_CRL_DISTRIBUTION_POINTS,
    oid::EXT_AUTHORITY_INFO_ACCESS,
    oid::IDENTITY_PROOF,
];

pub(super) const RULE: Rule = Rule {
    name: "nothing_else",
    section: "SSMAX certificates 3, 4",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    let attributes = certificate.subject_parsed().iter();
    let mut seen = Vec::new();
    let attributes_fit = attributes.map(|attribute| attribute.oid.to_string()).all(|kind| {
        let is_first = !seen.contains(&kind);
        seen.push(kind.clone());
        is_first && ATTRIBUTES.contains(&kind.as_str())
    });
    let extensions = certificate.extensions().all.iter();
    let extensions_fit = extensions
        .map(|one| one.extn_id.to_string())
        .all(|kind| EXTENSIONS.contains(&kind.as_str()) || is_responders(&kind, certificate));
    let (permitted, excluded) = certificate.name_constraints();
    let constraints_fit =
        permitted.iter().chain(&excluded).all(|subtree| subtree.starts_with("email:"));
    attributes_fit && extensions_fit && constraints_fit && certificate.other_names().is_empty()
}

/// Whether it is ocspNocheck, where it belongs: anywhere else it would ask for trust that
/// nobody looks after.
fn is_responders(kind: &str, certificate: &Certificate) -> bool {
    kind == oid::EXT_OCSP_NO_CHECK && certificate.extended_key_usages() == [oid::EKU_OCSP_SIGNING]
}
