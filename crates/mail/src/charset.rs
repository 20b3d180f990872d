//! Octets to text. Names of charsets as mailers write them, and a guess for octets
//! that come without one. RFC 1468 (ISO-2022-JP), RFC 2152 (UTF-7).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, REPLACEMENT, SHIFT_JIS, UTF_8, WINDOWS_1252};

use crate::work;

/// UTF-7 is base64 without padding.
const UTF_7_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// A charset that this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// One that the Encoding Standard knows.
    Known(&'static Encoding),
    /// UTF-7: browsers dropped it, mailers still read it, so text can hide in it.
    Utf7,
}

impl Charset {
    /// Finds a charset by its name in a mail, ASCII case ignored.
    pub(crate) fn named(label: &[u8]) -> Option<Self> {
        let label = label.trim_ascii();
        let is = |name: &str| label.eq_ignore_ascii_case(name.as_bytes());
        if is("utf-7") || is("unicode-1-1-utf-7") || is("unicode-2-0-utf-7") {
            return Some(Self::Utf7);
        }
        // Names that mailers use and the Encoding Standard does not list.
        if is("cp932") || is("ms932") || is("x-ms-cp932") {
            return Some(Self::Known(SHIFT_JIS));
        }
        if is("cp50220") || is("cp50221") || is("iso-2022-jp-ms") || is("iso-2022-jp-1") {
            return Some(Self::Known(ISO_2022_JP));
        }
        if is("eucjp") || is("cp51932") || is("eucjp-ms") {
            return Some(Self::Known(EUC_JP));
        }
        Encoding::for_label(label).filter(|found| *found != REPLACEMENT).map(Self::Known)
    }

    /// The text; octets without meaning become U+FFFD.
    pub(crate) fn decode(self, octets: &[u8]) -> String {
        self.decode_reporting(octets).0
    }

    /// The text, and whether octets had no meaning.
    fn decode_reporting(self, octets: &[u8]) -> (String, bool) {
        work::spend(octets.len());
        match self {
            Self::Utf7 => (decode_utf_7(octets), false),
            Self::Known(encoding) if encoding == ISO_2022_JP => {
                let octets = without_idle_escapes(octets);
                let (text, faulty) = ISO_2022_JP.decode_without_bom_handling(&octets);
                (text.into_owned(), faulty)
            }
            // A byte order mark decides between the two UTF-16.
            Self::Known(encoding) if !encoding.is_ascii_compatible() => {
                let (text, _, faulty) = encoding.decode(octets);
                (text.into_owned(), faulty)
            }
            Self::Known(encoding) => {
                let (text, faulty) = encoding.decode_with_bom_removal(octets);
                (text.into_owned(), faulty)
            }
        }
    }
}

/// Text for display out of octets without a charset: UTF-8 if it is, ISO-2022-JP by
/// its escapes, else Shift_JIS or EUC-JP if one of them fits, else Windows-1252.
pub(crate) fn guess(octets: &[u8]) -> String {
    work::spend(octets.len());
    if octets.contains(&0x1b) {
        let (text, faulty) = Charset::Known(ISO_2022_JP).decode_reporting(octets);
        if !faulty {
            return text;
        }
    }
    if let Ok(text) = std::str::from_utf8(octets) {
        return text.to_owned();
    }
    let fits = |encoding| {
        Some(Charset::Known(encoding).decode_reporting(octets))
            .filter(|(_, faulty)| !faulty)
            .map(|(text, _)| text)
    };
    match (fits(SHIFT_JIS), fits(EUC_JP)) {
        // EUC-JP read as Shift_JIS is a row of half-width katakana, which nobody writes.
        (Some(shift_jis), Some(euc)) if half_width(&shift_jis) > half_width(&euc) => euc,
        (Some(text), _) | (None, Some(text)) => text,
        (None, None) => Charset::Known(WINDOWS_1252).decode(octets),
    }
}

