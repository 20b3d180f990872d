use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT_ENCODING, CONNECTION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

use crate::error::FetchError;
use crate::location::Location;

/// Octets of an answer's header section at most.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// One GET over one TLS connection: the body of a 200, of at most `limit` octets.
pub(crate) async fn get(
    location: &Location,
    path: &str,
    tls_ca: &[u8],
    limit: usize,
    timeout: Duration,
) -> Result<Vec<u8>, FetchError> {
    let config = tls_config(tls_ca)?;
    tokio::time::timeout(timeout, exchange(location, path, config, limit))
        .await
        .map_err(|_| FetchError::Timeout)?
}

async fn exchange(
    location: &Location,
    path: &str,
    config: Arc<ClientConfig>,
    limit: usize,
) -> Result<Vec<u8>, FetchError> {
    let tcp = TcpStream::connect((location.host.as_str(), location.port)).await?;
    let tls = TlsConnector::from(config).connect(location.server_name()?, tcp).await?;
    let (mut requests, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEADER_BYTES)
        .handshake(TokioIo::new(tls))
        .await
        .map_err(|error| refused(&error))?;
    // Ends with this function, however it ends: a set aborts its tasks when dropped.
    let mut driver = JoinSet::new();
    driver.spawn(connection);

    let request = Request::get(path)
        .header(HOST, &location.authority)
        .header(USER_AGENT, concat!("ssmax/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| FetchError::BadUrl)?;
    let answer = requests.send_request(request).await.map_err(|error| refused(&error))?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Err(FetchError::NotFound),
        other => return Err(FetchError::Status(other.as_u16())),
    }
    match Limited::new(answer.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLarge),
        Err(error) => {
            Err(error.downcast_ref::<hyper::Error>().map_or(FetchError::Protocol, refused))
        }
    }
}

/// TLS 1.3 only: both ends are ours. The provider is named here, because a process-wide
/// default would be whichever library set it first.
fn tls_config(tls_ca: &[u8]) -> Result<Arc<ClientConfig>, FetchError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(tls_ca) {
        let certificate = certificate.map_err(|_| FetchError::BadTrust)?;
        roots.add(certificate).map_err(|_| FetchError::BadTrust)?;
    }
    if roots.is_empty() {
        return Err(FetchError::BadTrust);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(FetchError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What stands behind hyper's one error type.
fn refused(error: &hyper::Error) -> FetchError {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return match io.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
                Some(tls) => FetchError::Tls(tls.clone()),
                None => FetchError::Unreachable(io.kind()),
            };
        }
        cause = inner.source();
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return FetchError::Unreachable(std::io::ErrorKind::UnexpectedEof);
    }
    FetchError::Protocol
}
