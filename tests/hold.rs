//! `ssmax hold` as an officer types it, against a gateway that dies at the worst moment.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ssmax_support::site::{Said, Site};
use std::fs;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// A mail with a part that refers to its other half: nobody can look into that.
fn incomplete(message_id: &str) -> String {
    format!(
        "From: alice@a.example\r\nTo: carol@a.example\r\nSubject: Offer\r\n\
         Message-ID: {message_id}\r\nDate: Mon, 30 Nov 2026 09:00:00 +0900\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_one\"\r\n\r\n\
         --=_one\r\nContent-Type: text/plain\r\n\r\nSee the other half.\r\n\
         --=_one\r\nContent-Type: message/partial; id=\"x@a\"; number=1; total=2\r\n\r\n\
         From: alice@a.example\r\n\r\nhalf\r\n--=_one--\r\n"
    )
}

fn answer(reader: &mut impl std::io::BufRead) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the gateway hung up");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}

/// Submits as alice and gives the answer to the mail.
fn submit(site: &Site, secret: &str, mail: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", site.submission_port)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    answer(&mut reader);
    let plain = STANDARD.encode(format!("\0alice@a.example\0{secret}"));
    for line in [
        "EHLO mailer.example".to_owned(),
        format!("AUTH PLAIN {plain}"),
        "MAIL FROM:<alice@a.example>".to_owned(),
        "RCPT TO:<carol@a.example>".to_owned(),
        "DATA".to_owned(),
    ] {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let said = answer(&mut reader);
        assert!(said.starts_with(['2', '3']), "{line}: {said}");
    }
    stream.write_all(format!("{mail}.\r\n").as_bytes()).unwrap();
    answer(&mut reader)
}

fn enrol(site: &Site, user: &str) -> Value {
    site.enrol(user, &["--device-secret", "--server-key"]).ends(0).json()
}

