//! The one form of mail that is hashed and signed.

use crate::entity::Entity;
use crate::header::{Header, is_blank, trim_blanks, unfold};
use crate::{MailFault, seven_bit};

/// Octets of a line that every mail transport takes (RFC 5322 2.1.1).
pub const MAX_TRANSPORT_LINE_BYTES: usize = 998;

/// Turns every LF that no CR precedes into CRLF. For files with local line ends; never
/// for octets from the network, where [`parse`](crate::parse) refuses them.
///
/// A CR without LF stays as it is and is refused later: it has no one meaning.
#[must_use]
pub fn to_crlf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 32);
    let mut after_cr = false;
    for octet in octets {
        if *octet == b'\n' && !after_cr {
            out.push(b'\r');
        }
        out.push(*octet);
        after_cr = *octet == b'\r';
    }
    out
}

/// The part of a mail that gets signed or encrypted: its `Content-*` fields in their
/// order, a blank line, its body, all octets unchanged. RFC 8551 3.1: the other fields
/// stay outside; `MIME-Version` too, as a part needs none.
#[must_use]
pub fn content_entity(message: &Entity<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.raw().len());
    for field in message.header().fields() {
        if is_content_field(field.name()) {
            out.extend_from_slice(field.raw());
        }
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.body());
    out
}

/// Whether a field describes the body (RFC 2045 9), ASCII case ignored.
#[must_use]
pub fn is_content_field(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
}

/// The named fields in the given order, each in the relaxed form of DKIM (RFC 6376
/// 3.4.2): name in lower case, colon, value unfolded with every run of white space as
/// one space and none at the ends, CRLF.
///
/// A field that is absent is its lower-case name and CRLF without a colon, so that it
/// cannot be mistaken for an empty one, and adding it later is noticed.
///
/// # Errors
/// [`MailFault::DuplicateField`] if a named field stands there twice.
pub fn dkim_relaxed_headers(header: &Header<'_>, names: &[&str]) -> Result<Vec<u8>, MailFault> {
    let mut out = Vec::new();
    for name in names {
        out.extend_from_slice(name.to_ascii_lowercase().as_bytes());
        if let Some(field) = header.one(name)? {
            out.push(b':');
            relax(&unfold(field.value()), &mut out);
        }
        out.extend_from_slice(b"\r\n");
    }
    Ok(out)
}

fn relax(value: &[u8], out: &mut Vec<u8>) {
    let mut after_blank = false;
    for octet in trim_blanks(value) {
        if is_blank(*octet) {
            after_blank = true;
            continue;
        }
        if after_blank {
            out.push(b' ');
            after_blank = false;
        }
        out.push(*octet);
    }
}

/// Whether octets are 7bit data (RFC 2045 2.7): ASCII without NUL, CR and LF only
/// together, lines of at most 998 octets.
#[must_use]
pub fn is_seven_bit(octets: &[u8]) -> bool {
    let mut line_length = 0_usize;
    let mut after_cr = false;
    for octet in octets {
        match (octet, after_cr) {
            (b'\n', true) => line_length = 0,
            (b'\n', false) | (_, true) | (0 | 0x80.., _) => return false,
            (b'\r', false) => {}
            _ => line_length += 1,
        }
        if line_length > MAX_TRANSPORT_LINE_BYTES {
            return false;
        }
        after_cr = *octet == b'\r';
    }
    !after_cr
}

/// The entity as 7bit data, so that no transport re-encodes it and breaks a signature
/// (RFC 8551 3.1.3). Octets that are 7bit already stay as they are; leaves that are not
/// become quoted-printable or base64, header fields with 8-bit octets encoded words or
/// RFC 2231 parameters.
///
/// # Errors
/// [`MailFault::SignedPartNotSevenBit`] if a part below `multipart/signed` would have to
/// change; any cause of [`parse`](crate::parse) for a mail embedded in it.
pub fn to_seven_bit(entity: &Entity<'_>) -> Result<Vec<u8>, MailFault> {
    seven_bit::entity(entity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, parse};

    #[test]
    fn local_line_ends_become_crlf_and_a_lone_cr_stays() {
        assert_eq!(to_crlf(b"a\nb\r\nc\n\rd"), b"a\r\nb\r\nc\r\n\rd");
    }

    #[test]
    fn the_content_entity_is_the_content_fields_and_the_body() {
        let raw = b"From: a@a.example\r\nContent-Type: text/plain;\r\n\tcharset=utf-8\r\n\
            MIME-Version: 1.0\r\ncontent-LANGUAGE:  ja \r\nContentious: no\r\n\r\nBody\r\n";
        let mail = parse(raw, &Limits::default()).unwrap();
        assert_eq!(
            content_entity(&mail),
            b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\ncontent-LANGUAGE:  ja \r\n\r\nBody\r\n"
        );
    }

    #[test]
    fn a_mail_without_content_fields_has_an_entity_without_header() {
        let mail = parse(b"From: a@a.example\r\n\r\nBody", &Limits::default()).unwrap();
        assert_eq!(content_entity(&mail), b"\r\nBody");
    }

    #[test]
    fn relaxed_fields_tell_absent_from_empty() {
        let raw = b"SUBJECT:  A \r\n\t B  \r\nTo:\r\nX: 1\r\nX: 2\r\n\r\n";
        let mail = parse(raw, &Limits::default()).unwrap();
        assert_eq!(
            dkim_relaxed_headers(mail.header(), &["To", "Cc", "Subject"]).unwrap(),
            b"to:\r\ncc\r\nsubject:A B\r\n"
        );
        assert_eq!(
            dkim_relaxed_headers(mail.header(), &["X"]),
            Err(MailFault::DuplicateField { index: 3 })
        );
    }

    #[test]
    fn seven_bit_is_what_rfc_2045_calls_so() {
        let line = |length: usize| [vec![b'a'; length], b"\r\n".to_vec()].concat();
        assert!(is_seven_bit(b"") && is_seven_bit(b"a\r\n\r\nb"));
        assert!(is_seven_bit(&line(998)) && !is_seven_bit(&line(999)));
        for octets in [&b"\x80"[..], b"a\0", b"a\n", b"a\rb", b"a\r", b"\r\r\n"] {
            assert!(!is_seven_bit(octets), "{octets:?}");
        }
    }
}
