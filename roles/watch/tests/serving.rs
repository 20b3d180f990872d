//! The watch as Prometheus, balancers and strangers meet it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use proptest::prelude::*;
use ssmax_daemon::watch::Watched;
use ssmax_daemon::{Stop, ready};
use ssmax_metrics::Part;
use ssmax_watch::{ROLE, Settings, WatchConfig, serve};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// A watch of two roles, of which the CA may be made to run.
struct Watch {
    dir: TempDir,
    runtime: Runtime,
    stop: Stop,
    address: SocketAddr,
    looks: Arc<AtomicUsize>,
    parts: Arc<Mutex<Vec<Part>>>,
}

impl Watch {
    fn start(adjust: impl FnOnce(&mut WatchConfig)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut watch =
            WatchConfig { listen: "127.0.0.1:0".parse().unwrap(), ..WatchConfig::default() };
        adjust(&mut watch);
        let run_dir = dir.path().to_owned();
        let settings = Settings {
            run_dir: run_dir.clone(),
            roles: vec!["gateway".into(), "ca".into()],
            watch,
        };
        let runtime = Runtime::new().unwrap();
        let stop = Stop::new();
        runtime.spawn(serve(settings, stop.clone()));
        let served = ready::wait_ready(&run_dir, &[ROLE], Duration::from_secs(10));
        let records = runtime.block_on(served).unwrap();
        let address = records[ROLE].addresses["http"].parse().unwrap();
        let (looks, parts) = (Arc::default(), Arc::default());
        let watch = Self { dir, runtime, stop, address, looks, parts };
        watch.run("gateway");
        watch
    }

    fn run(&self, role: &str) {
        let (looks, parts) = (Arc::clone(&self.looks), Arc::clone(&self.parts));
        let look = move || {
            looks.fetch_add(1, Ordering::SeqCst);
            let parts = parts.lock().unwrap().clone();
            async move { parts }
        };
        let watched = self.runtime.block_on(async { Watched::bind(self.run_dir(), role) });
        self.runtime.spawn(watched.unwrap().serve(self.stop.clone(), look));
    }

    fn run_dir(&self) -> &Path {
        self.dir.path()
    }

    fn said(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // It may have hung up before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    /// Status and body.
    fn get(&self, path: &str) -> (u16, String) {
        let answer = self.said(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// After what is remembered for a second is forgotten.
    fn get_anew(&self, path: &str) -> (u16, String) {
        std::thread::sleep(Duration::from_millis(1100));
        self.get(path)
    }
}

#[test]
fn health_is_of_all_roles_or_of_one_and_says_what_is_missing() {
    let watch = Watch::start(|_| {});
    let down = r#"{"live":false,"roles":{"ca":{"live":false,"parts":{}},"gateway":{"live":true,"parts":{}}}}"#;
    assert_eq!(watch.get("/health/live"), (503, format!("{down}\n")));
    assert_eq!(watch.get("/health/live/gateway").0, 200);
    assert_eq!(watch.get("/health/ready/ca").0, 503);
    watch.run("ca");
    assert_eq!(watch.get_anew("/health/live").0, 200);
    *watch.parts.lock().unwrap() =
        vec![Part::needed("store", Some("not-writable")), Part::told("standing", Some("x"))];
    let (status, body) = watch.get_anew("/health/ready/gateway");
    let said = r#"{"ready":false,"roles":{"gateway":{"parts":{"standing":"x","store":"not-writable"},"ready":false}}}"#;
    assert_eq!((status, body.trim_end()), (503, said));
    assert_eq!(watch.get("/health/live").0, 200);
    *watch.parts.lock().unwrap() =
        vec![Part::needed("store", None), Part::told("standing", Some("x"))];
    assert_eq!(watch.get_anew("/health/ready").0, 200);
}

#[test]
fn metrics_are_of_all_roles_with_a_word_on_who_is_absent() {
    let watch = Watch::start(|_| {});
    let answer = watch.said(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    for line in [
        "ssmax_up{role=\"gateway\"} 1",
        "ssmax_up{role=\"ca\"} 0",
        "ssmax_up{role=\"watch\"} 1",
        "# TYPE ssmax_up gauge",
    ] {
        assert!(body.lines().any(|one| one == line), "{line}\n{body}");
    }
    assert_eq!(body.matches("# TYPE ssmax_up ").count(), 1);
}

#[test]
fn whoever_asks_at_about_the_same_time_gets_the_same_answer() {
    let watch = Watch::start(|_| {});
    for _ in 0..20 {
        assert_eq!(watch.get("/metrics").0, 200);
    }
    let looks = watch.looks.load(Ordering::SeqCst);
    assert!((1..=3).contains(&looks), "{looks}");
}

#[test]
fn nothing_but_a_get_of_what_there_is_is_answered() {
    let watch = Watch::start(|_| {});
    for (request, status) in [
        ("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405"),
        ("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("DELETE /health/live HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "413"),
        ("GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /health/live/ HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /health/live/keyserver HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /health/liveness HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
    ] {
        let answer = watch.said(request.as_bytes());
        assert_eq!(answer.get(9..12), Some(status), "{request}{answer}");
    }
    // A header section past the bound is not read to its end.
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    let answer = watch.said(long.as_bytes());
    assert!(!answer.contains("200 OK"), "{answer}");
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(65));
    assert!(!watch.said(many.as_bytes()).contains("200 OK"));
    let most = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(64));
    assert!(watch.said(most.as_bytes()).contains("200 OK"));
}

#[test]
fn who_says_nothing_is_cut_off_and_then_the_next_is_served() {
    let watch = Watch::start(|config| (config.max_connections, config.seconds) = (2, 1));
    let silent: Vec<_> = (0..2).map(|_| TcpStream::connect(watch.address).unwrap()).collect();
    let began = Instant::now();
    assert_eq!(watch.get("/metrics").0, 200);
    let waited = began.elapsed();
    assert!(waited >= Duration::from_millis(800), "served beside two others: {waited:?}");
    drop(silent);
}

#[test]
fn it_ends_when_asked_although_somebody_is_connected() {
    let watch = Watch::start(|_| {});
    let _silent = TcpStream::connect(watch.address).unwrap();
    watch.stop.trigger();
    let ended = Instant::now();
    while ready::served(watch.run_dir(), ROLE).is_some() {
        assert!(ended.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Octets of all kinds, most of them near a request.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        &b"GET "[..],
        b"POST ",
        b"/metrics",
        b"/health/ready",
        b" HTTP/1.1",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"Host: x",
        b"Transfer-Encoding: chunked",
        b"Content-Length: ",
        b"-1",
        b"99999999999",
        b": ",
        b"%",
        b"Upgrade: h2c",
        b"Expect: 100-continue",
        b"\xff\xfe",
        b"HTTP/2.0",
        b"PRI * ",
    ]);
    let any = prop::collection::vec(any::<u8>(), 0..20);
    let piece = prop_oneof![6 => word.prop_map(<[u8]>::to_vec), 1 => any];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

#[test]
fn octets_of_any_kind_do_no_harm() {
    let watch = Watch::start(|config| (config.max_connections, config.seconds) = (64, 1));
    let address = watch.address;
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() };
    proptest!(config, |(octets in octets())| {
        let mut stream = TcpStream::connect(address).unwrap();
        let _ = stream.write_all(&octets);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        prop_assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{answer:?}");
    });
    assert_eq!(watch.get("/metrics").0, 200);
}
