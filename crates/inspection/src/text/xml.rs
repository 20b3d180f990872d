//! The text of XML documents (Word, PowerPoint, OpenDocument and any other), and what
//! they share with HTML: how elements become line ends, tabs or nothing.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// A document that is not well-formed XML, as far as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NotWellFormed;

/// Collects text, with separators where a reader sees a boundary.
#[derive(Debug, Default)]
pub(crate) struct Breaks {
    out: String,
    asides: String,
    /// How deep in table cells: paragraphs within one are parts of one cell.
    cells: usize,
}

impl Breaks {
    pub(crate) fn text(&mut self, text: &str) {
        if self.cells > 0 {
            // A line end in the source of a cell is white space to the reader.
            self.out.extend(
                text.chars().map(|c| if matches!(c, '\r' | '\n' | '\t') { ' ' } else { c }),
            );
        } else {
            self.out.push_str(text);
        }
    }

    pub(crate) fn char(&mut self, c: char) {
        self.out.push(c);
    }

    /// A paragraph, line break or other block begins or ends.
    pub(crate) fn block(&mut self) {
        let separator = if self.cells > 0 { ' ' } else { '\n' };
        if !self.out.ends_with([separator, '\n', '\t']) {
            self.out.push(separator);
        }
    }

    /// A table cell begins or ends. HTML leaves end tags out, so that each start ends
    /// the cell before it.
    pub(crate) fn cell(&mut self, closing: bool) {
        if closing {
            self.cells = 0;
            return;
        }
        let trimmed = self.out.trim_end_matches(' ').len();
        self.out.truncate(trimmed);
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\t');
        }
        self.cells = 1;
    }

    /// A table row begins or ends.
    pub(crate) fn row(&mut self, _closing: bool) {
        self.cells = 0;
        let trimmed = self.out.trim_end_matches(' ').len();
        self.out.truncate(trimmed);
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// Text that is shown apart from its place, such as an attribute.
    pub(crate) fn aside(&mut self, text: &str) {
        if !text.is_empty() {
            self.asides.push('\n');
            self.asides.push_str(text);
        }
    }

    pub(crate) fn finish(mut self) -> String {
        self.out.push_str(&self.asides);
        self.out
    }
}

/// The character that the reference at the start of `rest` (`&amp;`, `&#65;`) stands
/// for, and what follows it.
pub(crate) fn entity(rest: &str) -> Option<(char, &str)> {
    const LONGEST: usize = 12;
    let end = rest.bytes().take(LONGEST).position(|o| o == b';')?;
    let name = rest.get(1..end)?;
    Some((named(name)?, rest.get(end + 1..)?))
}

fn named(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "ensp" => '\u{2002}',
        "emsp" => '\u{2003}',
        "thinsp" => '\u{2009}',
        "shy" => '\u{AD}',
        "zwj" => '\u{200D}',
        "zwnj" => '\u{200C}',
        "ndash" => '–',
        "mdash" => '—',
        "minus" => '−',
        "hyphen" | "dash" => '-',
        "middot" => '·',
        "colon" => ':',
        "num" => '#',
        "yen" => '¥',
        _ => return None,
    })
}

/// The local name of the root element of `text`, if it is XML.
pub(crate) fn root(text: &str) -> Option<String> {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    if !text.starts_with('<') {
        return None;
    }
    let mut reader = Reader::from_str(text);
    // Prolog: declaration, comments, document type; more than that is no document.
    for _ in 0..64 {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => return Some(local(&start)),
            Event::Eof => return None,
            _ => {}
        }
    }
    None
}

pub(crate) fn local(start: &BytesStart<'_>) -> String {
    start.local_name().as_ref().to_string()
}

/// What an XML document shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) text: String,
    /// Whether it has paragraphs, and so is a text whose element names say nothing.
    pub(crate) is_document: bool,
    pub(crate) well_formed: Result<(), NotWellFormed>,
}

