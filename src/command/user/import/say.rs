//! What an import says: progress, results, and what is wrong with a file.

use super::columns::{Fault, What, head_of};
use super::csv::Form;
use super::{Asked, Plan};
use crate::command::Context;
use serde_json::{Value, json};
use ssmax_api::Problem;
use ssmax_api::ca::{Change, Field, Outcome, RecordFault, Registered, changed};
use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

/// How many faults are told one by one; with more of them the file is another one than was
/// meant.
const MAX_SHOWN: usize = 100;

/// How wide the bar is, in characters.
const BAR_CHARS: usize = 30;

/// How often it is told how far it is where there is no terminal.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// What was done so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::command::user) struct Sums {
    pub(in crate::command::user) joined: usize,
    pub(in crate::command::user) changed: usize,
    pub(in crate::command::user) left: usize,
    pub(in crate::command::user) returned: usize,
    pub(in crate::command::user) unchanged: usize,
    pub(in crate::command::user) refused: usize,
    pub(in crate::command::user) certificates: usize,
}

impl Sums {
    pub(in crate::command::user) fn count(&mut self, change: &Change, outcome: Outcome) {
        match outcome {
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Refused(_) => self.refused += 1,
            Outcome::Done { certificates } => {
                self.certificates += usize::try_from(certificates).unwrap_or_default();
                *match change {
                    Change::Join(_) => &mut self.joined,
                    Change::Change { .. } => &mut self.changed,
                    Change::Leave { .. } => &mut self.left,
                    Change::Return(_) => &mut self.returned,
                } += 1;
            }
        }
    }

    fn done(&self) -> usize {
        self.joined + self.changed + self.left + self.returned
    }
}

/// A bar on a terminal, a line now and then elsewhere; nothing on standard output.
pub(in crate::command::user) struct Progress {
    all: usize,
    shown: bool,
    terminal: bool,
    last: Instant,
}

impl Progress {
    pub(in crate::command::user) fn new(all: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { all, shown: false, terminal, last: Instant::now() }
    }

    pub(in crate::command::user) fn show(
        &mut self,
        sums: &Sums,
        took: Duration,
        context: &Context,
    ) {
        let done = sums.done() + sums.refused;
        let line = progress_line(done, self.all, took, context);
        if self.terminal {
            self.shown = true;
            eprint!("\r\x1b[K{} {line}", bar(done, self.all));
        } else if self.last.elapsed() >= TELL_EVERY && done < self.all {
            self.last = Instant::now();
            eprintln!("{line}");
        }
    }

    pub(in crate::command::user) fn end(&self) {
        if self.shown {
            eprintln!();
        }
    }
}

fn bar(done: usize, all: usize) -> String {
    let full = done.min(all) * BAR_CHARS / all.max(1);
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR_CHARS - full))
}

fn progress_line(done: usize, all: usize, took: Duration, context: &Context) -> String {
    let (done_text, all) = (done.to_string(), all.to_string());
    let rate = rate(done, took);
    context.text("import-progress", &[("done", &done_text), ("all", &all), ("rate", &rate)])
}

/// People a second.
fn rate(done: usize, took: Duration) -> String {
    let seconds = took.as_secs_f64().max(0.001);
    #[allow(clippy::cast_precision_loss, reason = "a figure to be read")]
    let rate = done as f64 / seconds;
    format!("{rate:.0}")
}

/// That it stopped, and what was done until then.
pub(in crate::command::user) fn interrupted(sums: &Sums, context: &Context) {
    eprintln!("{}", context.text("import-interrupted", &[("done", &sums.done().to_string())]));
}

