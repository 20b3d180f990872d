//! What next hops do, and that a result is 2xx only after theirs was.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use ssmax_gateway::{
    listen::{AuthRule, TlsServer},
    wire::{ClientSettings, Delivery, Outcome, OutgoingEnvelope, Route, TlsClient, deliver},
};
use tokio::net::{TcpListener, UnixListener};

use crate::support::{Act, follow, lmtp, make_certificates, next_hop, say, smtp, start, willing};

const MAIL: &[u8] = b"Subject: a\r\n\r\n.dot\r\n..\r\n.\r\nlast";

fn envelope(recipients: &[&str]) -> OutgoingEnvelope {
    OutgoingEnvelope {
        mail_from: "alice@a.example".into(),
        recipients: recipients.iter().map(ToString::to_string).collect(),
        smtputf8: false,
        body_8bit: false,
        ..OutgoingEnvelope::default()
    }
}

fn settings() -> ClientSettings {
    ClientSettings { total: Duration::from_secs(5), ..ClientSettings::new("gw.a.example") }
}

fn hasty() -> ClientSettings {
    ClientSettings { total: Duration::from_millis(400), ..settings() }
}

fn route(scheme: &str, address: SocketAddr) -> Route {
    format!("{scheme}://{address}").parse().unwrap()
}

/// `2 250 2.0.0`, `T 451 4.4.1` or `P 550 5.7.1` for each recipient.
fn summary(deliveries: &[Delivery]) -> Vec<String> {
    let one = |(_, result): &Delivery| {
        let (mark, reply) = match result {
            Ok(reply) => ("2", reply),
            Err(Outcome::Temporary(reply)) => ("T", reply),
            Err(Outcome::Permanent(reply)) => ("P", reply),
        };
        format!("{mark} {} {}", reply.code, reply.enhanced)
    };
    deliveries.iter().map(one).collect()
}

#[tokio::test]
async fn a_mail_arrives_octet_for_octet_with_its_last_crlf() {
    for (config, scheme) in [(smtp(), "smtp"), (lmtp(), "lmtp")] {
        let server = start(config).await;
        let route = route(scheme, server.address);
        let envelope = envelope(&["ok@b.example", "later@b.example"]);
        let deliveries = deliver(&route, &envelope, MAIL, &settings()).await;
        let expected = match scheme {
            "smtp" => ["T 451 4.3.0", "T 451 4.3.0"],
            _ => ["2 250 2.0.0", "T 451 4.3.0"],
        };
        assert_eq!(summary(&deliveries), expected);
        let (received, octets) = server.journey.mails().remove(0);
        assert_eq!(octets, [MAIL, b"\r\n"].concat());
        assert_eq!(received.mail_from, envelope.mail_from);
        assert_eq!(received.recipients, envelope.recipients);
        assert_eq!(received.size, Some(MAIL.len() as u64));
        assert_eq!(received.helo, "gw.a.example");
        assert!(!received.body_8bit && !received.smtputf8);
    }
}

#[tokio::test]
async fn an_empty_mail_and_a_large_one_arrive() {
    let server = start(smtp()).await;
    let route = route("smtp", server.address);
    let large = b"..twenty octets here\r\n".repeat(50_000);
    for octets in [&b""[..], &large] {
        let deliveries = deliver(&route, &envelope(&["ok@b.example"]), octets, &settings()).await;
        assert_eq!(summary(&deliveries), ["2 250 2.0.0"]);
        assert_eq!(server.journey.mails().pop().unwrap().1, octets);
    }
}

#[tokio::test]
async fn five_lmtp_recipients_have_five_results() {
    let server = start(lmtp()).await;
    let all = [
        "ok1@b.example",
        "later@b.example",
        "unknown@b.example",
        "never@b.example",
        "ok2@b.example",
    ];
    let deliveries =
        deliver(&route("lmtp", server.address), &envelope(&all), MAIL, &settings()).await;
    let expected = ["2 250 2.0.0", "T 451 4.3.0", "P 550 5.1.1", "P 550 5.7.1", "2 250 2.0.0"];
    assert_eq!(summary(&deliveries), expected);
    let addressed: Vec<_> = deliveries.iter().map(|(recipient, _)| recipient.as_str()).collect();
    assert_eq!(addressed, all);
}

