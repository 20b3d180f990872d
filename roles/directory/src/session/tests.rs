//! What clients are told.

use super::*;
use crate::ldap::ber::{Reader, SEQUENCE};
use crate::ldap::filter::tests::{equal, with};
use crate::ldap::request::tests::{binding, message, searching, starting_tls};
use crate::ldap::{Attribute, BerFault};
use serde_bytes::ByteBuf;
use std::sync::Arc;
use std::time::Duration;

const BASE: &str = "dc=a,dc=example";
const FROM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// Two people here, one outside.
struct People;

fn person(address: &str, name: &str, certificate: Option<&[u8]>) -> DirectoryEntry {
    let certificate = certificate.map(|der| ByteBuf::from(der.to_vec()));
    DirectoryEntry { address: address.to_owned(), name: name.to_owned(), certificate }
}

impl Source for People {
    async fn find(&self, address: &str) -> Result<Option<DirectoryEntry>, Away> {
        match address {
            "slow@a.example" => std::future::pending().await,
            "away@a.example" => Err(Away::Unavailable),
            "busy@a.example" => Err(Away::Busy),
            "carol@a.example" => Ok(Some(person(address, "Carol Abe", Some(b"carol")))),
            "bob@b.example" => Ok(Some(person(address, "Bob", Some(b"bob")))),
            _ => Ok(None),
        }
    }

    async fn suggest(&self, clauses: Vec<Vec<Fragment>>, limit: u32) -> Result<Suggestions, Away> {
        assert!(!clauses.is_empty());
        let all = [("carol@a.example", "Carol Abe"), ("cargo@a.example", "Cargo Office")];
        let limit = usize::try_from(limit).unwrap();
        let entries = all.iter().take(limit).map(|(address, name)| person(address, name, None));
        Ok(Suggestions { entries: entries.collect(), more: limit < all.len() })
    }

    async fn login(&self, user: &str, secret: &[u8]) -> Result<bool, Away> {
        Ok(user == "carol@a.example" && secret == b"right")
    }
}

struct Stage {
    rules: Rules,
    shares: Arc<Shares>,
    is_known_network: bool,
    protection: Protection,
}

impl Stage {
    fn new(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits { answer: Duration::from_millis(50), ..Limits::default() };
        change(&mut limits);
        Self {
            shares: Shares::new(limits.clone()),
            rules: Rules { base: Name::parse(BASE).unwrap(), allow_plaintext: false, limits },
            is_known_network: true,
            protection: Protection::Tls,
        }
    }

    fn session(&self) -> Session<'_> {
        let Self { rules, shares, is_known_network, protection } = self;
        Session::new(rules, shares, FROM, *is_known_network, *protection)
    }

    async fn search(&self, filter: &Filter) -> Told {
        let octets = searching(BASE, 2, filter, &[]);
        told(&self.session().take(&message(2, octets), &People).await)
    }
}

/// What an answer says: names of entries with the names of their attributes, and the end.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    entries: Vec<(String, Vec<String>)>,
    end: u8,
    code: u8,
    words: String,
    then: Then,
}

fn told(said: &Said) -> Told {
    let mut reader = Reader::new(&said.octets);
    let mut entries = Vec::new();
    while !reader.is_at_end() {
        let mut inner = Reader::new(reader.of(SEQUENCE).unwrap());
        inner.number(2).unwrap();
        let (tag, content) = inner.any().unwrap();
        let mut content = Reader::new(content);
        if tag == 0x64 {
            let name = content.text().unwrap().to_owned();
            let mut list = Reader::new(content.of(SEQUENCE).unwrap());
            let mut names = Vec::new();
            while !list.is_at_end() {
                let mut one = Reader::new(list.of(SEQUENCE).unwrap());
                names.push(one.text().unwrap().to_owned());
            }
            entries.push((name, names));
            continue;
        }
        let code = u8::try_from(content.number(10).unwrap()).unwrap();
        content.text().unwrap();
        let words = content.text().unwrap().to_owned();
        assert!(reader.is_at_end());
        return Told { entries, end: tag, code, words, then: said.then };
    }
    panic!("there is no end: {said:?}")
}

async fn code(session: &mut Session<'_>, operation: Vec<u8>) -> u8 {
    told(&session.take(&message(1, operation), &People).await).code
}

#[tokio::test]
async fn who_is_asked_for_by_address_is_found_with_a_certificate() {
    let stage = Stage::new(|_| ());
    let octets = searching(BASE, 2, &equal("mail", "bob@b.example"), &["usercertificate;binary"]);
    let said = told(&stage.session().take(&message(2, octets), &People).await);
    let name = format!("mail=bob@b.example,{BASE}");
    assert_eq!(said.entries, [(name, vec!["userCertificate;binary".to_owned()])]);
    assert_eq!((said.end, said.code), (0x65, 0));
    let nobody = stage.search(&equal("mail", "nobody@x.example")).await;
    assert_eq!((nobody.entries, nobody.code), (vec![], 0));
}

