//! Excel (MS-XLS): a stream of records, of which few hold what a person sees.

use super::{Legacy, wide};
use crate::{
    table::{CELL_BYTES, Table},
    text::office::whole_number,
    zip::{u16_at, u32_at},
};

/// Kinds of records (2.3).
mod kind {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const FILE_LOCKED: u16 = 0x002F;
    pub(super) const CONTINUE: u16 = 0x003C;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const MANY_NUMBERS: u16 = 0x00BD;
    pub(super) const RICH_LABEL: u16 = 0x00D6;
    pub(super) const STRINGS: u16 = 0x00FC;
    pub(super) const SHARED_LABEL: u16 = 0x00FD;
    pub(super) const TEXT_BOX: u16 = 0x01B6;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const LABEL: u16 = 0x0204;
    pub(super) const RESULT: u16 = 0x0207;
    pub(super) const SHORT_NUMBER: u16 = 0x027E;
    pub(super) const BEGIN: u16 = 0x0809;
    /// The same of older versions.
    pub(super) const OLD_BEGINS: [u16; 3] = [0x0009, 0x0209, 0x0409];
}

/// What a workbook holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Book {
    /// The sheets in their order.
    pub(crate) tables: Vec<Table>,
    /// Names of sheets, text boxes and comments, one a line.
    pub(crate) words: String,
    /// A sheet of Excel 4.0 macros (2.4.28: `dt` 1), or such a substream.
    pub(crate) has_macro_sheet: bool,
    /// Text beyond the budget was left out.
    pub(crate) cut: bool,
}

/// Reads the stream `Workbook` (or `Book` of Excel 5 and 95). `budget` counts octets of
/// text and per cell.
pub(crate) fn book(stream: &[u8], budget: &mut u64) -> Legacy<Book> {
    let head = u16_at(stream, 0);
    let known = head.is_some_and(|head| head == kind::BEGIN || kind::OLD_BEGINS.contains(&head));
    if !known {
        return Legacy::Unknown;
    }
    let mut reader = Reader { book: Book::default(), strings: Vec::new(), budget, formula: None };
    let mut records = Records { rest: stream };
    while let Some(record) = records.next() {
        if record.kind == kind::FILE_LOCKED {
            return Legacy::Locked;
        }
        reader.take(&record);
        if reader.book.cut {
            break;
        }
    }
    Legacy::Read(reader.book)
}

/// A record, and those that continue it.
struct Record<'s> {
    kind: u16,
    body: &'s [u8],
    continued: Vec<&'s [u8]>,
}

struct Records<'s> {
    rest: &'s [u8],
}

impl<'s> Records<'s> {
    fn one(&mut self) -> Option<(u16, &'s [u8])> {
        let kind = u16_at(self.rest, 0)?;
        let length = usize::from(u16_at(self.rest, 2)?);
        let rest = self.rest.get(4..)?;
        let (body, rest) = rest.split_at(length.min(rest.len()));
        self.rest = rest;
        Some((kind, body))
    }

    fn next(&mut self) -> Option<Record<'s>> {
        let (kind, body) = self.one()?;
        let mut continued = Vec::new();
        while u16_at(self.rest, 0) == Some(kind::CONTINUE) {
            let Some((_, body)) = self.one() else { break };
            continued.push(body);
        }
        Some(Record { kind, body, continued })
    }
}

struct Reader<'b> {
    book: Book,
    strings: Vec<String>,
    budget: &'b mut u64,
    /// The cell of a formula whose text result follows.
    formula: Option<(u32, u32)>,
}

