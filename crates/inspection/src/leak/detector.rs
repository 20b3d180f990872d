//! How numbers are found in text and tables, whatever their kind: by their shape, and by
//! what the words around them say.

use std::ops::Range;

use super::{
    candidate::Candidate,
    context::{self, Labels, Mark, Says, Words},
    rows::{Cell, Columns, Delimiter, MAX_AFTER_BYTES, split},
};
use crate::{
    Item, Report,
    table::{Table, TableCell},
    text::normalise::normalise,
};

/// How far before a number its label may stand, in octets of UTF-8: about two hundred
/// kanji, a paragraph.
const MAX_BEFORE_BYTES: usize = 600;

/// Octets of text looked at in one piece, so that the memory for labels found does not
/// grow with the text.
const WINDOW_BYTES: usize = 1 << 20;

/// How far behind a label its own number may begin, in characters.
const OWN_VALUE_CHARS: usize = 8;

/// Fewest digits of a number whose leading zeros a numeric cell may have swallowed.
const MIN_NUMERIC_DIGITS: usize = 9;

/// A kind of number.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) words: &'static Words,
    /// All of them in normalised text, by their shape, in order.
    pub(super) candidates: fn(&str) -> Vec<Candidate>,
    /// Digits that a numeric cell without its leading zeros is filled up to.
    pub(super) padded_digits: Option<usize>,
    /// The rule for a number that its words tell.
    pub(super) rule: &'static str,
    /// The rule for one that nothing tells.
    pub(super) rule_without_context: &'static str,
}

/// Finds numbers of one kind.
#[derive(Debug)]
pub(super) struct Detector {
    kind: &'static Kind,
    labels: Labels,
}

impl Detector {
    pub(super) fn new(kind: &'static Kind) -> Self {
        Self { kind, labels: Labels::new(kind.words) }
    }

    pub(super) fn inspect(&self, item: &Item<'_>, report: &mut Report) {
        if item.text.is_none() && item.table.is_none() {
            return;
        }
        let heading = self.heading_says_so(item.heading);
        let mut sink = Sink { kind: self.kind, part: item.part, report };
        if let Some(text) = item.text {
            self.text(text, heading, &mut sink);
        }
        if let Some(table) = item.table {
            self.table(table, heading, &mut sink);
        }
    }

    /// Whether the heading speaks of such numbers, so that unlabelled numbers below it
    /// count.
    fn heading_says_so(&self, heading: &str) -> bool {
        self.labels.marks(&normalise(heading)).iter().any(|mark| mark.says == Says::Sought)
    }

    fn text(&self, text: &str, heading: bool, sink: &mut Sink<'_>) {
        let mut columns = Columns::default();
        let mut delimiter = None;
        let mut prefix = String::new();
        for window in windows(text) {
            let whole = window.len() == text.len();
            let shown = [prefix.as_str(), &normalise(window)].concat();
            let found = (self.kind.candidates)(&shown);
            if found.is_empty() && whole {
                return;
            }
            let page = Page {
                marks: self.labels.marks(&shown),
                values: values(&shown, &found),
                text: &shown,
                found: &found,
                from: prefix.len(),
                heading,
            };
            page.inspect(&mut columns, &mut delimiter, sink);
            prefix = tail(&shown).to_owned();
        }
    }

    fn table(&self, table: &Table, heading: bool, sink: &mut Sink<'_>) {
        let mut columns = Columns::default();
        let mut heading = heading;
        for row in table.rows() {
            let (text, cells, padded) = row_text(&row, self.kind.padded_digits);
            let marks = self.labels.marks(&text);
            for candidate in (self.kind.candidates)(&text) {
                let said = columns.judge(&text, &cells, &marks, &candidate);
                let guessed = padded.iter().any(|span| span.start == candidate.span.start);
                match said {
                    Some(true) => sink.mine(&candidate),
                    Some(false) => {}
                    None if guessed => {}
                    None if heading && !candidate.needs_label => sink.mine(&candidate),
                    None => sink.unknown(&candidate),
                }
            }
            columns.learn(&text, &cells, &marks);
            // A row of one cell is a title over what follows.
            heading |= cells.len() == 1 && context::cell_says(&marks) == Some(Says::Sought);
        }
    }
}

