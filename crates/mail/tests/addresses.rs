//! When two addresses are one, and when a name lies about them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]

use ssmax_mail::address::{Address, AddressFault, parse_from, parse_list};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[test]
fn domains_match_as_names_and_local_parts_as_they_stand() {
    assert!(address("a@B.Example").matches(&address("a@b.example")));
    assert!(address("a@例え.example").matches(&address("a@XN--R8JZ45G.example")));
    assert!(!address("A@b.example").matches(&address("a@b.example")));
    assert!(!address("a@b.example").matches(&address("a@c.example")));
    assert!(address("\"a\"@b.example").matches(&address("a@b.example")));
}

#[test]
fn a_bare_address_has_nothing_around_it() {
    for text in [" a@b.example", "a@b.example ", "\ta@b.example"] {
        assert_eq!(Address::parse(text), Err(AddressFault::SpaceInAddress), "{text:?}");
    }
    assert_eq!(Address::parse("<a@b.example>"), Err(AddressFault::Malformed));
    assert_eq!(Address::parse("a@b.example, c@d.example"), Err(AddressFault::Malformed));
    assert_eq!(Address::parse("a@b.example\r\n"), Err(AddressFault::ControlCharacter));
    assert_eq!(Address::parse("a@b.example\0"), Err(AddressFault::ControlCharacter));
    assert_eq!(Address::parse(""), Err(AddressFault::NoAddress));
}

#[test]
fn invisible_and_unreadable_characters_are_no_part_of_an_address() {
    for text in
        ["a\u{200b}@b.example", "a\u{202e}@b.example", "a\u{fffd}@b.example", "a@b\u{feff}.example"]
    {
        assert_eq!(Address::parse(text), Err(AddressFault::Malformed), "{text:?}");
    }
}

#[test]
fn only_what_needs_quotes_is_written_with_them() {
    for text in [
        "a.b@c.example",
        "a..b@c.example",
        "\"a b\"@c.example",
        "\"a\\\"\\\\\"@c.example",
        "花子@c.example",
    ] {
        assert_eq!(address(text).to_string(), text);
    }
    assert_eq!(address("\"a.b\"@c.example").to_string(), "a.b@c.example");
    assert_eq!(address("\"a b\"@c.example").local(), "a b");
}

#[test]
fn a_name_that_shows_another_address_is_told() {
    let told = |field: &str| parse_from(field).unwrap()[0].shows_other_address();
    assert!(told("\"alice@a.example\" <mallory@evil.example>"));
    assert!(told("\"Alice <alice@a.example>\" <mallory@evil.example>"));
    assert!(told("=?utf-8?q?alice=40a.example?= <mallory@evil.example>"));
    assert!(told("\"alice＠a.example.\" <mallory@evil.example>"));
    assert!(!told("\"alice@A.example\" <alice@a.example>"));
    assert!(!told("\"Alice (@alice)\" <alice@a.example>"));
    assert!(!told("Alice <alice@a.example>"));
}

#[test]
fn a_name_that_a_person_reads_as_another_address_is_told_however_it_is_spelt() {
    let told = |field: &str| parse_from(field).unwrap()[0].shows_other_address();
    for name in [
        "boss @ b。example",
        "boss ＠ b．example",
        "boss @ b․example",
        "boss @ b｡example",
        "boss @ b. example",
        "boss @ b .example",
        "boss\u{3164}@\u{2800}b.example",
        "bo\u{ad}ss@b.example",
        "boss﹫b﹒c0m",
        "\u{202e}elpmaxe.b@ssob",
        "boss@b.example, really",
        "alice@a.example.evil.example",
    ] {
        assert!(told(&format!("\"{name}\" <alice@a.example>")), "{name}");
    }
    for field in [
        "(boss＠b.example) alice@a.example (Alice)",
        "(=?utf-8?q?boss=40b.example?=) Alice <alice@a.example>",
        "Alice <alice@a.example> (boss＠b.example)",
        "=?utf-8?Q?boss=40b=2Eexample =3F=?= <alice@a.example>",
        "=?unknown?q?boss=40b.example?= <alice@a.example>",
        "=?utf-8?b?Ym9zc0BiLmV4YW1wbGU <alice@a.example>",
        "=?utf-8?x?what_is_this?= <alice@a.example>",
    ] {
        assert!(told(field), "{field}");
    }
}

#[test]
fn a_name_that_shows_its_own_address_or_none_is_no_lie() {
    let told = |field: &str| parse_from(field).unwrap()[0].shows_other_address();
    for name in [
        "Alice@A.example",
        "Alice @ a.example",
        "ALICE＠ａ．example",
        "山田（alice@a.example）",
        "Alice | alice@a.example | Sales",
        "Meet @ 3.30pm",
        "Team @ Company",
        "Team @ Company Ltd.",
        "@alice",
        "alice at boss",
    ] {
        assert!(!told(&format!("\"{name}\" <alice@a.example>")), "{name}");
    }
    assert!(!told("Alice@A.example <alice@a.example>"));
    assert!(!told("Alice @ a.example <alice@a.example>"));
    assert!(!told("alice@a.example (Alice@A.example)"));
    assert!(!told("=?unknown?q?Alice?= <alice@a.example>"));
}

#[test]
fn encoded_words_never_become_addresses() {
    let field = "=?utf-8?q?alice=40a.example=3E=2C_?= <mallory@evil.example>";
    let mailboxes = parse_from(field).unwrap();
    assert_eq!(mailboxes.len(), 1);
    assert_eq!(mailboxes[0].address.to_string(), "mallory@evil.example");
    assert_eq!(parse_from("=?utf-8?q?alice=40a.example?="), Err(AddressFault::Malformed));
}

#[test]
fn groups_are_flattened_in_lists() {
    let list = |field: &str| -> Vec<String> {
        parse_list(field).unwrap().iter().map(|one| one.address.to_string()).collect()
    };
    assert_eq!(
        list("a@x.example, Team: b@x.example,, C <c@x.example>; (end), d@x.example,"),
        ["a@x.example", "b@x.example", "c@x.example", "d@x.example"]
    );
    assert!(list("undisclosed-recipients:;").is_empty());
    assert!(list("").is_empty());
    assert_eq!(parse_list("A: b@x.example; c@x.example"), Err(AddressFault::Malformed));
}
