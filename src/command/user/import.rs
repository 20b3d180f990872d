//! `ssmax user import`: joins, changes and leavings of an HR file.

mod columns;
mod csv;
pub(super) mod say;

use super::ask;
use crate::command::{ConfigFile, Context};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use crate::files;
use columns::{Columns, Fault, Told};
use csv::{Encoding, MAX_FILE_OCTETS};
use say::{Progress, Sums};
use serde_json::json;
use ssmax_api::Problem;
use ssmax_api::ca::{
    AccountKind, ApplyChanges, Change, MAX_CHANGES, Missing, OfficerRequest, Outcome, Person,
    Registered, difference,
};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The part of those who came by import that may leave at once without a word of the
/// officer, in percent.
const LEAVE_PERCENT: u8 = 5;

/// Arguments of `ssmax user import`.
#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// The file: comma-separated values with a head.
    file: PathBuf,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// The file names everybody: who came by an import and is not in it has left. Without it, the
    /// file is a difference, and who leaves has a status that says so.
    #[arg(long)]
    leave_missing: bool,
    /// So many may leave, although they are more than --leave-percent.
    #[arg(long, value_name = "PEOPLE")]
    allow_leave: Option<usize>,
    /// More than this part of those who came by an import do not leave at once.
    #[arg(long, value_name = "PERCENT", default_value_t = LEAVE_PERCENT,
        value_parser = clap::value_parser!(u8).range(0..=100))]
    leave_percent: u8,
    /// Who was revoked and is in the file comes back under the same number, with all old mail.
    #[arg(long)]
    again: bool,
    /// Give addresses that were another person's, once they have rested.
    #[arg(long)]
    former_address: bool,
    /// Take the rows that are in order, though others have faults.
    #[arg(long)]
    skip_bad: bool,
    /// How identity was proved, of whom the file does not say it: in-person, employee-card,
    /// my-number-card, hr-record or e-mail.
    #[arg(long, value_name = "PROOF", default_value = "hr-record", hide_possible_values = true)]
    proof: super::Proof,
    /// How the file is written: utf-8, cp932 (Shift_JIS), or auto.
    #[arg(long, value_name = "ENCODING", default_value = "auto", hide_possible_values = true)]
    encoding: Encoding,
    #[command(flatten)]
    config: ConfigFile,
}

/// What the file says, and what of it cannot be taken.
struct Asked {
    told: Vec<(usize, Told)>,
    columns: Columns,
    faults: Vec<Fault>,
}

/// What there is to do, with the line that asks for it; 0 where none does.
struct Plan {
    changes: Vec<(usize, Change)>,
    /// Who comes back and was not asked for.
    returning: Vec<(usize, Person)>,
    /// Rows about people who are so already.
    unchanged: usize,
}

/// Does it.
pub(super) fn run(args: &Import, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    if config.organisation()?.is_esp() {
        return Err(Complaint::new(Exit::WrongUse, "esp-imports-nobody"));
    }
    let asked = read(args)?;
    if !asked.faults.is_empty() {
        say::faults(&asked.faults, context);
        if !args.skip_bad {
            let count = asked.faults.len();
            return Err(Complaint::new(Exit::Bad, "import-faults").with("count", count));
        }
    }
    let current: Vec<Registered> = ask(&config, &OfficerRequest::ListPeople, "")?;
    let plan = plan(&asked, &current, args);
    check_leaving(&plan, &current, args)?;
    if args.dry_run {
        say::plan(&plan, &asked, &current, context);
        return Ok(ExitCode::SUCCESS);
    }
    apply(&plan, &asked, &config, args, context)
}

