//! What everybody may ask about a member's certificates, asked by OpenSSL.

use crate::ROLES;
use ssmax_support::site::Site;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Within this time everybody can know of a revocation.
const TOLD: Duration = Duration::from_secs(60);

fn openssl(site: &Site, line: &str) -> Output {
    let mut command = Command::new("openssl");
    command.args(line.split_ascii_whitespace()).current_dir(site.path("")).output().unwrap()
}

fn good(site: &Site, line: &str) -> String {
    let output = openssl(site, line);
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "openssl {line}\n{said}");
    said
}

/// A member that publishes, with `more` in the section, and its root beside it.
fn publishing(more: &str) -> Site {
    let site = Site::new();
    let port = site.spare_port;
    let config = format!(
        "{}\n[ca.publish]\nurl = \"http://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{port}\"\n\
         directory = \"pki\"\n{more}",
        site.member_config()
    );
    site.write("a/ssmax.toml", &config);
    site.join();
    let admission = fs::read(site.path("admission.json")).unwrap();
    let admission: serde_json::Value = serde_json::from_slice(&admission).unwrap();
    site.write("root.pem", admission["root"].as_str().unwrap());
    site.write("member-ca.pem", admission["member_ca"].as_str().unwrap());
    site
}

fn ask(site: &Site, certificate: &str, more: &str) -> String {
    let port = site.spare_port;
    good(
        site,
        &format!(
            "ocsp -issuer member-ca.pem -cert {certificate} -url http://127.0.0.1:{port}/ocsp \
             -CAfile root.pem -verify_other alice/chain.pem {more}"
        ),
    )
}

