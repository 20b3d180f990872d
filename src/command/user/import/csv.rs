//! A file of comma-separated values (RFC 4180) as HR systems write them: UTF-8 with or
//! without a byte order mark, or CP932. Every field keeps the line and column it stands in.

use encoding_rs::SHIFT_JIS;

/// The largest file, in octets.
pub(super) const MAX_FILE_OCTETS: u64 = 64 * 1024 * 1024;

/// The most rows under the head.
pub(super) const MAX_ROWS: usize = 200_000;

/// The most columns.
pub(super) const MAX_COLUMNS: usize = 64;

/// The most characters of one field.
pub(super) const MAX_FIELD_CHARS: usize = 1_024;

/// In which octets the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Encoding {
    /// UTF-8 if it is valid UTF-8, else CP932.
    Auto,
    /// UTF-8.
    #[value(name = "utf-8")]
    Utf8,
    /// Windows-31J, what Japanese Windows calls Shift_JIS.
    Cp932,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The line its first field begins in, from 1.
    pub(super) line: usize,
    pub(super) fields: Vec<String>,
}

/// What is wrong with the form of a file, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) line: usize,
    /// The field of the row, from 1.
    pub(super) column: usize,
    pub(super) what: Form,
}

/// What is wrong with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Octets that are none of the encoding's.
    Encoding,
    /// A quotation mark that nothing ends.
    OpenQuote,
    /// A quotation mark within a field that does not begin with one, or text behind the one
    /// that ends it.
    StrayQuote,
    FieldTooLong,
    TooManyColumns,
    TooManyRows,
}

/// The text of a file.
pub(super) fn decode(octets: &[u8], encoding: Encoding) -> Result<String, Malformed> {
    let (marked, rest) = match octets.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (true, rest),
        None => (false, octets),
    };
    let is_utf8 = match std::str::from_utf8(rest) {
        Ok(text) if encoding != Encoding::Cp932 => return Ok(text.to_owned()),
        Ok(_) => None,
        Err(error) => Some(error.valid_up_to()),
    };
    if encoding == Encoding::Utf8 || marked {
        return Err(undecodable(rest.get(..is_utf8.unwrap_or_default()).unwrap_or_default()));
    }
    SHIFT_JIS
        .decode_without_bom_handling_and_without_replacement(rest)
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| undecodable(cp932_prefix(rest)))
}

fn undecodable(before: &[u8]) -> Malformed {
    let line = 1 + before.iter().filter(|octet| **octet == b'\n').count();
    let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    let row = before.get(start..).unwrap_or_default();
    let column = 1 + row.iter().filter(|octet| **octet == b',').count();
    Malformed { line, column, what: Form::Encoding }
}

/// What can be read of the file, line by line: no octet of a line's end is part of a
/// character of CP932.
fn cp932_prefix(octets: &[u8]) -> &[u8] {
    let mut end = 0;
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        if SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line).is_none() {
            break;
        }
        end += line.len();
    }
    octets.get(..end).unwrap_or_default()
}

/// All rows, the head too. Rows without anything are left out.
pub(super) fn rows(text: &str) -> Result<Vec<Row>, Malformed> {
    let mut reader = Reader { rest: text, line: 1, column: 1 };
    let mut rows = Vec::new();
    while !reader.rest.is_empty() {
        let row = reader.row()?;
        if row.fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        // The head is none of them.
        if rows.len() > MAX_ROWS {
            return Err(Malformed { line: row.line, column: 1, what: Form::TooManyRows });
        }
        rows.push(row);
    }
    Ok(rows)
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
    column: usize,
}

