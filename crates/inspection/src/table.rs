//! The cells of one sheet, in one piece of memory.

/// One sheet: its cells in reading order. A cell costs 16 octets beside its text, so
/// that a sheet of millions of cells stays within `Limits::text_bytes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    text: String,
    slots: Vec<Slot>,
}

/// Octets that a cell costs beside its text.
pub(crate) const CELL_BYTES: u64 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    row: u32,
    column: u32,
    end: u32,
    numeric: bool,
}

/// A cell as a person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableCell<'a> {
    /// Zero-based.
    pub column: u32,
    /// The shown text; a number without exponent or decimal point if it is whole.
    pub text: &'a str,
    /// Whether the cell holds a number, which loses its leading zeros.
    pub numeric: bool,
}

impl Table {
    /// Appends a cell; cells come row by row.
    pub(crate) fn push(&mut self, row: u32, column: u32, text: &str, numeric: bool) {
        self.text.push_str(text);
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.slots.push(Slot { row, column, end, numeric });
    }

    /// The rows that have cells, in order.
    pub fn rows(&self) -> impl Iterator<Item = Vec<TableCell<'_>>> {
        let mut at = 0;
        let mut start = 0;
        std::iter::from_fn(move || {
            let rest = self.slots.get(at..)?;
            let row = rest.first()?.row;
            let slots = rest.iter().take_while(|slot| slot.row == row);
            let cells: Vec<_> = slots
                .map(|slot| {
                    let end = usize::try_from(slot.end).unwrap_or(usize::MAX);
                    let text = self.text.get(start..end).unwrap_or_default();
                    start = end;
                    TableCell { column: slot.column, text, numeric: slot.numeric }
                })
                .collect();
            at += cells.len();
            Some(cells)
        })
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_pushed() {
        let mut table = Table::default();
        table.push(0, 0, "氏名", false);
        table.push(0, 3, "個人番号", false);
        table.push(7, 3, "123456789018", true);
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0][1], TableCell { column: 3, text: "個人番号", numeric: false });
        assert_eq!(rows[1][0], TableCell { column: 3, text: "123456789018", numeric: true });
    }
}
