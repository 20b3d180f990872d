//! A whole session of a client with our listener, as octets: what both dialects share.
//!
//! The first octet chooses the listener's settings. The rest is what the client sends;
//! an octet 0xFF ends a packet, and the client waits for the answer.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use ssmax_daemon::Stop;
use ssmax_gateway::listen::{
    AuthRule, Dialect, Envelope, Journey, Limits, ListenerConfig, Login, Reply, TlsServer, converse,
};

use crate::fixed::{ALICE_KEY_PEM, ALICE_PEM};
use crate::memory::{Memory, Written, block_on, has_only_crlf, packets};

const MAX_MAIL_BYTES: usize = 4096;
const MAX_RECIPIENTS: usize = 3;
/// Longest reply line with its CRLF, RFC 5321 4.5.3.1.5.
const MAX_REPLY_BYTES: usize = 512;
/// What is said before TLS begins.
const START_TLS: &[u8] = b"220 2.0.0 start TLS\r\n";

static TLS: LazyLock<TlsServer> =
    LazyLock::new(|| TlsServer::from_pem(ALICE_PEM.as_bytes(), ALICE_KEY_PEM.as_bytes()).unwrap());

/// What reached the journey. Nothing is asserted in it: the listener would take a panic
/// there for a failure of the journey, and answer 451.
struct Recorder {
    mails: Mutex<Vec<(Envelope, Vec<u8>)>>,
    /// Whether something was asked after TLS had been promised on this connection.
    asked_after_tls: Mutex<bool>,
    written: Written,
}

impl Recorder {
    fn asked(&self) {
        let written = self.written.octets();
        if written.windows(START_TLS.len()).any(|line| line == START_TLS) {
            *self.asked_after_tls.lock().unwrap_or_else(PoisonError::into_inner) = true;
        }
    }
}

impl Journey for Recorder {
    async fn authenticate(&self, user: &str, _: &[u8], method: &str) -> Result<Option<Login>, ()> {
        self.asked();
        match user {
            "broken" => Err(()),
            "alice" => Ok(Some(Login { user: user.into(), method: method.into(), aal: 1 })),
            _ => Ok(None),
        }
    }

    async fn recipient(&self, _: &Envelope, recipient: &str) -> Result<(), Reply> {
        self.asked();
        match recipient.starts_with("no") {
            true => Err(Reply::new(550, "5.1.1", "no such person")),
            false => Ok(()),
        }
    }

    async fn mail(&self, envelope: Envelope, octets: Vec<u8>) -> Vec<Reply> {
        self.asked();
        let taken = vec![Reply::new(250, "2.0.0", "taken"); envelope.recipients.len()];
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).push((envelope, octets));
        taken
    }
}

/// Holds the session and asserts what has to be true of it.
pub(crate) fn run(dialect: Dialect, octets: &[u8]) {
    let Some((&settings, said)) = octets.split_first() else { return };
    let (stream, written) = Memory::new(said);
    let config = config(dialect, settings);
    let journey = Arc::new(Recorder {
        mails: Mutex::default(),
        asked_after_tls: Mutex::default(),
        written: written.clone(),
    });
    let peer = ([127, 0, 0, 1], 1).into();
    block_on(converse(stream, peer, config.clone(), Arc::clone(&journey), Stop::new()));

    replies(&written.octets());
    assert!(
        !*journey.asked_after_tls.lock().unwrap_or_else(PoisonError::into_inner),
        "what was said in clear counted after STARTTLS"
    );
    let mails = journey.mails.lock().unwrap_or_else(PoisonError::into_inner);
    for (envelope, mail) in mails.iter() {
        sound(envelope, &config);
        assert!(has_only_crlf(mail), "a mail with a bare CR or LF");
        assert!(mail.is_empty() || mail.ends_with(b"\r\n"), "a mail ends within a line");
        assert!(mail.len() <= MAX_MAIL_BYTES, "a mail beyond the bound");
    }
    one_for_each(said, mails.iter().map(|(_, mail)| mail.as_slice()));
}

