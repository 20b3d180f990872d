//! What an inspection says: an outcome, and the findings it rests on.

use serde::{Deserialize, Serialize};
use ssmax_mail::is_unseen;

use crate::{EngineFault, Limits, Policy};

/// Longest `part` or `what` of a finding, in characters. Names inside archives are
/// the attacker's and may be 64 KiB each.
pub const MAX_FINDING_TEXT_CHARS: usize = 200;

/// Which way the mail travels, seen from the member that inspects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Leaving the member: leaks matter (step 5 of the paper).
    Outbound,
    /// Entering the member: malware matters (step 8 of the paper).
    Inbound,
}

/// What happens to the mail, in rising severity: the verdict is the maximum over all
/// findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The mail goes on.
    Pass,
    /// The mail waits, still encrypted, for a person's decision.
    Hold,
    /// The mail is refused.
    Block,
}

/// One thing that a detector saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's stable name, such as `leak.my-number`; see [`crate::rule`].
    pub rule: String,
    /// Where: the MIME part path (`1.2`), and `!name` for each archive entered below
    /// it (`1.2!xl/worksheets/sheet1.xml`). The root of a mail is `0`, its header
    /// fields are `header.subject`. At most [`MAX_FINDING_TEXT_CHARS`].
    pub part: String,
    /// A short description that is safe to log and to show: what was found is masked
    /// (`********9018`), never whole. At most [`MAX_FINDING_TEXT_CHARS`].
    pub what: String,
    /// What the policy makes of it in the direction inspected.
    pub outcome: Outcome,
}

/// The answer about one mail or file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The gravest outcome of everything found, also of findings beyond the number
    /// that [`Limits::findings`] lets into the list.
    pub outcome: Outcome,
    /// The findings, at most [`Limits::findings`]; graver ones displace lighter ones.
    pub findings: Vec<Finding>,
}

/// Collects findings while engines look at one mail, and weighs them by the policy.
#[derive(Clone, Debug)]
pub struct Report {
    policy: Policy,
    direction: Direction,
    capacity: usize,
    findings: Vec<Finding>,
    outcome: Outcome,
    fault: Option<EngineFault>,
}

impl Report {
    /// An empty report: `pass`, nothing found.
    pub fn new(policy: &Policy, limits: &Limits, direction: Direction) -> Self {
        Self {
            policy: policy.clone(),
            direction,
            capacity: limits.findings,
            findings: Vec::new(),
            outcome: Outcome::Pass,
            fault: None,
        }
    }

    /// Records that an engine could not judge; the first fault is kept. Whoever asks for
    /// the verdict all the same is not told `pass`.
    pub fn fail(&mut self, fault: EngineFault) {
        self.fault.get_or_insert(fault);
        self.outcome = self.outcome.max(Outcome::Hold);
    }

    /// Why an engine could not judge, if one could not.
    pub fn fault(&self) -> Option<EngineFault> {
        self.fault
    }

    /// Records that `rule` fired at `part`; the same finding twice counts once.
    ///
    /// `what` must already be masked. Control characters, which could forge log lines
    /// or hide text on a terminal, are replaced, and both texts are cut to
    /// [`MAX_FINDING_TEXT_CHARS`].
    pub fn add(&mut self, rule: &str, part: &str, what: &str) {
        let outcome = self.policy.outcome(rule, self.direction);
        self.outcome = self.outcome.max(outcome);
        let finding = Finding {
            rule: rule.to_owned(),
            part: printable(part),
            what: printable(what),
            outcome,
        };
        if self.findings.contains(&finding) {
            return;
        }
        if self.findings.len() < self.capacity {
            self.findings.push(finding);
        } else if let Some(lighter) = self.findings.iter_mut().find(|f| f.outcome < outcome) {
            *lighter = finding;
        }
    }

    /// Whether the policy makes anything but `pass` of `rule`: detectors that fire
    /// often and say little ask first.
    pub fn matters(&self, rule: &str) -> bool {
        self.policy.outcome(rule, self.direction) != Outcome::Pass
    }

    /// The verdict over everything recorded.
    pub fn into_verdict(self) -> Verdict {
        Verdict { outcome: self.outcome, findings: self.findings }
    }
}

/// `text` without characters that act on a terminal or log or make `exe.txt` look like
/// `txt.exe`, and not longer than shown.
fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_FINDING_TEXT_CHARS)
        .map(|c| if is_unseen(c) { '\u{FFFD}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;

    fn report(findings: usize) -> Report {
        let limits = Limits { findings, ..Limits::default() };
        Report::new(&Policy::default(), &limits, Direction::Outbound)
    }

    #[test]
    fn the_gravest_finding_decides() {
        let mut report = report(10);
        report.add(rule::DOCUMENT_NOT_READ, "1", "PDF");
        report.add(rule::LEAK_MY_NUMBER, "2", "********9018");
        report.add(rule::ARCHIVE_ENCRYPTED, "3", "x");
        let verdict = report.into_verdict();
        assert_eq!(verdict.outcome, Outcome::Block);
        let outcomes: Vec<_> = verdict.findings.iter().map(|f| f.outcome).collect();
        assert_eq!(outcomes, [Outcome::Pass, Outcome::Block, Outcome::Hold]);
    }

    #[test]
    fn a_full_list_keeps_its_length_and_the_gravest_findings() {
        let mut report = report(2);
        for part in ["1", "2", "3"] {
            report.add(rule::DOCUMENT_NOT_READ, part, "PDF");
        }
        report.add(rule::LEAK_MY_NUMBER, "4", "********9018");
        let verdict = report.into_verdict();
        assert_eq!(verdict.findings.len(), 2);
        assert_eq!(verdict.findings[0].rule, rule::LEAK_MY_NUMBER);
        assert_eq!(verdict.outcome, Outcome::Block);
    }

    #[test]
    fn a_finding_without_room_still_counts() {
        let mut report = report(0);
        report.add(rule::LEAK_MY_NUMBER, "1", "********9018");
        let verdict = report.into_verdict();
        assert_eq!((verdict.outcome, verdict.findings.len()), (Outcome::Block, 0));
    }

    #[test]
    fn an_engine_that_could_not_judge_is_no_pass() {
        let mut report = report(1);
        report.fail(EngineFault::TimedOut);
        report.fail(EngineFault::Malformed);
        assert_eq!(report.fault(), Some(EngineFault::TimedOut));
        assert_eq!(report.into_verdict().outcome, Outcome::Hold);
    }

    #[test]
    fn names_cannot_forge_log_lines_or_grow_without_bound() {
        let mut report = report(3);
        report.add(rule::ARCHIVE_DAMAGED, "a\r\nb\u{202E}c\u{61C}", &"x".repeat(1000));
        let verdict = report.into_verdict();
        assert_eq!(verdict.findings[0].part, "a\u{FFFD}\u{FFFD}b\u{FFFD}c\u{FFFD}");
        assert_eq!(verdict.findings[0].what.len(), MAX_FINDING_TEXT_CHARS);
    }

    #[test]
    fn outcomes_and_directions_are_written_in_lower_case() {
        let verdict = Verdict { outcome: Outcome::Hold, findings: vec![] };
        assert_eq!(
            serde_json::to_string(&(verdict, Direction::Inbound)).unwrap(),
            r#"[{"outcome":"hold","findings":[]},"inbound"]"#
        );
    }
}
