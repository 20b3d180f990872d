//! `ssmax check`: explains a configuration and tests what it needs, before anything
//! starts.

mod clamav;
mod directory;
mod host;
mod keys;
mod network;
mod objects;
mod officers;
mod postfix;
mod scim;
mod state;
mod transport;

use super::{ConfigFile, Context, block_on, verify};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::explain::entry_fault;
use crate::part::{self, Part};
use crate::{files, member};
use serde::{Deserialize, Serialize};
use serde_json::json;
use ssmax_daemon::ready;
use ssmax_federation::{
    Capabilities, Kind, Limits, Member, Names, Standing, StandingState, check_member,
};
use ssmax_texts::Language;
use std::process::ExitCode;
use time::OffsetDateTime;

/// Arguments of `ssmax check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigFile,
}

/// Checks everything; the answer is good when nothing is in the way.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(check(&args, context))
}

fn check(args: &Args, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    let mut report = Report::new(context);
    let path = config.path().display().to_string();
    report.ok("config", "cli-config-good", &[("path", &path)]);
    for role in config.roles() {
        report.ok("config.role", "check-role", &[("role", &context.text(role.text(), &[]))]);
    }
    inspector(&config, &mut report);
    host::check(&config, &mut report);
    clamav::check(&config, &mut report);
    if config.is_member() {
        organisation(&config, &mut report);
    }
    for role in config.roles() {
        report.take(block_on(part::perform(
            &config,
            Part::Check(role, context.language.code().into()),
        ))?);
    }
    keys::admission(&config, &mut report);
    postfix::check(&config, &mut report);
    running(&config, &mut report);
    block_on(async {
        network::check(&config, &mut report).await;
        Ok(())
    })?;
    Ok(report.end())
}

/// What the user of a role can see of it: its state, its keys, what it reads, and who
/// answers it on other hosts.
pub(crate) async fn role(config: &Config, role: Role, language: Language) -> Vec<Found> {
    let context = Context { language, json: true };
    let mut report = Report::new(&context);
    host::state(config, role, &mut report);
    state::check(config, role, &mut report).await;
    keys::check(config, role, &mut report);
    transport::check(config, role, &mut report).await;
    if role == Role::Gateway {
        objects::check(config, &mut report).await;
    }
    if role == Role::Keyserver {
        officers::check(config, &mut report).await;
    }
    report.checks
}

/// Every member's gateway has mail judged by an inspector: an ESP's verifies what its
/// users sign within the encryption.
fn inspector(config: &Config, report: &mut Report<'_>) {
    let roles = config.roles();
    if roles.contains(&Role::Gateway)
        && !roles.contains(&Role::Inspector)
        && config.transport().inspector.0.is_empty()
    {
        report.error("inspector", &Complaint::new(Exit::Bad, "no-inspector"));
    }
}

/// Which roles are not there. That is no fault: this command is for the time before a
/// start as well. Before the admission, none can start.
fn running(config: &Config, report: &mut Report<'_>) {
    if config.is_member() && !matches!(member::installed(config), Ok(Some(_))) {
        return;
    }
    let roles = config.roles();
    let away = roles.iter().filter(|role| ready::served(config.run_dir(), role.as_str()).is_none());
    let away: Vec<String> = away.map(|role| report.context.text(role.text(), &[])).collect();
    if away.is_empty() {
        return report.ok("running", "check-running", &[]);
    }
    let what = report.context.text("check-not-started", &[("roles", &away.join(", "))]);
    let to_do = report.context.text("check-to-start", &[]);
    report.add("running", Level::Ok, &what, &to_do);
}