#[tokio::test]
async fn the_whole_filter_decides_about_who_was_looked_up() {
    let stage = Stage::new(|_| ());
    let bob = || equal("mail", "bob@b.example");
    let fits = Filter::And(vec![bob(), Filter::Present(Attribute::new("userCertificate"))]);
    assert_eq!(stage.search(&fits).await.entries.len(), 1);
    let not = Filter::And(vec![bob(), equal("cn", "Carol Abe")]);
    assert_eq!(stage.search(&not).await.entries, []);
}

#[tokio::test]
async fn nobody_is_listed() {
    let stage = Stage::new(|_| ());
    for list in [
        Filter::Present(Attribute::new("objectClass")),
        Filter::Present(Attribute::new("mail")),
        Filter::Not(Box::new(equal("mail", "x"))),
    ] {
        assert_eq!(stage.search(&list).await.code, 53, "{list:?}");
    }
    assert_eq!(stage.search(&with("cn", "c")).await, stage.search(&equal("uid", "1")).await);
    assert_eq!(stage.search(&with("cn", "c")).await.entries, []);
}

#[tokio::test]
async fn suggestions_are_bounded_for_a_search_and_for_an_hour() {
    let few = Stage::new(|limits| limits.max_suggestions = 1);
    let said = few.search(&with("cn", "car")).await;
    assert_eq!((said.entries.len(), said.code), (1, 4));
    assert!(!said.entries[0].1.contains(&"userCertificate;binary".to_owned()));
    let hour = Stage::new(|limits| limits.suggestions_per_hour = 3);
    assert_eq!(hour.search(&with("cn", "car")).await.entries.len(), 2);
    let said = hour.search(&with("cn", "car")).await;
    assert_eq!((said.entries.len(), said.code), (0, 11));
    // An address is found all the same.
    assert_eq!(hour.search(&equal("mail", "bob@b.example")).await.entries.len(), 1);
}

#[tokio::test]
async fn a_search_has_so_many_addresses_and_so_long_a_filter() {
    let stage = Stage::new(|limits| {
        (limits.max_addresses, limits.max_filter_terms, limits.max_filter_depth) = (2, 8, 3);
    });
    let address = |number: usize| equal("mail", &format!("{number}@a.example"));
    let of = |count| Filter::Or((0..count).map(address).collect());
    assert_eq!(stage.search(&of(2)).await.code, 0);
    let many = stage.search(&of(3)).await;
    assert_eq!((many.code, many.words.as_str()), (11, "too many addresses"));
    let long = stage.search(&of(8)).await;
    assert_eq!((long.code, long.words.as_str()), (11, "the filter is too long"));
    let deep = (0..3).fold(address(0), |filter, _| Filter::And(vec![filter]));
    assert_eq!(stage.search(&deep).await.words, "the filter is too long");
}

#[tokio::test]
async fn a_client_takes_as_many_entries_as_it_wants() {
    let stage = Stage::new(|_| ());
    let mut octets = searching(BASE, 2, &with("cn", "car"), &[]);
    // The size limit stands behind base, scope and aliases.
    let at = 2 + 2 + BASE.len() + 3 + 3 + 2;
    assert_eq!(octets[at - 2..=at], [2, 1, 0]);
    octets[at] = 1;
    let said = told(&stage.session().take(&message(2, octets), &People).await);
    assert_eq!((said.entries.len(), said.code), (1, 4));
}

#[tokio::test]
async fn an_address_asks_so_often_and_is_told_so() {
    let stage = Stage::new(|limits| limits.requests_per_second = 1);
    let mut codes = Vec::new();
    for _ in 0..12 {
        codes.push(stage.search(&equal("mail", "bob@b.example")).await.code);
    }
    assert_eq!(codes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 51, 51]);
}

#[tokio::test]
async fn what_has_no_answer_is_said_at_once() {
    let stage = Stage::new(|_| ());
    for (address, code) in [("slow", 52), ("away", 52), ("busy", 51)] {
        let said = stage.search(&equal("mail", &format!("{address}@a.example"))).await;
        assert_eq!((said.code, said.entries), (code, vec![]), "{address}");
    }
}

#[tokio::test]
async fn who_says_no_name_is_answered_in_known_networks_and_over_tls() {
    let search = || searching(BASE, 2, &equal("mail", "bob@b.example"), &[]);
    let mut stage = Stage::new(|_| ());
    assert_eq!(code(&mut stage.session(), binding("", b"")).await, 0);
    stage.protection = Protection::Offered;
    assert_eq!(code(&mut stage.session(), binding("", b"")).await, 13);
    assert_eq!(code(&mut stage.session(), search()).await, 13);
    stage.rules.allow_plaintext = true;
    assert_eq!(code(&mut stage.session(), binding("", b"")).await, 0);
    assert_eq!(code(&mut stage.session(), search()).await, 0);
    stage.is_known_network = false;
    for protection in [Protection::Offered, Protection::Tls] {
        stage.protection = protection;
        assert_eq!(code(&mut stage.session(), binding("", b"")).await, 48);
        assert_eq!(code(&mut stage.session(), search()).await, 50);
    }
}

