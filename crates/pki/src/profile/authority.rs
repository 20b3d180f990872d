//! The CAs, and the signer of the member list.

use super::{Basis, Draft, Organisation, Profile, domain_text, user};
use crate::{KeyUsage, oid};

fn ca(profile: Profile, basis: Basis, organization: &str, common_name: &str) -> Draft {
    let mut draft = Draft::new(profile, basis);
    draft.subject.organization = Some(organization.to_owned());
    draft.subject.common_name = Some(common_name.to_owned());
    draft.is_ca = true;
    draft.key_usage = KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN;
    draft
}

/// The federation's root: self-signed, no path length, no policies.
///
/// `organization` and `common_name` name the authority, each at most 64 characters.
#[must_use]
pub fn root(basis: Basis, organization: &str, common_name: &str) -> Draft {
    ca(Profile::Root, basis, organization, common_name)
}

/// The authority's online CA, issued by the root. Path length 1 leaves room for a
/// member CA and for nothing below that.
///
/// Its extended key usages bound what can ever be issued below: mail, and signing
/// the member list; never TLS.
#[must_use]
pub fn issuing_ca(basis: Basis, organization: &str, common_name: &str) -> Draft {
    let mut draft = ca(Profile::IssuingCa, basis, organization, common_name);
    draft.path_len = Some(1);
    draft.extended_key_usage =
        vec![oid::EKU_EMAIL_PROTECTION.into(), oid::EKU_DOCUMENT_SIGNING.into()];
    draft.policies = vec![oid::ANY_POLICY.into()];
    draft
}

/// The certificate that signs the member list; issued by the root or the issuing CA.
///
/// Its purpose is document signing, which no member CA has, so that no member can
/// make a list signer of its own.
#[must_use]
pub fn list_signer(basis: Basis, organization: &str, common_name: &str) -> Draft {
    let mut draft = Draft::new(Profile::ListSigner, basis);
    draft.subject.organization = Some(organization.to_owned());
    draft.subject.common_name = Some(common_name.to_owned());
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    draft.extended_key_usage = vec![oid::EKU_DOCUMENT_SIGNING.into()];
    draft.policies = vec![oid::POLICY_LIST_SIGNER.into()];
    draft
}

/// A member's CA for its users, issued by the issuing CA: path length 0, e-mail
/// protection only, confined to the member's mail `domains`.
///
/// Its policies name what it may assert below (RFC 5280 6.1), and organisation and
/// list signer are not among them: a member cannot make itself another member.
#[must_use]
pub fn member_ca(
    basis: Basis,
    organisation: &Organisation<'_>,
    common_name: &str,
    domains: &[&str],
) -> Draft {
    let mut draft = ca(Profile::MemberCa, basis, organisation.name, common_name);
    draft.subject.organization_identifier = Some(organisation.identifier.to_owned());
    draft.path_len = Some(0);
    draft.extended_key_usage = vec![oid::EKU_EMAIL_PROTECTION.into()];
    draft.policies = user::every_policy();
    draft.policies.extend([oid::POLICY_RELAY.into(), oid::POLICY_SERVER_HELD.into()]);
    draft.permitted_domains = domains.iter().map(|domain| domain_text(domain)).collect();
    draft
}

/// A member's CA for relay certificates: self-signed, trusted only inside the member,
/// and barred from the member's own mail `domains`, so that what it vouches for is
/// never a colleague.
#[must_use]
pub fn seal_ca(
    basis: Basis,
    organisation: &Organisation<'_>,
    common_name: &str,
    own_domains: &[&str],
) -> Draft {
    let mut draft = ca(Profile::SealCa, basis, organisation.name, common_name);
    draft.subject.organization_identifier = Some(organisation.identifier.to_owned());
    draft.path_len = Some(0);
    draft.extended_key_usage = vec![oid::EKU_EMAIL_PROTECTION.into()];
    draft.policies = vec![oid::POLICY_RELAY.into()];
    draft.excluded_domains = own_domains.iter().map(|domain| domain_text(domain)).collect();
    draft
}