fn read(args: &Import) -> Result<Asked, Complaint> {
    let path = &args.file;
    let octets = files::read_document_up_to(path, MAX_FILE_OCTETS)?;
    let malformed = |fault: csv::Malformed| {
        Complaint::new(Exit::WrongUse, say::form(fault.what))
            .with("path", path.display())
            .with("line", fault.line)
            .with("column", fault.column)
    };
    let text = csv::decode(&octets, args.encoding).map_err(malformed)?;
    let rows = csv::rows(&text).map_err(malformed)?;
    let Some((head, rows)) = rows.split_first() else {
        return Err(Complaint::new(Exit::WrongUse, "import-empty").with("path", path.display()));
    };
    let columns = match Columns::read(head) {
        Ok(columns) => columns,
        // Without a head nothing can be read, whatever is to be skipped.
        Err(faults) => {
            let first = faults.first().map(|one| one.text.clone()).unwrap_or_default();
            return Err(Complaint::new(Exit::WrongUse, "import-head")
                .with("path", path.display())
                .with("column", first));
        }
    };
    let (told, faults) = columns.tell_all(rows, head.fields.len(), args.proof.as_str());
    Ok(Asked { told, columns, faults })
}

fn plan(asked: &Asked, current: &[Registered], args: &Import) -> Plan {
    let known: HashMap<&str, &Registered> =
        current.iter().map(|one| (one.person.user.as_str(), one)).collect();
    let mut lines: HashMap<&str, usize> = HashMap::new();
    let (mut desired, mut leaving) = (Vec::new(), BTreeSet::new());
    for (line, told) in &asked.told {
        match told {
            Told::Here(person) => {
                lines.insert(&person.user, *line);
                let mut person = person.as_ref().clone();
                if let Some(now) = known.get(person.user.as_str()).filter(|one| one.active) {
                    asked.columns.keep(&mut person, now);
                }
                desired.push(person);
            }
            Told::Left { user } => {
                lines.insert(user, *line);
                let is_here = |one: &&&Registered| one.active && one.kind == AccountKind::Person;
                if known.get(user.as_str()).filter(is_here).is_some() {
                    leaving.insert(user.clone());
                }
            }
        }
    }
    // A row with a fault is about somebody: nobody leaves because of it.
    let missing = if args.leave_missing && asked.faults.is_empty() {
        Missing::Leaves { source: "import" }
    } else {
        Missing::Stays
    };
    let mut plan = Plan { changes: Vec::new(), returning: Vec::new(), unchanged: 0 };
    let line_of = |user: &str| lines.get(user).copied().unwrap_or_default();
    let mut changes = difference(current, &desired, missing);
    let missing: BTreeSet<String> = changes
        .iter()
        .filter(|one| matches!(one, Change::Leave { .. }))
        .map(|one| one.user().to_owned())
        .collect();
    let more = leaving.difference(&missing).map(|user| Change::Leave { user: user.clone() });
    changes.splice(0..0, more.collect::<Vec<_>>());
    for change in changes {
        let line = line_of(change.user());
        match change {
            Change::Return(person) if !args.again => plan.returning.push((line, person)),
            change => plan.changes.push((line, change)),
        }
    }
    let asked_for = plan.changes.iter().filter(|(line, _)| *line > 0).count();
    plan.unchanged = asked.told.len().saturating_sub(asked_for + plan.returning.len());
    plan
}

/// A file that is empty or was cut off must not end everybody's rights.
fn check_leaving(plan: &Plan, current: &[Registered], args: &Import) -> Result<(), Complaint> {
    let is_leave = |change: &Change| matches!(change, Change::Leave { .. });
    let leaving = plan.changes.iter().filter(|(_, change)| is_leave(change)).count();
    let is_counted = |one: &&Registered| one.active && one.kind == AccountKind::Person;
    let here = current.iter().filter(is_counted).count();
    if may_leave(leaving, here, args.leave_percent, args.allow_leave) {
        return Ok(());
    }
    Err(Complaint::new(Exit::Bad, "import-leaving")
        .with("leaving", leaving)
        .with("people", here)
        .with("percent", args.leave_percent))
}

