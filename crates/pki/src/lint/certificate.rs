//! The lint of a certificate that exists, whoever made it.
//!
//! Three sets of requirements: RFC 5280 for every certificate; the S/MIME Baseline
//! Requirements for a mail certificate with one of their policies; our own profiles,
//! whose requirements are those that a draft meets before it is signed, asked of the
//! draft that the certificate could have been made from.

mod address_place;
mod authority_bits;
mod authority_constraints;
mod authority_crl;
mod authority_key_id;
mod authority_policies;
mod authority_purposes;
mod authority_subject;
mod authority_subject_key_id;
mod baseline_authority_information;
mod baseline_common_name;
mod baseline_country;
mod baseline_crl;
mod baseline_extended_key_usage;
mod baseline_key_usage;
mod baseline_mailbox_in_subject;
mod baseline_names;
mod baseline_no_authority;
mod baseline_organization_identifier;
mod baseline_policies;
mod baseline_policies_critical;
mod baseline_serial;
mod baseline_subject;
mod baseline_validity;
mod criticality;
mod draft;
mod key_strength;
mod key_usage_critical;
mod known_standard;
mod legacy_generation;
mod names_critical;
mod nothing_else;
mod positive_serial;
mod signature_algorithm;
mod standard;
mod subject_key_id;
mod subject_name;

use super::{REQUIREMENTS, Requirement, common_name, subject_text, validity_order};
use crate::Certificate;
use crate::profile::Profile;

pub use standard::{Baseline, BaselineGeneration, Standard, Validation};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The norm says SHOULD.
    Warning,
    /// The norm says MUST or SHALL.
    Error,
}

/// A requirement that a certificate breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificateFinding {
    /// The requirement's name, which is its file's.
    pub requirement: &'static str,
    /// The section that demands it.
    pub section: &'static str,
    /// How bad that is.
    pub severity: Severity,
}

/// What the lint found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What the certificate was held to.
    pub standard: Standard,
    /// The requirements that it breaks, in a fixed order.
    pub findings: Vec<CertificateFinding>,
}

impl Report {
    /// Whether a finding is an error.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// One requirement: a name, the section that demands it, how much it matters, and
/// whether a certificate keeps it.
struct Rule {
    name: &'static str,
    section: &'static str,
    severity: Severity,
    is_kept: fn(&View<'_>) -> bool,
}

/// A certificate, and what it is held to.
struct View<'a> {
    certificate: &'a Certificate,
    standard: Standard,
    /// Which of the Baseline Requirements' profiles, where they apply.
    baseline: Option<Baseline>,
}

impl View<'_> {
    /// How bad it is to break the rule here.
    fn severity_of(&self, rule: &Rule) -> Severity {
        let is_absent = self.certificate.crl_urls().is_empty();
        if rule.name == baseline_crl::RULE.name && is_absent {
            return Severity::Warning;
        }
        rule.severity
    }
}

/// RFC 5280 and RFC 8550: for every certificate.
const GENERAL: &[Rule] = &[
    signature_algorithm::RULE,
    key_strength::RULE,
    positive_serial::RULE,
    authority_key_id::RULE,
    authority_subject_key_id::RULE,
    subject_key_id::RULE,
    criticality::RULE,
    authority_bits::RULE,
    subject_name::RULE,
    address_place::RULE,
    key_usage_critical::RULE,
    names_critical::RULE,
    known_standard::RULE,
];

/// S/MIME BR 7.1.2.3 and 7.1.4.2: subscribers.
const BASELINE: &[Rule] = &[
    baseline_policies::RULE,
    baseline_policies_critical::RULE,
    legacy_generation::RULE,
    baseline_validity::RULE,
    baseline_key_usage::RULE,
    baseline_extended_key_usage::RULE,
    baseline_no_authority::RULE,
    baseline_names::RULE,
    baseline_subject::RULE,
    baseline_common_name::RULE,
    baseline_mailbox_in_subject::RULE,
    baseline_organization_identifier::RULE,
    baseline_country::RULE,
    baseline_crl::RULE,
    baseline_serial::RULE,
    baseline_authority_information::RULE,
];

/// Those before signing that RFC 5280 asks of everybody.
const SHARED: &[Requirement] = &[validity_order::REQUIREMENT, subject_text::REQUIREMENT];

/// Those before signing that the Baseline Requirements ask of everybody.
const SHARED_BASELINE: &[Requirement] =
    &[validity_order::REQUIREMENT, subject_text::REQUIREMENT, common_name::REQUIREMENT];

/// S/MIME BR 7.1.2.2 and 7.1.4.3: CAs.
const AUTHORITY: &[Rule] = &[
    authority_constraints::RULE,
    authority_purposes::RULE,
    authority_subject::RULE,
    authority_policies::RULE,
    authority_crl::RULE,
];

/// What a draft cannot hold, so that no requirement before signing asks for it.
const OURS: &[Rule] = &[nothing_else::RULE];

/// Checks a certificate against what it is held to: the standard named, or the one that
/// it looks like.
#[must_use]
pub fn check(certificate: &Certificate, standard: Option<Standard>) -> Report {
    let standard = standard.unwrap_or_else(|| Standard::of(certificate));
    let baseline = match standard {
        Standard::Baseline(baseline) => Some(baseline),
        Standard::Ours(profile) if profile.is_user() => Baseline::of(certificate),
        _ => None,
    };
    let view = View { certificate, standard, baseline };
    let mut findings = Vec::new();
    let mut ask = |rules: &[Rule]| {
        for rule in rules.iter().filter(|rule| !(rule.is_kept)(&view)) {
            findings.push(CertificateFinding {
                requirement: rule.name,
                section: rule.section,
                severity: view.severity_of(rule),
            });
        }
    };
    ask(GENERAL);
    if baseline.is_some() {
        ask(BASELINE);
    }
    if standard == Standard::Authority {
        ask(AUTHORITY);
    }
    if matches!(standard, Standard::Ours(_)) {
        ask(OURS);
    }
    let (profile, requirements) = match standard {
        Standard::Ours(profile) => (profile, REQUIREMENTS),
        Standard::Plain => (Profile::UserSigning, SHARED),
        _ => (Profile::UserSigning, SHARED_BASELINE),
    };
    let draft = draft::of(certificate, profile);
    for requirement in requirements.iter().filter(|one| !(one.is_kept)(&draft)) {
        findings.push(CertificateFinding {
            requirement: requirement.name,
            section: requirement.section,
            severity: Severity::Error,
        });
    }
    Report { standard, findings }
}

/// The names of all requirements that a certificate may break.
#[must_use]
pub fn requirements() -> Vec<&'static str> {
    let rules = [GENERAL, BASELINE, AUTHORITY, OURS].into_iter().flatten().map(|rule| rule.name);
    rules.chain(REQUIREMENTS.iter().map(|requirement| requirement.name)).collect()
}

#[cfg(test)]
mod tests;