impl Reader<'_> {
    fn take(&mut self, record: &Record<'_>) {
        let body = record.body;
        match record.kind {
            kind::BEGIN => self.begin(body),
            other if kind::OLD_BEGINS.contains(&other) => self.begin(body),
            kind::SHEET => self.sheet(body),
            kind::STRINGS => self.shared_strings(record),
            kind::SHARED_LABEL => {
                let index = u32_at(body, 6).and_then(|index| usize::try_from(index).ok());
                let text = index.and_then(|index| self.strings.get(index)).cloned();
                self.cell_at(body, &text.unwrap_or_default(), false);
            }
            kind::LABEL | kind::RICH_LABEL => {
                let text = string(body.get(6..).unwrap_or_default());
                self.cell_at(body, &text, false);
            }
            kind::NUMBER => self.number_at(body, body.get(6..)),
            kind::SHORT_NUMBER => {
                let number = u32_at(body, 6).map(short_number);
                self.cell_at(body, &number.map(shown).unwrap_or_default(), true);
            }
            kind::MANY_NUMBERS => self.many_numbers(body),
            kind::FORMULA => {
                self.formula = place(body);
                // 2.5.133: two octets of ones say that the result is no number.
                if u16_at(body, 12) != Some(0xFFFF) {
                    self.number_at(body, body.get(6..));
                }
            }
            kind::RESULT => {
                if let Some((row, column)) = self.formula.take() {
                    self.cell(row, column, &string(body), false);
                }
            }
            kind::TEXT_BOX => {
                // The text itself stands in the record that continues it.
                let text = record.continued.first().map(|octets| characters(octets));
                self.words(&text.unwrap_or_default());
            }
            _ => {}
        }
    }

    fn begin(&mut self, body: &[u8]) {
        const MACRO_SHEET: u16 = 0x0040;
        self.book.has_macro_sheet |= u16_at(body, 2) == Some(MACRO_SHEET);
        self.book.tables.push(Table::default());
    }

    fn sheet(&mut self, body: &[u8]) {
        const MACRO_SHEET: u8 = 1;
        self.book.has_macro_sheet |= body.get(5) == Some(&MACRO_SHEET);
        let count = body.get(6).copied().map_or(0, usize::from);
        let name = counted(count, body.get(7..).unwrap_or_default());
        self.words(&name);
    }

    fn words(&mut self, text: &str) {
        if self.pay(text.len()) {
            self.book.words.push_str(text);
            self.book.words.push('\n');
        }
    }

    fn pay(&mut self, octets: usize) -> bool {
        let cost = u64::try_from(octets).unwrap_or(u64::MAX);
        match self.budget.checked_sub(cost) {
            Some(left) => *self.budget = left,
            None => self.book.cut = true,
        }
        !self.book.cut
    }

    fn cell_at(&mut self, body: &[u8], text: &str, numeric: bool) {
        if let Some((row, column)) = place(body) {
            self.cell(row, column, text, numeric);
        }
    }

    fn number_at(&mut self, body: &[u8], value: Option<&[u8]>) {
        if let Some(value) = value.and_then(|value| value.first_chunk::<8>()) {
            self.cell_at(body, &shown(f64::from_le_bytes(*value)), true);
        }
    }

    fn cell(&mut self, row: u32, column: u32, text: &str, numeric: bool) {
        if text.is_empty() {
            return;
        }
        let cost = text.len().saturating_add(usize::try_from(CELL_BYTES).unwrap_or(usize::MAX));
        if self.pay(cost)
            && let Some(table) = self.book.tables.last_mut()
        {
            table.push(row, column, text, numeric);
        }
    }

    fn many_numbers(&mut self, body: &[u8]) {
        let Some((row, first)) = place(body) else { return };
        let cells = body.get(4..body.len().saturating_sub(2)).unwrap_or_default();
        for (column, cell) in (first..).zip(cells.chunks_exact(6)) {
            let number = u32_at(cell, 2).map(short_number);
            self.cell(row, column, &number.map(shown).unwrap_or_default(), true);
        }
    }

    /// The table of strings (2.4.265), which goes on in further records anywhere, also
    /// within a string.
    fn shared_strings(&mut self, record: &Record<'_>) {
        let parts = std::iter::once(record.body).chain(record.continued.iter().copied());
        let mut parts = Parts { parts: parts.collect(), part: 0, at: 8 };
        while let Some(text) = parts.string() {
            if !self.pay(text.len().saturating_add(1)) {
                return;
            }
            self.strings.push(text);
        }
    }
}

fn place(body: &[u8]) -> Option<(u32, u32)> {
    Some((u32::from(u16_at(body, 0)?), u32::from(u16_at(body, 2)?)))
}

/// As a sheet shows it.
fn shown(number: f64) -> String {
    let number = number.to_string();
    whole_number(&number).unwrap_or(number)
}

/// A number of 30 bits (2.5.217): the high bits of a float or a whole number, either of
/// it in hundredths.
fn short_number(field: u32) -> f64 {
    let value = if field & 2 != 0 {
        f64::from(field.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(field & !3) << 32)
    };
    if field & 1 != 0 { value / 100.0 } else { value }
}

