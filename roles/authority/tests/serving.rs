//! The serving process, from outside.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests stop at what they do not expect, and use the real clock and disk"
)]

mod federation;

use std::sync::Arc;
use std::time::{Duration, Instant};

use federation::{Authority, Serving, application, now};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use ssmax_authority::{AuthorityError, Server, admit, publish, reinstate, suspend};
use ssmax_federation::checkpoint::Checkpoint;
use ssmax_federation::{Delta, Directory, Member, MemberList, StandingState, accept, signed};
use ssmax_federation_client::{Client, FetchError};
use ssmax_pki::Certificate;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const TIMEOUT: Duration = Duration::from_secs(10);

fn directory(list: &MemberList) -> Directory {
    Directory::new(list.clone()).unwrap()
}

/// Whether a list takes the place of the one before.
fn follows(before: &MemberList, after: &MemberList) -> bool {
    accept(Some(&directory(before)), before.version, directory(after), now()).is_ok()
}

fn client(url: &str, tls_ca: &[u8]) -> Client {
    Client::new(url, tls_ca, TIMEOUT).unwrap()
}

async fn certificate(url: &str, tls_ca: &[u8], name: &str) -> Result<Vec<u8>, FetchError> {
    let fetched = client(url, tls_ca).certificates(&[name.to_owned()]).await;
    fetched.map(|mut bodies| bodies.pop().unwrap())
}

async fn fetched(authority: &Authority, serving: &Serving) -> MemberList {
    let fetched = client(&serving.url, &authority.tls_ca()).list().await.unwrap();
    signed::open(&fetched, &[authority.root()], now()).unwrap()
}

/// A TLS connection as any client makes it.
async fn connect(authority: &Authority, serving: &Serving) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&authority.tls_ca()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    // The name in the configured url, though the connection goes to the loopback.
    let name = ServerName::try_from("ssmax.example").unwrap();
    let tcp = TcpStream::connect(serving.address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}

