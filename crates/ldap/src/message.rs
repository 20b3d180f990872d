//! What a reader sends, and what it is answered.

use crate::ber::{
    BerFault, ENUMERATED, INTEGER, OCTETS, Reader, SEQUENCE, SET, element, of_elements, of_number,
    utf8,
};
use crate::filter::Filter;
use zeroize::Zeroizing;

/// StartTLS (RFC 4511 4.14.1).
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// Simple paged results (RFC 2696).
const PAGED: &[u8] = b"1.2.840.113556.1.4.319";

const BOOLEAN: u8 = 0x01;
const BIND: u8 = 0x60;
const BOUND: u8 = 0x61;
const UNBIND: u8 = 0x42;
const SEARCH: u8 = 0x63;
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;
const ELSEWHERE: u8 = 0x73;
const EXTENDED: u8 = 0x77;
const EXTENDED_DONE: u8 = 0x78;
const CONTROLS: u8 = 0xa0;
const PASSWORD: u8 = 0x80;
const NAME: u8 = 0x80;

/// Something that the server has about somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its distinguished name.
    pub name: String,
    /// Attributes as they are described, with their values.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// How something ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// RFC 4511 4.1.9; 0 is success.
    pub code: u32,
    /// Where the next page begins; empty behind the last one.
    pub cookie: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To a login.
    Bound(Done),
    /// One of the entries.
    Entry(Entry),
    /// That there is more on another server.
    Elsewhere,
    /// That the page is over.
    Searched(Done),
    /// To StartTLS, or that the server ends the connection.
    Extended(Done),
}

/// Logs in by name and password (RFC 4511 4.2).
#[must_use]
pub fn bind(id: u32, name: &str, password: &[u8]) -> Zeroizing<Vec<u8>> {
    let password = Zeroizing::new(element(PASSWORD, password));
    let version = of_number(INTEGER, 3);
    let content =
        Zeroizing::new([&version[..], &element(OCTETS, name.as_bytes()), &password].concat());
    let operation = Zeroizing::new(element(BIND, &content));
    let whole = Zeroizing::new([&of_number(INTEGER, id)[..], &operation].concat());
    Zeroizing::new(element(SEQUENCE, &whole))
}

/// Asks for TLS on this connection.
#[must_use]
pub fn start_tls(id: u32) -> Vec<u8> {
    message(id, element(EXTENDED, &element(NAME, START_TLS)), None)
}

/// Asks for a page of the entries below `base`, with these attributes only.
#[must_use]
pub fn search(
    id: u32,
    base: &str,
    filter: &Filter,
    attributes: &[String],
    page: u32,
    cookie: &[u8],
) -> Vec<u8> {
    let attributes: Vec<Vec<u8>> =
        attributes.iter().map(|name| element(OCTETS, name.as_bytes())).collect();
    let operation = of_elements(
        SEARCH,
        &[
            element(OCTETS, base.as_bytes()),
            // All below; aliases are not followed: an entry counts where it stands.
            of_number(ENUMERATED, 2),
            of_number(ENUMERATED, 0),
            // No limits of ours: the server would answer a part.
            of_number(INTEGER, 0),
            of_number(INTEGER, 0),
            element(BOOLEAN, &[0]),
            filter.as_ber().to_vec(),
            of_elements(SEQUENCE, &attributes),
        ],
    );
    let value = of_elements(SEQUENCE, &[of_number(INTEGER, page), element(OCTETS, cookie)]);
    // Critical: a server that does not know pages is not asked for everything at once.
    let control = of_elements(
        SEQUENCE,
        &[element(OCTETS, PAGED), element(BOOLEAN, &[0xff]), element(OCTETS, &value)],
    );
    message(id, operation, Some(control))
}

/// Says good-bye.
#[must_use]
pub fn unbind(id: u32) -> Vec<u8> {
    message(id, element(UNBIND, &[]), None)
}

fn message(id: u32, operation: Vec<u8>, control: Option<Vec<u8>>) -> Vec<u8> {
    let mut parts = vec![of_number(INTEGER, id), operation];
    parts.extend(control.map(|control| element(CONTROLS, &control)));
    of_elements(SEQUENCE, &parts)
}

impl Answer {
    /// Reads an answer and the number of its question.
    ///
    /// # Errors
    /// [`BerFault`] if it is none, or one that nobody has asked for.
    pub fn parse(octets: &[u8]) -> Result<(u32, Self), BerFault> {
        let mut whole = Reader::new(octets);
        let mut inner = Reader::new(whole.of(SEQUENCE)?);
        if !whole.is_at_end() {
            return Err(BerFault::Tag);
        }
        let id = inner.number(INTEGER)?;
        let (tag, content) = inner.any()?;
        let answer = match tag {
            BOUND => Self::Bound(done(content, &[])?),
            ENTRY => Self::Entry(entry(content)?),
            ELSEWHERE => Self::Elsewhere,
            DONE => Self::Searched(done(content, inner.rest())?),
            EXTENDED_DONE => Self::Extended(done(content, &[])?),
            _ => return Err(BerFault::Tag),
        };
        Ok((id, answer))
    }
}