pub(in crate::command::user) fn summary(
    sums: &Sums,
    refused: usize,
    ignored: &[String],
    took: Duration,
    context: &Context,
) -> String {
    let seconds = format!("{:.1}", took.as_secs_f64());
    let number = |count: usize| count.to_string();
    let mut said = vec![
        context.text(
            "import-done",
            &[
                ("joined", &number(sums.joined)),
                ("changed", &number(sums.changed)),
                ("left", &number(sums.left)),
                ("returned", &number(sums.returned)),
                ("unchanged", &number(sums.unchanged)),
                ("refused", &number(refused)),
            ],
        ),
        context.text(
            "import-took",
            &[
                ("certificates", &number(sums.certificates)),
                ("seconds", &seconds),
                ("rate", &rate(sums.done(), took)),
            ],
        ),
    ];
    if !ignored.is_empty() {
        let columns = ignored.join(", ");
        said.push(context.text("import-ignored", &[("columns", &columns)]));
    }
    said.join("\n")
}

/// Each change that is not carried out, by the line that asks for it.
pub(super) fn refused(refused: &[(usize, &str, Problem)], context: &Context) {
    for (line, user, problem) in refused {
        let why = context.text(problem_text(*problem), &[("user", user)]);
        let line = line.to_string();
        let facts = [("line", line.as_str()), ("user", user), ("why", &why)];
        eprintln!("{}", context.text("import-refused", &facts));
    }
}

pub(in crate::command::user) fn problem_text(problem: Problem) -> &'static str {
    match problem {
        Problem::Exists => "err-user-exists",
        Problem::Ended => "import-needs-again",
        Problem::AddressKept => "err-user-address-kept",
        Problem::ProofTooWeak => "err-user-proof-too-weak",
        Problem::NotFound => "err-user-unknown",
        Problem::NotAllowed => "err-user-not-allowed",
        Problem::Malformed => "err-user-malformed",
        _ => "err-user-failed",
    }
}

/// What is wrong with rows of the file.
pub(super) fn faults(faults: &[Fault], context: &Context) {
    for fault in faults.iter().take(MAX_SHOWN) {
        let what = match fault.what {
            What::NoColumn(column) => {
                context.text("import-fault-no-column", &[("column", head_of(column))])
            }
            other => context.text(fault_text(other), &[("text", &fault.text)]),
        };
        let (line, column) = (fault.line.to_string(), fault.column.to_string());
        let id = if fault.column == 0 { "import-fault-row" } else { "import-fault" };
        let facts = [("line", line.as_str()), ("column", &column), ("what", &what)];
        eprintln!("{}", context.text(id, &facts));
    }
    if faults.len() > MAX_SHOWN {
        let more = (faults.len() - MAX_SHOWN).to_string();
        eprintln!("{}", context.text("import-fault-more", &[("count", &more)]));
    }
}

fn fault_text(what: What) -> &'static str {
    match what {
        What::NoColumn(_) | What::TwiceInHead => "import-fault-twice-in-head",
        What::Fields => "import-fault-fields",
        What::Date => "import-fault-date",
        What::Status => "import-fault-status",
        What::Twice => "import-fault-twice",
        What::Record(RecordFault::User) => "import-fault-user",
        What::Record(RecordFault::Name) => "import-fault-name",
        What::Record(RecordFault::Addresses) => "import-fault-addresses",
        What::Record(RecordFault::Proof) => "import-fault-proof",
        What::Record(_) => "import-fault-text",
    }
}

/// The complaint about a form.
pub(super) fn form(form: Form) -> &'static str {
    match form {
        Form::Encoding => "import-encoding",
        Form::OpenQuote => "import-open-quote",
        Form::StrayQuote => "import-stray-quote",
        Form::FieldTooLong => "import-field-too-long",
        Form::TooManyColumns => "import-too-many-columns",
        Form::TooManyRows => "import-too-many-rows",
    }
}

