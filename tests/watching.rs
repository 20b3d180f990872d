//! A member watched over HTTP, with mail on its way.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_support::site::desk::Desk;
use ssmax_support::site::{Said, Site};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

const ROLES: [&str; 5] = ["keyserver", "ca", "inspector", "gateway", "watch"];

fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].to_owned(), body.to_owned())
}

/// The value of a sample with exactly these labels.
fn sample(text: &str, sample: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {sample} in\n{text}")).parse().unwrap()
}

#[test]
fn what_happens_to_mail_is_counted_and_nobody_is_named() {
    let site = Site::new();
    let config = site.member_config() + "[watch]\nlisten = \"127.0.0.1:0\"\n";
    site.write("a/ssmax.toml", &config);
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let member = site.serve("a", &[], &ROLES);
    let ready = fs::read(site.path("a/run/watch.ready")).unwrap();
    let ready: serde_json::Value = serde_json::from_slice(&ready).unwrap();
    let address = ready["addresses"]["http"].as_str().unwrap().to_owned();
    let desk = Desk::new(&site);
    desk.learn_from_first_mail();
    let sealed = desk.encrypted("counted", "\r\nHello.\r\n");
    desk.send(&sealed).ends(0);
    // Whoever is ready has a list, and the list has us.
    site.eventually(0, || {
        let (status, out) = get(&address, "/health/ready");
        Said { exit: i32::from(status != "200"), out, err: String::new() }
    });
    let said = site.eventually(0, || {
        let (_, text) = get(&address, "/metrics");
        let counted = text.contains("ssmax_stage_seconds_count");
        Said { exit: i32::from(!counted), out: text, err: String::new() }
    });
    let text = said.out;
    for role in ["keyserver", "ca", "inspector", "gateway", "watch", "supervisor"] {
        assert_eq!(
            sample(&text, &format!("ssmax_up{{role=\"{role}\"}}")).to_bits(),
            1f64.to_bits()
        );
    }
    for one in [
        r#"ssmax_mails_total{role="gateway",direction="outbound",outcome="passed"}"#,
        r#"ssmax_recipients_total{role="gateway",direction="outbound",outcome="passed",stage="none",reason="none"}"#,
        r#"ssmax_mail_bytes_total{role="gateway",direction="outbound"}"#,
        r#"ssmax_replies_total{role="gateway",direction="outbound",class="2"}"#,
        r#"ssmax_sessions_total{role="gateway",listener="submission",result="served"}"#,
        r#"ssmax_stage_seconds_count{role="gateway",direction="outbound",stage="accept"}"#,
        r#"ssmax_stage_seconds_count{role="gateway",direction="outbound",stage="authenticate"}"#,
        r#"ssmax_stage_seconds_count{role="gateway",direction="outbound",stage="inspect"}"#,
        r#"ssmax_last_mail_timestamp_seconds{role="gateway",direction="outbound"}"#,
        r#"ssmax_member_list_version{role="gateway"}"#,
        r#"ssmax_member_list_version{role="keyserver"}"#,
        r#"ssmax_member_list_fetched_timestamp_seconds{role="gateway"}"#,
        r#"ssmax_member_standing{role="keyserver",standing="good"}"#,
        r#"ssmax_keyserver_operations_total{role="keyserver",operation="admit-outbound",result="ok"}"#,
        r#"ssmax_keyserver_operations_total{role="keyserver",operation="seal",result="ok"}"#,
        r#"ssmax_private_key_operations_total{role="keyserver",purpose="submission-encryption",operation="agree",result="ok"}"#,
        r#"ssmax_private_key_operations_total{role="keyserver",purpose="seal",operation="sign",result="ok"}"#,
        r#"ssmax_certificate_expiry_timestamp_seconds{role="keyserver",certificate="organisation-signing"}"#,
        r#"ssmax_certificate_expiry_timestamp_seconds{role="ca",certificate="member-ca"}"#,
        r#"ssmax_inspections_total{role="inspector",outcome="pass"}"#,
        r#"ssmax_workers_limit{role="inspector"}"#,
        r#"ssmax_logins_total{role="ca",result="ok"}"#,
        r#"ssmax_certificates_issued_total{role="ca",kind="user"}"#,
        r#"ssmax_store_bytes{role="gateway",store="journal"}"#,
        r#"ssmax_resident_memory_bytes{role="inspector"}"#,
    ] {
        assert!(sample(&text, one) > 0.0, "{one}\n{text}");
    }
    for one in [
        r#"ssmax_held_mails{role="gateway"}"#,
        r#"ssmax_workers_running{role="inspector"}"#,
        r#"ssmax_worker_kills_total{role="inspector",cause="memory"}"#,
        r#"ssmax_restarts_total{role="supervisor",child="gateway"}"#,
    ] {
        assert!(sample(&text, one) == 0.0, "{one}\n{text}");
    }
    for word in ["alice", "taro", "a.example", "counted", "NTRJP", "127.0.0.1"] {
        assert!(!text.contains(word), "{word}\n{text}");
    }
    member.stop();
    if has_promtool() {
        promtool_agrees_with(&text);
    }
}

fn promtool_agrees_with(text: &str) {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

/// Whether promtool is there; in CI it has to be.
fn has_promtool() -> bool {
    let there = Command::new("promtool").arg("--version").output().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "promtool is not installed");
    if !there {
        println!("skipped: promtool is not installed");
    }
    there
}
