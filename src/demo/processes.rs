//! The roles as processes: `ssmax serve` for the authority and each organisation.

use super::place::Place;
use super::unavailable;
use crate::command::Context;
use crate::complaint::Complaint;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long the roles may take to be ready.
const READY: Duration = Duration::from_secs(60);

/// How long they may take to end.
const END: Duration = Duration::from_secs(15);

/// The running processes.
pub(crate) struct Processes {
    parents: Vec<Child>,
    /// "a.keyserver" and so on.
    pub(crate) pids: BTreeMap<String, u32>,
}

impl Processes {
    /// Starts everything and waits until it is ready. What the roles log goes to
    /// `DIR/NAME/run/serve.log`.
    pub(crate) async fn start(
        place: &Place,
        no_restart: bool,
        context: &Context,
    ) -> Result<Self, Complaint> {
        let mut started = Self { parents: Vec::new(), pids: BTreeMap::new() };
        let mut all = vec![("authority", place.authority.path(), place.authority.run_dir())];
        all.extend(
            place.sites().map(|site| (site.name, site.config.path(), site.config.run_dir())),
        );
        for (_, config, run_dir) in &all {
            started.parents.push(spawn(config, run_dir, no_restart, context)?);
        }
        for (name, _, run_dir) in all {
            let roles: &[&str] = match name {
                "authority" => &["authority"],
                _ => &["keyserver", "ca", "inspector", "gateway", "directory"],
            };
            let records = ssmax_daemon::ready::wait_ready(run_dir, roles, READY)
                .await
                .map_err(unavailable)?;
            for (role, record) in records {
                let key = if name == role { role } else { format!("{name}.{role}") };
                started.pids.insert(key, record.pid);
            }
        }
        Ok(started)
    }

    /// Ends everything, gracefully first.
    pub(crate) async fn stop(mut self) {
        for parent in &self.parents {
            let pid = parent.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
            if let Some(pid) = pid {
                let _ = kill_process(pid, Signal::TERM);
            }
        }
        for parent in &mut self.parents {
            if tokio::time::timeout(END, parent.wait()).await.is_err() {
                let _ = parent.kill().await;
            }
        }
    }
}

fn spawn(
    config: &Path,
    run_dir: &Path,
    no_restart: bool,
    context: &Context,
) -> Result<Child, Complaint> {
    ssmax_store::files::create_private_dir(run_dir)?;
    let log = File::create(run_dir.join("serve.log")).map_err(unavailable)?;
    let mut command = Command::new(std::env::current_exe().map_err(unavailable)?);
    command.args(["--lang", context.language.code(), "serve", "--config"]).arg(config);
    if no_restart {
        command.arg("--no-restart");
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .map_err(unavailable)
}
