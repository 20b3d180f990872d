//! The one form of mail that is hashed and signed.

use std::borrow::Cow;

use crate::entity::Entity;
use crate::header::{Header, is_blank, trim_blanks, unfold};
use crate::{Limits, MailFault, seven_bit, work};

/// Octets of a line that every mail transport takes (RFC 5322 2.1.1).
pub const MAX_TRANSPORT_LINE_BYTES: usize = 998;

/// Turns every LF that no CR precedes into CRLF. For files with local line ends; never
/// for octets from the network, where [`parse`](crate::parse) refuses them.
///
/// A CR without LF stays as it is and is refused later: it has no one meaning.
#[must_use]
pub fn to_crlf(octets: &[u8]) -> Vec<u8> {
    into_crlf(octets.to_vec())
}

/// As [`to_crlf`], without a copy where there is nothing to turn.
#[must_use]
pub fn as_crlf(octets: &[u8]) -> Cow<'_, [u8]> {
    if bare_lfs(octets).next().is_none() { octets.into() } else { to_crlf(octets).into() }
}

/// As [`to_crlf`], in the memory of the octets, which grows by the line ends that were
/// too short: a large mail is in memory once.
#[must_use]
pub fn into_crlf(mut octets: Vec<u8>) -> Vec<u8> {
    let mut missing = bare_lfs(&octets).count();
    let mut end = octets.len();
    octets.reserve_exact(missing);
    octets.resize(end + missing, 0);
    // From the end on, so that nothing is overwritten that has not moved yet.
    while missing > 0 {
        let Some(at) = bare_lfs(octets.get(..end).unwrap_or_default()).next_back() else { break };
        octets.copy_within(at..end, at + missing);
        missing -= 1;
        if let Some(before) = octets.get_mut(at + missing) {
            *before = b'\r';
        }
        end = at;
    }
    octets
}

/// A file with local line ends as it travels: as [`into_crlf`], but only where the lines
/// of its header end in LF alone. With any CRLF there it stays as it is, and
/// [`parse`](crate::parse) refuses every other LF: a reader that takes a lone LF for a
/// line end sees another mail than one that does not.
///
/// With local line ends in the header that cannot be, for to a reader that does not take
/// them the file is no mail at all; OpenSSL writes such mails around content with CRLF.
#[must_use]
pub fn file_into_crlf(octets: Vec<u8>) -> Vec<u8> {
    if has_local_header(&octets) { into_crlf(octets) } else { octets }
}

/// Whether [`file_into_crlf`] leaves an LF that no CR precedes.
#[must_use]
pub fn mixes_line_ends(octets: &[u8]) -> bool {
    !has_local_header(octets) && bare_lfs(octets).next().is_some()
}

/// Whether no line of the header, up to the first empty one, ends in CRLF.
fn has_local_header(octets: &[u8]) -> bool {
    let end = match octets {
        [b'\n', ..] => 0,
        _ => memchr::memmem::find(octets, b"\n\n").map_or(octets.len(), |at| at + 1),
    };
    let header = octets.get(..end).unwrap_or_default();
    memchr::memmem::find(header, b"\r\n").is_none()
}

/// Where there is an LF that no CR precedes.
fn bare_lfs(octets: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
    let is_bare =
        |at: &usize| at.checked_sub(1).and_then(|before| octets.get(before)) != Some(&b'\r');
    memchr::memchr_iter(b'\n', octets).filter(is_bare)
}

/// A field with its lines folded to at most [`MAX_TRANSPORT_LINE_BYTES`], where there is a
/// blank to fold at.
///
/// Servers cut longer lines wherever 998 octets end and put a blank there (Postfix:
/// `smtp_line_length_limit`), which breaks a signature over the field. Folding where
/// there is a blank already does not (RFC 6376 3.4.2, relaxed).
#[must_use]
pub fn with_short_lines(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    for line in field.split_inclusive(|octet| *octet == b'\n') {
        let text = line.trim_ascii_end().len();
        let mut start = 0;
        loop {
            let rest = line.get(start..).unwrap_or_default();
            let length = rest.strip_suffix(b"\r\n").unwrap_or(rest).len();
            if length <= MAX_TRANSPORT_LINE_BYTES {
                break;
            }
            let Some(at) = last_fold(rest, text.saturating_sub(start)) else { break };
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            out.extend_from_slice(b"\r\n");
            start += at;
        }
        out.extend_from_slice(line.get(start..).unwrap_or_default());
    }
    out
}

