//! Spreadsheets (ECMA-376 part 1, 18.3 and 18.4) and, roughly, Office files that are
//! broken.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::xml::{NotWellFormed, local};
use crate::table::{CELL_BYTES, Table};

/// Whole numbers up to here are exact in the 64-bit floats that sheets store.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// How far a stored number may be from a whole one: Excel writes 17 digits, which is
/// now and then one too many.
const ROUNDING: f64 = 1e-3;

/// What is read of a spreadsheet part: its content, and whether it was complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Partial<T> {
    pub(crate) content: T,
    pub(crate) well_formed: Result<(), NotWellFormed>,
    /// Text beyond the budget was left out.
    pub(crate) cut: bool,
}

/// The shared strings of a workbook: the text of each `si`, phonetic runs (`rPh`, the
/// furigana over a name) left out as in the shown cell. `budget` counts octets.
pub(crate) fn shared_strings(xml: &str, budget: &mut u64) -> Partial<Vec<String>> {
    let mut strings = Vec::new();
    let mut current: Option<String> = None;
    let mut phonetic = 0usize;
    let mut cut = false;
    let well_formed = events(xml, |event| {
        match event {
            Part::Open(start) => match local(start).as_str() {
                "si" => current = Some(String::new()),
                "rPh" => phonetic += 1,
                _ => {}
            },
            Part::Close("si") => {
                let text = current.take().unwrap_or_default();
                if !spend(budget, text.len()) {
                    cut = true;
                    return false;
                }
                strings.push(text);
            }
            Part::Close("rPh") => phonetic = phonetic.saturating_sub(1),
            Part::Close(_) => {}
            Part::Text(text) => {
                if let (Some(current), 0) = (&mut current, phonetic) {
                    current.push_str(text);
                }
            }
        }
        true
    });
    Partial { content: strings, well_formed, cut }
}

/// The cells of a worksheet. `budget` counts octets of text and per cell.
pub(crate) fn sheet(xml: &str, shared: &[String], budget: &mut u64) -> Partial<Table> {
    let mut sheet = Sheet::default();
    let mut cut = false;
    let well_formed = events(xml, |event| {
        match event {
            Part::Open(start) => sheet.open(start),
            Part::Close(name) => {
                if name == "c" && !sheet.end_cell(shared, budget) {
                    cut = true;
                    return false;
                }
                sheet.close(name);
            }
            Part::Text(text) => sheet.text(text),
        }
        true
    });
    Partial { content: sheet.table, well_formed, cut }
}

