//! A server that answers what the test says, over a pipe and on this host.

use super::*;
use crate::ber::{ENUMERATED, INTEGER, OCTETS, SEQUENCE, SET, element, of_elements, of_number};
use tokio::io::duplex;
use tokio::net::TcpListener;

const PAGED: &[u8] = b"1.2.840.113556.1.4.319";

fn limits() -> Limits {
    Limits {
        page_entries: 2,
        entries: 3,
        answer_octets: 300,
        octets: 1000,
        values: 2,
        silence: Duration::from_secs(5),
        whole: Duration::from_secs(5),
    }
}

fn login() -> Login {
    Login { name: "cn=reader".to_owned(), password: Zeroizing::new("secret".to_owned()) }
}

fn wanted() -> Wanted {
    Wanted {
        base: "o=A".to_owned(),
        filter: Filter::parse("(cn=*)").unwrap(),
        attributes: vec!["mail".to_owned()],
    }
}

fn result(tag: u8, id: u32, code: u32, controls: &[Vec<u8>]) -> Vec<u8> {
    let said = [of_number(ENUMERATED, code), element(OCTETS, b""), element(OCTETS, b"")];
    let mut parts = vec![of_number(INTEGER, id), of_elements(tag, &said)];
    parts.extend_from_slice(controls);
    of_elements(SEQUENCE, &parts)
}

fn bound(code: u32) -> Vec<u8> {
    result(0x61, 1, code, &[])
}

fn done(id: u32, code: u32, cookie: &[u8]) -> Vec<u8> {
    let value = of_elements(SEQUENCE, &[of_number(INTEGER, 0), element(OCTETS, cookie)]);
    let control = of_elements(SEQUENCE, &[element(OCTETS, PAGED), element(OCTETS, &value)]);
    result(0x65, id, code, &[element(0xa0, &control)])
}

fn entry(id: u32, described: &str, values: &[&str]) -> Vec<u8> {
    let values: Vec<_> = values.iter().map(|one| element(OCTETS, one.as_bytes())).collect();
    let attribute =
        of_elements(SEQUENCE, &[element(OCTETS, described.as_bytes()), of_elements(SET, &values)]);
    let content = [element(OCTETS, b"cn=x,o=A"), of_elements(SEQUENCE, &[attribute])];
    of_elements(SEQUENCE, &[of_number(INTEGER, id), of_elements(0x64, &content)])
}

/// What comes of these answers, after which the server is gone.
async fn given(answers: &[Vec<u8>], limits: &Limits) -> Result<usize, ReadError> {
    let (here, mut there) = duplex(1 << 16);
    there.write_all(&answers.concat()).await.unwrap();
    there.shutdown().await.unwrap();
    let mut connection = Connection::new(here, limits);
    let entries = connection.entries(&login(), &wanted()).await?;
    Ok(entries.len())
}

#[tokio::test]
async fn pages_are_asked_for_until_there_is_none() {
    let elsewhere = of_elements(SEQUENCE, &[of_number(INTEGER, 2), element(0x73, b"")]);
    let answers = [
        bound(0),
        entry(2, "mail", &["a@a.example"]),
        elsewhere,
        entry(2, "mail", &["b@a.example"]),
        done(2, 0, b"more"),
        entry(3, "mail", &["c@a.example"]),
        done(3, 0, b""),
    ];
    assert_eq!(given(&answers, &limits()).await, Ok(3));
    // The server is gone before it has said that this is all.
    for cut in 1..answers.len() {
        let error = given(&answers[..cut], &limits()).await.unwrap_err();
        assert_eq!(error, ReadError::Unreachable(io::ErrorKind::UnexpectedEof), "{cut}");
    }
}

#[tokio::test]
async fn a_part_of_the_people_is_an_error() {
    let one = || entry(2, "mail", &["a@a.example"]);
    for code in [3, 4, 11] {
        let answers = [bound(0), one(), done(2, code, b"")];
        assert_eq!(given(&answers, &limits()).await, Err(ReadError::Part(code)));
    }
    // A referral of the whole search, and an error in the middle of it.
    for code in [10, 51] {
        let answers = [bound(0), one(), done(2, code, b"")];
        let refused = ReadError::Refused { step: Step::Search, code };
        assert_eq!(given(&answers, &limits()).await, Err(refused));
    }
    let part = [bound(0), entry(2, "proxyAddresses;range=0-1499", &["a"]), done(2, 0, b"")];
    let described = "proxyAddresses;range=0-1499".to_owned();
    assert_eq!(given(&part, &limits()).await, Err(ReadError::PartOfValues(described)));
}

