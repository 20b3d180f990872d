//! S/MIME BR 7.1.4.2.3 to 7.1.4.2.6: which attributes a subject has follows from what was
//! validated.

use super::{Baseline, BaselineGeneration, Validation};
use super::{Rule, Severity, View};
use crate::oid;

const PSEUDONYM: &str = "2.5.4.65";
const TITLE: &str = "2.5.4.12";
const STREET: &str = "2.5.4.9";
const POSTAL_CODE: &str = "2.5.4.17";
const UNIT: &str = "2.5.4.11";
/// serialNumber.
const NUMBER: &str = "2.5.4.5";
/// localityName, stateOrProvinceName, countryName.
const PLACE: [&str; 3] = ["2.5.4.7", "2.5.4.8", oid::COUNTRY];

pub(super) const RULE: Rule = Rule {
    name: "baseline_subject",
    section: "S/MIME BR 7.1.4.2.3-7.1.4.2.6",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let Some(baseline) = view.baseline else { return true };
    let present: Vec<String> = view
        .certificate
        .subject_parsed()
        .iter()
        .map(|attribute| attribute.oid.to_string())
        .collect();
    let has = |kind: &str| present.iter().any(|one| one == kind);
    let is_person = has(oid::GIVEN_NAME) || has(oid::SURNAME);
    let is_legacy = baseline.generation == BaselineGeneration::Legacy;
    let is_named = is_person || has(PSEUDONYM) || (is_legacy && has(oid::COMMON_NAME));
    let is_organisation = has(oid::ORGANIZATION) && has(oid::ORGANIZATION_IDENTIFIER);
    let complete = match baseline.validation {
        Validation::Mailbox => true,
        Validation::Organization => is_organisation,
        Validation::Sponsor => is_organisation && is_named,
        Validation::Individual => is_named,
    };
    complete
        && !(is_person && has(PSEUDONYM))
        && present.iter().all(|kind| is_allowed(baseline, kind))
}

/// Whether the tables of 7.1.4.2.3 to 7.1.4.2.6 let a subject have the attribute.
fn is_allowed(baseline: Baseline, kind: &str) -> bool {
    let is_mailbox = baseline.validation == Validation::Mailbox;
    let is_of_organisation =
        matches!(baseline.validation, Validation::Organization | Validation::Sponsor);
    let is_of_person = matches!(baseline.validation, Validation::Sponsor | Validation::Individual);
    let is_strict = baseline.generation == BaselineGeneration::Strict;
    match kind {
        oid::COMMON_NAME | NUMBER | oid::EMAIL_ADDRESS => true,
        oid::ORGANIZATION | oid::ORGANIZATION_IDENTIFIER | UNIT => is_of_organisation,
        oid::GIVEN_NAME | oid::SURNAME | PSEUDONYM | TITLE => is_of_person,
        STREET | POSTAL_CODE => !is_mailbox && !is_strict,
        kind if PLACE.contains(&kind) => !is_mailbox,
        _ => !is_mailbox && baseline.generation == BaselineGeneration::Legacy,
    }
}
