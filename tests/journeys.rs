//! `ssmax status` and `ssmax journey` beside a running member.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ssmax_support::site::{Said, Site};
use std::io::{BufReader, Write as _};
use std::net::TcpStream;

const ROLES: [&str; 4] = ["keyserver", "ca", "inspector", "gateway"];

fn answer(reader: &mut impl std::io::BufRead) -> String {
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the gateway hung up");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}

/// Sends a mail, logged in as alice where there is a secret, and gives the answer to it.
fn send(address: &str, secret: Option<&str>, from: &str, to: &str, mail: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    answer(&mut reader);
    let mut lines = vec!["EHLO mailer.example".to_owned()];
    if let Some(secret) = secret {
        let plain = STANDARD.encode(format!("\0alice@a.example\0{secret}"));
        lines.push(format!("AUTH PLAIN {plain}"));
    }
    lines.push(format!("MAIL FROM:<{from}>"));
    lines.push(format!("RCPT TO:<{to}>"));
    lines.push("DATA".to_owned());
    for line in lines {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let said = answer(&mut reader);
        assert!(said.starts_with(['2', '3']), "{line}: {said}");
    }
    stream.write_all(format!("{mail}.\r\n").as_bytes()).unwrap();
    answer(&mut reader)
}

fn mail(from: &str, id: &str, body: &str) -> String {
    format!(
        "From: {from}\r\nTo: carol@a.example\r\nSubject: A secret subject\r\nMessage-ID: {id}\r\n\
         Date: Mon, 30 Nov 2026 09:00:00 +0900\r\nMIME-Version: 1.0\r\n{body}"
    )
}

/// A part that refers to its other half: nobody can look into that.
const INCOMPLETE: &str = "Content-Type: multipart/mixed; boundary=\"=_one\"\r\n\r\n\
    --=_one\r\nContent-Type: text/plain\r\n\r\nThe secret text.\r\n\
    --=_one\r\nContent-Type: message/partial; id=\"x@a\"; number=1; total=2\r\n\r\n\
    From: alice@a.example\r\n\r\nhalf\r\n--=_one--\r\n";

const PLAIN: &str = "Content-Type: text/plain\r\n\r\nThe secret text.\r\n";

fn operations(arrival: &Value) -> Vec<&str> {
    let rows = arrival["key_operations"].as_array().unwrap();
    rows.iter().map(|row| row["operation"].as_str().unwrap()).collect()
}

#[test]
fn the_story_of_each_mail_is_told_and_how_the_roles_are() {
    let site = Site::new();
    let mut ports = ssmax_daemon::ports::Ports::claim().unwrap();
    let inbound = ports.free(std::net::Ipv4Addr::LOCALHOST.into()).unwrap();
    let config = site
        .member_config()
        .replace("[ca]\n", "sign_for_users = true\n[ca]\ndevice_secret_aal = 2\n")
        .replace("[gateway]\n", &format!("[gateway]\ninbound_smtp = \"{inbound}\"\n"));
    site.write("a/ssmax.toml", &config);
    site.join();
    let status = |arguments: &[&str]| site.member("status", arguments);
    assert_eq!(status(&["--json"]).ends(3).json()["state"], "not-running");
    let _authority = site.serve("authority", &[], &["authority"]);
    let member = site.serve("a", &[], &ROLES);
    let enrol = |user: &str| site.enrol(user, &["--device-secret", "--server-key"]).ends(0).json();
    let alice = enrol("alice");
    enrol("carol");
    let secret = alice["device_secret"].as_str().unwrap();
    let said = site.eventually(0, || status(&["--json"])).json();
    assert_eq!(said["state"], "good");
    let gateway = &said["roles"]["gateway"];
    assert_eq!((&gateway["ready"], &gateway["standing"]), (&true.into(), &"good".into()));
    assert_eq!(gateway["parts"]["keyserver"], "ok");
    assert!(gateway["list_version"].as_u64().unwrap() > 0 && gateway["held_mails"] == 0);
    let days = &said["roles"]["keyserver"]["certificate_days"]["organisation-signing"];
    assert!(days.as_u64().unwrap() > 30, "{said}");

    let ready = std::fs::read(site.path("a/run/gateway.ready")).unwrap();
    let ready: Value = serde_json::from_slice(&ready).unwrap();
    let at = |name: &str| ready["addresses"][name].as_str().unwrap().to_owned();
    let (submission, inbound) = (at("submission"), at("inbound_smtp"));
    let (alice, stranger) = ("alice@a.example", "stranger@elsewhere.example");
    let out = |to: &str, id: &str, body: &str| {
        send(&submission, Some(secret), alice, to, &mail(alice, id, body))
    };
    let carol = "carol@a.example";
    let reply = out(carol, "<passed@a.example>", PLAIN);
    assert!(reply.starts_with("250"), "{reply}");
    let reply = out(carol, "<kept@a.example>", INCOMPLETE);
    assert!(reply.starts_with("250"), "{reply}");
    let reply = out("who@nowhere.example", "<refused@a.example>", PLAIN);
    assert!(reply.starts_with('5'), "{reply}");
    let text = mail(stranger, "<outside@elsewhere.example>", PLAIN);
    let reply = send(&inbound, None, stranger, carol, &text);
    assert!(reply.starts_with("250"), "{reply}");

    let journey = |name: &str| site.member("journey", &[name, "--json"]).ends(0).json();
    let told = journey("<passed@a.example>");
    assert_eq!(told["arrivals"].as_array().unwrap().len(), 1, "{told}");
    let arrival = &told["arrivals"][0];
    assert_eq!(
        (&arrival["direction"], &arrival["listener"]),
        (&"outbound".into(), &"submission".into())
    );
    assert_eq!((&arrival["login"], &arrival["mail_from"]), (&"alice".into(), &alice.into()));
    assert_eq!(arrival["inspection"]["outcome"], "pass");
    assert!(arrival["size_bytes"].as_u64().unwrap() > 100, "{told}");
    let stages: Vec<_> = arrival["stages"].as_array().unwrap().iter().collect();
    let names: Vec<_> = stages.iter().map(|one| one["stage"].as_str().unwrap()).collect();
    assert_eq!(names, ["accept", "authenticate", "inspect", "transmit"]);
    let recipient = &arrival["recipients"][0];
    assert_eq!((&recipient["recipient"], &recipient["fate"]), (&carol.into(), &"passed".into()));
    let done = operations(arrival);
    for operation in ["admit-outbound", "sign-user", "verdict", "seal"] {
        assert!(done.contains(&operation), "{operation}: {told}");
    }
    // By the gateway's own name, and without the angle brackets, it is the same story.
    assert_eq!(journey(arrival["mail"].as_str().unwrap()), told);
    assert_eq!(journey("passed@a.example"), told);
    // What nobody sees on a screen is no name.
    for name in ["<passed@a.example>\r\n", "a\u{1b}[2Jb", "\u{202e}passed@a.example"] {
        let said = site.member("journey", &[name]).ends(2);
        assert!(said.err.contains("not shown") && !said.err.contains('\u{1b}'), "{}", said.err);
    }
    // A line says once what mail it is about.
    let log = site.log("a");
    assert!(log.contains("a worker has judged a mail") && log.contains(" ticket="), "{log}");
    let twice = log.lines().find(|line| line.matches(" ticket=").count() > 1);
    assert_eq!(twice, None);

    let told = journey("<kept@a.example>");
    let arrival = &told["arrivals"][0];
    assert_eq!(arrival["recipients"][0]["fate"], "held");
    assert_eq!(arrival["inspection"]["rules"], serde_json::json!(["mail.incomplete"]));
    assert_eq!(status(&["--json"]).ends(0).json()["roles"]["gateway"]["held_mails"], 1);
    let held = site.member("hold", &["list", "--json"]).ends(0).json();
    let id = held["held"][0]["id"].as_str().unwrap().to_owned();
    let mail = held["held"][0]["digest"].as_str().unwrap();
    site.decides("carol", &["release", &id, "--mail", mail]).ends(0);
    let told = journey("<kept@a.example>");
    let fates: Vec<_> = told["arrivals"].as_array().unwrap().iter().collect();
    assert_eq!(fates.len(), 2, "{told}");
    assert_eq!(
        (&fates[1]["recipients"][0]["fate"], &fates[1]["listener"]),
        (&"passed".into(), &Value::Null)
    );

    let told = journey("<refused@a.example>");
    let recipient = &told["arrivals"][0]["recipients"][0];
    assert_eq!(recipient["fate"], "refused");
    assert!(recipient["reason"].is_string() && recipient["stage"].is_string(), "{told}");

    let told = journey("<outside@elsewhere.example>");
    let arrival = &told["arrivals"][0];
    assert_eq!(
        (&arrival["direction"], &arrival["listener"]),
        (&"inbound".into(), &"inbound_smtp".into())
    );
    assert_eq!((&arrival["login"], &arrival["mail_from"]), (&Value::Null, &stranger.into()));
    assert!(operations(arrival).contains(&"admit-outside"), "{told}");

    for name in ["<passed@a.example>", "<kept@a.example>", "<outside@elsewhere.example>"] {
        for language in ["en", "ja"] {
            let line = ["--lang", language, "journey", name, "--config", "a/ssmax.toml"];
            let said = site.ssmax(&line).ends(0);
            assert!(said.out.contains(carol) && !said.out.contains("{ $"), "{}", said.out);
            // Words of records and logs are told in the reader's language.
            for word in ["accept ", "inspect ", "transmit ", "verdict", "admit-", ": ok", "pass"] {
                let told = said.out.replace("<passed@a.example>", "");
                assert!(language == "en" || !told.contains(word), "{word}: {told}");
            }
            for secret in ["secret subject", "secret text"] {
                assert!(!said.out.contains(secret), "{}", said.out);
            }
        }
    }
    let said: Said = site.member("journey", &["<nobody@a.example>"]).ends(1);
    assert!(said.err.contains("No mail is known here"), "{}", said.err);
    site.member("journey", &[&"x".repeat(999)]).ends(2);
    let said = site.ssmax(&["--lang", "ja", "status", "--config", "a/ssmax.toml"]).ends(0);
    assert!(said.out.contains("準備完了") && said.out.contains("すべて正常"), "{}", said.out);
    assert!(said.out.contains("資格: 良好"), "{}", said.out);
    for word in ["good", "signing", "root", "-ca "] {
        assert!(!said.out.contains(word), "{word}: {}", said.out);
    }
    site.member("audit", &["verify"]).ends(0);
    member.stop();
    let said = status(&[]).ends(3);
    assert!(said.out.contains("does not run"), "{}", said.out);
}
