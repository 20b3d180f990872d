//! Fonts, as far as text needs them: what codes show, and how far they move the pen.

use std::collections::HashMap;

use encoding_rs::{MACINTOSH, WINDOWS_1252};

use super::{
    cmap::{Codes, ToUnicode, adobe_japan_1},
    file::File,
    glyph,
    object::{Dict, Object},
};

/// Widths of single glyphs that are kept.
const MAX_WIDTHS: usize = 70_000;

/// A font (ISO 32000-1 9.5 to 9.8).
#[derive(Debug)]
pub(super) struct Font {
    codes: Codes,
    to_unicode: ToUnicode,
    /// Of a simple font: what each code shows.
    simple: Option<Box<[Option<char>; 256]>>,
    /// The glyphs are numbered as Adobe's Japanese collection does.
    japanese: bool,
    widths: HashMap<u32, f64>,
    default_width: f64,
    pub(super) vertical: bool,
}

/// One glyph of a string.
pub(super) struct Glyph {
    /// `None` if nobody says what it shows.
    pub(super) text: Option<String>,
    /// In units of the font's size.
    pub(super) width: f64,
    /// The single octet 32, which word spacing widens (9.3.3).
    pub(super) is_space: bool,
}

impl Font {
    pub(super) fn read(file: &File<'_>, dict: &Dict, budget: &mut u64) -> Self {
        let to_unicode = match dict.get("ToUnicode") {
            Some(Object::Reference(number)) => file.stream(*number, budget),
            _ => None,
        };
        let to_unicode = to_unicode.map(|octets| ToUnicode::parse(&octets)).unwrap_or_default();
        if dict.name("Subtype") == Some(b"Type0") {
            Self::composite(file, dict, to_unicode, budget)
        } else {
            Self::simple(file, dict, to_unicode)
        }
    }

    fn composite(file: &File<'_>, dict: &Dict, to_unicode: ToUnicode, budget: &mut u64) -> Self {
        let encoding = dict.get("Encoding");
        let name = match encoding {
            Some(Object::Name(name)) => Some(name.clone()),
            _ => None,
        };
        let mut codes = name.as_deref().map_or(Codes::Glyphs, Codes::of);
        let mut vertical = name.is_some_and(|name| name.ends_with(b"V"));
        if let Some(Object::Reference(number)) = encoding {
            let map = file.stream(*number, budget).map(|octets| ToUnicode::parse(&octets));
            if map.is_some_and(|map| map.has_single && !map.has_double) {
                codes = Codes::Single;
            }
            let stream = file.object(*number);
            let mode = stream.as_ref().and_then(Object::dict).and_then(|d| d.number("WMode"));
            vertical |= mode == Some(1.0);
        }
        let descendants = dict.get("DescendantFonts").and_then(|found| file.resolve(found));
        let descendant = match descendants {
            Some(Object::Array(fonts)) => fonts.first().and_then(|font| file.resolve(font)),
            _ => None,
        };
        let descendant = descendant.as_ref().and_then(Object::dict);
        let collection = descendant
            .and_then(|font| font.get("CIDSystemInfo"))
            .and_then(|found| file.resolve(found));
        let japanese = collection.as_ref().and_then(Object::dict).is_some_and(|collection| {
            collection.get("Ordering") == Some(&Object::Text(b"Japan1".to_vec()))
        });
        let widths =
            descendant.and_then(|font| font.get("W")).and_then(|found| file.resolve(found));
        Self {
            codes,
            to_unicode,
            simple: None,
            japanese,
            widths: widths.map(|found| composite_widths(file, &found)).unwrap_or_default(),
            default_width: descendant.and_then(|font| font.number("DW")).unwrap_or(1000.0),
            vertical,
        }
    }

