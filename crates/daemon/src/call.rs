//! Asking another role: one request, one answer, over its UNIX socket.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use crate::frame::{self, FrameError, MAX_FRAME_BYTES};

/// How many idle connections a [`Client`] keeps. More requests at a time are fine;
/// their connections are closed afterwards.
pub const MAX_KEPT_CONNECTIONS: usize = 16;

/// How long to wait before asking again while the other side's queue of connections
/// is full.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(10);

/// Why there is no answer. Each is temporary as far as a mail is concerned; they differ
/// in whether the request may have been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// Nobody serves the socket. The request was not carried out.
    #[error("nobody answers at the socket")]
    Unavailable,
    /// The connection ended after the request was handed over and before the whole
    /// answer had come. The request may have been carried out, so it is not repeated.
    #[error("the connection ended before the answer")]
    Interrupted,
    /// No answer within the time allowed. The request may have been carried out.
    #[error("no answer in time")]
    TimedOut,
    /// Request or answer is larger than [`MAX_FRAME_BYTES`].
    #[error("request or answer is too large")]
    TooLarge,
    /// The answer is not of the expected kind, or the request has no CBOR form.
    #[error("the answer is not what was expected")]
    Malformed,
}

/// Asks once, over a connection of its own. `timeout` covers everything from
/// connecting to the last octet of the answer.
///
/// # Errors
/// As [`Client::call`].
pub async fn call<Q: Serialize, A: DeserializeOwned>(
    socket: &Path,
    request: &Q,
    timeout: Duration,
) -> Result<A, CallError> {
    let frame = encode(request)?;
    let exchange = async {
        let mut stream = connect(socket).await?;
        ask(&mut stream, &frame).await.map_err(CallError::from)
    };
    tokio::time::timeout(timeout, exchange).await.map_err(|_| CallError::TimedOut)?
}

/// Asks one role again and again, keeping connections between requests.
///
/// Shared by reference; requests at the same time use connections of their own, and an
/// answer is never given to another request: a connection whose answer has not wholly
/// come is closed.
#[derive(Debug)]
pub struct Client {
    socket: PathBuf,
    kept: Mutex<Vec<UnixStream>>,
}

impl Client {
    /// A client of the role behind `socket`; nothing is connected yet.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into(), kept: Mutex::new(Vec::new()) }
    }

    /// The socket of the role that is asked.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Asks, and waits for the answer. When a kept connection turns out to be dead and
    /// the request cannot have been read, it is sent once more over a new one, so the
    /// restart of a role goes unnoticed; a request is never carried out twice. `timeout`
    /// covers all of it, reconnecting included.
    ///
    /// # Errors
    /// Each variant of [`CallError`].
    pub async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        request: &Q,
        timeout: Duration,
    ) -> Result<A, CallError> {
        let frame = encode(request)?;
        tokio::time::timeout(timeout, self.exchange(&frame))
            .await
            .map_err(|_| CallError::TimedOut)?
    }

    /// As [`Client::call`], and frees the memory of the request before it waits.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_owned<Q: Serialize, A: DeserializeOwned>(
        &self,
        request: Q,
        timeout: Duration,
    ) -> Result<A, CallError> {
        let frame = encode(&request)?;
        drop(request);
        tokio::time::timeout(timeout, self.exchange(&frame))
            .await
            .map_err(|_| CallError::TimedOut)?
    }

    /// As [`Client::call`], and asks once more if the connection ended before the answer:
    /// for requests that the other side answers alike however often they come.
    ///
    /// # Errors
    /// As [`Client::call`]; [`CallError::Interrupted`] only if it happened twice.
    pub async fn call_again<Q: Serialize, A: DeserializeOwned>(
        &self,
        request: &Q,
        timeout: Duration,
    ) -> Result<A, CallError> {
        let frame = encode(request)?;
        let asked = async {
            match self.exchange(&frame).await {
                Err(CallError::Interrupted) => self.exchange(&frame).await,
                outcome => outcome,
            }
        };
        tokio::time::timeout(timeout, asked).await.map_err(|_| CallError::TimedOut)?
    }

    async fn exchange<A: DeserializeOwned>(&self, frame: &[u8]) -> Result<A, CallError> {
        if let Some(mut stream) = self.take_kept() {
            match ask(&mut stream, frame).await {
                Err(Fault::NotRead) => {}
                outcome => return self.finish(stream, outcome),
            }
        }
        let mut stream = connect(&self.socket).await?;
        let outcome = ask(&mut stream, frame).await;
        self.finish(stream, outcome)
    }

    fn finish<A>(&self, stream: UnixStream, outcome: Result<A, Fault>) -> Result<A, CallError> {
        let answer = outcome?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_KEPT_CONNECTIONS {
            kept.push(stream);
        }
        Ok(answer)
    }

    /// The connection used last that is not known to be dead.
    fn take_kept(&self) -> Option<UnixStream> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(stream) = kept.pop() {
            // Between requests nothing may come: an end, or an octet, is a fault.
            let quiet = stream
                .try_read(&mut [0])
                .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
            if quiet {
                return Some(stream);
            }
        }
        None
    }
}

/// What went wrong on one connection.
enum Fault {
    /// The other side closed with the request unread, wholly or in part.
    NotRead,
    Answer(CallError),
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotRead => Self::Unavailable,
            Fault::Answer(error) => error,
        }
    }
}

fn encode<Q: Serialize>(request: &Q) -> Result<Vec<u8>, CallError> {
    frame::encode(request, MAX_FRAME_BYTES).map_err(|error| match error {
        FrameError::TooLarge { .. } => CallError::TooLarge,
        _ => CallError::Malformed,
    })
}

async fn connect(socket: &Path) -> Result<UnixStream, CallError> {
    loop {
        match UnixStream::connect(socket).await {
            Ok(stream) => return Ok(stream),
            // unix(7): a full queue is not waited for by a non-blocking socket.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(QUEUE_FULL_PAUSE).await;
            }
            Err(_) => return Err(CallError::Unavailable),
        }
    }
}

async fn ask<A: DeserializeOwned>(stream: &mut UnixStream, frame: &[u8]) -> Result<A, Fault> {
    stream.write_all(frame).await.map_err(|_| Fault::NotRead)?;
    match frame::read_frame(stream, MAX_FRAME_BYTES).await {
        Ok(Some(answer)) => Ok(answer),
        // Linux resets the peer of a UNIX socket that is closed with octets unread,
        // so a reset here says that the request had not been taken in whole.
        Err(FrameError::Io(io::ErrorKind::ConnectionReset)) => Err(Fault::NotRead),
        Ok(None) | Err(FrameError::Truncated | FrameError::Io(_)) => {
            Err(Fault::Answer(CallError::Interrupted))
        }
        Err(FrameError::TooLarge { .. }) => Err(Fault::Answer(CallError::TooLarge)),
        Err(_) => Err(Fault::Answer(CallError::Malformed)),
    }
}
