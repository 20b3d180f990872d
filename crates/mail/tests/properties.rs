//! Properties over arbitrary and over real-looking input.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ssmax_mail::address::{Address, parse_from, parse_list};
use ssmax_mail::compose::{self, Part};
use ssmax_mail::{Entity, Limits, canonical, parse};

/// A mail with everything that a Japanese office sends.
fn rich_mail() -> Vec<u8> {
    let alternative = compose::multipart(
        "alternative",
        &[],
        "alt-1",
        &[
            Part::text_iso_2022_jp("見積書をお送りします。\n").unwrap().into_octets(),
            Part::text_of("html", "<p>見積書</p>").into_octets(),
        ],
    );
    let embedded = [
        b"Content-Type: message/rfc822\r\n\r\nFrom: =?utf-8?q?B?= <bob@b.example>\r\n\r\n".to_vec(),
        b"8bit \x93\xfa\x96\x7b\r\n".to_vec(),
    ]
    .concat();
    let mixed = compose::multipart(
        "mixed",
        &[],
        "mix-0",
        &[
            alternative,
            Part::attachment("application/pdf", "見積書 (最終版).pdf", b"%PDF-1.4 \0\r\n")
                .into_octets(),
            embedded,
            b"Content-Disposition: attachment; filename*0=a; filename*1=\"b.txt\"\r\n\
              Content-Transfer-Encoding: quoted-printable\r\n\r\n=E6=97=A5=\r\n"
                .to_vec(),
        ],
    );
    compose::message(
        &[
            compose::header_field("From", "山田 花子 <hanako@a.example>"),
            compose::header_field("To", "Team: bob@b.example, \"D, C\" <dave@b.example>;"),
            compose::header_field("Subject", "見積書のご送付について（第二版）"),
        ],
        &mixed,
    )
}

/// Looks at everything an entity offers; only to see that nothing panics.
fn look_at(entity: &Entity<'_>) {
    for part in entity.walk() {
        let _ = (part.path(), part.file_name(), part.text(), part.decoded_body(), part.notes());
        let _ = (canonical::content_entity(part), canonical::to_seven_bit(part));
        for field in part.header().fields() {
            let _ = field.decoded();
            if let Ok(mailboxes) = parse_list(&field.unfolded()) {
                for mailbox in mailboxes {
                    let _ = mailbox.shows_other_address();
                }
            }
        }
        if let Some(Ok(message)) = part.message() {
            look_at(&message);
        }
    }
}

/// The children and what stands between them are the body, nothing lost or twice.
fn children_cover(entity: &Entity<'_>) {
    for part in entity.walk().filter(|part| !part.children().is_empty()) {
        let boundary = part.content_type().parameter("boundary").unwrap();
        let place = |inner: &[u8]| inner.as_ptr() as usize - part.body().as_ptr() as usize;
        let mut rebuilt = part.preamble().to_vec();
        let mut end = part.preamble().len();
        for child in part.children() {
            let start = place(child.raw());
            let between = &part.body()[end..start];
            let delimiter = String::from_utf8(between.to_vec()).unwrap();
            let delimiter = delimiter.strip_prefix("\r\n").unwrap_or(&delimiter);
            let delimiter = delimiter.strip_suffix("\r\n").unwrap();
            assert_eq!(delimiter.trim_end_matches([' ', '\t']), format!("--{boundary}"));
            rebuilt.extend_from_slice(between);
            rebuilt.extend_from_slice(child.raw());
            end = start + child.raw().len();
        }
        let tail = &part.body()[end..];
        assert!(tail.ends_with(part.epilogue()));
        rebuilt.extend_from_slice(tail);
        assert_eq!(rebuilt, part.body());
    }
    let header: Vec<u8> =
        entity.header().fields().iter().flat_map(|field| field.raw().to_vec()).collect();
    assert!(entity.raw().starts_with(&header) && entity.raw().ends_with(entity.body()));
}

