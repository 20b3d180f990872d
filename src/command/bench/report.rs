//! What `ssmax bench cms` prints: a line for each key, size and operation, and which
//! goals are met.

use super::cms::{Key, Operation, Series, Size};
use super::ours::Figure;
use crate::command::Context;
use serde_json::{Value, json};
use std::ops::Range;

/// The size for which a ratio is promised, in octets: an ordinary mail.
const MAIL_BYTES: usize = 50 * 1024;
/// At least as fast as libcrypto with it.
const MAIL_GOAL: f64 = 1.0;

/// The size from which the key work of a rewrap is to be small, in octets.
const LARGE_BYTES: usize = 25 * 1024 * 1024;
/// Its largest share of decrypting and encrypting all of it with libcrypto, as everything
/// here is held against that. Its share of our own, faster way is told too.
const REWRAP_SHARE: f64 = 1.0 / 50.0;

/// The key work on the largest content may take so many times as long as on the
/// smallest: what measuring itself varies by.
const CONSTANT_WITHIN: f64 = 1.5;

/// The narrowest column, in places of a terminal.
const MIN_COLUMN: usize = 8;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    key: &'static str,
    size: Size,
    operation: Operation,
    /// Operations a second, the middle of all rounds.
    ours: f64,
    /// The same; for a rewrap libcrypto's decrypting and encrypting in turn.
    theirs: f64,
    ratio: Spread,
    goal: Option<f64>,
}

/// A middle value with the lowest and the highest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) middle: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Row {
    /// The lines of one content and key.
    pub(super) fn all(key: Key, size: &Size, all: &[Series]) -> Vec<Self> {
        let rates = |figures: &[Figure]| -> Vec<f64> {
            figures.iter().map(|figure| figure.per_second()).collect()
        };
        let theirs_of = |operation| {
            let series = all.iter().find(|series| series.operation == operation);
            series.map(|series| rates(&series.theirs)).unwrap_or_default()
        };
        let (encrypt, decrypt) = (theirs_of(Operation::Encrypt), theirs_of(Operation::Decrypt));
        let both: Vec<f64> =
            encrypt.iter().zip(&decrypt).map(|(one, other)| in_turn(*one, *other)).collect();
        all.iter()
            .map(|series| {
                let ours = rates(&series.ours);
                let has_peer = series.operation.has_peer();
                let theirs = if has_peer { rates(&series.theirs) } else { both.clone() };
                // Round by round, so that what slows the machine for a while slows both.
                let ratios = ours.iter().zip(&theirs).map(|(one, other)| one / other).collect();
                Self {
                    key: key.name(),
                    size: size.clone(),
                    operation: series.operation,
                    ours: spread(ours).middle,
                    theirs: spread(theirs).middle,
                    ratio: spread(ratios),
                    goal: goal(series.operation, size.octets),
                }
            })
            .collect()
    }

    fn met(&self) -> Option<bool> {
        self.goal.map(|goal| self.ratio.middle >= goal)
    }

    fn json(&self) -> Value {
        json!({
            "key": self.key,
            "size": self.size.name,
            "octets": self.size.octets,
            "operation": self.operation.name(),
            "ours_per_second": self.ours,
            "libcrypto_per_second": self.theirs,
            "ratio": self.ratio.middle,
            "ratio_low": self.ratio.low,
            "ratio_high": self.ratio.high,
            "goal": self.goal,
            "met": self.met(),
        })
    }

    fn cells(&self, context: &Context) -> [String; 7] {
        let goal = match (self.goal, self.met()) {
            (Some(goal), Some(met)) => {
                let id = if met { "bench-goal-met" } else { "bench-goal-missed" };
                context.text(id, &[("goal", &format!("{goal:.1}"))])
            }
            _ => String::new(),
        };
        let Spread { middle, low, high } = self.ratio;
        [
            self.key.to_owned(),
            self.size.name.clone(),
            self.operation.name().to_owned(),
            rate(self.ours),
            rate(self.theirs),
            format!("{middle:.2} ({low:.2}-{high:.2})"),
            goal,
        ]
    }
}

/// Two operations one after the other, a second.
fn in_turn(one: f64, other: f64) -> f64 {
    1.0 / (1.0 / one + 1.0 / other)
}

/// What the ratio of an operation is promised to reach.
fn goal(operation: Operation, octets: usize) -> Option<f64> {
    (operation.has_peer() && octets == MAIL_BYTES).then_some(MAIL_GOAL)
}

pub(super) fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or_default();
    Spread { middle: at(values.len() / 2), low: at(0), high: at(values.len().saturating_sub(1)) }
}