/// What a document consists of, for readers that care for nothing else.
pub(super) enum Part<'a> {
    Open(&'a BytesStart<'a>),
    Close(&'a str),
    Text(&'a str),
}

/// Calls `take` for each part until it says no.
pub(super) fn events(
    xml: &str,
    mut take: impl FnMut(Part<'_>) -> bool,
) -> Result<(), NotWellFormed> {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{FEFF}'));
    loop {
        let goes_on = match reader.read_event().map_err(|_| NotWellFormed)? {
            Event::Start(start) => take(Part::Open(&start)),
            Event::Empty(start) => {
                take(Part::Open(&start)) && take(Part::Close(local(&start).as_str()))
            }
            Event::End(end) => take(Part::Close(end.local_name().as_ref())),
            Event::Text(text) => take(Part::Text(&text)),
            Event::CData(text) => take(Part::Text(&text)),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                let resolved = super::xml::entity(&reference);
                resolved.is_none_or(|(c, _)| take(Part::Text(c.encode_utf8(&mut [0; 4]))))
            }
            Event::Eof => return Ok(()),
            _ => true,
        };
        if !goes_on {
            return Ok(());
        }
    }
}

fn spend(budget: &mut u64, octets: usize) -> bool {
    let cost = u64::try_from(octets).unwrap_or(u64::MAX);
    match budget.checked_sub(cost) {
        Some(left) => {
            *budget = left;
            true
        }
        None => false,
    }
}

/// A worksheet while it is read.
#[derive(Default)]
struct Sheet {
    table: Table,
    row: u32,
    column: u32,
    kind: CellKind,
    value: String,
    inside: Inside,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum CellKind {
    #[default]
    Number,
    Shared,
    Text,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Inside {
    #[default]
    Nothing,
    Value,
    Phonetic,
}

impl Sheet {
    fn open(&mut self, start: &BytesStart<'_>) {
        match local(start).as_str() {
            "row" => {
                // Rows and cells may leave their numbers out (18.3.1.73, 18.3.1.4).
                self.row = attribute(start, "r")
                    .and_then(|r| r.parse().ok())
                    .unwrap_or(self.row.saturating_add(1));
                self.column = 0;
            }
            "c" => {
                if let Some(column) = attribute(start, "r").and_then(|r| column_of(&r)) {
                    self.column = column;
                }
                self.kind = match attribute(start, "t").as_deref() {
                    Some("s") => CellKind::Shared,
                    Some("str" | "inlineStr" | "d" | "e" | "b") => CellKind::Text,
                    _ => CellKind::Number,
                };
                self.value.clear();
            }
            "v" | "t" if self.inside == Inside::Nothing => self.inside = Inside::Value,
            "rPh" => self.inside = Inside::Phonetic,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if self.inside == Inside::Value {
            self.value.push_str(text);
        }
    }

    fn close(&mut self, name: &str) {
        let ends = match self.inside {
            Inside::Value => matches!(name, "v" | "t"),
            Inside::Phonetic => name == "rPh",
            Inside::Nothing => false,
        };
        if ends || name == "c" {
            self.inside = Inside::Nothing;
        }
    }

    /// Stores the cell just read; `false` if the budget is spent.
    fn end_cell(&mut self, shared: &[String], budget: &mut u64) -> bool {
        let column = self.column;
        self.column = self.column.saturating_add(1);
        let whole;
        let (text, numeric) = match self.kind {
            CellKind::Shared => {
                let index = self.value.trim().parse::<usize>().ok();
                (index.and_then(|index| shared.get(index)).map_or("", String::as_str), false)
            }
            CellKind::Text => (self.value.as_str(), false),
            CellKind::Number => {
                whole = whole_number(&self.value);
                (whole.as_deref().unwrap_or(&self.value), true)
            }
        };
        if text.is_empty() {
            return true;
        }
        let cost = usize::try_from(CELL_BYTES).unwrap_or(usize::MAX).saturating_add(text.len());
        let affordable = spend(budget, cost);
        if affordable {
            self.table.push(self.row, column, text, numeric);
        }
        affordable
    }
}

pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|attribute| attribute.key.local_name().as_ref() == name)
        .map(|attribute| attribute.value.into_owned())
}

/// Zero-based column of a reference such as `AB12`.
fn column_of(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.take(6).fold(0u32, |column, letter| {
        column.saturating_mul(26).saturating_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)
    });
    column.checked_sub(1)
}

/// The digits of a stored number (`1.23456789018E11`, `123456789018.0`) if it is whole,
/// as a sheet shows it.
pub(crate) fn whole_number(stored: &str) -> Option<String> {
    let value: f64 = stored.trim().parse().ok()?;
    let rounded = value.round();
    let whole = rounded.abs() < MAX_EXACT && (value - rounded).abs() < ROUNDING;
    whole.then(|| format!("{rounded:.0}"))
}

/// What octets of unknown structure hold that looks like text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rough {
    /// Text in the order of the octets, numbers of sheets among it.
    pub(crate) text: String,
    /// The first words. A sheet keeps its words apart from its numbers, so the head
    /// of a column is no neighbour of what stands below it.
    pub(crate) words: String,
    /// The name of the stream is there in which a locked document lies (MS-OFFCRYPTO
    /// 2.3.4.4).
    pub(crate) locked: bool,
}

/// Octets of words that are kept as a heading.
const MAX_WORDS_BYTES: usize = 4000;

/// Fewest characters in a row that count as text.
const MIN_RUN: usize = 3;

/// Collects readable runs, in 8 bits and in UTF-16LE, and the NUMBER records of sheets
/// (MS-XLS 2.4.180), for a compound file whose directory is broken or whose streams are
/// of a version that we do not know. It is a rough look: text that spans a sector boundary
/// is cut.
pub(crate) fn rough(octets: &[u8], max_bytes: usize) -> Rough {
    let wide = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let locked = memchr::memmem::find(octets, &wide("EncryptedPackage")).is_some();
    let mut text = String::new();
    let mut words = String::new();
    let mut at = 0;
    while at < octets.len() && text.len() < max_bytes {
        let rest = octets.get(at..).unwrap_or_default();
        let start = text.len();
        let mut used = number_record(rest, &mut text);
        if used.is_none() {
            used = wide_run(rest, &mut text);
            let run = text.get(start..).unwrap_or_default();
            if !run.is_ascii() && words.len() + run.len() <= MAX_WORDS_BYTES {
                words.push_str(run);
            }
        }
        at += used.or_else(|| narrow_run(rest, &mut text)).unwrap_or(1);
    }
    Rough { text, words, locked }
}