#[tokio::test]
async fn lmtp_goes_over_a_unix_socket() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lmtp");
    let listener = UnixListener::bind(&path).unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        follow(stream, |line| willing(line, "")).await
    });
    let route: Route = format!("lmtp://{}", path.display()).parse().unwrap();
    let deliveries = deliver(&route, &envelope(&["bob@b.example"]), b"a\r\n", &settings()).await;
    assert_eq!(summary(&deliveries), ["2 250 2.0.0"]);
    let expected = "LHLO gw.a.example\r\nMAIL FROM:<alice@a.example>\r\nRCPT TO:<bob@b.example>\r\nDATA\r\na\r\n.\r\nQUIT\r\n";
    assert_eq!(served.await.unwrap(), expected);
    let nobody: Route = format!("lmtp://{}.gone", path.display()).parse().unwrap();
    let deliveries = deliver(&nobody, &envelope(&["bob@b.example"]), b"a\r\n", &settings()).await;
    assert_eq!(summary(&deliveries), ["T 451 4.4.1"]);
}

#[tokio::test]
async fn a_bare_cr_or_lf_is_never_sent() {
    let server = start(smtp()).await;
    for bad in [&b"a\nb\r\n"[..], b"a\rb\r\n", b"a\r\n.\n", b"a\r", b"\n"] {
        let route = route("smtp", server.address);
        let deliveries = deliver(&route, &envelope(&["ok@b.example"]), bad, &settings()).await;
        assert_eq!(summary(&deliveries), ["P 550 5.6.0"], "{}", bad.escape_ascii());
    }
    assert!(server.journey.mails().is_empty());
}

#[tokio::test]
async fn an_address_cannot_carry_a_second_command() {
    let server = start(smtp()).await;
    let route = route("smtp", server.address);
    let all = ["x@b.example>\r\nRCPT TO:<y@b.example", "ok@b.example", "", "a b@c.example"];
    let deliveries = deliver(&route, &envelope(&all), MAIL, &settings()).await;
    assert_eq!(summary(&deliveries), ["P 553 5.1.3", "2 250 2.0.0", "P 553 5.1.3", "P 553 5.1.3"]);
    assert_eq!(server.journey.mails()[0].0.recipients, ["ok@b.example"]);
    let mut bad = envelope(&["ok@b.example"]);
    bad.mail_from = "a@b.example>\r\nDATA".into();
    assert_eq!(summary(&deliver(&route, &bad, MAIL, &settings()).await), ["P 553 5.1.7"]);
}

#[tokio::test]
async fn what_the_next_hop_does_not_offer_is_not_used_and_what_needs_it_is_permanent() {
    let (mut utf8, eight_bit) =
        (envelope(&["花子@b.example", "ok@b.example"]), "本文\r\n".as_bytes());
    let (bare, served) = next_hop(|line| willing(line, "")).await;
    let deliveries = deliver(&route("smtp", bare), &utf8, b"a\r\n", &settings()).await;
    assert_eq!(summary(&deliveries), ["P 550 5.6.7", "2 250 2.0.0"]);
    let sent = served.await.unwrap();
    assert!(sent.contains("MAIL FROM:<alice@a.example>\r\nRCPT TO:<ok@b.example>\r\n"), "{sent}");

    let (bare, _) = next_hop(|line| willing(line, "250-SMTPUTF8\r\n")).await;
    let deliveries = deliver(&route("smtp", bare), &utf8, eight_bit, &settings()).await;
    assert_eq!(summary(&deliveries), ["P 550 5.6.3", "P 550 5.6.3"]);

    utf8.smtputf8 = true;
    let (bare, _) = next_hop(|line| willing(line, "250-8BITMIME\r\n")).await;
    let deliveries = deliver(&route("smtp", bare), &utf8, eight_bit, &settings()).await;
    assert_eq!(summary(&deliveries), ["P 550 5.6.7", "P 550 5.6.7"]);

    let (full, served) =
        next_hop(|line| willing(line, "250-SMTPUTF8\r\n250-8BITMIME\r\n250-SIZE 8\r\n")).await;
    let deliveries = deliver(&route("smtp", full), &utf8, eight_bit, &settings()).await;
    assert_eq!(summary(&deliveries), ["2 250 2.0.0", "2 250 2.0.0"]);
    let sent = served.await.unwrap();
    let command = "MAIL FROM:<alice@a.example> SIZE=8 BODY=8BITMIME SMTPUTF8\r\n";
    assert!(sent.contains(command), "{sent}");

    let (full, _) =
        next_hop(|line| willing(line, "250-SIZE 7\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n")).await;
    let deliveries = deliver(&route("smtp", full), &utf8, eight_bit, &settings()).await;
    assert_eq!(summary(&deliveries), ["P 552 5.3.4", "P 552 5.3.4"]);
}

