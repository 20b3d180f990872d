//! Encoded words in header fields (RFC 2047), read for display as mailers do.

use base64::Engine as _;

use crate::charset::{self, Charset};
use crate::header::is_blank;
use crate::transfer::{LENIENT, hex_digit};
use crate::work;

/// The longest charset name (with RFC 2231 language) that is looked at.
const MAX_LABEL_BYTES: usize = 64;

/// Decodes a field value that is already unfolded.
///
/// Words are found anywhere, even glued to other text, as mailers find them. The
/// octets of adjacent words of one charset are joined before they become text: many
/// mailers split in the middle of a character or of an ISO-2022-JP run, though
/// RFC 2047 5 (3) forbids it. What is no proper word stays as it is. Control
/// characters, encoded or not, come out as U+FFFD: a decoded value is always one line.
pub(crate) fn decode(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let mut word: Option<(Charset, Vec<u8>)> = None;
    // What stands behind `word`.
    let mut plain: Vec<u8> = Vec::new();
    let mut rest = value;
    while let [first, after @ ..] = rest {
        work::spend(1);
        let Some((charset, octets, length)) = read_word(rest) else {
            plain.push(*first);
            rest = after;
            continue;
        };
        rest = rest.get(length..).unwrap_or_default();
        match &mut word {
            Some((open, joined)) if plain.iter().all(|octet| is_blank(*octet)) => {
                // RFC 2047 6.2: white space between adjacent words is not shown.
                plain.clear();
                if *open == charset {
                    joined.extend_from_slice(&octets);
                    continue;
                }
                text.push_str(&open.decode(joined));
            }
            _ => flush(&mut word, &mut plain, &mut text),
        }
        word = Some((charset, octets));
    }
    flush(&mut word, &mut plain, &mut text);
    one_line(&text)
}

/// Decodes what any mailer may take for an encoded word: with white space in it, of a
/// charset that nobody knows (as Latin-1), with octets in it that its encoding does not
/// have, or without its end. For looking at what a person could be shown; a display name
/// itself is read by [`decode`].
pub(crate) fn decode_leniently(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("=?") {
        work::spend(before.len());
        // White space between words is not shown.
        if !(before.trim().is_empty() && rest.len() < text.len()) {
            out.push_str(before);
        }
        match read_leniently(after) {
            Some((word, behind)) => {
                out.push_str(&word);
                rest = behind;
            }
            None => {
                out.push_str("=?");
                rest = after;
            }
        }
    }
    work::spend(rest.len());
    out.push_str(rest);
    one_line(&out)
}

/// What stands behind the `=?` of a word: its text, and what follows the word.
fn read_leniently(after: &str) -> Option<(String, &str)> {
    let octets = after.as_bytes();
    let label_length = octets.iter().take(MAX_LABEL_BYTES).position(|octet| *octet == b'?')?;
    let (label, rest) = after.split_at_checked(label_length)?;
    let mut rest = rest.get(1..)?.chars();
    let encoding = rest.next().filter(|name| "BbQq".contains(*name))?;
    let text = rest.as_str().strip_prefix('?')?;
    // A `?` before may be one that should have been encoded.
    let (text, behind) = text.split_once("?=").unwrap_or((text, ""));
    work::spend(text.len());
    let label = label.split('*').next().unwrap_or_default().trim();
    let octets = match encoding {
        'B' | 'b' => {
            let kept = text
                .bytes()
                .filter(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/'));
            let mut kept: Vec<u8> = kept.collect();
            // One character alone holds no octet.
            if kept.len() % 4 == 1 {
                kept.pop();
            }
            LENIENT.decode(kept).ok()?
        }
        _ => decode_q_leniently(text.as_bytes()),
    };
    let text = match Charset::named(label.as_bytes()) {
        Some(charset) => charset.decode(&octets),
        None => octets.iter().map(|octet| char::from(*octet)).collect(),
    };
    Some((text, behind))
}

/// As [`decode_q`]; a `=` that begins no octet stands for itself.
fn decode_q_leniently(mut text: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        text = rest;
        let encoded = match (first, rest) {
            (b'=', [high, low, after @ ..]) => {
                hex_digit(*high).zip(hex_digit(*low)).map(|(high, low)| (high << 4 | low, after))
            }
            _ => None,
        };
        match (encoded, first) {
            (Some((octet, after)), _) => {
                octets.push(octet);
                text = after;
            }
            (None, b'_') => octets.push(b' '),
            (None, other) => octets.push(*other),
        }
    }
    octets
}

fn flush(word: &mut Option<(Charset, Vec<u8>)>, plain: &mut Vec<u8>, text: &mut String) {
    if let Some((charset, octets)) = word.take() {
        text.push_str(&charset.decode(&octets));
    }
    text.push_str(&charset::guess(plain));
    plain.clear();
}

/// Text without control characters: a tab becomes a space, others U+FFFD.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|char| match char {
            '\t' => ' ',
            '\u{2028}' | '\u{2029}' => '\u{fffd}',
            _ if char.is_control() => '\u{fffd}',
            _ => char,
        })
        .collect()
}

