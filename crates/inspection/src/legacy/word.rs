//! Word (MS-DOC): the text lies in pieces, which a table in another stream lists.

use super::{Legacy, wide};
use crate::{
    text::charset,
    zip::{u16_at, u32_at, usize_at},
};

/// How a file begins (2.5.2), and that of Word 2 and 6.
const MARKS: [u16; 3] = [0xA5EC, 0xA5DC, 0xA5DB];

/// The oldest version with pieces in a stream of their own (2.5.1).
const WORD_97: u16 = 0x00C1;

/// Bits of the flags at octet 10 (2.5.2).
const ENCRYPTED: u16 = 0x0100;
const TABLE_1: u16 = 0x0200;

/// The place of `fcClx` among the pairs of offset and length (2.5.6).
const CLX: usize = 33;

/// The name of the stream in which the list of pieces lies.
pub(crate) fn table_name(document: &[u8]) -> &'static str {
    match u16_at(document, 10) {
        Some(flags) if flags & TABLE_1 != 0 => "1Table",
        _ => "0Table",
    }
}

/// What a document shows, and what its fields are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) text: String,
    /// The code of each field, one a line.
    pub(crate) codes: String,
}

/// The text of a document, at most about `most` octets, in the order of its pieces: body,
/// footnotes, headers, comments, text boxes. Fields show their code as well as their
/// result.
pub(crate) fn text(document: &[u8], table: &[u8], most: usize) -> Legacy<Document> {
    let (Some(mark), Some(version), Some(flags)) =
        (u16_at(document, 0), u16_at(document, 2), u16_at(document, 10))
    else {
        return Legacy::Unknown;
    };
    if !MARKS.contains(&mark) {
        return Legacy::Unknown;
    }
    if flags & ENCRYPTED != 0 {
        return Legacy::Locked;
    }
    if version < WORD_97 {
        let old = |text| Legacy::Read(Document { text, codes: String::new() });
        return old_text(document).map_or(Legacy::Unknown, old);
    }
    let pieces = pieces(document, table).unwrap_or_default();
    if pieces.is_empty() {
        return Legacy::Unknown;
    }
    let mut text = String::new();
    for piece in pieces {
        if text.len() >= most {
            break;
        }
        piece.read(document, &mut text);
    }
    let (text, codes) = without_codes(&text);
    Legacy::Read(Document { text, codes })
}

/// The text with a space for each mark around a field (2.8.25), and what stands between
/// the marks of its code. A field in the code of another ends it.
fn without_codes(text: &str) -> (String, String) {
    let mut codes = String::new();
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '\u{13}' => {
                codes.push('\n');
                in_code = true;
            }
            '\u{14}' | '\u{15}' => in_code = false,
            _ if in_code => codes.push(c),
            _ => {}
        }
    }
    (text.replace(['\u{13}', '\u{14}', '\u{15}'], " "), codes)
}

/// Word 6 and 95 keep the text in one row, in the charset of their system.
fn old_text(document: &[u8]) -> Option<String> {
    let octets = document.get(usize_at(document, 24)?..usize_at(document, 28)?)?;
    let shown: Vec<u8> = octets
        .iter()
        .map(|octet| if matches!(octet, 0..=8 | 0x0B..=0x1F) { b'\n' } else { *octet })
        .collect();
    let readings = charset::readings(&shown, None);
    Some(readings.into_iter().map(|reading| reading.into_owned()).collect::<Vec<_>>().join("\n"))
}

struct Piece {
    characters: usize,
    start: usize,
    /// One octet for a character (2.9.73).
    narrow: bool,
}

impl Piece {
    fn read(&self, document: &[u8], text: &mut String) {
        let octets = if self.narrow { self.characters } else { self.characters * 2 };
        let rest = document.get(self.start..).unwrap_or_default();
        let content = rest.get(..octets.min(rest.len())).unwrap_or_default();
        let mut mark_before = false;
        let mut push = |c: char| {
            let ends_row = c == '\u{7}' && mark_before;
            mark_before = c == '\u{7}';
            match c {
                // The end of a cell, and again at the end of a row (2.4.3).
                '\u{7}' if ends_row => {
                    text.pop();
                    text.push('\n');
                }
                '\u{7}' => text.push('\t'),
                '\r' | '\u{B}' | '\u{C}' | '\u{E}' => text.push('\n'),
                '\u{13}'..='\u{15}' => text.push(c),
                '\u{1E}' => text.push('-'),
                '\0'..='\u{8}' | '\u{F}'..='\u{1F}' => {}
                _ => text.push(c),
            }
        };
        if self.narrow {
            let (shown, _, _) = encoding_rs::WINDOWS_1252.decode(content);
            shown.chars().for_each(&mut push);
        } else {
            wide(content).for_each(&mut push);
        }
    }
}

