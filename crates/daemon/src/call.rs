//! Asking another role: one request, one answer, over its UNIX socket or TLS.

use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::endpoint::{Endpoint, Stream};
use crate::frame::{self, FrameError, HEADER_BYTES, MAX_FRAME_BYTES, PULSE};
use crate::laden::{Laden, Packed, read_laden};
use crate::pace::{Counted, Pace};

/// How many idle connections a [`Client`] keeps. More requests at a time are fine;
/// their connections are closed afterwards.
pub const MAX_KEPT_CONNECTIONS: usize = 16;

/// How long the other side may show no sign of life before it counts as gone, and how long
/// in all request and answer may lag behind the pace: so that a mail has its 4xx within 30 s
/// however long an inspection may take.
pub const SILENCE: Duration = Duration::from_secs(15);

/// Why there is no answer. Each is temporary as far as a mail is concerned; they differ
/// in whether the request may have been carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// Nobody serves there. The request was not carried out.
    #[error("nobody answers")]
    Unavailable,
    /// One side does not believe the other's certificate. The request was not carried out.
    #[error("certificates for TLS between the roles are not accepted")]
    Untrusted,
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
    once(socket, &Framed::new(request)?, timeout).await
}

/// As [`call`], for what is laden with mail.
///
/// # Errors
/// As [`Client::call`].
pub async fn call_laden<Q: Laden, A: Laden>(
    socket: &Path,
    request: Q,
    timeout: Duration,
) -> Result<A, CallError> {
    once(socket, &Heavy::new(request)?, timeout).await
}

async fn once<X: Exchange>(
    socket: &Path,
    exchange: &X,
    timeout: Duration,
) -> Result<X::Answer, CallError> {
    let asked = async {
        let mut stream = Endpoint::from(socket).connect().await?;
        ask(&mut stream, exchange, Pace::default(), &AtomicU64::new(0))
            .await
            .map_err(CallError::from)
    };
    tokio::time::timeout(timeout, asked).await.map_err(|_| CallError::TimedOut)?
}

/// Asks one role again and again, keeping connections between requests.
///
/// Shared by reference; requests at the same time use connections of their own, and an
/// answer is never given to another request: a connection whose answer has not wholly
/// come is closed.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    /// Each with the moment in which it began.
    kept: Mutex<Vec<(Stream, Instant)>>,
}

impl Client {
    /// A client of the role that answers at `endpoint`; nothing is connected yet.
    #[must_use]
    pub fn new(endpoint: impl Into<Endpoint>) -> Self {
        Self { endpoint: endpoint.into(), kept: Mutex::new(Vec::new()) }
    }

    /// Whether the other side takes a connection now.
    ///
    /// # Errors
    /// [`CallError::Unavailable`], and [`CallError::TimedOut`] after `timeout`.
    pub async fn reach(&self, timeout: Duration) -> Result<(), CallError> {
        let reached = self.endpoint.connect();
        tokio::time::timeout(timeout, reached).await.map_err(|_| CallError::TimedOut)?.map(drop)
    }