/// The encoded word at the start: charset, octets and length. Looks no further than
/// the next `?` of its text, so that a row of false starts costs linear time.
fn read_word(input: &[u8]) -> Option<(Charset, Vec<u8>, usize)> {
    let after = input.strip_prefix(b"=?")?;
    let label_length = after.iter().take(MAX_LABEL_BYTES).position(|octet| *octet == b'?')?;
    let label = after.get(..label_length)?;
    // RFC 2231 5: "charset*language".
    let label = label.split(|octet| *octet == b'*').next()?;
    let [b'?', encoding, b'?', text @ ..] = after.get(label_length..)? else { return None };
    let text_length = text.iter().position(|octet| *octet == b'?' || !octet.is_ascii_graphic())?;
    work::spend(text_length);
    if !text.get(text_length..)?.starts_with(b"?=") {
        return None;
    }
    let text = text.get(..text_length)?;
    let charset = Charset::named(label)?;
    let octets = match encoding {
        b'B' | b'b' => LENIENT.decode(without_padding(text)).ok()?,
        b'Q' | b'q' => decode_q(text)?,
        _ => return None,
    };
    Some((charset, octets, 2 + label_length + 3 + text_length + 2))
}

/// Padding is neither trusted nor needed.
fn without_padding(mut text: &[u8]) -> &[u8] {
    while let [head @ .., b'='] = text {
        text = head;
    }
    text
}

/// The Q encoding (RFC 2047 4.2).
fn decode_q(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        text = rest;
        octets.push(match first {
            b'_' => b' ',
            b'=' => {
                let [high, low, after @ ..] = rest else { return None };
                text = after;
                hex_digit(*high)? << 4 | hex_digit(*low)?
            }
            other => *other,
        });
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(value: &str) -> String {
        decode(value.as_bytes())
    }

    #[test]
    fn both_encodings_and_text_around_are_read() {
        assert_eq!(decoded("a =?UTF-8?B?5pel?= b =?utf-8?q?=E6=9C=AC_x?= c"), "a 日 b 本 x c");
        assert_eq!(decoded("=?iso-8859-1*de?Q?Gr=FC=DFe?="), "Grüße");
    }

    #[test]
    fn white_space_between_adjacent_words_is_dropped() {
        assert_eq!(decoded("=?utf-8?q?a?=  =?utf-8?q?b?= c"), "ab c");
        assert_eq!(decoded("=?utf-8?q?a?= =?iso-8859-1?q?=E9?="), "aé");
    }

    #[test]
    fn a_character_split_over_words_is_whole_again() {
        assert_eq!(decoded("=?UTF-8?B?5pc=?= =?UTF-8?B?pQ==?="), "日");
    }

    #[test]
    fn iso_2022_jp_split_over_words_is_whole_again() {
        // Each word its own run, and one run cut without returning to ASCII.
        assert_eq!(
            decoded("=?ISO-2022-JP?B?GyRCJCIbKEI=?= =?ISO-2022-JP?B?GyRCJCQbKEI=?="),
            "あい"
        );
        assert_eq!(decoded("=?ISO-2022-JP?B?GyRCJCI=?= =?iso-2022-jp?B?JCQbKEI=?="), "あい");
    }

    #[test]
    fn what_is_no_word_stays() {
        for text in
            ["=?x?=", "=?utf-8?b?*?=", "=?nobody?q?a?=", "=?utf-8?q?a b?=", "=?utf-8?q?=4?="]
        {
            assert_eq!(decoded(text), text);
        }
    }

    #[test]
    fn decoded_text_cannot_bring_line_breaks_or_nul() {
        assert_eq!(decoded("=?utf-8?q?a=0D=0ABcc:_b=00?="), "a\u{fffd}\u{fffd}Bcc: b\u{fffd}");
    }

    #[test]
    fn what_only_some_readers_decode_is_decoded_leniently() {
        for (text, read) in [
            ("=?utf-8?Q?boss=40b=2Eexample =3F=?= x", "boss@b.example ?= x"),
            ("=?unknown?q?boss=40b?=", "boss@b"),
            ("=??q?boss=40b?=", "boss@b"),
            ("=?utf-8?q?boss=40b?= =?utf-8?q?=2Ex?=", "boss@b.x"),
            ("a =?utf-8?b?Ym 9z*cw?= b", "a boss b"),
            ("=?utf-8?b?Ym9zc?=", "bos"),
            ("=?utf-8?q?a=4?=", "a=4"),
            ("=?utf-8?q?boss=40b", "boss@b"),
            ("=?x?=", "=?x?="),
            ("=?utf-8?z?a?=", "=?utf-8?z?a?="),
            ("日 =?", "日 =?"),
        ] {
            assert_eq!(decode_leniently(text), read);
        }
    }

    #[test]
    fn false_starts_cost_linear_time() {
        for unit in ["=?", "=?a?q?", "=?a?x?b", "=?a?", "=?utf-8?q?x", "=?utf-8?b?QQ==?="] {
            let steps = |count: usize| {
                let value = unit.repeat(count);
                work::measure(|| {
                    drop(decode(value.as_bytes()));
                    drop(decode_leniently(&value));
                })
            };
            assert!(steps(8000) <= 2 * steps(4000) + 1000, "{unit}");
        }
    }
}