/// Where what was found goes.
struct Sink<'a> {
    kind: &'static Kind,
    part: &'a str,
    report: &'a mut Report,
}

impl Sink<'_> {
    fn mine(&mut self, candidate: &Candidate) {
        self.report.add(self.kind.rule, self.part, &candidate.masked());
    }

    fn unknown(&mut self, candidate: &Candidate) {
        if candidate.stands_out {
            return self.mine(candidate);
        }
        if self.report.matters(self.kind.rule_without_context) {
            self.report.add(self.kind.rule_without_context, self.part, &candidate.masked());
        }
    }
}

/// One window of normalised text with everything found in it.
struct Page<'a> {
    text: &'a str,
    /// Where this window begins; before it stands the end of the previous one.
    from: usize,
    found: &'a [Candidate],
    marks: Vec<Mark>,
    /// Ends of digit runs that are no candidates: what other labels label.
    values: Vec<usize>,
    heading: bool,
}

impl Page<'_> {
    /// Goes line by line: heads of columns reach as far as the block of lines that
    /// are split the same way.
    fn inspect(
        &self,
        columns: &mut Columns,
        delimiter: &mut Option<Delimiter>,
        sink: &mut Sink<'_>,
    ) {
        let mut confirmed = None;
        let mut left = self.found;
        let mut start = self.from;
        for line in self.text.get(self.from..).unwrap_or_default().split_inclusive('\n') {
            let span = start..start + line.trim_end_matches('\n').len();
            start += line.len();
            let count = left.iter().take_while(|c| c.span.start < start).count();
            let (here, later) = left.split_at(count);
            left = later;
            let row = split(self.text, &span);
            let split_by = row.as_ref().map(|(delimiter, _)| *delimiter);
            if split_by != *delimiter && !line.trim().is_empty() {
                columns.clear();
                *delimiter = split_by;
            }
            let marks = self.marks_between(span.start, span.end);
            for candidate in here.iter().filter(|c| c.span.end > self.from) {
                let said = row.as_ref().and_then(|(delimiter, cells)| {
                    let fits = *delimiter != Delimiter::Space || cells.len() == columns.width;
                    fits.then(|| columns.judge(self.text, cells, marks, candidate)).flatten()
                });
                match said.or_else(|| self.judge(candidate, confirmed)) {
                    Some(true) => {
                        confirmed = Some(candidate.span.end);
                        sink.mine(candidate);
                    }
                    Some(false) => {}
                    None if self.heading && !candidate.needs_label => sink.mine(candidate),
                    None => sink.unknown(candidate),
                }
            }
            if let Some((_, cells)) = &row {
                columns.learn(self.text, cells, marks);
            }
        }
    }

    /// What the running text around `candidate` says; `confirmed` is where the last
    /// sure number ended, since a list of them has its label only once.
    fn judge(&self, candidate: &Candidate, confirmed: Option<usize>) -> Option<bool> {
        let Range { start, end } = candidate.span;
        let from = start.saturating_sub(MAX_BEFORE_BYTES);
        let last_value = self.values.get(..self.values.partition_point(|at| *at <= start));
        let last_value = last_value.and_then(|values| values.last()).copied();
        let before = context::nearest(self.marks_between(from, start), self.text, start, |gap| {
            last_value.is_some_and(|at| at > gap.start)
        });
        if candidate.needs_label {
            return before.map(|label| label.says == Says::Sought && label.adjacent);
        }
        let behind = self.label_behind(end);
        match before {
            _ if behind == Some(0) => Some(true),
            Some(label) if label.says == Says::Sought => Some(true),
            Some(label) if label.same_line => Some(false),
            // A label on another line does not speak against what can be nothing else.
            Some(_) if candidate.stands_out => None,
            _ if behind.is_some() => Some(true),
            Some(_) => Some(false),
            None => confirmed.filter(|at| *at >= from).map(|_| true),
        }
    }

    /// How far behind `end`, on the same line, a label of the number begins: 0 stands for
    /// a bracket or less between them.
    fn label_behind(&self, end: usize) -> Option<usize> {
        let index = self.marks.partition_point(|mark| mark.span.start < end);
        let mark = self.marks.get(index).filter(|mark| mark.says == Says::Sought)?;
        let gap = self.text.get(end..mark.span.start)?;
        let near = gap.len() <= MAX_AFTER_BYTES
            && !gap.contains(['\n', '。', '.', '、', '?', '!'])
            && !gap.chars().any(|c| c.is_ascii_digit());
        let in_brackets = gap.starts_with(['(', '（', '[', '［', '「']);
        (near && (in_brackets || !self.has_own_value(mark.span.end)))
            .then_some(if gap.chars().count() <= 2 { 0 } else { gap.len() })
    }

    /// Whether the label that ends at `end` has a number behind itself: `my number is
    /// 090-...`, and so says nothing of the one in front.
    fn has_own_value(&self, end: usize) -> bool {
        let behind = self.text.get(end..).unwrap_or_default();
        let near = behind.chars().take(OWN_VALUE_CHARS).take_while(|c| *c != '\n');
        near.into_iter().any(|c| c.is_ascii_digit())
    }

    fn marks_between(&self, from: usize, to: usize) -> &[Mark] {
        let first = self.marks.partition_point(|mark| mark.span.start < from);
        let last = self.marks.partition_point(|mark| mark.span.end <= to);
        self.marks.get(first..last).unwrap_or_default()
    }
}

