//! What the client makes of an authority that answers wrongly.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests stop at what they do not expect, and use the real clock"
)]

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use ssmax_federation::signed::MAX_CHECKPOINT_BYTES;
use ssmax_federation_client::{Client, FetchError, MAX_CERTIFICATE_BYTES};
use ssmax_pki::profile::{self, Basis, Organisation, Validity};
use ssmax_pki::{Certificate, issue, lint};
use ssmax_primitives::{SoftwareKey, SystemRandom, sha256};
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::OffsetDateTime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const TIMEOUT: Duration = Duration::from_secs(10);

/// An authority that sends the same octets to everybody and closes.
struct Authority {
    url: String,
    tls_ca: Vec<u8>,
}

impl Authority {
    async fn that_sends(answer: Vec<u8>) -> Self {
        Self::named("localhost", answer).await
    }

    async fn named(host: &str, answer: Vec<u8>) -> Self {
        let (ca, acceptor) = certified(host);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let Ok(mut tls) = acceptor.accept(tcp).await else { continue };
                let _ = tls.read(&mut [0; 4096]).await;
                let _ = tls.write_all(&answer).await;
                let _ = tls.shutdown().await;
            }
        });
        Self { url, tls_ca: ca.to_pem().into_bytes() }
    }
}

fn basis(key: &SoftwareKey, days: u16) -> Basis {
    let from = OffsetDateTime::now_utc() - time::Duration::HOUR;
    Basis::new(key.spki(), issue::random_serial(&SystemRandom), Validity::days(from, days))
}

/// A CA and the acceptor of a server that it names `host`.
fn certified(host: &str) -> (Certificate, TlsAcceptor) {
    let ca_key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let organisation = Organisation { name: "Test", identifier: "" };
    let draft = profile::transport_ca(basis(&ca_key, 31), &organisation, "Test TLS");
    let ca = issue::self_signed(lint::lint(draft).unwrap(), &ca_key).unwrap();
    let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let draft = profile::tls_server(basis(&key, 30), &[host]);
    let server = issue::issue(lint::lint(draft).unwrap(), &ca, &ca_key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(server.der().to_vec())],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_pkcs8().to_vec())),
        )
        .unwrap();
    (ca, TlsAcceptor::from(Arc::new(config)))
}

fn ok(body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    answer.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
    answer.extend_from_slice(body);
    answer.extend_from_slice(b"\r\n0\r\n\r\n");
    answer
}

async fn list(answer: Vec<u8>) -> Result<Vec<u8>, FetchError> {
    let authority = Authority::that_sends(answer).await;
    client(&authority).list().await
}

fn client(authority: &Authority) -> Client {
    Client::new(&authority.url, &authority.tls_ca, TIMEOUT).unwrap()
}

/// One certificate.
async fn one(authority: &Authority, name: &str) -> Result<Vec<u8>, FetchError> {
    let fetched = client(authority).certificates(&[name.to_owned()]).await;
    fetched.map(|mut bodies| bodies.pop().unwrap())
}

#[tokio::test]
async fn what_a_sound_answer_holds_is_returned() {
    assert_eq!(list(ok(b"list")).await, Ok(b"list".to_vec()));
    assert_eq!(list(chunked(b"list")).await, Ok(b"list".to_vec()));
}

#[tokio::test]
async fn a_body_may_have_the_limit_and_not_one_octet_more() {
    let largest = vec![b'x'; MAX_CHECKPOINT_BYTES];
    let larger = vec![b'x'; MAX_CHECKPOINT_BYTES + 1];
    for form in [ok, chunked] {
        let authority = Authority::that_sends(form(&largest)).await;
        let fetched = client(&authority).checkpoint().await;
        assert_eq!(fetched.map(|body| body.len()), Ok(MAX_CHECKPOINT_BYTES));
        let authority = Authority::that_sends(form(&larger)).await;
        let fetched = client(&authority).checkpoint().await;
        assert_eq!(fetched, Err(FetchError::TooLarge));
    }
}

#[tokio::test]
async fn a_certificate_counts_only_under_its_own_hash() {
    let authority = Authority::that_sends(ok(b"certificate")).await;
    let name = hex::encode(sha256(b"certificate"));
    let fetched = one(&authority, &name).await;
    assert_eq!(fetched, Ok(b"certificate".to_vec()));
    let other = hex::encode(sha256(b"another"));
    let fetched = one(&authority, &other).await;
    assert_eq!(fetched, Err(FetchError::NotTheCertificate));
    let authority = Authority::that_sends(ok(&vec![0; MAX_CERTIFICATE_BYTES + 1])).await;
    let fetched = one(&authority, &name).await;
    assert_eq!(fetched, Err(FetchError::TooLarge));
}

#[tokio::test]
async fn redirects_and_errors_are_answers_and_are_not_followed() {
    for (status, fault) in [
        ("301 Moved Permanently\r\nLocation: https://elsewhere.example/", FetchError::Status(301)),
        ("404 Not Found", FetchError::NotFound),
        ("503 Service Unavailable", FetchError::Status(503)),
        ("206 Partial Content", FetchError::Status(206)),
    ] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(list(answer.into_bytes()).await, Err(fault), "{status}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_named() {
    let garbage = list(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()).await;
    assert_eq!(garbage, Err(FetchError::Protocol));
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert_eq!(list(endless.into_bytes()).await, Err(FetchError::Protocol));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let gone = Err(FetchError::Unreachable(ErrorKind::UnexpectedEof));
    assert_eq!(list(Vec::new()).await, gone);
    assert_eq!(list(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec()).await, gone);
}

#[tokio::test]
async fn a_server_by_another_name_is_not_the_authority() {
    let authority = Authority::named("elsewhere.example", ok(b"list")).await;
    let fetched = client(&authority).list().await;
    assert!(matches!(fetched, Err(FetchError::Tls(_))), "{fetched:?}");
}
