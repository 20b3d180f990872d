use std::sync::Arc;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT_ENCODING, CONNECTION, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use crate::Client;
use crate::error::FetchError;
use crate::location::Location;

/// Octets of an answer's header section at most.
const MAX_HEADER_BYTES: usize = 16 * 1024;

impl Client {
    /// GETs over one TLS connection: the bodies of their 200s, of at most `limit` octets
    /// each. The first that fails ends it.
    pub(crate) async fn get(
        &self,
        paths: &[String],
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, FetchError> {
        let timed = |_| FetchError::Timeout;
        let connect = connect(&self.location, Arc::clone(&self.tls));
        let start = Instant::now();
        let mut connection = timeout(self.timeout, connect).await.map_err(timed)??;
        // The first exchange has what the handshake has left of its time.
        let mut left = self.timeout.saturating_sub(start.elapsed());
        let mut bodies = Vec::with_capacity(paths.len());
        for (place, path) in paths.iter().enumerate() {
            let is_last = place + 1 == paths.len();
            let exchange = connection.exchange(&self.location, path, is_last, limit);
            bodies.push(timeout(left, exchange).await.map_err(timed)??);
            left = self.timeout;
        }
        Ok(bodies)
    }
}

struct Connection {
    requests: SendRequest<Empty<Bytes>>,
    /// Ends with the connection, however it ends: a set aborts its tasks when dropped.
    _driver: JoinSet<hyper::Result<()>>,
}

async fn connect(location: &Location, config: Arc<ClientConfig>) -> Result<Connection, FetchError> {
    let tcp = TcpStream::connect((location.host.as_str(), location.port)).await?;
    let tls = TlsConnector::from(config).connect(location.server_name()?, tcp).await?;
    let (requests, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEADER_BYTES)
        .handshake(TokioIo::new(tls))
        .await
        .map_err(|error| refused(&error))?;
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    Ok(Connection { requests, _driver: driver })
}

impl Connection {
    async fn exchange(
        &mut self,
        location: &Location,
        path: &str,
        is_last: bool,
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let request = Request::get(path)
            .header(HOST, &location.authority)
            .header(USER_AGENT, concat!("ssmax/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT_ENCODING, "identity")
            .header(CONNECTION, if is_last { "close" } else { "keep-alive" })
            .body(Empty::<Bytes>::new())
            .map_err(|_| FetchError::BadUrl)?;
        self.requests.ready().await.map_err(|error| refused(&error))?;
        let sent = self.requests.send_request(request).await;
        let answer = sent.map_err(|error| refused(&error))?;
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
}

/// TLS 1.3 only: both ends are ours. The provider is named here, because a process-wide
/// default would be whichever library set it first.
pub(crate) fn tls_config(tls_ca: &[u8]) -> Result<Arc<ClientConfig>, FetchError> {
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