/// Whether so many of those who are here may leave at once.
pub(super) fn may_leave(leaving: usize, here: usize, percent: u8, allowed: Option<usize>) -> bool {
    leaving == 0
        || allowed.is_some_and(|allowed| leaving <= allowed)
        || leaving.saturating_mul(100) <= here.saturating_mul(usize::from(percent))
}

fn apply(
    plan: &Plan,
    asked: &Asked,
    config: &Config,
    args: &Import,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    let begun = Instant::now();
    let mut sums = Sums { unchanged: plan.unchanged, ..Sums::default() };
    let changes: Vec<&Change> = plan.changes.iter().map(|(_, change)| change).collect();
    let problems = carry_out(&changes, args.former_address, config, &mut sums, context)?;
    let mut refused: Vec<(usize, &str, Problem)> = Vec::new();
    for ((line, change), problem) in plan.changes.iter().zip(problems) {
        refused.extend(problem.map(|problem| (*line, change.user(), problem)));
    }
    let returning = plan.returning.iter();
    refused.extend(returning.map(|(line, one)| (*line, one.user.as_str(), Problem::Ended)));
    say::refused(&refused, context);
    summary(&sums, &refused, asked, begun.elapsed(), context);
    let all = refused.is_empty() && asked.faults.is_empty();
    Ok(if all { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

/// Has the CA carry changes out, and counts them; gives for each why it is not, if so.
pub(super) fn carry_out(
    changes: &[&Change],
    former_address: bool,
    config: &Config,
    sums: &mut Sums,
    context: &Context,
) -> Result<Vec<Option<Problem>>, Complaint> {
    let begun = Instant::now();
    let mut progress = Progress::new(changes.len());
    let mut problems = Vec::with_capacity(changes.len());
    for batch in changes.chunks(MAX_CHANGES) {
        let request = OfficerRequest::ApplyChanges(ApplyChanges {
            changes: batch.iter().map(|change| (*change).clone()).collect(),
            former_address,
        });
        let first = batch.first().map(|change| change.user()).unwrap_or_default();
        let outcomes: Vec<Outcome> = match ask(config, &request, first) {
            Ok(outcomes) => outcomes,
            Err(complaint) => {
                progress.end();
                say::interrupted(sums, context);
                return Err(complaint);
            }
        };
        for (change, outcome) in batch.iter().zip(&outcomes) {
            sums.count(change, *outcome);
            problems.push(match outcome {
                Outcome::Refused(problem) => Some(*problem),
                _ => None,
            });
        }
        progress.show(sums, begun.elapsed(), context);
    }
    progress.end();
    Ok(problems)
}

fn summary(
    sums: &Sums,
    refused: &[(usize, &str, Problem)],
    asked: &Asked,
    took: Duration,
    context: &Context,
) {
    let refusals: Vec<_> = refused
        .iter()
        .map(|(line, user, problem)| json!({ "line": line, "user": user, "problem": problem }))
        .collect();
    let facts = json!({
        "joined": sums.joined,
        "changed": sums.changed,
        "left": sums.left,
        "returned": sums.returned,
        "unchanged": sums.unchanged,
        "certificates": sums.certificates,
        "refused": refusals,
        "faults": asked.faults.len(),
        "ignored_columns": asked.columns.ignored,
        "seconds": took.as_secs_f64(),
    });
    context
        .print(&facts, || say::summary(sums, refused.len(), &asked.columns.ignored, took, context));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_off_file_ends_nobodys_rights() {
        // 5 % of 14,300 are 715.
        assert!(may_leave(715, 14_300, 5, None));
        assert!(!may_leave(716, 14_300, 5, None));
        assert!(!may_leave(14_300, 14_300, 5, None));
        assert!(!may_leave(1, 10, 5, None));
        assert!(may_leave(1, 10, 5, Some(1)));
        assert!(!may_leave(3, 10, 5, Some(2)));
        assert!(may_leave(10, 10, 100, None));
        assert!(may_leave(0, 0, 0, None));
        assert!(!may_leave(1, 100, 0, None));
    }
}
