//! The sockets, and the connections on them.

use crate::ldap::answer;
use crate::ldap::{Code, ber};
use crate::session::{Protection, Rules, Session, Source, Then};
use crate::shares::Shares;
use ssmax_daemon::config::network::Network;
use ssmax_daemon::stop::Stop;
use ssmax_metrics::list as metrics;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

/// How long accepting rests after a failure, such as no free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Octets that are read at once.
const PIECE_BYTES: usize = 4096;

/// What all connections have in common.
pub(crate) struct Shared<S> {
    pub(crate) rules: Rules,
    pub(crate) networks: Vec<Network>,
    pub(crate) shares: Arc<Shares>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) source: S,
}

/// A listener by its name, `ldap` or `ldaps`.
pub(crate) struct Door {
    pub(crate) name: &'static str,
    pub(crate) listener: TcpListener,
    /// TLS from the first octet.
    pub(crate) is_secured: bool,
}

/// Accepts clients until `stop`.
pub(crate) async fn serve<S>(door: Door, shared: Arc<Shared<S>>, stop: Stop)
where
    S: Source + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        // Finished tasks are collected here, or they would pile up.
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            () = stop.stopped() => break,
            accepted = door.listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => admit(stream, peer, &door, &shared, &stop, &mut connections),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
}

fn admit<S>(
    stream: TcpStream,
    peer: SocketAddr,
    door: &Door,
    shared: &Arc<Shared<S>>,
    stop: &Stop,
    connections: &mut JoinSet<()>,
) where
    S: Source + Send + 'static,
{
    let from = peer.ip().to_canonical();
    let Some(pass) = shared.shares.enter(from, Instant::now()) else {
        metrics::SESSIONS.count([door.name.into(), "turned-away".into()]);
        tracing::warn!(peer.address = %from, "a connection was turned away");
        if !door.is_secured {
            // At once or not at all: a crowd at the gate must not become tasks.
            let _ = stream.try_write(&answer::disconnection(Code::Busy, "too many connections"));
        }
        return;
    };
    // Answers are small and waited for; a failure to say so costs only time.
    let _ = stream.set_nodelay(true);
    let inside = Inside::new(door.name);
    let (shared, stop, is_secured) = (Arc::clone(shared), stop.clone(), door.is_secured);
    connections.spawn(async move {
        tokio::select! {
            () = stop.stopped() => {}
            ended = converse(stream, from, is_secured, &shared) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, peer.address = %from, "a connection has broken");
                }
            }
        }
        drop((pass, inside));
    });
}

/// A connection that is counted as open until this is dropped.
struct Inside(&'static str);

impl Inside {
    fn new(listener: &'static str) -> Self {
        metrics::SESSIONS.count([listener.into(), "served".into()]);
        metrics::SESSIONS_OPEN.add([listener.into()], 1.0);
        Self(listener)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        metrics::SESSIONS_OPEN.add([self.0.into()], -1.0);
    }
}

async fn converse<S: Source>(
    mut stream: TcpStream,
    from: IpAddr,
    is_secured: bool,
    shared: &Shared<S>,
) -> io::Result<()> {
    let offered = if shared.tls.is_some() { Protection::Offered } else { Protection::None };
    let is_known_network = shared.networks.iter().any(|network| network.holds(from));
    let mut session = Session::new(&shared.rules, &shared.shares, from, is_known_network, offered);
    if !is_secured && !talk(&mut stream, &mut session, shared).await? {
        return Ok(());
    }
    let Some(tls) = &shared.tls else { return Ok(()) };
    let handshake = timeout(shared.rules.limits.tls_timeout, tls.accept(stream));
    let mut stream = handshake.await.map_err(|_| io::ErrorKind::TimedOut)??;
    session.secured();
    talk(&mut stream, &mut session, shared).await?;
    // Said, so that nobody could have cut it short; whoever has gone does not hear it.
    let _ = timeout(shared.rules.limits.answer, stream.shutdown()).await;
    Ok(())
}

/// Answers until the end, or until TLS is to begin: then true.
async fn talk<S: Source>(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    session: &mut Session<'_>,
    shared: &Shared<S>,
) -> io::Result<bool> {
    let limits = &shared.rules.limits;
    let mut read = Vec::new();
    loop {
        let message = timeout(limits.idle, message(stream, &mut read, limits.max_request_bytes));
        let message = match message.await.map_err(|_| io::ErrorKind::TimedOut)?? {
            Came::Message(message) => message,
            Came::End => return Ok(false),
            Came::NoMessage(words) => {
                let said = answer::disconnection(Code::ProtocolError, words);
                write(stream, &said, limits.answer).await?;
                return Ok(false);
            }
        };
        let said = session.take(&message, &shared.source).await;
        write(stream, &said.octets, limits.answer).await?;
        match said.then {
            Then::GoOn => {}
            Then::End => return Ok(false),
            // RFC 4511 4.14.1: nothing may be on its way. What was sent before the answer
            // came from whoever sits in between.
            Then::StartTls => return Ok(read.is_empty()),
        }
    }
}

/// What came.
enum Came {
    Message(Vec<u8>),
    NoMessage(&'static str),
    End,
}

/// The next message; `read` has what came behind the last one.
async fn message(
    stream: &mut (impl AsyncRead + Unpin),
    read: &mut Vec<u8>,
    max_bytes: usize,
) -> io::Result<Came> {
    loop {
        match ber::whole(read) {
            Err(_) => return Ok(Came::NoMessage("this is no LDAP message")),
            Ok(Some(length)) if length > max_bytes => {
                return Ok(Came::NoMessage("a request that is too large"));
            }
            Ok(Some(length)) if length <= read.len() => {
                let rest = read.split_off(length);
                return Ok(Came::Message(std::mem::replace(read, rest)));
            }
            Ok(_) => {}
        }
        let mut piece = [0; PIECE_BYTES];
        let octets = stream.read(&mut piece).await?;
        if octets == 0 {
            return Ok(Came::End);
        }
        read.extend_from_slice(piece.get(..octets).unwrap_or_default());
    }
}

async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    octets: &[u8],
    patience: Duration,
) -> io::Result<()> {
    let written = async {
        stream.write_all(octets).await?;
        stream.flush().await
    };
    timeout(patience, written).await.map_err(|_| io::ErrorKind::TimedOut)?
}

#[cfg(test)]
mod tests;
