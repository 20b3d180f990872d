//! Compound files: each stream as a file, Office's own ones as what they are.

use super::{Declared, Place, Walk};
use crate::{
    compound::{CompoundFile, Stream, vba},
    legacy::{Legacy, excel, powerpoint, powerpoint::Storage, word},
    rule,
    text::office,
    zip,
};

/// Names of streams that stand for a document locked with a password or by a right
/// (MS-OFFCRYPTO 2.3.4.4, 2.2.8; PowerPoint's properties when it is locked).
const LOCKED: [&str; 3] = ["EncryptedPackage", "\tDRMContent", "EncryptedSummary"];

impl Walk<'_> {
    /// Looks into a compound file. Its streams count as entries and against what
    /// archives may expand to.
    pub(super) fn compound(&mut self, place: &Place, octets: &[u8]) {
        if !self.may_open(place) {
            return;
        }
        let most = usize::try_from(self.budget.archive_entries).unwrap_or(usize::MAX);
        let file = match CompoundFile::read(octets, most) {
            Ok(file) => file,
            Err(fault) => {
                self.unreadable(place, fault);
                return self.rough_text(place, octets);
            }
        };
        let count = u32::try_from(file.streams.len()).unwrap_or(u32::MAX);
        self.budget.archive_entries = self.budget.archive_entries.saturating_sub(count);
        if file.streams.iter().any(|stream| LOCKED.contains(&stream.name())) {
            self.locked_document(place);
        }
        self.macros(place, &file);
        for stream in &file.streams {
            let shown = stream.path.replace(|c: char| c.is_control(), "");
            let inner = place.inside(&shown);
            let Some(content) = file.content(stream, &mut self.budget.expanded_bytes) else {
                self.report.add(rule::ARCHIVE_TOO_LARGE, &inner.part, "expands beyond the limit");
                return;
            };
            self.stream(&inner, &file, stream, &content);
        }
    }

    fn stream(&mut self, place: &Place, file: &CompoundFile<'_>, stream: &Stream, content: &[u8]) {
        match stream.name() {
            "WordDocument" => self.word(place, file, stream, content),
            "Workbook" | "Book" => self.excel(place, content),
            "PowerPoint Document" => self.powerpoint(place, content),
            "Current User" if powerpoint::is_locked(content) => self.locked_document(place),
            "\u{1}Ole10Native" => {
                if let Some((name, inside)) = native_object(content) {
                    return self.file(
                        &place.inside(&name),
                        Some(&name),
                        inside,
                        Declared::default(),
                    );
                }
                self.file(place, None, content, Declared::default());
            }
            _ => self.file(place, None, content, Declared::default()),
        }
    }

    pub(super) fn locked_document(&mut self, place: &Place) {
        let what = "Office file locked with a password";
        self.report.add(rule::ARCHIVE_ENCRYPTED, &place.part, what);
    }

    fn word(&mut self, place: &Place, file: &CompoundFile<'_>, stream: &Stream, octets: &[u8]) {
        self.show(&crate::Item { octets, ..super::item(place) });
        let name = word::table_name(octets);
        let table = match stream.storage() {
            "" => file.stream(name),
            storage => file.stream(&format!("{storage}/{name}")),
        };
        let table = table.and_then(|table| file.content(table, &mut self.budget.expanded_bytes));
        let most = self.text_left();
        match word::text(octets, &table.unwrap_or_default(), most) {
            Legacy::Locked => self.locked_document(place),
            Legacy::Unknown => self.not_read(place, octets),
            Legacy::Read(document) => {
                self.field_codes(place, &document.codes);
                self.text(place, &document.text);
            }
        }
    }

    fn excel(&mut self, place: &Place, octets: &[u8]) {
        self.show(&crate::Item { octets, ..super::item(place) });
        match excel::book(octets, &mut self.budget.text_bytes) {
            Legacy::Locked => self.locked_document(place),
            Legacy::Unknown => self.not_read(place, octets),
            Legacy::Read(book) => {
                if book.has_macro_sheet {
                    self.report.add(rule::DOCUMENT_MACROS, &place.part, "Excel 4.0 macros");
                }
                if book.cut {
                    let what = "more text than is looked at";
                    self.report.add(rule::TEXT_TOO_LARGE, &place.part, what);
                }
                let named = place.under(&book.words);
                self.text(place, &book.words);
                for table in &book.tables {
                    self.table(&named, table);
                }
            }
        }
    }

    fn powerpoint(&mut self, place: &Place, octets: &[u8]) {
        self.show(&crate::Item { octets, ..super::item(place) });
        let most = self.text_left();
        match powerpoint::slides(octets, most) {
            Legacy::Locked => self.locked_document(place),
            Legacy::Unknown => self.not_read(place, octets),
            Legacy::Read(slides) => {
                self.text(place, &slides.text);
                for (number, storage) in slides.storages.iter().enumerate() {
                    let inner = place.inside(&format!("object {}", number + 1));
                    match storage {
                        Storage::Plain(inside) => {
                            self.file(&inner, None, inside, Declared::default());
                        }
                        Storage::Compressed(packed) => self.zlib(&inner, packed),
                    }
                }
            }
        }
    }

    /// A zlib stream: two octets of a header, then deflate.
    pub(super) fn zlib(&mut self, place: &Place, packed: &[u8]) {
        let Some(left) = self.budget.archive_entries.checked_sub(1) else {
            self.report.add(rule::ARCHIVE_TOO_MANY_ENTRIES, &place.part, "too many entries");
            return;
        };
        self.budget.archive_entries = left;
        let limit = usize::try_from(self.budget.expanded_bytes).unwrap_or(usize::MAX);
        let (content, _, ended) = zip::inflate(packed.get(2..).unwrap_or_default(), limit);
        let produced = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.budget.expanded_bytes = self.budget.expanded_bytes.saturating_sub(produced);
        match ended {
            zip::Ended::Complete => {}
            zip::Ended::TooLong => {
                self.report.add(rule::ARCHIVE_TOO_LARGE, &place.part, "expands beyond the limit");
            }
            zip::Ended::Truncated | zip::Ended::Corrupt => {
                self.report.add(rule::ARCHIVE_DAMAGED, &place.part, "cut short");
            }
        }
        self.file(place, None, &content, Declared::default());
    }

    /// VBA projects, with what runs by itself, and their source as text.
    fn macros(&mut self, place: &Place, file: &CompoundFile<'_>) {
        if !file.streams.iter().any(vba::belongs_to_project) {
            return;
        }
        let modules = vba::modules(file, &mut self.budget.expanded_bytes);
        let mut running: Vec<&str> = Vec::new();
        for module in &modules {
            for name in vba::self_running(&module.source) {
                if !running.contains(&name) {
                    running.push(name);
                }
            }
        }
        let what = match running.as_slice() {
            [] => "VBA macros".to_owned(),
            names => format!("VBA macros that run by themselves: {}", names.join(", ")),
        };
        self.report.add(rule::DOCUMENT_MACROS, &place.part, &what);
        for module in &modules {
            self.text(&place.inside(&module.name), &module.source);
        }
    }

    /// Fields of a document that start something: `DDE`, `DDEAUTO`. One code a line.
    pub(super) fn field_codes(&mut self, place: &Place, codes: &str) {
        let starts = codes.lines().any(|code| {
            let word = code.split_whitespace().next().unwrap_or_default();
            word.eq_ignore_ascii_case("DDE") || word.eq_ignore_ascii_case("DDEAUTO")
        });
        if starts {
            self.report.add(rule::DOCUMENT_ACTIVE, &place.part, "field that starts a program");
        }
    }

    fn not_read(&mut self, place: &Place, octets: &[u8]) {
        self.report.add(rule::DOCUMENT_NOT_READ, &place.part, "Office file of an unknown version");
        self.rough_text(place, octets);
    }

    /// What looks like text in octets of unknown structure.
    fn rough_text(&mut self, place: &Place, octets: &[u8]) {
        let rough = office::rough(octets, self.text_left());
        if rough.locked {
            self.locked_document(place);
        }
        self.text(&place.under(&rough.words), &rough.text);
    }

    pub(super) fn text_left(&self) -> usize {
        usize::try_from(self.budget.text_bytes).unwrap_or(usize::MAX)
    }
}

/// The file in an OLE package (`\1Ole10Native`): its name and content.
pub(super) fn native_object(octets: &[u8]) -> Option<(String, &[u8])> {
    // Size and two octets of flags, a label, the file's path; then two octets each of
    // flags, and the path where it lay, counted.
    let rest = octets.get(6..)?;
    let (_, rest) = ended_by_zero(rest)?;
    let (path, rest) = ended_by_zero(rest)?;
    let rest = rest.get(4..)?;
    let length = zip::usize_at(rest, 0)?;
    let rest = rest.get(4..)?.get(length..)?;
    let size = zip::usize_at(rest, 0)?;
    let content = rest.get(4..)?;
    let content = content.get(..size.min(content.len()))?;
    let path = encoding_rs::SHIFT_JIS.decode(path).0;
    let name = path.rsplit(['\\', '/']).next().unwrap_or_default();
    Some((name.to_owned(), content))
}

fn ended_by_zero(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(0, octets)?;
    Some((octets.get(..end)?, octets.get(end + 1..)?))
}
