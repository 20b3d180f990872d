//! `ssmax demo` as a stranger would check it: with programs we did not write.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const SSMAX: &str = env!("CARGO_BIN_EXE_ssmax");

/// Whether a program may be missing: never in CI.
fn may_skip(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return false;
    }
    assert!(std::env::var("CI").is_err(), "{program} is missing in CI");
    println!("skipped: {program} is not installed");
    true
}

fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn record(dir: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(dir.join("demo.json")).unwrap()).unwrap()
}

fn sha256(octets: &[u8]) -> String {
    hex::encode(ssmax_primitives::sha256(octets))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[test]
fn the_demo_ends_well_twice_and_openssl_and_nss_read_what_arrived() {
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("d");
    let demo = || run(SSMAX, &["--lang", "ja", "demo", "--dir", dir.to_str().unwrap()]);
    let first = String::from_utf8(demo().stdout).unwrap();
    assert!(first.contains("すべてあるべき結果"), "{first}");
    let record = record(&dir);
    check_stopped(&record);
    check_delivered(&record, place.path());
    let second = String::from_utf8(demo().stdout).unwrap();
    assert!(second.contains("すべてあるべき結果"), "{second}");
    check_modes(&dir);
    the_logs_fit_the_journals(&dir);
    no_secret_in_logs(&dir);
}

/// Both keyservers' logs are unbroken, and tell of every mail that passed; one that was
/// changed is found.
fn the_logs_fit_the_journals(dir: &Path) {
    for member in ["a", "b"] {
        let config = dir.join(member).join("ssmax.toml");
        let verify = ["--json", "audit", "verify", "--config", config.to_str().unwrap()];
        let said = run(SSMAX, &verify);
        let facts: Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(facts["verdict"], "good", "{facts}");
        assert!(facts["rows"].as_u64().unwrap() > 20, "{facts}");
        assert!(facts["tickets"].as_u64().unwrap() > 2, "{facts}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let log = dir.join("a/state/keyserver/audit.sqlite");
    runtime.block_on(async {
        use ssmax_store::sqlx::{self, SqlitePool};
        let pool = SqlitePool::connect(&format!("sqlite:{}", log.display())).await.unwrap();
        let edit = "UPDATE audit SET row = replace(row, 'pass', 'hold') WHERE row LIKE '%verdict%'";
        assert!(sqlx::query(edit).execute(&pool).await.unwrap().rows_affected() > 0);
        pool.close().await;
    });
    let config = dir.join("a/ssmax.toml");
    let said = Command::new(SSMAX)
        .args(["audit", "verify", "--config", config.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(1), "{said:?}");
}

#[test]
fn the_demo_ends_the_same_with_keys_in_tokens_and_mail_waits_for_a_token_that_is_away() {
    if may_skip("softhsm2-util") || may_skip("swaks") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("d");
    let staying = Staying::start(&dir, &["--hsm"]);
    let record = record(&dir);
    assert_eq!(record["failed"].as_array().unwrap().len(), 0, "{record}");
    check_stopped(&record);
    check_delivered(&record, place.path());
    check_modes(&dir);
    no_secret_in_logs(&dir);
    check_homes(&dir, &record);
    for site in ["a", "b"] {
        let pin = std::fs::read_to_string(dir.join(site).join("pin.secret")).unwrap();
        let log = std::fs::read_to_string(dir.join(site).join("run/serve.log")).unwrap();
        assert!(log.contains("logged in to a token"), "{log}");
        assert!(!log.contains(pin.trim()), "the PIN is in the log of {site}");
    }

    // The token is taken away: mail is put off. It is back: mail passes, and no role was
    // started again.
    let before = staying.arrived();
    let (here, away) = (dir.join("hsm/tokens"), dir.join("hsm/away"));
    std::fs::rename(&here, &away).unwrap();
    std::fs::create_dir(&here).unwrap();
    let sent = staying.sends();
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    assert!(said.contains("<** 451 4.3.0 SSMAX-9001"), "{said}");
    std::fs::remove_dir(&here).unwrap();
    std::fs::rename(&away, &here).unwrap();
    wait_until("the token's return", || staying.sends().status.success());
    wait_until("the mail's arrival", || staying.arrived() > before);
    let pid = record["pids"]["a.keyserver"].as_u64().unwrap();
    assert!(Path::new(&format!("/proc/{pid}")).exists(), "the keyserver has ended");
}

/// A's and B's keys are in tokens but for people's escrowed ones; C's are in files.
fn check_homes(dir: &Path, record: &Value) {
    let homes = record["keys"].as_object().unwrap();
    for purpose in [
        "organisation-signing",
        "federation-encryption",
        "submission-encryption",
        "seal",
        "archive",
    ] {
        for (site, home) in [("a", "token"), ("b", "token"), ("c", "file")] {
            assert_eq!(homes[&format!("{site}.{purpose}")], home, "{site} {purpose}");
        }
    }
    assert_eq!(homes["a.user-encryption"], "file");
    for (role, keys) in [("keyserver", "seal"), ("ca", "seal-ca"), ("ca", "member-ca")] {
        let mut folders = vec![dir.join("b/state").join(role).join("keys/keys").join(keys)];
        let mut files = 0;
        while let Some(path) = folders.pop() {
            for entry in std::fs::read_dir(path).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                assert!(std::fs::read(path).unwrap().starts_with(b"SSMAXREF"));
                files += 1;
            }
        }
        assert_eq!(files, 1, "{role} {keys}");
    }
}

fn check_stopped(record: &Value) {
    let found: Vec<(&str, &str, &str, &str)> = record["stopped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(one, "case"), text(one, "at"), text(one, "where"), text(one, "reason")))
        .collect();
    assert_eq!(
        found,
        [
            ("3", "a", "outbound.inspect", "leak-found"),
            ("4", "b", "inbound.inspect", "malware-inside"),
            ("5", "a", "outbound.authenticate", "signer-not-from"),
            ("8", "a", "outbound.authenticate", "ciphertext-of-another"),
            ("9", "b", "inbound.authenticate", "ciphertext-not-bound"),
            ("6-stranger", "b", "inbound.authenticate", "organisation-not-member"),
            ("6-suspended", "b", "inbound.authenticate", "organisation-suspended"),
        ]
    );
}

fn check_delivered(record: &Value, scratch: &Path) {
    let delivered = record["delivered"].as_array().unwrap();
    let cases: Vec<(&str, &str)> =
        delivered.iter().map(|one| (text(one, "case"), text(one, "recipient"))).collect();
    assert_eq!(
        cases,
        [
            ("1", "bob@b.example"),
            ("2", "bob@b.example"),
            ("2", "dave@b.example"),
            ("2", "carol@a.example"),
            ("7", "alice@a.example"),
        ]
    );
    if may_skip("openssl") {
        return;
    }
    let at = |name: &str| scratch.join(name).to_str().unwrap().to_owned();
    for one in delivered {
        let (file, key) = (text(one, "file"), text(one, "key"));
        let (inner, out, signer) = (at("inner"), at("out"), at("signer"));
        run("openssl", &["cms", "-decrypt", "-in", file, "-inkey", key, "-out", &inner]);
        run(
            "openssl",
            &[
                "cms",
                "-verify",
                "-in",
                &inner,
                "-CAfile",
                text(one, "trust"),
                "-signer",
                &signer,
                "-out",
                &out,
            ],
        );
        assert_eq!(sha256(&std::fs::read(&out).unwrap()), text(one, "body_sha256"), "{one}");
        let addresses = run("openssl", &["x509", "-in", &signer, "-noout", "-email"]).stdout;
        let from = if text(one, "case") == "7" { "bob@b.example" } else { "alice@a.example" };
        assert_eq!(String::from_utf8(addresses).unwrap().trim(), from);
        // The same by our own commands.
        let plain = at("plain");
        run(SSMAX, &["decrypt", file, "--key", key, "--out", "-"]);
        let judged = run(
            SSMAX,
            &[
                "--json",
                "mail",
                "open",
                file,
                "--key",
                key,
                "--trust",
                text(one, "trust"),
                "--out",
                &plain,
            ],
        );
        let judged: Value = serde_json::from_slice(&judged.stdout).unwrap();
        assert_eq!((text(&judged, "verdict"), text(&judged, "from")), ("good", from));
        let verdict = run(SSMAX, &["--json", "verify", &plain, "--trust", text(one, "trust")]);
        let verdict: Value = serde_json::from_slice(&verdict.stdout).unwrap();
        assert_eq!((text(&verdict, "verdict"), text(&verdict, "signer")), ("good", from));
        std::fs::remove_file(&plain).unwrap();
    }
    if !may_skip("cmsutil") && !may_skip("pk12util") && !may_skip("certutil") {
        nss_reads(&delivered[0], scratch);
    }
}

/// NSS opens bob's mail: both layers, and the content octet for octet.
fn nss_reads(delivered: &Value, scratch: &Path) {
    let db = scratch.join("nss");
    std::fs::create_dir(&db).unwrap();
    let db = format!("sql:{}", db.display());
    let at = |name: &str| scratch.join(name).to_str().unwrap().to_owned();
    run("certutil", &["-N", "-d", &db, "--empty-password"]);
    run(
        "certutil",
        &["-A", "-d", &db, "-n", "seal", "-t", ",C,", "-a", "-i", text(delivered, "trust")],
    );
    let p12 = at("bob.p12");
    run(
        "openssl",
        &[
            "pkcs12",
            "-export",
            "-inkey",
            text(delivered, "key"),
            "-in",
            text(delivered, "cert"),
            "-name",
            "bob",
            "-passout",
            "pass:nss",
            "-out",
            &p12,
        ],
    );
    run("pk12util", &["-i", &p12, "-d", &db, "-W", "nss"]);
    let (der, inner) = (at("mail.der"), at("nss-inner"));
    run(
        "openssl",
        &["cms", "-cmsout", "-in", text(delivered, "file"), "-outform", "DER", "-out", &der],
    );
    run("cmsutil", &["-D", "-d", &db, "-i", &der, "-o", &inner]);
    let inner = std::fs::read(&inner).unwrap();
    let mail = ssmax_mail::parse(&inner, &ssmax_mail::Limits::default()).unwrap();
    let [content, signature] = mail.children() else { panic!("not multipart/signed") };
    assert_eq!(sha256(content.raw()), text(delivered, "body_sha256"));
    let (body, sig) = (at("nss-content"), at("nss-signature"));
    std::fs::write(&body, content.raw()).unwrap();
    std::fs::write(&sig, signature.decoded_body().unwrap()).unwrap();
    run("cmsutil", &["-D", "-d", &db, "-i", &sig, "-c", &body, "-u", "4", "-o", &at("nss-out")]);
}

/// Secrets are their owner's alone.
fn check_modes(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mut queue = vec![dir.to_path_buf()];
    let mut files = 0;
    while let Some(path) = queue.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let meta = std::fs::symlink_metadata(&path).unwrap();
            if meta.is_dir() {
                queue.push(path);
            } else if path.extension().is_some_and(|end| end != "log") || path.ends_with("secret") {
                // What is known of the federation is no secret, but only its owner's to change.
                let public = path.parent().is_some_and(|dir| dir.ends_with("state/federation"));
                let forbidden = if public { 0o022 } else { 0o077 };
                assert_eq!(meta.permissions().mode() & forbidden, 0, "{path:?}");
                files += 1;
            }
        }
    }
    assert!(files > 50, "only {files} files were looked at");
}

/// What people typed and wrote is in no log.
fn no_secret_in_logs(dir: &Path) {
    let secret = std::fs::read_to_string(dir.join("a/people/alice/secret")).unwrap();
    for site in ["authority", "a", "b", "c"] {
        let log = std::fs::read_to_string(dir.join(site).join("run/serve.log")).unwrap();
        assert!(log.contains("INFO"), "{site} logs nothing");
        for word in [secret.as_str(), "123456789018", "お世話", "PRIVATE KEY", "御見積書"] {
            assert!(!log.contains(word), "{word:?} is in the log of {site}");
        }
    }
}

/// A demonstration that stays up; ended when dropped.
struct Staying {
    child: Child,
    swaks: String,
    dir: PathBuf,
}

impl Staying {
    fn start(dir: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(SSMAX)
            .args(["--lang", "en", "demo", "--stay", "--no-restart", "--dir"])
            .arg(dir)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let swaks = lines.map_while(Result::ok).find(|line| line.starts_with("swaks "));
        Self { child, swaks: swaks.expect("no swaks line"), dir: dir.to_path_buf() }
    }

    fn sends(&self) -> Output {
        Command::new("sh").args(["-c", &self.swaks]).output().unwrap()
    }

    fn arrived(&self) -> usize {
        std::fs::read_dir(self.dir.join("b/mail/b.example/bob/new")).unwrap().count()
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn mail_by_hand_passes_waits_without_the_keyserver_and_passes_again() {
    if may_skip("swaks") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("d");
    let staying = Staying::start(&dir, &[]);
    let before = staying.arrived();
    let sent = staying.sends();
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stdout));
    wait_until("the mail's arrival", || staying.arrived() == before + 1);

    let pid = record(&dir)["pids"]["a.keyserver"].as_u64().unwrap().to_string();
    run("kill", &["-9", &pid]);
    let sent = staying.sends();
    let said = String::from_utf8_lossy(&sent.stdout).into_owned();
    assert!(said.contains("<** 451 4.3.0 SSMAX-9001"), "{said}");

    let mut again = Command::new(SSMAX)
        .args(["serve", "--role", "keyserver", "--config"])
        .arg(dir.join("a/ssmax.toml"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the next mail's passing", || staying.sends().status.success());
    wait_until("the mail's arrival", || staying.arrived() >= before + 2);
    run("kill", &[&again.id().to_string()]);
    assert!(again.wait().unwrap().success(), "the keyserver did not stop gracefully");
}