    /// Asks, and waits for the answer. When a kept connection turns out to be dead and
    /// the request cannot have been read, it is sent once more over a new one, so the
    /// restart of a role goes unnoticed; a request is never carried out twice. `timeout`
    /// covers all of it, reconnecting included; to another host, the time in which octets
    /// keep the rate is not counted ([`crate::pace::Pace`]).
    ///
    /// # Errors
    /// Each variant of [`CallError`].
    pub async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        request: &Q,
        timeout: Duration,
    ) -> Result<A, CallError> {
        self.within(&Framed::new(request)?, timeout).await
    }

    /// As [`Client::call`], for what is laden with mail: neither request nor answer is
    /// copied on its way.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_laden<Q: Laden, A: Laden>(
        &self,
        request: Q,
        timeout: Duration,
    ) -> Result<A, CallError> {
        self.within(&Heavy::new(request)?, timeout).await
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
        let exchange: Framed<A> = Framed::new(request)?;
        let moved = AtomicU64::new(0);
        let asked = async {
            match self.exchange(&exchange, &moved).await {
                Err(CallError::Interrupted) => self.exchange(&exchange, &moved).await,
                outcome => outcome,
            }
        };
        self.in_time(timeout, &moved, asked).await
    }

    async fn within<X: Exchange>(
        &self,
        exchange: &X,
        timeout: Duration,
    ) -> Result<X::Answer, CallError> {
        let moved = AtomicU64::new(0);
        self.in_time(timeout, &moved, self.exchange(exchange, &moved)).await
    }

    async fn in_time<A>(
        &self,
        timeout: Duration,
        moved: &AtomicU64,
        asked: impl Future<Output = Result<A, CallError>>,
    ) -> Result<A, CallError> {
        let answered = match self.endpoint.pace() {
            Some(pace) => pace.hold(timeout, moved, asked).await,
            None => tokio::time::timeout(timeout, asked).await.ok(),
        };
        answered.unwrap_or(Err(CallError::TimedOut))
    }

    async fn exchange<X: Exchange>(
        &self,
        exchange: &X,
        moved: &AtomicU64,
    ) -> Result<X::Answer, CallError> {
        let pace = self.endpoint.pace().unwrap_or_default();
        if let Some((mut stream, began)) = self.take_kept() {
            match ask(&mut stream, exchange, pace, moved).await {
                Err(Fault::NotRead) => {}
                outcome => return self.finish((stream, began), outcome),
            }
        }
        let mut stream = self.endpoint.connect().await?;
        let outcome = ask(&mut stream, exchange, pace, moved).await;
        self.finish((stream, Instant::now()), outcome)
    }

    fn finish<A>(
        &self,
        used: (Stream, Instant),
        outcome: Result<A, Fault>,
    ) -> Result<A, CallError> {
        let answer = outcome?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_KEPT_CONNECTIONS {
            kept.push(used);
        }
        Ok(answer)
    }

    /// The connection used last that is not known to be dead.
    fn take_kept(&self) -> Option<(Stream, Instant)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((mut stream, began)) = kept.pop() {
            // Between requests nothing may come: an end, or an octet, is a fault. And whoever
            // is denied now was not when the connection began.
            if stream.is_quiet() && self.endpoint.goes_on_with(&stream, began.elapsed()) {
                return Some((stream, began));
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

/// A request, ready to be written, also again, and how its answer is read.
trait Exchange {
    type Answer;

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()>;

    async fn read(
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<Self::Answer>, FrameError>;
}

/// In frames of CBOR.
struct Framed<A>(Vec<u8>, PhantomData<fn() -> A>);

impl<A> Framed<A> {
    fn new<Q: Serialize>(request: &Q) -> Result<Self, CallError> {
        let frame = frame::encode(request, MAX_FRAME_BYTES).map_err(not_written)?;
        Ok(Self(frame, PhantomData))
    }
}

impl<A: DeserializeOwned> Exchange for Framed<A> {
    type Answer = A;

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        stream.write_all(&self.0).await?;
        stream.flush().await
    }

    async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<A>, FrameError> {
        frame::read_frame(stream, MAX_FRAME_BYTES).await
    }
}

/// With mail behind the frame.
struct Heavy<A>(Packed, PhantomData<fn() -> A>);

impl<A> Heavy<A> {
    fn new(request: impl Laden) -> Result<Self, CallError> {
        Ok(Self(Packed::new(request, MAX_FRAME_BYTES).map_err(not_written)?, PhantomData))
    }
}

impl<A: Laden> Exchange for Heavy<A> {
    type Answer = A;

    async fn write(&self, stream: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        self.0.write(stream).await
    }

    async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Option<A>, FrameError> {
        read_laden(stream, MAX_FRAME_BYTES).await
    }
}

fn not_written(error: FrameError) -> CallError {
    match error {
        FrameError::TooLarge { .. } => CallError::TooLarge,
        _ => CallError::Malformed,
    }
}

const TIMED_OUT: Fault = Fault::Answer(CallError::TimedOut);

/// How many pulses may come at once: as many as were on their way while nobody read.
const PULSES_AT_ONCE: u64 = 24;

/// Waits for the first octets of the answer; the pulses before it show that the other side
/// works on it. Also says whether there were any: then it has read the request.
///
/// They are not counted as moved: whoever sends nothing else is not to be waited for longer
/// than anybody else.
async fn beginning(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<(Result<Vec<u8>, FrameError>, bool), Fault> {
    let began = Instant::now();
    for pulses in 0_u64.. {
        // One in five seconds is right. Faster, they are a way to keep us busy.
        if pulses > PULSES_AT_ONCE.saturating_add(began.elapsed().as_secs()) {
            break;
        }
        let mut header = Vec::with_capacity(HEADER_BYTES);
        let mut first = (&mut *stream).take(frame::octets(HEADER_BYTES));
        let came = tokio::time::timeout(SILENCE, first.read_to_end(&mut header)).await;
        match came.map_err(|_| TIMED_OUT)? {
            Ok(_) if header == PULSE => {}
            Ok(_) => return Ok((Ok(header), pulses > 0)),
            Err(error) => return Ok((Err(error.into()), pulses > 0)),
        }
    }
    Err(Fault::Answer(CallError::Malformed))
}

async fn ask<X: Exchange>(
    stream: &mut Stream,
    exchange: &X,
    pace: Pace,
    moved: &AtomicU64,
) -> Result<X::Answer, Fault> {
    let tells_its_end = stream.tells_its_end();
    // Some octets of the request have not even left this host.
    let mut counted = Counted::new(&mut *stream, moved);
    let written = pace.hold(SILENCE, moved, exchange.write(&mut counted)).await;
    written.ok_or(TIMED_OUT)?.map_err(|_| Fault::NotRead)?;
    let (begun, was_read) = beginning(stream).await?;
    let read = match begun {
        Ok(begun) => {
            let mut answer = begun.as_slice().chain(Counted::new(stream, moved));
            pace.hold(SILENCE, moved, X::read(&mut answer)).await.ok_or(TIMED_OUT)?
        }
        Err(error) => Err(error),
    };
    match read {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) if tells_its_end && !was_read => Err(Fault::NotRead),
        // Linux resets the peer of a UNIX socket that is closed with octets unread,
        // so a reset here says that the request had not been taken in whole.
        // TCP resets for other reasons too.
        Err(FrameError::Io(io::ErrorKind::ConnectionReset)) if !tells_its_end && !was_read => {
            Err(Fault::NotRead)
        }
        Ok(None) | Err(FrameError::Truncated | FrameError::Io(_)) => {
            Err(Fault::Answer(CallError::Interrupted))
        }
        Err(FrameError::TooLarge { .. }) => Err(Fault::Answer(CallError::TooLarge)),
        Err(_) => Err(Fault::Answer(CallError::Malformed)),
    }
}
