//! What a directory answers to who reads all people in it, and filters of administrators.
//!
//! Property: an answer is read from its octets alone, none of them is read twice, and what
//! is read is no more than was there; a filter that is taken is one BER element.

use ssmax_ldap::ber::{
    ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET, element, of_elements, of_number,
};
use ssmax_ldap::filter::Filter;
use ssmax_ldap::message::Answer;

use crate::seeds::Pool;

pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 5000;

fn message(tag: u8, content: &[Vec<u8>], controls: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = vec![of_number(INTEGER, 7), of_elements(tag, content)];
    if !controls.is_empty() {
        parts.push(of_elements(0xa0, controls));
    }
    of_elements(SEQUENCE, &parts)
}

pub(crate) fn made() -> Vec<Vec<u8>> {
    let text = |text: &str| element(OCTETS, text.as_bytes());
    let attribute = |name: &str, values: &[&str]| {
        let values: Vec<_> = values.iter().map(|one| text(one)).collect();
        of_elements(SEQUENCE, &[text(name), of_elements(SET, &values)])
    };
    let attributes = [
        attribute("displayName;lang-ja;phonetic", &["ヤマダ ハナコ"]),
        attribute("proxyAddresses", &["SMTP:hanako@a.example", "smtp:h@a.example"]),
        attribute("userAccountControl", &["514"]),
    ];
    let entry = [text("cn=山田,dc=a"), of_elements(SEQUENCE, &attributes)];
    let said = [of_number(ENUMERATED, 0), text(""), text("")];
    let value = of_elements(SEQUENCE, &[of_number(INTEGER, 0), text("next")]);
    let paged = of_elements(SEQUENCE, &[text("1.2.840.113556.1.4.319"), element(OCTETS, &value)]);
    let other = of_elements(SEQUENCE, &[text("1.2.3"), element(1, &[255])]);
    vec![
        message(0x61, &said, &[]),
        message(0x64, &entry, &[]),
        message(0x65, &said, &[other, paged]),
        message(0x73, &[text("ldap://other/")], &[]),
        message(0x78, &said, &[]),
        b"(&(objectCategory=person)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))".to_vec(),
        b"(|(cn=a*\\2a*c)(o:dn:=A)(sn>=b)(sn~=c)(uid=*))".to_vec(),
    ]
}

/// Reads it as an answer, and as a filter.
pub fn run(octets: &[u8]) {
    if let Ok((_, answer)) = Answer::parse(octets) {
        let read = match &answer {
            Answer::Entry(entry) => {
                let values = |(name, values): &(String, Vec<Vec<u8>>)| {
                    name.len() + values.iter().map(Vec::len).sum::<usize>()
                };
                entry.name.len() + entry.attributes.iter().map(values).sum::<usize>()
            }
            Answer::Bound(done) | Answer::Searched(done) | Answer::Extended(done) => {
                done.cookie.len()
            }
            Answer::Elsewhere => 0,
        };
        assert!(read < octets.len(), "more was read than is there");
    }
    if let Ok(text) = std::str::from_utf8(octets)
        && let Ok(filter) = Filter::parse(text)
    {
        let mut reader = Reader::new(filter.as_ber());
        assert!(reader.any().is_ok() && reader.is_at_end(), "{text}");
    }
}
