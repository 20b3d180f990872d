//! The published table of reasons, read on its own: a slip in the program's table shows.

use ssmax_chain::Reason;

/// One line of `spec/reasons.tsv`.
pub struct Published {
    pub stage: &'static str,
    /// Reply code and enhanced code.
    reply: &'static str,
    outside: &'static str,
    english: &'static str,
}

/// The line of a reason.
pub fn published(reason: Reason) -> Published {
    of(|_, code| code == reason.code())
}

/// The one line of SMTP with which the outside is told of a reason.
pub fn told(reason: Reason) -> String {
    let outside = published(reason).outside;
    let told = of(|number, _| number == outside);
    format!("{} SSMAX-{outside}: {}", told.reply, told.english)
}

fn of(is_it: impl Fn(&str, &str) -> bool) -> Published {
    let table = include_str!("../../../spec/reasons.tsv");
    let mut found = table.lines().skip(1).filter_map(|line| {
        let [number, code, stage, reply, outside, _, english] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        is_it(number, code).then_some(Published { stage, reply, outside, english })
    });
    let line = found.next().unwrap();
    assert!(found.next().is_none());
    line
}