/// Ends of runs of three digits and more that belong to no candidate.
fn values(text: &str, found: &[Candidate]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut length = 0;
    for (at, octet) in text.bytes().chain(std::iter::once(b' ')).enumerate() {
        if octet.is_ascii_digit() {
            length += 1;
            continue;
        }
        if length >= 3 {
            let next = found.partition_point(|candidate| candidate.span.end < at);
            let inside = found.get(next).is_some_and(|candidate| candidate.span.start < at);
            if !inside {
                ends.push(at);
            }
        }
        length = 0;
    }
    ends
}

/// `text` in pieces of about [`WINDOW_BYTES`], cut behind a line end where there is one.
fn windows(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let limit =
            (0..=WINDOW_BYTES.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at))?;
        let head = rest.get(..limit)?;
        let cut =
            if limit == rest.len() { limit } else { head.rfind('\n').map_or(limit, |n| n + 1) };
        let (window, after) = rest.split_at_checked(cut)?;
        rest = after;
        Some(window)
    })
}

/// The end of a window that the next one must see.
fn tail(text: &str) -> &str {
    let from = text.len().saturating_sub(MAX_BEFORE_BYTES);
    let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text.get(from..).unwrap_or_default()
}

/// The row as one line with tabs, its cells, and where zeros were put back before a
/// number (a guess, which needs a label).
fn row_text(
    row: &[TableCell<'_>],
    padded_digits: Option<usize>,
) -> (String, Vec<Cell>, Vec<Range<usize>>) {
    let mut text = String::new();
    let mut cells = Vec::with_capacity(row.len());
    let mut padded = Vec::new();
    for cell in row {
        if !text.is_empty() {
            text.push('\t');
        }
        let start = text.len();
        let whole = padded_digits.filter(|digits| {
            cell.numeric && (MIN_NUMERIC_DIGITS..*digits).contains(&cell.text.len())
        });
        if let Some(digits) = whole {
            text.extend(std::iter::repeat_n('0', digits - cell.text.len()));
            text.push_str(cell.text);
            padded.push(start..text.len());
        } else {
            text.push_str(&compact(normalise(cell.text.trim())));
        }
        cells.push(Cell { column: cell.column, span: start..text.len() });
    }
    (text, cells, padded)
}

/// A head such as `個　人\n番　号` is spread for looks.
fn compact(cell: String) -> String {
    let spread = cell.len() <= 60
        && cell.contains([' ', '\n'])
        && !cell.contains(|c: char| c.is_ascii_alphanumeric());
    if spread { cell.replace([' ', '\n'], "") } else { cell.replace(['\n', '\t'], " ") }
}
