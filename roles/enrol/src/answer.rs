//! The answers over HTTPS.

use crate::ca::{self, Away};
use crate::config::Settings;
use crate::form::Form;
use crate::language;
use crate::page::{STYLE, Told, Writing};
use crate::parcel::{self, Platform};
use crate::shares::Shares;
use crate::shelf::{NAME_BYTES, Shelf};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_bytes::ByteBuf;
use ssmax_api::enrol::{Enrol, Link};
use ssmax_daemon::call::Client;
use ssmax_metrics::{Label, list as metrics};
use ssmax_package::contents::new_password;
use ssmax_primitives::{SoftwareKey, SystemRandom};
use ssmax_token::{KeyAlgorithm, Random as _};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// Digits of a link's secret, and of a package's name.
const SECRET_DIGITS: usize = 2 * NAME_BYTES;

/// Characters of a code that are passed on at most.
const MAX_CODE_CHARS: usize = 32;

/// Nothing from elsewhere, no script, nobody's frame, and forms that come back here only.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";

pub(crate) type Answer = Response<Full<Bytes>>;

/// What all answers are made from.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) shares: Arc<Shares>,
    pub(crate) shelf: Shelf,
    pub(crate) ca: Client,
}

/// Answers one request. Never fails: what goes wrong is an answer too.
pub(crate) async fn answer<B>(
    request: Request<B>,
    from: IpAddr,
    shared: Arc<Shared>,
) -> Result<Answer, Infallible>
where
    B: Body<Data: Send> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let head_only = request.method() == Method::HEAD;
    let (label, mut answer) = respond(request, from, &shared).await;
    metrics::ENROL_REQUESTS.count([label, answer.status().as_u16().into()]);
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The link is a secret: it stands in no Referer.
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if head_only {
        *answer.body_mut() = Full::new(Bytes::new());
    }
    Ok(answer)
}

/// The answer, and what was asked for as a label: a stranger's path is none.
async fn respond<B>(request: Request<B>, from: IpAddr, shared: &Shared) -> (Label, Answer)
where
    B: Body<Data: Send> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let wanted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let writing = Writing {
        language: language::wanted(wanted.unwrap_or_default()),
        organisation: &shared.settings.organisation.name,
    };
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    let path = parts.uri.path();
    let secret = path.strip_prefix("/e/").filter(|secret| is_secret(secret));
    match (secret, is_read, parts.method == Method::POST) {
        _ if parts.uri.query().is_some() => ("other".into(), not_valid(&writing)),
        // What scans mail opens links, so this looks nothing up and uses nothing up.
        (Some(secret), true, _) => {
            ("landing".into(), html(StatusCode::OK, writing.landing(secret)))
        }
        (Some(secret), _, true) => {
            let posted = Posted { secret, from, writing, shared };
            posted.answer(&parts.headers, body).await
        }
        (None, true, _) if path == "/style.css" => {
            ("style".into(), content(StatusCode::OK, "text/css; charset=utf-8", STYLE.into()))
        }
        (None, true, _) => match fetched(path, shared) {
            Some(answer) => ("file".into(), answer),
            None => ("other".into(), not_valid(&writing)),
        },
        _ => {
            let mut answer = html(StatusCode::METHOD_NOT_ALLOWED, writing.told(Told::BadRequest));
            let allowed = HeaderValue::from_static("GET, HEAD, POST");
            answer.headers_mut().insert(header::ALLOW, allowed);
            ("other".into(), answer)
        }
    }
}

fn is_secret(text: &str) -> bool {
    text.len() == SECRET_DIGITS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A file of a package that was made a short while ago.
fn fetched(path: &str, shared: &Shared) -> Option<Answer> {
    let (package, name) = path.strip_prefix("/d/")?.split_once('/')?;
    let file = shared.shelf.find(package, name, Instant::now())?;
    let mut answer = content(StatusCode::OK, file.media_type, file.octets.to_vec().into());
    // A profile is opened by the system, everything else is put where downloads are.
    let kept = format!("attachment; filename=\"{}\"", file.name);
    answer.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(kept).ok()?);
    Some(answer)
}

/// A form that came with a link.
struct Posted<'a> {
    secret: &'a str,
    from: IpAddr,
    writing: Writing<'a>,
    shared: &'a Shared,
}

