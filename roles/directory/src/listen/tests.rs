//! What is done with connections.

use super::*;
use crate::config::Limits;
use crate::ldap::ber::{element, of_elements, of_number};
use crate::name::Name;
use crate::session::Away;
use ssmax_api::directory::{DirectoryEntry, Fragment, Suggestions};

/// Nobody.
struct Empty;

impl Source for Empty {
    async fn find(&self, _: &str) -> Result<Option<DirectoryEntry>, Away> {
        Ok(None)
    }

    async fn suggest(&self, _: Vec<Vec<Fragment>>, _: u32) -> Result<Suggestions, Away> {
        Ok(Suggestions::default())
    }

    async fn login(&self, _: &str, _: &[u8]) -> Result<bool, Away> {
        Ok(false)
    }
}

async fn start(is_secured: bool, change: impl FnOnce(&mut Limits)) -> (SocketAddr, Stop) {
    let mut limits = Limits::default();
    change(&mut limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Shared {
        networks: vec![Network::try_from("127.0.0.0/8".to_owned()).unwrap()],
        shares: Shares::new(limits.clone()),
        rules: Rules { base: Name::parse("dc=a").unwrap(), allow_plaintext: true, limits },
        tls: Some(tls()),
        source: Empty,
    };
    let stop = Stop::new();
    let door = Door { name: "ldap", listener, is_secured };
    tokio::spawn(serve(door, Arc::new(shared), stop.clone()));
    (address, stop)
}

/// A certificate of its own; nobody here believes it.
fn tls() -> TlsAcceptor {
    ssmax_daemon::tls_server::acceptor(
        include_bytes!("tests/certificate.pem"),
        include_bytes!("tests/key.pem"),
    )
    .unwrap()
}

fn anonymous_bind() -> Vec<u8> {
    let bind = [of_number(2, 3), element(4, b""), element(0x80, b"")];
    of_elements(0x30, &[of_number(2, 1), of_elements(0x60, &bind)])
}

/// All that comes until the server ends the connection.
async fn rest(mut stream: TcpStream) -> Vec<u8> {
    let mut octets = Vec::new();
    let read = stream.read_to_end(&mut octets);
    timeout(Duration::from_secs(10), read).await.expect("the server does not end it").unwrap();
    octets
}

async fn said(stream: &mut TcpStream) -> Vec<u8> {
    let mut octets = vec![0; 14];
    let read = stream.read_exact(&mut octets);
    timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
    octets
}

fn has(octets: &[u8], words: &str) -> bool {
    octets.windows(words.len()).any(|window| window == words.as_bytes())
}

#[tokio::test]
async fn messages_are_read_in_pieces_and_several_at_once() {
    let (address, _stop) = start(false, |_| ()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let both = [anonymous_bind(), anonymous_bind()].concat();
    for octet in both {
        stream.write_all(&[octet]).await.unwrap();
    }
    let bound = [0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0];
    assert_eq!(said(&mut stream).await, bound);
    assert_eq!(said(&mut stream).await, bound);
}

#[tokio::test]
async fn a_request_that_is_too_large_ends_the_connection_before_it_is_read() {
    let (address, _stop) = start(false, |limits| limits.max_request_bytes = 100).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]).await.unwrap();
    assert!(has(&rest(stream).await, "a request that is too large"));
    // One that is as large as it may be is read.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&anonymous_bind()).await.unwrap();
    assert_eq!(said(&mut stream).await[9], 0);
}

#[tokio::test]
async fn whoever_speaks_something_else_is_told_and_left() {
    let (address, _stop) = start(false, |_| ()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert!(has(&rest(stream).await, "this is no LDAP message"));
}

#[tokio::test]
async fn who_is_silent_or_slow_is_left() {
    let (address, _stop) = start(false, |limits| limits.idle = Duration::from_millis(200)).await;
    let silent = TcpStream::connect(address).await.unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(&[0x30, 20, 2]).await.unwrap();
    assert!(rest(silent).await.is_empty() && rest(slow).await.is_empty());
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let (address, _stop) =
        start(true, |limits| limits.tls_timeout = Duration::from_millis(200)).await;
    let silent = TcpStream::connect(address).await.unwrap();
    assert!(rest(silent).await.is_empty());
    // Within it, a certificate is shown.
    let (address, _stop) = start(true, |_| ()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&anonymous_bind()).await.unwrap();
    let alert = rest(stream).await;
    assert_eq!(alert.first(), Some(&0x15), "{alert:?}");
}

#[tokio::test]
async fn what_was_sent_before_tls_began_does_not_count_in_it() {
    let (address, _stop) = start(false, |_| ()).await;
    let start_tls = element(0x77, &element(0x80, b"1.3.6.1.4.1.1466.20037"));
    let start_tls = of_elements(0x30, &[of_number(2, 1), start_tls]);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&[start_tls, anonymous_bind()].concat()).await.unwrap();
    let all = rest(stream).await;
    assert_eq!(all, [0x30, 12, 2, 1, 1, 0x78, 7, 10, 1, 0, 4, 0, 4, 0]);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_another_gets_its_place() {
    let (address, _stop) = start(false, |limits| limits.max_connections_per_address = 1).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(&anonymous_bind()).await.unwrap();
    said(&mut first).await;
    let second = TcpStream::connect(address).await.unwrap();
    assert!(has(&rest(second).await, "too many connections"));
    drop(first);
    for _ in 0..100 {
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(&anonymous_bind()).await.unwrap();
        let mut octets = [0; 14];
        if next.read_exact(&mut octets).await.is_ok() && octets[5] == 0x61 {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the place is not given back");
}

#[tokio::test]
async fn clients_that_wait_are_left_when_it_stops() {
    let (address, stop) = start(false, |_| ()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&anonymous_bind()).await.unwrap();
    said(&mut stream).await;
    stop.trigger();
    assert!(rest(stream).await.is_empty());
}
