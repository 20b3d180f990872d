//! What SMTP and LMTP clients have in common: replies, envelope, content.

use std::io;

use tokio::time::{Duration, error::Elapsed, timeout};

use crate::dsn::RecipientOptions;
use crate::wire::{
    ClientSettings, Delivery, Outcome, OutgoingEnvelope, TlsClient,
    line::{Channel, LineFault, Stream},
    path,
    reply::{Reply, enhanced_class},
};

/// Longest reply line read from a next hop. RFC 5321 4.5.3.1.5 says 512; some are wordy.
const MAX_REPLY_LINE_BYTES: usize = 2048;
/// Most lines of one reply.
const MAX_REPLY_LINES: usize = 128;
/// How much of a reply's text is kept, in octets.
const MAX_KEPT_TEXT_BYTES: usize = 400;
/// How much content is gathered before it is sent.
const SEND_BYTES: usize = 64 * 1024;
/// How long we wait for the answer to QUIT, on which nothing depends.
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// The dialect of a next hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// One final reply for all recipients.
    Smtp,
    /// One final reply per accepted recipient, RFC 2033 4.2.
    Lmtp,
}

/// What became of each recipient so far.
///
/// It lives outside the dialogue, so that what was answered before a timeout stays.
pub(super) struct Fates {
    results: Vec<Option<Result<Reply, Outcome>>>,
    /// Whether the next hop answered at all: decides what a timeout is called.
    pub(super) connected: bool,
}

impl Fates {
    pub(super) fn new(envelope: &OutgoingEnvelope) -> Self {
        Self { results: vec![None; envelope.recipients.len()], connected: false }
    }

    /// The recipients without a result, by their place in the envelope.
    fn open(&self) -> Vec<usize> {
        let open = |(at, result): (usize, &Option<_>)| result.is_none().then_some(at);
        self.results.iter().enumerate().filter_map(open).collect()
    }

    fn set(&mut self, at: usize, result: Result<Reply, Outcome>) {
        if let Some(place) = self.results.get_mut(at) {
            *place = Some(result);
        }
    }

    fn set_open(&mut self, result: &Result<Reply, Outcome>) {
        for at in self.open() {
            self.set(at, result.clone());
        }
    }

    /// Ends the dialogue: whoever has no result gets what ended it.
    pub(super) fn finish(
        mut self,
        end: Result<Result<(), Outcome>, Elapsed>,
        envelope: &OutgoingEnvelope,
    ) -> Vec<Delivery> {
        let last = match end {
            Ok(Ok(())) => temporary("4.3.0", "the delivery ended without an answer"),
            Ok(Err(outcome)) => outcome,
            Err(_) if self.connected => temporary("4.4.2", "the next hop did not answer in time"),
            Err(_) => temporary("4.4.1", "the next hop could not be reached in time"),
        };
        self.set_open(&Err(last));
        let results = self.results.into_iter().flatten();
        envelope.recipients.iter().cloned().zip(results).collect()
    }
}

/// A temporary failure of our own finding.
pub(super) fn temporary(enhanced: &str, text: &str) -> Outcome {
    Outcome::Temporary(Reply::new(451, enhanced, text))
}

/// What it means that there is no connection.
pub(super) fn unreachable(error: &io::Error) -> Outcome {
    let text = format!("no connection to the next hop ({})", error.kind());
    Outcome::Temporary(Reply::new(451, "4.4.1", text))
}

fn broken(fault: LineFault) -> Outcome {
    match fault {
        LineFault::Closed | LineFault::Broken => {
            temporary("4.4.2", "the next hop closed the connection")
        }
        LineFault::BareLf | LineFault::BareCr | LineFault::TooLong | LineFault::Endless => {
            temporary("4.5.0", "the next hop does not speak the protocol")
        }
    }
}