/// What we would tell the federation about ourselves.
fn organisation(config: &Config, report: &mut Report<'_>) {
    let organisation = match config.organisation() {
        Ok(organisation) => organisation,
        Err(complaint) => return report.error("organisation", &complaint),
    };
    let fresh_form = config.federation().map(|section| section.fresh_form);
    let defaults = Capabilities::default();
    let entry = Member {
        id: organisation.id.clone(),
        kind: Kind::Organisation,
        names: Names {
            ja: organisation.name_ja.clone(),
            kana: organisation.name_kana.clone(),
            en: organisation.name.clone(),
        },
        corporate_number: member::corporate_number(&organisation.id).to_owned(),
        domains: organisation.domains.clone(),
        certificates: Vec::new(),
        standing: Standing {
            state: StandingState::Good,
            since: OffsetDateTime::UNIX_EPOCH,
            reason: String::new(),
        },
        rating: None,
        incident_contact: organisation.incident_contact.clone(),
        capabilities: Capabilities {
            fresh_form: fresh_form.unwrap_or(defaults.fresh_form),
            ..defaults
        },
    };
    match check_member(&entry, 0, &Limits::default()) {
        Ok(()) => {
            let arguments = [("id", organisation.id.as_str()), ("name", &organisation.name)];
            report.ok("organisation", "check-organisation", &arguments);
        }
        Err(fault) => {
            let complaint = Complaint::new(Exit::Bad, entry_fault(&fault)).with("reason", fault);
            report.error("organisation", &complaint);
        }
    }
}

/// How a single check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Ok,
    Warning,
    Error,
}

/// A single check as it came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Stable, for scripts.
    name: String,
    result: Level,
    what: String,
    /// Empty when there is no advice.
    to_do: String,
}

/// The checks so far. People see each at once, since some take seconds; JSON comes
/// whole at the end.
struct Report<'a> {
    context: &'a Context,
    checks: Vec<Found>,
    warnings: usize,
    errors: usize,
}

impl<'a> Report<'a> {
    fn new(context: &'a Context) -> Self {
        Self { context, checks: Vec::new(), warnings: 0, errors: 0 }
    }

    /// `name` is stable, for scripts; `id` is the text.
    fn ok(&mut self, name: &str, id: &str, arguments: &[(&str, &str)]) {
        let what = self.context.text(id, arguments);
        self.add(name, Level::Ok, &what, "");
    }

    fn warning(&mut self, name: &str, complaint: &Complaint) {
        self.complain(name, Level::Warning, complaint);
    }

    fn error(&mut self, name: &str, complaint: &Complaint) {
        self.complain(name, Level::Error, complaint);
    }

    fn complain(&mut self, name: &str, level: Level, complaint: &Complaint) {
        let language = self.context.language;
        self.add(name, level, &complaint.what(language), &complaint.to_do(language));
    }

    fn add(&mut self, name: &str, result: Level, what: &str, to_do: &str) {
        let [name, what, to_do] = [name, what, to_do].map(str::to_owned);
        self.take(vec![Found { name, result, what, to_do }]);
    }

    /// Takes what another report, or another process, has found.
    fn take(&mut self, found: Vec<Found>) {
        for one in found {
            match one.result {
                Level::Ok => {}
                Level::Warning => self.warnings += 1,
                Level::Error => self.errors += 1,
            }
            if self.context.json {
                self.checks.push(one);
            } else {
                self.say(&one);
            }
        }
    }

    fn say(&self, one: &Found) {
        // Another user's process may have found it.
        let Found { name, result, what, to_do } = one;
        let [name, what, to_do] = [name, what, to_do].map(|text| verify::printable(text));
        let (name, what, to_do) = (name.as_str(), what.as_str(), to_do.as_str());
        let id = match result {
            Level::Ok => "check-line-ok",
            Level::Warning => "check-line-warning",
            Level::Error => "check-line-error",
        };
        files::say(self.context.text(id, &[("name", name), ("what", what)]));
        if !to_do.is_empty() {
            files::say(format!("    {}", self.context.text("cli-to-do", &[("what", to_do)])));
        }
    }

    fn end(self) -> ExitCode {
        let verdict = if self.errors == 0 { "good" } else { "bad" };
        let facts = json!({ "verdict": verdict, "checks": self.checks });
        self.context.print(&facts, || {
            let (errors, warnings) = (self.errors.to_string(), self.warnings.to_string());
            self.context.text("check-end", &[("errors", &errors), ("warnings", &warnings)])
        });
        if self.errors == 0 { ExitCode::SUCCESS } else { Exit::Bad.into() }
    }
}

/// The name of a check that is made for a role.
fn of(role: Role, what: &str) -> String {
    format!("{}.{what}", role.as_str())
}