/// Three digits at least, and no more than are known.
fn rate(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// A goal that is not of one line alone.
#[derive(Debug, Clone, PartialEq)]
struct Goal {
    name: &'static str,
    key: &'static str,
    size: String,
    value: f64,
    /// `None` for what is told without a promise.
    at_most: Option<f64>,
}

impl Goal {
    fn met(&self) -> Option<bool> {
        self.at_most.map(|at_most| self.value <= at_most)
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "key": self.key,
            "size": self.size,
            "value": self.value,
            "at_most": self.at_most,
            "met": self.met(),
        })
    }

    fn line(&self, context: &Context) -> String {
        let outcome = match self.met() {
            Some(true) => context.text("bench-met", &[]),
            Some(false) => context.text("bench-missed", &[]),
            None => String::new(),
        };
        // Small shares read better as one part in so many.
        let value = if self.value < 0.5 {
            format!("1/{:.0}", 1.0 / self.value)
        } else {
            format!("{:.2}", self.value)
        };
        context.text(
            &format!("bench-goal-{}", self.name),
            &[("key", self.key), ("size", &self.size), ("value", &value), ("outcome", &outcome)],
        )
    }
}

/// All lines.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    version: String,
    rounds: usize,
    rows: Vec<Row>,
}

impl Report {
    pub(super) fn new(version: &str, rounds: usize, rows: Vec<Row>) -> Self {
        Self { version: version.to_owned(), rounds, rows }
    }

    fn rate_of(&self, like: &Row, operation: Operation) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.key == like.key && row.size == like.size && row.operation == operation)
    }

    /// What is promised of the key work of a rewrap, for each key.
    fn goals(&self) -> Vec<Goal> {
        let key_work = |row: &&Row| row.operation == Operation::RewrapKey;
        let mut goals = Vec::new();
        for row in self.rows.iter().filter(key_work) {
            let of = |name, value, at_most| Goal {
                name,
                key: row.key,
                size: row.size.name.clone(),
                value,
                at_most,
            };
            let same_key =
                || self.rows.iter().filter(key_work).filter(|other| other.key == row.key);
            let smallest = same_key().min_by_key(|other| other.size.octets);
            let largest = same_key().max_by_key(|other| other.size.octets);
            if let Some(smallest) = smallest
                && largest == Some(row)
                && smallest.size != row.size
            {
                goals.push(of("constant", smallest.ours / row.ours, Some(CONSTANT_WITHIN)));
            }
            if row.size.octets < LARGE_BYTES {
                continue;
            }
            if let Some(encrypt) = self.rate_of(row, Operation::Encrypt)
                && let Some(decrypt) = self.rate_of(row, Operation::Decrypt)
            {
                let own = in_turn(encrypt.ours, decrypt.ours);
                goals.push(of("share-of-ours", own / row.ours, None));
                goals.push(of("share-of-libcrypto", row.theirs / row.ours, Some(REWRAP_SHARE)));
            }
        }
        goals
    }

    pub(super) fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let goals: Vec<Value> = self.goals().iter().map(Goal::json).collect();
        json!({
            "compared_with": self.version,
            "optimised": !cfg!(debug_assertions),
            "rounds": self.rounds,
            "rows": rows,
            "rewrap_key_goals": goals,
        })
    }

    pub(super) fn table(&self, context: &Context) -> String {
        let header = ["key", "size", "operation", "ours", "libcrypto", "ratio", "goal"]
            .map(|column| context.text(&format!("bench-column-{column}"), &[]));
        let cells: Vec<[String; 7]> =
            std::iter::once(header).chain(self.rows.iter().map(|row| row.cells(context))).collect();
        let rounds = self.rounds.to_string();
        let mut lines = vec![
            context.text("bench-compared", &[("version", &self.version), ("rounds", &rounds)]),
            context.text("bench-rewrap-compared", &[]),
        ];
        if cfg!(debug_assertions) {
            lines.push(context.text("bench-not-optimised", &[]));
        }
        lines.push(String::new());
        lines.extend(aligned(&cells, 3..6));
        lines.push(String::new());
        let goals = self.goals();
        lines.extend(goals.iter().map(|goal| goal.line(context)));
        let goals = self.rows.iter().filter_map(Row::met).chain(goals.iter().filter_map(Goal::met));
        let (met, all) = goals.fold((0, 0), |(met, all), this| (met + usize::from(this), all + 1));
        let (met, all) = (met.to_string(), all.to_string());
        lines.push(context.text("bench-goals", &[("met", &met), ("all", &all)]));
        lines.join("\n")
    }
}

