//! What clients say (RFC 4511 4.1.1).

use super::ber::{self, BOOLEAN, BerFault, ENUMERATED, INTEGER, Reader, SEQUENCE};
use super::filter::{Filter, FilterFault, FilterLimits};
use zeroize::Zeroizing;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// By which the client knows the answer; 1 at least.
    pub id: u32,
    /// What it wants.
    pub operation: Operation,
    /// A control that has to be heeded and that nobody here knows (RFC 4511 4.1.11).
    pub unknown_control: bool,
    /// A page of the result is wanted (RFC 2696).
    pub paged: bool,
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// To be somebody.
    Bind(Bind),
    /// To end the connection.
    Unbind,
    /// To find something.
    Search(Box<Search>),
    /// An earlier request to end: all were answered already.
    Abandon,
    /// TLS from here on (RFC 4511 4.14).
    StartTls,
    /// Another extended operation.
    Extended,
    /// To change or to compare; with the tag of its answer.
    Other(u8),
}

/// Who a client says it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    /// The version of the protocol.
    pub version: u32,
    /// The name; empty for nobody.
    pub name: String,
    /// The password; none if another way was chosen than by password.
    pub password: Option<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Bind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Bind").field("version", &self.version).finish_non_exhaustive()
    }
}

/// How far below the base something is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base alone.
    Base,
    /// What is right below it.
    One,
    /// The base and all below it.
    Subtree,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Where, a distinguished name.
    pub base: String,
    /// How far below.
    pub scope: Scope,
    /// How many entries the client takes; 0 for all.
    pub size_limit: u32,
    /// Names of attributes alone, without values.
    pub types_only: bool,
    /// What for; the fault if it is larger than it may be.
    pub filter: Result<Filter, FilterFault>,
    /// The attributes that are wanted, as they were written; all if there is none.
    pub attributes: Vec<String>,
}

const BIND: u8 = 0x60;
const UNBIND: u8 = 0x42;
const SEARCH: u8 = 0x63;
const MODIFY: u8 = 0x66;
const ADD: u8 = 0x68;
const DELETE: u8 = 0x4a;
const MODIFY_DN: u8 = 0x6c;
const COMPARE: u8 = 0x6e;
const ABANDON: u8 = 0x50;
const EXTENDED: u8 = 0x77;

const SIMPLE: u8 = 0x80;
const SASL: u8 = 0xa3;
const REQUEST_NAME: u8 = 0x80;
const CONTROLS: u8 = 0xa0;

const START_TLS: &str = "1.3.6.1.4.1.1466.20037";
const PAGED: &str = "1.2.840.113556.1.4.319";

impl Message {
    /// Reads a whole message.
    ///
    /// # Errors
    /// [`BerFault`]: nothing can be answered to it, and the connection ends (RFC 4511 5.3).
    /// A filter that is only too large is part of the search.
    pub fn parse(octets: &[u8], limits: FilterLimits) -> Result<Self, BerFault> {
        let mut outer = Reader::new(octets);
        let mut inner = Reader::new(outer.of(SEQUENCE)?);
        let id = inner.number(INTEGER)?;
        // 0 is for what nobody asked for (RFC 4511 4.1.1.1).
        if !outer.is_at_end() || id == 0 {
            return Err(BerFault::Value);
        }
        let (tag, content) = inner.any()?;
        let content = Reader::new(content);
        let operation = match tag {
            BIND => Operation::Bind(bind(content)?),
            UNBIND => Operation::Unbind,
            SEARCH => Operation::Search(Box::new(search(content, limits)?)),
            ABANDON => Operation::Abandon,
            EXTENDED => extended(content)?,
            // The tag of the answer is the next one, and none of an answer is primitive.
            MODIFY | ADD | MODIFY_DN | COMPARE => Operation::Other(tag + 1),
            DELETE => Operation::Other((tag + 1) | 0x20),
            _ => return Err(BerFault::Tag),
        };
        let mut message = Self { id, operation, unknown_control: false, paged: false };
        if inner.next_tag() == Some(CONTROLS) {
            message.take_controls(Reader::new(inner.of(CONTROLS)?))?;
        }
        Ok(message)
    }