/// Kills the gateway as a loss of power would.
fn kill_gateway(site: &Site) {
    let ready = fs::read(site.path("a/run/gateway.ready")).unwrap();
    let pid = serde_json::from_slice::<Value>(&ready).unwrap()["pid"].as_i64().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

fn delivered(site: &Site, message_id: &str) -> usize {
    let Ok(entries) = fs::read_dir(site.path("a/mail/a.example/carol/new")) else { return 0 };
    entries
        .filter(|entry| {
            let octets = fs::read(entry.as_ref().unwrap().path()).unwrap();
            String::from_utf8_lossy(&octets).contains(message_id)
        })
        .count()
}

#[test]
fn what_was_answered_as_kept_is_there_after_a_kill_and_an_officer_decides() {
    let site = Site::new();
    let config = site
        .member_config()
        .replace("[ca]\n", "sign_for_users = true\n[ca]\ndevice_secret_aal = 2\n");
    site.write("a/ssmax.toml", &config);
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let member = site.serve("a", &[], &ROLES);
    let alice = enrol(&site, "alice");
    enrol(&site, "carol");
    let secret = alice["device_secret"].as_str().unwrap();
    let hold = |arguments: &[&str]| site.member("hold", arguments);

    // The list may not have come yet: then nothing is judged.
    let said = site.eventually(0, || {
        let reply = submit(&site, secret, &incomplete("<first@a.example>"));
        let exit = i32::from(!reply.starts_with("250"));
        Said { exit, out: reply, err: String::new() }
    });
    kill_gateway(&site);
    assert_eq!(said.out, "250 2.0.0 Ok, kept for review\r\n");
    let said = site.eventually(0, || hold(&["list", "--json"]));
    let held = said.json()["held"].as_array().unwrap().clone();
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(held[0]["findings"][0]["rule"], "mail.incomplete");
    let id = held[0]["id"].as_str().unwrap();
    let digest = held[0]["digest"].as_str().unwrap();
    let short = &digest[..16];
    let listed = hold(&["list"]).ends(0).out;
    assert!(listed.contains(short) && !listed.contains(digest), "{listed}");

    let said = hold(&["show", id]).ends(0);
    assert!(said.out.contains("mail.incomplete") && !said.out.contains("Offer"), "{}", said.out);
    assert!(said.out.contains(short), "{}", said.out);
    let shown = ["show", id, "--content", "--for", "carol/encryption.pem", "--out", "held.eml"];
    // Who looks signs for it.
    hold(&shown).ends(2);
    let another = "0".repeat(64);
    let said = site.decides("carol", &[&shown[..], &["--mail", &another]].concat()).ends(1);
    assert!(said.err.contains("is another mail"), "{}", said.err);
    let said = site.decides("carol", &[&shown[..], &["--mail", short]].concat()).ends(0);
    assert!(said.out.contains(short), "{}", said.out);
    site.member("user", &["export", "carol", "--out", "keys"]).ends(0);
    let key = ["decrypt", "held.eml", "--key", "keys/encryption-key.pem", "--cert"];
    let said = site.ssmax(&[&key[..], &["keys/encryption.pem"]].concat()).ends(0);
    assert!(said.out.contains("See the other half."), "{}", said.out);
    // A signing certificate is no reviewer's.
    let signing = ["show", id, "--content", "--for", "carol/signing-server.pem"];
    let said = site.decides("carol", &signing).ends(1);
    assert!(said.err.contains("cannot be shown"), "{}", said.err);

    let of_mail = ["--mail", short];
    let release = |user: &str, more: &[&str]| {
        site.decides(user, &[&["release", id][..], &of_mail, more].concat())
    };
    let delete = ["delete", id, "--mail", short];
    site.decides("carol", &delete).ends(2);
    site.decides("carol", &[&delete[..], &["--reason", " "]].concat()).ends(2);
    site.decides("carol", &["release", "0123456789abcdef", "--mail", short]).ends(1);
    // Whoever decides says about what: about nothing else than was looked at.
    site.decides("carol", &["release", id]).ends(2);
    site.decides("carol", &["delete", id, "--reason", "no"]).ends(2);
    let unlike = format!("{}{}", &short[..15], if short.ends_with('0') { '1' } else { '0' });
    for too_little in [&short[..15], "", &format!("{digest}0"), "zzzzzzzzzzzzzzzzzzzz"] {
        site.decides("carol", &["release", id, "--mail", too_little]).ends(2);
    }
    for command in [
        &["release", id, "--mail", &unlike][..],
        &["release", id, "--mail", &unlike, "--override-block", "--reason", "no"],
        &["delete", id, "--mail", &unlike, "--reason", "no"],
        &["delete", id, "--mail", &another, "--reason", "no"],
    ] {
        let said = site.decides("carol", command).ends(1);
        assert!(said.err.contains("is another mail") && said.err.contains(short), "{}", said.err);
    }
    // A name alone decides nothing, nor does alice, who is not named.
    hold(&["release", id, "--mail", short, "--user", "carol"]).ends(2);
    let said = release("alice", &[]).ends(1);
    assert!(said.err.contains("not among those"), "{}", said.err);
    let said = release("alice", &["--user", "carol"]).ends(1);
    assert!(said.err.contains("does not know this signature"), "{}", said.err);
    let said = site.decides("carol", &["release", id, "--mail", digest, "--json"]).ends(0);
    assert_eq!(said.json()["state"], "released");
    let said = release("carol", &[]).ends(0);
    assert!(said.out.contains("nothing was done"), "{}", said.out);
    let said = site.decides("carol", &["delete", id, "--mail", short, "--reason", "late"]).ends(1);
    assert!(said.out.contains("was released before; nothing was done"), "{}", said.out);
    let said = hold(&["show", id]).ends(0);
    assert!(said.out.ends_with("by carol <carol@a.example>\n"), "{}", said.out);
    assert_eq!(delivered(&site, "<first@a.example>"), 1);
    // A released mail has its ticket in the journal like any other.
    site.member("audit", &["verify"]).ends(0);

    let reply = submit(&site, secret, &incomplete("<second@a.example>"));
    assert!(reply.starts_with("250"), "{reply}");
    let held = hold(&["list", "--json"]).ends(0).json();
    let second = held["held"][0]["id"].as_str().unwrap();
    let mail = held["held"][0]["digest"].as_str().unwrap();
    let of_first = ["delete", second, "--mail", short, "--reason", "not meant"];
    site.decides("carol", &of_first).ends(1);
    site.decides("carol", &["delete", second, "--mail", mail, "--reason", "not meant"]).ends(0);
    let said = hold(&["show", second]).ends(0);
    assert!(said.out.contains("carol <carol@a.example>: not meant"), "{}", said.out);
    let said = hold(&["list", "--all"]).ends(0);
    assert!(said.out.contains("deleted") && said.out.contains("released"), "{}", said.out);
    assert_eq!(delivered(&site, "<second@a.example>"), 0);
    member.stop();
    hold(&["list"]).ends(3);
}