/// The list of pieces (2.8.35): behind runs of properties, offsets of characters and
/// where the text of each piece stands.
fn pieces(document: &[u8], table: &[u8]) -> Option<Vec<Piece>> {
    let words = usize::from(u16_at(document, 32)?);
    let longs_at = 34 + words * 2;
    let longs = usize::from(u16_at(document, longs_at)?);
    let pairs_at = longs_at + 2 + longs * 4 + 2;
    let start = usize_at(document, pairs_at + CLX * 8)?;
    let length = usize_at(document, pairs_at + CLX * 8 + 4)?;
    let mut clx = table.get(start..start.checked_add(length)?.min(table.len()))?;
    while let [1, rest @ ..] = clx {
        clx = rest.get(2 + usize::from(u16_at(rest, 0)?)..)?;
    }
    let [2, rest @ ..] = clx else { return None };
    let list = rest.get(4..)?;
    let list = list.get(..usize_at(rest, 0)?.min(list.len()))?;
    let count = list.len().checked_sub(4)? / 12;
    let mut pieces = Vec::with_capacity(count);
    for index in 0..count {
        let (from, to) = (usize_at(list, index * 4)?, usize_at(list, index * 4 + 4)?);
        let place = u32_at(list, (count + 1) * 4 + index * 8 + 2)?;
        let narrow = place & 0x4000_0000 != 0;
        let at = usize::try_from(place & 0x3FFF_FFFF).ok()?;
        pieces.push(Piece {
            characters: to.saturating_sub(from),
            start: if narrow { at / 2 } else { at },
            narrow,
        });
    }
    Some(pieces)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The two streams of a document with `text` as one piece, wide, or cut in two where
    /// `narrow` is the first.
    pub(crate) fn document(narrow: &str, text: &str) -> (Vec<u8>, Vec<u8>) {
        let mut document = vec![0; 0x200 + 0x100];
        document[..2].copy_from_slice(&0xA5EC_u16.to_le_bytes());
        document[2..4].copy_from_slice(&0x00C1_u16.to_le_bytes());
        document[10..12].copy_from_slice(&TABLE_1.to_le_bytes());
        document[32] = 14;
        document[62] = 22;
        document[152] = 93;
        let narrow_at = u32::try_from(document.len()).unwrap();
        document.extend(narrow.bytes());
        let wide_at = u32::try_from(document.len()).unwrap();
        let units: Vec<u16> = text.encode_utf16().collect();
        document.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        let ends = [0, narrow.len(), narrow.len() + units.len()];
        let mut list: Vec<u8> = ends.iter().flat_map(|end| (*end as u32).to_le_bytes()).collect();
        for place in [(narrow_at * 2) | 0x4000_0000, wide_at] {
            list.extend([0, 0]);
            list.extend(place.to_le_bytes());
            list.extend([0, 0]);
        }
        let mut table = vec![1, 2, 0, 9, 9, 2];
        table.extend((list.len() as u32).to_le_bytes());
        table.extend(list);
        document[154 + CLX * 8..][..4].copy_from_slice(&0u32.to_le_bytes());
        document[154 + CLX * 8 + 4..][..4].copy_from_slice(&(table.len() as u32).to_le_bytes());
        (document, table)
    }

    #[test]
    fn pieces_of_both_widths_are_read_in_their_order() {
        let (octets, table) = document("My number \r", "個人番号\u{7}氏名\u{7}\u{7}1\u{7}");
        assert_eq!(table_name(&octets), "1Table");
        let shown = "My number \n個人番号\t氏名\n1\t".to_owned();
        let read = Document { text: shown, codes: String::new() };
        assert_eq!(text(&octets, &table, 1000), Legacy::Read(read));
    }

    #[test]
    fn the_code_of_a_field_stands_apart_too() {
        let (octets, table) = document("", "a\u{13}DDEAUTO c:\\x\u{14}shown\u{15}b");
        let Legacy::Read(read) = text(&octets, &table, 1000) else { panic!("read") };
        assert_eq!(
            (read.text.as_str(), read.codes.as_str()),
            ("a DDEAUTO c:\\x shown b", "\nDDEAUTO c:\\x")
        );
    }

    #[test]
    fn a_locked_document_and_one_of_another_kind_say_so() {
        let (mut octets, table) = document("", "x");
        octets[11] |= 1;
        assert_eq!(text(&octets, &table, 1000), Legacy::Locked);
        assert_eq!(text(b"MZ", &[], 1000), Legacy::Unknown);
        octets[11] = 2;
        assert_eq!(text(&octets, &table[..8], 1000), Legacy::Unknown);
    }

    #[test]
    fn pieces_beyond_the_stream_or_over_each_other_cost_no_more_than_the_bound() {
        let (octets, mut table) = document("aaaa", "bbbb");
        let wrong = u32::MAX.to_le_bytes();
        table[18..22].copy_from_slice(&wrong);
        let Legacy::Read(read) = text(&octets, &table, 4) else { panic!("read") };
        assert!(read.text.len() <= 4 + octets.len() * 3);
    }

    #[test]
    fn a_document_of_word_95_gives_its_row_of_text() {
        let mut octets = vec![0; 0x300];
        octets[..2].copy_from_slice(&0xA5DC_u16.to_le_bytes());
        octets[2] = 0x68;
        let (line, _, _) = encoding_rs::SHIFT_JIS.encode("個人番号は1234です。");
        octets[24..28].copy_from_slice(&0x300u32.to_le_bytes());
        octets[28..32].copy_from_slice(&(0x300 + line.len() as u32).to_le_bytes());
        octets.extend(&*line);
        let Legacy::Read(read) = text(&octets, &[], 1000) else { panic!("read") };
        assert!(read.text.contains("個人番号は1234です。"), "{read:?}");
    }
}
