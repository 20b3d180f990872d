//! Starting: the listener, TLS, and the CA to be asked.

use crate::ca::AskedCa;
use crate::config::{ScimConfig, Settings};
use crate::http::{Shared, respond};
use crate::logins::Logins;
use crate::service::{BASE, Rules};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ssmax_api::scim::ScimRequest;
use ssmax_daemon::gate::Gate;
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::stop::Stop;
use ssmax_daemon::tls_server::{self, TlsFault};
use ssmax_daemon::watch::{Watched, as_number};
use ssmax_metrics::{Part, list as metrics};
use ssmax_pki::Certificate;
use ssmax_store::files::read_private;
use ssmax_transport::Meeting;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// Octets of a request's header section at most, and fields in it.
const MAX_HEADER_BYTES: usize = 32 * 1024;
const MAX_HEADER_FIELDS: usize = 64;

/// How long to wait after an `accept` that failed, as when descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long open connections may go on after the stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How long the CA may take for a new certificate, and to accept a connection.
const CA_TIMEOUT: Duration = Duration::from_secs(30);
const REACH_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A socket or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file of the private key.
    #[error(transparent)]
    Store(#[from] ssmax_store::StoreError),
    /// The certificate for clients.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// One of certificate and key alone.
    #[error("tls_certificate and tls_key stand together")]
    TlsHalf,
    /// No certificate, and it is not said that it shall be so, or not on this host alone.
    #[error(
        "without tls_certificate and tls_key the address is a loopback one and allow_plaintext is set"
    )]
    Plaintext,
    /// No listener.
    #[error("scim.listen is not set")]
    NoListener,
    /// A proof that is not known.
    #[error("scim.proof is not known")]
    Proof,
    /// Nobody could ask.
    #[error("there is no token in scim.tokens")]
    NoTokens,
    /// The certificate for TLS with roles of other hosts.
    #[error(transparent)]
    Transport(#[from] ssmax_transport::IdentityError),
}

/// What is shown to clients, read anew; none where it is served without TLS.
///
/// # Errors
/// [`ServeError`], by what is wrong with it.
pub fn read_tls(config: &ScimConfig) -> Result<Option<TlsAcceptor>, ServeError> {
    match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => {
            Ok(Some(tls_server::acceptor(&std::fs::read(certificate)?, &read_private(key)?)?))
        }
        (None, None) => {
            let is_local = config.listen.is_none_or(|address| address.ip().is_loopback());
            if config.allow_plaintext && is_local { Ok(None) } else { Err(ServeError::Plaintext) }
        }
        _ => Err(ServeError::TlsHalf),
    }
}

/// Runs the service until `stop`.
///
/// # Errors
/// [`ServeError`] when something of it cannot be read or bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), ServeError> {
    let config = settings.scim.clone();
    let address = config.listen.ok_or(ServeError::NoListener)?;
    if config.tokens.is_empty() {
        return Err(ServeError::NoTokens);
    }
    if !ssmax_api::ca::PROOFS.iter().any(|(word, _)| *word == config.proof) {
        return Err(ServeError::Proof);
    }
    let tls = read_tls(&config)?;
    let run_dir = settings.run_dir.clone();
    let meeting = Meeting::of("scim", &settings.transport, &run_dir, None)?;
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let shared = Arc::new(Shared {
        rules: rules(&settings, address, tls.is_some()),
        logins: Logins::new(&config.limits),
        registry: AskedCa { client: meeting.client("ca"), timeout: config.limits.answer },
        config: config.clone(),
    });
    let addresses = Addresses::from([("scim".to_owned(), address.to_string())]);
    let mut tasks = JoinSet::new();
    let watched = Watched::bind(&run_dir, "scim")?;
    tasks.spawn(watched.serve(stop.clone(), {
        let (shared, certificate) = (Arc::clone(&shared), config.tls_certificate.clone());
        move || {
            let (shared, certificate) = (Arc::clone(&shared), certificate.clone());
            async move {
                let fault = shared.registry.client.reach(REACH_TIMEOUT).await.is_err();
                let ca = Part::needed("ca", fault.then_some("unreachable"));
                let certificate = certificate.and_then(|path| std::fs::read(path).ok());
                let tls = certificate.and_then(|pem| look_at_tls(&pem));
                [Some(ca), tls].into_iter().flatten().collect()
            }
        }
    }));
    tasks.spawn({
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        async move {
            let ask = |request: Vec<u8>| {
                let shared = Arc::clone(&shared);
                async move {
                    let request = ScimRequest::RenewTransport { request };
                    let answer = shared.registry.client.call(&request, CA_TIMEOUT).await;
                    ssmax_api::ca::renewed(answer)
                }
            };
            meeting.keep_renewed(ask, stop).await;
        }
    });
    tasks.spawn(accept(listener, tls, shared, stop));
    let _announced = ssmax_daemon::ready::announce(&run_dir, "scim", &addresses)?;
    while tasks.join_next().await.is_some() {}
    Ok(())
}

fn rules(settings: &Settings, address: SocketAddr, is_secured: bool) -> Rules {
    let config = &settings.scim;
    let scheme = if is_secured { "https" } else { "http" };
    let url = config.url.clone().unwrap_or_else(|| format!("{scheme}://{address}"));
    Rules {
        base: format!("{}{BASE}", url.trim_end_matches('/')),
        number: config.number,
        proof: config.proof.clone(),
        organisation: settings.organisation.clone(),
        max_results: config.limits.max_results.max(1),
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared<AskedCa>>,
    stop: Stop,
) {
    let gate = Gate::new(shared.config.limits.max_connections);
    let mut connections = JoinSet::new();
    loop {
        // Finished tasks are collected here, or they would pile up.
        while connections.try_join_next().is_some() {}
        let accepted = async {
            gate.has_room().await;
            listener.accept().await
        };
        let accepted = tokio::select! {
            () = stop.stopped() => break,
            accepted = accepted => accepted,
        };
        let (tcp, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let from = peer.ip().to_canonical();
        // Who has its share already is not answered, so that there is room for others.
        let Some(pass) = gate.enter(from) else { continue };
        let (shared, tls, stop) = (Arc::clone(&shared), tls.clone(), stop.clone());
        connections.spawn(async move {
            let time = shared.config.limits.connection;
            let served = connection(tcp, from, tls, shared, stop);
            if tokio::time::timeout(time, served).await.is_err() {
                tracing::debug!(%from, "a connection was cut off at its time limit");
            }
            drop(pass);
        });
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(DRAIN, ended).await;
}

async fn connection(
    tcp: TcpStream,
    from: IpAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared<AskedCa>>,
    stop: Stop,
) {
    let Some(tls) = tls else { return requests(tcp, from, shared, stop).await };
    match tokio::time::timeout(shared.config.limits.request, tls.accept(tcp)).await {
        Ok(Ok(stream)) => requests(stream, from, shared, stop).await,
        _ => tracing::debug!(%from, "no TLS handshake"),
    }
}

async fn requests<S: AsyncRead + AsyncWrite + Unpin + Send>(
    stream: S,
    from: IpAddr,
    shared: Arc<Shared<AskedCa>>,
    stop: Stop,
) {
    let header_time = shared.config.limits.request;
    let service = service_fn(move |request| respond(Arc::clone(&shared), from, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_time)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADER_FIELDS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%from, %error, "a connection ended early");
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