fn done(content: &[u8], controls: &[u8]) -> Result<Done, BerFault> {
    let code = Reader::new(content).number(ENUMERATED)?;
    Ok(Done { code, cookie: cookie(controls)? })
}

/// Where the next page begins.
fn cookie(controls: &[u8]) -> Result<Vec<u8>, BerFault> {
    let mut outer = Reader::new(controls);
    if outer.is_at_end() {
        return Ok(Vec::new());
    }
    let mut controls = Reader::new(outer.of(CONTROLS)?);
    while !controls.is_at_end() {
        let mut control = Reader::new(controls.of(SEQUENCE)?);
        if control.of(OCTETS)? != PAGED {
            continue;
        }
        if control.next_tag() == Some(BOOLEAN) {
            control.any()?;
        }
        let mut value = Reader::new(Reader::new(control.of(OCTETS)?).of(SEQUENCE)?);
        // An estimate of all entries, of any sign.
        value.of(INTEGER)?;
        return Ok(value.of(OCTETS)?.to_vec());
    }
    Ok(Vec::new())
}

fn entry(content: &[u8]) -> Result<Entry, BerFault> {
    let mut reader = Reader::new(content);
    let name = utf8(reader.of(OCTETS)?)?.to_owned();
    let mut list = Reader::new(reader.of(SEQUENCE)?);
    let mut attributes = Vec::new();
    while !list.is_at_end() {
        let mut one = Reader::new(list.of(SEQUENCE)?);
        let described = utf8(one.of(OCTETS)?)?.to_owned();
        let mut set = Reader::new(one.of(SET)?);
        let mut values = Vec::new();
        while !set.is_at_end() {
            values.push(set.of(OCTETS)?.to_vec());
        }
        attributes.push((described, values));
    }
    Ok(Entry { name, attributes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_as_rfc_4511_has_them() {
        assert_eq!(
            bind(1, "cn=a", b"pw").as_slice(),
            b"\x30\x12\x02\x01\x01\x60\x0d\x02\x01\x03\x04\x04cn=a\x80\x02pw"
        );
        assert_eq!(start_tls(1), b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037");
        assert_eq!(unbind(2), b"\x30\x05\x02\x01\x02\x42\x00");
        let filter = Filter::parse("(cn=*)").unwrap();
        assert_eq!(
            search(3, "o=A", &filter, &["mail".to_owned()], 500, b"next"),
            b"\x30\x52\x02\x01\x03\x63\x20\x04\x03o=A\x0a\x01\x02\x0a\x01\x00\x02\x01\x00\x02\x01\x00\
              \x01\x01\x00\x87\x02cn\x30\x06\x04\x04mail\
              \xa0\x2b\x30\x29\x04\x161.2.840.113556.1.4.319\x01\x01\xff\
              \x04\x0c\x30\x0a\x02\x02\x01\xf4\x04\x04next"
        );
    }

    #[test]
    fn answers_are_read() {
        let entry = b"\x30\x1d\x02\x01\x02\x64\x18\x04\x04cn=x\x30\x10\x30\x0e\x04\x02cn\x31\x08\x04\x01x\x04\x03abc";
        let read = Answer::parse(entry).unwrap();
        let attributes = vec![("cn".to_owned(), vec![b"x".to_vec(), b"abc".to_vec()])];
        assert_eq!(read, (2, Answer::Entry(Entry { name: "cn=x".to_owned(), attributes })));
        let done = b"\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x04\x04\x00\x04\x00";
        let limit = Done { code: 4, cookie: vec![] };
        assert_eq!(Answer::parse(done).unwrap(), (2, Answer::Searched(limit)));
    }

    #[test]
    fn the_next_page_is_named_beside_other_controls() {
        let value = of_elements(SEQUENCE, &[of_number(INTEGER, 0), element(OCTETS, b"next")]);
        let other = of_elements(SEQUENCE, &[element(OCTETS, b"1.2.3")]);
        let paged = of_elements(SEQUENCE, &[element(OCTETS, PAGED), element(OCTETS, &value)]);
        let result = element(DONE, b"\x0a\x01\x00\x04\x00\x04\x00");
        let whole = of_elements(
            SEQUENCE,
            &[of_number(INTEGER, 9), result, of_elements(CONTROLS, &[other, paged])],
        );
        let done = Done { code: 0, cookie: b"next".to_vec() };
        assert_eq!(Answer::parse(&whole).unwrap(), (9, Answer::Searched(done)));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (octets, fault) in [
            (&b""[..], BerFault::Short),
            (b"\x30\x05\x02\x01\x01\x42\x00", BerFault::Tag),
            (b"\x30\x03\x02\x01\x01", BerFault::Short),
            (b"\x30\x05\x02\x01\x01\x65\x00", BerFault::Short),
            (b"\x30\x05\x02\x01\x01\x73\x00\x00", BerFault::Tag),
            (b"HTTP/1.1 400 Bad Request", BerFault::Short),
        ] {
            assert_eq!(Answer::parse(octets), Err(fault), "{octets:?}");
        }
    }
}
