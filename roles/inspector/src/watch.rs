//! How the inspector is, and what its workers came to.

use crate::clamav;
use crate::start::End;
use crate::supervisor::Supervisor;
use ssmax_api::Problem;
use ssmax_api::inspector::Inspected;
use ssmax_daemon::watch::as_number;
use ssmax_inspection::Outcome;
use ssmax_metrics::{Part, list as metrics};
use std::time::Duration;
use tokio::time::error::Elapsed;

/// How long the keyserver and clamd may take to accept a connection.
const REACH_TIMEOUT: Duration = Duration::from_secs(2);

impl Supervisor {
    /// Looks at all that the inspector needs.
    pub(crate) async fn how_it_is(&self) -> Vec<Part> {
        let workers = i64::try_from(self.settings.inspector.workers).unwrap_or(i64::MAX);
        metrics::WORKERS_LIMIT.set([], as_number(workers));
        // Said from the start, so that a first one is an increase.
        metrics::WORKERS.add([], 0.0);
        for cause in ["time", "memory", "other"] {
            metrics::WORKER_KILLS.add([cause.into()], 0);
        }
        let keyserver = self.keyserver.reach(REACH_TIMEOUT).await.is_err();
        if keyserver {
            metrics::DEPENDENCY_FAILURES.count(["keyserver".into()]);
        }
        let mut parts = vec![Part::needed("keyserver", keyserver.then_some("unreachable"))];
        if let Some(address) = &self.settings.inspector.clamav {
            let fault = clamav::connect(address, REACH_TIMEOUT).await.is_err();
            metrics::CLAMAV_UP.set([], f64::from(u8::from(!fault)));
            if fault {
                metrics::DEPENDENCY_FAILURES.count(["clamd".into()]);
            }
            parts.push(Part::needed("clamav", fault.then_some("unreachable")));
        }
        parts
    }
}

/// Counts an inspection.
pub(crate) fn count(
    result: &Result<Result<Inspected, Problem>, Elapsed>,
    end: End,
    took: Duration,
) {
    let outcome = match result {
        Ok(Ok(Inspected::Passed { .. })) => "pass",
        Ok(Ok(Inspected::Stopped { outcome: Outcome::Hold, .. })) => "hold",
        // One that is no mail of its form is stopped before anything is looked for.
        Ok(Ok(Inspected::Stopped { .. }) | Err(Problem::Refused(_))) => "block",
        Ok(Err(_)) | Err(_) => "failed",
    };
    metrics::INSPECTIONS.count([outcome.into()]);
    metrics::INSPECTION_SECONDS.observe([outcome.into()], took.as_secs_f64());
    if outcome == "failed" {
        let cause = match (result, end) {
            (Err(_), _) => "time",
            (_, End::OutOfMemory) => "memory",
            _ => "other",
        };
        metrics::WORKER_KILLS.count([cause.into()]);
    }
}
