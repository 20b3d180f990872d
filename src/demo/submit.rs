//! Submitting over SMTP with AUTH, as a mailer does, and arriving over SMTP, as another
//! organisation's MTA does. The server's last word is what counts.

use super::unavailable;
use crate::complaint::Complaint;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// How long one mail may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Sends a mail and gives the first refusal, or the final reply.
pub(crate) async fn send(
    server: SocketAddr,
    login: Option<(&str, &str)>,
    from: &str,
    recipients: &[&str],
    mail: &[u8],
) -> Result<String, Complaint> {
    tokio::time::timeout(TIMEOUT, talk(server, login, from, recipients, mail))
        .await
        .map_err(unavailable)?
        .map_err(unavailable)
}

async fn talk(
    server: SocketAddr,
    login: Option<(&str, &str)>,
    from: &str,
    recipients: &[&str],
    mail: &[u8],
) -> std::io::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(server).await?);
    reply(&mut stream).await?;
    let mut commands = vec!["EHLO mailer.example".to_owned()];
    if let Some((user, secret)) = login {
        let plain = STANDARD.encode(format!("\0{user}\0{secret}"));
        commands.push(format!("AUTH PLAIN {plain}"));
    }
    commands.push(format!("MAIL FROM:<{from}>"));
    commands.extend(recipients.iter().map(|one| format!("RCPT TO:<{one}>")));
    commands.push("DATA".to_owned());
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).await?;
        let answer = reply(&mut stream).await?;
        if !answer.starts_with(['2', '3']) {
            return Ok(answer);
        }
    }
    let mut stuffed = Vec::with_capacity(mail.len() + 16);
    for line in mail.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stream.write_all(&stuffed).await?;
    let answer = reply(&mut stream).await?;
    stream.write_all(b"QUIT\r\n").await?;
    Ok(answer)
}

/// One reply, its last line.
async fn reply(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line.trim_end().to_owned());
        }
    }
}
