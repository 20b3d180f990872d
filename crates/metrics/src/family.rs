//! Counters, gauges and histograms, each with the labels that were declared.

use crate::snapshot::{Sample, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many combinations of labels one metric has at most; what would be one more is not
/// counted. Words of this program and reason numbers make far fewer.
pub const MAX_SERIES: usize = 2_000;

/// What a label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A word of this program.
    Word(&'static str),
    /// A number of a known kind, such as a reason's.
    Number(u16),
}

impl From<&'static str> for Label {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl From<u16> for Label {
    fn from(number: u16) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => out.write_str(word),
            Self::Number(number) => write!(out, "{number}"),
        }
    }
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// What is now.
    Gauge,
    /// How often and how much, in buckets.
    Histogram,
}

impl Kind {
    /// The word of the exposition format.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A declaration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Described {
    /// The name, with its unit at the end.
    pub name: &'static str,
    /// What its numbers mean.
    pub kind: Kind,
    /// Names of its labels, besides `role`.
    pub labels: &'static [&'static str],
    /// One sentence.
    pub help: &'static str,
    /// Upper bounds of the buckets, ascending, without infinity.
    pub buckets: &'static [f64],
}

/// A metric of any kind.
pub trait Metric: Sync {
    /// Its declaration.
    fn described(&self) -> Described;

    /// All that it has counted.
    fn samples(&self) -> Vec<Sample>;
}

/// One value for each combination of labels.
struct Series<const N: usize, V>(Mutex<BTreeMap<[Label; N], V>>);

impl<const N: usize, V: Clone> Series<N, V> {
    const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<[Label; N], V>> {
        // Each change is one step: a panic elsewhere leaves no half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, labels: [Label; N], first: impl FnOnce() -> V, change: impl FnOnce(&mut V)) {
        let mut series = self.lock();
        if series.len() < MAX_SERIES || series.contains_key(&labels) {
            change(series.entry(labels).or_insert_with(first));
        }
    }

    fn samples(&self, value: impl Fn(V) -> Value) -> Vec<Sample> {
        let sample = |(labels, one): (&[Label; N], &V)| Sample {
            labels: labels.iter().map(Label::to_string).collect(),
            value: value(one.clone()),
        };
        self.lock().iter().map(sample).collect()
    }
}

/// Only grows.
pub struct Counter<const N: usize = 0> {
    described: Described,
    series: Series<N, u64>,
}

impl<const N: usize> Counter<N> {
    /// Declares one; `name` ends in `_total`.
    #[must_use]
    pub const fn new(
        name: &'static str,
        labels: &'static [&'static str; N],
        help: &'static str,
    ) -> Self {
        let described = Described { name, kind: Kind::Counter, labels, help, buckets: &[] };
        Self { described, series: Series::new() }
    }

    /// One more.
    pub fn count(&self, labels: [Label; N]) {
        self.add(labels, 1);
    }

    /// So many more.
    pub fn add(&self, labels: [Label; N], more: u64) {
        self.series.change(labels, || 0, |value| *value = value.saturating_add(more));
    }

    /// How many so far.
    #[must_use]
    pub fn counted(&self, labels: [Label; N]) -> u64 {
        self.series.lock().get(&labels).copied().unwrap_or_default()
    }
}

impl<const N: usize> Metric for Counter<N> {
    fn described(&self) -> Described {
        self.described
    }

    fn samples(&self) -> Vec<Sample> {
        self.series.samples(Value::Count)
    }
}

/// What is now.
pub struct Gauge<const N: usize = 0> {
    described: Described,
    series: Series<N, f64>,
}

impl<const N: usize> Gauge<N> {
    /// Declares one.
    #[must_use]
    pub const fn new(
        name: &'static str,
        labels: &'static [&'static str; N],
        help: &'static str,
    ) -> Self {
        let described = Described { name, kind: Kind::Gauge, labels, help, buckets: &[] };
        Self { described, series: Series::new() }
    }

    /// Says what is now.
    pub fn set(&self, labels: [Label; N], now: f64) {
        self.series.change(labels, || now, |value| *value = now);
    }

    /// So many more; less for a negative number.
    pub fn add(&self, labels: [Label; N], more: f64) {
        self.series.change(labels, || 0.0, |value| *value += more);
    }

    /// There is nothing to say any more.
    pub fn clear(&self) {
        self.series.lock().clear();
    }

    /// What is now, if it was said.
    #[must_use]
    pub fn value(&self, labels: [Label; N]) -> Option<f64> {
        self.series.lock().get(&labels).copied()
    }
}

