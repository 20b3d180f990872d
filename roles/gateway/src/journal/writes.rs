//! Whether the journal takes what is written to it.

use ssmax_store::StoreError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How long it is believed to do what it has just done. Under load every mail finds the
/// write of another one, and costs none itself.
const BELIEVED: Duration = Duration::from_secs(1);

/// When a write worked last, unless one has failed since.
#[derive(Debug, Clone, Default)]
pub(super) struct Writes(Arc<Mutex<Option<Instant>>>);

impl Writes {
    /// Whether one worked a moment before `now`.
    pub(super) fn worked_just_before(&self, now: Instant) -> bool {
        self.lock().is_some_and(|at| now.saturating_duration_since(at) < BELIEVED)
    }

    /// Remembers how a write ended.
    pub(super) fn note(&self, done: Result<(), StoreError>) -> Result<(), StoreError> {
        *self.lock() = done.is_ok().then(Instant::now);
        done
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_store::SqlFault;

    #[tokio::test]
    async fn a_write_is_believed_for_a_second_and_until_one_fails() {
        let writes = Writes::default();
        assert!(!writes.worked_just_before(Instant::now()));
        let earlier = Instant::now();
        writes.note(Ok(())).unwrap();
        let later = Instant::now();
        assert!(writes.worked_just_before(earlier + BELIEVED - Duration::from_nanos(1)));
        assert!(!writes.worked_just_before(later + BELIEVED));
        writes.note(Err(StoreError::Sql(SqlFault::Full))).unwrap_err();
        assert!(!writes.worked_just_before(Instant::now()));
    }
}