/// What EHLO or LHLO offered.
#[derive(Debug, Default)]
struct Extensions {
    /// SIZE, RFC 1870, with its limit; `Some(0)` is "no fixed limit".
    size: Option<u64>,
    eight_bit: bool,
    smtputf8: bool,
    starttls: bool,
    dsn: bool,
}

/// A connection to a next hop that has greeted us.
pub(super) struct Client {
    channel: Channel,
    protocol: Protocol,
    extensions: Extensions,
}

impl Client {
    /// Reads the greeting and introduces us.
    pub(super) async fn greet(
        stream: impl Stream + 'static,
        protocol: Protocol,
        settings: &ClientSettings,
    ) -> Result<Self, Outcome> {
        let channel = Channel::new(stream);
        let mut client = Self { channel, protocol, extensions: Extensions::default() };
        let greeting = client.read_reply().await?.joined();
        if greeting.code != 220 {
            // A 5xx greeting speaks of the host, not of this mail: it stays queued.
            let text = format!("the next hop refuses the connection: {}", greeting.text);
            return Err(Outcome::Temporary(Reply::new(451, "4.3.2", text)));
        }
        client.hello(settings).await?;
        Ok(client)
    }

    /// STARTTLS, RFC 3207, and EHLO again. Anything but verified TLS is a failure.
    pub(super) async fn start_tls(
        mut self,
        host: &str,
        settings: &ClientSettings,
    ) -> Result<Self, Outcome> {
        let Some(tls) = &settings.tls else {
            return Err(temporary("4.7.4", "no CA is configured to verify the next hop with"));
        };
        if !self.extensions.starttls {
            return Err(temporary("4.7.4", "the next hop does not offer STARTTLS"));
        }
        let reply = self.command("STARTTLS").await?;
        if reply.code != 220 {
            return Err(temporary("4.7.4", "the next hop refused STARTTLS"));
        }
        if !self.channel.buffered().is_empty() {
            // RFC 3207: what was said in clear must not count after TLS.
            return Err(temporary("4.7.5", "the next hop spoke between STARTTLS and TLS"));
        }
        let stream = secured(tls, host, self.channel.into_stream()).await?;
        let channel = Channel::new(stream);
        let mut client =
            Self { channel, protocol: self.protocol, extensions: Extensions::default() };
        client.hello(settings).await?;
        Ok(client)
    }

    async fn hello(&mut self, settings: &ClientSettings) -> Result<(), Outcome> {
        let verb = match self.protocol {
            Protocol::Smtp => "EHLO",
            Protocol::Lmtp => "LHLO",
        };
        let name = host_name(&settings.helo);
        self.channel.queue(format!("{verb} {name}\r\n").as_bytes());
        let answer = self.read_reply().await?;
        if answer.code == 250 {
            self.extensions = answer.extensions();
            return Ok(());
        }
        if self.protocol == Protocol::Smtp && matches!(answer.code, 500 | 502) {
            let reply = self.command(&format!("HELO {name}")).await?;
            return if reply.is_positive() { Ok(()) } else { Err(as_temporary(reply)) };
        }
        Err(as_temporary(answer.joined()))
    }

    /// Whether it makes the reports that a sender asks for.
    pub(super) fn offers_dsn(&self) -> bool {
        self.extensions.dsn
    }

    /// MAIL, RCPT, DATA and the content; each recipient's result goes to `fates`.
    ///
    /// # Errors
    /// What holds for all recipients that have no result yet.
    pub(super) async fn send_mail(
        &mut self,
        envelope: &OutgoingEnvelope,
        octets: &[u8],
        fates: &mut Fates,
    ) -> Result<(), Outcome> {
        let (mail, utf8) = self.mail_command(envelope, octets, fates)?;
        if fates.open().is_empty() {
            return Ok(());
        }
        let reply = self.command(&mail).await?;
        if !reply.is_positive() {
            return Err(Outcome::from_reply(expected(reply)));
        }
        let accepted = self.send_recipients(envelope, utf8, fates).await?;
        if accepted.is_empty() {
            return Ok(());
        }
        let reply = self.command("DATA").await?;
        if reply.code != 354 {
            return Err(Outcome::from_reply(expected(reply)));
        }
        self.send_content(octets).await.map_err(|error| broken(error.into()))?;
        match self.protocol {
            Protocol::Smtp => {
                let reply = self.read_reply().await?.joined();
                fates.set_open(&final_result(reply));
            }
            Protocol::Lmtp => {
                for at in accepted {
                    let reply = self.read_reply().await?.joined();
                    fates.set(at, final_result(reply));
                }
            }
        }
        Ok(())
    }

