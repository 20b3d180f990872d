//! What a certificate is held to.

use crate::profile::Profile;
use crate::{Certificate, KeyUsage, oid};

/// What a certificate is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standard {
    /// RFC 5280 alone.
    Plain,
    /// A subscriber's profile of the S/MIME Baseline Requirements.
    Baseline(Baseline),
    /// The S/MIME Baseline Requirements for CAs (section 7.1.2.2).
    Authority,
    /// A profile of ours.
    Ours(Profile),
}

/// A profile of the S/MIME Baseline Requirements (section 7.1.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Baseline {
    /// What was validated.
    pub validation: Validation,
    /// The generation of the requirements.
    pub generation: BaselineGeneration,
}

/// What was validated about the holder (S/MIME BR 1.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Validation {
    /// The address only.
    Mailbox,
    /// An organisation.
    Organization,
    /// A person for whom an organisation answers.
    Sponsor,
    /// A person.
    Individual,
}

/// The generation of the S/MIME Baseline Requirements, with the one that we do not
/// issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BaselineGeneration {
    /// The first one, ended in July 2025.
    Legacy,
    /// Other purposes beside e-mail are allowed.
    Multipurpose,
    /// E-mail only.
    Strict,
}

const VALIDATIONS: [(Validation, &str); 4] = [
    (Validation::Mailbox, "mailbox"),
    (Validation::Organization, "organization"),
    (Validation::Sponsor, "sponsor"),
    (Validation::Individual, "individual"),
];

const GENERATIONS: [(BaselineGeneration, &str); 3] = [
    (BaselineGeneration::Legacy, "legacy"),
    (BaselineGeneration::Multipurpose, "multipurpose"),
    (BaselineGeneration::Strict, "strict"),
];

const PROFILES: [(Profile, &str); 16] = [
    (Profile::Root, "root"),
    (Profile::IssuingCa, "issuing-ca"),
    (Profile::ListSigner, "list-signer"),
    (Profile::OrganisationSigning, "organisation-signing"),
    (Profile::OrganisationEncryption, "organisation-encryption"),
    (Profile::MemberCa, "member-ca"),
    (Profile::UserSigning, "user-signing"),
    (Profile::UserEncryption, "user-encryption"),
    (Profile::SealCa, "seal-ca"),
    (Profile::RelaySigning, "relay-signing"),
    (Profile::RelayEncryption, "relay-encryption"),
    (Profile::TransportCa, "transport-ca"),
    (Profile::TlsServer, "tls-server"),
    (Profile::TlsClient, "tls-client"),
    (Profile::TlsRole, "tls-role"),
    (Profile::OcspResponder, "ocsp-responder"),
];