/// Sends octets and reads until the server closes.
async fn exchange(authority: &Authority, serving: &Serving, request: &str) -> String {
    let mut tls = connect(authority, serving).await;
    tls.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tls.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: ssmax.example\r\nConnection: close\r\n{more}\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn list_checkpoint_and_certificates_are_served() {
    let authority = Authority::new().await;
    admit(&authority.config, &application(1, "a.example"), now()).await.unwrap();
    let serving = authority.serve().await;
    let (url, tls_ca) = (serving.url.as_str(), authority.tls_ca());

    let bytes = client(url, &tls_ca).list().await.unwrap();
    let list = signed::open(&bytes, &[authority.root()], now()).unwrap();
    assert_eq!(list.version, 2);
    let list = accept(None, 0, directory(&list), now()).unwrap();
    let member = list.member_of_domain("a.example").unwrap();
    for name in &member.certificates {
        let der = certificate(url, &tls_ca, name).await.unwrap();
        assert_eq!(&hex::encode(Certificate::from_der(&der).unwrap().sha256()), name);
    }
    let checkpoint = client(url, &tls_ca).checkpoint().await.unwrap();
    let checkpoint = signed::open_checkpoint(&checkpoint, &[authority.root()], now()).unwrap();
    assert_eq!(checkpoint, Checkpoint::of(&list, &bytes));
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_published_within_three_seconds() {
    let authority = Authority::new().await;
    let id = application(1, "a.example").id;
    admit(&authority.config, &application(1, "a.example"), now()).await.unwrap();
    let serving = authority.serve().await;
    let before = fetched(&authority, &serving).await;
    assert_eq!(before.member(&id).unwrap().standing.state, StandingState::Good);

    suspend(&authority.config, &id, "malware", now()).await.unwrap();
    let since = Instant::now();
    let after = loop {
        let list = fetched(&authority, &serving).await;
        if list.version > before.version {
            break list;
        }
        assert!(since.elapsed() < Duration::from_secs(3), "not published in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(follows(&before, &after));
    assert_eq!(after.member(&id).unwrap().standing.state, StandingState::Suspended);
    serving.stop().await;
}

/// The checkpoint, once it is of this version.
async fn checkpoint_of(authority: &Authority, client: &Client, version: u64) -> Checkpoint {
    let since = Instant::now();
    loop {
        let signed = client.checkpoint().await.unwrap();
        let checkpoint = signed::open_checkpoint(&signed, &[authority.root()], now()).unwrap();
        if checkpoint.version == version {
            return checkpoint;
        }
        assert!(since.elapsed() < TIMEOUT, "not published in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The deltas from one version to another, as a member follows them.
async fn deltas(authority: &Authority, client: &Client, from: u64, to: u64) -> Vec<Delta> {
    let mut all = Vec::new();
    let mut version = from;
    while version < to {
        let signed = client.delta(version).await.unwrap();
        let delta = signed::open_deltas(&[signed], &[authority.root()], now()).unwrap().remove(0);
        assert_eq!(delta.from, version);
        version = delta.version;
        all.push(delta);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_can_be_followed_by_deltas_over_a_restart_too() {
    let authority = Authority::new().await;
    let config = &authority.config;
    let id = application(1, "a.example").id;
    admit(config, &application(1, "a.example"), now()).await.unwrap();
    let serving = authority.serve().await;
    let client_of = |serving: &Serving| client(&serving.url, &authority.tls_ca());
    let first = directory(&fetched(&authority, &serving).await);
    let version = first.list().version;
    // Nothing leads on from where nothing has changed, nor from what never was.
    for from in [version, 0, version + 7] {
        assert_eq!(client_of(&serving).delta(from).await, Err(FetchError::NotFound));
    }
    admit(config, &application(2, "b.example"), now()).await.unwrap();
    let checkpoint = checkpoint_of(&authority, &client_of(&serving), version + 1).await;
    let steps = deltas(&authority, &client_of(&serving), version, version + 1).await;
    let second = first.advanced(&steps, &checkpoint).unwrap();
    assert!(second.member_of_domain("b.example").is_some());
    // What a command changes while nobody serves is one step.
    serving.stop().await;
    suspend(config, &id, "malware", now()).await.unwrap();
    reinstate(config, &id, "cleaned", now()).await.unwrap();
    suspend(config, &id, "again", now()).await.unwrap();
    let serving = authority.serve().await;
    let checkpoint = checkpoint_of(&authority, &client_of(&serving), version + 4).await;
    let steps = deltas(&authority, &client_of(&serving), version, version + 4).await;
    assert_eq!(steps.iter().map(|step| step.changed.len()).collect::<Vec<_>>(), [1, 1]);
    for before in [&first, &second] {
        let now = before.advanced(&steps, &checkpoint).unwrap();
        assert_eq!(now.member(&id).unwrap().standing.reason, "again");
        assert_eq!(now.list().members, fetched_sorted(&authority, &serving).await);
    }
    // The same octets in a mirror.
    let mirror = config.state_dir.join("mirror");
    publish(config, &mirror, now()).await.unwrap();
    for from in [version, version + 1] {
        let file = std::fs::read(mirror.join(format!("v1/deltas/{from}"))).unwrap();
        assert_eq!(Ok(file), client_of(&serving).delta(from).await);
    }
    let spelled = ["01", "+2", "2/", "x", "", "18446744073709551616", "9007199254740992"];
    for version in spelled {
        let path = format!("/v1/deltas/{version}");
        let answer = exchange(&authority, &serving, &get(&path, "")).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{version}: {answer}");
    }
    serving.stop().await;
}

async fn fetched_sorted(authority: &Authority, serving: &Serving) -> Vec<Member> {
    directory(&fetched(authority, serving).await).list().members.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_says_where_it_serves_as_long_as_it_does() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let run_dir = authority.config.run_dir.clone();
    let ready = ssmax_daemon::ready::wait_ready(&run_dir, &["authority"], TIMEOUT).await.unwrap();
    assert_eq!(ready["authority"].addresses["https"], serving.address.to_string());
    serving.stop().await;
    assert!(!run_dir.join("authority.ready").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_the_client_has_is_not_sent_again() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    for path in ["/v1/list", "/v1/checkpoint"] {
        let answer = exchange(&authority, &serving, &get(path, "")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("content-type: application/pkcs7-mime"), "{answer}");
        let tag = answer.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".into()] {
            let more = format!("If-None-Match: {known}\r\n");
            let answer = exchange(&authority, &serving, &get(path, &more)).await;
            assert!(answer.starts_with("HTTP/1.1 304 "), "{known}: {answer}");
            assert!(answer.ends_with("\r\n\r\n"), "no content: {answer}");
        }
        let answer = exchange(&authority, &serving, &get(path, "If-None-Match: \"x\"\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_is_a_problem_document() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let unknown = format!("/v1/certificates/{}", "0".repeat(64));
    for (request, status) in [
        (get("/", ""), 404),
        (get("/v1/list/", ""), 404),
        (get("/v1/list?x=1", ""), 404),
        (get("/v1/../v1/list", ""), 404),
        (get("/v1/certificates/", ""), 404),
        (get("/v1/certificates/../../etc/passwd", ""), 404),
        (get(&unknown, ""), 404),
        (get("/v1/list", "").replacen("GET", "POST", 1), 405),
        (get("/v1/list", "Content-Length: 3\r\n") + "abc", 413),
        (get("/v1/list", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 413),
    ] {
        let answer = exchange(&authority, &serving, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{answer}");
        assert!(answer.contains("content-type: application/problem+json"), "{answer}");
        assert!(answer.contains(&format!("\"status\":{status}")), "{answer}");
    }
    let head =
        exchange(&authority, &serving, &get("/v1/list", "").replacen("GET", "HEAD", 1)).await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oversize_and_malformed_requests_are_refused() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let long_path = get(&format!("/{}", "x".repeat(20_000)), "");
    let long_field = get("/v1/list", &format!("X: {}\r\n", "x".repeat(20_000)));
    let many_fields = get("/v1/list", &"X: y\r\n".repeat(80));
    for request in [long_path, long_field, many_fields, "\0\0\r\n\r\n".into()] {
        let answer = exchange(&authority, &serving, &request).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    fetched(&authority, &serving).await;
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_the_tls_port_hurts_nobody() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let zeros = vec![0; 100_000];
    for garbage in
        [b"GET /v1/list HTTP/1.1\r\nHost: x\r\n\r\n", &zeros[..], b"\x16\x03\x01\xff\xff"]
    {
        let mut tcp = TcpStream::connect(serving.address).await.unwrap();
        let _ = tcp.write_all(garbage).await;
        let _ = tcp.shutdown().await;
        let mut answer = Vec::new();
        let _ = tcp.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    fetched(&authority, &serving).await;
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_say_nothing_are_cut_off_and_keep_nobody_out() {
    let authority = Authority::new().await;
    let mut config = authority.config.clone();
    config.request_seconds = 1;
    config.max_connections = 8;
    let serving = authority.serve_with(config).await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(TcpStream::connect(serving.address).await.unwrap());
    }
    let quiet = connect_after(&authority, &serving, Duration::from_millis(1500)).await;
    // All the silent ones are closed by now.
    for tcp in &mut silent {
        let ended = tokio::time::timeout(TIMEOUT, tcp.read(&mut [0; 64])).await.unwrap();
        assert!(matches!(ended, Ok(0) | Err(_)));
    }
    fetched(&authority, &serving).await;
    // A handshake alone gives no more time.
    let mut quiet = quiet;
    let ended = tokio::time::timeout(TIMEOUT, quiet.read_to_end(&mut Vec::new())).await;
    assert!(ended.is_ok(), "still open");
    serving.stop().await;
}

async fn connect_after(
    authority: &Authority,
    serving: &Serving,
    pause: Duration,
) -> TlsStream<TcpStream> {
    tokio::time::sleep(pause).await;
    connect(authority, serving).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_at_its_time_limit_however_busy_it_is() {
    let authority = Authority::new().await;
    let mut config = authority.config.clone();
    config.connection_seconds = 1;
    let serving = authority.serve_with(config).await;
    let mut tls = connect(&authority, &serving).await;
    let since = Instant::now();
    let request = get("/v1/checkpoint", "").replace("Connection: close\r\n", "");
    let mut answer = [0; 8192];
    while since.elapsed() < TIMEOUT {
        let sent = tls.write_all(request.as_bytes()).await;
        match tls.read(&mut answer).await {
            Ok(octets) if octets > 0 && sent.is_ok() => {}
            _ => break,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lasted = since.elapsed();
    assert!(lasted > Duration::from_millis(900) && lasted < Duration::from_secs(3), "{lasted:?}");
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_list_is_issued_again_at_the_interval_that_is_set() {
    let authority = Authority::new().await;
    let mut config = authority.config.clone();
    config.reissue_seconds = 1;
    config.list_hours = 2;
    let serving = authority.serve_with(config).await;
    let before = fetched(&authority, &serving).await;
    assert_eq!(before.expires - before.issued, time::Duration::hours(2));
    let since = Instant::now();
    let after = loop {
        let list = fetched(&authority, &serving).await;
        if list.issued > before.issued {
            break list;
        }
        assert!(since.elapsed() < Duration::from_secs(5), "not issued again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(after.version, before.version);
    assert!(follows(&before, &after));
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stop_ends_idle_connections_too() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let _idle = connect(&authority, &serving).await;
    let since = Instant::now();
    serving.stop().await;
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_list_keeps_its_version_over_a_restart() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let before = fetched(&authority, &serving).await;
    serving.stop().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let serving = authority.serve().await;
    let after = fetched(&authority, &serving).await;
    assert!(after.issued > before.issued);
    assert_eq!(after.version, before.version);
    assert!(follows(&before, &after));
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_and_a_missing_authority_are_named() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let mut config = authority.config.clone();
    config.listen = serving.address;
    let refused = Server::bind(config).await.err();
    // On a server the first one has the database, wherever the second one listens.
    let expected = match &authority.config.state.url {
        None => AuthorityError::Listen(std::io::ErrorKind::AddrInUse),
        Some(_) => AuthorityError::Store(ssmax_store::StoreError::InUse),
    };
    assert_eq!(refused, Some(expected));
    serving.stop().await;
    let (config, _dir) = federation::config();
    assert_eq!(Server::bind(config).await.err(), Some(AuthorityError::NotInitialised));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_names_each_cause() {
    let authority = Authority::new().await;
    let serving = authority.serve().await;
    let (url, tls_ca) = (serving.url.as_str(), authority.tls_ca());
    let other = Authority::new().await;
    let stranger = client(url, &other.tls_ca()).list().await;
    assert!(matches!(stranger, Err(FetchError::Tls(_))), "{stranger:?}");
    assert_eq!(Client::new(url, b"", TIMEOUT).err(), Some(FetchError::BadTrust));
    assert_eq!(Client::new("http://x", &tls_ca, TIMEOUT).err(), Some(FetchError::BadUrl));
    for name in ["", "../list", &"A".repeat(64), &"0".repeat(65)] {
        let refused = certificate(url, &tls_ca, name).await;
        assert_eq!(refused, Err(FetchError::BadCertificateName), "{name}");
    }
    let unknown = certificate(url, &tls_ca, &"0".repeat(64)).await;
    assert_eq!(unknown, Err(FetchError::NotFound));
    serving.stop().await;
    let gone = client(url_of_nobody().await.as_str(), &tls_ca).list().await;
    assert_eq!(gone, Err(FetchError::Unreachable(std::io::ErrorKind::ConnectionRefused)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_does_not_wait_for_ever() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = Authority::new().await;
    let url = format!("https://{}", listener.local_addr().unwrap());
    let timeout = Duration::from_millis(300);
    let client = Client::new(&url, &authority.tls_ca(), timeout).unwrap();
    assert_eq!(client.list().await, Err(FetchError::Timeout));
}

async fn url_of_nobody() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("https://{}", listener.local_addr().unwrap())
}
