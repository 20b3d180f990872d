//! Where another role answers: a UNIX socket of this host, or TLS on another.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::{TlsConnector, TlsStream};

use crate::call::CallError;
use crate::listen::Peer;
use crate::pace::Pace;
use crate::tls::{Identity, peer_certificate};

/// How long one server may take from the first packet to its greeting, before the next of
/// a list is tried.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection between hosts is used: certificates are shown when it begins.
pub const LIFETIME: Duration = Duration::from_secs(3600);

/// How long to wait before asking again while the other side's queue of connections
/// is full.
const QUEUE_FULL_PAUSE: Duration = Duration::from_millis(10);

/// What a role says first over TLS, once it has accepted the caller: the version of the
/// frames. With TLS 1.3 a client is done before the server has looked at its certificate;
/// only this octet tells it that a request will be read.
pub(crate) const GREETING: u8 = 1;

/// Where a role answers.
#[derive(Debug, Clone)]
pub enum Endpoint {
    /// On this host.
    Unix(PathBuf),
    /// On another.
    Tls(Arc<Remote>),
}

impl From<PathBuf> for Endpoint {
    fn from(path: PathBuf) -> Self {
        Self::Unix(path)
    }
}

impl From<&Path> for Endpoint {
    fn from(path: &Path) -> Self {
        Self::Unix(path.to_owned())
    }
}

impl From<&PathBuf> for Endpoint {
    fn from(path: &PathBuf) -> Self {
        Self::Unix(path.clone())
    }
}

impl From<Remote> for Endpoint {
    fn from(remote: Remote) -> Self {
        Self::Tls(Arc::new(remote))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tls(remote) => f.write_str(&remote.servers.join(", ")),
        }
    }
}

impl Endpoint {
    /// What bounds transfers; none where they are as fast as memory.
    pub(crate) fn pace(&self) -> Option<Pace> {
        match self {
            Self::Unix(_) => None,
            Self::Tls(remote) => Some(remote.pace),
        }
    }

    /// Whether a connection of this age may be used for another request: over TLS none is
    /// older than the other side would have it, and the peer's certificate counts now.
    pub(crate) fn goes_on_with(&self, stream: &Stream, age: Duration) -> bool {
        match (self, stream) {
            (Self::Unix(_), _) | (_, Stream::Unix(_)) => true,
            (Self::Tls(remote), Stream::Tls(stream)) => {
                age < LIFETIME && remote.accepts(peer_certificate(stream.get_ref().1))
            }
        }
    }

    /// A connection that is ready for a request.
    ///
    /// # Errors
    /// [`CallError::Unavailable`] and [`CallError::Untrusted`].
    pub async fn connect(&self) -> Result<Stream, CallError> {
        match self {
            Self::Unix(path) => Ok(Stream::Unix(connect_unix(path).await?)),
            Self::Tls(remote) => remote.connect().await,
        }
    }
}

async fn connect_unix(socket: &Path) -> Result<UnixStream, CallError> {
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

/// A role on other hosts: any of its servers is as good as another.
#[derive(Debug)]
pub struct Remote {
    identity: Arc<Identity>,
    role: String,
    servers: Vec<String>,
    pace: Pace,
    /// The server that answered last, where the next connection begins.
    good: AtomicUsize,
}

impl Remote {
    /// The servers of `role`, each `HOST:PORT`, asked as `identity`.
    #[must_use]
    pub fn new(identity: Arc<Identity>, role: &str, servers: Vec<String>) -> Self {
        let (role, pace) = (role.to_owned(), Pace::default());
        Self { identity, role, servers, pace, good: AtomicUsize::new(0) }
    }

    /// The same with another pace than the default one.
    #[must_use]
    pub fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Whether a certificate is that of the role, and not denied.
    fn accepts(&self, certificate: Option<&CertificateDer<'_>>) -> bool {
        let name = self.identity.name_of(&self.role);
        let current = self.identity.current();
        certificate
            .zip(name)
            .is_some_and(|(certificate, name)| current.objection(certificate, &name).is_none())
    }

    /// The first server that answers as this role of the own member, beginning with the
    /// one that did last.
    async fn connect(&self) -> Result<Stream, CallError> {
        let good = self.good.load(Ordering::Relaxed);
        let mut failed = CallError::Unavailable;
        for turn in 0..self.servers.len() {
            let place = (good + turn) % self.servers.len();
            let Some(server) = self.servers.get(place) else { continue };
            let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.connect_to(server));
            match connecting.await.unwrap_or(Err(CallError::Unavailable)) {
                Ok(stream) => {
                    self.good.store(place, Ordering::Relaxed);
                    return Ok(stream);
                }
                Err(error) => {
                    if error == CallError::Untrusted {
                        failed = error;
                    }
                }
            }
        }
        Err(failed)
    }

    async fn connect_to(&self, server: &str) -> Result<Stream, CallError> {
        let name = self.identity.name_of(&self.role).ok_or(CallError::Untrusted)?;
        let tcp = TcpStream::connect(server).await.map_err(|_| CallError::Unavailable)?;
        // Requests and answers are written whole: nothing is gained by waiting for more.
        let _ = tcp.set_nodelay(true);
        let current = self.identity.current();
        let connector = TlsConnector::from(Arc::clone(&current.client));
        let reached = async {
            let mut stream = connector.connect(name.clone(), tcp).await?;
            let objection = match peer_certificate(stream.get_ref().1) {
                Some(certificate) => current.objection(certificate, &name),
                None => Some(rustls::CertificateError::ApplicationVerificationFailure),
            };
            if let Some(objection) = objection {
                return Err(io::Error::other(rustls::Error::from(objection)));
            }
            match stream.read_u8().await? {
                GREETING => Ok(stream),
                _ => Err(io::ErrorKind::InvalidData.into()),
            }
        };
        match reached.await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream.into()))),
            Err(error) => {
                let role = self.role.as_str();
                match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    Some(fault) => {
                        tracing::error!(role, server, %fault, "TLS with another role failed");
                        Err(CallError::Untrusted)
                    }
                    None => Err(CallError::Unavailable),
                }
            }
        }
    }
}

/// A connection between two roles.
#[derive(Debug)]
pub enum Stream {
    /// On one host.
    Unix(UnixStream),
    /// Between two.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether nothing has come, not even the end. Between requests nothing may.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut octet = [0];
        match self {
            Self::Unix(stream) => stream
                .try_read(&mut octet)
                .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock),
            Self::Tls(stream) => {
                let mut context = Context::from_waker(Waker::noop());
                Pin::new(stream).poll_read(&mut context, &mut ReadBuf::new(&mut octet)).is_pending()
            }
        }
    }

    /// Ends the connection between two requests. Over TLS the end is said and
    /// authenticated (RFC 8446 6.1), and it is said here only: whoever finds it in place of
    /// an answer knows that the request was not read.
    pub(crate) async fn close(mut self) {
        const PATIENCE: Duration = Duration::from_secs(1);
        if let Self::Tls(stream) = &mut self {
            let _ = tokio::time::timeout(PATIENCE, stream.shutdown()).await;
        }
    }

    /// Who is at the other end.
    pub(crate) fn peer(&self) -> Peer {
        let certificate = match self {
            Self::Unix(_) => None,
            Self::Tls(stream) => peer_certificate(stream.get_ref().1),
        };
        certificate.map_or(Peer::Local, |shown| Peer::Remote(Arc::from(&**shown)))
    }

    /// Whether an end in place of an answer says that the request was not read.
    pub(crate) fn tells_its_end(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
