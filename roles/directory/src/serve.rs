//! Starting: the listeners, TLS, and the CA to be asked.

use crate::ca::AskedCa;
use crate::config::Settings;
use crate::listen::{self, Door, Shared};
use crate::session::Rules;
use crate::shares::Shares;
use ssmax_api::directory::DirectoryRequest;
use ssmax_daemon::ready::Addresses;
use ssmax_daemon::stop::Stop;
use ssmax_daemon::tls_server::{TlsAcceptor, TlsFault, acceptor};
use ssmax_daemon::watch::{Watched, as_number};
use ssmax_metrics::{Part, list as metrics};
use ssmax_pki::Certificate;
use ssmax_store::files::read_private;
use ssmax_transport::Meeting;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long the CA may take for a new certificate.
const CA_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the CA may take to accept a connection.
const REACH_TIMEOUT: Duration = Duration::from_secs(2);

/// Why the directory cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A socket or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The file of the private key.
    #[error(transparent)]
    Store(#[from] ssmax_store::StoreError),
    /// The certificate for mailers.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// One of certificate and key alone.
    #[error("tls_certificate and tls_key stand together")]
    TlsHalf,
    /// `ldaps` without a certificate.
    #[error("ldaps needs tls_certificate and tls_key")]
    NoTls,
    /// No listener.
    #[error("neither ldap nor ldaps")]
    NoListener,
    /// The certificate for TLS with roles of other hosts.
    #[error(transparent)]
    Transport(#[from] ssmax_transport::IdentityError),
}

/// What is shown to mailers, read anew; none where nothing is set.
///
/// # Errors
/// [`ServeError`], by what is wrong with it.
pub fn read_tls(settings: &Settings) -> Result<Option<TlsAcceptor>, ServeError> {
    let config = &settings.directory;
    match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => {
            Ok(Some(acceptor(&std::fs::read(certificate)?, &read_private(key)?)?))
        }
        (None, None) if config.ldaps.is_some() => Err(ServeError::NoTls),
        (None, None) => Ok(None),
        _ => Err(ServeError::TlsHalf),
    }
}

/// Runs the directory until `stop`.
///
/// # Errors
/// [`ServeError`] when something of it cannot be read or bound.
pub async fn serve(settings: Settings, stop: Stop) -> Result<(), ServeError> {
    let run_dir = settings.run_dir.clone();
    let config = &settings.directory;
    let meeting = Meeting::of("directory", &settings.transport, &run_dir, None)?;
    let shared = Arc::new(Shared {
        rules: Rules {
            base: settings.base(),
            allow_plaintext: config.allow_plaintext,
            limits: config.limits.clone(),
        },
        networks: config.networks.clone(),
        shares: Shares::new(config.limits.clone()),
        tls: read_tls(&settings)?,
        source: AskedCa {
            client: meeting.client("ca"),
            internal: config.internal,
            timeout: config.limits.answer,
        },
    });
    let mut addresses = Addresses::new();
    let mut tasks = JoinSet::new();
    for (name, address) in [("ldap", config.ldap), ("ldaps", config.ldaps)] {
        let Some(address) = address else { continue };
        let listener = TcpListener::bind(address).await?;
        addresses.insert(name.to_owned(), listener.local_addr()?.to_string());
        let door = Door { name, listener, is_secured: name == "ldaps" };
        tasks.spawn(listen::serve(door, Arc::clone(&shared), stop.clone()));
    }
    if addresses.is_empty() {
        return Err(ServeError::NoListener);
    }
    let watched = Watched::bind(&run_dir, "directory")?;
    let certificate = config.tls_certificate.clone();
    tasks.spawn(watched.serve(stop.clone(), {
        let shared = Arc::clone(&shared);
        move || {
            let (shared, certificate) = (Arc::clone(&shared), certificate.clone());
            async move {
                let fault = shared.source.client.reach(REACH_TIMEOUT).await.is_err();
                let ca = Part::needed("ca", fault.then_some("unreachable"));
                let certificate = certificate.and_then(|path| std::fs::read(path).ok());
                [Some(ca), certificate.and_then(|pem| look_at_tls(&pem))]
                    .into_iter()
                    .flatten()
                    .collect()
            }
        }
    }));
    tasks.spawn({
        let shared = Arc::clone(&shared);
        async move {
            let ask = |request: Vec<u8>| {
                let shared = Arc::clone(&shared);
                async move {
                    let request = DirectoryRequest::RenewTransport { request };
                    let answer = shared.source.client.call(&request, CA_TIMEOUT).await;
                    ssmax_api::ca::renewed(answer)
                }
            };
            meeting.keep_renewed(ask, stop).await;
        }
    });
    let _announced = ssmax_daemon::ready::announce(&run_dir, "directory", &addresses)?;
    while tasks.join_next().await.is_some() {}
    Ok(())
}

/// The certificate for TLS.
fn look_at_tls(pem: &[u8]) -> Option<Part> {
    let certificate = Certificate::from_pem(&String::from_utf8_lossy(pem)).ok()?;
    let ends = certificate.not_after();
    metrics::CERTIFICATE_EXPIRY.set(["tls".into()], as_number(ends.unix_timestamp()));
    let is_over = ends < OffsetDateTime::now_utc();
    Some(Part::needed("tls-certificate", is_over.then_some("expired")))
}