fn number_record(rest: &[u8], text: &mut String) -> Option<usize> {
    const HEAD: &[u8] = &[0x03, 0x02, 0x0E, 0x00];
    const LENGTH: usize = 18;
    let record = rest.get(..LENGTH).filter(|record| record.starts_with(HEAD))?;
    let value = f64::from_le_bytes(record.get(10..LENGTH)?.try_into().ok()?);
    text.push_str(&whole_number(&value.to_string())?);
    text.push('\n');
    Some(LENGTH)
}

fn wide_run(rest: &[u8], text: &mut String) -> Option<usize> {
    let start = text.len();
    let mut count = 0;
    for pair in rest.chunks_exact(2) {
        let unit = u16::from_le_bytes(pair.try_into().ok()?);
        let Some(c) = char::from_u32(u32::from(unit)).filter(|c| is_common(*c)) else { break };
        text.push(c);
        count += 1;
    }
    if count < MIN_RUN {
        text.truncate(start);
        return None;
    }
    text.push('\n');
    Some(count * 2)
}

fn narrow_run(rest: &[u8], text: &mut String) -> Option<usize> {
    let count = rest.iter().take_while(|o| matches!(o, b' '..=b'~' | b'\t')).count();
    if count < MIN_RUN {
        return None;
    }
    text.extend(rest.iter().take(count).map(|o| char::from(*o)));
    text.push('\n');
    Some(count)
}

/// Characters of Japanese text; anything else in a compound file is structure.
fn is_common(c: char) -> bool {
    matches!(c, ' '..='~' | '\t' | '\u{3000}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF00}'..='\u{FFEF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_every_notation_are_whole_again() {
        for stored in
            ["123456789018", "123456789018.0", "1.23456789018E+11", "1.2345678901800001E11"]
        {
            assert_eq!(whole_number(stored).as_deref(), Some("123456789018"), "{stored}");
        }
        assert_eq!(whole_number("1234567.5"), None);
        assert_eq!(whole_number("1e300"), None);
        assert_eq!(whole_number("NaN"), None);
    }

    #[test]
    fn columns_are_counted_from_their_letters() {
        assert_eq!(column_of("A1"), Some(0));
        assert_eq!(column_of("AB12"), Some(27));
        assert_eq!(column_of("12"), None);
        assert_eq!(column_of("ZZZZZZZZZZ1"), column_of("ZZZZZZ1"));
    }

    #[test]
    fn a_sheet_gives_shared_inline_and_numeric_cells() {
        let shared = shared_strings(
            "<sst><si><t>氏名</t><rPh><t>シメイ</t></rPh></si><si><r><t>個人</t></r><r><t>番号</t></r></si></sst>",
            &mut 1000,
        );
        assert_eq!(shared.content, ["氏名", "個人番号"]);
        let xml = "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='C1' t='s'><v>1</v></c></row>\
                   <row><c t='inlineStr'><is><t>山田</t></is></c><c r='C2'><v>1.23456789018E11</v></c></row></sheetData></worksheet>";
        let sheet = sheet(xml, &shared.content, &mut 1000);
        assert_eq!((sheet.well_formed, sheet.cut), (Ok(()), false));
        let cells: Vec<Vec<(u32, String)>> = sheet
            .content
            .rows()
            .map(|row| row.iter().map(|cell| (cell.column, cell.text.to_owned())).collect())
            .collect();
        let cell = |column, text: &str| (column, text.to_owned());
        assert_eq!(
            cells,
            [
                vec![cell(0, "氏名"), cell(2, "個人番号")],
                vec![cell(0, "山田"), cell(2, "123456789018")]
            ]
        );
    }

    #[test]
    fn a_sheet_beyond_its_budget_says_so() {
        let xml = "<worksheet><row><c><v>1</v></c><c><v>2</v></c></row></worksheet>";
        let cost = 2 * (CELL_BYTES + 1);
        assert!(!sheet(xml, &[], &mut cost.clone()).cut);
        assert!(sheet(xml, &[], &mut (cost - 1)).cut);
    }

    #[test]
    fn octets_of_an_old_file_give_words_and_numbers_in_order() {
        let mut octets: Vec<u8> = "個人番号".encode_utf16().flat_map(u16::to_le_bytes).collect();
        octets.extend([0, 0, 0x03, 0x02, 0x0E, 0x00, 0, 0, 0, 0, 0, 0]);
        octets.extend(123_456_789_018.0_f64.to_le_bytes());
        let rough = rough(&octets, 1000);
        let lines: Vec<&str> = rough.text.lines().collect();
        assert!(lines.contains(&"個人番号") && lines.contains(&"123456789018"), "{lines:?}");
        assert!(rough.words.contains("個人番号") && !rough.locked);
    }

    #[test]
    fn an_encrypted_file_of_today_is_told_by_its_stream() {
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(rough(&name, 1000).locked);
    }
}
