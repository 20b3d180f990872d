//! `ssmax authority renew`: new keys of a member are certified beside the old ones.
//!
//! The old certificates stay in the list until they end: mail that was signed or
//! encrypted before, and is still on its way, must arrive.

use std::collections::HashSet;

use ssmax_federation::admission::Admission;
use ssmax_federation::renewal::{Renewal, RenewedKeys};
use ssmax_federation::{Limits, Member, StandingState};
use ssmax_pki::profile::{self, Organisation};
use ssmax_pki::{Certificate, request};
use ssmax_primitives::{key_algorithm, sha256};
use ssmax_token::KeyAlgorithm;
use time::OffsetDateTime;

use crate::admit::{MAX_ENCRYPTION_KEYS, Office, is_member_key};
use crate::config::AuthorityConfig;
use crate::error::{AuthorityError, Refusal};
use crate::issuance::{basis, days};
use crate::registry::{Answered, Asked, Profile, Registry};

/// Certifies a member's new organisation keys and adds them to its entry in the list,
/// whose version rises. The answer is an admission with the new certificates.
///
/// A renewal of the same keys again is given the same answer; it proves itself each time.
///
/// # Errors
/// [`AuthorityError::Refused`] with the rule that the renewal breaks; nothing has
/// changed then, but that serial numbers may have been used up.
pub async fn renew(
    config: &AuthorityConfig,
    renewal: &Renewal,
    at: OffsetDateTime,
) -> Result<Answered, AuthorityError> {
    let registry = Registry::open_existing(config).await?;
    let (_, rows) = registry.members().await?;
    let member = rows.into_iter().map(|row| row.member).find(|one| one.id == renewal.keys.id);
    let member = member.ok_or(Refusal::NoSuchMember)?;
    if member.standing.state == StandingState::Expelled {
        return Err(Refusal::Expelled.into());
    }
    check_proof(&registry, &member, renewal, at).await?;
    let signing = check_keys(renewal)?;
    let asked = asked(renewal, &signing);
    if let Some(answered) = registry.answered(&asked).await? {
        return Ok(answered);
    }
    check_new(&registry, renewal, &signing).await?;
    let new = 1 + renewal.keys.federation_encryption_keys.len();
    if member.certificates.len() + new > Limits::default().max_certificates {
        return Err(Refusal::CertificateCount.into());
    }

    let office = Office::open(config, &registry, at).await?;
    let organisation = Organisation { name: member.names.formal(), identifier: &member.id };
    let domains: Vec<&str> = member.domains.iter().map(String::as_str).collect();
    let draft = profile::organisation_signing(
        basis(&signing, days::ORGANISATION, at),
        &organisation,
        &domains,
    );
    let signing = office.issue(Profile::OrganisationSigning, &member, draft).await?;
    let mut encryption = Vec::with_capacity(new);
    for spki in &renewal.keys.federation_encryption_keys {
        let draft = profile::organisation_encryption(
            basis(spki, days::ORGANISATION, at),
            &organisation,
            &domains,
        );
        encryption.push(office.issue(Profile::OrganisationEncryption, &member, draft).await?);
    }
    let mut certificates = vec![signing.clone()];
    certificates.extend(encryption.iter().cloned());
    let member_ca = member_ca(&registry, &member).await?;
    let (root, tls_ca) =
        (registry.own(Profile::Root).await?, registry.own(Profile::TransportCa).await?);
    let answer = |list_version| Admission {
        list_version,
        organisation_signing: signing.to_pem(),
        organisation_encryption: encryption.iter().map(Certificate::to_pem).collect(),
        member_ca: member_ca.to_pem(),
        issuing_ca: office.issuing_ca.to_pem(),
        root: root.to_pem(),
        authority_url: config.url.trim_end_matches('/').to_owned(),
        tls_ca: tls_ca.to_pem(),
        id: member.id.clone(),
    };
    registry
        .add_certificates(&member.id, &certificates, &asked, at, answer)
        .await
        .map(Answered::now)
}

/// What a renewal asks for: the keys. When it was signed, and with which certificate, is
/// what proves it, and differs when the member makes it anew.
fn asked(renewal: &Renewal, signing: &[u8]) -> Asked {
    let keys = RenewedKeys {
        at: 0,
        organisation_signing_request: signing.to_vec(),
        ..renewal.keys.clone()
    };
    sha256(["renewal\n", &keys.to_json()].concat().as_bytes())
}

/// The renewal is signed by a key of the member's that still runs.
async fn check_proof(
    registry: &Registry,
    member: &Member,
    renewal: &Renewal,
    at: OffsetDateTime,
) -> Result<(), AuthorityError> {
    if !member.certificates.contains(&renewal.certificate) {
        return Err(Refusal::RenewalSigner.into());
    }
    let der = registry.certificate(&renewal.certificate).await?.ok_or(AuthorityError::Damaged)?;
    let certificate = Certificate::from_der(&der)?;
    let runs = certificate.not_before() <= at && at <= certificate.not_after();
    if certificate.is_ca() || !certificate.allows_signing() || !runs {
        return Err(Refusal::RenewalSigner.into());
    }
    renewal.verify(&certificate, at).map_err(|fault| Refusal::Renewal(fault).into())
}

/// The new signing key; each key is of its kind.
fn check_keys(renewal: &Renewal) -> Result<Vec<u8>, Refusal> {
    let keys = &renewal.keys;
    let signing =
        request::parse(&keys.organisation_signing_request).map_err(Refusal::SigningRequest)?.spki;
    if !is_member_key(&signing) {
        return Err(Refusal::SigningKeyKind);
    }
    let encryption = &keys.federation_encryption_keys;
    if encryption.is_empty() || encryption.len() > MAX_ENCRYPTION_KEYS {
        return Err(Refusal::EncryptionKeyCount);
    }
    if encryption.iter().any(|spki| key_algorithm(spki) != Ok(KeyAlgorithm::EcP256)) {
        return Err(Refusal::EncryptionKeyKind);
    }
    Ok(signing)
}

/// Each key is offered once, and was certified for nobody.
async fn check_new(
    registry: &Registry,
    renewal: &Renewal,
    signing: &[u8],
) -> Result<(), AuthorityError> {
    let mut seen = HashSet::new();
    for spki in renewal.keys.federation_encryption_keys.iter().map(Vec::as_slice).chain([signing]) {
        if !seen.insert(spki) {
            return Err(Refusal::KeyTwice.into());
        }
        if registry.key_is_known(spki).await? {
            return Err(Refusal::KeyKnown.into());
        }
    }
    Ok(())
}

/// The member's own CA, whose key is not renewed with the others.
async fn member_ca(registry: &Registry, member: &Member) -> Result<Certificate, AuthorityError> {
    let mut newest: Option<Certificate> = None;
    for hash in &member.certificates {
        let der = registry.certificate(hash).await?.ok_or(AuthorityError::Damaged)?;
        let certificate = Certificate::from_der(&der)?;
        let newer = newest.as_ref().is_none_or(|one| one.not_before() <= certificate.not_before());
        if certificate.is_ca() && newer {
            newest = Some(certificate);
        }
    }
    newest.ok_or(AuthorityError::Damaged)
}
