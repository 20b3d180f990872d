//! The serving process: publishes the list over HTTPS and keeps it current.

mod health;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ssmax_daemon::gate::Gate;
use ssmax_daemon::watch::Watched;
use ssmax_daemon::{Stop, ready};
use ssmax_store::{Alone, Looked};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, error, info, warn};

use crate::config::AuthorityConfig;
use crate::error::AuthorityError;
use crate::http::{Source, answer};
use crate::keys::{list_signer, unlock};
use crate::list::{ListSigner, Published, publish};
use crate::registry::Registry;
use crate::tls;

/// How often the database is asked whether a command has changed something.
const POLL: Duration = Duration::from_secs(1);

/// Octets of a request's header section at most, and fields in it.
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADER_FIELDS: usize = 64;

/// How long open connections may go on after the stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How long to wait after an `accept` that failed, as when descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The authority, ready to serve: keys unlocked, list signed, port taken.
pub struct Server {
    config: AuthorityConfig,
    listener: TcpListener,
    address: SocketAddr,
    acceptor: TlsAcceptor,
    registry: Registry,
    signer: ListSigner,
    published: watch::Sender<Arc<Published>>,
    alone: Alone,
}

/// Serves until `stop`: [`Server::bind`] and [`Server::run`].
///
/// # Errors
/// As [`Server::bind`].
pub async fn serve(config: AuthorityConfig, stop: Stop) -> Result<(), AuthorityError> {
    Server::bind(config).await?.run(stop).await
}

/// Looks at the authority's database on its server, if it has one, without changing it.
///
/// # Errors
/// [`AuthorityError::Store`], by what is in the way.
pub async fn look_at_state(config: &AuthorityConfig) -> Result<Vec<Looked>, AuthorityError> {
    Ok(Registry::look(&config.place()).await?.into_iter().collect())
}

impl Server {
    /// Unlocks the keys, signs the current list and takes the port.
    ///
    /// # Errors
    /// [`AuthorityError::NotInitialised`], [`AuthorityError::Keys`] for a wrong unlock
    /// secret, [`AuthorityError::Listen`]; else what failed.
    pub async fn bind(config: AuthorityConfig) -> Result<Self, AuthorityError> {
        let registry = Registry::open_existing(&config).await?;
        let alone = registry.database().serve_alone().await?;
        let now = OffsetDateTime::now_utc();
        let store = unlock(&config).await?;
        let signer = list_signer(&store, &registry).await?;
        let acceptor = tls::acceptor(&config, &registry, &store, now).await?;
        // From here on only the list signer is in memory.
        drop(store);
        let first = publish(&registry, &signer, config.list_lifetime(), now, None).await?;
        let listen = |error: std::io::Error| AuthorityError::Listen(error.kind());
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let published = watch::Sender::new(Arc::new(first));
        Ok(Self { config, listener, address, acceptor, registry, signer, published, alone })
    }

