//! Which characters octets stand for, when nobody says or nobody is to be believed.

use std::borrow::Cow;

use encoding_rs::{EUC_JP, Encoding, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

/// How much of a file decides whether it is text.
const SAMPLE_BYTES: usize = 8192;

/// How much of a text decides its charset.
const GUESS_BYTES: usize = 1 << 20;

/// The likely readings of `octets`: one, or two where Shift_JIS and EUC-JP are equally
/// good; none if it is no text.
///
/// `declared` is what the sender's label made of it. It is kept as a reading, but an
/// own guess that differs is a second one: a wrong label must not hide a word from us
/// that the recipient's program, guessing too, would show.
pub(crate) fn readings(octets: &[u8], declared: Option<String>) -> Vec<Cow<'_, str>> {
    let mut readings: Vec<Cow<'_, str>> = declared.into_iter().map(Cow::Owned).collect();
    if readings.is_empty() && !is_text(octets) {
        return readings;
    }
    for encoding in guesses(octets) {
        let (text, _, _) = encoding.decode(octets);
        if !readings.contains(&text) {
            readings.push(text);
        }
    }
    readings
}

/// Whether a person could read `octets` as text: few control characters, or UTF-16.
pub(crate) fn is_text(octets: &[u8]) -> bool {
    let sample = octets.get(..SAMPLE_BYTES.min(octets.len())).unwrap_or_default();
    let controls =
        sample.iter().filter(|o| matches!(o, 0..=6 | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)).count();
    utf16(octets).is_some() || controls * 20 <= sample.len()
}

fn guesses(octets: &[u8]) -> Vec<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(octets) {
        return vec![encoding];
    }
    if let Some(encoding) = utf16(octets) {
        return vec![encoding];
    }
    let mut guesses = Vec::new();
    let escapes = [b"\x1B$", b"\x1B("];
    if escapes.iter().any(|escape| memchr::memmem::find(octets, *escape).is_some()) {
        guesses.push(ISO_2022_JP);
    }
    if std::str::from_utf8(octets).is_ok() {
        if guesses.is_empty() || !octets.is_ascii() {
            guesses.push(UTF_8);
        }
        return guesses;
    }
    // One stray octet must not turn a whole text into another charset: the reading with
    // the fewest faults is taken, or all that are equally good.
    let sample = octets.get(..GUESS_BYTES.min(octets.len())).unwrap_or_default();
    let faults = [UTF_8, SHIFT_JIS, EUC_JP].map(|encoding| {
        let (text, _, _) = encoding.decode(sample);
        // Half-width katakana in a row is what other charsets look like when misread.
        let faults = text.chars().filter(|c| matches!(c, '\u{FFFD}' | '\u{FF61}'..='\u{FF9F}'));
        (faults.count(), encoding)
    });
    let fewest = faults.iter().map(|(count, _)| *count).min();
    guesses.extend(faults.iter().filter(|(count, _)| Some(*count) == fewest).map(|(_, e)| *e));
    guesses
}

/// UTF-16 without a byte order mark: text in it has a zero in every second octet of
/// its ASCII characters.
fn utf16(octets: &[u8]) -> Option<&'static Encoding> {
    if let Some((encoding, _)) = Encoding::for_bom(octets) {
        return (encoding != UTF_8).then_some(encoding);
    }
    let sample = octets.get(..SAMPLE_BYTES.min(octets.len())).unwrap_or_default();
    let (mut even, mut odd, mut pairs) = (0usize, 0usize, 0usize);
    for pair in sample.chunks_exact(2) {
        if let [first, second] = pair {
            pairs += 1;
            even += usize::from(*first == 0 && *second != 0);
            odd += usize::from(*second == 0 && *first != 0);
        }
    }
    if pairs >= 4 && odd * 5 >= pairs && even * 50 <= pairs {
        Some(UTF_16LE)
    } else if pairs >= 4 && even * 5 >= pairs && odd * 50 <= pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "個人番号は123456789018です。よろしくお願いいたします。";

    #[test]
    fn japanese_text_is_read_in_every_usual_charset() {
        let (sjis, _, _) = SHIFT_JIS.encode(LINE);
        let (euc, _, _) = EUC_JP.encode(LINE);
        let (jis, _, _) = ISO_2022_JP.encode(LINE);
        let utf16: Vec<u8> = LINE.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            [0xFEFF].into_iter().chain(LINE.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for octets in [&*sjis, &*euc, &*jis, LINE.as_bytes(), &utf16, &big] {
            assert!(readings(octets, None).iter().any(|text| text == LINE), "{octets:?}");
        }
    }

    #[test]
    fn a_wrong_label_does_not_hide_the_text() {
        let (sjis, _, _) = SHIFT_JIS.encode(LINE);
        let declared = String::from_utf8_lossy(&sjis).into_owned();
        let texts = readings(&sjis, Some(declared.clone()));
        assert_eq!(texts, [declared, LINE.to_owned()]);
    }

    #[test]
    fn a_stray_octet_or_escape_does_not_hide_the_text() {
        let text = [LINE.as_bytes(), b"\xFF\n\x1B(B"].concat();
        assert!(readings(&text, None).iter().any(|text| text.starts_with(LINE)));
        let (sjis, _, _) = SHIFT_JIS.encode(LINE);
        let text = [&*sjis, b"\xFD\n\x1B(B".as_slice()].concat();
        assert!(readings(&text, None).iter().any(|text| text.starts_with(LINE)));
    }

    #[test]
    fn what_is_no_text_has_no_reading() {
        let noise: Vec<u8> = (0..4096u32).map(|n| ((n * n * 31) >> 3) as u8).collect();
        assert!(readings(&noise, None).is_empty());
    }
}
