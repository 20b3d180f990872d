//! Numbers in tables: the label is at the head of the column, or left in the row.

use std::{collections::HashMap, ops::Range};

use super::{
    candidate::Candidate,
    context::{self, Mark, Says},
};

/// A cell of one row, as a range of the row's normalised text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) column: u32,
    pub(super) span: Range<usize>,
}

/// Octets that a cell may have beside its label and still be nothing but a label:
/// `個人番号(*)`, but not `マイナンバー提出済`.
const MAX_LABEL_EXTRA_BYTES: usize = 6;

/// How many cells to the left are asked for a label: a row may have any number.
const MAX_CELLS_LEFT: usize = 64;

/// How far behind a number its label may stand in the same cell, in octets:
/// `123456789018（田中さんのマイナンバー）`.
pub(super) const MAX_AFTER_BYTES: usize = 60;

/// What the heads of the columns say, while the rows of one table are read in order.
#[derive(Debug, Default)]
pub(super) struct Columns {
    says: HashMap<u32, Says>,
    /// Cells of the row that the heads came from, for tables split at single spaces.
    pub(super) width: usize,
}

impl Columns {
    pub(super) fn clear(&mut self) {
        self.says.clear();
        self.width = 0;
    }

    /// What this row and the heads above say about `candidate`, `None` if nothing.
    /// `marks` are the row's labels.
    pub(super) fn judge(
        &self,
        text: &str,
        cells: &[Cell],
        marks: &[Mark],
        candidate: &Candidate,
    ) -> Option<bool> {
        let at = candidate.span.start;
        let index = cells.partition_point(|cell| cell.span.end <= at);
        let cell = cells.get(index).filter(|cell| cell.span.start <= at)?;
        let left = cells.get(..index)?;
        in_cell(text, cell, marks, candidate)
            .or_else(|| left.last().and_then(|cell| pure_label(text, cell, marks)))
            .or_else(|| self.says.get(&cell.column).copied())
            .or_else(|| {
                left.iter().rev().take(MAX_CELLS_LEFT).find_map(|cell| label(text, cell, marks))
            })
            .map(|says| says == Says::Sought)
    }

    /// Takes what this row's label cells say of the rows below.
    pub(super) fn learn(&mut self, text: &str, cells: &[Cell], marks: &[Mark]) {
        for cell in cells {
            if let Some(says) = label(text, cell, marks) {
                self.says.insert(cell.column, says);
                self.width = cells.len();
            }
        }
    }
}

fn marks_in<'m>(marks: &'m [Mark], span: &Range<usize>) -> &'m [Mark] {
    let from = marks.partition_point(|mark| mark.span.start < span.start);
    let to = marks.partition_point(|mark| mark.span.end <= span.end);
    marks.get(from..to).unwrap_or_default()
}

/// A label in the same cell, before the number or behind it.
fn in_cell(text: &str, cell: &Cell, marks: &[Mark], candidate: &Candidate) -> Option<Says> {
    let before = marks_in(marks, &(cell.span.start..candidate.span.start));
    if let Some(found) = context::nearest(before, text, candidate.span.start, |_| false) {
        return Some(found.says);
    }
    let end = cell.span.end.min(candidate.span.end.saturating_add(MAX_AFTER_BYTES));
    let after = marks_in(marks, &(candidate.span.end..end));
    after.first().filter(|mark| mark.says == Says::Sought).map(|mark| mark.says)
}

/// A cell that is a label and no value.
fn label(text: &str, cell: &Cell, marks: &[Mark]) -> Option<Says> {
    let says = context::cell_says(marks_in(marks, &cell.span))?;
    (!holds_a_value(text.get(cell.span.clone())?)).then_some(says)
}

/// A cell that is a label and nothing more.
fn pure_label(text: &str, cell: &Cell, marks: &[Mark]) -> Option<Says> {
    let words: usize = marks_in(marks, &cell.span).iter().map(|mark| mark.span.len()).sum();
    (cell.span.len() <= words + MAX_LABEL_EXTRA_BYTES).then(|| label(text, cell, marks)).flatten()
}

/// Five digits in a row are a value; 12桁 and 2024年 may stand in a label.
fn holds_a_value(text: &str) -> bool {
    text.as_bytes().windows(5).any(|five| five.iter().all(u8::is_ascii_digit))
}

