//! What mailers send to the directory, message after message.
//!
//! Property: every answer is one of LDAP's, with the number of its question, and ends; no
//! filter is larger than it may be; whoever is looked up was named, and nobody is suggested
//! for less than a few letters.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use ssmax_api::directory::{DirectoryEntry, Fragment, Suggestions};
use ssmax_directory::ldap::{Message, Operation, whole};
use ssmax_directory::name::Name;
use ssmax_directory::session::{Away, Protection, Rules, Session, Source, Then};
use ssmax_directory::{Limits, Shares};

use crate::memory::block_on;
use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 3000;

const FROM: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    base: Name::parse("dc=a,dc=example").unwrap(),
    allow_plaintext: true,
    limits: Limits { max_addresses: 4, requests_per_second: u32::MAX, ..Limits::default() },
});

/// Everybody is there.
struct Everybody;

fn entry(address: &str, certificate: Option<&[u8]>) -> DirectoryEntry {
    DirectoryEntry {
        address: address.to_owned(),
        name: "山田 Alice".to_owned(),
        certificate: certificate.map(|der| serde_bytes::ByteBuf::from(der.to_vec())),
    }
}

impl Source for Everybody {
    async fn find(&self, address: &str) -> Result<Option<DirectoryEntry>, Away> {
        Ok(Some(entry(address, Some(b"certificate"))))
    }

    async fn suggest(&self, clauses: Vec<Vec<Fragment>>, limit: u32) -> Result<Suggestions, Away> {
        assert!(!clauses.is_empty(), "everybody would fit");
        let min_letters = RULES.limits.min_letters;
        for fragment in clauses.iter().flatten() {
            assert!(fragment.whole || fragment.letters() >= min_letters, "{fragment:?}");
        }
        assert!((1..=RULES.limits.max_suggestions).contains(&limit));
        Ok(Suggestions { entries: vec![entry("alice@a.example", None)], more: true })
    }

    async fn login(&self, user: &str, secret: &[u8]) -> Result<bool, Away> {
        assert!(!user.is_empty() || !secret.is_empty());
        Ok(user.len() == secret.len())
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

fn message(operation: &[u8], controls: &[u8]) -> Vec<u8> {
    element(0x30, &[b"\x02\x01\x07", operation, controls].concat())
}

fn search(base: &str, scope: u8, filter: &[u8], attribute: &str) -> Vec<u8> {
    let parts = [
        element(4, base.as_bytes()),
        vec![10, 1, scope, 10, 1, 0, 2, 1, 0, 2, 1, 30, 1, 1, 0],
        filter.to_vec(),
        element(0x30, &element(4, attribute.as_bytes())),
    ];
    element(0x63, &parts.concat())
}

fn equal(name: &str, value: &str) -> Vec<u8> {
    element(0xa3, &[element(4, name.as_bytes()), element(4, value.as_bytes())].concat())
}

fn with(name: &str, pieces: &[(u8, &str)]) -> Vec<u8> {
    let pieces: Vec<u8> =
        pieces.iter().flat_map(|(tag, piece)| element(*tag, piece.as_bytes())).collect();
    element(0xa4, &[element(4, name.as_bytes()), element(0x30, &pieces)].concat())
}

pub(crate) fn made() -> Vec<Vec<u8>> {
    let base = "dc=a,dc=example";
    let word = |text: &str| {
        let each = ["cn", "mail", "givenName", "sn"].map(|name| with(name, &[(0x81, text)]));
        element(0xa1, &each.concat())
    };
    let control = [element(4, b"1.2.840.113556.1.4.319"), vec![1, 1, 255]].concat();
    let paged = element(0xa0, &element(0x30, &control));
    let bind = |name: &str, password: &str| {
        let parts = [element(4, name.as_bytes()), element(0x80, password.as_bytes())];
        message(&element(0x60, &[b"\x02\x01\x03", &parts.concat()[..]].concat()), b"")
    };
    let one =
        message(&search(base, 2, &equal("mail", "bob@b.example"), "usercertificate;binary"), b"");
    let words = element(0xa0, &[word("yama"), word("ali")].concat());
    let not = element(0xa2, &element(0x87, b"objectClass"));
    let mixed = element(
        0xa1,
        &[equal("mail", "bob@b.example"), with("cn", &[(0x80, "b"), (0x82, "bo")])].concat(),
    );
    let several: Vec<u8> = (b'a'..=b'e')
        .flat_map(|name| equal("mail", &format!("{}@b.example", char::from(name))))
        .collect();
    let own = format!("mail=alice\\2c@a.example,{base}");
    vec![
        [bind("", ""), one, message(b"\x42\x00", b"")].concat(),
        [bind("mail=alice@a.example,dc=a", "alice@a.example"), bind("x", "")].concat(),
        message(&search(base, 2, &words, "cn"), &paged),
        message(&search("", 0, &element(0x87, b"objectClass"), "*"), b""),
        message(&search(base, 0, &not, "1.1"), b""),
        message(&search(base, 1, &mixed, "mail"), b""),
        message(&search(base, 2, &element(0xa1, &several), "mail"), b""),
        message(&search(&own, 0, &element(0xa0, b""), "+"), b""),
        message(&element(0x77, &element(0x80, b"1.3.6.1.4.1.1466.20037")), b""),
        [message(&element(0x66, b"x"), b""), message(b"\x50\x01\x01", b"")].concat(),
    ]
}

/// Takes the messages, as far as they go.
pub fn run(octets: &[u8]) {
    if let Ok(text) = std::str::from_utf8(octets)
        && let Some(name) = Name::parse(text)
    {
        let again = Name::parse(&name.to_string());
        assert!(again.is_some_and(|again| again.is(&name)), "{name}");
    }
    let shares: Arc<Shares> = Shares::new(RULES.limits.clone());
    let mut session = Session::new(&RULES, &shares, FROM, true, Protection::Offered);
    let mut rest = octets;
    while let Ok(Some(length)) = whole(rest) {
        let Some((asked, behind)) = rest.split_at_checked(length) else { return };
        rest = behind;
        let parsed = Message::parse(asked, RULES.limits.filter());
        if let Ok(Message { operation: Operation::Search(search), .. }) = &parsed
            && let Ok(filter) = &search.filter
        {
            assert!(filter.depth() <= RULES.limits.max_filter_depth);
            assert!(filter.terms() <= RULES.limits.max_filter_terms);
        }
        let said = block_on(session.take(asked, &Everybody));
        let id = parsed.as_ref().map_or(0, |message| message.id);
        let is_silent = matches!(
            parsed.map(|message| message.operation),
            Ok(Operation::Unbind | Operation::Abandon)
        );
        answered(&said.octets, id, is_silent);
        match said.then {
            Then::End => return,
            Then::StartTls => session.secured(),
            Then::GoOn => {}
        }
    }
}

/// Entries, and an end of this number.
fn answered(mut octets: &[u8], id: u32, is_silent: bool) {
    let mut is_over = is_silent;
    while !octets.is_empty() {
        assert!(!is_over, "something behind the end");
        let length = whole(octets).unwrap().unwrap();
        let (answer, behind) = octets.split_at(length);
        octets = behind;
        let inner = &answer[if answer[1] < 0x80 { 2 } else { 2 + usize::from(answer[1] & 0x7f) }..];
        assert_eq!(inner[0], 2);
        let number = &inner[2..2 + usize::from(inner[1])];
        assert_eq!(number.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet)), id);
        let tag = inner[2 + number.len()];
        is_over = tag != 0x64;
        assert!([0x61, 0x64, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x78].contains(&tag), "{tag}");
    }
    assert!(is_over, "there is no end");
}