/// What would be done, each change by itself.
pub(super) fn plan(plan: &Plan, asked: &Asked, current: &[Registered], context: &Context) {
    let known: HashMap<&str, &Registered> =
        current.iter().map(|one| (one.person.user.as_str(), one)).collect();
    let (mut facts, mut said) = (Vec::new(), Vec::new());
    let mut sums = Sums { unchanged: plan.unchanged, ..Sums::default() };
    for (line, change) in &plan.changes {
        let known = known.get(change.user()).copied();
        sums.count(change, Outcome::Done { certificates: certificates(change, known) });
        facts.push(json!({ "line": line, "change": fact(change, known) }));
        said.push(change_line(change, known, context));
    }
    let returning: Vec<&str> = plan.returning.iter().map(|(_, one)| one.user.as_str()).collect();
    for user in &returning {
        said.push(context.text("import-needs-again", &[("user", user)]));
    }
    let totals = json!({
        "dry_run": true,
        "changes": facts,
        "unchanged": plan.unchanged,
        "needs_again": returning,
        "certificates": sums.certificates,
        "faults": asked.faults.len(),
        "ignored_columns": asked.columns.ignored,
    });
    context.print(&totals, || {
        let number = |count: usize| count.to_string();
        said.push(context.text(
            "import-would",
            &[
                ("joined", &number(sums.joined)),
                ("changed", &number(sums.changed)),
                ("left", &number(sums.left)),
                ("returned", &number(sums.returned)),
                ("unchanged", &number(sums.unchanged)),
                ("refused", &number(returning.len())),
                ("certificates", &number(sums.certificates)),
            ],
        ));
        if !asked.columns.ignored.is_empty() {
            let columns = asked.columns.ignored.join(", ");
            said.push(context.text("import-ignored", &[("columns", &columns)]));
        }
        said.join("\n")
    });
}

/// How many certificates a change will take, as far as the registry tells: somebody may
/// hold keys of their own besides.
pub(in crate::command::user) fn certificates(change: &Change, known: Option<&Registered>) -> u32 {
    match change {
        Change::Join(_) | Change::Return(_) => 2,
        Change::Leave { .. } => 0,
        Change::Change { person, .. } => {
            let is_certified =
                |one: &Registered| changed(one, person).into_iter().any(Field::is_certified);
            if known.is_some_and(is_certified) { 2 } else { 0 }
        }
    }
}

pub(in crate::command::user) fn fact(change: &Change, known: Option<&Registered>) -> Value {
    match change {
        Change::Join(person) => json!({ "join": person }),
        Change::Return(person) => json!({ "return": person }),
        Change::Leave { user } => json!({ "leave": user }),
        Change::Change { person, .. } => {
            let fields = known.map(|one| changed(one, person)).unwrap_or_default();
            json!({ "change": person, "fields": fields })
        }
    }
}

pub(in crate::command::user) fn change_line(
    change: &Change,
    known: Option<&Registered>,
    context: &Context,
) -> String {
    let (id, person) = match change {
        Change::Join(person) => ("import-join", Some(person)),
        Change::Return(person) => ("import-return", Some(person)),
        Change::Change { person, .. } => ("import-change", Some(person)),
        Change::Leave { .. } => ("import-leave", known.map(|one| &one.person)),
    };
    let fields = match (change, known) {
        (Change::Change { person, .. }, Some(known)) => changed(known, person)
            .into_iter()
            .map(|field| context.text(field_text(field), &[]))
            .collect::<Vec<_>>()
            .join(", "),
        _ => String::new(),
    };
    let name = person.map(|one| one.name.as_str()).unwrap_or_default();
    let addresses = person.map(|one| one.addresses.join(", ")).unwrap_or_default();
    let facts =
        [("user", change.user()), ("name", name), ("addresses", &addresses), ("fields", &fields)];
    context.text(id, &facts)
}

fn field_text(field: Field) -> &'static str {
    match field {
        Field::Name => "import-field-name",
        Field::Kana => "import-field-kana",
        Field::English => "import-field-english",
        Field::MainAddress => "import-field-main-address",
        Field::Aliases => "import-field-aliases",
        Field::Department => "import-field-department",
        Field::Level => "import-field-level",
        Field::Evidence => "import-field-evidence",
        Field::Source => "import-field-source",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_when_all_is_done() {
        assert_eq!(bar(0, 10), format!("[{}]", ".".repeat(BAR_CHARS)));
        assert_eq!(bar(10, 10), format!("[{}]", "#".repeat(BAR_CHARS)));
        assert_eq!(bar(5, 10).matches('#').count(), BAR_CHARS / 2);
        assert_eq!(bar(0, 0), format!("[{}]", ".".repeat(BAR_CHARS)));
    }
}
