//! `ssmax authority admit`: step 1 of the paper, an organisation joins.

use std::collections::HashSet;

use ssmax_federation::admission::{Admission, Application};
use ssmax_federation::{Limits, Member, MemberList, Standing, StandingState, check};
use ssmax_hsm::{KeyPurpose, StoredKey};
use ssmax_pki::profile::{self, Draft, Organisation};
use ssmax_pki::{Certificate, request};
use ssmax_primitives::{key_algorithm, sha256};
use ssmax_token::KeyAlgorithm;
use time::{Duration, OffsetDateTime};

use crate::config::AuthorityConfig;
use crate::error::{AuthorityError, Refusal};
use crate::issuance::{Issuer, basis, certify, days};
use crate::keys::{key_of, unlock};
use crate::registry::{Answered, Asked, DomainProof, NewMember, Profile, Registry};

/// Federation encryption keys of one application at most: a current one and what
/// overlaps with it.
pub const MAX_ENCRYPTION_KEYS: usize = 8;

/// Admits an organisation: checks its application, certifies its keys and enters it into
/// the member list, whose version rises.
///
/// Control of the domains is not checked yet; that is written down with the member as
/// `domain_proof: none`, and whoever admits vouches for it.
///
/// The same application again, by the same or another officer, is given the same answer:
/// the first one may have been lost on its way. What it asks for has to be the same to the
/// octet, but for the signatures of its requests, which differ each time they are made.
///
/// # Errors
/// [`AuthorityError::Refused`] with the rule that the application breaks; nothing has
/// changed then, but that serial numbers may have been used up.
pub async fn admit(
    config: &AuthorityConfig,
    application: &Application,
    at: OffsetDateTime,
) -> Result<Answered, AuthorityError> {
    let registry = Registry::open_existing(config).await?;
    let mut member = entry(application, at)?;
    let keys = check_keys(application)?;
    let asked = asked(application, &keys);
    if let Some(answered) = registry.answered(&asked).await? {
        registry.refuse_expelled(&member.id).await?;
        return Ok(answered);
    }
    check_against(&registry, &member, &keys).await?;

    let office = Office::open(config, &registry, at).await?;
    let certified = office.certify_member(application, &member, &keys).await?;
    let certificates = certified.all();
    member.certificates = certificates.iter().map(|c| hex::encode(c.sha256())).collect();
    let (root, tls_ca) =
        (registry.own(Profile::Root).await?, registry.own(Profile::TransportCa).await?);
    let new = NewMember {
        member: &member,
        domain_proof: DomainProof::None,
        certificates: &certificates,
        asked: &asked,
    };
    let answer = |list_version| Admission {
        id: member.id.clone(),
        list_version,
        organisation_signing: certified.signing.to_pem(),
        organisation_encryption: certified.encryption.iter().map(Certificate::to_pem).collect(),
        member_ca: certified.member_ca.to_pem(),
        issuing_ca: office.issuing_ca.to_pem(),
        root: root.to_pem(),
        authority_url: config.url.trim_end_matches('/').to_owned(),
        tls_ca: tls_ca.to_pem(),
    };
    registry.add_member(&new, at, answer).await.map(Answered::now)
}

/// What an application asks for: its requests count for the keys in them.
fn asked(application: &Application, keys: &OfferedKeys) -> Asked {
    let stripped = Application {
        organisation_signing_request: keys.signing.clone(),
        member_ca_request: keys.member_ca.clone(),
        ..application.clone()
    };
    sha256(["application\n", &stripped.to_json()].concat().as_bytes())
}

/// The public keys of an application, each proved as far as it can be.
struct OfferedKeys {
    signing: Vec<u8>,
    encryption: Vec<Vec<u8>>,
    member_ca: Vec<u8>,
}

impl OfferedKeys {
    fn all(&self) -> impl Iterator<Item = &Vec<u8>> {
        [&self.signing, &self.member_ca].into_iter().chain(&self.encryption)
    }
}

/// What would stand in the list, sound by itself.
fn entry(application: &Application, at: OffsetDateTime) -> Result<Member, Refusal> {
    let since = at.replace_nanosecond(0).unwrap_or(at);
    let member = Member {
        id: application.id.clone(),
        kind: application.kind,
        names: application.names.clone(),
        corporate_number: application.corporate_number.clone(),
        domains: application.domains.clone(),
        certificates: Vec::new(),
        standing: Standing { state: StandingState::Good, since, reason: String::new() },
        rating: None,
        incident_contact: application.incident_contact.clone(),
        capabilities: application.capabilities.clone(),
    };
    // As a list of one, so that what is checked here is what members will check.
    let expires = since + Duration::HOUR;
    let list = MemberList { version: 1, issued: since, expires, members: vec![member.clone()] };
    check(&list, &Limits::default()).map_err(Refusal::Entry)?;
    if member.names.formal().chars().count() > profile::MAX_COMMON_NAME_CHARS {
        return Err(Refusal::NameTooLong);
    }
    Ok(member)
}