/// Pieces that parsers stumble over.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b"\r\n ",
        b"--",
        b"--mix-0",
        b"--mix-0--",
        b"\r\n--alt-1\r\n",
        b"Content-Type: ",
        b"multipart/mixed; boundary=",
        b"message/rfc822\r\n\r\n",
        b"\"",
        b"\\",
        b";",
        b"=",
        b"=?utf-8?q?",
        b"=?ISO-2022-JP?B?GyRC",
        b"?=",
        b"*0*=",
        b"*1=",
        b"utf-8''%E6",
        b"(",
        b")",
        b"<",
        b">",
        b"@",
        b",",
        b":",
        b"[",
        b"]",
        b"\xff",
        b"\x81\x40",
        b"\x1b$B",
        b"\x1b(B",
        b"Content-Transfer-Encoding: base64\r\n",
        b"QQ==",
        b"From: a@b\r\n",
        b"+AGE-",
    ];
    prop_oneof![select(known).prop_map(<[u8]>::to_vec), vec(any::<u8>(), 0..6)]
}

proptest! {
    #[test]
    fn arbitrary_octets_never_panic(octets in vec(any::<u8>(), 0..300)) {
        if let Ok(mail) = parse(&octets, &Limits::default()) {
            look_at(&mail);
            children_cover(&mail);
        }
    }

    #[test]
    fn pieces_of_mail_never_panic(pieces in vec(pieces(), 0..40)) {
        let octets = pieces.concat();
        for octets in [octets.clone(), canonical::to_crlf(&octets)] {
            if let Ok(mail) = parse(&octets, &Limits::default()) {
                look_at(&mail);
                children_cover(&mail);
            }
        }
    }

    #[test]
    fn changed_mail_never_panics_and_stays_whole(
        changes in vec((any::<Index>(), 0_usize..8, pieces()), 1..6)
    ) {
        let mut mail = rich_mail();
        for (place, removed, inserted) in changes {
            let start = place.index(mail.len());
            let end = (start + removed).min(mail.len());
            mail.splice(start..end, inserted);
        }
        if let Ok(mail) = parse(&mail, &Limits::default()) {
            look_at(&mail);
            children_cover(&mail);
        }
    }

    #[test]
    fn arbitrary_text_as_addresses_never_panics(text in any::<String>()) {
        let _ = (parse_from(&text), parse_list(&text), Address::parse(&text));
    }

    #[test]
    fn an_address_written_is_the_address_read(
        local in "[^\\p{C}\u{fffd}]{1,20}", domain in "[a-z0-9]{1,8}(\\.[a-z0-9日本]{1,8}){0,3}"
    ) {
        let address = Address::new(&local, &domain).unwrap();
        prop_assert_eq!(Address::parse(&address.to_string()), Ok(address.clone()));
        let written = compose::mailbox("山田, \"花子\" @ 総務", &address);
        let read = parse_from(&written).unwrap();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].address, &address);
        prop_assert_eq!(read[0].display.as_deref(), Some("山田, \"花子\" @ 総務"));
    }

    #[test]
    fn a_display_name_never_changes_the_address(display in any::<String>()) {
        let address = Address::parse("alice@a.example").unwrap();
        let read = parse_from(&compose::mailbox(&display, &address)).unwrap();
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(&read[0].address, &address);
    }

    #[test]
    fn a_subject_written_is_the_subject_read(text in "[^\\p{C}\\p{Z}]{1,60}( [^\\p{C}\\p{Z}]{1,60}){0,20}") {
        let field = compose::header_field("Subject", &text);
        prop_assert!(canonical::is_seven_bit(&field));
        prop_assert!(field.ends_with(b"\r\n"));
        let raw = [field, b"\r\n".to_vec()].concat();
        let mail = parse(&raw, &Limits::default()).unwrap();
        prop_assert_eq!(mail.header().fields().len(), 1);
        prop_assert_eq!(mail.header().fields()[0].decoded(), text);
    }

    #[test]
    fn no_value_writes_another_field(name in any::<String>(), value in any::<String>()) {
        let raw = [b"A: 1\r\n".to_vec(), compose::header_field(&format!("X{name}"), &value), b"\r\n".to_vec()].concat();
        let mail = parse(&raw, &Limits::default()).unwrap();
        prop_assert_eq!(mail.header().fields().len(), 2);
        prop_assert!(mail.body().is_empty());
    }

    #[test]
    fn a_file_name_written_is_the_file_name_read(
        name in "[^\\p{C}\\p{Z}]{1,40}( [^\\p{C}\\p{Z}]{1,40}){0,4}", octets in vec(any::<u8>(), 0..200)
    ) {
        let part = Part::attachment("application/octet-stream", &name, &octets).into_octets();
        let read = parse(&part, &Limits::default()).unwrap();
        prop_assert!(canonical::is_seven_bit(&part));
        prop_assert_eq!(read.file_name(), Some(name.clone()));
        prop_assert_eq!(read.content_type().file_name(), Some(name));
        prop_assert_eq!(read.decoded_body().unwrap(), octets);
        prop_assert_eq!(read.notes(), vec![]);
    }

    #[test]
    fn a_text_written_is_the_text_read(text in "([^\\p{C}\u{feff}]{0,90}\n){0,6}[^\\p{C}\u{feff}]{0,1200}") {
        let part = Part::text(&text).into_octets();
        prop_assert!(canonical::is_seven_bit(&part));
        let read = parse(&part, &Limits::default()).unwrap();
        prop_assert_eq!(read.text().unwrap().replace("\r\n", "\n"), text);
    }

    #[test]
    fn parts_put_together_come_apart_unchanged(
        contents in vec(vec(any::<u8>(), 0..120), 1..6), random in any::<[u8; 16]>()
    ) {
        let parts: Vec<Vec<u8>> = contents
            .iter()
            .map(|content| Part::attachment("application/octet-stream", "", content).into_octets())
            .collect();
        let entity = compose::multipart("mixed", &[], &compose::boundary(random), &parts);
        let mail = parse(&entity, &Limits::default()).unwrap();
        let raws: Vec<&[u8]> = mail.children().iter().map(Entity::raw).collect();
        prop_assert_eq!(raws, parts);
        children_cover(&mail);
    }

    #[test]
    fn seven_bit_form_keeps_content_and_structure(octets in vec(any::<u8>(), 0..300), text in any::<bool>()) {
        let octets: Vec<u8> = octets.into_iter().filter(|octet| !matches!(octet, 0 | b'\r' | b'\n')).collect();
        let kind: &[u8] = if text { b"text/plain" } else { b"image/png" };
        let mail = [
            b"Subject: \x93\xfa\x96\x7b\r\nContent-Type: multipart/mixed; boundary=b_\r\n\
              Content-Transfer-Encoding: binary\r\n\r\n--b_\r\nContent-Type: ", kind,
            b"; name=\"\xe6\x97\xa5\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", &octets, b"\r\n--b_--\r\n",
        ].concat();
        let mail = parse(&mail, &Limits::default()).unwrap();
        let seven = canonical::to_seven_bit(&mail).unwrap();
        prop_assert!(canonical::is_seven_bit(&seven));
        let again = parse(&seven, &Limits::default()).unwrap();
        prop_assert_eq!(again.header().fields()[0].decoded(), "日本");
        let (before, after) = (&mail.children()[0], &again.children()[0]);
        prop_assert_eq!(before.decoded_body().unwrap(), after.decoded_body().unwrap());
        prop_assert_eq!(after.file_name(), Some("日".to_owned()));
        prop_assert_eq!(canonical::to_seven_bit(&again).unwrap(), seven);
    }
}

#[test]
fn the_rich_mail_is_read_whole() {
    let raw = rich_mail();
    let mail = parse(&raw, &Limits::default()).unwrap();
    children_cover(&mail);
    let paths: Vec<String> = mail.walk().map(Entity::path).collect();
    assert_eq!(paths, ["0", "1", "1.1", "1.2", "2", "3", "4"]);
    assert_eq!(mail.children()[1].file_name().as_deref(), Some("見積書 (最終版).pdf"));
    assert_eq!(mail.children()[3].file_name().as_deref(), Some("ab.txt"));
    let from = mail.header().one("From").unwrap().unwrap();
    assert_eq!(parse_from(&from.unfolded()).unwrap()[0].display.as_deref(), Some("山田 花子"));
    let message = mail.children()[2].message().unwrap().unwrap();
    assert_eq!(message.text().as_deref(), Some("8bit 日本\r\n"));
}
