//! Serving roles of other hosts: one TCP port, TLS on both sides.
//!
//! Which interface a connection reaches follows from the role in the caller's
//! certificate, never from anything that it says. Whoever is no role of this member does
//! not get beyond the handshake, and however many dawdle there, the next one is let in.

mod unfinished;

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Stop;
use crate::endpoint::Stream;
use crate::tls::{Identity, peer_certificate};
use unfinished::{Host, Unfinished};

/// How many accepted connections of one role wait for a place.
const WAITING: usize = 64;

/// How long to wait after a connection could not be accepted.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// Bounds of one port, until a certificate is shown; connections of roles have bounds of
/// their own ([`crate::listen::Limits`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortLimits {
    /// How long a handshake may take (default 10 s).
    pub handshake: Duration,
    /// How many handshakes are under way at a time (default 256). One more ends the oldest
    /// of the host that has the most, and none of a host from which a role has come as long
    /// as there are others: an honest one takes some milliseconds.
    pub max_handshakes: usize,
    /// How many of those may be of one host (default 64): an IPv4 address, or 64 bits of an
    /// IPv6 address. One more ends the oldest of that host.
    pub max_handshakes_per_host: usize,
}

impl Default for PortLimits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            max_handshakes: 256,
            max_handshakes_per_host: 64,
        }
    }
}

/// A bound port. Connections queue in the kernel until it serves.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    identity: Arc<Identity>,
    limits: PortLimits,
    interfaces: HashMap<String, mpsc::Sender<Incoming>>,
}

/// A role that has shown its certificate.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) stream: Stream,
    pub(crate) peer: SocketAddr,
}

impl Port {
    /// Binds `address`. Called within the runtime.
    ///
    /// # Errors
    /// Whatever binding says.
    pub fn bind(
        address: SocketAddr,
        identity: Arc<Identity>,
        limits: PortLimits,
    ) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Self { listener, identity, limits, interfaces: HashMap::new() })
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// The connections of `caller`, for [`crate::listen::Listener::also`].
    pub(crate) fn interface(&mut self, caller: &str) -> mpsc::Receiver<Incoming> {
        let (sender, receiver) = mpsc::channel(WAITING);
        self.interfaces.insert(caller.to_owned(), sender);
        receiver
    }

    /// Shakes hands and hands connections on, until `stop`.
    pub async fn serve(self, stop: Stop) {
        let Self { listener, identity, limits, interfaces } = self;
        let interfaces = Arc::new(interfaces);
        let mut running = JoinSet::new();
        let mut unfinished = Unfinished::new(limits.max_handshakes, limits.max_handshakes_per_host);
        loop {
            let accepted = tokio::select! {
                () = stop.stopped() => return,
                Some(ended) = running.join_next() => {
                    if let Ok(Some(host)) = ended {
                        unfinished.remember(host);
                    }
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            let (tcp, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: it passes when other connections end.
                    tracing::warn!(error = %error.kind(), "cannot accept a connection");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let host = Host::from(peer.ip());
            if unfinished.make_room(host) {
                tracing::warn!(%peer, "ended the oldest of too many TLS handshakes");
            }
            let (identity, interfaces) = (Arc::clone(&identity), Arc::clone(&interfaces));
            let shaking = running.spawn(async move {
                let shaken =
                    tokio::time::timeout(limits.handshake, shake_hands(tcp, peer, &identity));
                match shaken.await {
                    Ok(Some((caller, incoming))) => {
                        hand_on(&interfaces, &caller, incoming);
                        return Some(host);
                    }
                    Ok(None) => {}
                    Err(_) => tracing::warn!(%peer, "a TLS handshake took too long"),
                }
                None
            });
            unfinished.begin(host, shaking);
        }
    }
}

async fn shake_hands(
    tcp: TcpStream,
    peer: SocketAddr,
    identity: &Identity,
) -> Option<(String, Incoming)> {
    let _ = tcp.set_nodelay(true);
    let acceptor = TlsAcceptor::from(Arc::clone(&identity.current().server));
    let stream = match acceptor.accept(tcp).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::warn!(%peer, %error, "refused a connection: no role of ours over TLS");
            return None;
        }
    };
    // The handshake has made sure of it; which one it is, is asked here.
    let caller = peer_certificate(stream.get_ref().1)
        .and_then(|certificate| identity.caller(certificate))?
        .to_owned();
    Some((caller, Incoming { stream: Stream::Tls(Box::new(stream.into())), peer }))
}

fn hand_on(interfaces: &HashMap<String, mpsc::Sender<Incoming>>, caller: &str, incoming: Incoming) {
    let peer = incoming.peer;
    match interfaces.get(caller).map(|interface| interface.try_send(incoming)) {
        Some(Ok(())) => {}
        Some(Err(TrySendError::Full(_))) => {
            tracing::warn!(%peer, caller, "too many connections of this role");
        }
        // Stopping, or a role that has no interface here.
        Some(Err(TrySendError::Closed(_))) | None => {
            tracing::warn!(%peer, caller, "closed a connection that nobody takes");
        }
    }
}
