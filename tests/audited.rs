//! `ssmax audit verify` over mail of every way that a gateway can send: within, to outside
//! under each setting, through a list and a redirect; and over a journal that says something
//! else, or is not there.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ssmax_store::sqlx::{self, SqlitePool};
use ssmax_support::site::{Said, Serving, Site};
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

/// Somebody outside with a certificate, and somebody without.
const KNOWN: &str = "known@x.example";
const UNKNOWN: &str = "unknown@x.example";

fn answer(reader: &mut impl BufRead) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the gateway hung up");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}

/// alice writes, and gets this answer.
fn write(site: &Site, secret: &str, to: &str, id: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", site.submission_port)).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    answer(&mut reader);
    let plain = STANDARD.encode(format!("\0alice@a.example\0{secret}"));
    for line in [
        "EHLO mailer.example".to_owned(),
        format!("AUTH PLAIN {plain}"),
        "MAIL FROM:<alice@a.example>".to_owned(),
        format!("RCPT TO:<{to}>"),
        "DATA".to_owned(),
    ] {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let said = answer(&mut reader);
        assert!(said.starts_with(['2', '3']), "{line}: {said}");
    }
    let mail = format!(
        "From: alice@a.example\r\nTo: {to}\r\nSubject: Offer\r\nMessage-ID: <{id}@a.example>\r\n\
         Date: Mon, 30 Nov 2026 09:00:00 +0900\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain\r\n\r\nThe offer is 100.\r\n.\r\n"
    );
    stream.write_all(mail.as_bytes()).unwrap();
    answer(&mut reader)
}

/// The member's settings, with this one for mail to outside.
fn configure(site: &Site, outside: &str) {
    let config = site
        .member_config()
        .replace("[ca]\n", "sign_for_users = true\noutside_certificates = \"outside\"\n[ca]\n")
        .replace("[ca]\n", "[ca]\ndevice_secret_aal = 2\n")
        .replace("[gateway]\n", &format!("[gateway]\noutside = \"{outside}\"\n"));
    let lists = "\n[gateway.lists]\n\"team@a.example\" = { members = [\"alice@a.example\", \
                 \"carol@a.example\"] }\n\n[gateway.redirects]\n\"former@a.example\" = \
                 \"carol@a.example\"\n";
    site.write("a/ssmax.toml", &(config + lists));
}

/// The member with this setting, serving and with a member list to judge by.
fn serve(site: &Site, secret: &str, outside: &str) -> Serving {
    configure(site, outside);
    let serving = site.serve("a", &[], &ROLES);
    site.eventually(0, || {
        let reply = write(site, secret, "alice@a.example", "first");
        Said { exit: i32::from(!reply.starts_with("250")), out: reply, err: String::new() }
    });
    serving
}

fn mails(site: &Site, domain: &str, local: &str) -> usize {
    let dir = site.path(&format!("a/mail/{domain}/{local}/new"));
    fs::read_dir(dir).map_or(0, Iterator::count)
}

fn verify(site: &Site, exit: i32) -> Value {
    site.member("audit", &["verify", "--json"]).ends(exit).json()
}

