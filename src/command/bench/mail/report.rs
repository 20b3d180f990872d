//! What `ssmax bench mail` prints: a line for each size and way, what each role used, and
//! which goals are met.

use super::Args;
use super::lane::{Lane, Way};
use crate::command::Context;
use crate::command::bench::cms::Size;
use crate::command::bench::report::{Spread, aligned, spread};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The sizes for which something is promised, in octets.
const PROMISED: [usize; 2] = [10 * 1024, 100 * 1024];

/// The least share of the rate with a filter that only copies.
const RATE: f64 = 0.9;

/// What OpenDKIM cost when the goals were set, in milliseconds of processor time for each
/// mail, and how little it might be.
const SHARE_MS: f64 = 3.3;
const STRETCH_MS: f64 = 1.0;

/// One turn of one line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    /// Mails that the sink got in a second.
    pub(super) per_second: f64,
    /// Processor time of all of Postfix for each mail.
    pub(super) postfix_ms: f64,
    /// The same of what stands between Postfix and the sink, by name.
    pub(super) own_ms: BTreeMap<String, f64>,
}

impl Measured {
    fn own(&self) -> f64 {
        self.own_ms.values().sum()
    }

    fn all(&self) -> f64 {
        self.postfix_ms + self.own()
    }
}

/// All turns of one line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) lane: Lane,
    pub(super) rounds: Vec<Measured>,
}

impl Series {
    pub(super) const fn new(lane: Lane) -> Self {
        Self { lane, rounds: Vec::new() }
    }

    fn middle(&self, of: impl Fn(&Measured) -> f64) -> f64 {
        spread(self.rounds.iter().map(of).collect()).middle
    }

    /// How this rate stands to another's, round by round: what slows the machine for a while
    /// slows both.
    fn ratio(&self, other: &Self) -> f64 {
        let pairs = self.rounds.iter().zip(&other.rounds);
        spread(pairs.map(|(one, other)| one.per_second / other.per_second).collect()).middle
    }
}

/// The most memory of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peak {
    /// Member and role.
    pub(super) name: String,
    pub(super) kib: u64,
}

impl Peak {
    fn megabytes(&self) -> f64 {
        f64::from(u32::try_from(self.kib).unwrap_or(u32::MAX)) * 1024.0 / 1_000_000.0
    }
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    size: Size,
    lane: Lane,
    rate: Spread,
    to_plain: f64,
    to_pass_through: f64,
    /// Milliseconds of processor time for each mail: everything, Postfix, what is between.
    all_ms: f64,
    postfix_ms: f64,
    own_ms: f64,
    /// `all_ms` less that of Postfix alone.
    more_ms: f64,
    roles: BTreeMap<String, f64>,
}

impl Row {
    fn of(size: &Size, series: &Series, all: &[Series]) -> Self {
        let beside = |way| {
            let lane = Lane { way, ..series.lane };
            all.iter().find(|series| series.lane == lane).unwrap_or(series)
        };
        let plain = beside(Way::Plain);
        let names = series.rounds.iter().flat_map(|round| round.own_ms.keys());
        let role = |name: &String| {
            series.middle(|round| round.own_ms.get(name).copied().unwrap_or_default())
        };
        let all_ms = series.middle(Measured::all);
        Self {
            size: size.clone(),
            lane: series.lane,
            rate: spread(series.rounds.iter().map(|round| round.per_second).collect()),
            to_plain: series.ratio(plain),
            to_pass_through: series.ratio(beside(Way::PassThrough)),
            all_ms,
            postfix_ms: series.middle(|round| round.postfix_ms),
            own_ms: series.middle(Measured::own),
            more_ms: all_ms - plain.middle(Measured::all),
            roles: names.map(|name| (name.clone(), role(name))).collect(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "size": self.size.name,
            "octets": self.size.octets,
            "way": self.lane.name(),
            "mails_per_second": self.rate.middle,
            "mails_per_second_low": self.rate.low,
            "mails_per_second_high": self.rate.high,
            "ratio_to_plain": self.to_plain,
            "ratio_to_pass_through": self.to_pass_through,
            "cpu_ms": self.all_ms,
            "postfix_cpu_ms": self.postfix_ms,
            "own_cpu_ms": self.own_ms,
            "more_than_plain_cpu_ms": self.more_ms,
            "own_cpu_ms_by_process": self.roles,
        })
    }

    fn cells(&self, context: &Context) -> [String; COLUMNS] {
        let Spread { middle, low, high } = self.rate;
        let own = if self.roles.is_empty() { String::new() } else { format!("{:.1}", self.own_ms) };
        [
            self.size.name.clone(),
            name(self.lane, context),
            format!("{middle:.0} ({low:.0}-{high:.0})"),
            format!("{:.2}", self.to_plain),
            format!("{:.2}", self.to_pass_through),
            format!("{:.1}", self.all_ms),
            own,
        ]
    }