    fn simple(file: &File<'_>, dict: &Dict, to_unicode: ToUnicode) -> Self {
        let encoding = dict.get("Encoding").and_then(|found| file.resolve(found));
        let base = match &encoding {
            Some(Object::Name(name)) => Some(name.clone()),
            Some(Object::Dict(dict)) => dict.name("BaseEncoding").map(<[u8]>::to_vec),
            _ => None,
        };
        let charset =
            if base.as_deref() == Some(b"MacRomanEncoding") { MACINTOSH } else { WINDOWS_1252 };
        let mut simple = Box::new([None; 256]);
        for (code, shown) in (0..=255u8).zip(simple.iter_mut()) {
            *shown = charset.decode_without_bom_handling(&[code]).0.chars().next();
        }
        let differences = match encoding.as_ref().and_then(Object::dict) {
            Some(encoding) => encoding.get("Differences").and_then(|found| file.resolve(found)),
            None => None,
        };
        if let Some(Object::Array(differences)) = differences {
            let mut code = 0usize;
            for item in &differences {
                match item {
                    Object::Number(number) => code = *number as usize,
                    Object::Name(name) => {
                        if let Some(shown) = simple.get_mut(code) {
                            *shown = glyph::character(name);
                        }
                        code = code.saturating_add(1);
                    }
                    _ => {}
                }
            }
        }
        let first = dict.number("FirstChar").unwrap_or(0.0) as u32;
        // Type 3 fonts measure in units of their own.
        let unit = match dict.get("FontMatrix") {
            Some(Object::Array(matrix)) => match matrix.first() {
                Some(Object::Number(scale)) => scale.abs() * 1000.0,
                _ => 1.0,
            },
            _ => 1.0,
        };
        let widths = match dict.get("Widths").and_then(|found| file.resolve(found)) {
            Some(Object::Array(widths)) => (first..)
                .zip(&widths)
                .take(256)
                .filter_map(|(code, width)| match width {
                    Object::Number(width) => Some((code, width * unit)),
                    _ => None,
                })
                .collect(),
            _ => HashMap::new(),
        };
        Self {
            codes: Codes::Single,
            to_unicode,
            simple: Some(simple),
            japanese: false,
            widths,
            // Of the fonts that every reader has: about that of a digit.
            default_width: 556.0,
            vertical: false,
        }
    }

    /// The glyphs of a string.
    pub(super) fn glyphs<'s>(&'s self, string: &'s [u8]) -> impl Iterator<Item = Glyph> + 's {
        let mut rest = string;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let (code, after) = rest.split_at(self.codes.length(rest).min(rest.len()));
            rest = after;
            Some(self.glyph(code))
        })
    }

    fn glyph(&self, octets: &[u8]) -> Glyph {
        let code = octets.iter().fold(0u32, |value, octet| value << 8 | u32::from(*octet));
        let text = self.to_unicode.text(code).filter(|text| !text.is_empty());
        let text = text.or_else(|| self.without_map(octets, code));
        let width = match self.codes {
            Codes::Charset(_) | Codes::Jis => {
                // Widths are listed by glyph, whose number we do not know.
                if code < 0x100 { 500.0 } else { self.default_width }
            }
            _ => self.widths.get(&code).copied().unwrap_or(self.default_width),
        };
        Glyph { text, width: width / 1000.0, is_space: octets == [b' '] }
    }

    fn without_map(&self, octets: &[u8], code: u32) -> Option<String> {
        if let Some(simple) = &self.simple {
            let shown = usize::try_from(code).ok().and_then(|code| simple.get(code));
            return shown.copied().flatten().map(String::from);
        }
        if let Some(text) = self.codes.text(octets) {
            return Some(text);
        }
        // A map that leaves a code out says that it shows nothing.
        if !self.to_unicode.is_empty() {
            return Some(String::new());
        }
        adobe_japan_1(code).filter(|_| self.japanese).map(String::from)
    }
}

/// 9.7.4.3: `c [w1 w2 ..]` and `first last w`.
fn composite_widths(file: &File<'_>, object: &Object) -> HashMap<u32, f64> {
    let mut widths = HashMap::new();
    let Object::Array(items) = object else { return widths };
    let mut items = items.iter();
    while let Some(Object::Number(first)) = items.next() {
        let first = *first as u32;
        match items.next().and_then(|item| file.resolve(item)) {
            Some(Object::Array(list)) => {
                for (code, width) in (first..).zip(&list) {
                    if let (Object::Number(width), true) = (width, widths.len() < MAX_WIDTHS) {
                        widths.insert(code, *width);
                    }
                }
            }
            Some(Object::Number(last)) => {
                let Some(Object::Number(width)) = items.next() else { break };
                for code in (first..=last as u32).take(MAX_WIDTHS.saturating_sub(widths.len())) {
                    widths.insert(code, *width);
                }
            }
            _ => break,
        }
    }
    widths
}
