//! A gateway that says it serves takes mail: it waits for its first member list, and is
//! kept from starting by nobody.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ssmax_support::site::Site;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Long enough for a first list that is there, and less than what is waited for one.
const SOON: Duration = Duration::from_secs(3);

/// What a gateway answers to one mail of alice's to herself.
fn answer(site: &Site, secret: &str) -> String {
    let stream = TcpStream::connect(("127.0.0.1", site.submission_port)).unwrap();
    let mut stream = BufReader::new(stream);
    let mail = fs::read_to_string(site.path("signed.eml")).unwrap();
    let login = STANDARD.encode(format!("\0alice@a.example\0{secret}"));
    let mut last = String::new();
    for line in [
        "",
        "EHLO mailer.example\r\n",
        &format!("AUTH PLAIN {login}\r\n"),
        "MAIL FROM:<alice@a.example>\r\n",
        "RCPT TO:<alice@a.example>\r\n",
        "DATA\r\n",
        &format!("{mail}.\r\n"),
    ] {
        stream.get_mut().write_all(line.as_bytes()).unwrap();
        last.clear();
        while last.as_bytes().get(3) != Some(&b' ') {
            last.clear();
            assert_ne!(stream.read_line(&mut last).unwrap(), 0, "{line}");
        }
        if !last.starts_with(['2', '3']) {
            break;
        }
    }
    last
}

#[test]
fn a_gateway_serves_once_it_has_a_list_and_without_the_authority_after_a_while() {
    let site = Site::new();
    site.join();
    let others = ["keyserver", "ca", "inspector"];
    let flags: Vec<&str> = others.iter().flat_map(|role| ["--role", role]).collect();
    let _others = site.serve("a", &flags, &others);
    let said = site.enrol("alice", &["--device-secret"]).ends(0).json();
    let secret = said["device_secret"].as_str().unwrap();
    let text = "From: alice@a.example\r\nTo: alice@a.example\r\nSubject: first\r\n\
        Message-ID: <first@a.example>\r\nDate: Tue, 01 Dec 2026 10:00:00 +0000\r\n\
        MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nfirst\r\n";
    site.write("plain.eml", text);
    let keys = ["--key", "alice.key", "--cert", "alice/signing-file.pem"];
    let more = ["--chain", "alice/chain.pem", "--out", "signed.eml"];
    site.ssmax(&[&["mail", "sign", "plain.eml"], &keys[..], &more].concat()).ends(0);
    let gateway = || {
        let begun = Instant::now();
        (site.serve("a", &["--role", "gateway"], &["gateway"]), begun.elapsed())
    };

    // No list and nobody to ask: it serves, but not at once, and mail is put off.
    let (serving, waited) = gateway();
    assert!(waited > SOON, "{waited:?}");
    let said = answer(&site, secret);
    assert!(said.starts_with("451 4.7.0 SSMAX-2112"), "{said}");
    assert_eq!(serving.stop(), Some(0));

    // With the authority, the first mail is taken.
    let authority = site.serve("authority", &[], &["authority"]);
    let (serving, _) = gateway();
    let said = answer(&site, secret);
    assert!(said.starts_with("250 2.0.0"), "{said}\n{}", site.log("a"));
    assert_eq!((serving.stop(), authority.stop()), (Some(0), Some(0)));

    // The list that was in force is enough for a start without the authority.
    let (serving, waited) = gateway();
    assert!(waited < SOON, "{waited:?}");
    let said = answer(&site, secret);
    assert!(said.starts_with("250 2.0.0"), "{said}\n{}", site.log("a"));
    assert_eq!(serving.stop(), Some(0));
}