/// A string with a count of two octets (2.5.294). Before Excel 97 there were no flags
/// between: their first octet is a character then, which is no flag.
fn string(octets: &[u8]) -> String {
    let count = u16_at(octets, 0).map_or(0, usize::from);
    let rest = octets.get(2..).unwrap_or_default();
    if rest.len() == count && !matches!(rest.first(), Some(0 | 1)) {
        return encoding_rs::SHIFT_JIS.decode(rest).0.into_owned();
    }
    counted(count, rest)
}

/// Flags and `count` characters.
fn counted(count: usize, octets: &[u8]) -> String {
    let Some((flags, rest)) = octets.split_first() else { return String::new() };
    if !matches!(flags & 0xF2, 0) {
        // No flags: a name from before Excel 97.
        return encoding_rs::SHIFT_JIS.decode(octets.get(..count).unwrap_or(octets)).0.into_owned();
    }
    let length = if flags & 1 != 0 { count * 2 } else { count };
    // Runs of formats and phonetic texts are counted before the characters.
    let skip = usize::from(flags >> 3 & 1) * 2 + usize::from(flags >> 2 & 1) * 4;
    let rest = rest.get(skip..).unwrap_or_default();
    let rest = rest.get(..length.min(rest.len())).unwrap_or_default();
    if flags & 1 != 0 { wide(rest).collect() } else { latin(rest).collect() }
}

/// Flags and as many characters as there are.
fn characters(octets: &[u8]) -> String {
    match octets.split_first() {
        Some((1, rest)) => wide(rest).collect(),
        Some((0, rest)) => latin(rest).collect(),
        _ => String::new(),
    }
}

fn latin(octets: &[u8]) -> impl Iterator<Item = char> {
    octets.iter().map(|octet| char::from(*octet))
}

/// Records that continue each other, read as one.
struct Parts<'s> {
    parts: Vec<&'s [u8]>,
    part: usize,
    at: usize,
}