#[tokio::test]
async fn each_refusal_of_the_dialogue_is_what_it_says_for_whom_it_says() {
    for (prefix, answer, expected) in [
        ("greeting", "554 5.7.1 not you", ["T 451 4.3.2", "T 451 4.3.2"]),
        ("greeting", "421 4.3.2 busy", ["T 421 4.3.2", "T 421 4.3.2"]),
        ("EHLO", "550 5.7.1 no", ["T 451 4.3.2", "T 451 4.3.2"]),
        ("MAIL", "452 4.3.1 full", ["T 452 4.3.1", "T 452 4.3.1"]),
        ("MAIL", "550 5.7.1 no", ["P 550 5.7.1", "P 550 5.7.1"]),
        ("RCPT TO:<x", "550-5.1.1 un\r\n550 5.1.1 known", ["P 550 5.1.1", "2 250 2.0.0"]),
        ("RCPT TO:<x", "450 4.2.1 greylisted", ["T 450 4.2.1", "2 250 2.0.0"]),
        ("RCPT TO:<x", "552 too many", ["T 452 4.5.3", "2 250 2.0.0"]),
        ("RCPT TO:<y", "421 4.3.2 bye", ["T 421 4.3.2", "T 421 4.3.2"]),
        ("RCPT", "550 nobody", ["P 550 5.0.0", "P 550 5.0.0"]),
        ("DATA", "451 4.3.0 no", ["T 451 4.3.0", "T 451 4.3.0"]),
        ("DATA", "250 2.0.0 what", ["T 451 4.5.0", "T 451 4.5.0"]),
        (".", "554 5.6.0 no", ["P 554 5.6.0", "P 554 5.6.0"]),
        (".", "354 what", ["T 451 4.5.0", "T 451 4.5.0"]),
        (".", "HTTP/1.1 200 OK", ["T 451 4.5.0", "T 451 4.5.0"]),
        (".", "250 2.0.0 taken", ["2 250 2.0.0", "2 250 2.0.0"]),
    ] {
        let (address, _) = next_hop(move |line| match line.starts_with(prefix) {
            true => say(answer),
            false => willing(line, ""),
        })
        .await;
        let envelope = envelope(&["x@b.example", "y@b.example"]);
        let deliveries = deliver(&route("smtp", address), &envelope, MAIL, &settings()).await;
        assert_eq!(summary(&deliveries), expected, "{prefix} -> {answer}");
    }
}

#[tokio::test]
async fn a_next_hop_without_ehlo_is_spoken_to_with_helo() {
    let (address, served) = next_hop(|line| match line.starts_with("EHLO") {
        true => say("502 what"),
        false => willing(line, ""),
    })
    .await;
    let deliveries =
        deliver(&route("smtp", address), &envelope(&["x@b.example"]), MAIL, &settings()).await;
    assert_eq!(summary(&deliveries), ["2 250 2.0.0"]);
    assert!(served.await.unwrap().contains("HELO gw.a.example\r\n"));
}

#[tokio::test]
async fn a_next_hop_that_closes_or_hangs_at_any_point_is_temporary_and_in_time() {
    for point in ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        for close in [true, false] {
            let (address, _) = next_hop(move |line| match (line.starts_with(point), close) {
                (true, true) => Act::Close,
                (true, false) => Act::Hang,
                (false, _) => willing(line, ""),
            })
            .await;
            let began = Instant::now();
            let envelope = envelope(&["x@b.example"]);
            let deliveries = deliver(&route("smtp", address), &envelope, MAIL, &hasty()).await;
            assert_eq!(summary(&deliveries), ["T 451 4.4.2"], "{point} {close}");
            assert!(began.elapsed() < Duration::from_secs(3));
        }
    }
}

