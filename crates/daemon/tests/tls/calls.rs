//! What a call promises holds over TLS as over a UNIX socket.

use crate::{Ca, Host, Keyserver, LONG, ask, hosts};
use ssmax_daemon::call::{CallError, Client};
use ssmax_daemon::endpoint::{Endpoint, Remote};
use ssmax_daemon::frame::{read_frame, write_frame};
use ssmax_daemon::listen::Limits;
use ssmax_daemon::port::PortLimits;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::test]
async fn a_call_is_answered_over_the_interface_of_the_callers_certificate() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let inspector = Host::new("inspector", &ca);
    let served = Keyserver::start(&keys);
    assert_eq!(ask(&gateway.client("keyserver", &[&served.address]), 21).await, Ok(42));
    assert_eq!(ask(&inspector.client("keyserver", &[&served.address]), 21).await, Ok(63));
    // And beside it the sockets of this host.
    let local = Client::new(keys.dir.path().join("keyserver.gateway.sock"));
    assert_eq!(ask(&local, 4).await, Ok(8));
    assert_eq!(served.end().await, 3);
}

#[tokio::test]
async fn connections_are_kept_and_requests_at_a_time_do_not_wait_for_each_other() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let one = Limits { max_connections: 1, ..Limits::default() };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], one, PortLimits::default());
    let client = gateway.client("keyserver", &[&served.address]);
    // There is one place: a second connection would wait until this one is idle too long.
    for number in 1..50 {
        let answer = client.call::<u64, u64>(&number, Duration::from_secs(5)).await;
        assert_eq!(answer, Ok(number * 2));
    }
    served.end().await;

    let served = Keyserver::start(&keys);
    let client = gateway.client("keyserver", &[&served.address]);
    let started = std::time::Instant::now();
    let (slow, quick) = tokio::join!(ask(&client, 0), async {
        let answer = ask(&client, 7).await;
        (answer, started.elapsed())
    });
    assert_eq!((slow, quick.0), (Ok(0), Ok(14)));
    assert!(quick.1 < started.elapsed());
    served.end().await;
}

#[tokio::test]
async fn more_connections_than_places_wait_for_one() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let limits =
        Limits { max_connections: 1, idle: Duration::from_millis(300), ..Limits::default() };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], limits, PortLimits::default());
    let first = gateway.client("keyserver", &[&served.address]);
    assert_eq!(ask(&first, 1).await, Ok(2));
    let second = gateway.client("keyserver", &[&served.address]);
    let short = second.call::<u64, u64>(&2, Duration::from_millis(50)).await;
    assert_eq!(short, Err(CallError::TimedOut));
    assert_eq!(served.count(), 1);
    // The idle one ends, and its place is free.
    assert_eq!(ask(&second, 3).await, Ok(6));
    served.end().await;
}

#[tokio::test]
async fn a_restart_goes_unnoticed_and_one_that_stays_away_is_unavailable() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    let address = served.address.clone();
    let client = gateway.client("keyserver", &[&address]);
    assert_eq!(ask(&client, 5).await, Ok(10));
    assert_eq!(served.end().await, 1);
    let served = Keyserver::bounded(&keys, &address, &[], Limits::default(), PortLimits::default());
    assert_eq!(ask(&client, 5).await, Ok(10));
    assert_eq!(served.end().await, 1);
    assert_eq!(ask(&client, 5).await, Err(CallError::Unavailable));
    let again = Keyserver::bounded(&keys, &address, &[], Limits::default(), PortLimits::default());
    assert_eq!(ask(&client, 6).await, Ok(12));
    again.kill().await;
    assert_eq!(ask(&client, 6).await, Err(CallError::Unavailable));
}

/// A keyserver of this test's own making, on one connection at a time: greets, reads a
/// request or not, answers or not, and ends cleanly or not.
struct Odd {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Odd {
    async fn new(keys: &Host) -> (Self, String) {
        let pem = std::fs::read(keys.place().role_file("keyserver")).unwrap();
        use rustls::pki_types::pem::PemObject as _;
        let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(&pem).unwrap();
        let chain = vec![rustls::pki_types::CertificateDer::from_pem_slice(&pem).unwrap()];
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        (Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }, address)
    }

    async fn greet(&self) -> tokio_rustls::server::TlsStream<tokio::net::TcpStream> {
        let (tcp, _) = self.listener.accept().await.unwrap();
        let mut stream = self.acceptor.accept(tcp).await.unwrap();
        stream.write_all(&[1]).await.unwrap();
        stream.flush().await.unwrap();
        stream
    }
}

