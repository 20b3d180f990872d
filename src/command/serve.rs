//! `ssmax serve`: roles in processes of their own, or one in the foreground.

use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use crate::part;
use ssmax_daemon::supervise::{End, RoleProcess, Supervisor};
use ssmax_daemon::watch::Watched;
use ssmax_daemon::{Stop, log, panics, place, ready};
use ssmax_metrics::list::RESTARTS;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// Arguments of `ssmax serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A role to run, in the foreground if it is the only one.
    #[arg(long = "role", value_name = "ROLE", hide_possible_values = true)]
    roles: Vec<Role>,
    #[command(flatten)]
    config: ConfigFile,
    /// Leave a role that has ended alone instead of starting it again.
    #[arg(long)]
    no_restart: bool,
}

/// Serves until it is told to stop.
pub(crate) fn run(args: Args, context: &Context) -> ExitCode {
    context.end(serve(args, context))
}

fn serve(args: Args, context: &Context) -> Result<ExitCode, Complaint> {
    panics::tell_place_only();
    let config = args.config.load()?;
    let asked = wanted(&args.roles, &config)?;
    let roles = if asked.is_empty() { config.roles() } else { asked.clone() };
    if let Some(role) =
        roles.iter().find(|role| ready::served(config.run_dir(), role.as_str()).is_some())
    {
        return Err(Complaint::new(Exit::Unavailable, "already-serving")
            .with("role", role.as_str())
            .with("path", config.run_dir().display()));
    }
    if let [role] = asked.as_slice() {
        become_role(*role, &config)?;
        log::init(role.as_str(), config.log(), config.log_format());
        block_on(foreground(*role, &config))?;
        return Ok(ExitCode::SUCCESS);
    }
    log::init("ssmax", config.log(), config.log_format());
    block_on(supervise(&roles, &config, !args.no_restart, context))
}

/// The roles asked for, each once and in the order of their start. One that the file
/// has no section for would only end again and again.
fn wanted(asked: &[Role], config: &Config) -> Result<Vec<Role>, Complaint> {
    let there = config.roles();
    if let Some(absent) = asked.iter().find(|role| !there.contains(role)) {
        return Err(Complaint::new(Exit::WrongUse, "config-section")
            .with("path", config.path().display())
            .with("section", absent.as_str()));
    }
    Ok(there.into_iter().filter(|role| asked.contains(role)).collect())
}

/// Runs one role in this process.
async fn foreground(role: Role, config: &Config) -> Result<(), Complaint> {
    prepare(config)?;
    let stop = Stop::on_signals()
        .map_err(|error| Complaint::new(Exit::Unavailable, "failed").with("reason", error))?;
    match role {
        Role::Authority => ssmax_authority::serve(config.authority()?, stop).await?,
        Role::Keyserver => ssmax_keyserver::serve(config.keyserver()?, stop).await?,
        Role::Ca => ssmax_ca::serve(config.ca()?, stop).await?,
        Role::Inspector => ssmax_inspector::serve(config.inspector()?, stop).await?,
        Role::Gateway => ssmax_gateway::serve(config.gateway()?, stop).await?,
        Role::Submission => ssmax_submission::serve(config.submission()?, stop).await?,
        Role::Directory => ssmax_directory::serve(config.directory()?, stop).await?,
        Role::Enrol => ssmax_enrol::serve(config.enrol()?, stop).await?,
        Role::Scim => ssmax_scim::serve(config.scim()?, stop).await?,
        Role::Watch => ssmax_watch::serve(config.watch()?, stop).await?,
    }
    Ok(())
}

/// Becomes the user of the role, if root starts it and it is another one.
fn become_role(role: Role, config: &Config) -> Result<(), Complaint> {
    let Some((uid, gid)) = part::other_user(config, role)? else { return Ok(()) };
    if std::io::stderr().is_terminal() || std::io::stdout().is_terminal() {
        return Err(Complaint::new(Exit::WrongUse, "not-the-role").with("role", role.as_str()));
    }
    part::become_user(uid, gid)
}

/// Makes `run_dir`, unless it is there with a folder for each role's user.
fn prepare(config: &Config) -> Result<(), Complaint> {
    if !place::has_folders(config.run_dir()) {
        ssmax_store::files::create_private_dir(config.run_dir())?;
    }
    Ok(())
}

/// Keeps one process per role running, each this same program.
async fn supervise(
    roles: &[Role],
    config: &Config,
    restart: bool,
    context: &Context,
) -> Result<ExitCode, Complaint> {
    prepare(config)?;
    let failed =
        |error: std::io::Error| Complaint::new(Exit::Unavailable, "failed").with("reason", error);
    let processes = roles.iter().map(|role| process(*role, config, context));
    let processes = processes.collect::<Result<Vec<_>, _>>()?;
    let mut supervisor = Supervisor::new(config.run_dir(), processes).map_err(failed)?;
    supervisor.restart = restart;
    let stop = Stop::on_signals().map_err(failed)?;
    let watched = Watched::bind(config.run_dir(), ssmax_watch::SUPERVISOR).map_err(failed)?;
    // Said from the start, so that a first restart is an increase.
    for role in roles {
        RESTARTS.add([role.as_str().into()], 0);
    }
    let watching = tokio::spawn(watched.serve(stop.clone(), || async { Vec::new() }));
    let ended = supervisor.run(stop.clone()).await;
    stop.trigger();
    let _ = watching.await;
    match ended.map_err(failed)? {
        End::Stopped => Ok(ExitCode::SUCCESS),
        // Only without restarts: every role has said in its log why it ended.
        _ => Err(Complaint::new(Exit::Unavailable, "roles-ended")),
    }
}

fn process(role: Role, config: &Config, context: &Context) -> Result<RoleProcess, Complaint> {
    let mut arguments: Vec<OsString> =
        ["--lang", context.language.code(), "serve", "--role", role.as_str(), "--config"]
            .map(OsString::from)
            .into();
    arguments.push(config.path().into());
    let own_session = part::other_user(config, role)?.is_some();
    Ok(RoleProcess { role: role.as_str(), arguments, own_session })
}
