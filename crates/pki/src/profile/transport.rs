//! TLS between a member's own roles.

use super::{
    AlternativeName, Basis, Draft, MAX_COMMON_NAME_CHARS, Organisation, Profile, cut, domain_text,
};
use crate::{KeyUsage, oid};

/// A member's CA for TLS between its roles: self-signed, path length 0.
#[must_use]
pub fn transport_ca(basis: Basis, organisation: &Organisation<'_>, common_name: &str) -> Draft {
    let mut draft = Draft::new(Profile::TransportCa, basis);
    draft.subject.organization = Some(organisation.name.to_owned());
    draft.subject.common_name = Some(common_name.to_owned());
    draft.is_ca = true;
    draft.path_len = Some(0);
    draft.key_usage = KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN;
    draft.extended_key_usage = vec![oid::EKU_SERVER_AUTH.into(), oid::EKU_CLIENT_AUTH.into()];
    draft
}

/// A role's TLS server certificate for the given host names.
#[must_use]
pub fn tls_server(basis: Basis, host_names: &[&str]) -> Draft {
    let mut draft = Draft::new(Profile::TlsServer, basis);
    let names: Vec<String> = host_names.iter().map(|name| domain_text(name)).collect();
    // Names are compared with the alternative names only; one too long for a common name
    // is left out.
    draft.subject.common_name =
        names.first().filter(|name| name.len() <= MAX_COMMON_NAME_CHARS).cloned();
    draft.names = names.into_iter().map(AlternativeName::Dns).collect();
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    draft.extended_key_usage = vec![oid::EKU_SERVER_AUTH.into()];
    draft
}

/// A role's TLS client certificate; `role` is what the server knows it by.
#[must_use]
pub fn tls_client(basis: Basis, role: &str) -> Draft {
    let mut draft = Draft::new(Profile::TlsClient, basis);
    draft.subject.common_name = Some(role.to_owned());
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    draft.extended_key_usage = vec![oid::EKU_CLIENT_AUTH.into()];
    draft
}

/// The certificate of a role for TLS with the member's other roles, as server and as client.
/// `role_name` is what peers compare; `host` tells people where it is, and nobody else.
#[must_use]
pub fn tls_role(
    basis: Basis,
    organisation: &Organisation<'_>,
    role_name: &str,
    host: &str,
) -> Draft {
    let mut draft = Draft::new(Profile::TlsRole, basis);
    draft.subject.organization = Some(organisation.name.to_owned());
    draft.subject.common_name = Some(cut(host, MAX_COMMON_NAME_CHARS).to_owned());
    draft.names = vec![AlternativeName::Dns(role_name.to_owned())];
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    draft.extended_key_usage = vec![oid::EKU_SERVER_AUTH.into(), oid::EKU_CLIENT_AUTH.into()];
    draft
}
