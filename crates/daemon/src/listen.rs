//! Serving requests of other roles on a UNIX socket, and of those on other hosts beside it.
//!
//! The socket is for processes of the same user only: its mode is 0600, and the
//! kernel's word on the peer (`SO_PEERCRED`) is checked as well. Other hosts come over a
//! [`Port`]. A request that is not understood ends its connection without an answer.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Stop;
use crate::endpoint::{GREETING, LIFETIME, Stream};
use crate::frame::{self, FrameError, MAX_FRAME_BYTES, PULSE, PULSE_EVERY};
use crate::laden::{self, Laden};
use crate::pace::{Counted, Pace};
use crate::place::{self, Peers};
use crate::port::{Incoming, Port};

/// Bounds of one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many connections are served at a time (default 256). Further ones wait in
    /// the kernel's queue.
    pub max_connections: usize,
    /// How long a connection may be without a request (default 60 s).
    pub idle: Duration,
    /// How long one request may take to come in, or one answer to be taken. How long it
    /// takes to be answered is the caller's to bound.
    pub pace: Pace,
    /// Largest request and largest answer, in bytes (default [`MAX_FRAME_BYTES`]).
    pub max_frame_bytes: usize,
    /// How long running requests may go on after the stop (default 20 s).
    pub drain: Duration,
    /// How long a connection of another host is used (default 1 h): its certificate is
    /// looked at once, when it begins.
    pub lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 256,
            idle: Duration::from_secs(60),
            pace: Pace::default(),
            max_frame_bytes: MAX_FRAME_BYTES,
            drain: Duration::from_secs(20),
            lifetime: LIFETIME,
        }
    }
}

/// Who has asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// A process of this host.
    Local,
    /// A role on another host, by the certificate that it has shown, DER.
    Remote(Arc<[u8]>),
}

impl Peer {
    /// The certificate, DER, if it had to show one.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        match self {
            Self::Local => None,
            Self::Remote(certificate) => Some(certificate),
        }
    }
}

/// Serves `socket` with default [`Limits`] until `stop`: [`Listener::bind`] and
/// [`Listener::serve`] in one.
///
/// # Errors
/// As [`Listener::bind`].
pub async fn serve<Q, A, F, Fut>(socket: &Path, stop: Stop, handler: F) -> io::Result<()>
where
    Q: DeserializeOwned + Send + 'static,
    A: Serialize + Send + Sync + 'static,
    F: Fn(Q) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = A> + Send + 'static,
{
    Listener::bind(socket)?.serve(Limits::default(), stop, handler).await;
    Ok(())
}

/// A bound socket. Requests queue in the kernel until it serves, so a role may announce
/// itself between the two. Dropping it removes the socket.
#[derive(Debug)]
pub struct Listener {
    listener: UnixListener,
    socket: SocketFile,
    peers: Peers,
    remote: Option<mpsc::Receiver<Incoming>>,
}

impl Listener {
    /// Binds `socket` (mode 0600; a missing directory above it is made with mode
    /// 0700). One left by a process that is no more is replaced; one that is served,
    /// or any other file, is not. Called within the runtime.
    ///
    /// # Errors
    /// [`io::ErrorKind::AddrInUse`] when the socket is served,
    /// [`io::ErrorKind::AlreadyExists`] when another kind of file has the name,
    /// [`io::ErrorKind::InvalidInput`] when the path is longer than the 107 octets
    /// that a socket address holds, or whatever binding says.
    pub fn bind(socket: &Path) -> io::Result<Self> {
        Self::bind_for(socket, Peers::own())
    }

    /// Binds the socket at which `role` answers `caller`, for the user that `caller` runs
    /// as ([`crate::place`]).
    ///
    /// # Errors
    /// As [`Listener::bind`].
    pub fn between(run_dir: &Path, role: &str, caller: &str) -> io::Result<Self> {
        let socket = place::socket(run_dir, role, caller);
        Self::bind_for(&socket, Peers::of(run_dir, role, caller))
    }