impl Reader<'_> {
    fn row(&mut self) -> Result<Row, Malformed> {
        let line = self.line;
        let mut fields = Vec::new();
        self.column = 1;
        loop {
            fields.push(self.field()?);
            if self.take(",") {
                self.column += 1;
                if fields.len() == MAX_COLUMNS {
                    return Err(self.fault(Form::TooManyColumns));
                }
                continue;
            }
            if self.take("\r\n") || self.take("\n") || self.take("\r") {
                self.line += 1;
            } else if !self.rest.is_empty() {
                return Err(self.fault(Form::StrayQuote));
            }
            return Ok(Row { line, fields });
        }
    }

    fn field(&mut self) -> Result<String, Malformed> {
        if self.take("\"") {
            return self.quoted();
        }
        let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at(end);
        if field.contains('"') {
            return Err(self.fault(Form::StrayQuote));
        }
        self.rest = rest;
        self.bounded(field.to_owned())
    }

    fn quoted(&mut self) -> Result<String, Malformed> {
        let begun = self.fault(Form::OpenQuote);
        let mut field = String::new();
        loop {
            let Some(end) = self.rest.find('"') else { return Err(begun) };
            let (part, rest) = self.rest.split_at(end);
            // Of "\r\n" the second counts; a "\r" alone is no line within quotation marks.
            self.line += part.matches('\n').count();
            field.push_str(part);
            self.rest = rest.get(1..).unwrap_or_default();
            if !self.take("\"") {
                return self.bounded(field);
            }
            field.push('"');
        }
    }

    fn bounded(&self, field: String) -> Result<String, Malformed> {
        if field.chars().count() > MAX_FIELD_CHARS {
            return Err(self.fault(Form::FieldTooLong));
        }
        Ok(field)
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn fault(&self, what: Form) -> Malformed {
        Malformed { line: self.line, column: self.column, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<Vec<String>> {
        rows(text).unwrap().into_iter().map(|row| row.fields).collect()
    }

    fn fault(text: &str) -> (usize, usize, Form) {
        let fault = rows(text).unwrap_err();
        (fault.line, fault.column, fault.what)
    }

    #[test]
    fn fields_are_read_as_rfc_4180_has_them() {
        assert_eq!(fields("a,b\r\nc,d"), [["a", "b"], ["c", "d"]]);
        assert_eq!(fields("\"a,1\",\"say \"\"x\"\"\"\n"), [["a,1", "say \"x\""]]);
        assert_eq!(fields("\"two\r\nlines\",b\n\nc,\n"), [["two\r\nlines", "b"], ["c", ""]]);
        assert_eq!(fields("a, b \rc,d\r"), [["a", " b "], ["c", "d"]]);
        assert_eq!(fields(""), Vec::<Vec<String>>::new());
        let lines = rows("h\n\"1\n2\"\n\nx\n").unwrap();
        assert_eq!(lines.iter().map(|row| row.line).collect::<Vec<_>>(), [1, 2, 5]);
    }

    #[test]
    fn what_is_malformed_is_told_by_line_and_column() {
        assert_eq!(fault("a,b\nc,\"d\n\n"), (2, 2, Form::OpenQuote));
        assert_eq!(fault("a,b\nc\"d,e"), (2, 1, Form::StrayQuote));
        assert_eq!(fault("a,b\nc,\"d\"e,f"), (2, 2, Form::StrayQuote));
    }

    #[test]
    fn every_bound_is_kept() {
        let long = "x".repeat(MAX_FIELD_CHARS);
        assert_eq!(fields(&format!("a,{long}"))[0][1], long);
        assert_eq!(fault(&format!("h,h\na,{long}x")), (2, 2, Form::FieldTooLong));
        assert_eq!(fault(&format!("h,h\na,\"{long}x\"")), (2, 2, Form::FieldTooLong));
        let wide = vec!["x"; MAX_COLUMNS].join(",");
        assert_eq!(fields(&wide)[0].len(), MAX_COLUMNS);
        assert_eq!(fault(&format!("{wide},x")), (1, MAX_COLUMNS + 1, Form::TooManyColumns));
        let head = "h\n".to_owned();
        let many = "1\n".repeat(MAX_ROWS);
        assert_eq!(rows(&format!("{head}{many}")).unwrap().len(), MAX_ROWS + 1);
        let line = MAX_ROWS + 2;
        assert_eq!(fault(&format!("{head}{many}1\n")), (line, 1, Form::TooManyRows));
    }

    #[test]
    fn the_encodings_of_hr_systems_are_told_apart() {
        let text = "社員番号,氏名\n1001,髙橋 ①郎\n";
        let (cp932, _, lost) = SHIFT_JIS.encode(text);
        assert!(!lost);
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for octets in [text.as_bytes(), &marked, &cp932] {
            assert_eq!(decode(octets, Encoding::Auto).unwrap(), text);
        }
        assert_eq!(decode(&cp932, Encoding::Cp932).unwrap(), text);
        let fault = decode(&cp932, Encoding::Utf8).unwrap_err();
        assert_eq!((fault.line, fault.column, fault.what), (1, 1, Form::Encoding));
        // What says that it is UTF-8 is read as nothing else.
        let broken = [&marked, &b"1002,\xff\n"[..]].concat();
        let fault = decode(&broken, Encoding::Auto).unwrap_err();
        assert_eq!((fault.line, fault.column), (3, 2));
        let broken = [&cp932, &b"1002,\xff\xff\n"[..]].concat();
        assert_eq!(decode(&broken, Encoding::Auto).unwrap_err().line, 3);
    }
}
