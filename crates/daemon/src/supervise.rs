//! A parent with one child process per role, each the same executable: what ends is
//! started again, ever more slowly while it keeps ending, and all end with the parent.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use ssmax_metrics::list;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::stop::SUPERVISOR_VARIABLE;
use crate::{Stop, ready};

/// One role to be kept running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleProcess {
    /// The name for the log and for the ready file: letters, digits, `-`, `_`.
    pub role: &'static str,
    /// What the executable is started with.
    pub arguments: Vec<OsString>,
    /// Whether it makes a session of its own, and with it the process group.
    pub own_session: bool,
}

/// How long to wait before a role that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait (default 1 s); each further one is twice as long.
    pub first: Duration,
    /// The longest wait (default 30 s).
    pub longest: Duration,
    /// A role that has run this long is healthy: its next wait is the first again
    /// (default 60 s).
    pub healthy_after: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            healthy_after: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// The wait after a role has ended: `previous` is the wait before it was started,
    /// `ran` how long it then ran.
    fn next(&self, previous: Option<Duration>, ran: Duration) -> Duration {
        match previous {
            Some(previous) if ran < self.healthy_after => {
                previous.saturating_mul(2).min(self.longest)
            }
            _ => self.first.min(self.longest),
        }
    }
}

/// Why [`Supervisor::run`] has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was asked to stop, and all roles have ended.
    Stopped,
    /// Every role has ended by itself, and none is started again.
    NothingLeft,
}

/// What runs, and how it is kept running.
#[derive(Debug, Clone)]
pub struct Supervisor {
    /// The executable of every role.
    pub executable: PathBuf,
    /// Where roles announce that they serve ([`ready`]).
    pub run_dir: PathBuf,
    /// The roles, each a process of its own.
    pub roles: Vec<RoleProcess>,
    /// Whether a role that ends is started again (default yes). Without, it stays
    /// away and the others go on, so that a test sees what its absence does.
    pub restart: bool,
    /// How long roles may take to end after SIGTERM before SIGKILL (default 25 s: more
    /// than a listener gives its running requests).
    pub grace: Duration,
    /// The waits between starts.
    pub backoff: Backoff,
}

impl Supervisor {
    /// A supervisor of `roles` in the executable that is running now, with defaults.
    ///
    /// # Errors
    /// When the operating system does not name the running executable.
    pub fn new(run_dir: impl Into<PathBuf>, roles: Vec<RoleProcess>) -> io::Result<Self> {
        Ok(Self {
            executable: std::env::current_exe()?,
            run_dir: run_dir.into(),
            roles,
            restart: true,
            grace: Duration::from_secs(25),
            backoff: Backoff::default(),
        })
    }

    /// Starts all roles at once and keeps them running until `stop`; then SIGTERM to
    /// all, and SIGKILL to those that have not ended within the grace.
    ///
    /// Roles have standard output and error in common with this process, an empty
    /// standard input, and a process group of their own: Ctrl-C on the terminal
    /// reaches this process only, which then asks each role once. Should this process
    /// be killed, roles notice by [`Stop::on_signals`].
    ///
    /// # Errors
    /// When `run_dir` (mode 0700) cannot be made. A role that cannot be started is one
    /// that ends at once.
    pub async fn run(&self, stop: Stop) -> io::Result<End> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.run_dir)?;
        let mut kept = JoinSet::new();
        for role in &self.roles {
            kept.spawn(Keeper { settings: self.clone(), role: role.clone() }.keep(stop.clone()));
        }
        while kept.join_next().await.is_some() {}
        Ok(if stop.is_stopped() { End::Stopped } else { End::NothingLeft })
    }
}

/// Keeps one role running.
struct Keeper {
    settings: Supervisor,
    role: RoleProcess,
}

impl Keeper {
    async fn keep(self, stop: Stop) {
        let role = self.role.role;
        let mut wait = None;
        while !stop.is_stopped() {
            let started = Instant::now();
            self.run_once(&stop).await;
            self.clear_announcement();
            if stop.is_stopped() || !self.settings.restart {
                return;
            }
            let next = self.settings.backoff.next(wait, started.elapsed());
            let wait_ms = u64::try_from(next.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(child = role, wait_ms, "the role is started again after a wait");
            tokio::select! {
                () = stop.stopped() => return,
                () = tokio::time::sleep(next) => wait = Some(next),
            }
            list::RESTARTS.count([self.role.role.into()]);
        }
    }

    /// From start to end of one process.
    async fn run_once(&self, stop: &Stop) {
        let role = self.role.role;
        self.clear_announcement();
        let mut child = match self.start() {
            Ok(child) => child,
            Err(error) => {
                tracing::error!(child = role, error = %error.kind(), "cannot start the role");
                return;
            }
        };
        tracing::info!(child = role, pid = child.id(), "started the role");
        tokio::select! {
            ended = child.wait() => report(role, ended),
            () = stop.stopped() => self.end(&mut child).await,
        }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(&self.settings.executable);
        command
            .args(&self.role.arguments)
            .env(SUPERVISOR_VARIABLE, std::process::id().to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        if !self.role.own_session {
            command.process_group(0);
        }
        command.spawn()
    }

    async fn end(&self, child: &mut Child) {
        let role = self.role.role;
        // Not yet waited for, so the id cannot belong to another process.
        let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
        if let Ok(ended) = tokio::time::timeout(self.settings.grace, child.wait()).await {
            report(role, ended);
            return;
        }
        tracing::warn!(child = role, "the role did not end in time and is killed");
        if let Some(pid) = pid {
            // With the processes that it has started in turn.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        report(role, child.wait().await);
    }

    fn clear_announcement(&self) {
        if let Err(error) = ready::clear(&self.settings.run_dir, self.role.role) {
            let role = self.role.role;
            tracing::warn!(child = role, error = %error.kind(), "cannot remove the ready file");
        }
    }
}

fn report(role: &str, ended: io::Result<ExitStatus>) {
    match ended {
        Ok(status) if status.success() => tracing::info!(child = role, "the role has ended"),
        Ok(status) => tracing::warn!(child = role, %status, "the role has ended with an error"),
        Err(error) => tracing::error!(child = role, error = %error.kind(), "lost the role"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_one_to_thirty_seconds() {
        let backoff = Backoff::default();
        let mut wait = None;
        let mut waits = Vec::new();
        for _ in 0..7 {
            wait = Some(backoff.next(wait, Duration::ZERO));
            waits.extend(wait.map(|wait| wait.as_secs()));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn a_minute_of_health_starts_the_waits_anew_and_a_moment_less_does_not() {
        let backoff = Backoff::default();
        let previous = Some(Duration::from_secs(8));
        let minute = Duration::from_secs(60);
        assert_eq!(backoff.next(previous, minute), Duration::from_secs(1));
        let less = minute - Duration::from_millis(1);
        assert_eq!(backoff.next(previous, less), Duration::from_secs(16));
    }
}