    fn bind_for(socket: &Path, peers: Peers) -> io::Result<Self> {
        if let Some(dir) = socket.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        check_replaceable(socket)?;
        // Bound under another name and moved: under its own name the socket is never
        // seen with the mode that the umask gives it, nor before it takes connections.
        let temporary = temporary_name(socket);
        let _ = fs::remove_file(&temporary);
        let listener = UnixListener::bind(&temporary)?;
        // Of another user the kernel wants the right to write before it asks us who it is.
        let mode = if peers.shared { 0o660 } else { 0o600 };
        let moved = chown(&temporary, None, peers.group)
            .and_then(|()| fs::set_permissions(&temporary, Permissions::from_mode(mode)))
            .and_then(|()| fs::rename(&temporary, socket))
            .and_then(|()| SocketFile::at(socket));
        let socket = moved.inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })?;
        Ok(Self { listener, socket, peers, remote: None })
    }

    /// Serves also what `caller` asks over `port`, if there is one.
    #[must_use]
    pub fn also(mut self, port: Option<&mut Port>, caller: &str) -> Self {
        self.remote = port.map(|port| port.interface(caller));
        self
    }

    /// Answers requests until `stop`, then lets running ones finish. Each connection
    /// is a task of its own that answers its requests one after the other; a request
    /// is finished even when whoever asked has gone.
    pub async fn serve<Q, A, F, Fut>(self, limits: Limits, stop: Stop, handler: F)
    where
        Q: DeserializeOwned + Send + 'static,
        A: Serialize + Send + Sync + 'static,
        F: Fn(Q) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = A> + Send + 'static,
    {
        self.serve_as(Framed, limits, stop, move |request, _| handler(request)).await;
    }

    /// [`Listener::serve`] for who has to know by what certificate it was asked.
    pub async fn serve_peers<Q, A, F, Fut>(self, limits: Limits, stop: Stop, handler: F)
    where
        Q: DeserializeOwned + Send + 'static,
        A: Serialize + Send + Sync + 'static,
        F: Fn(Q, Peer) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = A> + Send + 'static,
    {
        self.serve_as(Framed, limits, stop, handler).await;
    }

    /// [`Listener::serve`] for what is laden with mail.
    pub async fn serve_laden<Q, A, F, Fut>(self, limits: Limits, stop: Stop, handler: F)
    where
        Q: Laden + Send + 'static,
        A: Laden + Send + Sync + 'static,
        F: Fn(Q) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = A> + Send + 'static,
    {
        self.serve_as(Heavy, limits, stop, move |request, _| handler(request)).await;
    }

    async fn serve_as<K, Q, A, F, Fut>(self, kind: K, limits: Limits, stop: Stop, handler: F)
    where
        K: Kind<Q, A>,
        Q: Send + 'static,
        A: Send + Sync + 'static,
        F: Fn(Q, Peer) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = A> + Send + 'static,
    {
        let Self { listener, socket, peers, mut remote } = self;
        let handler = Arc::new(handler);
        let places = Arc::new(Semaphore::new(limits.max_connections));
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.stopped() => break,
                Some(ended) = connections.join_next() => {
                    report_end(ended);
                    continue;
                }
                accepted = accept(&listener, &mut remote, &places) => accepted,
            };
            let Some((stream, place)) = accepted else { continue };
            if let Stream::Unix(stream) = &stream
                && !is_from(stream, &peers)
            {
                continue;
            }
            let (handler, stop) = (Arc::clone(&handler), stop.clone());
            connections.spawn(async move {
                answer_all(kind, stream, limits, &stop, &*handler).await;
                drop(place);
            });
        }
        // New requests are to fail at once rather than wait for nobody.
        drop((listener, socket, remote));
        let drained = async {
            while let Some(ended) = connections.join_next().await {
                report_end(ended)
            }
        };
        if tokio::time::timeout(limits.drain, drained).await.is_err() {
            tracing::warn!(requests = connections.len(), "requests were cut off by the stop");
        }
    }
}

/// The socket in the file system, removed when dropped unless another has its name.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), device_and_inode: device_and_inode(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if device_and_inode(&self.path).is_ok_and(|now| now == self.device_and_inode) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn device_and_inode(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn check_replaceable(socket: &Path) -> io::Result<()> {
    let kind = match fs::symlink_metadata(socket) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !kind.is_socket() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    match std::os::unix::net::UnixStream::connect(socket) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

