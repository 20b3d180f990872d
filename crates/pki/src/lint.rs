//! Lint before signing: one file per requirement, each citing its section.
//!
//! The only way to [`crate::issue`] leads through here, and the token works once:
//!
//! ```compile_fail,E0451
//! use ssmax_pki::lint::Linted;
//! # fn forged(draft: ssmax_pki::profile::Draft) -> Linted {
//! Linted { draft } // the field is private: nobody else makes one
//! # }
//! ```
//!
//! ```compile_fail,E0382
//! use ssmax_pki::{Certificate, issue, lint::Linted};
//! # fn twice(linted: Linted, ca: &Certificate, key: &dyn ssmax_token::SigningKey) {
//! let _first = issue::issue(linted, ca, key);
//! let _second = issue::issue(linted, ca, key); // moved: one lint, one certificate
//! # }
//! ```
//!
//! ```compile_fail,E0308
//! use ssmax_pki::{Certificate, issue, profile::Draft};
//! # fn unlinted(draft: Draft, ca: &Certificate, key: &dyn ssmax_token::SigningKey) {
//! let _ = issue::issue(draft, ca, key); // a draft is not a token
//! # }
//! ```

mod addresses_in_names;
mod authority_information;
mod authority_validity;
mod basic_constraints;
pub mod certificate;
mod certificate_policies;
mod common_name;
mod crl_distribution_points;
mod extended_key_usage;
mod identity_proof;
mod key_usage;
mod name_constraints;
mod number_of_names;
mod organization_identifier;
mod relay_validity;
mod reserved_local_parts;
mod role_addresses;
mod serial_number;
mod server_names;
mod subject_attributes;
mod subject_key;
mod subject_text;
mod user_validity;
mod validity_order;

use crate::profile::Draft;

pub use organization_identifier::is_corporate_number;

/// Every requirement, in the order in which findings are listed.
const REQUIREMENTS: &[Requirement] = &[
    serial_number::REQUIREMENT,
    validity_order::REQUIREMENT,
    user_validity::REQUIREMENT,
    relay_validity::REQUIREMENT,
    authority_validity::REQUIREMENT,
    subject_key::REQUIREMENT,
    subject_text::REQUIREMENT,
    subject_attributes::REQUIREMENT,
    common_name::REQUIREMENT,
    organization_identifier::REQUIREMENT,
    number_of_names::REQUIREMENT,
    addresses_in_names::REQUIREMENT,
    reserved_local_parts::REQUIREMENT,
    role_addresses::REQUIREMENT,
    server_names::REQUIREMENT,
    key_usage::REQUIREMENT,
    extended_key_usage::REQUIREMENT,
    basic_constraints::REQUIREMENT,
    name_constraints::REQUIREMENT,
    certificate_policies::REQUIREMENT,
    crl_distribution_points::REQUIREMENT,
    authority_information::REQUIREMENT,
    identity_proof::REQUIREMENT,
];

/// A draft without findings: the permission to issue exactly one certificate.
///
/// Not `Clone`, made only by [`lint`], consumed by [`crate::issue::issue`] or
/// [`crate::issue::self_signed`].
#[derive(Debug)]
pub struct Linted {
    draft: Draft,
}

impl Linted {
    /// What will be issued, to be recorded before it is.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    pub(crate) fn into_draft(self) -> Draft {
        self.draft
    }
}

/// A requirement that a draft breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{requirement} ({section})")]
pub struct Finding {
    /// The requirement's name, which is its file's.
    pub requirement: &'static str,
    /// The section that demands it.
    pub section: &'static str,
}

/// One requirement: a name, the section that demands it, and whether a draft keeps it.
struct Requirement {
    name: &'static str,
    section: &'static str,
    is_kept: fn(&Draft) -> bool,
}

/// Checks a draft against every requirement.
///
/// # Errors
/// Every requirement that the draft breaks.
pub fn lint(draft: Draft) -> Result<Linted, Vec<Finding>> {
    let findings: Vec<Finding> = REQUIREMENTS
        .iter()
        .filter(|requirement| !(requirement.is_kept)(&draft))
        .map(|requirement| Finding { requirement: requirement.name, section: requirement.section })
        .collect();
    if findings.is_empty() { Ok(Linted { draft }) } else { Err(findings) }
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_as_it_comes_passes_every_requirement() {
        for draft in samples::all() {
            let profile = draft.profile;
            assert!(lint(draft).is_ok(), "{profile:?}");
        }
    }

    #[test]
    fn requirements_have_different_names() {
        let mut names: Vec<_> = REQUIREMENTS.iter().map(|requirement| requirement.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), REQUIREMENTS.len());
    }
}