impl Posted<'_> {
    async fn answer<B>(&self, headers: &HeaderMap, body: B) -> (Label, Answer)
    where
        B: Body<Data: Send> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let bad = |status| ("other".into(), html(status, self.writing.told(Told::BadRequest)));
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if kind.is_none_or(|kind| !kind.starts_with("application/x-www-form-urlencoded")) {
            return bad(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let most = self.shared.settings.enrol.limits.max_form_bytes;
        let Ok(octets) = Limited::new(body, most).collect().await else {
            return bad(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let form = match Form::parse(&octets.to_bytes()) {
            Ok(form) if form.code.chars().count() <= MAX_CODE_CHARS => form,
            _ => return bad(StatusCode::BAD_REQUEST),
        };
        if !self.shared.shares.may_try(self.from, Instant::now()) {
            let page = self.writing.told(Told::TooMany);
            return ("limited".into(), html(StatusCode::TOO_MANY_REQUESTS, page));
        }
        let link = Link { secret: self.secret.to_owned(), code: form.code.clone() };
        match form.step.as_str() {
            "look" => ("look".into(), self.look(link).await),
            "fetch" => ("fetch".into(), self.fetch(link, &form).await),
            _ => bad(StatusCode::BAD_REQUEST),
        }
    }

    async fn look(&self, link: Link) -> Answer {
        let code = link.code.clone();
        match ca::look(&self.shared.ca, link).await {
            Ok(Some(invited)) => {
                html(StatusCode::OK, self.writing.choice(self.secret, &code, &invited))
            }
            Ok(None) => self.refused(),
            Err(away) => self.away(away),
        }
    }

    async fn fetch(&self, link: Link, form: &Form) -> Answer {
        let Some(platform) = Platform::of(&form.platform) else {
            return html(StatusCode::BAD_REQUEST, self.writing.told(Told::BadRequest));
        };
        if !self.shared.shelf.has_room(Instant::now()) {
            return self.away(Away::Unavailable);
        }
        // Whether a card is asked for has been said on the page before, and is the CA's to
        // know: here is only whether a key is to be made.
        let brought = match form.request.trim() {
            "" => None,
            text => match request_der(text) {
                Some(der) => Some(der),
                None => return self.away(Away::NoRequest),
            },
        };
        let invited = match ca::look(&self.shared.ca, link.clone()).await {
            Ok(Some(invited)) => invited,
            Ok(None) => return self.refused(),
            Err(away) => return self.away(away),
        };
        if invited.card && brought.is_none() {
            return self.away(Away::NoRequest);
        }
        let made = match brought {
            Some(_) => None,
            None => match SoftwareKey::generate(KeyAlgorithm::EcP256) {
                Ok(key) => Some(key),
                Err(_) => return self.away(Away::Unavailable),
            },
        };
        let key_request = match (&brought, &made) {
            (Some(der), _) => der.clone(),
            (None, Some(key)) => match ssmax_pki::request::create(key, "mail", None) {
                Ok(der) => der,
                Err(_) => return self.away(Away::Unavailable),
            },
            (None, None) => return self.away(Away::Unavailable),
        };
        let enrol = Enrol { link, key_request: ByteBuf::from(key_request) };
        let enrolled = match ca::enrol(&self.shared.ca, enrol).await {
            Ok(Some(enrolled)) => enrolled,
            Ok(None) => return self.refused(),
            Err(away) => return self.away(away),
        };
        let password = new_password(&SystemRandom);
        let key = made.map(|key| key.to_pkcs8());
        let organisation = &self.shared.settings.organisation;
        let files = parcel::files(
            platform,
            &enrolled,
            key.as_ref().map(|key| key.as_slice()),
            organisation,
            &password,
        );
        let files = match files {
            Ok(files) => files,
            Err(error) => {
                tracing::error!(%error, "an invitation is used up, and its package is not there");
                return self.away(Away::Unavailable);
            }
        };
        let mut name = [0; NAME_BYTES];
        SystemRandom.fill(&mut name);
        let name = hex::encode(name);
        let minutes = self.shared.settings.enrol.limits.package.as_secs() / 60;
        let page = self.writing.made(platform, &name, &files, &password, minutes);
        self.shared.shelf.put(name, files, Instant::now());
        html(StatusCode::OK, page)
    }

    /// A wrong link, a used one and a wrong code: one answer.
    fn refused(&self) -> Answer {
        self.shared.shares.failed(self.from, Instant::now());
        tracing::info!("a link or its code was wrong, used or over");
        not_valid(&self.writing)
    }

    fn away(&self, away: Away) -> Answer {
        let (status, told) = match away {
            Away::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, Told::Unavailable),
            Away::NoRequest => (StatusCode::BAD_REQUEST, Told::NoRequest),
        };
        html(status, self.writing.told(told))
    }
}

/// The octets of a certificate request as people paste it (RFC 7468 7).
fn request_der(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("CERTIFICATE REQUEST-----")?;
    let (body, _) = rest.split_once("-----END")?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    ssmax_pki::request::parse(&der).is_ok().then_some(der)
}

fn not_valid(writing: &Writing<'_>) -> Answer {
    html(StatusCode::NOT_FOUND, writing.told(Told::NotValid))
}

fn html(status: StatusCode, page: String) -> Answer {
    content(status, "text/html; charset=utf-8", page.into())
}

fn content(status: StatusCode, media_type: &'static str, octets: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(octets));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}
