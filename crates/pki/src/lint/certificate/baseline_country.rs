//! S/MIME BR 7.1.4.2.2 n: a country is two capital letters, and the one in which the
//! organisation is registered.

use super::{Rule, Severity, View};
use crate::oid;

pub(super) const RULE: Rule = Rule {
    name: "baseline_country",
    section: "S/MIME BR 7.1.4.2.2 n",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let certificate = view.certificate;
    // NTRJP-..., VATDE-...; XG is nowhere in particular.
    let registered: Vec<String> = certificate
        .subject_attributes(oid::ORGANIZATION_IDENTIFIER)
        .iter()
        .filter_map(|identifier| identifier.get(3..5).map(str::to_owned))
        .filter(|country| country != "XG")
        .collect();
    certificate.subject_attributes(oid::COUNTRY).iter().all(|country| {
        let is_code = country.len() == 2 && country.bytes().all(|octet| octet.is_ascii_uppercase());
        is_code && registered.iter().all(|one| one == country)
    })
}
