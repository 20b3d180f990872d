//! STARTTLS and AUTH.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use ssmax_gateway::listen::{AuthRule, ListenerConfig, Login, TlsFault, TlsServer};
use std::{path::Path, sync::Arc};
use tokio_rustls::TlsConnector;

use crate::support::{Client, Server, make_certificates, smtp, start};

fn plain(user: &str, password: &str) -> String {
    format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{user}\0{password}")))
}

fn with_tls(directory: &Path) -> ListenerConfig {
    make_certificates(directory);
    let read = |name| std::fs::read(directory.join(name)).unwrap();
    let mut config = smtp();
    config.auth = AuthRule::Required;
    config.tls = Some(TlsServer::from_pem(&read("server.pem"), &read("server.key")).unwrap());
    config
}

fn without_tls() -> ListenerConfig {
    let mut config = smtp();
    config.auth = AuthRule::Offered;
    config.allow_plaintext_auth = true;
    config
}

async fn over_tls(server: &Server, directory: &Path) -> Client {
    let mut client = Client::hello(server).await;
    client.expect("STARTTLS", "220 2.0.0").await;
    let mut roots = RootCertStore::empty();
    let pem = std::fs::read(directory.join("ca.pem")).unwrap();
    roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, client.into_stream()).await;
    Client::over(stream.unwrap())
}

#[tokio::test]
async fn tls_then_auth_then_mail_and_the_journey_knows_who() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(with_tls(directory.path())).await;
    let mut client = Client::connect(&server).await;
    let offered = client.say("EHLO c").await;
    assert!(offered.contains("STARTTLS") && !offered.contains("AUTH"), "{offered}");
    client.expect(&plain("alice", "open sesame"), "538 5.7.11").await;
    client.expect("MAIL FROM:<alice@a.example>", "530 5.7.0").await;
    let mut client = over_tls(&server, directory.path()).await;
    client.expect("MAIL FROM:<alice@a.example>", "503 5.5.1").await;
    let offered = client.say("EHLO c").await;
    assert!(!offered.contains("STARTTLS") && offered.contains("AUTH PLAIN LOGIN"), "{offered}");
    client.expect("STARTTLS", "503 5.5.1").await;
    client.expect(&plain("alice", "open sesame"), "235 2.7.0").await;
    client.expect(&plain("alice", "open sesame"), "503 5.5.1").await;
    assert!(!client.say("EHLO c").await.contains("AUTH"));
    client.begin(&["bob@b.example"]).await;
    client.send(b"Subject: a\r\n\r\nb\r\n.\r\n").await;
    assert!(client.reply().await.starts_with("250 "));
    let (envelope, _) = server.journey.mails().remove(0);
    assert!(envelope.tls);
    let login = Login { user: "alice".into(), method: "PLAIN".into(), aal: 2 };
    assert_eq!(envelope.auth, Some(login));
    assert_eq!(server.journey.log_ins(), ["PLAIN alice"]);
}

#[tokio::test]
async fn commands_piped_behind_starttls_end_the_session() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(with_tls(directory.path())).await;
    let mut client = Client::hello(&server).await;
    client.send(b"STARTTLS\r\nEHLO x\r\nMAIL FROM:<x@y.example>\r\n").await;
    assert!(client.reply().await.starts_with("554 5.5.0 "));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn commands_in_clear_after_starttls_break_the_handshake() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(with_tls(directory.path())).await;
    let mut client = Client::hello(&server).await;
    client.expect("STARTTLS", "220").await;
    client.send(b"EHLO x\r\nMAIL FROM:<x@y.example>\r\n").await;
    let mut answer = Vec::new();
    let mut stream = client.into_stream();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
    assert!(!answer.windows(3).any(|octets| octets == b"250"), "{answer:?}");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_certificates(one.path());
    make_certificates(other.path());
    let read =
        |directory: &tempfile::TempDir, name| std::fs::read(directory.path().join(name)).unwrap();
    let fault = TlsServer::from_pem(&read(&one, "server.pem"), &read(&other, "server.key")).err();
    assert_eq!(fault, Some(TlsFault::Mismatch));
}

