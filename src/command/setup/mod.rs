//! `ssmax setup mailers`: the files for people's computers. `ssmax setup postfix`: the lines with which Postfix works beside this organisation's
//! gateway, from the values of `ssmax.toml`; shown, written, and taken back.

mod mailers;
mod plan;
mod postfix;
mod scim;
mod undo;
mod wanted;

use super::{ConfigFile, Context, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::Config;
use plan::{Change, Plan};
use postfix::Postfix;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use undo::Undo;
use wanted::{Services, Wanted};

/// Arguments of `ssmax setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// The lines for Postfix: shown, written with --write, taken back with --undo.
    Postfix(PostfixArgs),
    /// The files with which Thunderbird believes the anchors and asks the directory.
    Mailers(mailers::Args),
    /// A token with which an identity provider tells of people.
    Scim(scim::Args),
}

#[derive(Debug, clap::Args)]
struct PostfixArgs {
    /// Write what is missing, and remember what was there before.
    #[arg(long)]
    write: bool,
    /// Restore what was there before.
    #[arg(long, conflicts_with = "write")]
    undo: bool,
    /// With --write: also replace what somebody else has set otherwise.
    #[arg(long, requires = "write")]
    replace: bool,
    /// Postfix's folder of main.cf and master.cf. Default: the one Postfix uses itself.
    #[arg(long, value_name = "DIR")]
    config_dir: Option<PathBuf>,
    /// The service in master.cf where mail of others arrives.
    #[arg(long, value_name = "SERVICE", default_value = "smtp")]
    mx: String,
    /// The service in master.cf where own people submit.
    #[arg(long, value_name = "SERVICE", default_value = "submission")]
    submission: String,
    #[command(flatten)]
    config: ConfigFile,
}

/// Does it.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    let args = match args.action {
        Action::Postfix(args) => args,
        Action::Mailers(args) => return context.end(mailers::run(&args, context)),
        Action::Scim(args) => return context.end(scim::run(&args, context)),
    };
    context.end(if args.undo { take_back(&args, context) } else { show_or_write(&args, context) })
}

fn show_or_write(args: &PostfixArgs, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let services = Services { mx: args.mx.clone(), submission: args.submission.clone() };
    let postfix = Postfix::at(args.config_dir.as_deref());
    // The lines can be shown on any host; to write them takes a Postfix.
    let postfix = match postfix {
        Ok(postfix) => Some(postfix),
        Err(complaint) if args.write || args.config_dir.is_some() => return Err(complaint),
        Err(_) => None,
    };
    let found = postfix.as_ref().map(Postfix::read).transpose()?;
    let wanted = Wanted::of(&config, &services, found.as_ref())?;
    let (Some(postfix), Some(found)) = (postfix, found) else {
        context.print(&wanted.facts(), || shown(&wanted, context));
        return Ok(ExitCode::SUCCESS);
    };
    let before = Undo::read(postfix.dir())?;
    let plan = Plan::make(&wanted, &found, before.as_ref(), args.replace)?;
    if !args.write {
        let mut facts = wanted.facts();
        if let Some(fields) = facts.as_object_mut() {
            fields.insert("missing".to_owned(), names(&plan.changes));
            fields.insert("conflicts".to_owned(), names(&plan.conflicts));
        }
        context.print(&facts, || {
            shown(&wanted, context) + "\n" + &compared(&plan, postfix.dir(), context)
        });
        return Ok(ExitCode::SUCCESS);
    }
    if !plan.conflicts.is_empty() {
        return Err(conflict(&plan, postfix.dir()));
    }
    let changed = plan.changes.len();
    if changed > 0 {
        undo::write(&postfix, &plan, before, services)?;
    }
    let facts = json!({ "dir": postfix.dir(), "changed": names(&plan.changes) });
    context.print(&facts, || written(&plan, postfix.dir(), context));
    Ok(ExitCode::SUCCESS)
}