/// Columns under each other, names to the left and `numbers` to the right.
pub(super) fn aligned<const COLUMNS: usize>(
    rows: &[[String; COLUMNS]],
    numbers: Range<usize>,
) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| places(cell)).max().unwrap_or_default().max(MIN_COLUMN)
    };
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                let padding = " ".repeat(width.saturating_sub(places(cell)));
                if numbers.contains(&column) {
                    format!("{padding}{cell}")
                } else {
                    format!("{cell}{padding}")
                }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

/// How many places a text takes on a terminal: Japanese characters take two.
fn places(text: &str) -> usize {
    text.chars().map(|char| if char.is_ascii() { 1 } else { 2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_texts::Language;
    use std::time::Duration;

    /// Seven rounds in which we do `ours` and they do `theirs` operations a second.
    fn series(operation: Operation, ours: u64, theirs: u64) -> Series {
        let figures = |count| vec![Figure { count, time: Duration::from_secs(1) }; 7];
        let theirs = if operation.has_peer() { figures(theirs) } else { Vec::new() };
        Series { operation, ours: figures(ours), theirs }
    }

    fn report(octets: &[usize], key_work: u64) -> Report {
        let mut rows = Vec::new();
        for octets in octets {
            let size = Size { name: octets.to_string(), octets: *octets };
            let all = [
                series(Operation::Sign, 90, 100),
                series(Operation::Verify, 300, 100),
                series(Operation::Encrypt, 40, 40),
                series(Operation::Decrypt, 40, 40),
                series(Operation::Rewrap, 100, 0),
                series(Operation::RewrapKey, key_work, 0),
            ];
            rows.extend(Row::all(Key::P256, &size, &all));
        }
        Report::new("OpenSSL 3", 7, rows)
    }

    fn met(report: &Report, operation: Operation) -> Option<bool> {
        report.rows.iter().find(|row| row.operation == operation).unwrap().met()
    }

    #[test]
    fn an_ordinary_mail_must_be_as_fast_as_with_libcrypto() {
        let report = report(&[MAIL_BYTES], 1000);
        assert_eq!(met(&report, Operation::Sign), Some(false));
        assert_eq!(met(&report, Operation::Verify), Some(true));
        assert_eq!(met(&report, Operation::Encrypt), Some(true));
        assert_eq!(met(&report, Operation::RewrapKey), None);
    }

    fn goals(report: &Report) -> Vec<(&'static str, Option<bool>)> {
        report.goals().iter().map(|goal| (goal.name, goal.met())).collect()
    }

    #[test]
    fn key_work_is_held_against_decrypting_and_encrypting_in_turn() {
        // 20 a second in turn, of which 1/50.
        let both = |met| [("share-of-ours", None), ("share-of-libcrypto", Some(met))];
        assert_eq!(goals(&report(&[LARGE_BYTES], 1000)), both(true));
        assert_eq!(goals(&report(&[LARGE_BYTES], 999)), both(false));
        assert!(goals(&report(&[MAIL_BYTES], 1)).is_empty());
        let report = report(&[LARGE_BYTES], 1000);
        assert_eq!(met(&report, Operation::Sign), None);
        let row = report.rows.iter().find(|row| row.operation == Operation::Rewrap).unwrap();
        assert!((row.theirs - 20.0).abs() < 1e-9 && (row.ratio.middle - 5.0).abs() < 1e-9);
    }

    #[test]
    fn constant_is_said_of_the_largest_size_beside_the_smallest() {
        let mut report = report(&[1024, MAIL_BYTES], 30);
        assert_eq!(goals(&report), [("constant", Some(true))]);
        for row in report.rows.iter_mut().filter(|row| row.size.octets == MAIL_BYTES) {
            row.ours = 19.9;
        }
        assert_eq!(goals(&report), [("constant", Some(false))]);
    }

    #[test]
    fn a_spread_is_the_middle_between_lowest_and_highest() {
        let found = spread(vec![3.0, 1.0, 2.0, 9.0, 2.5]);
        assert_eq!(found, Spread { middle: 2.5, low: 1.0, high: 9.0 });
    }

    #[test]
    fn the_table_has_every_line_in_both_languages_and_the_json_too() {
        let report = report(&[1024, MAIL_BYTES, LARGE_BYTES], 2000);
        assert_eq!(report.json()["rows"].as_array().unwrap().len(), 18);
        assert_eq!(report.json()["rewrap_key_goals"].as_array().unwrap().len(), 3);
        for language in Language::ALL {
            let table = report.table(&Context { language, json: false });
            assert!(!table.contains("bench-") && !table.contains("{$"), "{table}");
            for operation in Operation::ALL {
                let lines = table.lines().filter(|line| {
                    line.starts_with("p256 ")
                        && line.split_whitespace().nth(2) == Some(operation.name())
                });
                assert_eq!(lines.count(), 3, "{table}");
            }
        }
    }
}
