//! A member's own certificates (RFC 3183 domain signing and encryption).

use super::{
    AlternativeName, Basis, Draft, MAX_COMMON_NAME_CHARS, Profile, cut, domain_text,
    encryption_usage,
};
use crate::{KeyUsage, oid};

/// RFC 3183 3.1.1: the local part under which a domain signs.
pub const SIGNING_LOCAL_PART: &str = "domain-signing-authority";
/// RFC 3183 4.1: the local part under which a domain is encrypted to.
pub const CONFIDENTIALITY_LOCAL_PART: &str = "domain-confidentiality-authority";

/// A member organisation as certificates name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Organisation<'a> {
    /// The legal name, at most 64 characters.
    pub name: &'a str,
    /// `NTRJP-` and the 13 digits of the corporate number (法人番号).
    pub identifier: &'a str,
}

/// The certificate with which a member signs hop 2 for its `domains`.
#[must_use]
pub fn organisation_signing(
    basis: Basis,
    organisation: &Organisation<'_>,
    domains: &[&str],
) -> Draft {
    let mut draft = own(Profile::OrganisationSigning, basis, organisation);
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    draft.names = names(SIGNING_LOCAL_PART, domains);
    draft
}

/// The certificate of a member's federation encryption key, to which other members
/// encrypt in hop 2. EC P-256 only.
#[must_use]
pub fn organisation_encryption(
    basis: Basis,
    organisation: &Organisation<'_>,
    domains: &[&str],
) -> Draft {
    let mut draft = own(Profile::OrganisationEncryption, basis, organisation);
    draft.key_usage = encryption_usage(&draft.basis.spki);
    draft.names = names(CONFIDENTIALITY_LOCAL_PART, domains);
    draft
}

fn own(profile: Profile, basis: Basis, organisation: &Organisation<'_>) -> Draft {
    let mut draft = Draft::new(profile, basis);
    draft.subject.organization = Some(organisation.name.to_owned());
    draft.subject.organization_identifier = Some(organisation.identifier.to_owned());
    draft.subject.common_name = Some(cut(organisation.name, MAX_COMMON_NAME_CHARS).to_owned());
    draft.extended_key_usage = vec![oid::EKU_EMAIL_PROTECTION.into()];
    draft.policies = vec![oid::POLICY_ORGANISATION.into()];
    draft
}

/// The role address at each domain, then each domain itself.
fn names(local_part: &str, domains: &[&str]) -> Vec<AlternativeName> {
    let domains: Vec<String> = domains.iter().map(|domain| domain_text(domain)).collect();
    let addresses =
        domains.iter().map(|domain| AlternativeName::Email(format!("{local_part}@{domain}")));
    let hosts = domains.iter().cloned().map(AlternativeName::Dns);
    addresses.chain(hosts).collect()
}
