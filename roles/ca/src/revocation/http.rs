//! CRLs, CA certificates and OCSP over plain HTTP: what is served is signed, and fetching
//! it over TLS would need another chain first (RFC 5280 8). One request for each
//! connection, and an end to everything.

use crate::serve::Ca;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use ssmax_daemon::gate::Gate;
use ssmax_daemon::stop::Stop;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Octets of a request's header section at most, and fields in it. A question asked by GET
/// is in the first line (RFC 5019 5: up to 255 octets; ours may have 4 KiB, in base64).
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADER_FIELDS: usize = 64;

/// How long a request's header section may take to come in.
const HEADER_TIME: Duration = Duration::from_secs(5);

/// How long to wait after an `accept` that failed, as when descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// For how long others may keep what they were told: a revocation is seen within a minute.
const MAY_BE_KEPT: &str = "max-age=60, public, no-transform, must-revalidate";

const OCSP: &str = "/ocsp";

type Answer = Response<Full<Bytes>>;

/// Serves until `stop`.
pub(super) async fn serve(ca: &Arc<Ca>, listener: Option<TcpListener>, stop: &Stop) {
    let Some(listener) = listener else { return };
    let publish = &ca.settings.ca.publish;
    let gate = Gate::new(publish.max_connections.into());
    let mut connections = JoinSet::new();
    loop {
        // Finished tasks are collected here, or they would pile up.
        while connections.try_join_next().is_some() {}
        let accepted = async {
            gate.has_room().await;
            match listener.accept().await {
                Ok((stream, from)) => Some((stream, from)),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    None
                }
            }
        };
        let accepted = tokio::select! {
            () = stop.stopped() => break,
            accepted = accepted => accepted,
        };
        let Some((stream, from)) = accepted else { continue };
        // Who has its share already is not answered, so that there is room for others.
        let Some(pass) = gate.enter(from.ip().to_canonical()) else { continue };
        let ca = Arc::clone(ca);
        let time = publish.connection_time();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&ca), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIME)
                .max_buf_size(MAX_HEADER_BYTES)
                .max_headers(MAX_HEADER_FIELDS)
                // A connection that is kept is a place that nobody else has.
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            if !matches!(tokio::time::timeout(time, connection).await, Ok(Ok(()))) {
                tracing::debug!("a connection ended early");
            }
            drop(pass);
        });
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(HEADER_TIME, ended).await;
}

async fn answer(ca: Arc<Ca>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let mut answer = respond(&ca, request).await;
    let nosniff = HeaderValue::from_static("nosniff");
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    Ok(answer)
}

async fn respond(ca: &Ca, request: Request<Incoming>) -> Answer {
    let path = request.uri().path();
    let asked_in_path = path.strip_prefix(OCSP).and_then(|rest| rest.strip_prefix('/'));
    if path == OCSP {
        if request.method() != Method::POST {
            return with(empty(StatusCode::METHOD_NOT_ALLOWED), ALLOW, "POST");
        }
        let most = ca.settings.ca.publish.max_request_bytes;
        let Ok(body) = Limited::new(request.into_body(), most).collect().await else {
            return empty(StatusCode::PAYLOAD_TOO_LARGE);
        };
        return ocsp(ca, &body.to_bytes(), false).await;
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return with(empty(StatusCode::METHOD_NOT_ALLOWED), ALLOW, "GET, HEAD");
    }
    if !request.body().is_end_stream() {
        return empty(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if let Some(asked) = asked_in_path {
        let read =
            decoded(asked).filter(|one| one.len() <= ca.settings.ca.publish.max_request_bytes);
        // What cannot be read is answered as a responder does, not as a web server.
        return ocsp(ca, &read.unwrap_or_default(), true).await;
    }
    let name = path.trim_start_matches('/');
    let kind = match name.rsplit_once('.') {
        Some((_, "crl")) => "application/pkix-crl",
        Some((_, "cer")) => "application/pkix-cert",
        _ => return empty(StatusCode::NOT_FOUND),
    };
    match ca.published.file(name) {
        Some(content) => {
            let answer = content_of(Bytes::copy_from_slice(&content), kind);
            with(answer, CACHE_CONTROL, MAY_BE_KEPT)
        }
        None => empty(StatusCode::NOT_FOUND),
    }
}

async fn ocsp(ca: &Ca, request: &[u8], is_get: bool) -> Answer {
    let (response, is_fresh) = ca.ocsp(request).await;
    let answer = content_of(Bytes::from(response), "application/ocsp-response");
    // RFC 5019 6.2: only what was asked by GET and without a nonce is another's answer too.
    let keeping = if is_get && !is_fresh { MAY_BE_KEPT } else { "no-store" };
    with(answer, CACHE_CONTROL, keeping)
}

/// The octets of a question in a path: base64, then `%XX` (RFC 6960 A.1).
fn decoded(path: &str) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut rest = path.bytes();
    while let Some(octet) = rest.next() {
        text.push(match octet {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                *hex::decode(digits).ok()?.first()?
            }
            octet => octet,
        });
    }
    STANDARD.decode(text).ok()
}

fn content_of(content: Bytes, kind: &'static str) -> Answer {
    with(Response::new(Full::new(content)), CONTENT_TYPE, kind)
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::new()));
    *answer.status_mut() = status;
    answer
}

fn with(mut answer: Answer, name: HeaderName, value: &'static str) -> Answer {
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    answer
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_question_in_a_path_is_read_with_and_without_escapes() {
        assert_eq!(decoded("+/8="), Some(vec![0xfb, 0xff]));
        assert_eq!(decoded("%2B%2f8%3D"), Some(vec![0xfb, 0xff]));
        for broken in ["%2", "%zz", "a", "+/8=%", "é"] {
            assert_eq!(decoded(broken), None, "{broken}");
        }
    }
}
