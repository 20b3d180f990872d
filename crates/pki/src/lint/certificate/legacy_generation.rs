//! S/MIME BR 7.1.6.1: since 15 July 2025 no certificate of the legacy generation is issued.

use super::BaselineGeneration;
use super::{Rule, Severity, View};
use time::OffsetDateTime;
use time::macros::datetime;

const END: OffsetDateTime = datetime!(2025-07-15 0:00 UTC);

pub(super) const RULE: Rule = Rule {
    name: "legacy_generation",
    section: "S/MIME BR 7.1.6.1",
    severity: Severity::Error,
    is_kept,
};

fn is_kept(view: &View<'_>) -> bool {
    let is_legacy = view.baseline.is_some_and(|one| one.generation == BaselineGeneration::Legacy);
    !is_legacy || view.certificate.not_before() < END
}
