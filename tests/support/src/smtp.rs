//! Speaking SMTP as a mailer or another organisation's MTA does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// Past this a mail counts as hanging: a gateway answers within 30 s whatever is down.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A name and a secret for AUTH.
pub type Login<'a> = (&'a str, &'a str);

/// Sends a mail to one recipient; gives the first refusal, or the final reply, as the
/// one line that it is.
pub async fn send(
    server: SocketAddr,
    login: Option<Login<'_>>,
    from: &str,
    recipient: &str,
    mail: &[u8],
) -> String {
    let talk = async {
        let mut session = Session::open(server).await;
        if let Some((user, secret)) = login {
            let plain = STANDARD.encode(format!("\0{user}\0{secret}"));
            let reply = session.say(&format!("AUTH PLAIN {plain}")).await;
            assert!(reply.starts_with("235 "), "{reply}");
        }
        for command in
            [format!("MAIL FROM:<{from}>"), format!("RCPT TO:<{recipient}>"), "DATA".to_owned()]
        {
            let reply = session.say(&command).await;
            if !reply.starts_with(['2', '3']) {
                return reply;
            }
        }
        session.content(mail).await
    };
    tokio::time::timeout(TIMEOUT, talk).await.expect("an answer in time")
}

/// Says whether somebody is let in with this secret: the reply to AUTH.
pub async fn log_in(server: SocketAddr, (user, secret): Login<'_>) -> String {
    let talk = async {
        let mut session = Session::open(server).await;
        let plain = STANDARD.encode(format!("\0{user}\0{secret}"));
        session.say(&format!("AUTH PLAIN {plain}")).await
    };
    tokio::time::timeout(TIMEOUT, talk).await.expect("an answer in time")
}

/// Hands in a mail by LMTP, as an MTA does; gives the reply for each recipient.
pub async fn hand_in(
    server: SocketAddr,
    from: &str,
    recipients: &[&str],
    mail: &[u8],
) -> Vec<String> {
    let talk = async {
        let mut session = Session::greet(server, "LHLO").await;
        let reply = session.say(&format!("MAIL FROM:<{from}>")).await;
        assert!(reply.starts_with('2'), "{reply}");
        for recipient in recipients {
            let reply = session.say(&format!("RCPT TO:<{recipient}>")).await;
            assert!(reply.starts_with('2'), "{reply}");
        }
        session.say("DATA").await;
        let mut replies = vec![session.content(mail).await];
        while replies.len() < recipients.len() {
            replies.push(session.reply().await);
        }
        replies
    };
    tokio::time::timeout(TIMEOUT, talk).await.expect("an answer in time")
}

struct Session(BufReader<TcpStream>);

impl Session {
    async fn open(server: SocketAddr) -> Self {
        Self::greet(server, "EHLO").await
    }

    async fn greet(server: SocketAddr, word: &str) -> Self {
        let mut session = Self(BufReader::new(TcpStream::connect(server).await.unwrap()));
        session.reply().await;
        session.say(&format!("{word} mailer.example")).await;
        session
    }

    async fn say(&mut self, command: &str) -> String {
        self.0.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
        self.reply().await
    }

    /// The content with its dots doubled, RFC 5321 4.5.2.
    async fn content(&mut self, mail: &[u8]) -> String {
        let mut octets = Vec::with_capacity(mail.len() + 16);
        for line in mail.split_inclusive(|octet| *octet == b'\n') {
            if line.starts_with(b".") {
                octets.push(b'.');
            }
            octets.extend_from_slice(line);
        }
        if !octets.ends_with(b"\r\n") {
            octets.extend_from_slice(b"\r\n");
        }
        octets.extend_from_slice(b".\r\n");
        self.0.write_all(&octets).await.unwrap();
        self.reply().await
    }

    /// The last line of a reply, without its CRLF.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).await.unwrap(), 0, "the server hung up");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end_matches("\r\n").to_owned();
            }
        }
    }
}
