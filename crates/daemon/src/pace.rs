//! How long octets may take on their way: as long as they keep coming.
//!
//! A fixed time for whatever is on its way would refuse a mail of 100 MB on a slow line, or
//! give a peer that dawdles over ten octets as long as that mail. Here only the time counts
//! in which less came than a slow line brings.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a transfer is looked at before it is judged.
const SLICE: Duration = Duration::from_secs(1);

/// Bounds of what is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long one request may take to come in, or one answer to be taken, not counting
    /// the time in which it keeps the rate (default 30 s).
    pub patience: Duration,
    /// What is fast enough, in octets a second, at least 1 (default 262,144, so that 100 MB
    /// may take some seven minutes).
    pub min_rate: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { patience: Duration::from_secs(30), min_rate: 256 * 1024 }
    }
}

impl Pace {
    /// Waits for `transfer`, for `patience` and as long as `moved` grows by the rate. `None`
    /// when it did not, and the time is up.
    pub(crate) async fn hold<T>(
        self,
        patience: Duration,
        moved: &AtomicU64,
        transfer: impl Future<Output = T>,
    ) -> Option<T> {
        self.hold_by(SLICE, patience, moved, transfer).await
    }

    async fn hold_by<T>(
        self,
        slice: Duration,
        patience: Duration,
        moved: &AtomicU64,
        transfer: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::pin!(transfer);
        let mut left = patience;
        let mut before = moved.load(Ordering::Relaxed);
        loop {
            let slice = left.min(slice);
            if let Ok(done) = tokio::time::timeout(slice, &mut transfer).await {
                return Some(done);
            }
            let now = moved.load(Ordering::Relaxed);
            if u128::from(now - before) * 1000
                < u128::from(self.min_rate.max(1)) * slice.as_millis()
            {
                left -= slice;
            }
            before = now;
            if left.is_zero() {
                return None;
            }
        }
    }
}

/// A stream whose octets are counted.
pub(crate) struct Counted<'m, S> {
    inner: S,
    moved: &'m AtomicU64,
}

impl<'m, S> Counted<'m, S> {
    pub(crate) fn new(inner: S, moved: &'m AtomicU64) -> Self {
        Self { inner, moved }
    }

    fn count(&self, octets: usize) {
        self.moved.fetch_add(octets as u64, Ordering::Relaxed);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<'_, S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(context, buffer))?;
        this.count(buffer.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<'_, S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.inner).poll_write(context, octets))?;
        this.count(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
    use tokio::time::sleep;

    const PACE: Pace = Pace { patience: Duration::from_millis(600), min_rate: 10_000 };
    const TEST_SLICE: Duration = Duration::from_millis(200);
    const LONG: Duration = Duration::from_millis(2500);

    /// Whether octets are let come that are `each` in 10 ms, for [`LONG`], and how long
    /// it took.
    async fn took(each: usize) -> (bool, Duration) {
        let (mut there, here) = duplex(64 * 1024);
        let moved = AtomicU64::new(0);
        let mut here = Counted::new(here, &moved);
        let start = Instant::now();
        let sending = tokio::spawn(async move {
            while start.elapsed() < LONG {
                there.write_all(&vec![7; each]).await.unwrap();
                sleep(Duration::from_millis(10)).await;
            }
        });
        let mut came = Vec::new();
        let coming = here.read_to_end(&mut came);
        let held = PACE.hold_by(TEST_SLICE, PACE.patience, &moved, coming).await;
        sending.abort();
        (held.is_some(), start.elapsed())
    }

    #[tokio::test]
    async fn what_keeps_the_rate_may_take_as_long_as_it_needs_and_what_does_not_may_not() {
        let (fast, slow, none) = tokio::join!(took(2000), took(10), took(0));
        assert!(fast.0 && fast.1 >= LONG, "{fast:?}");
        for (held, time) in [slow, none] {
            assert!(!held && time >= PACE.patience && time < LONG, "{time:?}");
        }
    }

    #[tokio::test]
    async fn what_was_fast_and_stops_gets_no_more_than_anybody() {
        let (mut there, here) = duplex(1024 * 1024);
        let moved = AtomicU64::new(0);
        let mut here = Counted::new(here, &moved);
        there.write_all(&vec![7; 1024 * 1024]).await.unwrap();
        let start = Instant::now();
        let mut came = Vec::new();
        let coming = here.read_to_end(&mut came);
        let held = PACE.hold_by(TEST_SLICE, PACE.patience, &moved, coming).await;
        assert!(held.is_none());
        // The slice in which it came, and the patience.
        assert!((PACE.patience..LONG).contains(&start.elapsed()), "{:?}", start.elapsed());
        assert_eq!(moved.into_inner(), 1024 * 1024);
    }

    #[tokio::test]
    async fn a_patience_below_a_slice_counts_as_it_is() {
        let moved = AtomicU64::new(0);
        let start = Instant::now();
        let held = PACE.hold(Duration::from_millis(50), &moved, std::future::pending::<()>());
        assert!(held.await.is_none());
        assert!(start.elapsed() < SLICE);
    }
}
