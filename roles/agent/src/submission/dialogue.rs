//! The SMTP dialogue (RFC 5321) over any stream.

use std::fmt;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Envelope, Login, SendFault, unreachable};

/// Octets of one reply line. RFC 5321 4.5.3.1.5 says 512.
const MAX_LINE_BYTES: usize = 2048;
/// Lines of one reply.
const MAX_LINES: usize = 100;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The text of its lines, without control characters, one behind the other.
    pub text: String,
}

impl fmt::Display for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.code, self.text)
    }
}

/// What the server can do, one keyword with its parameters per entry (RFC 5321 4.1.1.1).
pub(super) struct Offers(Vec<String>);

impl Offers {
    pub(super) fn has(&self, keyword: &str) -> bool {
        self.words(keyword).is_some()
    }

    /// The parameters of a keyword.
    fn words(&self, keyword: &str) -> Option<impl Iterator<Item = &str>> {
        self.0.iter().find_map(|line| {
            let mut words = line.split(' ');
            words.next().filter(|first| first.eq_ignore_ascii_case(keyword)).map(|_| words)
        })
    }
}

/// A connection on which commands and replies alternate.
pub(super) struct Dialogue<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Read + Write> Dialogue<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The stream, unless the server has said something that was not read.
    pub(super) fn into_stream(self) -> Option<S> {
        self.buffer.is_empty().then_some(self.stream)
    }

    pub(super) fn greeting(&mut self) -> Result<(), SendFault> {
        self.expect(220).map(drop)
    }

    pub(super) fn hello(&mut self) -> Result<Offers, SendFault> {
        // RFC 5321 4.1.3: a client without a name of its own gives its address.
        self.write(b"EHLO [127.0.0.1]\r\n")?;
        let lines = self.reply()?;
        match lines.split_first() {
            Some(((250, _), rest)) => {
                Ok(Offers(rest.iter().map(|(_, text)| text.clone()).collect()))
            }
            _ => Err(SendFault::Refused(reply_of(&lines))),
        }
    }

    pub(super) fn command(&mut self, command: &str, code: u16) -> Result<Reply, SendFault> {
        self.write(format!("{command}\r\n").as_bytes())?;
        self.expect(code)
    }

    /// AUTH PLAIN (RFC 4616) in one step.
    pub(super) fn login(&mut self, offers: &Offers, login: &Login<'_>) -> Result<(), SendFault> {
        let plain = offers
            .words("AUTH")
            .is_some_and(|mut kinds| kinds.any(|kind| kind.eq_ignore_ascii_case("PLAIN")));
        if !plain {
            return Err(SendFault::NoAuth);
        }
        let secret = Zeroizing::new(format!("\0{}\0{}", login.user, login.password));
        let encoded = Zeroizing::new(STANDARD.encode(secret.as_bytes()));
        let command = Zeroizing::new(format!("AUTH PLAIN {}\r\n", *encoded));
        self.write(command.as_bytes())?;
        match self.expect(235) {
            Err(SendFault::Refused(reply)) => Err(SendFault::Login(reply)),
            other => other.map(drop),
        }
    }

    /// Envelope and content.
    pub(super) fn mail(
        &mut self,
        offers: &Offers,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<Reply, SendFault> {
        let addresses = std::iter::once(&envelope.from).chain(&envelope.to);
        let beyond_ascii = addresses.clone().any(|address| !address.to_string().is_ascii())
            || !header_of(message).is_ascii();
        let mut parameters = String::new();
        if !message.is_ascii() {
            if !offers.has("8BITMIME") {
                return Err(SendFault::EightBit);
            }
            parameters.push_str(" BODY=8BITMIME");
        }
        if beyond_ascii {
            if !offers.has("SMTPUTF8") {
                return Err(SendFault::EightBit);
            }
            parameters.push_str(" SMTPUTF8");
        }
        self.command(&format!("MAIL FROM:<{}>{parameters}", envelope.from), 250)?;
        for recipient in &envelope.to {
            match self.command(&format!("RCPT TO:<{recipient}>"), 250) {
                Err(SendFault::Refused(reply)) if reply.code == 251 => {}
                Err(SendFault::Refused(reply)) => return Err(SendFault::Recipient(reply)),
                other => drop(other?),
            }
        }
        self.command("DATA", 354)?;
        self.write(&dot_stuffed(message))?;
        let reply = self.expect(250)?;
        // The mail is there; a connection that breaks now changes nothing.
        let _ = self.write(b"QUIT\r\n");
        Ok(reply)
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), SendFault> {
        self.stream.write_all(octets).and_then(|()| self.stream.flush()).map_err(unreachable)
    }

    fn expect(&mut self, code: u16) -> Result<Reply, SendFault> {
        let reply = reply_of(&self.reply()?);
        if reply.code == code { Ok(reply) } else { Err(SendFault::Refused(reply)) }
    }

    /// One reply with all its lines (RFC 5321 4.2.1).
    fn reply(&mut self) -> Result<Vec<(u16, String)>, SendFault> {
        let mut lines = Vec::new();
        while lines.len() < MAX_LINES {
            let line = self.line()?;
            let (code, rest) = line.split_at_checked(3).ok_or(SendFault::Nonsense)?;
            if !code.iter().all(u8::is_ascii_digit) {
                return Err(SendFault::Nonsense);
            }
            let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
            let text = rest.get(1..).unwrap_or_default();
            let text: String = String::from_utf8_lossy(text)
                .chars()
                .map(|char| if char.is_control() { ' ' } else { char })
                .collect();
            lines.push((code, text));
            match rest.first() {
                Some(b'-') => {}
                Some(b' ') | None => return Ok(lines),
                Some(_) => return Err(SendFault::Nonsense),
            }
        }
        Err(SendFault::Nonsense)
    }

    /// One line without its CRLF.
    fn line(&mut self) -> Result<Vec<u8>, SendFault> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                let rest = self.buffer.split_off(end + 2);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.truncate(end);
                return Ok(line);
            }
            if self.buffer.len() > MAX_LINE_BYTES {
                return Err(SendFault::Nonsense);
            }
            let mut chunk = [0; 1024];
            let length = self.stream.read(&mut chunk).map_err(unreachable)?;
            if length == 0 {
                return Err(SendFault::Unreachable(std::io::ErrorKind::UnexpectedEof));
            }
            self.buffer.extend_from_slice(chunk.get(..length).unwrap_or_default());
        }
    }
}

fn reply_of(lines: &[(u16, String)]) -> Reply {
    let text: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
    Reply { code: lines.last().map_or(0, |(code, _)| *code), text: text.join(" ") }
}

/// Refuses CR and LF that are not together: to some servers one of them ends a line, and
/// a line with a dot ends the mail.
pub(super) fn check_lines(message: &[u8]) -> Result<(), SendFault> {
    let mut after_cr = false;
    for octet in message {
        if (*octet == b'\n') != after_cr {
            return Err(SendFault::BareLineEnd);
        }
        after_cr = *octet == b'\r';
    }
    if after_cr { Err(SendFault::BareLineEnd) } else { Ok(()) }
}

/// The mail with its lines' first dots doubled, and the line that ends it (RFC 5321
/// 4.5.2).
fn dot_stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 8);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

fn header_of(message: &[u8]) -> &[u8] {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n");
    end.and_then(|end| message.get(..end)).unwrap_or(message)
}