impl Standard {
    /// What the certificate looks like. What it says about itself decides: policies
    /// first, then purposes.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        let has = |policy: &str| certificate.has_policy(policy);
        let signs = certificate
            .key_usage()
            .is_some_and(|usage| usage.contains(KeyUsage::DIGITAL_SIGNATURE));
        let by_usage = |signing, encryption| Self::Ours(if signs { signing } else { encryption });
        if certificate.is_ca() {
            return Self::of_authority(certificate);
        }
        if has(oid::POLICY_LIST_SIGNER) {
            return Self::Ours(Profile::ListSigner);
        }
        if has(oid::POLICY_ORGANISATION) {
            return by_usage(Profile::OrganisationSigning, Profile::OrganisationEncryption);
        }
        if has(oid::POLICY_RELAY) {
            return by_usage(Profile::RelaySigning, Profile::RelayEncryption);
        }
        match Baseline::of(certificate) {
            Some(_) if has(oid::POLICY_SERVER_HELD) || certificate.identity_proof().is_some() => {
                by_usage(Profile::UserSigning, Profile::UserEncryption)
            }
            Some(baseline) => Self::Baseline(baseline),
            None => Self::Plain,
        }
    }

    fn of_authority(certificate: &Certificate) -> Self {
        let (permitted, excluded) = certificate.name_constraints();
        let usages = certificate.extended_key_usages();
        if certificate.has_policy(oid::POLICY_RELAY) {
            let is_sealing = !excluded.is_empty() && permitted.is_empty();
            return Self::Ours(if is_sealing { Profile::SealCa } else { Profile::MemberCa });
        }
        if usages == [oid::EKU_EMAIL_PROTECTION, oid::EKU_DOCUMENT_SIGNING] {
            return Self::Ours(Profile::IssuingCa);
        }
        if usages.iter().any(|usage| usage == oid::EKU_EMAIL_PROTECTION) {
            return Self::Authority;
        }
        Self::Plain
    }

    /// The standard of a name such as `user-signing`, `sponsor-strict`, `smime-ca` or
    /// `rfc5280`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "rfc5280" => return Some(Self::Plain),
            "smime-ca" => return Some(Self::Authority),
            _ => {}
        }
        if let Some((profile, _)) = PROFILES.iter().find(|(_, known)| *known == name) {
            return Some(Self::Ours(*profile));
        }
        let (validation, generation) = name.split_once('-')?;
        let validation = VALIDATIONS.iter().find(|(_, known)| *known == validation)?.0;
        let generation = GENERATIONS.iter().find(|(_, known)| *known == generation)?.0;
        Some(Self::Baseline(Baseline { validation, generation }))
    }

    /// Its name, as [`Standard::parse`] reads it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Plain => "rfc5280".to_owned(),
            Self::Authority => "smime-ca".to_owned(),
            Self::Baseline(baseline) => baseline.name(),
            Self::Ours(profile) => {
                let found = PROFILES.iter().find(|(known, _)| *known == profile);
                found.map(|(_, name)| (*name).to_owned()).unwrap_or_default()
            }
        }
    }

    /// Every name that [`Standard::parse`] reads.
    #[must_use]
    pub fn names() -> Vec<String> {
        let ours = PROFILES.iter().map(|(profile, _)| Self::Ours(*profile).name());
        let baseline = VALIDATIONS.iter().flat_map(|(validation, _)| {
            GENERATIONS.iter().map(|(generation, _)| {
                Baseline { validation: *validation, generation: *generation }.name()
            })
        });
        ours.chain(baseline).chain([Self::Authority.name(), Self::Plain.name()]).collect()
    }
}

impl Baseline {
    /// The profile that the certificate's policies name first.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Option<Self> {
        certificate.policies().iter().find_map(|policy| Self::from_policy(policy))
    }

    /// The profile of a policy in dotted form: `2.23.140.1.5.V.G`.
    #[must_use]
    pub fn from_policy(policy: &str) -> Option<Self> {
        let (validation, generation) =
            policy.strip_prefix(oid::SMIME_BR)?.strip_prefix('.')?.split_once('.')?;
        let number = |text: &str| text.parse::<usize>().ok()?.checked_sub(1);
        Some(Self {
            validation: VALIDATIONS.get(number(validation)?)?.0,
            generation: GENERATIONS.get(number(generation)?)?.0,
        })
    }

    /// Its policy in dotted form.
    #[must_use]
    pub fn policy(self) -> String {
        let validation = VALIDATIONS.iter().position(|(known, _)| *known == self.validation);
        let generation = GENERATIONS.iter().position(|(known, _)| *known == self.generation);
        let number = |place: Option<usize>| place.map_or(0, |place| place + 1);
        format!("{}.{}.{}", oid::SMIME_BR, number(validation), number(generation))
    }

    fn name(self) -> String {
        let validation = VALIDATIONS.iter().find(|(known, _)| *known == self.validation);
        let generation = GENERATIONS.iter().find(|(known, _)| *known == self.generation);
        let text = |found: Option<&str>| found.unwrap_or_default().to_owned();
        format!("{}-{}", text(validation.map(|one| one.1)), text(generation.map(|one| one.1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for name in Standard::names() {
            assert_eq!(Standard::parse(&name).map(Standard::name), Some(name));
        }
        assert_eq!(Standard::parse("sponsor"), None);
    }

    #[test]
    fn a_policy_is_read_back_and_what_is_none_is_not() {
        for validation in 1..=4 {
            for generation in 1..=3 {
                let policy = format!("2.23.140.1.5.{validation}.{generation}");
                assert_eq!(Baseline::from_policy(&policy).unwrap().policy(), policy);
            }
        }
        for policy in ["2.23.140.1.5.0.1", "2.23.140.1.5.5.1", "2.23.140.1.5.1.4", "2.23.140.1.51"]
        {
            assert_eq!(Baseline::from_policy(policy), None, "{policy}");
        }
    }
}