#[tokio::test]
async fn a_request_that_was_read_is_not_repeated_and_one_that_was_not_is() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let (odd, address) = Odd::new(&keys).await;
    let client = gateway.client("keyserver", &[&address]);
    let server = tokio::spawn(async move {
        // A first connection that is kept, whose end comes only with the second request.
        let mut first = odd.greet().await;
        let asked: Option<u64> = read_frame(&mut first, 1024).await.unwrap();
        write_frame(&mut first, &(asked.unwrap() * 2), 1024).await.unwrap();
        let mut octet = [0];
        tokio::io::AsyncReadExt::read(first.get_mut().0, &mut octet).await.unwrap();
        // It has come, and is not read: the end is said cleanly, so it is sent again.
        first.shutdown().await.unwrap();
        let mut second = odd.greet().await;
        let asked: Option<u64> = read_frame(&mut second, 1024).await.unwrap();
        write_frame(&mut second, &(asked.unwrap() * 2), 1024).await.unwrap();
        // Read, and the connection breaks: it may have been carried out.
        let asked: Option<u64> = read_frame(&mut second, 1024).await.unwrap();
        assert_eq!(asked, Some(3));
        drop(second);
        let third = tokio::time::timeout(Duration::from_millis(300), odd.greet()).await;
        assert!(third.is_err(), "it was sent again");
    });
    assert_eq!(ask(&client, 1).await, Ok(2));
    assert_eq!(ask(&client, 2).await, Ok(4));
    assert_eq!(ask(&client, 3).await, Err(CallError::Interrupted));
    server.await.unwrap();
}

#[tokio::test]
async fn a_request_under_way_at_a_kill_may_have_been_carried_out() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    let client = gateway.client("keyserver", &[&served.address]);
    assert_eq!(ask(&client, 1).await, Ok(2));
    let (answer, ()) = tokio::join!(ask(&client, 0), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        served.kill().await;
    });
    assert_eq!(answer, Err(CallError::Interrupted));
}

#[tokio::test]
async fn a_connection_is_used_for_its_lifetime_and_then_made_anew() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let limits = Limits { lifetime: Duration::from_millis(200), ..Limits::default() };
    let stolen = gateway.certificate().sha256();
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], limits, PortLimits::default());
    let address = served.address.clone();
    let client = gateway.client("keyserver", &[&address]);
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_millis(600) {
        assert_eq!(ask(&client, 1).await, Ok(2));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    served.end().await;
    // A certificate that is denied meanwhile is found at the latest then.
    let _denying = Keyserver::bounded(&keys, &address, &[stolen], limits, PortLimits::default());
    assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted));
}

#[tokio::test]
async fn a_role_says_so_when_it_ends_a_connection_between_requests() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let bounds = |lifetime, idle| Limits { lifetime, idle, ..Limits::default() };
    let (short, long) = (Duration::from_millis(200), Duration::from_secs(600));
    for (limits, stopped) in
        [(bounds(short, long), false), (bounds(long, short), false), (bounds(long, long), true)]
    {
        let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], limits, PortLimits::default());
        let servers = vec![served.address.clone()];
        let remote = Remote::new(gateway.identity(&[], &[]), "keyserver", servers);
        let mut stream = Endpoint::from(remote).connect().await.unwrap();
        let served = if stopped {
            // Accepted, and waiting for its first request.
            tokio::time::sleep(short).await;
            served.end().await;
            None
        } else {
            Some(served)
        };
        // An end that is not said would be an error (`UnexpectedEof`).
        let end = tokio::time::timeout(LONG, stream.read(&mut [0])).await;
        assert!(matches!(end, Ok(Ok(0))), "{limits:?}: {end:?}");
        if let Some(served) = served {
            served.kill().await;
        }
    }
}

#[tokio::test]
async fn the_next_server_is_asked_when_one_is_away() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let other = Host::new("keyserver", &ca);
    let (one, two) = (Keyserver::start(&keys), Keyserver::start(&other));
    let client = gateway.client("keyserver", &[&one.address, &two.address]);
    assert_eq!(ask(&client, 1).await, Ok(2));
    assert_eq!((one.count(), two.count()), (1, 0));
    one.end().await;
    assert_eq!(ask(&client, 2).await, Ok(4));
    assert_eq!(two.end().await, 1);
    assert_eq!(ask(&client, 3).await, Err(CallError::Unavailable));
}

#[tokio::test]
async fn a_frame_beyond_the_bound_ends_the_connection_over_tls_too() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let limits = Limits { max_frame_bytes: 1000, ..Limits::default() };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], limits, PortLimits::default());
    let client = gateway.client("keyserver", &[&served.address]);
    let large = vec![7_u8; 2000];
    let answer: Result<u64, CallError> = client.call(&large, LONG).await;
    assert!(matches!(answer, Err(CallError::Interrupted | CallError::Unavailable)), "{answer:?}");
    assert_eq!(ask(&client, 1).await, Ok(2));
    assert_eq!(served.end().await, 1);
}

#[tokio::test]
async fn no_more_connections_wait_for_a_place_than_there_is_room_for() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let one = Limits { max_connections: 1, ..Limits::default() };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], one, PortLimits::default());
    let address = served.address.clone();
    let first = gateway.client("keyserver", &[&address]);
    assert_eq!(ask(&first, 1).await, Ok(2));
    // 64 wait (one of them may be in between); whoever comes then is told at once.
    let gateway = Arc::new(gateway);
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..80 {
        let (gateway, address) = (Arc::clone(&gateway), address.clone());
        waiting.spawn(async move {
            let client = gateway.client("keyserver", &[&address]);
            client.call::<u64, u64>(&1, Duration::from_secs(4)).await
        });
    }
    let answers = waiting.join_all().await;
    let told = answers.iter().filter(|one| **one == Err(CallError::Unavailable)).count();
    let waited = answers.iter().filter(|one| **one == Err(CallError::TimedOut)).count();
    assert!((80 - 65..=80 - 64).contains(&told), "{told} told, {waited} waited");
    assert_eq!(told + waited, 80);
    served.end().await;
}