impl Parts<'_> {
    fn octet(&mut self) -> Option<u8> {
        loop {
            let part = self.parts.get(self.part)?;
            if let Some(octet) = part.get(self.at) {
                self.at += 1;
                return Some(*octet);
            }
            self.next_part();
        }
    }

    fn next_part(&mut self) {
        self.part += 1;
        self.at = 0;
    }

    fn number(&mut self, octets: u32) -> Option<usize> {
        let mut value = 0;
        for place in 0..octets {
            value |= usize::from(self.octet()?) << (8 * place);
        }
        Some(value)
    }

    /// One string of the table (2.5.293).
    fn string(&mut self) -> Option<String> {
        let mut left = self.number(2)?;
        let mut flags = self.octet()?;
        let runs = if flags & 0x08 != 0 { self.number(2)? } else { 0 };
        let phonetic = if flags & 0x04 != 0 { self.number(4)? } else { 0 };
        let mut text = String::new();
        while left > 0 {
            let part = self.parts.get(self.part)?;
            let rest = part.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                // Each further record says anew how wide its characters are.
                self.next_part();
                flags = self.octet()?;
                continue;
            }
            let width = if flags & 1 != 0 { 2 } else { 1 };
            let count = left.min(rest.len() / width);
            if count == 0 {
                return None;
            }
            let here = rest.get(..count * width).unwrap_or_default();
            if width == 2 {
                text.extend(wide(here))
            } else {
                text.extend(latin(here))
            }
            left -= count;
            self.at += count * width;
        }
        self.skip(runs.saturating_mul(4).saturating_add(phonetic))?;
        Some(text)
    }

    fn skip(&mut self, octets: usize) -> Option<()> {
        let mut left = octets;
        while left > 0 {
            let rest = self.parts.get(self.part)?.len().saturating_sub(self.at);
            let step = left.min(rest);
            self.at += step;
            left -= step;
            if left > 0 {
                self.next_part();
            }
        }
        Some(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn record(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap();
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
    }

    fn read(stream: &[u8]) -> Book {
        match book(stream, &mut 10_000) {
            Legacy::Read(book) => book,
            other => panic!("{other:?}"),
        }
    }

    fn wide_string(text: &str) -> Vec<u8> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut octets = u16::try_from(units.len()).unwrap().to_le_bytes().to_vec();
        octets.push(1);
        octets.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        octets
    }

    fn cells(book: &Book) -> Vec<(u32, String, bool)> {
        book.tables
            .iter()
            .flat_map(Table::rows)
            .flatten()
            .map(|cell| (cell.column, cell.text.to_owned(), cell.numeric))
            .collect()
    }

    #[test]
    fn cells_of_every_kind_are_read() {
        let at = |row: u8, column: u8, rest: &[u8]| [&[row, 0, column, 0, 0, 0][..], rest].concat();
        let mut strings = vec![1, 0, 0, 0, 1, 0, 0, 0];
        strings.extend(wide_string("個人番号"));
        let stream = [
            record(kind::BEGIN, &[0, 6, 5, 0]),
            record(kind::STRINGS, &strings),
            record(kind::BEGIN, &[0, 6, 0x10, 0]),
            record(kind::SHARED_LABEL, &at(0, 0, &[0, 0, 0, 0])),
            record(kind::LABEL, &at(0, 1, &wide_string("氏名"))),
            record(kind::NUMBER, &at(1, 0, &123_456_789_018.0f64.to_le_bytes())),
            record(kind::SHORT_NUMBER, &at(1, 1, &(1234u32 << 2 | 2).to_le_bytes())),
            record(kind::MANY_NUMBERS, &[2, 0, 3, 0, 0, 0, 22, 0, 0, 0, 0, 0, 30, 0, 0, 0, 4, 0]),
            record(kind::FORMULA, &at(3, 0, &[0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0])),
            record(kind::RESULT, &wide_string("結果")),
        ]
        .concat();
        let cell = |column, text: &str, numeric| (column, text.to_owned(), numeric);
        assert_eq!(
            cells(&read(&stream)),
            [
                cell(0, "個人番号", false),
                cell(1, "氏名", false),
                cell(0, "123456789018", true),
                cell(1, "1234", true),
                cell(3, "5", true),
                cell(4, "7", true),
                cell(0, "結果", false),
            ]
        );
    }

    #[test]
    fn a_string_goes_on_in_the_next_record_in_another_width() {
        let first = [&[1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0][..], b"ab"].concat();
        let second = [&[1][..], &[b'c', 0, b'd', 0], &[1, 0, 8, 1, 0, b'x', 1, 2, 3, 4]].concat();
        let label = |index: u8| record(kind::SHARED_LABEL, &[0, 0, index, 0, 0, 0, index, 0, 0, 0]);
        let stream = [
            record(kind::BEGIN, &[0, 6, 5, 0]),
            record(kind::STRINGS, &first),
            record(kind::CONTINUE, &second),
            label(0),
            label(1),
        ]
        .concat();
        let texts: Vec<String> = cells(&read(&stream)).into_iter().map(|cell| cell.1).collect();
        assert_eq!(texts, ["abcd", "x"]);
    }

    #[test]
    fn a_locked_book_and_a_macro_sheet_say_so() {
        let begin = record(kind::BEGIN, &[0, 6, 5, 0]);
        let locked = [begin.clone(), record(kind::FILE_LOCKED, &[0; 6])].concat();
        assert_eq!(book(&locked, &mut 1000), Legacy::Locked);
        let sheet = record(kind::SHEET, &[0, 0, 0, 0, 2, 1, 4, 0, b'M', b'a', b'c', b'1']);
        let found = read(&[begin.clone(), sheet].concat());
        assert!(found.has_macro_sheet && found.words == "Mac1\n", "{found:?}");
        assert!(read(&[begin, record(kind::BEGIN, &[0, 6, 0x40, 0])].concat()).has_macro_sheet);
        assert_eq!(book(b"no book", &mut 1000), Legacy::Unknown);
    }

    #[test]
    fn a_book_beyond_its_budget_says_so() {
        let begin = record(kind::BEGIN, &[0, 6, 5, 0]);
        let number = record(kind::SHORT_NUMBER, &[0, 0, 0, 0, 0, 0, 6, 0, 0, 0]);
        let stream = [begin, number.clone(), number].concat();
        let cut = |budget: u64| match book(&stream, &mut budget.clone()) {
            Legacy::Read(book) => book.cut,
            other => panic!("{other:?}"),
        };
        assert!(!cut(2 * (CELL_BYTES + 1)));
        assert!(cut(2 * (CELL_BYTES + 1) - 1));
    }
}
