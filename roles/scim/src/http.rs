//! Requests over HTTP: who asks, how much at most, and the answer.

use crate::config::ScimConfig;
use crate::logins::Logins;
use crate::service::{Registry, Request as Asked, Response as Said, Rules, answer};
use crate::token::holder;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Request, Response, StatusCode};
use ssmax_metrics::list as metrics;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// RFC 7644 3.1.
const SCIM: HeaderValue = HeaderValue::from_static("application/scim+json");

pub(crate) type Answer = Response<Full<Bytes>>;

/// What all requests are answered with.
pub(crate) struct Shared<R> {
    pub(crate) rules: Rules,
    pub(crate) config: ScimConfig,
    pub(crate) logins: Logins,
    pub(crate) registry: R,
}

/// Answers one request. Never fails: what goes wrong is an answer too.
pub(crate) async fn respond<R: Registry>(
    shared: Arc<Shared<R>>,
    from: IpAddr,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let said = judge(&shared, from, request).await;
    metrics::SCIM_REQUESTS.count([said.status.into()]);
    let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = said.body.map(|body| body.to_string()).unwrap_or_default();
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let mut set = |name: HeaderName, value: HeaderValue| answer.headers_mut().insert(name, value);
    set(CONTENT_TYPE, SCIM);
    set(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    match status {
        StatusCode::UNAUTHORIZED => {
            set(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            set(RETRY_AFTER, HeaderValue::from_static("5"));
        }
        _ => {}
    }
    if let Some(location) = said.location.and_then(|at| HeaderValue::try_from(at).ok()) {
        set(LOCATION, location);
    }
    Ok(answer)
}

async fn judge<R: Registry>(shared: &Shared<R>, from: IpAddr, request: Request<Incoming>) -> Said {
    let now = Instant::now();
    if !shared.logins.may_try(from, now) {
        return Said::error(429, None, "Too many wrong tokens came from this address.");
    }
    let field = request.headers().get(AUTHORIZATION).and_then(|field| field.to_str().ok());
    let Some(token) = holder(field, &shared.config.tokens) else {
        shared.logins.failed(from, now);
        tracing::warn!(%from, "a request without a token that is known");
        return Said::error(401, None, "A bearer token is needed.");
    };
    if !shared.logins.may_ask(&token.name, now) {
        return Said::error(429, None, "Too many requests.");
    }
    let (head, body) = request.into_parts();
    let limits = &shared.config.limits;
    let body = Limited::new(body, limits.max_request_bytes).collect();
    let body = match tokio::time::timeout(limits.request, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Said::error(413, None, "The content is too large or broke off."),
        Err(_) => return Said::error(408, None, "The content did not come in time."),
    };
    let asked = Asked {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        body: &body,
    };
    let said = answer(asked, &shared.rules, &shared.registry).await;
    // What was asked says who works here, so the path has no place in a log.
    tracing::info!(token = %token.name, method = asked.method, status = said.status, "a request");
    said
}
