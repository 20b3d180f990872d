//! The replies of a next hop, over SMTP and LMTP.
//!
//! The octets are what the next hop says, in packets that end with 0xFF; the first octet
//! chooses the dialect. Properties: we send our mail once and only after 354, stuffed,
//! with no bare CR or LF; each recipient has one result, and none is taken without a 2xx
//! after the content.

use ssmax_gateway::wire::{
    ClientSettings, Outcome, OutgoingEnvelope, Protocol, Reply, deliver_over,
};

use crate::memory::{Memory, block_on, has_only_crlf, packets};
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 1000;

const MAIL: &[u8] = b"Subject: once\r\n\r\n.\r\n..dots\r\n\xe3\x81\x82\r\n";
/// The same with its dots stuffed, and its end.
const STUFFED: &[u8] = b"Subject: once\r\n\r\n..\r\n...dots\r\n\xe3\x81\x82\r\n.\r\n";

pub(crate) fn made() -> Vec<Vec<u8>> {
    let hello =
        "220 n.example ready\r\n\u{1}250-n.example\r\n250-SIZE 1000\r\n250 8BITMIME\r\n\u{1}";
    let taken = "250 2.1.0 ok\r\n\u{1}250 2.1.5 ok\r\n\u{1}550 5.1.1 no\r\n\u{1}250 ok\r\n\u{1}354 go\r\n\u{1}";
    [
        ('s', format!("{hello}{taken}250 2.0.0 queued\r\n\u{1}221 bye\r\n")),
        (
            'l',
            format!(
                "{hello}{taken}250 2.0.0 a\r\n\u{1}451-4.3.0 b\r\n451 4.3.0 b\r\n\u{1}221 bye\r\n"
            ),
        ),
        ('s', format!("{hello}250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n250 queued\r\n")),
        ('s', "220 n\r\n\u{1}502 what\r\n\u{1}250 n\r\n\u{1}250 ok\r\n".to_owned()),
        ('s', "554 5.7.1 go away\r\n".to_owned()),
        ('s', "220 a\n220 b\r250 x\r\n".to_owned()),
    ]
    .into_iter()
    .map(|(dialect, text)| {
        let packet = |octet: u8| if octet == 1 { crate::memory::PACKET_END } else { octet };
        let first = if dialect == 's' { 0 } else { 1 };
        std::iter::once(first).chain(text.bytes().map(packet)).collect()
    })
    .collect()
}

/// Delivers one mail for three to whoever says these octets.
pub fn run(octets: &[u8]) {
    let Some((&dialect, said)) = octets.split_first() else { return };
    let protocol = if dialect & 1 == 0 { Protocol::Smtp } else { Protocol::Lmtp };
    let (stream, written) = Memory::new(said);
    let envelope = OutgoingEnvelope {
        mail_from: "a@a.example".to_owned(),
        recipients: ["b@b.example", "c@b.example", "d@b.example"].map(str::to_owned).to_vec(),
        smtputf8: false,
        body_8bit: true,
        ..OutgoingEnvelope::default()
    };
    let settings = ClientSettings::new("gw.a.example");
    let results = block_on(deliver_over(stream, protocol, &envelope, MAIL, &settings));
    let sent = written.octets();
    assert!(has_only_crlf(&sent), "a bare CR or LF was sent");
    let times = sent.windows(STUFFED.len()).filter(|part| *part == STUFFED).count();
    assert!(times <= 1, "the mail was sent {times} times");
    let names = results.iter().map(|(recipient, _)| recipient);
    assert!(names.eq(&envelope.recipients), "a recipient without its own result");
    for (_, result) in &results {
        sound(result, times, said);
    }
}

fn sound(result: &Result<Reply, Outcome>, times: usize, said: &[u8]) {
    match result {
        Ok(reply) => {
            assert!(reply.is_positive(), "taken with {reply}");
            assert_eq!(times, 1, "taken without the mail");
            let said = packets(said).concat();
            assert!(said.windows(3).any(|code| code == b"354"), "sent without 354");
        }
        Err(Outcome::Temporary(reply)) => assert!(reply.is_temporary(), "temporary: {reply}"),
        Err(Outcome::Permanent(reply)) => assert!(reply.is_permanent(), "permanent: {reply}"),
    }
}