    /// What each role used, in one line.
    fn by_role(&self, context: &Context) -> String {
        let roles: Vec<String> =
            self.roles.iter().map(|(name, used)| format!("{name} {used:.2}")).collect();
        let arguments = [
            ("size", self.size.name.as_str()),
            ("way", &name(self.lane, context)),
            ("roles", &roles.join(", ")),
        ];
        context.text("bench-mail-roles", &arguments)
    }
}

/// The columns of the table; those from the third on are numbers.
const COLUMNS: usize = 7;

fn name(lane: Lane, context: &Context) -> String {
    context.text(&format!("bench-mail-way-{}", lane.name()), &[])
}

/// What was promised.
#[derive(Debug, Clone, PartialEq)]
struct Goal {
    /// After `bench-mail-goal-` in the texts.
    name: &'static str,
    size: String,
    lane: Lane,
    value: f64,
    goal: f64,
    met: bool,
}

impl Goal {
    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "size": self.size,
            "way": self.lane.name(),
            "value": self.value,
            "goal": self.goal,
            "met": self.met,
        })
    }

    fn line(&self, context: &Context) -> String {
        let outcome = context.text(if self.met { "bench-met" } else { "bench-missed" }, &[]);
        let arguments = [
            ("size", self.size.as_str()),
            ("way", &name(self.lane, context)),
            ("value", &format!("{:.2}", self.value)),
            ("goal", &format!("{:.1}", self.goal)),
            ("outcome", &outcome),
        ];
        context.text(&format!("bench-mail-goal-{}", self.name), &arguments)
    }
}

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Report {
    postfix: String,
    mails: u32,
    rounds: u32,
    sessions: u32,
    rows: Vec<Row>,
    peaks: Vec<(String, Peak)>,
    /// How often Postfix had to try a mail again while it was measured.
    pub(super) tried_again: usize,
}

impl Report {
    pub(super) fn new(args: &Args, postfix: &str) -> Self {
        let Args { mails, rounds, sessions, .. } = *args;
        let postfix = postfix.to_owned();
        Self {
            postfix,
            mails,
            rounds,
            sessions,
            rows: Vec::new(),
            peaks: Vec::new(),
            tried_again: 0,
        }
    }

    /// The lines of one size.
    pub(super) fn add(&mut self, size: &Size, all: &[Series], peaks: Vec<Peak>) {
        self.rows.extend(all.iter().map(|series| Row::of(size, series, all)));
        self.peaks.extend(peaks.into_iter().map(|peak| (size.name.clone(), peak)));
    }

    /// What the milter costs more than Postfix alone, in this run.
    fn share(&self, size: &Size) -> Option<f64> {
        let is_milter = |row: &&Row| row.lane.way == Way::Milter && row.size == *size;
        self.rows.iter().find(is_milter).map(|row| row.more_ms)
    }

    fn goals(&self) -> Vec<Goal> {
        let mut goals = Vec::new();
        let promised =
            |row: &&Row| row.lane.way == Way::Gateway && PROMISED.contains(&row.size.octets);
        for row in self.rows.iter().filter(promised) {
            let mut add = |name, value, goal, met| {
                let (size, lane) = (row.size.name.clone(), row.lane);
                goals.push(Goal { name, size, lane, value, goal, met });
            };
            add("rate", row.to_pass_through, RATE, row.to_pass_through >= RATE);
            add("cpu", row.own_ms, SHARE_MS, row.own_ms <= SHARE_MS);
            if let Some(share) = self.share(&row.size) {
                add("share", row.own_ms, share, row.own_ms <= share);
            }
            add("stretch", row.own_ms, STRETCH_MS, row.own_ms <= STRETCH_MS);
        }
        goals
    }

