//! A file looked at on its own: the same confined worker, and no mail.

use crate::config::Settings;
use crate::findings::restrain;
use crate::start::{StartFault, Started};
use ssmax_api::inspector::{FromWorker, ScanFile, Task};
use ssmax_inspection::Verdict;
use std::time::Duration;

/// Why a file could not be judged. It is neither clean nor at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// clamd cannot be reached.
    #[error("clamd cannot be reached")]
    Clamd,
    /// The worker cannot be started or confined, or it failed, or clamd failed it; the log
    /// has more.
    #[error("the inspection has failed")]
    Failed,
    /// It took longer than `worker_seconds`.
    #[error("the inspection took too long")]
    TimedOut,
}

/// What the detectors say about a file, or about a mail if it is one. Of the settings
/// those of the worker, the policy, the limits and ClamAV count.
///
/// # Errors
/// Each variant of [`ScanError`].
pub async fn scan(settings: &Settings, file: ScanFile) -> Result<Verdict, ScanError> {
    let limit = Duration::from_secs(settings.inspector.worker_seconds);
    let mut worker = Started::with(settings).await.map_err(|fault| match fault {
        StartFault::Clamd => ScanError::Clamd,
        StartFault::Process => ScanError::Failed,
    })?;
    let result = tokio::time::timeout(limit, async {
        worker.order(settings, Task::File(file)).await?;
        worker.next().await
    })
    .await;
    worker.end().await;
    match result {
        Ok(Ok(FromWorker::Scanned(Ok(mut verdict)))) => {
            restrain(&mut verdict.findings, &settings.inspector.limits);
            Ok(verdict)
        }
        Ok(_) => Err(ScanError::Failed),
        Err(_) => Err(ScanError::TimedOut),
    }
}