impl<const N: usize> Metric for Gauge<N> {
    fn described(&self) -> Described {
        self.described
    }

    fn samples(&self) -> Vec<Sample> {
        self.series.samples(Value::Now)
    }
}

/// Counts in each bucket (not added up), those past the last one, and the sum.
#[derive(Debug, Clone)]
struct Spread {
    counts: Vec<u64>,
    sum: f64,
}

/// How often and how much.
pub struct Histogram<const N: usize = 0> {
    described: Described,
    series: Series<N, Spread>,
}

impl<const N: usize> Histogram<N> {
    /// Declares one; `buckets` ascend.
    #[must_use]
    pub const fn new(
        name: &'static str,
        labels: &'static [&'static str; N],
        buckets: &'static [f64],
        help: &'static str,
    ) -> Self {
        let described = Described { name, kind: Kind::Histogram, labels, help, buckets };
        Self { described, series: Series::new() }
    }

    /// One more, of this size. What is no number is not counted.
    pub fn observe(&self, labels: [Label; N], size: f64) {
        if !size.is_finite() {
            return;
        }
        let buckets = self.described.buckets;
        let place = buckets.iter().position(|bound| size <= *bound).unwrap_or(buckets.len());
        let first = || Spread { counts: vec![0; buckets.len() + 1], sum: 0.0 };
        self.series.change(labels, first, |spread| {
            if let Some(count) = spread.counts.get_mut(place) {
                *count = count.saturating_add(1);
            }
            spread.sum += size;
        });
    }
}

impl<const N: usize> Metric for Histogram<N> {
    fn described(&self) -> Described {
        self.described
    }

    fn samples(&self) -> Vec<Sample> {
        self.series.samples(|spread| Value::Spread { counts: spread.counts, sum: spread.sum })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static MAILS: Counter<2> = Counter::new("mails_total", &["direction", "reason"], "Mails.");
    static WAIT: Histogram = Histogram::new("wait_seconds", &[], &[0.1, 1.0], "Waits.");

    fn labelled(one: &str, other: &str, value: Value) -> Sample {
        Sample { labels: vec![one.to_owned(), other.to_owned()], value }
    }

    #[test]
    fn each_combination_of_labels_is_counted_by_itself() {
        MAILS.count(["inbound".into(), 12.into()]);
        MAILS.add(["inbound".into(), 12.into()], 2);
        MAILS.count(["outbound".into(), "none".into()]);
        let counted = [
            labelled("inbound", "12", Value::Count(3)),
            labelled("outbound", "none", Value::Count(1)),
        ];
        assert_eq!(MAILS.samples(), counted);
        assert_eq!(MAILS.counted(["inbound".into(), 12.into()]), 3);
    }

    #[test]
    fn what_is_as_large_as_a_bound_is_in_its_bucket_and_what_is_no_number_in_none() {
        for size in [0.1, 0.2, 1.0, 7.0, f64::NAN, f64::INFINITY] {
            WAIT.observe([], size);
        }
        let spread = Value::Spread { counts: vec![1, 2, 1], sum: 0.1 + 0.2 + 1.0 + 7.0 };
        assert_eq!(WAIT.samples(), [Sample { labels: vec![], value: spread }]);
    }

    #[test]
    fn there_is_an_end_to_the_series_of_a_metric_and_those_that_are_there_go_on() {
        let gauge: Gauge<1> = Gauge::new("many", &["number"], "Many.");
        let most = u16::try_from(MAX_SERIES).unwrap();
        for number in 0..=most {
            gauge.set([number.into()], 1.0);
        }
        assert_eq!(gauge.samples().len(), MAX_SERIES);
        assert_eq!(gauge.value([most.into()]), None);
        gauge.add([(most - 1).into()], -3.0);
        assert_eq!(gauge.value([(most - 1).into()]), Some(-2.0));
        gauge.clear();
        assert_eq!(gauge.samples(), []);
    }
}
