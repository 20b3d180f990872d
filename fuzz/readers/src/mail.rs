//! A whole mail: structure, header fields, bodies in clear, what is made of it.
//!
//! Property: nothing of the input is lost or read twice; the 7-bit form is 7-bit, is read
//! again, and has the same parts with the same content.

use ssmax_chain::{binding, trace};
use ssmax_mail::address::parse_list;
use ssmax_mail::{Entity, Limits, MailFault, canonical, parse};

use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[Pool::Mails];
pub(crate) const ROUNDS: usize = 800;

/// Levels of mail within mail that are looked into: each level reads the rest again.
const MAX_EMBEDDED: usize = 4;

/// Reads the octets as a mail, and as a file with local line ends.
pub fn run(octets: &[u8]) {
    read(octets);
    let with_crlf = canonical::to_crlf(octets);
    if with_crlf != octets {
        read(&with_crlf);
    }
    assert_eq!(canonical::to_crlf(&with_crlf), with_crlf, "line ends are changed once");
}

fn read(octets: &[u8]) {
    let Ok(mail) = parse(octets, &Limits::default()) else { return };
    assert_eq!(mail.raw(), octets, "a mail is its octets");
    look_at(&mail, 0);
    let _ = binding::headers_digest(mail.header());
    let carried = trace::carried_fields(mail.header(), Some("own.example"));
    let carried = [&carried[..], b"\r\n"].concat();
    let carried = parse(&carried, &Limits::default()).expect("what travels on is a header");
    for field in carried.header().fields() {
        assert!(!trace::is_reserved(field, "own.example"), "a reserved field travels on");
    }
    let _ = trace::is_looping(mail.header());
    seven_bit(&mail);
}

fn look_at(entity: &Entity<'_>, depth: usize) {
    children_cover(entity);
    for part in entity.walk() {
        let _ = (part.path(), part.text(), part.notes(), part.disposition());
        let name = part.file_name().unwrap_or_default();
        assert!(!name.contains(['\r', '\n', '\0']), "a file name holds a line end");
        let _ = canonical::content_entity(part);
        for field in part.header().fields() {
            assert!(!field.decoded().contains(['\r', '\n', '\0']), "a field shows a line end");
            for mailbox in parse_list(&field.unfolded()).unwrap_or_default() {
                let _ = mailbox.shows_other_address();
            }
        }
        if depth < MAX_EMBEDDED
            && let Some(Ok(message)) = part.message()
        {
            look_at(&message, depth + 1);
        }
    }
}

/// The children lie in the body in their order, each once, with a delimiter between.
fn children_cover(entity: &Entity<'_>) {
    for part in entity.walk() {
        let inside = part.raw().as_ptr_range();
        assert!(part.raw().ends_with(part.body()), "a body is the end of its entity");
        let fields: usize = part.header().fields().iter().map(|field| field.raw().len()).sum();
        assert!(fields + part.body().len() <= part.raw().len(), "fields and body overlap");
        let mut end = inside.start;
        for child in part.children() {
            let place = child.raw().as_ptr_range();
            assert!(place.start >= end && place.end <= inside.end, "children overlap");
            end = place.end;
        }
    }
}

fn seven_bit(mail: &Entity<'_>) {
    let Ok(seven) = canonical::to_seven_bit(mail) else { return };
    assert!(
        canonical::is_seven_bit(&seven) || has_address_beyond_ascii(mail),
        "the 7-bit form is not 7-bit"
    );
    let again = match parse(&seven, &Limits::default()) {
        Ok(again) => again,
        // A long text beyond ASCII takes many sections (RFC 2231 3).
        Err(MailFault::TooManyParameters) => return,
        Err(fault) => panic!("the 7-bit form is not read: {fault}"),
    };
    let (before, after): (Vec<_>, Vec<_>) = (mail.walk().collect(), again.walk().collect());
    assert_eq!(before.len(), after.len(), "the 7-bit form has other parts");
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.path(), after.path(), "a part moved");
        if before.children().is_empty() && before.message().is_none() {
            assert_eq!(
                before.decoded_body().ok(),
                after.decoded_body().ok(),
                "the 7-bit form has another content"
            );
        }
    }
}

/// Whether an address stands there that no encoding makes 7-bit (RFC 6532 3.2).
fn has_address_beyond_ascii(mail: &Entity<'_>) -> bool {
    mail.walk().any(|part| {
        let mut fields = part.header().fields().iter();
        fields.any(|field| field.raw().contains(&b'@') && !field.raw().is_ascii())
            || part.message().and_then(Result::ok).is_some_and(|one| has_address_beyond_ascii(&one))
    })
}