fn outsider(site: &Site) {
    fs::create_dir(site.path("a/outside")).unwrap();
    let line = "req -x509 -newkey rsa:2048 -nodes -keyout known.key -subj /CN=known -days 30 \
        -addext subjectAltName=email:known@x.example \
        -addext keyUsage=digitalSignature,keyEncipherment \
        -addext extendedKeyUsage=emailProtection -out a/outside/known.pem";
    let mut command = Command::new("openssl");
    let made = command.args(line.split_whitespace()).current_dir(site.path(".")).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn execute(site: &Site, statement: &'static str) {
    let path = site.path("a/state/gateway/gateway.sqlite").display().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let changed = runtime.block_on(async {
        let pool = SqlitePool::connect(&format!("sqlite:{path}")).await.unwrap();
        let done = sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
        done.rows_affected()
    });
    assert!(changed > 0, "{statement}");
}

#[test]
fn the_log_fits_mail_to_outside_and_of_lists_and_says_when_it_was_not_compared() {
    let site = Site::new();
    outsider(&site);
    configure(&site, "reject");
    site.join();
    let _authority = site.serve("authority", &[], &["authority"]);
    let serving = site.serve("a", &[], &ROLES);
    let alice = site.enrol("alice", &["--device-secret", "--server-key"]).ends(0).json();
    site.enrol("carol", &["--device-secret", "--server-key"]).ends(0);
    let secret = alice["device_secret"].as_str().unwrap().to_owned();
    for list in ["team", "former"] {
        let address = format!("{list}@a.example");
        let line = ["add-role", list, "--kind", "list", "--name", list, "--address", &address];
        site.member("user", &line).ends(0);
    }
    let to = |to: &str, id: &str, begins: &str| {
        let reply = write(&site, &secret, to, id);
        assert!(reply.starts_with(begins), "{to}: {reply}");
    };
    serving.stop();

    let serving = serve(&site, &secret, "reject");
    to("carol@a.example", "inside", "250");
    to("team@a.example", "list", "250");
    to("former@a.example", "redirect", "250");
    assert_eq!((mails(&site, "a.example", "carol"), mails(&site, "a.example", "alice")), (3, 2));
    to(KNOWN, "rejected", "550");
    assert_eq!(verify(&site, 0)["verdict"], "good");
    serving.stop();

    let serving = serve(&site, &secret, "encrypt-if-known");
    to(KNOWN, "encrypted", "250");
    to(UNKNOWN, "not-encrypted", "550");
    assert_eq!((mails(&site, "x.example", "known"), mails(&site, "x.example", "unknown")), (1, 0));
    assert_eq!(verify(&site, 0)["verdict"], "good");
    serving.stop();

    let serving = serve(&site, &secret, "hold");
    to(UNKNOWN, "held", "250");
    assert_eq!(mails(&site, "x.example", "unknown"), 0);
    assert_eq!(verify(&site, 0)["verdict"], "good");
    let held = site.member("hold", &["list", "--json"]).ends(0).json();
    let id = held["held"][0]["id"].as_str().unwrap();
    let digest = held["held"][0]["digest"].as_str().unwrap();
    site.decides("carol", &["release", id, "--mail", digest]).ends(0);
    assert_eq!(mails(&site, "x.example", "unknown"), 1);
    assert_eq!(verify(&site, 0)["verdict"], "good");
    serving.stop();

    let serving = serve(&site, &secret, "clear");
    to(UNKNOWN, "clear", "250");
    assert_eq!(mails(&site, "x.example", "unknown"), 2);
    assert_eq!(verify(&site, 0)["verdict"], "good");
    serving.stop();

    // A mail that went past the keyserver.
    execute(&site, "UPDATE journal SET ticket = NULL WHERE message_id = '<inside@a.example>'");
    let said = verify(&site, 1);
    let differences = said["differences"].as_array().unwrap();
    assert!(!differences.is_empty(), "{said}");
    for one in differences {
        assert_eq!(
            (&one["difference"], &one["what"]),
            (&"no-ticket".into(), &"<inside@a.example>".into())
        );
    }
    // Without a journal nothing is compared, and none is made.
    fs::rename(site.path("a/state/gateway"), site.path("gateway-elsewhere")).unwrap();
    let said = verify(&site, 3);
    assert_eq!(
        (&said["verdict"], &said["not_reconciled"]),
        (&"not-reconciled".into(), &"journal".into())
    );
    assert!(!site.path("a/state/gateway/gateway.sqlite").exists());
    let said = site.member("audit", &["verify"]).ends(3);
    assert!(said.out.contains("Not compared") && !said.out.contains("fits"), "{}", said.out);
}