#[tokio::test]
async fn what_lmtp_answered_before_the_connection_broke_stays() {
    for end in ["close", "hang"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            follow(stream, |line| match (line, end) {
                (".", "close") => say("250 2.0.0 one\r\n550 5.2.2 two\r\n421 4.3.2 bye"),
                (".", _) => say("250 2.0.0 one\r\n550 5.2.2 two"),
                _ => willing(line, ""),
            })
            .await
        });
        let envelope = envelope(&["a@b.example", "b@b.example", "c@b.example", "d@b.example"]);
        let deliveries = deliver(&route("lmtp", address), &envelope, MAIL, &hasty()).await;
        let last = if end == "close" { "T 421 4.3.2" } else { "T 451 4.4.2" };
        assert_eq!(summary(&deliveries), ["2 250 2.0.0", "P 550 5.2.2", last, last]);
    }
}

#[tokio::test]
async fn nobody_at_the_next_hop_is_temporary() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["smtp", "lmtp"] {
        let deliveries =
            deliver(&route(scheme, address), &envelope(&["x@b.example"]), MAIL, &settings()).await;
        assert_eq!(summary(&deliveries), ["T 451 4.4.1"]);
    }
}

#[tokio::test]
async fn garbage_without_end_is_temporary() {
    for garbage in ["x".repeat(100_000), "250-x\r\n".repeat(200), "220 a\nb".to_owned()] {
        let (address, _) = next_hop(move |_| Act::Say(garbage.clone())).await;
        let deliveries =
            deliver(&route("smtp", address), &envelope(&["x@b.example"]), MAIL, &settings()).await;
        assert_eq!(summary(&deliveries), ["T 451 4.5.0"]);
    }
}

#[tokio::test]
async fn a_tls_route_is_verified_or_not_used() {
    let (ours, foreign) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_certificates(ours.path());
    make_certificates(foreign.path());
    let read =
        |directory: &tempfile::TempDir, name| std::fs::read(directory.path().join(name)).unwrap();
    let mut config = smtp();
    config.auth = AuthRule::Offered;
    config.tls =
        Some(TlsServer::from_pem(&read(&ours, "server.pem"), &read(&ours, "server.key")).unwrap());
    let server = start(config).await;
    let port = server.address.port();
    let named: Route = format!("smtp+tls://localhost:{port}").parse().unwrap();
    let unnamed: Route = format!("smtp+tls://127.0.0.1:{port}").parse().unwrap();
    let trusting = |directory| Some(TlsClient::from_ca_pem(&read(directory, "ca.pem")).unwrap());
    for (route, tls, expected) in [
        (&named, trusting(&ours), "2 250 2.0.0"),
        (&named, trusting(&foreign), "T 451 4.7.5"),
        (&unnamed, trusting(&ours), "T 451 4.7.5"),
        (&named, None, "T 451 4.7.4"),
    ] {
        let settings = ClientSettings { tls, ..settings() };
        let deliveries = deliver(route, &envelope(&["ok@b.example"]), MAIL, &settings).await;
        assert_eq!(summary(&deliveries), [expected]);
    }
    let mails = server.journey.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].0.tls);
}

#[tokio::test]
async fn a_next_hop_without_starttls_or_that_speaks_before_tls_gets_nothing() {
    let directory = tempfile::tempdir().unwrap();
    make_certificates(directory.path());
    let pem = std::fs::read(directory.path().join("ca.pem")).unwrap();
    let settings =
        ClientSettings { tls: Some(TlsClient::from_ca_pem(&pem).unwrap()), ..settings() };
    for (offer, answer, expected) in [
        ("", "220 go", "T 451 4.7.4"),
        ("250-STARTTLS\r\n", "454 4.7.0 not now", "T 451 4.7.4"),
        ("250-STARTTLS\r\n", "220 go\r\n250 injected", "T 451 4.7.5"),
    ] {
        let (address, served) = next_hop(move |line| match line {
            "STARTTLS" => say(answer),
            _ => willing(line, offer),
        })
        .await;
        let deliveries =
            deliver(&route("smtp+tls", address), &envelope(&["ok@b.example"]), MAIL, &settings)
                .await;
        assert_eq!(summary(&deliveries), [expected]);
        assert!(!served.await.unwrap().contains("MAIL FROM"));
    }
}

#[tokio::test]
async fn a_rejecting_route_refuses_each_recipient() {
    let deliveries =
        deliver(&Route::Reject, &envelope(&["a@b.example", "b@b.example"]), MAIL, &settings())
            .await;
    assert_eq!(summary(&deliveries), ["P 550 5.7.1", "P 550 5.7.1"]);
}
