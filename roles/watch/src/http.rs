//! The answers over HTTP.

use crate::collect::{Collector, Roles};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value, json};
use ssmax_metrics::{Label, Snapshot, exposition, list};
use std::convert::Infallible;
use std::sync::Arc;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const METRICS: HeaderValue = HeaderValue::from_static(exposition::CONTENT_TYPE);

pub(crate) type Answer = Response<Full<Bytes>>;

/// Answers one request. Never fails: what goes wrong is an answer too.
pub(crate) async fn answer<B: Body>(
    request: Request<B>,
    collector: Arc<Collector>,
) -> Result<Answer, Infallible> {
    let (path, mut answer) = respond(&request, &collector).await;
    let status = answer.status().as_u16();
    list::WATCH_REQUESTS.count([path, status.into()]);
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// The answer, and the path as a label: a stranger's path is none.
async fn respond<B: Body>(request: &Request<B>, collector: &Collector) -> (Label, Answer) {
    let unknown = || (Label::Word("other"), problem(StatusCode::NOT_FOUND));
    if request.method() != Method::GET {
        let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED);
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        return (Label::Word("other"), answer);
    }
    // Nothing here takes content, so nobody gets to send any.
    if !request.body().is_end_stream() {
        return (Label::Word("other"), problem(StatusCode::PAYLOAD_TOO_LARGE));
    }
    if request.uri().query().is_some() {
        return unknown();
    }
    let path = request.uri().path();
    if path == "/metrics" {
        let text = exposition::render(&collector.roles().await.snapshots());
        return (Label::Word("metrics"), content(StatusCode::OK, METRICS, text));
    }
    let (label, of, is_good): (_, _, fn(&Snapshot) -> bool) =
        match (path.strip_prefix("/health/live"), path.strip_prefix("/health/ready")) {
            (Some(of), _) => ("live", of, |_| true),
            (_, Some(of)) => ("ready", of, Snapshot::is_ready),
            _ => return unknown(),
        };
    let roles = collector.roles().await;
    let one = match of {
        "" => None,
        _ => match of.strip_prefix('/').filter(|role| roles.asked.contains_key(*role)) {
            Some(role) => Some(role),
            None => return unknown(),
        },
    };
    (Label::Word(label), health(label, &roles, one, is_good))
}

/// Whether all roles, or one of them, are as asked: 200, else 503, with the parts.
fn health(label: &str, roles: &Roles, one: Option<&str>, good: fn(&Snapshot) -> bool) -> Answer {
    let asked = roles.asked.iter().filter(|(role, _)| one.is_none_or(|one| one == *role));
    let mut all_good = true;
    let mut told = Map::new();
    for (role, said) in asked {
        let is_good = said.as_ref().is_some_and(good);
        all_good &= is_good;
        let parts: Map<String, Value> = said
            .iter()
            .flat_map(|said| &said.parts)
            .map(|part| (part.name.clone(), json!(part.fault.as_deref().unwrap_or("ok"))))
            .collect();
        told.insert(role.clone(), json!({ label: is_good, "parts": parts }));
    }
    let status = if all_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ label: all_good, "roles": told });
    content(status, JSON, format!("{body}\n"))
}

fn problem(status: StatusCode) -> Answer {
    content(status, JSON, format!("{}\n", json!({ "status": status.as_u16() })))
}

fn content(status: StatusCode, kind: HeaderValue, text: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}
