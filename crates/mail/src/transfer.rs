//! Content-Transfer-Encoding, both ways. RFC 2045 6.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::{MailFault, header, work};

/// Takes base64 with or without padding and ignores what the last character says
/// beyond the last octet, as every reader does.
pub(crate) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Columns of a base64 or quoted-printable line (RFC 2045 6.7 (5), 6.8).
const COLUMNS: usize = 76;

/// Characters that are decoded at a time, whole groups: a large attachment is in memory
/// once as text and once as octets, and not a third time between.
const WINDOW_BYTES: usize = 16 * 1024;

/// Decodes a base64 body: white space is skipped, anything else foreign refused.
///
/// # Errors
/// [`MailFault::Base64Junk`], [`MailFault::Base64AfterPadding`] and
/// [`MailFault::Base64Truncated`]: decoders stop, skip or guess there.
pub(crate) fn decode_base64(body: &[u8]) -> Result<Vec<u8>, MailFault> {
    let mut out = Vec::with_capacity(body.len() / 4 * 3);
    walk_base64(body, |octets| out.extend_from_slice(octets))?;
    Ok(out)
}

/// [`decode_base64`], handing the octets over as they come.
pub(crate) fn walk_base64(body: &[u8], mut sink: impl FnMut(&[u8])) -> Result<(), MailFault> {
    work::spend(body.len());
    let mut window = Window::default();
    let mut padding = 0_usize;
    for octet in body {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding > 0 => {
                return Err(MailFault::Base64AfterPadding);
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                window.push(*octet, &mut sink)?;
            }
            b'=' => padding += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return Err(MailFault::Base64Junk),
        }
    }
    match (window.text.len() % 4, padding) {
        (0, 0) | (2, 2) | (3, 1) => {}
        // "=" where no padding is due, or more of it than due.
        (0, _) | (2 | 3, 3..) | (3, 2) => return Err(MailFault::Base64AfterPadding),
        _ => return Err(MailFault::Base64Truncated),
    }
    window.flush(&mut sink)
}

/// Base64 as those read it who see most in it: padding ends a group and no more, the
/// last group may lack its padding.
///
/// # Errors
/// [`MailFault::Base64Junk`]: whether foreign octets count, end the text or are skipped
/// has no answer.
pub(crate) fn mend_base64(body: &[u8], mut sink: impl FnMut(&[u8])) -> Result<(), MailFault> {
    work::spend(body.len());
    let mut window = Window::default();
    for octet in body {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                window.push(*octet, &mut sink)?;
            }
            b'=' => window.end_group(&mut sink)?,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => return Err(MailFault::Base64Junk),
        }
    }
    window.end_group(&mut sink)
}

/// Base64 text that waits to be decoded.
#[derive(Default)]
struct Window {
    text: Vec<u8>,
    decoded: Vec<u8>,
}

impl Window {
    fn push(&mut self, octet: u8, sink: &mut impl FnMut(&[u8])) -> Result<(), MailFault> {
        self.text.push(octet);
        if self.text.len() == WINDOW_BYTES { self.flush(sink) } else { Ok(()) }
    }

    /// One character alone says less than an octet, and is nothing to any decoder.
    fn end_group(&mut self, sink: &mut impl FnMut(&[u8])) -> Result<(), MailFault> {
        if self.text.len() % 4 == 1 {
            self.text.pop();
        }
        self.flush(sink)
    }

    fn flush(&mut self, sink: &mut impl FnMut(&[u8])) -> Result<(), MailFault> {
        self.decoded.clear();
        LENIENT
            .decode_vec(&self.text, &mut self.decoded)
            .map_err(|_| MailFault::Base64Truncated)?;
        self.text.clear();
        sink(&self.decoded);
        Ok(())
    }
}

/// Decodes a quoted-printable body.
///
/// An `=` that starts no valid sequence stays as it is (RFC 2045 6.7, note to rule 1);
/// white space at the end of a line was added underway and is removed (rule 3).
pub(crate) fn decode_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    walk_quoted_printable(body, |octets| out.extend_from_slice(octets));
    out
}

