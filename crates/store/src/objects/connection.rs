//! One request over one connection. Held mail is rare: a connection that is kept would be
//! found broken more often than it would help.

use super::MAX_OBJECT_BYTES;
use super::config::{Address, ObjectsConfig};
use super::fault::{AddressFault, ObjectFault, Refusal};
use crate::error::StoreError;
use crate::files;
use async_trait::async_trait;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT_ENCODING, CONNECTION, HOST, HeaderValue};
use hyper::{Method, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpService,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// How long TCP and TLS may take together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Octets of an answer's header section at most.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Octets that are read of an answer which says what is wrong.
const MAX_COMPLAINT_BYTES: u64 = 64 * 1024;

/// How the endpoint is reached.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    host: String,
    port: u16,
    authority: HeaderValue,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl Connector {
    pub(super) fn new(address: &Address, config: &ObjectsConfig) -> Result<Self, StoreError> {
        let fault = || StoreError::from(ObjectFault::Address(AddressFault::Endpoint));
        let authority = address.endpoint.split_once("://").map(|(_, rest)| rest);
        let tls = if address.is_tls {
            let name = ServerName::try_from(address.host.clone()).map_err(|_| fault())?;
            Some((tls_config(config.ca_file())?, name))
        } else {
            None
        };
        Ok(Self {
            host: address.host.clone(),
            port: address.port,
            authority: authority.and_then(|one| one.parse().ok()).ok_or_else(fault)?,
            tls,
        })
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ObjectFault> {
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, self.connect())
            .await
            .map_err(|_| ObjectFault::Silent)??;
        let (mut requests, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEADER_BYTES)
            .handshake::<_, HttpRequestBody>(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        // Ends with this function, however it ends: a set aborts its tasks when dropped.
        let mut driver = JoinSet::new();
        driver.spawn(connection);

        let (mut parts, body) = request.into_parts();
        let method = parts.method.clone();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        parts.uri = path.parse::<Uri>().map_err(|_| ObjectFault::Name)?;
        parts.headers.insert(HOST, self.authority.clone());
        parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        parts.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let request = HttpRequest::from_parts(parts, body);
        let answer = requests.send_request(request).await.map_err(|error| broken(&error))?;
        if answer.status().is_success() {
            let (parts, body) = answer.into_parts();
            let octets = collect(body, MAX_OBJECT_BYTES).await?;
            return Ok(Response::from_parts(parts, octets.into()));
        }
        Err(complaint(&method, answer).await)
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, ObjectFault> {
        let unreachable = |error: io::Error| ObjectFault::Unreachable(error.kind());
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(unreachable)?;
        let Some((config, name)) = &self.tls else { return Ok(Box::new(tcp)) };
        let connector = TlsConnector::from(Arc::clone(config));
        let tls = connector.connect(name.clone(), tcp).await.map_err(|error| {
            let is_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
            if is_tls { ObjectFault::Untrusted } else { unreachable(error) }
        })?;
        Ok(Box::new(tls))
    }
}

/// A connection, with TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        // A kind that is not tried again: within seconds the answer would be the same, and
        // whoever waits has a queue of its own.
        let answer = self.exchange(request).await;
        answer.map_err(|fault| HttpError::new(HttpErrorKind::Unknown, fault))
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// Reads a body into the memory that it says it needs.
async fn collect(mut body: Incoming, limit: u64) -> Result<Vec<u8>, ObjectFault> {
    let hint = hyper::body::Body::size_hint(&body);
    if hint.lower() > limit {
        return Err(ObjectFault::TooLarge);
    }
    let said = hint.exact().and_then(|len| usize::try_from(len).ok());
    let mut octets = Vec::with_capacity(said.unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(more) = frame.into_data() else { continue };
        let len = u64::try_from(octets.len().saturating_add(more.len()));
        if len.map_or(true, |len| len > limit) {
            return Err(ObjectFault::TooLarge);
        }
        octets.extend_from_slice(&more);
    }
    Ok(octets)
}

/// What an answer other than 2xx means.
async fn complaint(method: &Method, answer: Response<Incoming>) -> ObjectFault {
    let status = answer.status();
    let said = collect(answer.into_body(), MAX_COMPLAINT_BYTES).await.unwrap_or_default();
    classified(method, status, code(&said).unwrap_or_default())
}

fn classified(method: &Method, status: StatusCode, code: &str) -> ObjectFault {
    let refused = match code {
        "NoSuchBucket" => Refusal::NoBucket,
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken" => {
            Refusal::Credentials
        }
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => Refusal::Rights,
        "RequestTimeTooSkewed" | "RequestExpired" => Refusal::Clock,
        "PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed" => {
            Refusal::Region
        }
        "QuotaExceeded" | "XMinioStorageFull" | "InsufficientCapacity" => Refusal::Full,
        "BadDigest" | "XAmzContentSHA256Mismatch" | "IncompleteBody" => Refusal::Transfer,
        "NoSuchKey" => return ObjectFault::Missing,
        _ if status == StatusCode::NOT_FOUND && method == Method::HEAD => {
            return ObjectFault::Missing;
        }
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return ObjectFault::Busy(status.as_u16());
        }
        // A 404 that does not say what is missing is not an object store's.
        "" if status == StatusCode::NOT_FOUND => return ObjectFault::Garbage,
        _ if status.is_redirection() => Refusal::Region,
        _ if status == StatusCode::UNAUTHORIZED => Refusal::Credentials,
        _ if status == StatusCode::FORBIDDEN => Refusal::Rights,
        _ => Refusal::Other(status.as_u16()),
    };
    ObjectFault::Refused(refused)
}

/// The name of an S3 error. Its one element of this name is found without reading the rest.
fn code(said: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(said).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    rest.split_once("</Code>").map(|(code, _)| code.trim())
}

fn tls_config(ca_file: &Path) -> Result<Arc<ClientConfig>, StoreError> {
    let fault = || StoreError::from(ObjectFault::Address(AddressFault::Ca));
    let mut roots = RootCertStore::empty();
    let octets = files::read_public(ca_file)?;
    for certificate in CertificateDer::pem_slice_iter(&octets) {
        let certificate = certificate.map_err(|_| fault())?;
        // A system's list may have one that no verifier reads.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err(fault());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| fault())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What stands behind hyper's one error type.
fn broken(error: &hyper::Error) -> ObjectFault {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            let is_tls = io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
            return if is_tls {
                ObjectFault::Untrusted
            } else {
                ObjectFault::Unreachable(io.kind())
            };
        }
        cause = inner.source();
    }
    if error.is_parse() || error.is_user() {
        return ObjectFault::Garbage;
    }
    ObjectFault::Unreachable(io::ErrorKind::UnexpectedEof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_says_is_told_apart_by_what_can_be_done() {
        use ObjectFault as F;
        for (method, status, code, expected) in [
            (Method::GET, 404, "NoSuchKey", F::Missing),
            (Method::HEAD, 404, "", F::Missing),
            (Method::GET, 404, "", F::Garbage),
            (Method::GET, 404, "NoSuchBucket", F::Refused(Refusal::NoBucket)),
            (Method::PUT, 403, "AccessDenied", F::Refused(Refusal::Rights)),
            (Method::PUT, 403, "", F::Refused(Refusal::Rights)),
            (Method::PUT, 403, "InvalidAccessKeyId", F::Refused(Refusal::Credentials)),
            (Method::PUT, 403, "SignatureDoesNotMatch", F::Refused(Refusal::Credentials)),
            (Method::PUT, 403, "RequestTimeTooSkewed", F::Refused(Refusal::Clock)),
            (Method::PUT, 301, "PermanentRedirect", F::Refused(Refusal::Region)),
            (Method::PUT, 307, "", F::Refused(Refusal::Region)),
            (Method::PUT, 400, "BadDigest", F::Refused(Refusal::Transfer)),
            (Method::PUT, 507, "XMinioStorageFull", F::Refused(Refusal::Full)),
            (Method::PUT, 503, "SlowDown", F::Busy(503)),
            (Method::PUT, 429, "", F::Busy(429)),
            (Method::PUT, 405, "MethodNotAllowed", F::Refused(Refusal::Other(405))),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(classified(&method, status, code), expected, "{status} {code}");
        }
        assert_eq!(code(b"<Error>\n<Code>NoSuchKey</Code></Error>"), Some("NoSuchKey"));
        assert_eq!(code(b"<Code>"), None);
    }
}
