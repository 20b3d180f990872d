//! What comes to the port and is no role: it costs little and stops nobody.

use crate::{Ca, Keyserver, LONG, ask, hosts};
use ssmax_daemon::listen::Limits;
use ssmax_daemon::port::PortLimits;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the port says to these octets before it hangs up.
async fn answer_to(address: &str, octets: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(octets).await;
    let mut said = Vec::new();
    let mut part = [0; 1024];
    while let Ok(read @ 1..) = stream.read(&mut part).await {
        said.extend_from_slice(&part[..read]);
    }
    said
}

/// A TLS alert and nothing else: no octet of a handshake, no greeting.
fn is_alert_or_nothing(said: &[u8]) -> bool {
    said.is_empty() || (said[0] == 21 && said.len() == 7)
}

#[tokio::test]
async fn plaintext_and_garbage_are_hung_up_on() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    // A request as the UNIX socket takes it.
    let frame = [&[0, 0, 0, 1][..], &[21]].concat();
    let zeros = [0; 4096];
    let hello_cut = [22, 3, 1, 0, 1, 9];
    for octets in [&frame[..], b"GET / HTTP/1.1\r\n\r\n", b"EHLO a.example\r\n", &zeros, &hello_cut]
    {
        let said = answer_to(&served.address, octets).await;
        assert!(is_alert_or_nothing(&said), "{octets:?}: {said:?}");
    }
    assert_eq!(ask(&gateway.client("keyserver", &[&served.address]), 1).await, Ok(2));
    assert_eq!(served.end().await, 1);
}

#[tokio::test]
async fn a_handshake_that_dawdles_is_ended_and_others_pass_meanwhile() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let limits = PortLimits { handshake: Duration::from_millis(800), ..PortLimits::default() };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], Limits::default(), limits);
    let started = Instant::now();
    let mut silent = TcpStream::connect(&served.address).await.unwrap();
    let mut slow = TcpStream::connect(&served.address).await.unwrap();
    slow.write_all(&[22, 3, 1]).await.unwrap();
    assert_eq!(ask(&gateway.client("keyserver", &[&served.address]), 1).await, Ok(2));
    assert!(started.elapsed() < limits.handshake);
    for dawdling in [&mut silent, &mut slow] {
        let ended = tokio::time::timeout(LONG, dawdling.read(&mut [0])).await;
        assert!(matches!(ended, Ok(Ok(0) | Err(_))), "it goes on");
    }
    assert!(started.elapsed() >= limits.handshake);
    served.end().await;
}

#[tokio::test]
async fn one_handshake_too_many_ends_the_oldest_and_the_newest_is_let_in() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let handshake = Duration::from_secs(60);
    let limits = PortLimits { max_handshakes: 3, handshake, ..PortLimits::default() };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], Limits::default(), limits);
    let mut dawdling = Vec::new();
    for _ in 0..3 {
        dawdling.push(TcpStream::connect(&served.address).await.unwrap());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ask(&gateway.client("keyserver", &[&served.address]), 1).await, Ok(2));
    // The oldest is gone; the others still dawdle.
    let wait = Duration::from_secs(5);
    let ended = tokio::time::timeout(wait, dawdling[0].read(&mut [0])).await;
    assert!(matches!(ended, Ok(Ok(0) | Err(_))));
    for stream in &mut dawdling[1..] {
        let wait = Duration::from_millis(100);
        assert!(tokio::time::timeout(wait, stream.read(&mut [0])).await.is_err());
    }
    served.end().await;
}

#[tokio::test]
async fn a_flood_from_another_host_does_not_end_an_honest_handshake() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let limits = PortLimits {
        max_handshakes: 16,
        max_handshakes_per_host: 4,
        handshake: Duration::from_secs(60),
    };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], Limits::default(), limits);
    let mut honest = TcpStream::connect(&served.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut flood = Vec::new();
    for _ in 0..100 {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        flood.push(socket.connect(served.address.parse().unwrap()).await.unwrap());
    }
    let first = tokio::time::timeout(LONG, flood[0].read(&mut [0])).await;
    assert!(matches!(first, Ok(Ok(0) | Err(_))), "the flood is not bounded");
    let wait = Duration::from_millis(300);
    assert!(tokio::time::timeout(wait, honest.read(&mut [0])).await.is_err());
    assert_eq!(ask(&gateway.client("keyserver", &[&served.address]), 1).await, Ok(2));
    served.end().await;
}
