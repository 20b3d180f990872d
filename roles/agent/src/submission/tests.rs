use super::*;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// A server that says its lines, one per line heard, and gives what it heard.
fn server(replies: &'static [&'static str]) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let mut heard = Vec::new();
        for reply in replies {
            stream.write_all(reply.as_bytes()).unwrap();
            let mut line = String::new();
            let in_data = reply.starts_with("354");
            loop {
                line.clear();
                if lines.read_line(&mut line).unwrap_or(0) == 0 {
                    return heard;
                }
                heard.push(line.trim_end().to_owned());
                if !in_data || line == ".\r\n" {
                    break;
                }
            }
        }
        heard
    });
    (port, heard)
}

fn sent(
    port: u16,
    security: Security<'_>,
    login: Option<&Login<'_>>,
    message: &[u8],
) -> Result<Reply, SendFault> {
    let server = Server { host: "127.0.0.1", port, security, timeout: Duration::from_secs(5) };
    let envelope =
        Envelope::of(b"From: a@a.example\r\nTo: b@b.example, c@c.example\r\n\r\n").unwrap();
    send(&server, login, &envelope, message)
}

const LOGIN: Login<'static> = Login { user: "alice", password: "pw" };

#[test]
fn a_mail_goes_out_with_login_and_doubled_dots() {
    let (port, heard) = server(&[
        "220 hello\r\n",
        "250-me\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME\r\n",
        "235 ok\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "251 elsewhere\r\n",
        "354 go\r\n",
        "250 2.0.0 queued\r\n",
    ]);
    let message = "Subject: s\r\n\r\n.one\r\n日本".as_bytes();
    let reply = sent(port, Security::None, Some(&LOGIN), message).unwrap();
    assert_eq!(reply, Reply { code: 250, text: "2.0.0 queued".into() });
    assert_eq!(
        heard.join().unwrap(),
        [
            "EHLO [127.0.0.1]",
            "AUTH PLAIN AGFsaWNlAHB3",
            "MAIL FROM:<a@a.example> BODY=8BITMIME",
            "RCPT TO:<b@b.example>",
            "RCPT TO:<c@c.example>",
            "DATA",
            "Subject: s",
            "",
            "..one",
            "日本",
            ".",
            "QUIT",
        ]
    );
}

#[test]
fn each_refusal_has_its_name() {
    let (port, _) = server(&["220 x\r\n", "250 x\r\n"]);
    assert_eq!(sent(port, Security::None, Some(&LOGIN), b"\r\n"), Err(SendFault::NoAuth));
    let (port, _) = server(&["220 x\r\n", "250-x\r\n250 AUTH PLAIN\r\n", "535 no\r\n"]);
    let reply = Reply { code: 535, text: "no".into() };
    assert_eq!(sent(port, Security::None, Some(&LOGIN), b"\r\n"), Err(SendFault::Login(reply)));
    let (port, _) = server(&["220 x\r\n", "250 x\r\n", "250 x\r\n", "250 x\r\n", "550 no\r\n"]);
    let reply = Reply { code: 550, text: "no".into() };
    assert_eq!(sent(port, Security::None, None, b"\r\n"), Err(SendFault::Recipient(reply)));
    let (port, _) = server(&["220 x\r\n", "250 x\r\n"]);
    assert_eq!(sent(port, Security::None, None, "é\r\n".as_bytes()), Err(SendFault::EightBit));
    let (port, _) = server(&["554 no\r\n"]);
    let reply = Reply { code: 554, text: "no".into() };
    assert_eq!(sent(port, Security::None, None, b"\r\n"), Err(SendFault::Refused(reply)));
    let (port, _) = server(&["HTTP/1.1 400\r\n"]);
    assert_eq!(sent(port, Security::None, None, b"\r\n"), Err(SendFault::Nonsense));
}

#[test]
fn bare_line_ends_never_leave() {
    for message in [&b"a\nb"[..], b"a\rb", b"a\r", b"\n"] {
        assert_eq!(sent(1, Security::None, None, message), Err(SendFault::BareLineEnd));
    }
}