fn take_back(args: &PostfixArgs, context: &Context) -> Result<ExitCode, Complaint> {
    let postfix = Postfix::at(args.config_dir.as_deref())?;
    let dir = postfix.dir().display().to_string();
    let Some(before) = Undo::read(postfix.dir())? else {
        return Err(Complaint::new(Exit::Bad, "setup-not-done").with("dir", dir));
    };
    let left = before.restore(&postfix)?;
    let facts = json!({ "dir": postfix.dir(), "left": names(&left) });
    context.print(&facts, || {
        let mut lines = vec![context.text("setup-undone", &[("dir", &dir)])];
        lines.extend(
            left.iter()
                .map(|change| context.text("setup-left", &[("name", &change.place.to_string())])),
        );
        lines.push(context.text("setup-reload", &[]));
        lines.join("\n")
    });
    Ok(if left.is_empty() { ExitCode::SUCCESS } else { Exit::Bad.into() })
}

/// For `ssmax check`: the folder, and what differs there. `None` where Postfix is not here
/// or works beside no gateway.
pub(crate) fn differences(config: &Config) -> Option<Result<(PathBuf, Vec<String>), Complaint>> {
    if !wanted::asks_postfix_here(config) {
        return None;
    }
    let postfix = Postfix::at(None).ok()?;
    Some(compare(config, &postfix))
}

fn compare(config: &Config, postfix: &Postfix) -> Result<(PathBuf, Vec<String>), Complaint> {
    let found = postfix.read()?;
    let before = Undo::read_if_allowed(postfix.dir())?;
    let services = before.as_ref().map(|undo| undo.services.clone()).unwrap_or_default();
    let wanted = Wanted::of(config, &services, Some(&found))?;
    let plan = Plan::make(&wanted, &found, before.as_ref(), false)?;
    let all = plan.changes.iter().chain(&plan.conflicts);
    Ok((postfix.dir().to_owned(), all.map(|change| change.place.to_string()).collect()))
}

fn names(changes: &[Change]) -> Value {
    json!(changes.iter().map(|change| change.place.to_string()).collect::<Vec<_>>())
}

fn shown(wanted: &Wanted, context: &Context) -> String {
    let mut lines = vec![context.text("setup-main", &[])];
    lines.extend(wanted.main_lines());
    lines.push(String::new());
    lines.push(context.text("setup-master", &[]));
    lines.extend(wanted.master_lines());
    for note in &wanted.notes {
        lines.push(String::new());
        lines.push(context.text(note, &[]));
    }
    lines.join("\n") + "\n"
}

fn compared(plan: &Plan, dir: &Path, context: &Context) -> String {
    let dir = dir.display().to_string();
    if plan.changes.is_empty() && plan.conflicts.is_empty() {
        return context.text("setup-same", &[("dir", &dir)]);
    }
    let mut lines = vec![context.text("setup-differs", &[("dir", &dir)])];
    for change in plan.changes.iter().chain(&plan.conflicts) {
        let found = change.before.as_deref().map(verify::printable);
        let found = found.unwrap_or_else(|| context.text("setup-not-there", &[]));
        let name = change.place.to_string();
        let arguments = [("name", name.as_str()), ("found", &found), ("wanted", &change.after)];
        lines.push(context.text("setup-difference", &arguments));
    }
    lines.join("\n")
}

fn written(plan: &Plan, dir: &Path, context: &Context) -> String {
    let told = dir.display().to_string();
    if plan.changes.is_empty() {
        return context.text("setup-same", &[("dir", &told)]);
    }
    let undo = undo::path(dir).display().to_string();
    let mut lines = vec![context.text("setup-written", &[("dir", &told), ("undo", &undo)])];
    lines.extend(plan.changes.iter().map(|change| format!("  {}", change.place)));
    lines.push(context.text("setup-reload", &[]));
    lines.join("\n")
}

fn conflict(plan: &Plan, dir: &Path) -> Complaint {
    let names: Vec<String> = plan
        .conflicts
        .iter()
        .map(|change| match &change.before {
            Some(before) => format!("{} = {}", change.place, verify::printable(before)),
            None => change.place.to_string(),
        })
        .collect();
    Complaint::new(Exit::Bad, "setup-conflict")
        .with("dir", dir.display())
        .with("names", names.join("; "))
}