    fn take_controls(&mut self, mut controls: Reader<'_>) -> Result<(), BerFault> {
        while !controls.is_at_end() {
            let mut control = Reader::new(controls.of(SEQUENCE)?);
            let name = control.text()?;
            let critical = control.next_tag() == Some(BOOLEAN) && control.boolean()?;
            if name == PAGED && matches!(self.operation, Operation::Search(_)) {
                self.paged = true;
            } else {
                self.unknown_control |= critical;
            }
        }
        Ok(())
    }
}

fn bind(mut content: Reader<'_>) -> Result<Bind, BerFault> {
    let version = content.number(INTEGER)?;
    let name = content.text()?.to_owned();
    let password = match content.any()? {
        (SIMPLE, password) => Some(Zeroizing::new(password.to_vec())),
        (SASL, _) => None,
        _ => return Err(BerFault::Tag),
    };
    Ok(Bind { version, name, password })
}

fn search(mut content: Reader<'_>, limits: FilterLimits) -> Result<Search, BerFault> {
    let base = content.text()?.to_owned();
    let scope = match content.number(ENUMERATED)? {
        0 => Scope::Base,
        1 => Scope::One,
        2 => Scope::Subtree,
        _ => return Err(BerFault::Value),
    };
    // There is no alias here to be followed.
    content.number(ENUMERATED)?;
    let size_limit = content.number(INTEGER)?;
    // And nothing takes longer than we allow ourselves.
    content.number(INTEGER)?;
    let types_only = content.boolean()?;
    let mut filter_alone = content;
    content.any()?;
    let filter = match Filter::read(&mut filter_alone, limits) {
        Err(FilterFault::Ber(fault)) => return Err(fault),
        other => other,
    };
    let mut list = Reader::new(content.of(SEQUENCE)?);
    let mut attributes = Vec::new();
    while !list.is_at_end() {
        attributes.push(list.text()?.to_owned());
    }
    Ok(Search { base, scope, size_limit, types_only, filter, attributes })
}