/// The text of an XML document.
///
/// Within a paragraph (`w:p`, `a:p`, `text:p`) only breaks and tabs separate, since a
/// word processor cuts a number into runs wherever a font changes; elsewhere each
/// element stands for itself.
pub(crate) fn text(xml: &str) -> Shown {
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{FEFF}'));
    let mut breaks = Breaks::default();
    let mut paragraphs = 0usize;
    let mut is_document = false;
    let well_formed = loop {
        is_document |= paragraphs > 0;
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                open(&start, &mut breaks, &mut paragraphs);
            }
            Ok(Event::Empty(start)) => {
                open(&start, &mut breaks, &mut paragraphs);
                close(&local(&start), &mut breaks, &mut paragraphs);
            }
            Ok(Event::End(end)) => {
                close(end.local_name().as_ref(), &mut breaks, &mut paragraphs);
            }
            Ok(Event::Text(text)) => breaks.text(&text),
            Ok(Event::CData(text)) => breaks.text(&text),
            Ok(Event::GeneralRef(reference)) => {
                if let Some(c) = named(&reference) {
                    breaks.char(c);
                }
            }
            Ok(Event::Eof) => break Ok(()),
            Ok(_) => {}
            Err(_) => break Err(NotWellFormed),
        }
    };
    Shown { text: breaks.finish(), is_document, well_formed }
}

fn open(start: &BytesStart<'_>, breaks: &mut Breaks, paragraphs: &mut usize) {
    match local(start).as_str() {
        "p" | "h" => {
            *paragraphs += 1;
            breaks.block();
        }
        "tc" | "table-cell" | "covered-table-cell" => breaks.cell(false),
        "tr" | "table-row" => breaks.row(false),
        "br" | "cr" | "line-break" => breaks.block(),
        "tab" => breaks.char('\t'),
        "s" => breaks.char(' '),
        "noBreakHyphen" => breaks.char('-'),
        _ if *paragraphs == 0 => breaks.block(),
        _ => {}
    }
    for attribute in start.attributes().with_checks(false).flatten() {
        let name = attribute.key.local_name();
        let names_a_sheet = name.as_ref() == "name" && local(start) == "sheet";
        if names_a_sheet
            || matches!(name.as_ref(), "descr" | "title" | "value" | "string-value" | "formula")
        {
            breaks.aside(&attribute.value);
        }
    }
}

fn close(name: &str, breaks: &mut Breaks, paragraphs: &mut usize) {
    match name {
        "p" | "h" => {
            *paragraphs = paragraphs.saturating_sub(1);
            breaks.block();
        }
        "tc" | "table-cell" | "covered-table-cell" => breaks.cell(true),
        "tr" | "table-row" => breaks.row(true),
        _ if *paragraphs == 0 => breaks.block(),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_cut_into_runs_is_one_number() {
        let xml = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>1234</w:t></w:r><w:proofErr/><w:r><w:t>56789018</w:t></w:r></w:p>";
        assert_eq!(text(xml).text.trim(), "123456789018");
    }

    #[test]
    fn neighbouring_values_are_not_one_number() {
        let shown = text("<a><Words>1234</Words><Chars>56789018</Chars></a>");
        assert_eq!((shown.text.trim(), shown.well_formed), ("1234\n56789018", Ok(())));
        assert!(!shown.is_document);
    }

    #[test]
    fn a_table_keeps_its_cells_and_rows() {
        let xml = "<tbl><tr><tc><p>氏名</p></tc><tc><p>個人</p><p>番号</p></tc></tr><tr><tc><p>山田</p></tc><tc><p>1</p></tc></tr></tbl>";
        let text = text(xml).text;
        let rows: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        assert_eq!(rows, ["氏名\t個人 番号", "山田\t1"]);
    }

    #[test]
    fn the_root_is_known_without_its_prefix() {
        assert_eq!(
            root("\u{FEFF}<?xml version='1.0'?><!-- c --><x:sst a='1'/>").as_deref(),
            Some("sst")
        );
        assert_eq!(root("no xml"), None);
        assert_eq!(root("<"), None);
    }

    #[test]
    fn what_is_not_well_formed_says_so_and_gives_what_was_read() {
        let shown = text("<p>123</q>");
        assert_eq!((shown.text.trim(), shown.well_formed), ("123", Err(NotWellFormed)));
    }

    #[test]
    fn character_references_are_resolved() {
        assert_eq!(text("<p>1&#50;&#x33;&amp;</p>").text.trim(), "123&");
    }
}