#[tokio::test]
async fn each_limit_holds_at_its_end() {
    let people = |count: usize| {
        let mut answers = vec![bound(0)];
        answers.resize(count + 1, entry(2, "mail", &["a@a.example"]));
        answers.push(done(2, 0, b""));
        answers
    };
    assert_eq!(given(&people(3), &limits()).await, Ok(3));
    assert_eq!(given(&people(4), &limits()).await, Err(ReadError::TooMuch("max_entries")));
    let octets = people(3).concat().len();
    let exact = Limits { octets, ..limits() };
    assert_eq!(given(&people(3), &exact).await, Ok(3));
    let less = Limits { octets: octets - 1, ..limits() };
    assert_eq!(given(&people(3), &less).await, Err(ReadError::TooMuch("max_bytes")));
    let answer_octets = done(2, 0, b"").len().max(entry(2, "mail", &["a@a.example"]).len());
    let exact = Limits { answer_octets, ..limits() };
    assert_eq!(given(&people(3), &exact).await, Ok(3));
    let less = Limits { answer_octets: answer_octets - 1, ..limits() };
    assert_eq!(given(&people(3), &less).await, Err(ReadError::TooMuch("max_answer_bytes")));
    let values = |values: &[&str]| [bound(0), entry(2, "mail", values), done(2, 0, b"")];
    assert_eq!(given(&values(&["a", "b"]), &limits()).await, Ok(1));
    let error = given(&values(&["a", "b", "c"]), &limits()).await;
    assert_eq!(error, Err(ReadError::TooMuch("max_values")));
}

#[tokio::test]
async fn a_wrong_password_and_a_stray_answer_are_told_apart() {
    let refused = ReadError::Refused { step: Step::Bind, code: 49 };
    assert_eq!(given(&[bound(49)], &limits()).await, Err(refused));
    assert_eq!(given(&[done(1, 0, b"")], &limits()).await, Err(ReadError::Unexpected));
    assert_eq!(given(&[bound(0), done(9, 0, b"")], &limits()).await, Err(ReadError::Unexpected));
    let html = [b"HTTP/1.1 400 Bad Request".to_vec()];
    assert_eq!(given(&html, &limits()).await, Err(ReadError::Malformed(BerFault::Tag)));
    let nothing = Login { password: Zeroizing::new(String::new()), ..login() };
    let server = "ldap://127.0.0.1:1".parse().unwrap();
    let read = read(&server, tls(), &nothing, &wanted(), &limits()).await;
    assert_eq!(read, Err(ReadError::NoPassword));
}

fn tls() -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Arc::new(config)
}

#[tokio::test]
async fn a_silent_server_and_a_slow_one_are_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server { host: "127.0.0.1".to_owned(), port, tls: Tls::Never };
    let short = Duration::from_millis(200);
    let silent = Limits { silence: short, ..limits() };
    assert_eq!(read(&server, tls(), &login(), &wanted(), &silent).await, Err(ReadError::Slow));
    // An octet now and then is not silence.
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            held.push(tokio::spawn(async move {
                for octet in bound(0).into_iter().chain(entry(2, "mail", &["a@a.example"])) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    let _ = stream.write_all(&[octet]).await;
                }
            }));
        }
    });
    let slow = Limits { whole: short, ..limits() };
    assert_eq!(read(&server, tls(), &login(), &wanted(), &slow).await, Err(ReadError::Slow));
}

#[tokio::test]
async fn no_password_goes_out_before_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server { host: "127.0.0.1".to_owned(), port, tls: Tls::Start };
    let hearing = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // unavailable: the server has no TLS.
        stream.write_all(&result(0x78, 1, 52, &[])).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        heard
    });
    let refused = Err(ReadError::Refused { step: Step::StartTls, code: 52 });
    assert_eq!(read(&server, tls(), &login(), &wanted(), &limits()).await, refused);
    assert_eq!(hearing.await.unwrap(), message::start_tls(1));
}
