//! A file looked at on its own.

use super::look::{Detectors, merge, not_judged};
use ssmax_api::Problem;
use ssmax_api::inspector::ScanFile;
use ssmax_inspection::{
    Direction, EngineFault, Finding, Outcome, Verdict, inspect_file_with, stored_mail,
};
use ssmax_second_opinion::disagreement_past_faults;

impl Detectors {
    /// What the engines say about a file, by the rules of one direction or of both.
    pub(super) fn scan(&self, file: &ScanFile) -> Result<Verdict, Problem> {
        let both = [Direction::Outbound, Direction::Inbound];
        let mut verdict = Verdict { outcome: Outcome::Pass, findings: vec![] };
        for direction in both {
            if file.direction.is_none_or(|wanted| wanted == direction) {
                merge(&mut verdict, self.file(file, direction).map_err(not_judged)?);
            }
        }
        verdict.findings = once_each(verdict.findings);
        Ok(verdict)
    }

    /// One that is a mail is looked at as the mail that it is, so that its parts have the
    /// numbers that they have on their way; and what another parser reads differently in
    /// it is told, as for signed content.
    fn file(&self, file: &ScanFile, direction: Direction) -> Result<Verdict, EngineFault> {
        if let Some(octets) = stored_mail(&file.name, &file.octets)
            && let Ok(mail) = ssmax_mail::parse(&octets, &ssmax_mail::Limits::default())
        {
            let mut verdict = self.mail(&mail, direction)?;
            if let Some(about) = disagreement_past_faults(&mail) {
                merge(&mut verdict, self.ambiguous(about.part, about.what.code(), direction));
            }
            return Ok(verdict);
        }
        // A mail that the strict reader refuses is a finding of the walk.
        let (policy, limits) = (&self.policy, &self.limits);
        inspect_file_with(&file.name, &file.octets, direction, policy, limits, &self.engines)
    }
}

/// Each finding once, with the graver of its outcomes in the two directions.
fn once_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        let same = |other: &&mut Finding| {
            (&other.rule, &other.part, &other.what) == (&finding.rule, &finding.part, &finding.what)
        };
        match kept.iter_mut().find(same) {
            Some(known) => known.outcome = known.outcome.max(finding.outcome),
            None => kept.push(finding),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_directions_find_is_told_once_by_the_graver_outcome() {
        let finding = |outcome| Finding {
            rule: "malware.eicar".to_owned(),
            part: "1".to_owned(),
            what: "EICAR test file".to_owned(),
            outcome,
        };
        let found = once_each(vec![finding(Outcome::Pass), finding(Outcome::Block)]);
        assert_eq!(found, [finding(Outcome::Block)]);
    }
}