#[test]
fn starttls_must_be_offered_and_nothing_may_follow_its_answer() {
    let (port, _) = server(&["220 x\r\n", "250 x\r\n"]);
    assert_eq!(sent(port, Security::StartTls(&[]), None, b"\r\n"), Err(SendFault::NoStartTls));
    let injected = "220 go\r\n250-x\r\n250 AUTH PLAIN\r\n";
    let (port, _) =
        server(Box::leak(Box::new(["220 x\r\n", "250-x\r\n250 STARTTLS\r\n", injected])));
    assert_eq!(sent(port, Security::StartTls(&[]), None, b"\r\n"), Err(SendFault::NoStartTls));
}

#[test]
fn only_this_very_host_hears_a_password_in_clear() {
    for (address, here) in [
        ("127.0.0.1", true),
        ("127.9.9.9", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("192.0.2.1", false),
        ("0.0.0.0", false),
        ("::2", false),
    ] {
        assert_eq!(is_this_host(address.parse().unwrap()), here, "{address}");
    }
}

#[test]
fn a_password_is_never_shown() {
    assert_eq!(format!("{LOGIN:?}"), "Login { user: \"alice\", .. }");
}

#[test]
fn a_server_that_is_not_there_or_falls_silent_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = SendFault::Unreachable(std::io::ErrorKind::ConnectionRefused);
    assert_eq!(sent(port, Security::None, None, b"\r\n"), Err(refused));
    let (port, _) = server(&["220-x\r\n220 never ends"]);
    let listener = Server {
        host: "127.0.0.1",
        port,
        security: Security::None,
        timeout: Duration::from_millis(100),
    };
    let envelope = Envelope::of(b"From: a@a.example\r\nTo: b@b.example\r\n\r\n").unwrap();
    assert!(matches!(send(&listener, None, &envelope, b"\r\n"), Err(SendFault::Unreachable(_))));
}

#[test]
fn the_envelope_is_sender_and_every_recipient_once() {
    let mail = b"From: a@a.example\r\nSender: s@a.example\r\nTo: B <b@b.example>, c@c.example\r\n\
        Cc: b@B.example\r\nBcc: d@d.example\r\nBcc:\r\n\r\nx";
    let envelope = Envelope::of(mail).unwrap();
    assert_eq!(envelope.from.to_string(), "s@a.example");
    let to: Vec<_> = envelope.to.iter().map(ToString::to_string).collect();
    assert_eq!(to, ["b@b.example", "c@c.example", "d@d.example"]);
    let without = without_bcc(mail).unwrap();
    assert!(!String::from_utf8(without.clone()).unwrap().contains("d.example"));
    assert!(without.ends_with(b"\r\n\r\nx"));
    assert_eq!(Envelope::of(b"From: a@a.example\r\nBcc:\r\n\r\n"), Err(EnvelopeFault::NoRecipient));
    assert_eq!(Envelope::of(b"To: a@a.example\r\n\r\n"), Err(EnvelopeFault::Sender));
}

#[test]
fn an_entry_that_is_no_address_is_named_with_its_field_and_the_rest_is_read() {
    let mail = b"From: a@a.example\r\nTo: \"Doe, Jane\" <jane@b.example>, bob@b.example\r\n\
        Cc: carol, \"O\\\"Hara, J\" <j@b.example>, dave@b.example (x, y), dave@B.example\r\n\
        Bcc:\r\n\r\nx\r\n";
    let fault = Envelope::of(mail).unwrap_err();
    assert!(matches!(fault, EnvelopeFault::Recipients { field: "Cc", .. }), "{fault:?}");
    assert_eq!(named_recipients(mail), Err(fault));
    let (to, unreadable) = readable_recipients(mail).unwrap();
    let to: Vec<_> = to.iter().map(ToString::to_string).collect();
    assert_eq!(to, ["jane@b.example", "bob@b.example", "j@b.example", "dave@b.example"]);
    assert_eq!(unreadable, ["carol"]);
}