fn http(site: &Site, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", site.spare_port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn eventually(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < TOLD, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The CRL of the member CA as a file, and its text.
fn list(site: &Site) -> (String, String) {
    let crls = fs::read_dir(site.path("a/pki")).unwrap().map(|one| one.unwrap().path());
    let texts =
        crls.filter(|path| path.extension().is_some_and(|kind| kind == "crl")).map(|path| {
            let path = path.display().to_string();
            let text =
                good(site, &format!("crl -in {path} -inform DER -noout -text -nameopt utf8"));
            (path, text)
        });
    texts.into_iter().find(|(_, text)| !text.contains("Seal CA")).unwrap()
}

#[test]
fn everybody_can_ask_whether_a_certificate_is_revoked() {
    let site = publishing("");
    let _authority = site.serve("authority", &[], &["authority"]);
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    let secret = site.enrol("alice", &["--device-secret"]).ends(0).json()["device_secret"].clone();
    site.write("secret", secret.as_str().unwrap());
    fs::set_permissions(site.path("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    site.enrol("bob", &[]).ends(0);
    let alice = "alice/signing-file.pem";
    let text = good(&site, &format!("x509 -in {alice} -noout -text"));
    let base = format!("URI:http://127.0.0.1:{}/", site.spare_port);
    assert!(text.contains(&format!("OCSP - {base}ocsp")), "{text}");
    assert_eq!(text.matches(&base).count(), 3, "{text}");

    // Nobody is revoked: by POST, with a nonce and without, and two at a time.
    eventually("no responder", || list(&site).1.contains("No Revoked Certificates"));
    for more in ["-nonce", "-no_nonce", "-cert bob/encryption.pem"] {
        let said = ask(&site, alice, more);
        assert!(said.contains("Response verify OK"), "{said}");
        assert!(said.contains(&format!("{alice}: good")), "{said}");
        assert!(!said.contains("WARNING"), "{more}: {said}");
    }
    let said = ask(&site, alice, "-cert bob/encryption.pem");
    assert!(said.contains("bob/encryption.pem: good"), "{said}");
    // By GET, as RFC 5019 has it.
    good(&site, &format!("ocsp -issuer member-ca.pem -cert {alice} -no_nonce -reqout asked"));
    let asked = good(&site, "base64 -A -in asked").trim().replace('/', "%2F").replace('+', "%2B");
    let said = http(&site, &format!("GET /ocsp/{asked} HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert!(said.contains("application/ocsp-response") && said.contains("max-age=60"), "{said}");
    // Another CA's certificate, and one that was never issued.
    let said = openssl(
        &site,
        &format!(
            "ocsp -issuer root.pem -cert {alice} -url http://127.0.0.1:{}/ocsp",
            site.spare_port
        ),
    );
    let said =
        String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("unauthorized"), "{said}");
    let said = good(
        &site,
        &format!(
            "ocsp -issuer member-ca.pem -serial 0x4142434445464748494a4b4c4d4e4f50 -CAfile root.pem \
             -verify_other alice/chain.pem -url http://127.0.0.1:{}/ocsp",
            site.spare_port
        ),
    );
    assert!(said.contains("unknown"), "{said}");

    // What alice wrote before.
    site.write(
        "plain.eml",
        "From: alice@a.example\r\nTo: bob@a.example\r\nSubject: x\r\n\r\nx\r\n",
    );
    let line = ["sign", "plain.eml", "--key", "alice.key", "--cert", alice, "--out", "signed.eml"];
    site.ssmax(&[&["mail"], &line[..]].concat()).ends(0);
    let server = format!("127.0.0.1:{}", site.submission_port);
    let send = || {
        let line = ["send", "signed.eml", "--server", &server, "--user", "alice@a.example"];
        site.ssmax(&[&["mail"], &line[..], &["--password-file", "secret"]].concat())
    };
    // Taken as soon as the member has its list.
    site.eventually(0, send);
    std::thread::sleep(Duration::from_millis(1100));
    let before = time::OffsetDateTime::now_utc();
    std::thread::sleep(Duration::from_millis(1100));

    let start = Instant::now();
    site.member("user", &["revoke", "alice"]).ends(0);
    // Her next mail is not taken: nothing is waited for.
    let said = send().ends(1);
    assert!(said.err.contains("refused the login"), "{said:?}");
    // OCSP knows at once, the CRL when it is made.
    let said = ask(&site, alice, "");
    assert!(said.contains(&format!("{alice}: revoked")), "{said}");
    assert!(said.contains("Reason: affiliationChanged"), "{said}");
    eventually("not listed", || list(&site).1.contains("Affiliation Changed"));
    assert!(start.elapsed() < TOLD);
    assert!(ask(&site, "bob/signing-file.pem", "").contains("bob/signing-file.pem: good"));

    // The file, what is served, and its number.
    let (path, text) = list(&site);
    assert_eq!(text.matches("Serial Number:").count(), 2, "{text}");
    let number = text.split("X509v3 CRL Number:").nth(1).unwrap().trim().lines().next().unwrap();
    assert!(number.trim().parse::<u32>().unwrap() >= 2, "{text}");
    let name = path.rsplit('/').next().unwrap();
    let served = http(&site, &format!("GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(served.contains("application/pkix-crl"), "{served}");
    good(&site, &format!("crl -in {path} -inform DER -out list.pem"));
    let verify = "verify -CAfile root.pem -untrusted alice/chain.pem -crl_check -CRLfile list.pem";
    good(&site, &format!("{verify} bob/signing-file.pem"));
    let said = openssl(&site, &format!("{verify} {alice}"));
    assert!(String::from_utf8_lossy(&said.stderr).contains("certificate revoked"), "{said:?}");

    // Old mail stays what it was; for now it is judged by what is known now.
    let judged = |at: Option<time::OffsetDateTime>| {
        let at = at.map(|at| at.format(&time::format_description::well_known::Rfc3339).unwrap());
        let files = ["signed.eml", "--trust", "root.pem", "--intermediate", "alice/chain.pem"];
        let mut line = [&["verify"], &files[..], &["--crl", "list.pem"]].concat();
        line.extend(at.iter().flat_map(|at| ["--at", at.as_str()]));
        site.ssmax(&line)
    };
    judged(Some(before)).ends(0);
    let said = judged(None).ends(1);
    assert!(said.out.contains("revoked"), "{said:?}");
    assert_eq!(serving.stop(), Some(0));

    // What was published before a restart is published after it, under the same number.
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    eventually("not served again", || {
        http(&site, &format!("GET /{name} HTTP/1.1\r\nHost: a\r\n\r\n")).starts_with("HTTP/1.1 200")
    });
    assert_eq!(list(&site).1, text);
    assert_eq!(serving.stop(), Some(0));
}

#[test]
fn whoever_asks_too_much_is_told_and_keeps_nobody_else_from_asking() {
    let site = publishing(
        "max_connections = 1\nseconds = 1\nmax_request_bytes = 200\nanswers_per_second = 1\n",
    );
    let serving = site.serve("a", &["--no-restart"], &ROLES);
    site.enrol("alice", &[]).ends(0);
    eventually("no list", || site.path("a/pki").read_dir().is_ok_and(|files| files.count() == 4));
    let post = |length: usize| {
        let head = "POST /ocsp HTTP/1.1\r\nHost: a\r\nContent-Length: ";
        http(&site, &format!("{head}{length}\r\n\r\n{}", "x".repeat(length)))
    };
    assert!(post(200).starts_with("HTTP/1.1 200"), "{}", post(200));
    assert!(post(201).starts_with("HTTP/1.1 413"), "{}", post(201));
    assert!(http(&site, "GET /ocsp HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 405"));
    for path in ["/", "/../state/ca", "/x.crl"] {
        let said = http(&site, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(said.starts_with("HTTP/1.1 404"), "{path}: {said}");
    }
    // More answers than one in a second: some are put off, unsigned.
    good(&site, "ocsp -issuer member-ca.pem -cert alice/encryption.pem -no_nonce -reqout asked");
    let asked = good(&site, "base64 -A -in asked").trim().replace('/', "%2F").replace('+', "%2B");
    let said: Vec<String> = (0..8)
        .map(|_| http(&site, &format!("GET /ocsp/{asked} HTTP/1.1\r\nHost: a\r\n\r\n")))
        .collect();
    let later = said.iter().filter(|one| one.ends_with("0\u{3}\n\u{1}\u{3}")).count();
    assert!((1..8).contains(&later), "{later}");
    // Who says nothing has the one place for a second, and no longer.
    let start = Instant::now();
    let _silent = TcpStream::connect(("127.0.0.1", site.spare_port)).unwrap();
    let said = http(&site, "GET /x.crl HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(said.starts_with("HTTP/1.1 404"), "{said}");
    assert!(start.elapsed() > Duration::from_millis(700), "{:?}", start.elapsed());
    assert_eq!(serving.stop(), Some(0));
}
