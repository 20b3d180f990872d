//! What every list must satisfy, and what it answers.
#![allow(clippy::unwrap_used, reason = "tests stop at what they do not expect")]

mod sample;

use proptest::prelude::*;
use sample::{NOW, list, member};
use ssmax_federation::ijson::JsonFault;
use ssmax_federation::{
    Directory, FreshForm, Kind, Limits, ListFault, Member, MemberList, Rating, StandingState,
    check, corporate_number_check_digit, corporate_number_is_valid,
};
use time::Duration;

/// The fault of the sample list after `change`.
fn fault(change: impl FnOnce(&mut MemberList)) -> Option<ListFault> {
    let mut list = list();
    change(&mut list);
    check(&list, &Limits::default()).err()
}

/// The fault of the sample list after `change` to its second member.
fn member_fault(change: impl FnOnce(&mut Member)) -> Option<ListFault> {
    fault(|list| change(&mut list.members[1]))
}

#[test]
fn a_sound_list_survives_its_json() {
    let text = list().to_json().unwrap();
    assert_eq!(MemberList::from_json(&text, &Limits::default()), Ok(list()));
}

#[test]
fn the_json_says_what_the_specification_says() {
    let text = String::from_utf8(list().to_json().unwrap()).unwrap();
    for expected in [
        r#""version":3,"issued":"2026-04-01T00:00:00Z","expires":"2026-04-02T00:00:00Z""#,
        r#""kind":"organisation""#,
        r#""standing":{"state":"good","since":"2026-04-01T00:00:00Z","reason":""}"#,
        r#""capabilities":{"fresh_form":"wrapped-gcm","enforce":"none","ciphers":["aes256-gcm"]}"#,
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[test]
fn names_that_a_later_version_adds_are_ignored() {
    let text = String::from_utf8(list().to_json().unwrap()).unwrap();
    let text = text.replacen("\"kind\"", "\"founded\":1949,\"kind\"", 1);
    assert_eq!(MemberList::from_json(text.as_bytes(), &Limits::default()), Ok(list()));
}

#[test]
fn an_unknown_standing_refuses_the_list() {
    let text = String::from_utf8(list().to_json().unwrap()).unwrap();
    let text = text.replacen("\"good\"", "\"perfect\"", 1);
    assert!(matches!(
        MemberList::from_json(text.as_bytes(), &Limits::default()),
        Err(ListFault::Json(JsonFault::Shape { .. }))
    ));
}

#[test]
fn a_name_twice_in_the_json_refuses_the_list() {
    let text = String::from_utf8(list().to_json().unwrap()).unwrap();
    // Also where the reader would ignore both.
    for (name, with) in [
        ("\"state\":\"good\"", "\"state\":\"good\",\"state\":\"good\""),
        ("\"state\":\"good\"", "\"state\":\"good\",\"x\":1,\"x\":2"),
        ("\"version\":3", "\"version\":3,\"versio\\u006e\":4"),
    ] {
        let text = text.replacen(name, with, 1);
        assert_eq!(
            MemberList::from_json(text.as_bytes(), &Limits::default()),
            Err(ListFault::Json(JsonFault::DuplicateName)),
            "{with}"
        );
    }
}

#[test]
fn a_version_must_be_one_that_every_reader_can_count() {
    assert_eq!(fault(|list| list.version = 0), Some(ListFault::NoVersion));
    assert_eq!(fault(|list| list.version = (1 << 53) - 1), None);
    assert_eq!(fault(|list| list.version = 1 << 53), Some(ListFault::NoVersion));
}

#[test]
fn a_list_expires_after_it_is_issued() {
    assert_eq!(fault(|list| list.expires = list.issued), Some(ListFault::ExpiresBeforeIssued));
}

#[test]
fn a_domain_belongs_to_one_member() {
    let taken = fault(|list| list.members[1].domains.push("a.example".into()));
    assert_eq!(taken, Some(ListFault::DomainTwice { member: 1 }));
    let own = fault(|list| list.members[0].domains.push("a.example".into()));
    assert_eq!(own, Some(ListFault::DomainTwice { member: 0 }));
}

#[test]
fn a_subdomain_may_be_another_members() {
    assert_eq!(member_fault(|member| member.domains.push("x.a.example".into())), None);
}

#[test]
fn an_id_belongs_to_one_member() {
    let twice = fault(|list| list.members[1] = member(1, "c.example"));
    assert_eq!(twice, Some(ListFault::IdTwice { member: 1 }));
}

#[test]
fn a_certificate_is_listed_once() {
    let taken = fault(|list| {
        list.members[1].certificates = list.members[0].certificates.clone();
    });
    assert_eq!(taken, Some(ListFault::CertificateTwice { member: 1 }));
}

#[test]
fn the_id_is_the_corporate_numbers_and_the_check_digit_is_right() {
    assert_eq!(
        member_fault(|member| member.id.push('0')),
        Some(ListFault::IdMismatch { member: 1 })
    );
    assert_eq!(
        member_fault(|member| member.id = member.id.to_lowercase()),
        Some(ListFault::IdMismatch { member: 1 })
    );
    assert_eq!(
        member_fault(|member| {
            member.corporate_number = "8000012050002".into();
            member.id = "NTRJP-8000012050002".into();
        }),
        Some(ListFault::CorporateNumber { member: 1 })
    );
}

#[test]
fn domains_are_listed_in_their_one_form() {
    for domain in ["B2.example", "例.jp", "b2.example.", "b2", "*.b2.example", "b2 .example", ""] {
        assert_eq!(
            member_fault(|member| member.domains.push(domain.into())),
            Some(ListFault::DomainForm { member: 1 }),
            "{domain:?}"
        );
    }
}

#[test]
fn certificates_are_named_by_lower_case_sha256() {
    for name in ["", "abc", &"0".repeat(63), &"0".repeat(65), &"A".repeat(64), &"g".repeat(64)] {
        assert_eq!(
            member_fault(|member| member.certificates.push(name.into())),
            Some(ListFault::CertificateForm { member: 1 }),
            "{name:?}"
        );
    }
}

#[test]
fn texts_that_could_mislead_a_reader_are_refused() {
    for text in ["a\nb", "a\0", "\u{202e}knaB", "A\u{200b}", "\u{feff}", "\u{1b}[2J", "\u{2028}"] {
        let refused = Some(ListFault::TextControl { member: 1 });
        assert_eq!(member_fault(|member| member.names.ja = text.into()), refused, "{text:?}");
        assert_eq!(member_fault(|member| member.names.kana = text.into()), refused, "{text:?}");
        assert_eq!(member_fault(|member| member.standing.reason = text.into()), refused);
        assert_eq!(member_fault(|member| member.capabilities.ciphers.push(text.into())), refused);
    }
}

#[test]
fn a_member_has_a_name() {
    let nameless = member_fault(|member| {
        member.names.ja = " ".into();
        member.names.en = String::new();
    });
    assert_eq!(nameless, Some(ListFault::Nameless { member: 1 }));
    assert_eq!(member_fault(|member| member.names.en = String::new()), None);
}

#[test]
fn the_incident_contact_is_a_plain_mail_address() {
    for contact in [
        "",
        "abuse",
        "@b.example",
        "abuse@",
        "abuse@localhost",
        "a b@b.example",
        "\"a\"@b.example",
        "A <abuse@b.example>",
        "a@b@b.example",
    ] {
        assert_eq!(
            member_fault(|member| member.incident_contact = contact.into()),
            Some(ListFault::IncidentContact { member: 1 }),
            "{contact:?}"
        );
    }
    assert_eq!(member_fault(|member| member.incident_contact = "窓口@例.jp".into()), None);
}

#[test]
fn an_esp_reads_no_wrapped_form() {
    let esp = member_fault(|member| member.kind = Kind::Esp);
    assert_eq!(esp, Some(ListFault::EspForm { member: 1 }));
    let sound = member_fault(|member| {
        member.kind = Kind::Esp;
        member.capabilities.fresh_form = FreshForm::MailCbc;
    });
    assert_eq!(sound, None);
}

#[test]
fn a_rating_ends_at_a_hundred() {
    let rated = |score| {
        member_fault(|member| {
            member.rating = Some(Rating { score, assessed: NOW, reasons: Vec::new() });
        })
    };
    assert_eq!(rated(100), None);
    assert_eq!(rated(101), Some(ListFault::RatingRange { member: 1 }));
}

#[test]
fn each_bound_holds_at_the_limit_and_not_one_past_it() {
    let text = list().to_json().unwrap();
    let with = |change: &dyn Fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        MemberList::from_json(&text, &limits).err()
    };
    assert_eq!(with(&|l| l.max_bytes = text.len()), None);
    let too_large = Some(ListFault::TooLarge);
    assert_eq!(with(&|l| l.max_bytes = text.len() - 1), too_large);
    assert_eq!(with(&|l| l.max_members = 2), None);
    assert_eq!(with(&|l| l.max_members = 1), Some(ListFault::TooManyMembers));
    assert_eq!(with(&|l| l.max_domains = 1), None);
    assert_eq!(with(&|l| l.max_domains = 0), Some(ListFault::DomainCount { member: 0 }));
    assert_eq!(with(&|l| l.max_certificates = 1), None);
    assert_eq!(with(&|l| l.max_certificates = 0), Some(ListFault::CertificateCount { member: 0 }));
    assert_eq!(with(&|l| l.max_words = 1), None);
    assert_eq!(with(&|l| l.max_words = 0), Some(ListFault::TextTooLong { member: 0 }));
    let longest = "abuse@a.example".len();
    assert_eq!(with(&|l| l.max_text_bytes = longest), None);
    assert_eq!(
        with(&|l| l.max_text_bytes = longest - 1),
        Some(ListFault::TextTooLong { member: 0 })
    );
}

#[test]
fn a_member_without_domains_is_none() {
    let none = member_fault(|member| member.domains.clear());
    assert_eq!(none, Some(ListFault::DomainCount { member: 1 }));
}

#[test]
fn members_are_found_by_id_and_by_any_spelling_of_a_domain() {
    let mut list = list();
    list.members[1].domains.push("xn--wgv71a119e.jp".into());
    let directory = Directory::new(list.clone()).unwrap();
    let b = &list.members[1];
    for domain in ["b.example", "B.EXAMPLE", "日本語.jp", "XN--wgv71a119e.JP"] {
        assert_eq!(list.member_of_domain(domain), Some(b), "{domain}");
        assert_eq!(directory.member_of_domain(domain), Some(b), "{domain}");
        assert!(b.has_domain(domain));
    }
    for domain in ["x.b.example", "example", "b.example.", "", "bb.example"] {
        assert_eq!(list.member_of_domain(domain), None, "{domain}");
        assert_eq!(directory.member_of_domain(domain), None, "{domain}");
    }
    assert_eq!(list.member(&b.id), Some(b));
    assert_eq!(directory.member(&b.id), Some(b));
    assert_eq!(list.member("NTRJP-"), None);
    // Its members are in the order of their ids.
    list.members.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(directory.list(), &list);
}

#[test]
fn only_good_and_watched_members_exchange_mail() {
    let exchange = [
        (StandingState::Good, "good", true),
        (StandingState::Watched, "watched", true),
        (StandingState::Suspended, "suspended", false),
        (StandingState::Expelled, "expelled", false),
    ];
    for (state, word, may) in exchange {
        assert_eq!(state.exchanges_mail(), may, "{word}");
        assert_eq!(state.as_str(), word);
        assert_eq!(StandingState::parse(word), Some(state));
    }
    assert_eq!(StandingState::parse("Good"), None);
}

#[test]
fn a_hundred_thousand_members_are_looked_up_at_once() {
    let mut list = list();
    list.members = (0..100_000).map(|n| member(n, &format!("m{n}.example"))).collect();
    list.expires = NOW + Duration::hours(1);
    assert_eq!(check(&list, &Limits::default()), Ok(()));
    let directory = Directory::new(list).unwrap();
    let found = directory.member_of_domain("M99999.example").unwrap();
    assert_eq!(found.names.en, "Example 99999");
}

proptest! {
    #[test]
    fn no_octets_make_the_reader_panic(text in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = MemberList::from_json(&text, &Limits::default());
    }

    #[test]
    fn a_damaged_list_is_refused_or_sound(position in 0..2000_usize, octet in any::<u8>()) {
        let mut text = list().to_json().unwrap();
        let position = position % text.len();
        text[position] = octet;
        if let Ok(read) = MemberList::from_json(&text, &Limits::default()) {
            prop_assert_eq!(check(&read, &Limits::default()), Ok(()));
        }
    }

    #[test]
    fn one_wrong_digit_makes_a_corporate_number_invalid(
        assigned in 0..1_000_000_000_000_u64, position in 1..13_usize, by in 1..9_u8,
    ) {
        let assigned = format!("{assigned:012}");
        let check = corporate_number_check_digit(&assigned).unwrap();
        let mut digits = format!("{check}{assigned}").into_bytes();
        prop_assert!(corporate_number_is_valid(std::str::from_utf8(&digits).unwrap()));
        // The sum is taken modulo nine, so 0 and 9 in one place cannot be told apart.
        let old = digits[position] - b'0';
        let new = (old + by) % 10;
        prop_assume!(new % 9 != old % 9);
        digits[position] = new + b'0';
        prop_assert!(!corporate_number_is_valid(std::str::from_utf8(&digits).unwrap()));
    }
}
