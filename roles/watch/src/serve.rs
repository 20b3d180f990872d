//! Listening: one request for each connection, and an end to everything.

use crate::ROLE;
use crate::collect::Collector;
use crate::config::Settings;
use crate::http::answer;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ssmax_daemon::ready::{self, Addresses};
use ssmax_daemon::{Stop, watch::Watched};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Octets of a request's header section at most, and fields in it.
const MAX_HEADER_BYTES: usize = 8 * 1024;
const MAX_HEADER_FIELDS: usize = 64;

/// How long a request's header section may take to come in.
const HEADER_TIME: Duration = Duration::from_secs(5);

/// How long to wait after an `accept` that failed, as when descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Why the watch cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The port, the socket or the ready file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Watches until `stop`.
///
/// # Errors
/// [`ServeError`] when the port cannot be taken.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), ServeError> {
    let listener = TcpListener::bind(settings.watch.listen).await?;
    let address = listener.local_addr()?;
    let watched = Watched::bind(&settings.run_dir, ROLE)?;
    let addresses = Addresses::from([("http".to_owned(), address.to_string())]);
    let _announced = ready::announce(&settings.run_dir, ROLE, &addresses)?;
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "metrics are served without login beyond this host");
    }
    let time = settings.connection_time();
    let places = Arc::new(Semaphore::new(settings.watch.max_connections.max(1)));
    let collector = Arc::new(Collector::new(settings));
    let mut connections = JoinSet::new();
    let watching = tokio::spawn(watched.serve(stop.clone(), || async { Vec::new() }));
    loop {
        // Finished tasks are collected here, or they would pile up.
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            () = stop.stopped() => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, place)) = accepted else { continue };
        let collector = Arc::clone(&collector);
        connections.spawn(async move {
            if tokio::time::timeout(time, converse(stream, collector)).await.is_err() {
                tracing::debug!("a connection was cut off at its time limit");
            }
            drop(place);
        });
    }
    drop(listener);
    // Whoever is being answered is told how it stands, and nobody waits long for that.
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(HEADER_TIME, ended).await;
    let _ = watching.await;
    Ok(())
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// The next connection once there is a place for it; `None` when there is none now.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, Place)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn converse(stream: TcpStream, collector: Arc<Collector>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&collector)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADER_FIELDS)
        // A connection that is kept is a place that nobody else has.
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}