/// A server with TLS, whose certificate is for `localhost`.
fn tls_server(starttls: bool) -> (u16, JoinHandle<()>, Certificate) {
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{ServerConfig, ServerConnection};
    use ssmax_pki::lint::lint;
    use ssmax_pki::profile::{self, Basis, Organisation, Validity};
    use ssmax_primitives::{SoftwareKey, SystemRandom};
    use ssmax_token::{KeyAlgorithm, KeyPair as _};

    let start = time::OffsetDateTime::now_utc() - time::Duration::HOUR;
    let make = || SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
    let basis = |key: &SoftwareKey, days| {
        let serial = ssmax_pki::issue::random_serial(&SystemRandom);
        Basis::new(key.spki(), serial, Validity::days(start, days))
    };
    let (ca_key, key) = (make(), make());
    let owner = Organisation { name: "A", identifier: "NTRJP-7000012050002" };
    let draft = profile::transport_ca(basis(&ca_key, 30), &owner, "CA");
    let ca = ssmax_pki::issue::self_signed(lint(draft).unwrap(), &ca_key).unwrap();
    let draft = profile::tls_server(basis(&key, 20), &["localhost"]);
    let own = ssmax_pki::issue::issue(lint(draft).unwrap(), &ca, &ca_key).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_pkcs8().to_vec()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.der().to_vec().into()], private)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        if starttls {
            let mut chunk = [0; 100];
            for reply in ["220 x\r\n", "250-x\r\n250 STARTTLS\r\n"] {
                stream.write_all(reply.as_bytes()).unwrap();
                let _ = stream.read(&mut chunk).unwrap();
            }
            stream.write_all(b"220 go\r\n").unwrap();
        }
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let greeting = if starttls { "" } else { "220 x\r\n" };
        let replies = [
            greeting,
            "250-x\r\n250 AUTH PLAIN\r\n",
            "235 x\r\n",
            "250 x\r\n",
            "250 x\r\n",
            "250 x\r\n",
            "354 x\r\n",
            "250 x\r\n",
        ];
        let mut chunk = [0; 1000];
        for reply in replies {
            if stream.write_all(reply.as_bytes()).is_err() {
                return;
            }
            if !matches!(stream.read(&mut chunk), Ok(1..)) {
                return;
            }
        }
    });
    (port, thread, ca)
}

#[test]
fn a_mail_goes_out_under_tls_of_both_kinds() {
    for starttls in [false, true] {
        let (port, thread, ca) = tls_server(starttls);
        let anchors = [ca];
        let security =
            if starttls { Security::StartTls(&anchors) } else { Security::Tls(&anchors) };
        let server = Server { host: "localhost", port, security, timeout: Duration::from_secs(5) };
        let envelope =
            Envelope::of(b"From: a@a.example\r\nTo: b@b.example, c@c.example\r\n\r\n").unwrap();
        let reply = send(&server, Some(&LOGIN), &envelope, b"Subject: s\r\n\r\nx\r\n");
        assert_eq!(reply.map(|reply| reply.code), Ok(250), "{starttls}");
        thread.join().unwrap();
    }
}

#[test]
fn a_server_under_another_ca_or_name_gets_nothing() {
    let (port, _, _) = tls_server(false);
    let (_, _, other) = tls_server(false);
    let anchors = [other];
    let server =
        |host, security, port| Server { host, port, security, timeout: Duration::from_secs(5) };
    let envelope = Envelope::of(b"From: a@a.example\r\nTo: b@b.example\r\n\r\n").unwrap();
    let fault =
        send(&server("localhost", Security::Tls(&anchors), port), Some(&LOGIN), &envelope, b"");
    assert_eq!(fault, Err(SendFault::Tls));
    let (port, _, ca) = tls_server(false);
    let anchors = [ca];
    let fault =
        send(&server("127.0.0.1", Security::Tls(&anchors), port), Some(&LOGIN), &envelope, b"");
    assert_eq!(fault, Err(SendFault::Tls));
}
