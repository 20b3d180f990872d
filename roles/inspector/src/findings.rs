//! What a worker says that it found, as it leaves the supervisor. A worker that was taken
//! over may write what it likes there, plaintext too; it goes to a log and to the facts of
//! held mail. So names are ours, texts are short and in one line, and there are few.

use ssmax_api::inspector::Inspected;
use ssmax_inspection::{Direction, Finding, Limits, Policy, Report};

/// In place of a rule that there is none of.
const UNKNOWN_RULE: &str = "unknown";

/// A worker's last words with findings of bounded form.
pub(crate) fn restrained(mut said: Inspected, limits: &Limits) -> Inspected {
    let (Inspected::Passed { findings, .. } | Inspected::Stopped { findings, .. }) = &mut said;
    restrain(findings, limits);
    said
}

/// Bounds findings in number and form; their outcomes stay.
pub(crate) fn restrain(findings: &mut Vec<Finding>, limits: &Limits) {
    findings.truncate(limits.findings);
    let policy = Policy::default();
    for finding in findings {
        let known = policy.effective().map(|(name, _, _)| name).find(|name| *name == finding.rule);
        // A report makes the texts printable and cuts them.
        let one = Limits { findings: 1, ..Limits::default() };
        let mut report = Report::new(&policy, &one, Direction::Inbound);
        report.add(known.unwrap_or(UNKNOWN_RULE), &finding.part, &finding.what);
        if let Some(plain) = report.into_verdict().findings.pop() {
            *finding = Finding { outcome: finding.outcome, ..plain };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_chain::Reason;
    use ssmax_inspection::{MAX_FINDING_TEXT_CHARS, Outcome, rule};

    fn finding(rule: &str, part: &str, what: &str) -> Finding {
        let (rule, part, what) = (rule.to_owned(), part.to_owned(), what.to_owned());
        Finding { rule, part, what, outcome: Outcome::Hold }
    }

    fn said_of(findings: Vec<Finding>, limits: &Limits) -> Vec<Finding> {
        let (reason, outcome) = (Reason::LeakFound, Outcome::Hold);
        let said = restrained(Inspected::Stopped { reason, outcome, findings }, limits);
        let Inspected::Stopped { findings, .. } = said else { panic!("{said:?}") };
        findings
    }

    #[test]
    fn what_our_detectors_say_leaves_as_it_is() {
        let honest = vec![
            finding(rule::LEAK_MY_NUMBER, "1.2!名簿.xlsx!xl/sheet1.xml", "********9018"),
            finding(rule::ARCHIVE_ENCRYPTED, "0", ""),
        ];
        assert_eq!(said_of(honest.clone(), &Limits::default()), honest);
    }

    #[test]
    fn a_worker_that_was_taken_over_says_little_and_in_one_line() {
        let long = "Dear Mr Suzuki, ".repeat(4_000);
        let lines = "1\r\n2026 ERROR \u{1b}[31m\u{202e}x";
        for name in ["Dear Mr Suzuki", "leak.*", "", "leak.my-number\n", long.as_str()] {
            let found = said_of(vec![finding(name, &long, lines)], &Limits::default());
            let [one] = found.as_slice() else { panic!("{found:?}") };
            assert_eq!((one.rule.as_str(), one.outcome), (UNKNOWN_RULE, Outcome::Hold), "{name}");
            assert!(one.part.chars().count() <= MAX_FINDING_TEXT_CHARS, "{}", one.part);
            assert!(!one.what.chars().any(|c| c.is_control() || c == '\u{202e}'), "{}", one.what);
        }
        let many = vec![finding(rule::LEAK_MY_NUMBER, "1", "x"); 5_000];
        let limits = Limits { findings: 7, ..Limits::default() };
        assert_eq!(said_of(many.clone(), &limits).len(), 7);
        let passed = Inspected::Passed {
            entity: None,
            fresh: vec![],
            sealed: vec![],
            preserved: false,
            outside: vec![],
            posts: vec![],
            findings: many,
        };
        let said = restrained(passed, &limits);
        assert!(matches!(said, Inspected::Passed { findings, .. } if findings.len() == 7));
    }
}