#[tokio::test]
async fn who_proves_who_they_are_is_answered_from_anywhere_until_they_bind_anew() {
    let search = || searching(BASE, 2, &equal("mail", "bob@b.example"), &[]);
    let mut stage = Stage::new(|_| ());
    stage.is_known_network = false;
    for name in ["carol@a.example", "mail=carol@a.example,dc=a,dc=example"] {
        let mut session = stage.session();
        assert_eq!(code(&mut session, binding(name, b"wrong")).await, 49);
        assert_eq!(code(&mut session, search()).await, 50);
        assert_eq!(code(&mut session, binding(name, b"right")).await, 0);
        assert_eq!(code(&mut session, search()).await, 0);
        assert_eq!(code(&mut session, binding(name, b"wrong")).await, 49);
        assert_eq!(code(&mut session, search()).await, 50, "{name}");
    }
}

#[tokio::test]
async fn a_password_counts_over_tls_only_and_none_is_no_proof() {
    let mut stage = Stage::new(|_| ());
    let carol = "carol@a.example";
    assert_eq!(code(&mut stage.session(), binding(carol, b"")).await, 53);
    assert_eq!(code(&mut stage.session(), binding("", b"right")).await, 49);
    stage.rules.allow_plaintext = true;
    for protection in [Protection::None, Protection::Offered] {
        stage.protection = protection;
        assert_eq!(code(&mut stage.session(), binding(carol, b"right")).await, 13);
    }
    let mut other = binding("", b"");
    other[4] = 2;
    assert_eq!(code(&mut stage.session(), other).await, 2, "version 2");
}

#[tokio::test]
async fn an_address_has_so_many_wrong_passwords() {
    let stage = Stage::new(|limits| limits.failed_binds_per_hour = 2);
    let mut session = stage.session();
    for expected in [49, 49, 51] {
        assert_eq!(code(&mut session, binding("carol@a.example", b"wrong")).await, expected);
    }
    assert_eq!(code(&mut session, binding("carol@a.example", b"right")).await, 51);
}

#[tokio::test]
async fn tls_is_begun_where_there_is_some() {
    for (protection, expected) in [
        (Protection::Offered, (0, Then::StartTls)),
        (Protection::None, (52, Then::GoOn)),
        (Protection::Tls, (1, Then::GoOn)),
    ] {
        let stage = Stage { protection, ..Stage::new(|_| ()) };
        let said = stage.session().take(&message(1, starting_tls()), &People).await;
        let said = told(&said);
        assert_eq!((said.end, said.code, said.then), (0x78, expected.0, expected.1));
    }
}

#[tokio::test]
async fn the_server_tells_about_itself_whoever_asks() {
    let stage =
        Stage { is_known_network: false, protection: Protection::Offered, ..Stage::new(|_| ()) };
    let all = Filter::Present(Attribute::new("objectClass"));
    let octets = searching("", 0, &all, &["namingContexts", "supportedExtension"]);
    let said = stage.session().take(&message(1, octets), &People).await;
    let names = vec!["namingContexts".to_owned(), "supportedExtension".to_owned()];
    assert_eq!(told(&said).entries, [(String::new(), names)]);
    assert!(said.octets.windows(BASE.len()).any(|octets| octets == BASE.as_bytes()));
}

#[tokio::test]
async fn entries_have_names_below_the_base_and_other_places_are_none() {
    let stage = Stage::new(|_| ());
    let all = Filter::Present(Attribute::new("objectClass"));
    let at = async |base: &str, scope| {
        let octets = searching(base, scope, &all, &["dc", "mail"]);
        let said = told(&stage.session().take(&message(1, octets), &People).await);
        (said.code, said.entries.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
    };
    let carol = format!("mail=carol@a.example,{BASE}");
    assert_eq!(at(BASE, 0).await, (0, vec![BASE.to_owned()]));
    assert_eq!(at(&carol, 0).await, (0, vec![carol.clone()]));
    assert_eq!(at(&carol, 2).await, (0, vec![carol.clone()]));
    assert_eq!(at(&carol, 1).await, (0, vec![]));
    for other in ["dc=b,dc=example", &format!("cn=x,{BASE}"), "no name"] {
        assert_eq!(at(other, 2).await, (32, vec![]), "{other}");
    }
}

#[tokio::test]
async fn what_is_not_done_here_is_refused_and_what_is_no_message_ends_it() {
    let stage = Stage::new(|_| ());
    let mut session = stage.session();
    assert_eq!(code(&mut session, crate::ldap::ber::element(0x66, b"")).await, 53);
    let said = session.take(&message(1, vec![0x42, 0]), &People).await;
    assert_eq!(said, Said { octets: vec![], then: Then::End });
    let said = session.take(&message(1, vec![0x50, 1, 1]), &People).await;
    assert_eq!(said, Said { octets: vec![], then: Then::GoOn });
    assert_eq!(Message::parse(&[0x30, 0], stage.rules.limits.filter()), Err(BerFault::Short));
    let said = session.take(&[0x30, 0], &People).await;
    assert_eq!(said.then, Then::End);
    assert_eq!(told(&said).code, 2);
}
