//! Peers with good certificates that do what no role does.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use ssmax_daemon::call::{CallError, Client};
use ssmax_daemon::denied::Denied;
use ssmax_daemon::endpoint::Remote;
use ssmax_daemon::listen::Limits;
use ssmax_daemon::port::PortLimits;
use ssmax_daemon::tls::{Identity, role_name};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{Ca, Host, Keyserver, LONG, MEMBER, ask, hosts};

type Key = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn key_of(host: &Host) -> Key {
    let pem = std::fs::read(host.place().role_file(host.role)).unwrap();
    let certificate = CertificateDer::from_pem_slice(&pem).unwrap();
    (vec![certificate], PrivateKeyDer::from_pem_slice(&pem).unwrap())
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// What a caller of this host's certificate says by itself.
async fn caller(host: &Host, ca: &Ca, address: &str) -> impl AsyncRead + AsyncWrite + Unpin {
    let (chain, key) = key_of(host);
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(ca.certificate.der().to_vec())).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from(role_name("keyserver", MEMBER)).unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap()
}

/// A server of this host's certificate that greets, and answers each request of five octets
/// with `answer`, again and again if it is `endless`.
async fn server(host: &Host, answer: &'static [u8], endless: bool) -> String {
    let (chain, key) = key_of(host);
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut tls = acceptor.accept(tcp).await.unwrap();
                tls.write_all(&[1]).await.unwrap();
                tls.flush().await.unwrap();
                let mut request = [0; 5];
                while tls.read_exact(&mut request).await.is_ok() {
                    while tls.write_all(answer).await.is_ok()
                        && tls.flush().await.is_ok()
                        && endless
                    {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            });
        }
    });
    address
}

/// More octets a second than the pace asks for.
#[tokio::test]
async fn whoever_only_pulses_is_waited_for_no_longer_than_anybody_else() {
    const ZEROS: &[u8] = &[0; 16 * 1024];
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let client = gateway.client("keyserver", &[&server(&keys, ZEROS, true).await]);
    let called = client.call::<u64, u64>(&1, Duration::from_secs(2));
    let answer = tokio::time::timeout(LONG, called).await.expect("an end");
    assert_eq!(answer, Err(CallError::Malformed));
}

/// Its first request comes after the end of the connection's time, with others behind it.
#[tokio::test]
async fn a_caller_that_always_has_a_request_ahead_is_ended_in_time() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let limits = Limits { lifetime: Duration::from_millis(300), ..Limits::default() };
    let served = Keyserver::bounded(&keys, "127.0.0.1:0", &[], limits, PortLimits::default());
    let mut stream = caller(&gateway, &ca, &served.address).await;
    assert_eq!(stream.read_u8().await.unwrap(), 1);
    let mut answers = 0;
    let talk = async {
        let mut answer = [0; 5];
        loop {
            // Two at a time: there is always one that waits.
            stream.write_all(&[0, 0, 0, 1, 1].repeat(2)).await?;
            stream.flush().await?;
            stream.read_exact(&mut answer).await?;
            answers += 1;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let ended: Result<std::io::Result<()>, _> = tokio::time::timeout(LONG, talk).await;
    assert!(ended.expect("an end").is_err());
    assert!(answers > 0);
}

#[tokio::test]
async fn a_kept_connection_is_used_no_more_once_its_server_is_denied() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let address = server(&keys, &[0, 0, 0, 1, 7], false).await;
    let (file, denied) = denied_file(&gateway, "# none\n");
    let identity = Identity::open(gateway.place(), MEMBER, "gateway", &[], &denied).unwrap();
    let client = Client::new(Remote::new(Arc::new(identity), "keyserver", vec![address]));
    assert_eq!(ask(&client, 1).await, Ok(7));
    assert_eq!(ask(&client, 1).await, Ok(7));
    std::fs::write(&file, format!("{}\n", hex::encode(keys.certificate().sha256()))).unwrap();
    assert_eq!(ask(&client, 1).await, Err(CallError::Untrusted));
}

/// An editor leaves a mode that is refused; mended, nothing but the mode has changed.
#[tokio::test]
async fn a_mended_file_of_the_denied_is_taken_up() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let (file, denied) = denied_file(&keys, "# none\n");
    let identity = Identity::open(keys.place(), MEMBER, "keyserver", &["gateway"], &denied);
    let served = Keyserver::as_identity(&keys, Arc::new(identity.unwrap()));
    let client = || gateway.client("keyserver", &[&served.address]);
    assert_eq!(ask(&client(), 1).await, Ok(2));
    let mode = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o664);
    std::fs::write(&file, format!("{}\n", hex::encode(gateway.certificate().sha256()))).unwrap();
    assert_eq!(ask(&client(), 1).await, Ok(2), "what cannot be used leaves what was there");
    mode(0o644);
    let refused = async {
        while ask(&client(), 1).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LONG, refused).await.expect("a refusal");
    served.end().await;
}

fn denied_file(host: &Host, text: &str) -> (std::path::PathBuf, Denied) {
    let file = host.dir.path().join("denied");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    (file.clone(), Denied { listed: vec![], file: Some(file) })
}