/// [`decode_quoted_printable`], handing the octets over line by line.
pub(crate) fn walk_quoted_printable(body: &[u8], mut sink: impl FnMut(&[u8])) {
    work::spend(body.len());
    let mut out = Vec::new();
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        out.clear();
        let text = line.strip_suffix(b"\r\n");
        let mut rest = text.unwrap_or(line);
        while let [head @ .., last] = rest
            && header::is_blank(*last)
        {
            rest = head;
        }
        let soft_break = rest.last() == Some(&b'=');
        if soft_break {
            rest = rest.get(..rest.len() - 1).unwrap_or_default();
        }
        decode_quoted(rest, &mut out);
        if text.is_some() && !soft_break {
            out.extend_from_slice(b"\r\n");
        }
        sink(&out);
    }
}

/// Decodes `=XX` within one line.
fn decode_quoted(mut line: &[u8], out: &mut Vec<u8>) {
    while let [first, rest @ ..] = line {
        if *first == b'='
            && let [high, low, after @ ..] = rest
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            out.push(high << 4 | low);
            line = after;
            continue;
        }
        out.push(*first);
        line = rest;
    }
}

/// The value of a hexadecimal digit of either case.
pub(crate) fn hex_digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Base64 in lines of 76 columns, each with CRLF; empty for no octets.
pub(crate) fn encode_base64(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded_len(octets.len()));
    for group in octets.chunks(GROUP_BYTES) {
        let (line, len) = base64_line(group);
        out.extend_from_slice(line.get(..len).unwrap_or_default());
    }
    out
}

/// `head`, then [`encode_base64`] of the octets, in their own memory.
pub(crate) fn encode_base64_behind(head: &[u8], mut octets: Vec<u8>) -> Vec<u8> {
    let len = octets.len();
    let total = head.len() + encoded_len(len);
    octets.reserve_exact(total.saturating_sub(len));
    octets.resize(total.max(len), 0);
    // From the end on: a line stands behind the octets that it encodes, and so never
    // where others wait.
    for index in (0..len.div_ceil(GROUP_BYTES)).rev() {
        let group = index * GROUP_BYTES..((index + 1) * GROUP_BYTES).min(len);
        let (line, line_len) = base64_line(octets.get(group).unwrap_or_default());
        let start = head.len() + index * LINE_BYTES;
        if let (Some(to), Some(line)) =
            (octets.get_mut(start..start + line_len), line.get(..line_len))
        {
            to.copy_from_slice(line);
        }
    }
    octets.truncate(total);
    if let Some(to) = octets.get_mut(..head.len()) {
        to.copy_from_slice(head);
    }
    octets
}

/// Octets in a full line of base64.
const GROUP_BYTES: usize = COLUMNS / 4 * 3;
/// A full line with its CRLF.
const LINE_BYTES: usize = COLUMNS + 2;

/// How long [`encode_base64`] makes so many octets.
fn encoded_len(octets: usize) -> usize {
    let last = match octets % GROUP_BYTES {
        0 => 0,
        rest => rest.div_ceil(3) * 4 + 2,
    };
    octets / GROUP_BYTES * LINE_BYTES + last
}

/// A line of base64 with its CRLF, and its length.
fn base64_line(group: &[u8]) -> ([u8; LINE_BYTES], usize) {
    let mut line = [0; LINE_BYTES];
    // A group of at most that many octets always fits.
    let len = LENIENT.encode_slice(group, &mut line).unwrap_or_default();
    if let Some(end) = line.get_mut(len..len + 2) {
        end.copy_from_slice(b"\r\n");
    }
    (line, len + 2)
}

/// Quoted-printable for text with CRLF lines.
///
/// Encodes beyond need what is changed on the way: white space at the end of a line,
/// `From ` at its start (mbox adds a `>`), a line of one dot.
pub(crate) fn encode_quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        let (content, ended) = match line.strip_suffix(b"\r\n") {
            Some(content) => (content, true),
            None => (line, false),
        };
        encode_line(content, &mut out);
        if ended {
            out.extend_from_slice(b"\r\n");
        }
    }
    out
}

