//! A peer that we did not write: OpenSSL.

use crate::{Ca, Host, Keyserver, MEMBER, hosts, text};
use ssmax_daemon::tls::role_name;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use tokio::process::Command;

/// `openssl s_client` that sends a request (21, in a frame) and waits for an answer.
async fn s_client(address: &str, more: &[&str]) -> Output {
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", address, "-quiet", "-verify_quiet", "-no_ign_eof"])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let waiting = tokio::spawn(child.wait_with_output());
    // What comes after its own end of input is not shown, so that comes late.
    let _ = tokio::io::AsyncWriteExt::write_all(&mut input, &[0, 0, 0, 1, 21]).await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    drop(input);
    waiting.await.unwrap().unwrap()
}

fn files(host: &Host) -> (String, String) {
    (text(&host.place().role_file(host.role)), text(&host.place().ca_file()))
}

/// The greeting, and a frame with 42.
pub(crate) const ANSWER: [u8; 7] = [1, 0, 0, 0, 2, 24, 42];

/// What the server says to this host.
pub(crate) async fn answered(address: &str, caller: &Host) -> Vec<u8> {
    let (own, ca) = files(caller);
    s_client(address, &["-tls1_3", "-cert", &own, "-key", &own, "-CAfile", &ca]).await.stdout
}

/// A server with the certificate of this host, which greets whoever comes.
pub(crate) async fn server(host: &Host) -> (String, tokio::process::Child) {
    let (own, _) = files(host);
    let mut ports = ssmax_daemon::ports::Ports::claim().unwrap();
    let address = ports.free(std::net::Ipv4Addr::LOCALHOST.into()).unwrap().to_string();
    let mut child = Command::new("openssl")
        .args(["s_server", "-accept", &address, "-cert", &own, "-key", &own, "-quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let input = child.stdin.as_mut().unwrap();
    tokio::io::AsyncWriteExt::write_all(input, &[1]).await.unwrap();
    while tokio::net::TcpStream::connect(&address).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    (address, child)
}

/// The certificate that the server shows, PEM.
pub(crate) async fn shown(address: &str, caller: &Host) -> String {
    let (own, ca) = files(caller);
    let output = Command::new("openssl")
        .args(["s_client", "-connect", address, "-showcerts", "-CAfile", &ca])
        .args(["-cert", &own, "-key", &own])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let begin = said.find("-----BEGIN CERTIFICATE-----").expect("no certificate");
    said[begin..].split("-----END CERTIFICATE-----").next().unwrap().to_owned()
}

#[tokio::test]
async fn openssl_is_answered_with_a_roles_certificate_and_checks_ours() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    let (own, trust) = files(&gateway);
    let name = role_name("keyserver", MEMBER);
    let with = ["-tls1_3", "-cert", &own, "-key", &own, "-CAfile", &trust];
    let check = ["-verify_return_error", "-verify_hostname", &name];
    let output = s_client(&served.address, &[&with[..], &check].concat()).await;
    assert_eq!(output.stdout, ANSWER, "{}", String::from_utf8_lossy(&output.stderr));
    // OpenSSL finds a server that is another role as well.
    let other = role_name("ca", MEMBER);
    let check = ["-verify_return_error", "-verify_hostname", &other];
    let output = s_client(&served.address, &[&with[..], &check].concat()).await;
    assert!(output.stdout.is_empty() && !output.status.success());
    assert_eq!(served.end().await, 1);
}

#[tokio::test]
async fn without_a_certificate_with_an_expired_one_or_with_tls_1_2_nobody_gets_in() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let served = Keyserver::start(&keys);
    let (own, trust) = files(&gateway);
    let expired = Host::with("gateway", &[&ca], &ca.role("gateway", MEMBER, -50, 40));
    let (late, _) = files(&expired);
    let cases: [(&str, &[&str], &str); 3] = [
        ("without", &["-tls1_3"], "certificate required"),
        ("expired", &["-tls1_3", "-cert", &late, "-key", &late], "certificate expired"),
        ("tls 1.2", &["-tls1_2", "-cert", &own, "-key", &own], "protocol version"),
    ];
    for (case, more, alert) in cases {
        let more = [more, &["-CAfile", &trust][..]].concat();
        let output = s_client(&served.address, &more).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stdout.is_empty(), "{case}: {:?}", output.stdout);
        assert!(said.contains(alert), "{case}: {said}");
    }
    assert_eq!(served.end().await, 0);
}

#[tokio::test]
async fn openssl_verifies_a_roles_certificate_for_both_directions_and_gets_no_session() {
    let ca = Ca::new();
    let (keys, gateway) = hosts(&ca);
    let (own, trust) = files(&gateway);
    for purpose in ["sslserver", "sslclient"] {
        let output = Command::new("openssl")
            .args(["verify", "-x509_strict", "-purpose", purpose, "-CAfile", &trust, &own])
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{purpose}: {said}");
    }
    let served = Keyserver::start(&keys);
    let session: PathBuf = gateway.dir.path().join("session");
    let session = text(&session);
    let with = ["-tls1_3", "-cert", &own, "-key", &own, "-CAfile", &trust, "-sess_out", &session];
    let output = s_client(&served.address, &with).await;
    assert_eq!(output.stdout, ANSWER);
    // No ticket was given, so there is nothing to come back with but the certificate.
    assert!(!PathBuf::from(session).exists());
    served.end().await;
}