    /// Composes MAIL, and settles the recipients that this next hop cannot be given. Also
    /// says whether it asks for SMTPUTF8.
    fn mail_command(
        &self,
        envelope: &OutgoingEnvelope,
        octets: &[u8],
        fates: &mut Fates,
    ) -> Result<(String, bool), Outcome> {
        let permanent = |code, enhanced, text| Outcome::Permanent(Reply::new(code, enhanced, text));
        if path::check_address(&envelope.mail_from, true).is_err() {
            return Err(permanent(553, "5.1.7", "the sender's address cannot be sent"));
        }
        let no_utf8 =
            || permanent(550, "5.6.7", "the next hop does not take addresses outside ASCII");
        let content_is_ascii = octets.is_ascii();
        let mut utf8 = !envelope.mail_from.is_ascii() || (envelope.smtputf8 && !content_is_ascii);
        if utf8 && !self.extensions.smtputf8 {
            return Err(no_utf8());
        }
        for (at, recipient) in envelope.recipients.iter().enumerate() {
            if recipient.is_empty() || path::check_address(recipient, true).is_err() {
                let bad = permanent(553, "5.1.3", "the recipient's address cannot be sent");
                fates.set(at, Err(bad));
            } else if !recipient.is_ascii() {
                match self.extensions.smtputf8 {
                    true => utf8 = true,
                    false => fates.set(at, Err(no_utf8())),
                }
            }
        }
        let mut command = format!("MAIL FROM:<{}>", envelope.mail_from);
        if let Some(limit) = self.extensions.size {
            let size = u64::try_from(octets.len()).unwrap_or(u64::MAX);
            if limit != 0 && size > limit {
                return Err(permanent(552, "5.3.4", "the mail is larger than the next hop takes"));
            }
            command.push_str(&format!(" SIZE={size}"));
        }
        if !content_is_ascii {
            if !self.extensions.eight_bit {
                return Err(permanent(550, "5.6.3", "the next hop does not take 8-bit content"));
            }
            command.push_str(" BODY=8BITMIME");
        }
        if utf8 {
            command.push_str(" SMTPUTF8");
        }
        let reports = &envelope.reports;
        if self.extensions.dsn {
            command.push_str(&reports.mail.render(reports.encrypted));
        } else if reports.recipients.iter().any(RecipientOptions::is_lost_without) {
            tracing::warn!("the next hop offers no DSN: what a sender wants to hear is lost");
        }
        Ok((command, utf8))
    }

    async fn send_recipients(
        &mut self,
        envelope: &OutgoingEnvelope,
        utf8: bool,
        fates: &mut Fates,
    ) -> Result<Vec<usize>, Outcome> {
        let mut accepted = Vec::new();
        for at in fates.open() {
            let Some(recipient) = envelope.recipients.get(at) else { continue };
            let mut command = format!("RCPT TO:<{recipient}>");
            if self.extensions.dsn
                && let Some(options) = envelope.reports.recipients.get(at)
            {
                command.push_str(&options.render(utf8));
            }
            let reply = self.command(&command).await?;
            if reply.is_positive() {
                accepted.push(at);
            } else if reply.code == 552 {
                // RFC 5321 4.5.3.1.10: "a client SHOULD treat a 552 response" to RCPT
                // as a 452, too many recipients.
                let later = Reply::new(452, "4.5.3", reply.text);
                fates.set(at, Err(Outcome::Temporary(later)));
            } else {
                fates.set(at, Err(Outcome::from_reply(expected(reply))));
            }
        }
        Ok(accepted)
    }

