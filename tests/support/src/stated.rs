//! A mail as it comes out of the MTA's submission service: the milter's own dialogue, and
//! an MTA that does what it says.

use crate::member::Member;
use ssmax_daemon::statement_key;
use ssmax_primitives::SoftwareKey;
use ssmax_submission::Word;
use ssmax_submission::session::{Said, Session};

/// The key of a member's milter.
pub fn milter_key(member: &Member) -> SoftwareKey {
    statement_key::read(&member.milter.dir()).unwrap()
}

/// The mail with the statement of the member's milter on top, and with what the MTA writes.
pub fn stated(
    member: &Member,
    login: &str,
    mail_from: &str,
    recipients: &[&str],
    mail: &[u8],
) -> Vec<u8> {
    let word = Word(milter_key(member));
    let mut session = Session::new(&member.milter.submission);
    let mut say = |frame: Vec<u8>| match session.take(&frame, &word).unwrap() {
        Said::Replies(replies) => replies.octets().to_vec(),
        Said::End => panic!("the milter hung up"),
    };
    let text = |letter: &str, words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| format!("{word}\0")).collect();
        [letter, &words.concat()].concat().into_bytes()
    };
    say(b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff".to_vec());
    say(text("DM", &["{auth_type}", "PLAIN", "{auth_authen}", login]));
    let mut answers = vec![say(text("M", &[&format!("<{mail_from}>")]))];
    for recipient in recipients {
        answers.push(say(text("R", &[&format!("<{recipient}>")])));
    }
    for answer in answers {
        assert_eq!(answer, b"\0\0\0\x01c", "{}", answer.escape_ascii());
    }
    let end = mail.windows(4).position(|octets| octets == b"\r\n\r\n").unwrap() + 2;
    let (header, body) = (&mail[..end], &mail[end + 2..]);
    let header = ssmax_mail::parse_header(header, &ssmax_mail::Limits::default()).unwrap();
    for field in header.fields() {
        let value = String::from_utf8(field.value().to_vec()).unwrap().replace("\r\n", "\n");
        say(text("L", &[field.name(), &value]));
    }
    say([b"B", body].concat());
    let answer = say(b"E".to_vec());
    let (field, rest) = inserted(&answer);
    assert_eq!(rest, b"\0\0\0\x01c", "{}", rest.escape_ascii());
    [field.as_bytes(), b"Received: by the MTA; now\r\n", mail].concat()
}

/// The field that the answer puts on top, and what stands behind it.
fn inserted(answer: &[u8]) -> (String, &[u8]) {
    let (length, rest) = answer.split_first_chunk::<4>().unwrap();
    let (frame, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
    let texts = frame.strip_prefix(b"i\0\0\0\0").unwrap().strip_suffix(b"\0").unwrap();
    let (name, value) = std::str::from_utf8(texts).unwrap().split_once('\0').unwrap();
    (format!("{name}:{}\r\n", value.replace('\n', "\r\n")), rest)
}