    pub(super) fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        let goals: Vec<Value> = self.goals().iter().map(Goal::json).collect();
        let peaks: Vec<Value> = self
            .peaks
            .iter()
            .map(|(size, peak)| {
                json!({ "size": size, "role": peak.name, "peak_mb": peak.megabytes() })
            })
            .collect();
        json!({
            "postfix": self.postfix,
            "optimised": !cfg!(debug_assertions),
            "mails": self.mails,
            "rounds": self.rounds,
            "sessions": self.sessions,
            "tried_again": self.tried_again,
            "rows": rows,
            "memory": peaks,
            "goals": goals,
        })
    }

    pub(super) fn table(&self, context: &Context) -> String {
        let numbers = [self.mails, self.rounds, self.sessions].map(|number| number.to_string());
        let [mails, rounds, sessions] = &numbers;
        let arguments = [
            ("version", self.postfix.as_str()),
            ("mails", mails),
            ("rounds", rounds),
            ("sessions", sessions),
        ];
        let mut lines = vec![context.text("bench-mail-what", &arguments)];
        if cfg!(debug_assertions) {
            lines.push(context.text("bench-not-optimised", &[]));
        }
        lines.push(String::new());
        let header = ["size", "way", "rate", "to-plain", "to-pass-through", "cpu", "own"]
            .map(|column| context.text(&format!("bench-mail-column-{column}"), &[]));
        let cells: Vec<[String; COLUMNS]> =
            std::iter::once(header).chain(self.rows.iter().map(|row| row.cells(context))).collect();
        lines.extend(aligned(&cells, 2..COLUMNS));
        lines.push(String::new());
        let ours = self.rows.iter().filter(|row| row.lane.is_ours());
        lines.extend(ours.map(|row| row.by_role(context)));
        for size in
            self.rows.iter().map(|row| &row.size.name).collect::<std::collections::BTreeSet<_>>()
        {
            let of_size = self.peaks.iter().filter(|(other, _)| other == size);
            let peaks: Vec<String> =
                of_size.map(|(_, peak)| format!("{} {:.0}", peak.name, peak.megabytes())).collect();
            let arguments = [("size", size.as_str()), ("roles", &peaks.join(", "))];
            lines.push(context.text("bench-mail-memory", &arguments));
        }
        if self.tried_again > 0 {
            let count = self.tried_again.to_string();
            lines.push(context.text("bench-mail-tried-again", &[("count", &count)]));
        }
        lines.push(String::new());
        let goals = self.goals();
        lines.extend(goals.iter().map(|goal| goal.line(context)));
        let met = goals.iter().filter(|goal| goal.met).count().to_string();
        let all = goals.len().to_string();
        lines.push(context.text("bench-goals", &[("met", &met), ("all", &all)]));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::lane::Direction;
    use super::*;
    use ssmax_texts::Language;

    /// Rounds of one line: rates, Postfix's milliseconds and one process's.
    fn series(lane: Lane, rates: [f64; 3], postfix_ms: f64, own: &[(&str, f64)]) -> Series {
        let own_ms: BTreeMap<_, _> =
            own.iter().map(|(name, used)| ((*name).to_owned(), *used)).collect();
        let round = |per_second| Measured { per_second, postfix_ms, own_ms: own_ms.clone() };
        Series { lane, rounds: rates.map(round).into() }
    }

    fn report(gateway_rate: f64, keyserver_ms: f64, octets: usize) -> Report {
        let args = Args { mails: 1, rounds: 3, sessions: 1, sizes: Vec::new(), database: None };
        let mut report = Report::new(&args, "3.7.11");
        let lane = |way| Lane { direction: Direction::Outbound, way };
        let all = [
            series(lane(Way::Plain), [400.0, 200.0, 300.0], 2.0, &[]),
            series(lane(Way::PassThrough), [200.0, 100.0, 150.0], 4.0, &[("copier", 0.5)]),
            series(lane(Way::Milter), [300.0, 150.0, 225.0], 2.5, &[("opendkim", 1.5)]),
            series(
                lane(Way::Gateway),
                [200.0, 100.0, 150.0].map(|rate| rate * gateway_rate),
                5.0,
                &[("gateway", 0.5), ("keyserver", keyserver_ms)],
            ),
        ];
        let size = Size { name: "10k".to_owned(), octets };
        report.add(&size, &all, vec![Peak { name: "a.gateway".to_owned(), kib: 31_250 }]);
        report
    }

    fn outcomes(report: &Report) -> Vec<(&'static str, bool)> {
        report.goals().iter().map(|goal| (goal.name, goal.met)).collect()
    }

    #[test]
    fn ratios_are_of_the_same_round_and_goals_of_the_middle() {
        let good = report(0.95, 1.5, PROMISED[0]);
        let gateway = &good.rows[3];
        assert!((gateway.to_pass_through - 0.95).abs() < 1e-9, "{gateway:?}");
        assert!((gateway.to_plain - 0.475).abs() < 1e-9, "{gateway:?}");
        assert!((gateway.own_ms - 2.0).abs() < 1e-9, "{gateway:?}");
        assert!((gateway.more_ms - 5.0).abs() < 1e-9, "{gateway:?}");
        let met = [("rate", true), ("cpu", true), ("share", true), ("stretch", false)];
        assert_eq!(outcomes(&good), met);
        // More than the milter's 2 ms here, less than the 3.3 ms of the promise.
        let dear = report(0.89, 2.5, PROMISED[0]);
        let missed = [("rate", false), ("cpu", true), ("share", false), ("stretch", false)];
        assert_eq!(outcomes(&dear), missed);
        assert_eq!(outcomes(&report(0.95, 0.5, PROMISED[1])), met.map(|(name, _)| (name, true)));
        assert_eq!(outcomes(&report(0.95, 0.5, 2048)), []);
    }

    #[test]
    fn every_line_is_told_in_both_languages() {
        for language in Language::ALL {
            let context = Context { language, json: false };
            let mut report = report(0.95, 1.5, PROMISED[0]);
            report.tried_again = 3;
            let table = report.table(&context);
            for part in ["10k", "142 (95-190)", "0.95", "gateway 0.50", "a.gateway 32", "3.7.11"] {
                assert!(table.contains(part), "{part}: {table}");
            }
            for lane in Lane::ALL {
                assert_ne!(name(lane, &context), "");
            }
        }
    }
}
