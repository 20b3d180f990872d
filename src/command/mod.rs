//! One file per command. Each has its arguments and `run`, which returns the exit code.

pub(crate) mod archive;
pub(crate) mod audit;
pub(crate) mod authority;
pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod card;
pub(crate) mod cert;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod decrypt;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod hold;
pub(crate) mod journey;
pub(crate) mod mail;
pub(crate) mod manual;
mod officer;
pub(crate) mod org;
pub(crate) mod rewrap;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod setup;
mod signing_key;
pub(crate) mod status;
pub(crate) mod store;
mod trace;
pub(crate) mod user;
pub(crate) mod verify;

use crate::complaint::{Complaint, Exit};
use crate::files;
use ssmax_texts::Language;
use std::future::Future;
use std::process::ExitCode;

/// The hidden command that a role starts for each mail it inspects.
pub(crate) const INSPECT_WORKER: &str = "inspect-worker";

/// What the global flags say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Context {
    /// The language of every text.
    pub(crate) language: Language,
    /// Whether facts are printed as JSON.
    pub(crate) json: bool,
}

impl Context {
    /// The text `id` in the reader's language.
    pub(crate) fn text(&self, id: &str, arguments: &[(&str, &str)]) -> String {
        ssmax_texts::text(self.language, id, arguments)
    }

    /// Prints facts: as JSON if asked for, else as people read them.
    pub(crate) fn print(&self, json: &serde_json::Value, human: impl FnOnce() -> String) {
        if self.json {
            files::say(json.to_string());
        } else {
            files::say(human().trim_end());
        }
    }

    /// Ends a command: with what it found out, or by saying what went wrong.
    pub(crate) fn end(&self, outcome: Result<ExitCode, Complaint>) -> ExitCode {
        outcome.unwrap_or_else(|complaint| complaint.report(self))
    }
}

/// A command with its arguments.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Run roles: all that the configuration has, one process each.
    Serve(serve::Args),
    /// Explain a configuration and test what it needs.
    Check(check::Args),
    /// The main job on embedded defaults, all on this machine.
    Demo(demo::Args),
    /// Print a commented sample of ssmax.toml.
    Config(config::Args),
    /// The management organisation: admit members, say how they stand.
    Authority(authority::Args),
    /// A member's keys and certificates; joining the federation.
    Org(org::Args),
    /// People and their certificates.
    User(user::Args),
    /// Mail that waits for an officer.
    Hold(hold::Args),
    /// Mail of somebody who lost the key or left, opened by two officers.
    Archive(archive::Args),
    /// The person behind a mail or a certificate, told by two officers.
    Trace(trace::Args),
    /// One mail's whole story on this member.
    Journey(journey::Args),
    /// How the roles are.
    Status(status::Args),
    /// The keyserver's log: whether it was changed, and whether it fits the journal.
    Audit(audit::Args),
    /// The state of this host's roles, each in one file.
    Backup(backup::BackupArgs),
    /// Put that state back.
    Restore(backup::RestoreArgs),
    /// Where roles keep their tables.
    Store(store::Args),
    /// The lines for the MTA.
    Setup(setup::Args),
    /// What the number of a refusal means, and who can do what.
    Explain(explain::Args),
    /// Judge one message offline.
    Verify(verify::Args),
    /// Show, lint and verify certificates; publish those of the own people in the DNS.
    Cert(cert::Args),
    /// Decrypt one message with a key file.
    Decrypt(decrypt::Args),
    /// Give an encrypted message to other recipients, its content untouched.
    Rewrap(rewrap::Args),
    /// What the inspector finds in a message or a file.
    Scan(scan::Args),
    /// What a person does with a key when the mailer cannot.
    Mail(mail::Args),
    /// A signing key on a card.
    Card(card::Args),
    /// The figures that were promised, beside what they are compared with.
    Bench(bench::Args),
    /// Write the manual pages into a folder.
    Manual(manual::Args),
    /// Print what a shell completes commands with.
    Completions(manual::CompletionArgs),
}

impl Command {
    /// Runs it to its end.
    pub(crate) fn run(self, context: &Context) -> ExitCode {
        match self {
            Self::Serve(args) => serve::run(args, context),
            Self::Check(args) => check::run(args, context),
            Self::Demo(args) => demo::run(args, context),
            Self::Config(args) => config::run(args, context),
            Self::Authority(args) => authority::run(args, context),
            Self::Org(args) => org::run(args, context),
            Self::User(args) => user::run(args, context),
            Self::Hold(args) => hold::run(args, context),
            Self::Archive(args) => archive::run(args, context),
            Self::Trace(args) => trace::run(args, context),
            Self::Journey(args) => journey::run(&args, context),
            Self::Status(args) => status::run(&args, context),
            Self::Audit(args) => audit::run(args, context),
            Self::Backup(args) => backup::backup(&args, context),
            Self::Restore(args) => backup::restore(&args, context),
            Self::Store(args) => store::run(args, context),
            Self::Setup(args) => setup::run(args, context),
            Self::Explain(args) => explain::run(&args, context),
            Self::Verify(args) => verify::run(args, context),
            Self::Card(args) => card::run(args, context),
            Self::Cert(args) => cert::run(args, context),
            Self::Decrypt(args) => decrypt::run(args, context),
            Self::Rewrap(args) => rewrap::run(args, context),
            Self::Scan(args) => scan::run(args, context),
            Self::Mail(args) => mail::run(args, context),
            Self::Bench(args) => bench::run(args, context),
            Self::Manual(args) => manual::run(&args, context),
            Self::Completions(args) => manual::completions(&args, context),
        }
    }
}

/// What [`INSPECT_WORKER`] does.
pub(crate) fn inspect_worker() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(2).filter_map(|argument| argument.into_string().ok()).collect();
    ssmax_inspector::worker_main(&arguments)
}

/// Runs a future to its end, on a runtime of its own.
pub(crate) fn block_on<T>(
    future: impl Future<Output = Result<T, Complaint>>,
) -> Result<T, Complaint> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Complaint::new(Exit::Unavailable, "failed").with("reason", error))?
        .block_on(future)
}

/// `--config FILE`.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "ssmax.toml", hide_default_value = true)]
    pub(crate) config: std::path::PathBuf,
}

impl ConfigFile {
    /// Reads it.
    pub(crate) fn load(&self) -> Result<crate::config::Config, Complaint> {
        crate::config::Config::load(&self.config)
    }
}
