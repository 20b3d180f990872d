//! `ssmax serve`: roles in processes of their own, or one in the foreground.

use super::{ConfigFile, Context, block_on};
use crate::complaint::{Complaint, Exit};
use crate::config::{Config, Role};
use ssmax_daemon::supervise::{End, RoleProcess, Supervisor};
use ssmax_daemon::{Stop, log};
use std::ffi::OsString;
use std::process::ExitCode;

/// Arguments of `ssmax serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A role to run, in the foreground if it is the only one.
    #[arg(long = "role", value_name = "ROLE")]
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

fn serve(mut args: Args, context: &Context) -> Result<ExitCode, Complaint> {
    let config = args.config.load()?;
    args.roles.dedup();
    if let [role] = args.roles.as_slice() {
        log::init(role.as_str(), config.log());
        block_on(foreground(*role, &config))?;
        return Ok(ExitCode::SUCCESS);
    }
    let roles = if args.roles.is_empty() { config.roles() } else { args.roles };
    log::init("ssmax", config.log());
    block_on(supervise(&roles, &config, !args.no_restart, context))
}

/// Runs one role in this process.
async fn foreground(role: Role, config: &Config) -> Result<(), Complaint> {
    ssmax_store::files::create_private_dir(config.run_dir())?;
    let stop = Stop::on_signals()
        .map_err(|error| Complaint::new(Exit::Unavailable, "failed").with("reason", error))?;
    match role {
        Role::Authority => ssmax_authority::serve(config.authority()?, stop).await?,
        Role::Keyserver => ssmax_keyserver::serve(config.keyserver()?, stop).await?,
        Role::Ca => ssmax_ca::serve(config.ca()?, stop).await?,
        Role::Inspector => ssmax_inspector::serve(config.inspector()?, stop).await?,
        Role::Gateway => ssmax_gateway::serve(config.gateway()?, stop).await?,
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
    ssmax_store::files::create_private_dir(config.run_dir())?;
    let failed =
        |error: std::io::Error| Complaint::new(Exit::Unavailable, "failed").with("reason", error);
    let processes = roles.iter().map(|role| process(*role, config, context)).collect();
    let mut supervisor = Supervisor::new(config.run_dir(), processes).map_err(failed)?;
    supervisor.restart = restart;
    let stop = Stop::on_signals().map_err(failed)?;
    match supervisor.run(stop).await.map_err(failed)? {
        End::Stopped => Ok(ExitCode::SUCCESS),
        // Only without restarts: every role has said in its log why it ended.
        _ => Err(Complaint::new(Exit::Unavailable, "roles-ended")),
    }
}

fn process(role: Role, config: &Config, context: &Context) -> RoleProcess {
    let mut arguments: Vec<OsString> =
        ["--lang", context.language.code(), "serve", "--role", role.as_str(), "--config"]
            .map(OsString::from)
            .into();
    arguments.push(config.path().into());
    RoleProcess { role: role.as_str().to_owned(), arguments }
}
