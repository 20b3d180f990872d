//! CMaps: what the codes of a string show (ISO 32000-1 9.7.5, 9.10.3).

use encoding_rs::{BIG5, EUC_JP, EUC_KR, Encoding, GBK, SHIFT_JIS, UTF_8, UTF_16BE};

use super::object::{Lexer, Object};

/// Ranges and single codes of one CMap.
const MAX_RANGES: usize = 200_000;

/// Codes to text, as a font's `ToUnicode` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ToUnicode {
    /// First and last code and the text of the first, sorted.
    ranges: Vec<(u32, u32, String)>,
    /// Whether codes of one octet occur in it.
    pub(super) has_single: bool,
    /// Whether codes of two octets do.
    pub(super) has_double: bool,
}

impl ToUnicode {
    pub(super) fn parse(octets: &[u8]) -> Self {
        let mut map = Self::default();
        let mut lexer = Lexer::new(octets, 0);
        let mut operands: Vec<Object> = Vec::new();
        while let Some(object) = lexer.next() {
            let Object::Word(word) = &object else {
                if operands.len() < MAX_RANGES {
                    operands.push(object);
                }
                continue;
            };
            match word.as_slice() {
                b"endcodespacerange" => map.code_space(&operands),
                b"endbfchar" => map.single(&operands),
                b"endbfrange" => map.range(&operands),
                _ => {}
            }
            operands.clear();
        }
        // Of two ranges that begin alike the later counts: the sort keeps their order.
        map.ranges.sort_by_key(|(first, _, _)| *first);
        map
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// What `code` shows.
    pub(super) fn text(&self, code: u32) -> Option<String> {
        let at = self.ranges.partition_point(|(first, _, _)| *first <= code).checked_sub(1)?;
        let (first, last, text) = self.ranges.get(at)?;
        if code > *last {
            return None;
        }
        let offset = code - first;
        if offset == 0 {
            return Some(text.clone());
        }
        let mut shown = text.clone();
        let c = shown.pop()?;
        shown.push(char::from_u32(u32::from(c).checked_add(offset)?)?);
        Some(shown)
    }

    fn code_space(&mut self, operands: &[Object]) {
        for operand in operands {
            let Object::Text(code) = operand else { continue };
            self.has_single |= code.len() == 1;
            self.has_double |= code.len() == 2;
        }
    }

    fn push(&mut self, first: u32, last: u32, text: String) {
        if self.ranges.len() < MAX_RANGES && first <= last {
            self.ranges.push((first, last, text));
        }
    }

    fn single(&mut self, operands: &[Object]) {
        for pair in operands.chunks_exact(2) {
            if let [Object::Text(code), Object::Text(text)] = pair {
                self.push(number(code), number(code), wide(text));
            }
        }
    }

    fn range(&mut self, operands: &[Object]) {
        for triple in operands.chunks_exact(3) {
            let [Object::Text(first), Object::Text(last), to] = triple else { continue };
            let (first, last) = (number(first), number(last));
            match to {
                Object::Text(text) => self.push(first, last, wide(text)),
                Object::Array(texts) => {
                    for (code, text) in (first..=last).zip(texts) {
                        if let Object::Text(text) = text {
                            self.push(code, code, wide(text));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter().take(4).fold(0, |value, octet| value << 8 | u32::from(*octet))
}

fn wide(octets: &[u8]) -> String {
    match octets {
        [single] => char::from(*single).to_string(),
        _ => UTF_16BE.decode_without_bom_handling(octets).0.into_owned(),
    }
}

/// How strings of a composite font are cut into codes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Codes {
    /// Two octets that number a glyph of the font.
    Glyphs,
    /// One octet that numbers a glyph: an embedded CMap of such codes.
    Single,
    /// Characters of a charset.
    Charset(&'static Encoding),
    /// JIS X 0208 in seven bits (the CMaps `H` and `V`).
    Jis,
}

impl Codes {
    /// By the name of a predefined CMap (9.7.5.2).
    pub(super) fn of(name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(name);
        let has = |part: &str| name.contains(part);
        if has("UTF16") || has("UCS2") {
            Self::Charset(UTF_16BE)
        } else if has("UTF8") {
            Self::Charset(UTF_8)
        } else if has("RKSJ") {
            Self::Charset(SHIFT_JIS)
        } else if has("GB") {
            Self::Charset(GBK)
        } else if has("B5") || has("HKscs") || has("CNS") {
            Self::Charset(BIG5)
        } else if has("KSC") {
            Self::Charset(EUC_KR)
        } else if has("EUC") {
            Self::Charset(EUC_JP)
        } else if matches!(&*name, "H" | "V" | "Ext-H" | "Ext-V" | "Add-H" | "Add-V") {
            Self::Jis
        } else {
            Self::Glyphs
        }
    }

    /// The octets of the next code at the start of `rest`, at least one.
    pub(super) fn length(self, rest: &[u8]) -> usize {
        let first = rest.first().copied().unwrap_or(0);
        let wanted =
            match self {
                Self::Single => 1,
                Self::Glyphs | Self::Jis => 2,
                Self::Charset(encoding) if encoding == UTF_16BE => {
                    if (0xD8..0xDC).contains(&first) { 4 } else { 2 }
                }
                Self::Charset(encoding) if encoding == UTF_8 => match first {
                    0..=0xBF => 1,
                    0xC0..=0xDF => 2,
                    0xE0..=0xEF => 3,
                    _ => 4,
                },
                Self::Charset(encoding) if encoding == SHIFT_JIS => {
                    if matches!(first, 0x81..=0x9F | 0xE0..=0xFC) { 2 } else { 1 }
                }
                Self::Charset(_) => {
                    if first > 0x80 {
                        2
                    } else {
                        1
                    }
                }
            };
        wanted.min(rest.len()).max(1)
    }

    /// What a code shows by the charset alone.
    pub(super) fn text(self, code: &[u8]) -> Option<String> {
        let (encoding, code) = match self {
            Self::Glyphs | Self::Single => return None,
            Self::Charset(encoding) => (encoding, code.to_vec()),
            Self::Jis => (EUC_JP, code.iter().map(|octet| octet | 0x80).collect()),
        };
        let (text, faulty) = encoding.decode_without_bom_handling(&code);
        (!faulty).then(|| text.into_owned())
    }
}

/// What a glyph of Adobe's Japanese collection shows, for digits and Latin letters alone:
/// the table of all 23,000 would be larger than the rest of the reader.
pub(super) fn adobe_japan_1(glyph: u32) -> Option<char> {
    match glyph {
        1..=94 => char::from_u32(glyph - 1 + 0x20),
        231..=324 => char::from_u32(glyph - 231 + 0x20),
        // Row 3 of JIS X 0208: digits, and letters behind a gap in the row.
        780..=789 => char::from_u32(glyph - 780 + 0xFF10),
        790..=815 => char::from_u32(glyph - 790 + 0xFF21),
        816..=841 => char::from_u32(glyph - 816 + 0xFF41),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_codes_ranges_and_lists_are_read() {
        let map = ToUnicode::parse(
            b"begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange
              2 beginbfchar <0001> <500B> <0002> <00660069> endbfchar
              2 beginbfrange <0010> <0019> <0030> <0020> <0021> [<4EBA> <756A>] endbfrange",
        );
        assert!(map.has_double && !map.has_single);
        let text = |code| map.text(code);
        assert_eq!(text(1).as_deref(), Some("個"));
        assert_eq!(text(2).as_deref(), Some("fi"));
        assert_eq!(text(0x13).as_deref(), Some("3"));
        assert_eq!(text(0x21).as_deref(), Some("番"));
        assert_eq!((text(3), text(0x1A), text(0)), (None, None, None));
    }

    #[test]
    fn predefined_maps_are_their_charsets() {
        let shown = |name: &str, octets: &[u8]| {
            let codes = Codes::of(name.as_bytes());
            let mut rest = octets;
            let mut out = String::new();
            while !rest.is_empty() {
                let (code, after) = rest.split_at(codes.length(rest));
                out.push_str(&codes.text(code).unwrap_or_default());
                rest = after;
            }
            out
        };
        assert_eq!(shown("90ms-RKSJ-H", &SHIFT_JIS.encode("個人1").0), "個人1");
        assert_eq!(shown("UniJIS-UTF16-H", b"\x50\x0B\x4E\xBA\0\x31"), "個人1");
        assert_eq!(shown("EUC-H", &EUC_JP.encode("個人1").0), "個人1");
        assert_eq!(shown("H", b"\x38\x44\x3F\x4D"), "個人");
        assert_eq!(Codes::of(b"Identity-H"), Codes::Glyphs);
    }
}