fn extended(mut content: Reader<'_>) -> Result<Operation, BerFault> {
    let name = ber::utf8(content.of(REQUEST_NAME)?)?;
    Ok(if name == START_TLS { Operation::StartTls } else { Operation::Extended })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::filter::tests::{equal, written};
    use super::*;
    use crate::ldap::ber::{OCTETS, element, of_elements, of_number};

    pub(crate) const LIMITS: FilterLimits = FilterLimits { depth: 8, terms: 128 };

    pub(crate) fn text(text: &str) -> Vec<u8> {
        element(OCTETS, text.as_bytes())
    }

    pub(crate) fn message(id: u32, operation: Vec<u8>) -> Vec<u8> {
        of_elements(SEQUENCE, &[of_number(INTEGER, id), operation])
    }

    pub(crate) fn binding(name: &str, password: &[u8]) -> Vec<u8> {
        let parts = [of_number(INTEGER, 3), text(name), element(SIMPLE, password)];
        of_elements(BIND, &parts)
    }

    pub(crate) fn searching(base: &str, scope: u32, filter: &Filter, wanted: &[&str]) -> Vec<u8> {
        let attributes: Vec<Vec<u8>> = wanted.iter().map(|name| text(name)).collect();
        let parts = [
            text(base),
            of_number(ENUMERATED, scope),
            of_number(ENUMERATED, 0),
            of_number(INTEGER, 0),
            of_number(INTEGER, 0),
            element(BOOLEAN, &[0]),
            written(filter),
            of_elements(SEQUENCE, &attributes),
        ];
        of_elements(SEARCH, &parts)
    }

    pub(crate) fn starting_tls() -> Vec<u8> {
        element(EXTENDED, &element(REQUEST_NAME, START_TLS.as_bytes()))
    }

    fn with_control(operation: Vec<u8>, name: &str, critical: bool) -> Vec<u8> {
        let critical = element(BOOLEAN, &[if critical { 0xff } else { 0 }]);
        let control = of_elements(SEQUENCE, &[text(name), critical, text("value")]);
        let controls = element(CONTROLS, &control);
        of_elements(SEQUENCE, &[of_number(INTEGER, 7), operation, controls])
    }

    #[test]
    fn a_search_as_thunderbird_sends_it_is_read() {
        let filter = equal("mail", "bob@b.example");
        let octets = searching("dc=a,dc=example", 2, &filter, &["usercertificate;binary"]);
        let read = Message::parse(&message(2, octets), LIMITS).unwrap();
        let Operation::Search(search) = &read.operation else { panic!("{read:?}") };
        assert_eq!((read.id, read.unknown_control, read.paged), (2, false, false));
        assert_eq!((search.base.as_str(), search.scope), ("dc=a,dc=example", Scope::Subtree));
        assert_eq!(search.filter, Ok(filter));
        assert_eq!(search.attributes, ["usercertificate;binary"]);
    }

    #[test]
    fn a_password_is_read_and_shown_nowhere() {
        let read = Message::parse(&message(1, binding("alice", b"s3cret")), LIMITS).unwrap();
        let Operation::Bind(bind) = &read.operation else { panic!("{read:?}") };
        assert_eq!(bind.password.as_deref().map(Vec::as_slice), Some(&b"s3cret"[..]));
        let shown = format!("{read:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("115"), "{shown}");
    }

    #[test]
    fn a_control_is_heeded_known_or_refused_if_it_has_to_be() {
        let search = || searching("", 0, &Filter::And(vec![]), &[]);
        let read = |octets: Vec<u8>| Message::parse(&octets, LIMITS).unwrap();
        let paged = read(with_control(search(), PAGED, true));
        assert!(paged.paged && !paged.unknown_control);
        assert!(read(with_control(search(), "1.2.3", true)).unknown_control);
        assert!(!read(with_control(search(), "1.2.3", false)).unknown_control);
        assert!(read(with_control(starting_tls(), PAGED, true)).unknown_control);
    }

    #[test]
    fn who_wants_to_change_something_is_told_apart() {
        let parsed = |tag: u8| {
            let read = Message::parse(&message(1, element(tag, b"")), LIMITS);
            read.map(|read| read.operation)
        };
        for (request, answer) in
            [(0x66, 0x67), (0x68, 0x69), (0x4a, 0x6b), (0x6c, 0x6d), (0x6e, 0x6f)]
        {
            assert_eq!(parsed(request), Ok(Operation::Other(answer)));
        }
        assert_eq!(parsed(0x65), Err(BerFault::Tag));
        assert_eq!(parsed(0x42), Ok(Operation::Unbind));
    }

    #[test]
    fn what_is_no_message_ends_it() {
        let good = message(1, element(UNBIND, b""));
        assert!(Message::parse(&good, LIMITS).is_ok());
        let followed = [good, vec![0]].concat();
        assert_eq!(Message::parse(&followed, LIMITS), Err(BerFault::Value));
        assert_eq!(Message::parse(&message(0, element(UNBIND, b"")), LIMITS), Err(BerFault::Value));
        assert_eq!(Message::parse(&[0x30, 3, 2, 1], LIMITS), Err(BerFault::Short));
        let scope = searching("", 3, &Filter::And(vec![]), &[]);
        assert_eq!(Message::parse(&message(1, scope), LIMITS), Err(BerFault::Value));
    }

    #[test]
    fn a_filter_that_is_too_large_is_told_from_one_that_is_none() {
        let many = Filter::Or(vec![equal("a", "b"); 200]);
        let read = Message::parse(&message(1, searching("", 2, &many, &[])), LIMITS).unwrap();
        let Operation::Search(search) = read.operation else { panic!() };
        assert_eq!(search.filter, Err(FilterFault::TooLarge));
    }
}
