//! Frames of an MTA on the socket of our milter, as octets.
//!
//! Property: whatever is said, the answers are frames; a field of ours is put on only by the
//! end of a mail with a login, says that very login, and is within its bound.

use std::sync::LazyLock;

use ssmax_chain::statement::{SignedStatement, Statement};
use ssmax_chain::statement_field::{STATEMENT_FIELD, read_value, take_off};
use ssmax_submission::SubmissionConfig;
use ssmax_submission::session::{Said, Session, Stating};
use ssmax_token::{KeyPair as _, TokenError};
use time::OffsetDateTime;

use crate::fixed::{ALICE, AT};
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 2000;

static CONFIG: LazyLock<SubmissionConfig> = LazyLock::new(|| {
    let text = "milter = 'unix:/m'\nlimits = { max_header_bytes = 4096, max_recipients = 3 }";
    ssmax_daemon::config::parse(text, std::path::Path::new("ssmax.toml")).unwrap()
});

/// Signs as alice's key, at a time that never changes.
struct Fixed;

impl Stating for Fixed {
    fn now(&self) -> OffsetDateTime {
        AT
    }

    fn nonce(&self) -> [u8; 16] {
        [1; 16]
    }

    fn sign(&self, statement: &Statement) -> Result<SignedStatement, TokenError> {
        statement.sign(&ALICE.key)
    }
}

fn framed(frames: &[&[u8]]) -> Vec<u8> {
    let mut octets = Vec::new();
    for frame in frames {
        octets.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_be_bytes());
        octets.extend_from_slice(frame);
    }
    octets
}

pub(crate) fn made() -> Vec<Vec<u8>> {
    let offer: &[u8] = b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";
    let little: &[u8] = b"O\0\0\0\x06\0\0\0\x11\0\x10\0\0";
    let login: &[u8] = b"DM{auth_type}\0PLAIN\0{auth_authen}\0alice\0";
    let mail: [&[u8]; 6] = [
        b"M<alice@a.example>\0SIZE=10\0",
        b"R<bob@b.example>\0",
        b"LFrom\0 Alice <alice@a.example>\0",
        b"LSSMAX-Statement\0 e30=.e30=\0",
        b"LContent-Type\0 text/plain;\n charset=utf-8\0",
        b"B\xe3\x81\x82\r\n",
    ];
    vec![
        framed(&[&[offer, login][..], &mail, &[b"DEi\0QUEUE\0", b"E", b"Q"]].concat()),
        framed(&[&[little, b"Chost\0", b"Hc\0", login][..], &mail, &[b"N", b"Elast\r\n"]].concat()),
        framed(&[&[offer, b"DM"][..], &mail].concat()),
        framed(&[offer, login, b"M<>\0", b"A", b"K", offer, login, b"M<>\0", b"E"]),
        framed(&[
            offer,
            login,
            b"M<>\0",
            b"R<a@b.example>\0",
            b"R<c@b.example>\0",
            b"R<x>\0",
            b"E",
        ]),
    ]
}

/// Holds the session, as far as its frames go, and takes the statement off what comes.
pub fn run(octets: &[u8]) {
    let (_, values) = take_off(octets.to_vec());
    for value in values {
        let _ = read_value(&value).map(|signed| signed.claimed());
    }
    let mut session = Session::new(&CONFIG);
    let mut rest = octets;
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
        let Some((frame, behind)) = behind.split_at_checked(length) else { return };
        rest = behind;
        match session.take(frame, &Fixed) {
            Ok(Said::Replies(replies)) => answered(frame, replies.octets()),
            Ok(Said::End) | Err(_) => return,
        }
    }
}

fn answered(asked: &[u8], mut octets: &[u8]) {
    while let Some((length, behind)) = octets.split_first_chunk::<4>() {
        let (reply, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
        octets = behind;
        let (&letter, rest) = reply.split_first().expect("a reply");
        assert!(b"Ocymit".contains(&letter), "no reply of ours: {}", reply.escape_ascii());
        let name = [STATEMENT_FIELD.as_bytes(), b"\0"].concat();
        let inserted = rest.strip_prefix(&[0; 4]).and_then(|rest| rest.strip_prefix(&name[..]));
        if let (b'i', Some(value)) = (letter, inserted) {
            assert_eq!(asked.first(), Some(&b'E'), "stated before the end");
            assert!(value.len() <= CONFIG.limits.max_field_bytes, "a field beyond the bound");
            let signed = read_value(value.strip_suffix(b"\0").unwrap()).unwrap();
            let statement = signed.open(ALICE.key.spki(), AT).unwrap();
            assert!(!statement.user.is_empty() && statement.source.is_none());
            assert!(statement.recipients.len() <= 3);
        }
    }
    assert!(octets.is_empty(), "half a frame");
}
