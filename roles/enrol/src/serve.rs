//! Starting: TLS, the listener, and the CA to be asked.

use crate::ROLE;
use crate::answer::{Shared, answer};
use crate::config::Settings;
use crate::shares::{Pass, Shares};
use crate::shelf::Shelf;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ssmax_api::enrol::EnrolRequest;
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::stop::Stop;
use ssmax_daemon::tls_server::{TlsAcceptor, TlsFault, acceptor};
use ssmax_daemon::watch::{Watched, as_number};
use ssmax_metrics::{Part, list as metrics};
use ssmax_pki::Certificate;
use ssmax_store::files::read_private;
use ssmax_transport::Meeting;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long the CA may take for a new certificate, and to accept a connection.
const CA_TIMEOUT: Duration = Duration::from_secs(30);
const REACH_TIMEOUT: Duration = Duration::from_secs(2);

/// How long making a package may take beside what comes and goes.
const WORK_TIME: Duration = Duration::from_secs(60);

/// Octets of a request's header section at most, and fields in it.
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADER_FIELDS: usize = 64;

/// How long accepting rests after a failure, such as no free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A socket or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file of the private key.
    #[error(transparent)]
    Store(#[from] ssmax_store::StoreError),
    /// The certificate for browsers.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The certificate for TLS with roles of other hosts.
    #[error(transparent)]
    Transport(#[from] ssmax_transport::IdentityError),
}

/// What is shown to browsers, read anew.
///
/// # Errors
/// [`ServeError`], by what is wrong with it.
pub fn read_tls(settings: &Settings) -> Result<TlsAcceptor, ServeError> {
    let config = &settings.enrol;
    Ok(acceptor(&std::fs::read(&config.tls_certificate)?, &read_private(&config.tls_key)?)?)
}

/// Serves the page until `stop`.
///
/// # Errors
/// [`ServeError`] when something of it cannot be read or bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), ServeError> {
    let run_dir = settings.run_dir.clone();
    let limits = settings.enrol.limits.clone();
    let meeting = Meeting::of(ROLE, &settings.transport, &run_dir, None)?;
    let tls = read_tls(&settings)?;
    let listener = TcpListener::bind(settings.enrol.listen).await?;
    let addresses = Addresses::from([("https".to_owned(), listener.local_addr()?.to_string())]);
    let certificate = settings.enrol.tls_certificate.clone();
    let shared = Arc::new(Shared {
        shares: Shares::new(&limits),
        shelf: Shelf::new(limits.max_packages, limits.package),
        ca: meeting.client("ca"),
        settings,
    });
    let mut tasks = JoinSet::new();
    let watched = Watched::bind(&run_dir, ROLE)?;
    tasks.spawn(watched.serve(stop.clone(), {
        let shared = Arc::clone(&shared);
        move || {
            let (shared, certificate) = (Arc::clone(&shared), certificate.clone());
            async move {
                let fault = shared.ca.reach(REACH_TIMEOUT).await.is_err();
                let ca = Part::needed("ca", fault.then_some("unreachable"));
                let certificate = std::fs::read(certificate).ok();
                [Some(ca), certificate.and_then(|pem| look_at_tls(&pem))]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        }
    }));
    tasks.spawn({
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        async move {
            let ask = |request: Vec<u8>| {
                let shared = Arc::clone(&shared);
                async move {
                    let request = EnrolRequest::RenewTransport { request };
                    ssmax_api::ca::renewed(shared.ca.call(&request, CA_TIMEOUT).await)
                }
            };
            meeting.keep_renewed(ask, stop).await;
        }
    });
    let _announced = ssmax_daemon::ready::announce(&run_dir, ROLE, &addresses)?;
    accept_all(listener, tls, &shared, stop).await;
    while tasks.join_next().await.is_some() {}
    Ok(())
}

/// Accepts browsers until `stop`.
async fn accept_all(listener: TcpListener, tls: TlsAcceptor, shared: &Arc<Shared>, stop: Stop) {
    let limits = &shared.settings.enrol.limits;
    let places = Arc::new(Semaphore::new(limits.max_connections.max(1)));
    let mut connections = JoinSet::new();
    loop {
        // Finished tasks are collected here, or they would pile up.
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            () = stop.stopped() => break,
            accepted = accept(&listener, &places, shared) => accepted,
        };
        let Some((stream, from, held)) = accepted else { continue };
        let (tls, shared) = (tls.clone(), Arc::clone(shared));
        let time = limits.request.saturating_mul(3).saturating_add(WORK_TIME);
        connections.spawn(async move {
            if timeout(time, converse(stream, from, tls, shared)).await.is_err() {
                tracing::debug!("a connection was cut off at its time limit");
            }
            drop(held);
        });
    }
    drop(listener);
    // Who is being answered gets the answer, and nobody waits long for that.
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(limits.request, ended).await;
}

/// The next connection once there is a place for it; `None` when there is none now.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    shared: &Shared,
) -> Option<(TcpStream, IpAddr, (OwnedSemaphorePermit, Pass))> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let pass = shared.shares.enter(peer.ip(), Instant::now())?;
            Some((stream, peer.ip(), (place, pass)))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn converse(stream: TcpStream, from: IpAddr, tls: TlsAcceptor, shared: Arc<Shared>) {
    let patience = shared.settings.enrol.limits.request;
    let Ok(Ok(stream)) = timeout(patience, tls.accept(stream)).await else { return };
    let service = service_fn(move |request| answer(request, from, Arc::clone(&shared)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADER_FIELDS)
        // A connection that is kept is a place that nobody else has.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The certificate for TLS.
fn look_at_tls(pem: &[u8]) -> Option<Part> {
    let certificate = Certificate::from_pem(&String::from_utf8_lossy(pem)).ok()?;
    let ends = certificate.not_after();
    metrics::CERTIFICATE_EXPIRY.set(["tls".into()], as_number(ends.unix_timestamp()));
    let is_over = ends < OffsetDateTime::now_utc();
    Some(Part::needed("tls-certificate", is_over.then_some("expired")))
}
