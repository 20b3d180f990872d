//! Starting a worker for each mail and carrying its questions to the keyserver. The
//! supervisor sees ciphertext, sealed keys and findings, never plaintext.

use crate::config::Settings;
use crate::findings::restrained;
use crate::gate::Gate;
use crate::places::Places;
use crate::start::{Started, failed};
use ssmax_api::inspector::{FromWorker, Inspect, Inspected, Task, ToWorker};
use ssmax_api::keyserver::{InspectorRequest, WorkerAsk};
use ssmax_api::{Answer, Problem, ticket_name};
use ssmax_daemon::call::Client;
use ssmax_daemon::listen::Listener;
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::stop::Stop;
use ssmax_daemon::watch::Watched;
use ssmax_metrics::list as metrics;
use ssmax_transport::Meeting;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument as _;

/// How long the keyserver may take for one answer.
const KEYSERVER_TIMEOUT: Duration = Duration::from_secs(20);

/// How many questions one worker may ask: two and three for each recipient suffice.
const MAX_QUESTIONS: usize = 4_000;

/// Why the inspector cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The socket.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The certificate for TLS with roles of other hosts.
    #[error(transparent)]
    Transport(#[from] ssmax_transport::IdentityError),
    /// No command for workers is given.
    #[error("no worker command is given")]
    NoWorker,
}

pub(crate) struct Supervisor {
    pub(crate) settings: Settings,
    pub(crate) keyserver: Client,
    places: Places,
}

/// Runs the inspector until `stop`.
///
/// # Errors
/// [`ServeError`] when the socket cannot be bound.
pub async fn serve(mut settings: Settings, stop: Stop) -> Result<(), ServeError> {
    if settings.worker.is_empty() {
        return Err(ServeError::NoWorker);
    }
    if settings.verify_only {
        // Who only verifies gets no engine along.
        settings.inspector.clamav = None;
    }
    let run_dir = settings.run_dir.clone();
    let meeting =
        Meeting::of("inspector", &settings.transport, &run_dir, settings.inspector.listen)?;
    let supervisor = Arc::new(Supervisor {
        keyserver: meeting.client("keyserver"),
        places: Places::new(settings.inspector.workers),
        settings,
    });
    let mut port = meeting.port()?;
    let listener = Listener::between(&run_dir, "inspector", "gateway")?;
    let listener = listener.also(port.as_mut(), "gateway");
    let watched = Watched::bind(&run_dir, "inspector")?;
    let mut addresses = Addresses::new();
    if let Some(port) = &port {
        addresses.insert("listen".to_owned(), port.local_addr()?.to_string());
    }
    let _announced = ssmax_daemon::ready::announce(&run_dir, "inspector", &addresses)?;
    let ca = meeting.client("ca");
    let ca = &ca;
    let renewing = |request: Vec<u8>| async move {
        let request = ssmax_api::ca::InspectorRequest::RenewTransport { request };
        ssmax_api::ca::renewed(ca.call(&request, KEYSERVER_TIMEOUT).await)
    };
    tokio::join!(
        Meeting::serve(port, stop.clone()),
        meeting.keep_renewed(renewing, stop.clone()),
        watched.serve(stop.clone(), {
            let supervisor = Arc::clone(&supervisor);
            move || {
                let supervisor = Arc::clone(&supervisor);
                async move { supervisor.how_it_is().await }
            }
        }),
        listener.serve_laden(meeting.limits(), stop, move |request: Inspect| {
            let supervisor = Arc::clone(&supervisor);
            async move { supervisor.inspect(request).await }
        })
    );
    Ok(())
}

impl Supervisor {
    async fn inspect(&self, request: Inspect) -> Result<Inspected, Problem> {
        let _place = self.places.take(request.plan.from_outside).await.map_err(failed)?;
        let limit = Duration::from_secs(self.settings.inspector.worker_seconds);
        let span = tracing::info_span!("inspection", ticket = ticket_name(&request.ticket));
        let inspected = async {
            let began = Instant::now();
            let mut worker = Started::with(&self.settings).await?;
            metrics::WORKERS.add([], 1.0);
            let result = tokio::time::timeout(limit, self.talk(&mut worker, request)).await;
            let end = worker.end().await;
            metrics::WORKERS.add([], -1.0);
            crate::watch::count(&result, end, began.elapsed());
            match result {
                Ok(result) => result,
                Err(_) => Err(failed("a worker took too long")),
            }
        };
        inspected.instrument(span).await
    }

    async fn talk(&self, worker: &mut Started, request: Inspect) -> Result<Inspected, Problem> {
        let ticket = request.ticket.clone();
        let verify_only = self.settings.verify_only;
        let request = Box::new(request);
        let task = if verify_only { Task::Verify(request) } else { Task::Mail(request) };
        worker.order(&self.settings, task).await?;
        let mut gate = Gate::new(verify_only);
        for _ in 0..MAX_QUESTIONS {
            match worker.next().await? {
                FromWorker::Done(result) => {
                    let limits = &self.settings.inspector.limits;
                    return gate.last(result).map(|said| restrained(said, limits));
                }
                FromWorker::Ask(ask) => {
                    gate.question(&ask)?;
                    let answer = self.carry(&ticket, ask).await?;
                    gate.answer(&answer);
                    worker.tell(&told(&answer)?).await?;
                }
                FromWorker::Scanned(_) => return Err(failed("a worker answers another order")),
            }
        }
        Err(failed("a worker asks too much"))
    }

    /// Carries a question to the keyserver under this mail's ticket, whatever ticket
    /// the worker believes to work on.
    async fn carry(&self, ticket: &str, ask: WorkerAsk) -> Result<Answer, Problem> {
        let request = InspectorRequest { ticket: ticket.to_owned(), ask };
        let asked = if request.ask.is_repeatable() {
            self.keyserver.call_again(&request, KEYSERVER_TIMEOUT).await
        } else {
            self.keyserver.call(&request, KEYSERVER_TIMEOUT).await
        };
        asked.map_err(failed)
    }
}

/// The keyserver's answer, on its way to the worker that asked.
fn told(answer: &Answer) -> Result<ToWorker, Problem> {
    let mut octets = Vec::new();
    ciborium::into_writer(answer, &mut octets).map_err(failed)?;
    Ok(ToWorker { answer: octets })
}
