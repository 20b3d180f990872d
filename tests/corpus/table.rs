//! The outcomes counted, and the page that shows them.

use crate::journey::{End, Reading};
use std::collections::BTreeMap;
use std::path::Path;

/// Which half of the corpus a mail is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ham,
    Spam,
}

const REFUSED: &str = "refused";

const BEGIN: &str = "<!-- begin: written by tests/corpus -->\n";
const END: &str = "<!-- end -->\n";

/// Ham and spam, by name and reason.
type Counts = BTreeMap<(&'static str, String), [usize; 2]>;

/// How many mails came to what.
#[derive(Debug, Default)]
pub(crate) struct Table {
    readings: Counts,
    ends: Counts,
    /// What should not happen, by mail.
    pub(crate) broken: Vec<String>,
}

impl Table {
    pub(crate) fn count(&mut self, kind: Kind, reading: &Reading, end: Option<&End>) {
        let (name, why) = match reading {
            Reading::AsItCame => ("as it came", ""),
            Reading::Rebuilt(why) => ("rebuilt", why.as_str()),
            Reading::Refused(why) => (REFUSED, why.as_str()),
        };
        add(&mut self.readings, kind, name, why);
        let (name, why) = match end {
            None => return,
            Some(End::Good) => ("good", ""),
            Some(End::NotGood(why)) => ("not good", why.as_str()),
            Some(End::Unsigned(why)) => ("not signed", why.as_str()),
        };
        add(&mut self.ends, kind, name, why);
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        for (into, from) in [(&mut self.readings, other.readings), (&mut self.ends, other.ends)] {
            for (key, [ham, spam]) in from {
                let counts = into.entry(key).or_default();
                *counts = [counts[0] + ham, counts[1] + spam];
            }
        }
        self.broken.extend(other.broken);
        self
    }

    pub(crate) fn all(&self) -> usize {
        self.readings.values().flatten().sum()
    }

    /// How much ham was refused, of how much.
    pub(crate) fn refused_ham(&self) -> (usize, usize) {
        let refused = self.readings.iter().filter(|((name, _), _)| *name == REFUSED);
        let ham = |counts: &[usize; 2]| counts[0];
        (refused.map(|(_, counts)| ham(counts)).sum(), self.readings.values().map(ham).sum())
    }

    fn markdown(&self) -> String {
        let readings = markdown("how it was read", &self.readings);
        let ends = markdown("what came of the others", &self.ends);
        format!("{readings}\n{ends}")
    }
}

fn add(counts: &mut Counts, kind: Kind, name: &'static str, why: &str) {
    let [ham, spam] = counts.entry((name, why.to_owned())).or_default();
    match kind {
        Kind::Ham => *ham += 1,
        Kind::Spam => *spam += 1,
    }
}

/// A line for each name with its sum, and one below for each of its reasons.
fn markdown(title: &str, counts: &Counts) -> String {
    let mut sums: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for ((name, _), [ham, spam]) in counts {
        let sum = sums.entry(name).or_default();
        *sum = [sum[0] + ham, sum[1] + spam];
    }
    let mut text = format!("| {title} | reason | ham | spam |\n|---|---|---:|---:|\n");
    for (name, [ham, spam]) in &sums {
        text += &format!("| **{name}** | | **{ham}** | **{spam}** |\n");
        for ((this, why), [ham, spam]) in counts {
            if this == name && !why.is_empty() {
                text += &format!("| {name} | {why} | {ham} | {spam} |\n");
            }
        }
    }
    text
}

/// Holds the page against the table, or writes it.
pub(crate) fn check(table: &Table) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has no mark to begin at");
    let (current, after) = rest.split_once(END).expect("the page has no mark to end at");
    let fresh = table.markdown();
    if std::env::var_os("SSMAX_WRITE_DOCS").is_some() {
        std::fs::write(&path, [before, BEGIN, &fresh, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        current, fresh,
        "docs/compatibility.md is not current; SSMAX_WRITE_DOCS=1 writes it"
    );
}