/// What separates the cells of a line of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    Tab,
    Bar,
    Comma,
    Semicolon,
    Gap,
    Space,
}

/// A line longer than this, in octets, is prose or machine output: a linear look at
/// its cells would still be quadratic in its numbers.
const MAX_ROW_BYTES: usize = 4096;

/// The cells of `text[line]` and what separates them, if it looks like a table's row.
pub(super) fn split(text: &str, line: &Range<usize>) -> Option<(Delimiter, Vec<Cell>)> {
    let content = text.get(line.clone()).filter(|content| content.len() <= MAX_ROW_BYTES)?;
    let delimiter = delimiter(content)?;
    let mut cells = Vec::new();
    let mut column = 0;
    let mut quoted = false;
    let mut start = 0;
    let mut spaces = 0;
    for (at, c) in content.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        spaces = if c == ' ' { spaces + 1 } else { 0 };
        let ends = !quoted
            && match delimiter {
                Delimiter::Tab => c == '\t',
                Delimiter::Bar => matches!(c, '|' | '│' | '┃'),
                Delimiter::Comma => c == ',',
                Delimiter::Semicolon => c == ';',
                Delimiter::Gap => spaces == 2,
                Delimiter::Space => spaces == 1,
            };
        if ends {
            push_cell(&mut cells, &mut column, content, line.start, start..at, delimiter);
            start = at + c.len_utf8();
        }
    }
    push_cell(&mut cells, &mut column, content, line.start, start..content.len(), delimiter);
    (cells.len() > 1).then_some((delimiter, cells))
}

fn delimiter(content: &str) -> Option<Delimiter> {
    let has = |c: char| content.contains(c);
    if has('\t') {
        Some(Delimiter::Tab)
    } else if has('|') || has('│') || has('┃') {
        Some(Delimiter::Bar)
    } else if has('。') || content.ends_with('.') {
        None
    } else if has(',') {
        Some(Delimiter::Comma)
    } else if has(';') {
        Some(Delimiter::Semicolon)
    } else if content.trim().contains("  ") {
        Some(Delimiter::Gap)
    } else {
        content.trim().contains(' ').then_some(Delimiter::Space)
    }
}

fn push_cell(
    cells: &mut Vec<Cell>,
    column: &mut u32,
    content: &str,
    offset: usize,
    span: Range<usize>,
    delimiter: Delimiter,
) {
    let raw = content.get(span.clone()).unwrap_or_default();
    let trimmed = raw.trim_matches([' ', '"']);
    let aligned = matches!(delimiter, Delimiter::Gap | Delimiter::Space);
    if trimmed.is_empty() {
        // Runs of spaces align columns, empty cells between commas are columns.
        *column += u32::from(!aligned);
        return;
    }
    let lead = raw.len() - raw.trim_start_matches([' ', '"']).len();
    let start = offset + span.start + lead;
    cells.push(Cell { column: *column, span: start..start + trimmed.len() });
    *column += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(line: &str) -> Option<(Delimiter, Vec<(u32, &str)>)> {
        let (delimiter, cells) = split(line, &(0..line.len()))?;
        Some((delimiter, cells.into_iter().map(|c| (c.column, &line[c.span])).collect()))
    }

    #[test]
    fn rows_are_split_at_what_separates_them() {
        assert_eq!(cells("a\t\tb"), Some((Delimiter::Tab, vec![(0, "a"), (2, "b")])));
        assert_eq!(cells("| a | b |"), Some((Delimiter::Bar, vec![(1, "a"), (2, "b")])));
        assert_eq!(
            cells(r#"x,"a,b",,c"#),
            Some((Delimiter::Comma, vec![(0, "x"), (1, "a,b"), (3, "c")]))
        );
        assert_eq!(cells("a b   c"), Some((Delimiter::Gap, vec![(0, "a b"), (1, "c")])));
        assert_eq!(cells("a b"), Some((Delimiter::Space, vec![(0, "a"), (1, "b")])));
    }

    #[test]
    fn a_sentence_or_a_single_cell_is_no_row() {
        assert_eq!(cells("個人番号を、送ります。 はい"), None);
        assert_eq!(cells("123"), None);
        assert_eq!(cells(&"a,".repeat(MAX_ROW_BYTES)), None);
    }
}