/// Whether a member may sign with such a key: EC P-256 or RSA of the usual sizes.
pub(crate) fn is_member_key(spki: &[u8]) -> bool {
    key_algorithm(spki).is_ok_and(|found| found == KeyAlgorithm::EcP256 || found.is_rsa())
}

fn check_keys(application: &Application) -> Result<OfferedKeys, Refusal> {
    let signing = request::parse(&application.organisation_signing_request)
        .map_err(Refusal::SigningRequest)?
        .spki;
    if !is_member_key(&signing) {
        return Err(Refusal::SigningKeyKind);
    }
    let member_ca =
        request::parse(&application.member_ca_request).map_err(Refusal::MemberCaRequest)?.spki;
    if !is_member_key(&member_ca) {
        return Err(Refusal::MemberCaKeyKind);
    }
    let encryption = application.federation_encryption_keys.clone();
    if encryption.is_empty() || encryption.len() > MAX_ENCRYPTION_KEYS {
        return Err(Refusal::EncryptionKeyCount);
    }
    if encryption.iter().any(|spki| key_algorithm(spki) != Ok(KeyAlgorithm::EcP256)) {
        return Err(Refusal::EncryptionKeyKind);
    }
    let keys = OfferedKeys { signing, encryption, member_ca };
    let mut seen = HashSet::new();
    if !keys.all().all(|spki| seen.insert(spki)) {
        return Err(Refusal::KeyTwice);
    }
    Ok(keys)
}

/// What the application must not share with any member there is or was.
async fn check_against(
    registry: &Registry,
    member: &Member,
    keys: &OfferedKeys,
) -> Result<(), AuthorityError> {
    if registry.has_member(&member.id).await? {
        return Err(Refusal::AlreadyMember.into());
    }
    for domain in &member.domains {
        if registry.domain_is_taken(domain).await? {
            return Err(Refusal::DomainTaken.into());
        }
    }
    for spki in keys.all() {
        if registry.key_is_known(spki).await? {
            return Err(Refusal::KeyKnown.into());
        }
    }
    Ok(())
}

/// The certificates made for a new member.
struct Certified {
    signing: Certificate,
    encryption: Vec<Certificate>,
    member_ca: Certificate,
}

impl Certified {
    fn all(&self) -> Vec<Certificate> {
        let mut all = vec![self.signing.clone()];
        all.extend(self.encryption.iter().cloned());
        all.push(self.member_ca.clone());
        all
    }
}

/// The issuing CA with its key.
pub(crate) struct Office<'a> {
    registry: &'a Registry,
    pub(crate) issuing_ca: Certificate,
    key: std::sync::Arc<StoredKey>,
    at: OffsetDateTime,
}

impl<'a> Office<'a> {
    pub(crate) async fn open(
        config: &AuthorityConfig,
        registry: &'a Registry,
        at: OffsetDateTime,
    ) -> Result<Self, AuthorityError> {
        let issuing_ca = registry.own(Profile::IssuingCa).await?;
        let store = unlock(config).await?;
        let key = key_of(&store, KeyPurpose::IssuingCa, &issuing_ca)?;
        Ok(Self { registry, issuing_ca, key, at })
    }

    async fn certify_member(
        &self,
        application: &Application,
        member: &Member,
        keys: &OfferedKeys,
    ) -> Result<Certified, AuthorityError> {
        let name = application.names.formal();
        let organisation = Organisation { name, identifier: &member.id };
        let domains: Vec<&str> = member.domains.iter().map(String::as_str).collect();
        let basis = |spki: &[u8], days| basis(spki, days, self.at);

        let draft = profile::organisation_signing(
            basis(&keys.signing, days::ORGANISATION),
            &organisation,
            &domains,
        );
        let signing = self.issue(Profile::OrganisationSigning, member, draft).await?;
        let mut encryption = Vec::with_capacity(keys.encryption.len());
        for spki in &keys.encryption {
            let draft = profile::organisation_encryption(
                basis(spki, days::ORGANISATION),
                &organisation,
                &domains,
            );
            encryption.push(self.issue(Profile::OrganisationEncryption, member, draft).await?);
        }
        let draft = profile::member_ca(
            basis(&keys.member_ca, days::MEMBER_CA),
            &organisation,
            name,
            &domains,
        );
        let member_ca = self.issue(Profile::MemberCa, member, draft).await?;
        Ok(Certified { signing, encryption, member_ca })
    }

    pub(crate) async fn issue(
        &self,
        profile: Profile,
        member: &Member,
        draft: Draft,
    ) -> Result<Certificate, AuthorityError> {
        let issuer = Issuer::Ca(&self.issuing_ca, &*self.key);
        certify(self.registry, (profile, Some(&member.id)), draft, issuer, self.at).await
    }
}
