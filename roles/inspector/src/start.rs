//! Starting a worker: its process, its rights, and the connection to ClamAV that it gets
//! along.

use crate::clamav;
use crate::config::Settings;
use crate::hand_over;
use ssmax_api::Problem;
use ssmax_api::inspector::{FromWorker, Order, Task};
use ssmax_daemon::frame::{MAX_FRAME_BYTES, write_frame};
use ssmax_daemon::laden::{read_laden, write_laden};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};

/// How much of a worker's standard error is logged, in octets.
const MAX_LAST_WORDS: u64 = 2_000;

/// Why there is no worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartFault {
    /// clamd cannot be reached.
    Clamd,
    /// The process cannot be started.
    Process,
}

impl From<StartFault> for Problem {
    fn from(_: StartFault) -> Self {
        Self::Failed
    }
}

/// A worker that runs. It is killed when this is dropped.
pub(crate) struct Started {
    child: Child,
    input: UnixStream,
    output: ChildStdout,
}

impl Started {
    /// Connects to ClamAV, if there is one, and starts a worker with that connection.
    pub(crate) async fn with(settings: &Settings) -> Result<Self, StartFault> {
        let limit = Duration::from_secs(settings.inspector.clamav_seconds);
        let clamd = match &settings.inspector.clamav {
            Some(address) => Some(clamav::connect(address, limit).await.map_err(|error| {
                tracing::error!(error = %error.kind(), "clamd cannot be reached");
                StartFault::Clamd
            })?),
            None => None,
        };
        start(settings, clamd.as_ref()).map_err(|error| {
            tracing::error!(error = %error.kind(), "a worker cannot be started");
            StartFault::Process
        })
    }

    /// Gives the order, which is the worker's from now on.
    pub(crate) async fn order(&mut self, settings: &Settings, task: Task) -> Result<(), Problem> {
        let order = Order {
            task,
            policy: settings.inspector.policy.clone(),
            limits: settings.inspector.limits.clone(),
            clamav: settings.inspector.clamav_bounds(),
        };
        // Given away: the mail is not kept while the worker is at it.
        write_laden(&mut self.input, order, MAX_FRAME_BYTES).await.map_err(failed)
    }

    /// Says something to the worker.
    pub(crate) async fn tell(&mut self, value: &impl serde::Serialize) -> Result<(), Problem> {
        write_frame(&mut self.input, value, MAX_FRAME_BYTES).await.map_err(failed)
    }

    /// What the worker says next.
    pub(crate) async fn next(&mut self) -> Result<FromWorker, Problem> {
        read_laden(&mut self.output, MAX_FRAME_BYTES)
            .await
            .map_err(failed)?
            .ok_or_else(|| failed("a worker ended without an answer"))
    }

    /// Ends the worker, whatever it said: no plaintext outlives its mail.
    pub(crate) async fn end(mut self) -> End {
        let words = last_words(&mut self.child);
        if let Err(error) = self.child.kill().await {
            tracing::debug!(%error, "a worker had ended already");
        }
        let words = words.await;
        // What Rust's runtime says before it gives up.
        let out_of_memory = "memory allocation of ";
        let end = match &words {
            Some(words) if words.contains(out_of_memory) => End::OutOfMemory,
            _ => End::Other,
        };
        match words {
            Some(_) if end == End::OutOfMemory => {
                tracing::error!("a worker needed more memory than it may have");
            }
            Some(words) if is_own_word(&words) => {
                tracing::error!(%words, "a worker said something before it ended");
            }
            // A worker that was taken over could say anything, plaintext too.
            Some(words) => {
                tracing::error!(size_bytes = words.len(), "a worker said something unknown");
            }
            None => {}
        }
        end
    }
}

/// How a worker ended, as far as it says so: one that was taken over could say either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It could not have the memory that it asked for.
    OutOfMemory,
    /// Anyhow else: it was done, or was killed.
    Other,
}

fn start(settings: &Settings, clamd: Option<&OwnedFd>) -> io::Result<Started> {
    let (program, arguments) =
        settings.worker.split_first().ok_or(io::Error::from(io::ErrorKind::NotFound))?;
    let (input, theirs) = hand_over::pair(clamd)?;
    input.set_nonblocking(true)?;
    let input = UnixStream::from_std(input)?;
    let mut child = Command::new(program)
        .args(arguments)
        .arg(settings.inspector.worker_mebibytes.to_string())
        .arg(settings.inspector.worker_seconds.to_string())
        .env_clear()
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().ok_or(io::Error::from(io::ErrorKind::BrokenPipe))?;
    Ok(Started { child, input, output })
}

/// What a worker wrote to standard error: a panic, or why it could not start. It is a
/// pipe, not our log file: a worker may write no file at all.
fn last_words(child: &mut Child) -> impl Future<Output = Option<String>> + use<> {
    let stderr = child.stderr.take();
    async move {
        let mut words = Vec::new();
        stderr?.take(MAX_LAST_WORDS).read_to_end(&mut words).await.ok()?;
        (!words.is_empty()).then(|| String::from_utf8_lossy(&words).trim().to_owned())
    }
}

/// Whether a worker's last words are ones that our own code says: they quote no mail.
fn is_own_word(words: &str) -> bool {
    let plain = |text: &str| {
        text.chars().all(|c| {
            c.is_ascii_alphanumeric() || matches!(c, ' ' | '/' | '.' | '_' | '-' | ':' | ',')
        })
    };
    words.lines().count() == 1
        && words.len() <= 200
        && plain(words)
        && ["panic at ", "a worker cannot", "this kernel cannot"]
            .iter()
            .any(|start| words.starts_with(start))
}

/// Logs a failure of something the inspector needs; outside it is just a failure.
pub(crate) fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "an inspection has failed");
    Problem::Failed
}

#[cfg(test)]
mod tests {
    use super::is_own_word;

    #[test]
    fn only_words_of_our_own_code_reach_the_log() {
        assert!(is_own_word("panic at crates/mail/src/entity.rs:12"));
        assert!(!is_own_word("panic at crates/mail: '個人番号'"));
        assert!(!is_own_word("Dear Mr Suzuki"));
        assert!(!is_own_word("panic at x.rs:1\nDear Mr Suzuki"));
    }
}
