//! A descriptor put by for when there are no more: a client that waits to be accepted is told
//! so at once, and tries again later. Otherwise it would wait for a greeting until it gives up.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, timeout};

/// How long a client that waits may take to be accepted.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The descriptor.
pub(super) struct Spare(Option<OwnedFd>);

impl Spare {
    /// Puts one by; any will do.
    pub(super) fn of(listener: &TcpListener) -> Self {
        Self(listener.as_fd().try_clone_to_owned().ok())
    }

    /// Accepts a client in the place of the descriptor, if that is what was missing.
    pub(super) async fn accept(
        &mut self,
        listener: &TcpListener,
        failure: &io::Error,
    ) -> Option<TcpStream> {
        if !is_exhaustion(failure) {
            return None;
        }
        drop(self.0.take()?);
        let (stream, _) = timeout(AT_ONCE, listener.accept()).await.ok()?.ok()?;
        Some(stream)
    }

    /// Puts one by again, once there is one.
    pub(super) fn restore(&mut self, listener: &TcpListener) {
        if self.0.is_none() {
            *self = Self::of(listener);
        }
    }
}

/// Whether there are no descriptors left, to this process or to the host.
fn is_exhaustion(failure: &io::Error) -> bool {
    let of_process = rustix::io::Errno::MFILE.raw_os_error();
    let of_host = rustix::io::Errno::NFILE.raw_os_error();
    failure.raw_os_error().is_some_and(|code| code == of_process || code == of_host)
}