fn config(dialect: Dialect, settings: u8) -> ListenerConfig {
    let is_set = |bit: u8| settings >> bit & 1 == 1;
    let mut config = ListenerConfig::new(dialect, "gw.a.example");
    config.limits = Limits {
        max_mail_bytes: MAX_MAIL_BYTES,
        max_recipients: MAX_RECIPIENTS,
        max_data_line_bytes: 2048,
        max_errors: 8,
        ..Limits::default()
    };
    config.auth = match (is_set(0), is_set(1)) {
        (false, _) => AuthRule::Off,
        (true, false) => AuthRule::Offered,
        (true, true) => AuthRule::Required,
    };
    config.tls = is_set(2).then(|| TLS.clone());
    config.allow_plaintext_auth = is_set(3);
    config.xforward_peers = if is_set(4) { vec![[127, 0, 0, 1].into()] } else { Vec::new() };
    config
}

fn sound(envelope: &Envelope, config: &ListenerConfig) {
    assert!(!envelope.recipients.is_empty(), "a mail for nobody");
    assert!(envelope.recipients.len() <= MAX_RECIPIENTS, "more recipients than the bound");
    assert_eq!(envelope.recipients.len(), envelope.recipient_options.len());
    let forwarded = &envelope.forwarded;
    let texts = envelope.recipients.iter().chain([&envelope.mail_from, &envelope.helo]);
    let more = [&envelope.xforward_ident, &forwarded.name, &forwarded.address, &forwarded.helo];
    for text in texts.chain(more.into_iter().flatten()) {
        assert!(!text.chars().any(char::is_control), "a control character in the envelope");
        assert!(envelope.smtputf8 || text.is_ascii(), "beyond ASCII without SMTPUTF8: {text:?}");
    }
    assert!(!envelope.tls, "garbage counted as TLS");
    match &envelope.auth {
        Some(_) => assert!(config.allow_plaintext_auth && config.auth != AuthRule::Off),
        None => assert!(config.auth != AuthRule::Required, "a mail without AUTH"),
    }
    if config.xforward_peers.is_empty() {
        assert_eq!(envelope.xforward_ident, None, "XFORWARD of a stranger");
    }
}

/// Every line that we say is a reply. What stands behind a promise of TLS is TLS.
fn replies(written: &[u8]) {
    let tls = written.windows(START_TLS.len()).position(|line| line == START_TLS);
    let clear = tls.map_or(written, |at| &written[..at + START_TLS.len()]);
    assert!(clear.ends_with(b"\r\n") && has_only_crlf(clear), "a reply with a bare CR or LF");
    for line in clear.split_inclusive(|&octet| octet == b'\n') {
        assert!(line.len() <= MAX_REPLY_BYTES, "a reply beyond the bound");
        let is_reply = line[..3].iter().all(u8::is_ascii_digit) && matches!(line[3], b' ' | b'-');
        assert!(is_reply, "no reply: {}", line.escape_ascii());
    }
}

/// One DATA is one mail: each mail is, in order, what a packet began with, up to the
/// first CRLF.CRLF, and no octet is in two mails.
fn one_for_each<'m>(said: &[u8], mails: impl Iterator<Item = &'m [u8]>) {
    let packets = packets(said);
    let whole = packets.concat();
    let starts: Vec<usize> = packets
        .iter()
        .scan(0, |next, packet| Some(std::mem::replace(next, *next + packet.len())))
        .collect();
    let mut from = 0;
    for mail in mails {
        let found = starts.iter().filter(|&&start| start >= from).find_map(|&start| {
            let (content, end) = content(&whole[start..])?;
            (content == mail).then_some(start + end)
        });
        from = found.expect("a mail that is not the content of one DATA");
    }
}