/// Text by the charset that is named, or by guess if none is, or none we know.
pub(crate) fn decode_named(label: Option<&str>, octets: &[u8]) -> String {
    let named = label.and_then(|label| Charset::named(label.as_bytes()));
    match named {
        // "us-ascii" is what programs write that never thought about it.
        Some(Charset::Known(encoding)) if encoding == WINDOWS_1252 && is_us_ascii(label) => {
            guess(octets)
        }
        Some(Charset::Known(encoding)) if encoding == UTF_8 => {
            String::from_utf8_lossy(octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets))
                .into_owned()
        }
        Some(charset) => charset.decode(octets),
        None => guess(octets),
    }
}

fn is_us_ascii(label: Option<&str>) -> bool {
    label.is_some_and(|label| {
        let label = label.trim();
        label.eq_ignore_ascii_case("us-ascii") || label.eq_ignore_ascii_case("ascii")
    })
}

fn half_width(text: &str) -> usize {
    text.chars().filter(|char| ('\u{ff61}'..='\u{ff9f}').contains(char)).count()
}

/// Drops an escape sequence that another follows at once. Joined encoded words have
/// them at every seam, and decoders by the Encoding Standard call that an error.
fn without_idle_escapes(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let [first, after @ ..] = rest {
        let length = escape_length(rest);
        if length > 0 && escape_length(rest.get(length..).unwrap_or_default()) > 0 {
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        out.push(*first);
        rest = after;
    }
    out
}

/// The length of the ISO-2022-JP escape sequence at the start, or 0.
fn escape_length(octets: &[u8]) -> usize {
    match octets {
        [0x1b, b'(', b'B' | b'J' | b'I', ..] | [0x1b, b'$', b'@' | b'B', ..] => 3,
        _ => 0,
    }
}

/// UTF-7 (RFC 2152): `+` starts base64 of UTF-16BE, anything outside base64 ends it and
/// a `-` there is swallowed; `+-` is a plus sign.
fn decode_utf_7(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut rest = octets;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'+' {
            text.push(if first.is_ascii() { char::from(*first) } else { '\u{fffd}' });
            continue;
        }
        let length = after
            .iter()
            .position(|octet| !(octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/')))
            .unwrap_or(after.len());
        let (shifted, behind) = after.split_at_checked(length).unwrap_or((after, &[]));
        rest = behind.strip_prefix(b"-").unwrap_or(behind);
        if shifted.is_empty() {
            text.push('+');
            continue;
        }
        let units: Vec<u16> = UTF_7_BASE64
            .decode(shifted)
            .unwrap_or_default()
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |unit, octet| unit << 8 | u16::from(*octet)))
            .collect();
        text.push_str(&String::from_utf16_lossy(&units));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn japanese_charsets_are_guessed_apart() {
        let text = "見積書のご送付について";
        for encoding in [UTF_8, SHIFT_JIS, EUC_JP, ISO_2022_JP] {
            assert_eq!(guess(&encoding.encode(text).0), text, "{}", encoding.name());
        }
        assert_eq!(guess(b"M\xfcller"), "Müller");
    }

    #[test]
    fn joined_iso_2022_jp_words_leave_no_replacement_characters() {
        let joined = b"\x1b$B$\"\x1b(B\x1b$B$$\x1b(B";
        assert_eq!(Charset::Known(ISO_2022_JP).decode(joined), "あい");
    }

    #[test]
    fn names_of_old_japanese_mailers_are_known() {
        for label in ["CP932", "Windows-31J", "x-sjis", "MS_Kanji", "Shift_JIS"] {
            assert_eq!(Charset::named(label.as_bytes()), Some(Charset::Known(SHIFT_JIS)));
        }
        assert_eq!(Charset::named(b"ISO-2022-JP-MS"), Some(Charset::Known(ISO_2022_JP)));
        assert_eq!(Charset::named(b"hz-gb-2312"), None);
    }

    #[test]
    fn text_cannot_hide_in_utf_7() {
        assert_eq!(decode_named(Some("UTF-7"), b"1 +- 1 +ZeVnLIqe-!"), "1 + 1 日本語!");
    }

    #[test]
    fn utf_16_follows_its_byte_order_mark() {
        assert_eq!(decode_named(Some("utf-16"), b"\xfe\xff\x65\xe5"), "日");
        assert_eq!(decode_named(Some("utf-16"), b"\xff\xfe\xe5\x65"), "日");
        assert_eq!(decode_named(Some("utf-16be"), b"\x65\xe5"), "日");
    }
}