#[tokio::test]
async fn plain_and_login_work_in_each_of_their_forms() {
    let server = start(without_tls()).await;
    let alice = STANDARD.encode("alice");
    let password = STANDARD.encode("open sesame");
    let whole = STANDARD.encode("alice\0alice\0open sesame");
    let forms: [&[(&str, &str)]; 4] = [
        &[(&format!("auth plain {whole}"), "235 2.7.0")],
        &[("AUTH PLAIN", "334 "), (&whole, "235 2.7.0")],
        &[
            ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
            (&alice, "334 UGFzc3dvcmQ6"),
            (&password, "235 2.7.0"),
        ],
        &[(&format!("AUTH LOGIN {alice}"), "334 UGFzc3dvcmQ6"), (&password, "235 2.7.0")],
    ];
    for form in forms {
        let mut client = Client::hello(&server).await;
        for (line, beginning) in form {
            client.expect(line, beginning).await;
        }
    }
}

#[tokio::test]
async fn after_three_wrong_passwords_no_fourth_is_looked_at() {
    let server = start(without_tls()).await;
    let mut client = Client::hello(&server).await;
    for _ in 0..3 {
        client.expect(&plain("alice", "wrong"), "535 5.7.8").await;
    }
    client.expect(&plain("alice", "open sesame"), "421 4.7.0").await;
    assert!(client.is_closed().await);
    assert_eq!(server.journey.log_ins().len(), 3);
}

#[tokio::test]
async fn wrong_passwords_are_counted_over_all_connections_of_an_address() {
    let mut config = without_tls();
    config.limits.failed_logins_per_hour = 3;
    let server = start(config).await;
    for _ in 0..3 {
        let mut client = Client::hello(&server).await;
        client.expect(&plain("alice", "wrong"), "535 5.7.8").await;
    }
    let mut client = Client::hello(&server).await;
    client.expect(&plain("alice", "open sesame"), "421 4.7.0").await;
    assert!(client.is_closed().await);
    assert_eq!(server.journey.log_ins().len(), 3);
}

#[tokio::test]
async fn right_passwords_are_no_guesses() {
    let mut config = without_tls();
    config.limits.failed_logins_per_hour = 1;
    let server = start(config).await;
    for _ in 0..3 {
        let mut client = Client::hello(&server).await;
        client.expect(&plain("alice", "open sesame"), "235 2.7.0").await;
    }
}

#[tokio::test]
async fn malformed_and_cancelled_exchanges_leave_the_session_in_order() {
    let server = start(without_tls()).await;
    let mut client = Client::hello(&server).await;
    client.expect("AUTH PLAIN ???", "501 5.5.2").await;
    client.expect("AUTH PLAIN =", "501 5.5.2").await;
    client
        .expect(&format!("AUTH PLAIN {}", STANDARD.encode("bob\0alice\0open sesame")), "501 5.5.2")
        .await;
    client.expect("AUTH LOGIN", "334").await;
    client.expect("*", "501 5.5.0").await;
    client.expect("AUTH LOGIN", "334").await;
    client.expect("!", "334").await;
    client.expect("!", "501 5.5.2").await;
    client.expect("AUTH CRAM-MD5", "504 5.5.4").await;
    client.expect(&plain("broken", "x"), "454 4.7.0").await;
    assert_eq!(server.journey.log_ins(), ["PLAIN broken"]);
    client.expect("MAIL FROM:<a@a.example>", "250").await;
    client.expect(&plain("alice", "open sesame"), "503 5.5.1").await;
}

#[tokio::test]
async fn without_the_setting_no_password_is_taken_in_clear_even_on_loopback() {
    let mut config = without_tls();
    config.allow_plaintext_auth = false;
    let server = start(config).await;
    let mut client = Client::connect(&server).await;
    assert!(!client.say("EHLO c").await.contains("AUTH"));
    client.expect(&plain("alice", "open sesame"), "538 5.7.11").await;
    assert!(server.journey.log_ins().is_empty());
}
