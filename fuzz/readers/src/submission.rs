//! What a person's program reads when it hands a mail in: the server's replies, and the
//! person's own mail for whom it is for.
//!
//! The octets are what the server says, and a mail. Properties: the mail is sent once,
//! stuffed, and only after 354; no password to who did not offer AUTH PLAIN; no Bcc leaves.

use std::io::{self, Read, Write};

use ssmax_agent::submission::{
    Envelope, Login, named_recipients, readable_recipients, send_over, without_bcc,
};
use ssmax_mail::address::Address;
use ssmax_mail::{Limits, parse};

use crate::memory::has_only_crlf;
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 800;

const MAIL: &[u8] = b"Subject: once\r\n\r\n.\r\n..dots\r\n";
/// The same with its dots stuffed, and its end.
const STUFFED: &[u8] = b"Subject: once\r\n\r\n..\r\n...dots\r\n.\r\n";
/// `\0alice\0open sesame`.
const SECRET: &[u8] = b"AGFsaWNlAG9wZW4gc2VzYW1l";

pub(crate) fn made() -> Vec<Vec<u8>> {
    let hello = "220 a.example\r\n250-a.example\r\n250-AUTH LOGIN PLAIN\r\n250 8BITMIME\r\n";
    [
        format!("{hello}235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued\r\n"),
        format!("{hello}535 no\r\n"),
        "220 a\r\n250 a\r\n250 ok\r\n251 forwarded\r\n354 go\r\n250 queued\r\n".to_owned(),
        "220-a\r\n220+b\r\n".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

/// Sends a mail to whoever says these octets; then reads them as a mail to be sent.
pub fn run(octets: &[u8]) {
    for login in [None, Some(Login { user: "alice", password: "open sesame" })] {
        serve(octets, login.as_ref());
    }
    for recipient in named_recipients(octets).into_iter().flatten() {
        assert!(Address::parse(&recipient.to_string()).is_ok());
    }
    let _ = (Envelope::of(octets), readable_recipients(octets));
    if let Ok(public) = without_bcc(octets) {
        let public = parse(&public, &Limits::default()).expect("without Bcc it is read");
        assert_eq!(public.header().all("Bcc").count(), 0, "a hidden recipient is told");
    }
}

fn serve(said: &[u8], login: Option<&Login<'_>>) {
    let address = |text: &str| Address::parse(text).unwrap();
    let envelope = Envelope { from: address("alice@a.example"), to: vec![address("b@b.example")] };
    let mut server = Server { said, heard: Vec::new() };
    let sent = send_over(&mut server, login, &envelope, MAIL);
    let heard = server.heard;
    assert!(has_only_crlf(&heard), "a bare CR or LF was sent");
    let has = |part: &[u8]| heard.windows(part.len()).filter(|found| *found == part).count();
    let says = |part: &[u8]| said.windows(part.len()).any(|found| found == part);
    assert!(has(STUFFED) <= 1, "the mail was sent twice");
    assert!(has(STUFFED) == 0 || says(b"354"), "sent without 354");
    assert!(sent.is_err() || has(STUFFED) == 1, "taken without the mail");
    assert!(has(SECRET) == 0 || says(b"250"), "the password before any greeting");
    assert!(login.is_some() || has(b"AUTH ") == 0, "a login that nobody asked for");
}

/// Says its octets however it is spoken to.
struct Server<'o> {
    said: &'o [u8],
    heard: Vec<u8>,
}

impl Read for Server<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.said.read(room)
    }
}

impl Write for Server<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.heard.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