/// What RFC 5321 4.5.2 makes of the octets behind DATA, and where it ends.
fn content(octets: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut mail = Vec::new();
    let mut at = 0;
    loop {
        let rest = &octets[at..];
        let end = rest.windows(2).position(|pair| pair == b"\r\n")? + 2;
        let line = &rest[..end];
        at += end;
        if line == b".\r\n" {
            return Some((mail, at));
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
}

/// Conversations to begin with; `hello` is the dialect's word.
pub(crate) fn seeds(hello: &str) -> Vec<Vec<u8>> {
    const END: &str = "\r\n.\r\n";
    let begin = format!(
        "{hello} c.example\r\n\u{1}MAIL FROM:<a@a.example>\r\n\u{1}RCPT TO:<b@b.example>\r\n\u{1}DATA\r\n\u{1}"
    );
    let mut found: Vec<(u8, String)> = [
        format!("{begin}Subject: a\r\n\r\ntext\r\n..dot{END}\u{1}QUIT\r\n"),
        format!("{begin}{END}\u{1}MAIL FROM:<>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n\u{1}b{END}"),
        format!("{begin}a\r\n\u{1}.\u{1}\r\u{1}\n\u{1}NOOP\r\nRSET\r\nVRFY x\r\n\u{1}QUIT\r\n"),
        format!("{hello} c\r\nMAIL FROM:<a@a.example> SIZE=100 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<\u{3042}@b.example> NOTIFY=NEVER ORCPT=rfc822;b@b.example\r\nRCPT TO:<no@b.example>\r\nDATA\r\n\u{1}\u{3042}{END}"),
        format!("{begin}a\nb\r.\r\n{END}\u{1}QUIT\r\n"),
        format!("{begin}{}{END}\u{1}NOOP\r\n", "long line ".repeat(300)),
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
    ]
    .map(|text| (0, text))
    .to_vec();
    for false_end in ["\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\r\n.\r", "\r\n\0.\r\n"] {
        let smuggled = "MAIL FROM:<x@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n";
        found.push((0, format!("{begin}a{false_end}\u{1}{smuggled}\u{1}b{END}\u{1}QUIT\r\n")));
    }
    let login = "AUTH PLAIN AGFsaWNlAHg=\r\n\u{1}";
    let mail = "MAIL FROM:<a@a.example>\r\nRCPT TO:<b@b.example>\r\nDATA\r\n\u{1}b\r\n.\r\n";
    found.push((0b01011, format!("{hello} c\r\n\u{1}{login}{mail}")));
    found.push((
        0b01001,
        format!("{hello} c\r\nAUTH LOGIN\r\n\u{1}YWxpY2U=\r\n\u{1}eA==\r\n\u{1}{mail}"),
    ));
    found.push((0b00100, format!("{hello} c\r\nSTARTTLS\r\n\u{1}{mail}")));
    found.push((0b00100, format!("{hello} c\r\nSTARTTLS\r\n{mail}")));
    found.push((
        0b10000,
        format!("{hello} c\r\nXFORWARD NAME=x ADDR=192.0.2.1 IDENT=4A HELO=h\r\n{mail}"),
    ));
    let packet = |octet: u8| if octet == 1 { crate::memory::PACKET_END } else { octet };
    found
        .into_iter()
        .map(|(settings, text)| std::iter::once(settings).chain(text.bytes().map(packet)).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_from_memory_brings_its_mail() {
        let seed = &seeds("EHLO")[0];
        let (stream, written) = Memory::new(&seed[1..]);
        let journey = Arc::new(Recorder {
            mails: Mutex::default(),
            asked_after_tls: Mutex::default(),
            written: written.clone(),
        });
        let peer = ([127, 0, 0, 1], 1).into();
        let config = config(Dialect::Smtp, 0);
        block_on(converse(stream, peer, config, Arc::clone(&journey), Stop::new()));
        let mails = journey.mails.lock().unwrap();
        assert_eq!(mails.len(), 1, "{}", written.octets().escape_ascii());
        assert_eq!(mails[0].1, b"Subject: a\r\n\r\ntext\r\n.dot\r\n");
    }

    #[test]
    fn logins_of_the_seeds_count_and_clear_text_before_tls_does_not() {
        let bring = |settings: u8| {
            let seeds = seeds("EHLO").into_iter().filter(|seed| seed[0] == settings);
            seeds
                .map(|seed| {
                    let (stream, written) = Memory::new(&seed[1..]);
                    let journey = Arc::new(Recorder {
                        mails: Mutex::default(),
                        asked_after_tls: Mutex::default(),
                        written,
                    });
                    let config = config(Dialect::Smtp, settings);
                    let peer = ([127, 0, 0, 1], 1).into();
                    block_on(converse(stream, peer, config, Arc::clone(&journey), Stop::new()));
                    journey.mails.lock().unwrap().len()
                })
                .sum::<usize>()
        };
        assert_eq!((bring(0b01011), bring(0b01001)), (1, 1));
        assert_eq!(bring(0b00100), 0);
        assert_eq!(bring(0b10000), 1);
    }

    #[test]
    #[should_panic(expected = "a mail that is not the content of one DATA")]
    fn a_second_mail_out_of_one_data_is_found() {
        let said = b"DATA\r\n\xffa\r\n.\r\n";
        one_for_each(said, [&b"a\r\n"[..], b"a\r\n"].into_iter());
    }
}
