//! User certificates by the S/MIME Baseline Requirements.

use super::{Basis, Draft, IdentityProof, Organisation, Profile, email_name, encryption_usage};
use crate::{KeyUsage, oid};

/// The generation of the S/MIME Baseline Requirements (section 7.1.6.1). Both allow
/// 825 days; the legacy generation is not issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Generation {
    /// Other key purposes beside e-mail would be allowed; we never add any.
    Multipurpose,
    /// E-mail protection only.
    #[default]
    Strict,
}

/// What was validated about the holder (S/MIME BR 1.6.1), which decides the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity<'a> {
    /// Nothing but the address; the common name repeats it (S/MIME BR 7.1.4.2.3).
    Mailbox,
    /// An organisation, for a role address; the common name is its name.
    Organization(Organisation<'a>),
    /// A person vouched for by the organisation: its own members.
    Sponsor {
        /// The organisation that vouches.
        organisation: Organisation<'a>,
        /// The person's surname.
        surname: &'a str,
        /// The person's given name.
        given_name: &'a str,
        /// Both, in the order in which the person writes them.
        common_name: &'a str,
    },
    /// A person who proved their own identity: an ESP's customers.
    Individual {
        /// The person's surname.
        surname: &'a str,
        /// The person's given name.
        given_name: &'a str,
        /// Both, in the order in which the person writes them.
        common_name: &'a str,
    },
}

/// The holder of a user certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User<'a> {
    /// The one address of the certificate.
    pub address: &'a str,
    /// What was validated.
    pub identity: Identity<'a>,
    /// The generation of the requirements.
    pub generation: Generation,
    /// Whether the signing key is held by the key server (policy .5). Without effect
    /// on an encryption certificate.
    pub server_held: bool,
    /// Level and date of the proof of identity, if the certificate shall say it.
    pub identity_proof: Option<IdentityProof>,
}

/// A user's signing certificate, issued by the member CA; at most 825 days.
#[must_use]
pub fn user_signing(basis: Basis, user: &User<'_>) -> Draft {
    let mut draft = pair(Profile::UserSigning, basis, user);
    draft.key_usage = KeyUsage::DIGITAL_SIGNATURE;
    if user.server_held {
        draft.policies.push(oid::POLICY_SERVER_HELD.into());
    }
    draft
}

/// A user's encryption certificate, issued by the member CA; at most 825 days. RSA or
/// EC key.
#[must_use]
pub fn user_encryption(basis: Basis, user: &User<'_>) -> Draft {
    let mut draft = pair(Profile::UserEncryption, basis, user);
    draft.key_usage = encryption_usage(&draft.basis.spki);
    draft
}

fn pair(profile: Profile, basis: Basis, user: &User<'_>) -> Draft {
    let mut draft = Draft::new(profile, basis);
    let subject = &mut draft.subject;
    let validation = match user.identity {
        Identity::Mailbox => {
            // S/MIME BR 7.1.4.2.3: the subject of a mailbox-validated certificate has
            // no country and no name of anybody.
            subject.country = None;
            // The common name ends at 64 characters; a cut address is another one.
            let fits = user.address.chars().count() <= super::MAX_COMMON_NAME_CHARS;
            if let super::AlternativeName::Email(address) = email_name(user.address)
                && fits
            {
                subject.common_name = Some(address);
            }
            1
        }
        Identity::Organization(organisation) => {
            subject.organization = Some(organisation.name.to_owned());
            subject.organization_identifier = Some(organisation.identifier.to_owned());
            subject.common_name = Some(organisation.name.to_owned());
            2
        }
        Identity::Sponsor { organisation, surname, given_name, common_name } => {
            subject.organization = Some(organisation.name.to_owned());
            subject.organization_identifier = Some(organisation.identifier.to_owned());
            subject.surname = Some(surname.to_owned());
            subject.given_name = Some(given_name.to_owned());
            subject.common_name = Some(common_name.to_owned());
            3
        }
        Identity::Individual { surname, given_name, common_name } => {
            subject.surname = Some(surname.to_owned());
            subject.given_name = Some(given_name.to_owned());
            subject.common_name = Some(common_name.to_owned());
            4
        }
    };
    draft.names = vec![email_name(user.address)];
    draft.extended_key_usage = vec![oid::EKU_EMAIL_PROTECTION.into()];
    draft.policies = vec![policy(validation, user.generation)];
    draft.identity_proof = user.identity_proof;
    draft
}

fn policy(validation: u8, generation: Generation) -> String {
    let generation = match generation {
        Generation::Multipurpose => 2,
        Generation::Strict => 3,
    };
    format!("{}.{validation}.{generation}", oid::SMIME_BR)
}

/// Every policy of the Baseline Requirements that a member CA may assert.
pub(super) fn every_policy() -> Vec<String> {
    (1..=4)
        .flat_map(|validation| {
            [Generation::Multipurpose, Generation::Strict]
                .map(|generation| policy(validation, generation))
        })
        .collect()
}