    /// The content, dot-stuffed, and the end of data. RFC 5321 4.5.2.
    async fn send_content(&mut self, octets: &[u8]) -> io::Result<()> {
        for line in octets.split_inclusive(|&octet| octet == b'\n') {
            if line.starts_with(b".") {
                self.channel.queue(b".");
            }
            self.channel.queue(line);
            if self.channel.queued() >= SEND_BYTES {
                self.channel.flush().await?;
            }
        }
        if !octets.is_empty() && !octets.ends_with(b"\r\n") {
            self.channel.queue(b"\r\n");
        }
        self.channel.queue(b".\r\n");
        self.channel.flush().await
    }

    /// Says goodbye. All results are known: nothing that happens here matters.
    pub(super) async fn quit(&mut self) {
        self.channel.queue(b"QUIT\r\n");
        let farewell = async {
            if self.read_reply().await.is_ok() {
                self.channel.shutdown().await;
            }
        };
        let _ = timeout(QUIT_TIMEOUT, farewell).await;
    }

    async fn command(&mut self, command: &str) -> Result<Reply, Outcome> {
        self.channel.queue(command.as_bytes());
        self.channel.queue(b"\r\n");
        Ok(self.read_reply().await?.joined())
    }

    /// Reads one reply. A 421 is an error for all that is open: the next hop closes.
    async fn read_reply(&mut self) -> Result<Answer, Outcome> {
        let mut lines = Vec::new();
        loop {
            let line = self.channel.line(MAX_REPLY_LINE_BYTES).await;
            let line = line.map_err(broken)?;
            let Some((code, last, text)) = reply_line(&line) else {
                return Err(broken(LineFault::BareCr));
            };
            lines.push(text);
            if lines.len() > MAX_REPLY_LINES {
                return Err(broken(LineFault::Endless));
            }
            if !last {
                continue;
            }
            let answer = Answer { code, lines };
            return if code == 421 { Err(as_temporary(answer.joined())) } else { Ok(answer) };
        }
    }
}

async fn secured(
    tls: &TlsClient,
    host: &str,
    stream: Box<dyn Stream>,
) -> Result<impl Stream + 'static, Outcome> {
    let failed = |_| temporary("4.7.5", "TLS with the next hop failed");
    tls.connect(host, stream).await.map_err(failed)
}

/// The result after the end of data.
fn final_result(reply: Reply) -> Result<Reply, Outcome> {
    if reply.is_positive() { Ok(reply) } else { Err(Outcome::from_reply(expected(reply))) }
}

/// A reply that can stand for a failure: anything but 4xx and 5xx becomes one of ours.
fn expected(reply: Reply) -> Reply {
    if reply.is_temporary() || reply.is_permanent() {
        return reply;
    }
    Reply::new(451, "4.5.0", "the next hop gave an unexpected answer")
}

/// A failure to open the dialogue speaks of the host, not of this mail.
fn as_temporary(reply: Reply) -> Outcome {
    if reply.is_temporary() {
        return Outcome::Temporary(reply);
    }
    let text = format!("the next hop refuses to talk: {} {}", reply.code, reply.text);
    Outcome::Temporary(Reply::new(451, "4.3.2", text))
}

/// One reply line: code, whether it is the last, text. RFC 5321 4.2.
fn reply_line(line: &[u8]) -> Option<(u16, bool, String)> {
    let (digits, rest) = line.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code: u16 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (last, text) = match rest.split_first() {
        None => (true, &b""[..]),
        Some((b' ', text)) => (true, text),
        Some((b'-', text)) => (false, text),
        Some(_) => return None,
    };
    let text = String::from_utf8_lossy(text).into_owned();
    (200..600).contains(&code).then_some((code, last, text))
}