/// Where the last blank within the limit stands that has more than blanks on both sides: a
/// line of blanks alone would be obsolete syntax (RFC 5322 3.2.2). The text of the line
/// ends at `text`.
fn last_fold(line: &[u8], text: usize) -> Option<usize> {
    let start = line.get(..=MAX_TRANSPORT_LINE_BYTES)?;
    let begin = start.iter().position(|octet| !octet.is_ascii_whitespace())?;
    work::spend(start.len());
    let behind = start.get(begin..text.min(start.len()))?;
    behind.iter().rposition(|octet| is_blank(*octet)).map(|at| begin + at)
}

/// The part of a mail that gets signed or encrypted: its `Content-*` fields in their
/// order, a blank line, its body, all octets unchanged. RFC 8551 3.1: the other fields
/// stay outside; `MIME-Version` too, as a part needs none.
#[must_use]
pub fn content_entity(message: &Entity<'_>) -> Vec<u8> {
    content_entity_behind(Vec::new(), message)
}

/// As [`content_entity`], behind what stands in `out`.
#[must_use]
pub fn content_entity_behind(mut out: Vec<u8>, message: &Entity<'_>) -> Vec<u8> {
    out.reserve_exact(message.raw().len());
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

/// As [`to_seven_bit`] for the octets of an entity, without a copy of those that are 7bit
/// already.
///
/// # Errors
/// As [`parse`](crate::parse) and [`to_seven_bit`].
pub fn into_seven_bit(octets: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, MailFault> {
    let entity = crate::parse(&octets, limits)?;
    if seven_bit::stays(&entity) {
        return Ok(octets);
    }
    to_seven_bit(&entity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn local_line_ends_become_crlf_and_a_lone_cr_stays() {
        for (local, network) in [
            (&b"a\nb\r\nc\n\rd"[..], &b"a\r\nb\r\nc\r\n\rd"[..]),
            (b"\n\n\n", b"\r\n\r\n\r\n"),
            (b"\r\r\n\r", b"\r\r\n\r"),
            (b"\na", b"\r\na"),
            (b"", b""),
        ] {
            assert_eq!(to_crlf(local), network);
            assert_eq!(into_crlf(local.to_vec()), network);
            assert_eq!(as_crlf(local), network);
            assert!(matches!(as_crlf(network), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn a_file_with_crlf_in_its_header_stays_as_it_is() {
        for (file, network) in [
            (&b"A: b\n\nc\n"[..], &b"A: b\r\n\r\nc\r\n"[..]),
            (b"A: b\n\nc\r\nd\n", b"A: b\r\n\r\nc\r\nd\r\n"),
            (b"\na\r\nb", b"\r\na\r\nb"),
            (b"A: b\r\n\r\nc\r\n", b"A: b\r\n\r\nc\r\n"),
            (b"", b""),
        ] {
            assert_eq!(file_into_crlf(file.to_vec()), network);
            assert!(!mixes_line_ends(file));
        }
        for mixed in [
            &b"A: b\nC: d\r\n\r\ne\r\n"[..],
            b"A: b\r\nC: d\n\r\ne\r\n",
            b"A: b\n\r\ne",
            b"A: b\r\n\ne",
            b"A: b\r\n\r\nc\n\nd\r\n",
        ] {
            assert_eq!(file_into_crlf(mixed.to_vec()), mixed);
            assert!(mixes_line_ends(mixed));
        }
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

    #[test]
    fn folding_looks_at_each_octet_a_bounded_number_of_times() {
        let word = "x".repeat(600);
        let folded = |line: &str| String::from_utf8(with_short_lines(line.as_bytes())).unwrap();
        assert_eq!(folded(&format!("A: {word} {word}\r\n")), format!("A: {word}\r\n {word}\r\n"));
        // No blank with text on both sides, so nothing to fold at.
        for line in [
            format!("A:{word}{word}\r\n"),
            format!("A:{word}{}\r\n", " ".repeat(250_000)),
            format!(" {word}{word}\r\n"),
        ] {
            assert_eq!(folded(&line), line);
        }
        // 998 octets fit, 999 do not.
        let line = |length: usize| format!("A: b {}\r\n", "c".repeat(length - 5));
        assert_eq!(folded(&line(998)), line(998));
        assert_eq!(folded(&line(999)).matches("\r\n").count(), 2);
        let blanks = format!("{}{}\r\n", "x ".repeat(60_000), " ".repeat(120_000));
        let steps = work::measure(|| drop(folded(&blanks)));
        assert!(steps <= 2 * blanks.len() as u64, "{steps}");
    }
}