/// A name beside the socket, as short as can be: a socket address holds 107 octets.
fn temporary_name(socket: &Path) -> PathBuf {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    socket.with_file_name(format!(".{:x}-{count:x}", std::process::id()))
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// The next connection once there is a place for it; `None` when there is none now.
async fn accept(
    listener: &UnixListener,
    remote: &mut Option<mpsc::Receiver<Incoming>>,
    places: &Arc<Semaphore>,
) -> Option<(Stream, Place)> {
    const AFTER_FAILURE: Duration = Duration::from_millis(100);
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let accepted = tokio::select! {
        accepted = listener.accept() => accepted,
        Some(incoming) = next(remote) => return Some((incoming.stream, place)),
    };
    match accepted {
        Ok((stream, _)) => Some((Stream::Unix(stream), place)),
        Err(error) => {
            // Out of descriptors, most likely: it passes when other connections end.
            tracing::warn!(error = %error.kind(), "cannot accept a connection");
            tokio::time::sleep(AFTER_FAILURE).await;
            None
        }
    }
}

/// The next connection over a port; none for ever where there is no port, or no more.
async fn next(remote: &mut Option<mpsc::Receiver<Incoming>>) -> Option<Incoming> {
    match remote {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    }
}

fn is_from(stream: &UnixStream, peers: &Peers) -> bool {
    match stream.peer_cred() {
        Ok(peer) if peers.allow(peer.uid()) => true,
        Ok(peer) => {
            tracing::warn!(peer.uid = peer.uid(), "refused a connection of another user");
            false
        }
        Err(error) => {
            tracing::warn!(error = %error.kind(), "refused a connection of an unknown user");
            false
        }
    }
}

fn report_end(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("a request was not answered because of a fault in this program");
    }
}

/// How requests are read and answers written.
trait Kind<Q, A>: Copy + Send + Sync + 'static {
    fn read(
        self,
        reader: &mut (impl AsyncRead + Unpin + Send),
        max_bytes: usize,
    ) -> impl Future<Output = Result<Option<Q>, FrameError>> + Send;

    fn write(
        self,
        writer: &mut (impl AsyncWrite + Unpin + Send),
        answer: A,
        max_bytes: usize,
    ) -> impl Future<Output = Result<(), FrameError>> + Send;
}

/// In frames of CBOR.
#[derive(Clone, Copy)]
struct Framed;

impl<Q: DeserializeOwned, A: Serialize + Send + Sync> Kind<Q, A> for Framed {
    async fn read(
        self,
        reader: &mut (impl AsyncRead + Unpin + Send),
        max_bytes: usize,
    ) -> Result<Option<Q>, FrameError> {
        frame::read_frame(reader, max_bytes).await
    }

    async fn write(
        self,
        writer: &mut (impl AsyncWrite + Unpin + Send),
        answer: A,
        max_bytes: usize,
    ) -> Result<(), FrameError> {
        frame::write_frame(writer, &answer, max_bytes).await
    }
}

/// With mail behind the frame.
#[derive(Clone, Copy)]
struct Heavy;

impl<Q: Laden + Send, A: Laden + Send> Kind<Q, A> for Heavy {
    async fn read(
        self,
        reader: &mut (impl AsyncRead + Unpin + Send),
        max_bytes: usize,
    ) -> Result<Option<Q>, FrameError> {
        laden::read_laden(reader, max_bytes).await
    }

    async fn write(
        self,
        writer: &mut (impl AsyncWrite + Unpin + Send),
        answer: A,
        max_bytes: usize,
    ) -> Result<(), FrameError> {
        laden::write_laden(writer, answer, max_bytes).await
    }
}

