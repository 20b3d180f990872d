//! From pieces of text at their places on a page to lines as a person reads them.

/// Pieces of one page.
const MAX_PIECES: usize = 400_000;

/// A gap of this share of the font's size, where no space is written, is a space, and of
/// that share a column.
const SPACE: f64 = 0.18;
const COLUMN: f64 = 0.9;

/// A piece of text.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    /// Which way it is written, in quarters of a turn.
    turn: u8,
    /// Along the line, from its start.
    from: f64,
    to: f64,
    /// Across the lines, upward.
    line: f64,
    size: f64,
    text: String,
}

/// The pieces of a page.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// There were more pieces than are kept.
    pub(super) cut: bool,
    pieces: Vec<Piece>,
    /// Where the last letter began, and which.
    last: Option<(f64, f64, String)>,
}

impl Layout {
    /// Puts `text` down, written from one point to another with letters of `size`.
    pub(super) fn put(&mut self, text: &str, from: (f64, f64), to: (f64, f64), size: f64) {
        let values = [from.0, from.1, to.0, to.1, size];
        if text.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return;
        }
        let (right, up) = (to.0 - from.0, to.1 - from.1);
        let turn = match (right.abs() >= up.abs(), right >= 0.0, up >= 0.0) {
            (true, true, _) => 0,
            (false, _, true) => 1,
            (true, false, _) => 2,
            (false, _, false) => 3,
        };
        let along = |point: (f64, f64)| match turn {
            0 => point.0,
            1 => point.1,
            2 => -point.0,
            _ => -point.1,
        };
        let line = match turn {
            0 => from.1,
            1 => -from.0,
            2 => -from.1,
            _ => from.0,
        };
        let (from, to) = (along(from), along(to));
        let size = size.abs().max(0.01);
        // Bold letters are now and then made by writing twice.
        let again = self.last.as_ref().is_some_and(|(start, across, letter)| {
            letter == text
                && (start - from).abs() < 0.2 * size
                && (across - line).abs() < 0.2 * size
        });
        if again {
            return;
        }
        self.last = Some((from, line, text.to_owned()));
        if let Some(last) = self.pieces.last_mut() {
            let gap = from - last.to;
            let same_line = last.turn == turn && (last.line - line).abs() < 0.1 * size;
            if same_line && (-0.1 * size..SPACE * size).contains(&gap) {
                last.text.push_str(text);
                last.to = to;
                return;
            }
        }
        if self.pieces.len() < MAX_PIECES {
            self.pieces.push(Piece { turn, from, to, line, size, text: text.to_owned() });
        } else {
            self.cut = true;
        }
    }

    /// The lines from top to bottom.
    pub(super) fn text(mut self) -> String {
        self.pieces.sort_by(|a, b| a.turn.cmp(&b.turn).then_with(|| b.line.total_cmp(&a.line)));
        let mut text = String::new();
        let mut pieces = self.pieces.as_mut_slice();
        while let Some(first) = pieces.first() {
            let (turn, line, size) = (first.turn, first.line, first.size);
            let on_line = |piece: &&Piece| {
                piece.turn == turn && (line - piece.line) < 0.5 * size.max(piece.size)
            };
            let count = pieces.iter().take_while(on_line).count().max(1);
            let (row, rest) = std::mem::take(&mut pieces).split_at_mut(count);
            row.sort_by(|a, b| a.from.total_cmp(&b.from));
            write_line(row, &mut text);
            pieces = rest;
        }
        text
    }
}

fn write_line(row: &[Piece], text: &mut String) {
    let mut last: Option<&Piece> = None;
    for piece in row {
        if let Some(last) = last {
            // The same of a whole line.
            let again =
                last.text == piece.text && (piece.from - last.from).abs() < 0.2 * piece.size;
            if again {
                continue;
            }
            let gap = piece.from - last.to;
            if gap > COLUMN * piece.size {
                text.push('\t');
            } else if gap > SPACE * piece.size {
                text.push(' ');
            }
        }
        text.push_str(&piece.text);
        last = Some(piece);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_words_columns_and_lines_are_told_apart() {
        let mut layout = Layout::default();
        for (text, x, y) in [
            ("3", 10.0, 80.0),
            ("1", 10.0, 100.0),
            ("2", 15.0, 100.0),
            ("b", 23.0, 100.3),
            ("c", 80.0, 100.0),
        ] {
            layout.put(text, (x, y), (x + 5.0, y), 10.0);
        }
        assert_eq!(layout.text(), "12 b\tc\n3\n");
    }

    #[test]
    fn what_is_written_twice_for_weight_is_read_once() {
        let mut layout = Layout::default();
        for (text, x) in [("1", 10.0), ("1", 10.4), ("1", 15.0), ("1", 15.4)] {
            layout.put(text, (x, 0.0), (x + 5.0, 0.0), 10.0);
        }
        assert_eq!(layout.text(), "11\n");
    }

    #[test]
    fn pieces_beyond_the_bound_are_told() {
        let mut layout = Layout::default();
        for piece in 0..MAX_PIECES {
            let line = (piece * 100) as f64;
            layout.put("a", (0.0, line), (5.0, line), 10.0);
        }
        assert!(!layout.cut);
        layout.put("a", (0.0, -100.0), (5.0, -100.0), 10.0);
        assert!(layout.cut);
    }

    #[test]
    fn turned_pages_are_read_along_their_lines() {
        let mut layout = Layout::default();
        layout.put("a", (50.0, 10.0), (50.0, 15.0), 10.0);
        layout.put("b", (50.0, 20.0), (50.0, 25.0), 10.0);
        layout.put("x", (70.0, 10.0), (70.0, 15.0), 10.0);
        layout.put("wrong", (f64::NAN, 0.0), (1.0, 1.0), 1.0);
        assert_eq!(layout.text(), "a b\nx\n");
    }
}
