//! The answers of the HTTPS listener. Spec "member list", section 5.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use ssmax_federation::ijson::MAX_INTEGER;
use ssmax_metrics::list as metrics;
use tokio::sync::watch;
use tracing::error;

use crate::list::{Document, Published};
use crate::registry::Registry;

/// Where certificates are, before their name.
pub(crate) const CERTIFICATES: &str = "/v1/certificates/";
/// Where the checkpoint is.
pub(crate) const CHECKPOINT: &str = "/v1/checkpoint";
/// Where deltas are, before the version that they lead on from.
pub(crate) const DELTAS: &str = "/v1/deltas/";
/// Where the list is.
pub(crate) const LIST: &str = "/v1/list";

/// RFC 8551 3.5.2.
const SIGNED_DATA: HeaderValue =
    HeaderValue::from_static("application/pkcs7-mime; smime-type=signed-data");
/// RFC 2585 4.1.
const CERTIFICATE: HeaderValue = HeaderValue::from_static("application/pkix-cert");
/// RFC 9457 6.1.
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
/// A cache asks each time: an old checkpoint from a cache looks like an attack.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// A certificate never changes under its hash.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(crate) type Answer = Response<Full<Bytes>>;

/// What requests are answered from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) published: watch::Receiver<Arc<Published>>,
    pub(crate) registry: Registry,
}

/// Answers one request. Never fails: what goes wrong is an answer too.
pub(crate) async fn answer<B: Body>(
    request: Request<B>,
    source: Source,
) -> Result<Answer, Infallible> {
    let mut answer = respond(&request, &source).await;
    let document = match request.uri().path() {
        CHECKPOINT => "checkpoint",
        LIST => "list",
        path if path.starts_with(CERTIFICATES) => "certificate",
        path if path.starts_with(DELTAS) => "delta",
        _ => "other",
    };
    metrics::PUBLISHED.count([document.into(), answer.status().as_u16().into()]);
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(answer)
}

async fn respond<B: Body>(request: &Request<B>, source: &Source) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED);
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    // Nothing here takes content, so nobody gets to send any.
    if !request.body().is_end_stream() {
        return problem(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if request.uri().query().is_some() {
        return problem(StatusCode::NOT_FOUND);
    }
    match request.uri().path() {
        CHECKPOINT => signed(&source.published.borrow().checkpoint, request.headers()),
        LIST => signed(&source.published.borrow().list, request.headers()),
        path => {
            let (headers, registry) = (request.headers(), &source.registry);
            if let Some(name) = path.strip_prefix(CERTIFICATES) {
                certificate(name, headers, registry).await
            } else if let Some(version) = path.strip_prefix(DELTAS) {
                delta(version, headers, registry).await
            } else {
                problem(StatusCode::NOT_FOUND)
            }
        }
    }
}

fn signed(document: &Document, headers: &HeaderMap) -> Answer {
    content(document.bytes.clone(), &document.sha256, SIGNED_DATA, REVALIDATE, headers)
}

async fn certificate(name: &str, headers: &HeaderMap, registry: &Registry) -> Answer {
    // A cheap look spares the database what can be no name.
    if name.len() != 64 || !name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return problem(StatusCode::NOT_FOUND);
    }
    match registry.certificate(name).await {
        Ok(Some(der)) => content(der.into(), name, CERTIFICATE, FOR_EVER, headers),
        Ok(None) => problem(StatusCode::NOT_FOUND),
        Err(error) => {
            error!(%error, "a certificate cannot be looked up");
            problem(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

async fn delta(version: &str, headers: &HeaderMap, registry: &Registry) -> Answer {
    // One spelling of each number: digits, none in front for show.
    let number = version.parse::<u64>().ok().filter(|number| number.to_string() == version);
    let Some(number) = number.filter(|number| (1..=MAX_INTEGER).contains(number)) else {
        return problem(StatusCode::NOT_FOUND);
    };
    match registry.delta(number).await {
        Ok(Some(signed)) => {
            let document = Document::from(signed);
            content(document.bytes, &document.sha256, SIGNED_DATA, FOR_EVER, headers)
        }
        Ok(None) => problem(StatusCode::NOT_FOUND),
        Err(error) => {
            error!(%error, "a delta cannot be looked up");
            problem(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn content(
    bytes: Bytes,
    sha256: &str,
    kind: HeaderValue,
    caching: HeaderValue,
    asked: &HeaderMap,
) -> Answer {
    let tag = format!("\"{sha256}\"");
    let known = is_known(asked, &tag);
    let mut answer = Response::new(Full::new(if known { Bytes::new() } else { bytes }));
    if known {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        answer.headers_mut().insert(CONTENT_TYPE, kind);
    }
    answer.headers_mut().insert(CACHE_CONTROL, caching);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer
}

/// Whether the client has what has this tag (RFC 9110 13.1.2; the comparison is weak).
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value
            .split(',')
            .map(str::trim)
            .any(|listed| listed == "*" || listed.strip_prefix("W/").unwrap_or(listed) == tag)
    })
}

/// RFC 9457: the status says it all, so the type is `about:blank`.
fn problem(status: StatusCode) -> Answer {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = format!(
        "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{}}}\n",
        status.as_u16()
    );
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, PROBLEM);
    answer
}