async fn answer_all<K, Q, A, F, Fut>(
    kind: K,
    mut stream: Stream,
    limits: Limits,
    stop: &Stop,
    handler: &F,
) where
    K: Kind<Q, A>,
    F: Fn(Q, Peer) -> Fut,
    Fut: Future<Output = A>,
{
    let end = match &stream {
        Stream::Unix(_) => None,
        Stream::Tls(_) => Some(Instant::now() + limits.lifetime),
    };
    if end.is_some() && !greet(&mut stream, limits).await {
        return;
    }
    let peer = stream.peer();
    loop {
        // A caller that always has a request ahead is no exception: its certificate is looked
        // at when a connection begins.
        if end.is_some_and(|end| Instant::now() >= end) {
            return stream.close().await;
        }
        // Not `readable()`: it may still speak of octets that have long been read.
        let mut first = [0];
        let idle = limits.idle.min(end.map_or(Duration::MAX, |end| end - Instant::now()));
        let came = tokio::select! {
            biased;
            () = stop.stopped() => return stream.close().await,
            came = tokio::time::timeout(idle, stream.read(&mut first)) => came,
        };
        match came {
            Ok(Ok(1)) => {}
            Ok(_) => return,
            Err(_) => return stream.close().await,
        }
        let moved = AtomicU64::new(0);
        let mut rest = Counted::new(first.as_slice().chain(&mut stream), &moved);
        let request = kind.read(&mut rest, limits.max_frame_bytes);
        let request = match in_time(limits.pace, &moved, request).await {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "closed a connection without an answer");
                return;
            }
        };
        let answer = with_pulse(&mut stream, handler(request, peer.clone())).await;
        let mut counted = Counted::new(&mut stream, &moved);
        let written = kind.write(&mut counted, answer, limits.max_frame_bytes);
        if let Err(error) = in_time(limits.pace, &moved, written).await {
            tracing::warn!(%error, "an answer could not be handed over");
            return;
        }
    }
}

/// Works on an answer, and shows meanwhile that somebody does. A request is carried out to
/// its end even if nobody waits any more.
async fn with_pulse<A>(stream: &mut Stream, working: impl Future<Output = A>) -> A {
    tokio::pin!(working);
    loop {
        tokio::select! {
            biased;
            answer = &mut working => return answer,
            () = tokio::time::sleep(PULSE_EVERY) => {}
        }
        let pulse = async {
            stream.write_all(&PULSE).await?;
            stream.flush().await
        };
        tokio::pin!(pulse);
        let sent = tokio::select! {
            biased;
            answer = &mut working => {
                // Begun, it is ended before the answer begins; where nobody reads, neither comes.
                let _ = tokio::time::timeout(PULSE_EVERY, pulse).await;
                return answer;
            }
            sent = &mut pulse => sent,
        };
        if sent.is_err() {
            return working.await;
        }
    }
}

/// Tells a caller of another host that it is served.
async fn greet(stream: &mut Stream, limits: Limits) -> bool {
    let greeting = async {
        stream.write_all(&[GREETING]).await?;
        Ok(stream.flush().await?)
    };
    in_time(limits.pace, &AtomicU64::new(0), greeting).await.is_ok()
}

async fn in_time<T>(
    pace: Pace,
    moved: &AtomicU64,
    transfer: impl Future<Output = Result<T, FrameError>>,
) -> Result<T, FrameError> {
    let timed_out = FrameError::Io(io::ErrorKind::TimedOut);
    pace.hold(pace.patience, moved, transfer).await.unwrap_or(Err(timed_out))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::call::{CallError, call};

    #[tokio::test]
    async fn a_connection_of_another_user_gets_no_answer() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("s");
        let mut listener = Listener::bind(&socket).unwrap();
        listener.peers = Peers::only(rustix::process::geteuid().as_raw() + 1);
        let stop = Stop::new();
        let asked = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&asked);
        let serving =
            tokio::spawn(listener.serve(Limits::default(), stop.clone(), move |(): ()| {
                seen.store(true, Ordering::SeqCst);
                async {}
            }));
        let refused = call::<_, ()>(&socket, &(), Duration::from_secs(5)).await.unwrap_err();
        assert!(matches!(refused, CallError::Unavailable | CallError::Interrupted), "{refused}");
        stop.trigger();
        serving.await.unwrap();
        assert!(!asked.load(Ordering::SeqCst));
    }
}
