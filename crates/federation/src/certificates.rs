//! An organisation certificate in the light of the member list.

use ssmax_pki::profile::{CONFIDENTIALITY_LOCAL_PART, SIGNING_LOCAL_PART};
use ssmax_pki::{Certificate, oid};

use crate::domain;
use crate::fault::ListFault;
use crate::member_list::Member;

/// Whether `cert` is `member`'s for `domain`: named by the list through its hash, an
/// organisation certificate with the member's id, and holding a domain that the list
/// gives to the member. The path to the root is the caller's matter.
///
/// List *and* certificate must agree: the list alone could be signed by a stolen list
/// signer, the certificate alone could be one that the list no longer knows.
///
/// # Errors
/// [`ListFault::CertificateNotListed`], [`ListFault::NotOrganisationCertificate`],
/// [`ListFault::OrganisationMismatch`], [`ListFault::DomainNotListed`],
/// [`ListFault::DomainNotCertified`].
pub fn organisation_certificates_match(
    member: &Member,
    cert: &Certificate,
    domain: &str,
) -> Result<(), ListFault> {
    if !member.lists_certificate(&cert.sha256()) {
        return Err(ListFault::CertificateNotListed);
    }
    // The member CA's certificate is listed too, but speaks for no domain by itself.
    if cert.is_ca() || !cert.has_policy(oid::POLICY_ORGANISATION) {
        return Err(ListFault::NotOrganisationCertificate);
    }
    if cert.organization_identifier().as_deref() != Some(member.id.as_str()) {
        return Err(ListFault::OrganisationMismatch);
    }
    let domain = domain::normalise(domain)
        .filter(|name| member.domains.contains(name))
        .ok_or(ListFault::DomainNotListed)?;
    let named = cert.dns_names().iter().any(|name| {
        // A wildcard is no domain and has no normal form, so it matches nothing.
        domain::normalise(name).as_deref() == Some(domain.as_str())
    });
    let addressed = [
        (SIGNING_LOCAL_PART, cert.allows_signing()),
        (CONFIDENTIALITY_LOCAL_PART, cert.allows_encryption()),
    ]
    .iter()
    .any(|(local, may)| *may && cert.has_email(&format!("{local}@{domain}")));
    if named && addressed { Ok(()) } else { Err(ListFault::DomainNotCertified) }
}