fn encode_line(content: &[u8], out: &mut Vec<u8>) {
    let mut column = 0;
    for (index, octet) in content.iter().enumerate() {
        let last = index + 1 == content.len();
        let plain = match octet {
            b' ' | b'\t' => !last,
            b'F' => !(index == 0 && content.starts_with(b"From ")),
            b'.' => index != 0,
            b'=' => false,
            33..=126 => true,
            _ => false,
        };
        let width = if plain { 1 } else { 3 };
        // One column is kept for the "=" of a soft break.
        if column + width > COLUMNS - 1 {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        if plain {
            out.push(*octet);
        } else {
            out.extend_from_slice(&quoted(*octet));
        }
        column += width;
    }
}

fn quoted(octet: u8) -> [u8; 3] {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'A' + value - 10 };
    [b'=', digit(octet >> 4), digit(octet & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_ignores_white_space_only() {
        assert_eq!(decode_base64(b"SGVs \r\n\tbG8=\r\n\r\n").unwrap(), b"Hello");
        assert_eq!(decode_base64(b"SGVs-bG8="), Err(MailFault::Base64Junk));
        assert_eq!(decode_base64(b"\r\n"), Ok(Vec::new()));
    }

    #[test]
    fn base64_that_decoders_end_differently_is_refused() {
        assert_eq!(decode_base64(b"QQ==QQ=="), Err(MailFault::Base64AfterPadding));
        assert_eq!(decode_base64(b"QUJD="), Err(MailFault::Base64AfterPadding));
        assert_eq!(decode_base64(b"QUI=="), Err(MailFault::Base64AfterPadding));
        assert_eq!(decode_base64(b"QQ==="), Err(MailFault::Base64AfterPadding));
        assert_eq!(decode_base64(b"QUJDR"), Err(MailFault::Base64Truncated));
        assert_eq!(decode_base64(b"QQ="), Err(MailFault::Base64Truncated));
        assert_eq!(decode_base64(b"QUI"), Err(MailFault::Base64Truncated));
    }

    #[test]
    fn base64_is_the_same_at_every_length_around_the_window() {
        for length in [WINDOW_BYTES / 4 * 3 - 1, WINDOW_BYTES / 4 * 3, WINDOW_BYTES / 4 * 3 + 1] {
            let octets: Vec<u8> = (0..=255).cycle().take(length).collect();
            assert_eq!(decode_base64(&encode_base64(&octets)).unwrap(), octets, "{length}");
        }
    }

    #[test]
    fn encoding_in_place_gives_the_same_at_every_length_around_a_line() {
        for length in (0..200).chain([GROUP_BYTES * 1000 - 1, GROUP_BYTES * 1000]) {
            let octets: Vec<u8> = (0..=255).cycle().take(length).collect();
            for head in [&b""[..], b"head\r\n\r\n", &[b'x'; 300]] {
                let expected = [head, &encode_base64(&octets)].concat();
                assert_eq!(encode_base64_behind(head, octets.clone()), expected, "{length}");
            }
            assert_eq!(decode_base64(&encode_base64(&octets)).unwrap(), octets);
        }
    }

    #[test]
    fn bits_beyond_the_last_octet_do_not_matter() {
        assert_eq!(decode_base64(b"QR==").unwrap(), b"A");
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_sequence() {
        assert_eq!(decode_quoted_printable(b"a=3Db=3db=zz=4"), b"a=b=b=zz=4");
        assert_eq!(decode_quoted_printable(b"soft=  \r\nbreak  \r\nend="), b"softbreak\r\nend");
    }

    #[test]
    fn quoted_printable_survives_mbox_and_trimming() {
        let encoded = encode_quoted_printable(b"From me \r\n.\r\n\xe3\x81\x82\r\n");
        assert_eq!(encoded, b"=46rom me=20\r\n=2E\r\n=E3=81=82\r\n");
        assert_eq!(decode_quoted_printable(&encoded), b"From me \r\n.\r\n\xe3\x81\x82\r\n");
    }

    #[test]
    fn quoted_printable_lines_have_at_most_76_columns() {
        let encoded = encode_quoted_printable(&[b'=', b'x', 0xff].repeat(100));
        assert!(encoded.split(|octet| *octet == b'\n').all(|line| line.len() <= 77));
    }
}
