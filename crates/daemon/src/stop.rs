//! How a process ends: asked once, it finishes what it is doing; asked twice, it ends
//! at once; and it ends when the process that supervises it is gone.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, getppid, test_kill_process};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// The environment variable by which a supervised process knows its supervisor: the
/// supervisor's process id in decimal. [`supervise`](crate::supervise) sets it.
pub const SUPERVISOR_VARIABLE: &str = "SSMAX_SUPERVISOR";

/// How often a supervised process looks whether its supervisor is still there.
const PARENT_CHECK: Duration = Duration::from_millis(500);

/// A request to stop, shared by everything in a process that has to hear of it.
///
/// Clones are the same request. Once made it is never taken back.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Stop {
    /// A request that only [`Stop::trigger`] makes.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// A request made by SIGTERM or SIGINT, or by the end of the supervisor (only for
    /// a process that has one: a role started by hand outlives its shell). A second
    /// signal ends the process at once, with exit code 128 + signal number.
    ///
    /// Called once per process, within the runtime.
    ///
    /// # Errors
    /// When the operating system does not let signals be caught.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::new();
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        tokio::spawn(stop.clone().follow_signals(terminate, interrupt));
        if let Some(supervisor) = supervisor() {
            tokio::spawn(stop.clone().follow_supervisor(supervisor));
        }
        Ok(stop)
    }

    /// Makes the request.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Whether the request has been made.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the request is made; returns at once if it has been. May be
    /// dropped and called again, so it fits into `select!`.
    pub async fn stopped(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }

    async fn follow_signals(self, mut terminate: Signal, mut interrupt: Signal) {
        let signal = next_signal(&mut terminate, &mut interrupt).await;
        tracing::info!(signal, "stopping; a second signal ends this process at once");
        self.trigger();
        let signal = next_signal(&mut terminate, &mut interrupt).await;
        tracing::warn!(signal, "ended before its work was finished");
        std::process::exit(128 + signal);
    }

    async fn follow_supervisor(self, supervisor: Pid) {
        while getppid() == Some(supervisor) {
            tokio::time::sleep(PARENT_CHECK).await;
        }
        tracing::warn!("stopping, because the supervising process is gone");
        self.trigger();
    }
}

async fn next_signal(terminate: &mut Signal, interrupt: &mut Signal) -> i32 {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
        _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
    }
}

/// The supervisor to follow. A process further down inherits the variable without
/// being supervised itself: its parent is another process, and the one named is alive.
fn supervisor() -> Option<Pid> {
    let named = std::env::var(SUPERVISOR_VARIABLE).ok()?;
    let supervisor = Pid::from_raw(named.parse().ok()?)?;
    let is_parent = getppid() == Some(supervisor);
    (is_parent || test_kill_process(supervisor).is_err()).then_some(supervisor)
}
