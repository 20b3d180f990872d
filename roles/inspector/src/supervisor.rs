//! Starting a worker for each mail and carrying its questions to the keyserver. The
//! supervisor sees ciphertext, sealed keys and findings, never plaintext.

use crate::config::Settings;
use serde_bytes::ByteBuf;
use ssmax_api::inspector::{FromWorker, Inspect, Inspected, Order, ToWorker};
use ssmax_api::keyserver::{InspectorRequest, WorkerAsk};
use ssmax_api::{Answer, Problem};
use ssmax_daemon::call::Client;
use ssmax_daemon::frame::{MAX_FRAME_BYTES, read_frame, write_frame};
use ssmax_daemon::listen::{Limits, Listener};
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::stop::Stop;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;

/// How long the keyserver may take for one answer.
const KEYSERVER_TIMEOUT: Duration = Duration::from_secs(20);

/// How many questions one worker may ask: two and three for each recipient suffice.
const MAX_QUESTIONS: usize = 4_000;

/// How much of a worker's standard error is logged, in octets.
const MAX_LAST_WORDS: u64 = 2_000;

/// Why the inspector cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The socket.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// No command for workers is given.
    #[error("no worker command is given")]
    NoWorker,
}

struct Supervisor {
    settings: Settings,
    keyserver: Client,
    places: Semaphore,
}

/// Runs the inspector until `stop`.
///
/// # Errors
/// [`ServeError`] when the socket cannot be bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), ServeError> {
    if settings.worker.is_empty() {
        return Err(ServeError::NoWorker);
    }
    let run_dir = settings.run_dir.clone();
    let supervisor = Arc::new(Supervisor {
        keyserver: Client::new(run_dir.join("keyserver.inspector.sock")),
        places: Semaphore::new(settings.inspector.workers.max(1)),
        settings,
    });
    let listener = Listener::bind(&Settings::socket(&run_dir, "gateway"))?;
    let _announced = ssmax_daemon::ready::announce(&run_dir, "inspector", &Addresses::new())?;
    listener
        .serve(Limits::default(), stop, move |request: Inspect| {
            let supervisor = Arc::clone(&supervisor);
            async move { ssmax_api::encode(supervisor.inspect(request).await) }
        })
        .await;
    Ok(())
}

impl Supervisor {
    async fn inspect(&self, request: Inspect) -> Result<Inspected, Problem> {
        let _place = self.places.acquire().await.map_err(failed)?;
        let limit = Duration::from_secs(self.settings.inspector.worker_seconds);
        let mut child = self.start()?;
        let result = tokio::time::timeout(limit, self.talk(&mut child, request)).await;
        let words = last_words(&mut child);
        // Whatever it said, it ends now: no plaintext outlives its mail.
        if let Err(error) = child.kill().await {
            tracing::debug!(%error, "a worker had ended already");
        }
        match words.await {
            Some(words) if is_own_word(&words) => {
                tracing::error!(%words, "a worker said something before it ended");
            }
            // A worker that was taken over could say anything, plaintext too.
            Some(words) => {
                tracing::error!(size_bytes = words.len(), "a worker said something unknown");
            }
            None => {}
        }
        match result {
            Ok(result) => result,
            Err(_) => Err(failed("a worker took too long")),
        }
    }

    fn start(&self) -> Result<Child, Problem> {
        let Some((program, arguments)) = self.settings.worker.split_first() else {
            return Err(Problem::Failed);
        };
        Command::new(program)
            .args(arguments)
            .arg(self.settings.inspector.worker_mebibytes.to_string())
            .arg(self.settings.inspector.worker_seconds.to_string())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)
    }

    async fn talk(&self, child: &mut Child, request: Inspect) -> Result<Inspected, Problem> {
        let mut input = child.stdin.take().ok_or(Problem::Failed)?;
        let mut output = child.stdout.take().ok_or(Problem::Failed)?;
        let ticket = request.ticket.clone();
        let order = Order {
            inspect: request,
            policy: self.settings.inspector.policy.clone(),
            limits: self.settings.inspector.limits.clone(),
            now: OffsetDateTime::now_utc().unix_timestamp(),
        };
        write_frame(&mut input, &order, MAX_FRAME_BYTES).await.map_err(failed)?;
        // The mail is the worker's now.
        drop(order);
        for _ in 0..MAX_QUESTIONS {
            match next(&mut output).await? {
                FromWorker::Done(result) => return result,
                FromWorker::Ask(ask) => self.carry(&ticket, ask, &mut input).await?,
            }
        }
        Err(failed("a worker asks too much"))
    }

    /// Carries a question to the keyserver under this mail's ticket, whatever ticket
    /// the worker believes to work on.
    async fn carry(
        &self,
        ticket: &str,
        ask: WorkerAsk,
        input: &mut ChildStdin,
    ) -> Result<(), Problem> {
        let request = InspectorRequest { ticket: ticket.to_owned(), ask };
        let asked = if request.ask.is_repeatable() {
            self.keyserver.call_again(&request, KEYSERVER_TIMEOUT).await
        } else {
            self.keyserver.call(&request, KEYSERVER_TIMEOUT).await
        };
        let answer: Answer = asked.map_err(failed)?;
        let mut octets = Vec::new();
        ciborium::into_writer(&answer, &mut octets).map_err(failed)?;
        let answer = ToWorker { answer: ByteBuf::from(octets).into_vec() };
        write_frame(input, &answer, MAX_FRAME_BYTES).await.map_err(failed)
    }
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

async fn next(output: &mut ChildStdout) -> Result<FromWorker, Problem> {
    read_frame(output, MAX_FRAME_BYTES)
        .await
        .map_err(failed)?
        .ok_or_else(|| failed("a worker ended without an answer"))
}

/// Logs a failure of something the inspector needs; outside it is just a failure.
fn failed(error: impl std::fmt::Display) -> Problem {
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