    /// The address that is listened on; its port is a real one even if port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then lets running answers end.
    ///
    /// # Errors
    /// [`AuthorityError::Write`] when the role cannot say that it is ready.
    pub async fn run(self, stop: Stop) -> Result<(), AuthorityError> {
        let addresses = ready::Addresses::from([("https".to_owned(), self.address.to_string())]);
        let announced = announce(&self.config, &addresses)?;
        let watched = Watched::bind(&self.config.run_dir, "authority").map_err(|error| {
            AuthorityError::Write { path: self.config.run_dir.clone(), kind: error.kind() }
        })?;
        let (source, database) = (self.published.subscribe(), self.registry.clone());
        let look = move || health::look(source.clone(), database.clone());
        let watching = tokio::spawn(watched.serve(stop.clone(), look));
        let version = self.published.borrow().version;
        info!(address = %self.address, list.version = version, "the authority is serving");

        let mut connections = JoinSet::new();
        let gate = Gate::new(self.config.max_connections);
        let served = Served {
            source: Source {
                published: self.published.subscribe(),
                registry: self.registry.clone(),
            },
            acceptor: self.acceptor.clone(),
            request_time: self.config.request_time(),
            connection_time: self.config.connection_time(),
            stop: stop.clone(),
        };
        tokio::select! {
            () = stop.stopped() => {}
            lost = self.alone.lost() => return Err(lost.into()),
            () = self.keep_current() => {}
            () = accept(&self.listener, &gate, &served, &mut connections) => {}
        }
        drop(announced);
        drop(self.listener);
        let drained = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            warn!(open = connections.len(), "connections were cut off by the stop");
        }
        let _ = watching.await;
        info!("the authority has stopped");
        Ok(())
    }

    /// Issues the list again whenever a command changed something, and at intervals. Runs
    /// for ever; what fails is tried again, and meanwhile the last issue is served.
    async fn keep_current(&self) {
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut issued_at = tokio::time::Instant::now();
        let mut failing = false;
        loop {
            ticks.tick().await;
            let due = issued_at.elapsed() >= self.config.reissue();
            match self.renew(due).await {
                Ok(false) => failing = false,
                Ok(true) => {
                    failing = false;
                    issued_at = tokio::time::Instant::now();
                }
                // Once, not each second.
                Err(error) if !failing => {
                    failing = true;
                    error!(%error, "the member list cannot be renewed; the last one is served");
                }
                Err(_) => {}
            }
        }
    }

    /// Issues the list if it is `due` or its version has changed; tells whether it was.
    async fn renew(&self, due: bool) -> Result<bool, AuthorityError> {
        let last = self.published.borrow().clone();
        if !due && self.registry.version().await? == last.version {
            return Ok(false);
        }
        let now = OffsetDateTime::now_utc();
        let lifetime = self.config.list_lifetime();
        let new = publish(&self.registry, &self.signer, lifetime, now, Some(last.issued)).await?;
        if new.version != last.version {
            info!(list.version = new.version, "a new member list is published");
        }
        self.published.send_replace(Arc::new(new));
        Ok(true)
    }
}

fn announce(
    config: &AuthorityConfig,
    addresses: &ready::Addresses,
) -> Result<ready::Announcement, AuthorityError> {
    ssmax_store::files::create_private_dir(&config.run_dir)?;
    ready::announce(&config.run_dir, "authority", addresses)
        .map_err(|error| AuthorityError::Write { path: config.run_dir.clone(), kind: error.kind() })
}

/// What each connection is served with.
#[derive(Clone)]
struct Served {
    source: Source,
    acceptor: TlsAcceptor,
    request_time: Duration,
    connection_time: Duration,
    stop: Stop,
}

/// Takes connections as long as the gate lets them in. Runs for ever.
async fn accept(
    listener: &TcpListener,
    gate: &Gate,
    served: &Served,
    connections: &mut JoinSet<()>,
) {
    loop {
        // Finished tasks are collected here, or they would pile up.
        while connections.try_join_next().is_some() {}
        // Full: the next one waits in the system's queue until somebody leaves.
        gate.has_room().await;
        let (tcp, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(pass) = gate.enter(peer.ip()) else {
            debug!(%peer, "refused: too many connections from one address");
            continue;
        };
        let served = served.clone();
        connections.spawn(async move {
            let time = served.connection_time;
            if tokio::time::timeout(time, serve_connection(tcp, peer, served)).await.is_err() {
                debug!(%peer, "a connection was cut off at its time limit");
            }
            drop(pass);
        });
    }
}

async fn serve_connection(tcp: TcpStream, peer: SocketAddr, served: Served) {
    let handshake = tokio::time::timeout(served.request_time, served.acceptor.accept(tcp)).await;
    let tls = match handshake {
        Ok(Ok(tls)) => tls,
        // Garbage, plain HTTP, port scans: daily business, and no fault of ours.
        Ok(Err(error)) => return debug!(%peer, %error, "no TLS handshake"),
        Err(_) => return debug!(%peer, "the TLS handshake took too long"),
    };
    let source = served.source;
    let service = service_fn(move |request| answer(request, source.clone()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(served.request_time)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADER_FIELDS)
        .serve_connection(TokioIo::new(tls), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = served.stop.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%peer, %error, "a connection ended early");
    }
}
