//! A client that others wrote.

use std::{path::Path, process::Stdio};

use ssmax_gateway::listen::{AuthRule, ListenerConfig, TlsServer};
use tokio::process::Command;

use crate::support::{Server, lmtp, make_certificates, smtp, start};

const SWAKS: &str = "/usr/bin/swaks";
/// Its exit code when it was installed without the module it needs.
const NO_MODULE: i32 = 10;

/// Runs swaks against a server; `None` if it is not installed.
async fn swaks(server: &Server, arguments: &[&str]) -> Option<(i32, String)> {
    if !Path::new(SWAKS).exists() {
        println!("skipped: {SWAKS} is not installed");
        return None;
    }
    let output = Command::new(SWAKS)
        .args(["--server", &server.address.to_string(), "--from", "alice@a.example", "--helo", "c"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some((output.status.code().unwrap_or(-1), said))
}

fn with_auth() -> ListenerConfig {
    let mut config = smtp();
    config.auth = AuthRule::Required;
    config.allow_plaintext_auth = true;
    config
}

#[tokio::test]
async fn swaks_logs_in_and_sends() {
    let server = start(with_auth()).await;
    for mechanism in ["PLAIN", "LOGIN"] {
        let arguments = [
            "--to",
            "bob@b.example",
            "--auth",
            mechanism,
            "--auth-user",
            "alice",
            "--auth-password",
            "open sesame",
        ];
        let Some((code, said)) = swaks(&server, &arguments).await else { return };
        assert_eq!(code, 0, "{said}");
    }
    let arguments = [
        "--to",
        "bob@b.example",
        "--auth",
        "PLAIN",
        "--auth-user",
        "alice",
        "--auth-password",
        "wrong",
    ];
    let Some((code, said)) = swaks(&server, &arguments).await else { return };
    assert_ne!(code, 0);
    assert!(said.contains("535 5.7.8"), "{said}");
    let methods: Vec<_> = server
        .journey
        .mails()
        .into_iter()
        .filter_map(|(e, _)| e.auth)
        .map(|login| login.method)
        .collect();
    assert_eq!(methods, ["PLAIN", "LOGIN"]);
}

#[tokio::test]
async fn swaks_starts_tls() {
    let directory = tempfile::tempdir().unwrap();
    make_certificates(directory.path());
    let read = |name| std::fs::read(directory.path().join(name)).unwrap();
    let mut config = smtp();
    config.tls = Some(TlsServer::from_pem(&read("server.pem"), &read("server.key")).unwrap());
    let server = start(config).await;
    let Some((code, said)) = swaks(&server, &["--to", "bob@b.example", "--tls"]).await else {
        return;
    };
    if code == NO_MODULE {
        println!("skipped: this swaks has no TLS");
        return;
    }
    assert_eq!(code, 0, "{said}");
    assert!(server.journey.mails()[0].0.tls);
}

#[tokio::test]
async fn swaks_pipelines() {
    let server = start(smtp()).await;
    let arguments = ["--to", "bob@b.example,dave@b.example", "--pipeline"];
    let Some((code, said)) = swaks(&server, &arguments).await else { return };
    assert_eq!(code, 0, "{said}");
    assert_eq!(server.journey.mails()[0].0.recipients.len(), 2);
}

#[tokio::test]
async fn swaks_speaks_lmtp() {
    let server = start(lmtp()).await;
    let arguments = ["--to", "bob@b.example", "--protocol", "LMTP"];
    let Some((code, said)) = swaks(&server, &arguments).await else { return };
    assert_eq!(code, 0, "{said}");
    assert_eq!(server.journey.mails().len(), 1);
}