/// A reply as it came, line by line. The code is the last line's.
struct Answer {
    code: u16,
    lines: Vec<String>,
}

impl Answer {
    /// The reply as one line, the enhanced code taken off the front of each.
    fn joined(self) -> Reply {
        let class = self.code / 100;
        let mut enhanced = None;
        let mut text = String::new();
        for line in &self.lines {
            let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
            let rest = if enhanced_class(first) == Some(class) {
                enhanced.get_or_insert(first);
                rest
            } else {
                line
            };
            if !text.is_empty() {
                text.push(' ');
            }
            let room = MAX_KEPT_TEXT_BYTES.saturating_sub(text.len());
            text.push_str(rest.get(..rest.floor_char_boundary(room)).unwrap_or_default());
        }
        let enhanced = enhanced.map_or_else(|| format!("{class}.0.0"), str::to_owned);
        Reply { code: self.code, enhanced, text }
    }

    fn extensions(&self) -> Extensions {
        let mut extensions = Extensions::default();
        // The first line is the greeting, not a keyword.
        for line in self.lines.iter().skip(1) {
            let mut words = line.split_ascii_whitespace();
            let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
            match keyword.as_str() {
                "SIZE" => {
                    extensions.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0));
                }
                "8BITMIME" => extensions.eight_bit = true,
                "SMTPUTF8" => extensions.smtputf8 = true,
                "STARTTLS" => extensions.starttls = true,
                "DSN" => extensions.dsn = true,
                _ => {}
            }
        }
        extensions
    }
}

/// Our name as EHLO can carry it.
fn host_name(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || ".-_:[]".contains(*c);
    let name: String = name.chars().filter(fits).take(path::MAX_DOMAIN_BYTES).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(lines: &[&str]) -> Answer {
        let read: Vec<_> = lines.iter().filter_map(|line| reply_line(line.as_bytes())).collect();
        assert_eq!(read.len(), lines.len());
        let code = read.last().unwrap().0;
        Answer { code, lines: read.into_iter().map(|(_, _, text)| text).collect() }
    }

    #[test]
    fn a_reply_of_several_lines_becomes_one_with_its_enhanced_code() {
        let reply = answer(&["550-5.7.1 not", "550-5.7.1 for", "550 5.7.1 you"]).joined();
        assert_eq!(reply, Reply::new(550, "5.7.1", "not for you"));
        assert_eq!(answer(&["250"]).joined(), Reply::new(250, "2.0.0", ""));
        assert_eq!(answer(&["550 2.0.0 x"]).joined(), Reply::new(550, "5.0.0", "2.0.0 x"));
    }

    #[test]
    fn the_text_of_a_reply_is_kept_up_to_400_octets() {
        let line = format!("550-5.7.1 {}", "あ".repeat(200));
        let reply = answer(&[&line, &line, "550 5.7.1 end"]).joined();
        assert!(reply.text.len() <= MAX_KEPT_TEXT_BYTES + 2, "{}", reply.text.len());
    }

    #[test]
    fn what_is_not_a_reply_line_is_none() {
        for bad in ["", "25", "abc x", "250x", "+50 x", "150 x", "600 x", "٢٥٠ x", "HTTP/1.1 200"]
        {
            assert_eq!(reply_line(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn extensions_are_read_in_any_case_and_never_from_the_greeting() {
        let offered = answer(&["250-STARTTLS", "250-size 1000", "250 8BitMime"]).extensions();
        assert!(!offered.starttls && offered.eight_bit && !offered.smtputf8);
        assert_eq!(offered.size, Some(1000));
        assert_eq!(answer(&["250-x", "250 SIZE"]).extensions().size, Some(0));
    }

    #[test]
    fn our_name_cannot_carry_a_second_command() {
        assert_eq!(host_name("gw.example\r\nMAIL FROM:<>"), "gw.exampleMAILFROM:");
        assert_eq!(host_name("\r\n"), "localhost");
    }
}
