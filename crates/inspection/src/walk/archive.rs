//! Archives: zip (and with it the documents of today's Office) and gzip.

use std::borrow::Cow;

use super::{Declared, Place, Walk};
use crate::{
    container::Locks,
    rule,
    text::{active, charset, office, xml},
    zip::{self, Ended, Entry, Method, Unreadable},
};

/// How many tables of shared strings a workbook is read with: it has one.
const MAX_STRING_TABLES: usize = 4;

/// What the entries of one archive turned out to be for a spreadsheet.
#[derive(Default)]
struct Workbook {
    /// Indices of the entries that are worksheets; they are read last, when all strings
    /// are known, whatever the order in the archive.
    sheets: Vec<usize>,
    strings: Vec<Vec<String>>,
}

impl Walk<'_> {
    /// Looks into a zip archive. The octets of each entry are kept only while it is
    /// looked at.
    pub(super) fn zip(&mut self, place: &Place, octets: &[u8]) {
        if !self.may_open(place) {
            return;
        }
        let most = usize::try_from(self.budget.archive_entries).unwrap_or(usize::MAX);
        let archive = match zip::read(octets, most) {
            Ok(archive) => archive,
            Err(fault) => {
                if zip::first_entry_is_locked(octets) {
                    self.unreadable(place, Unreadable::Locked);
                }
                return self.unreadable(place, fault);
            }
        };
        let count = u32::try_from(archive.entries.len()).unwrap_or(u32::MAX);
        self.budget.archive_entries = self.budget.archive_entries.saturating_sub(count);
        if !archive.ambiguous.is_empty() {
            let what = archive.ambiguous.join("; ");
            self.report.add(rule::ARCHIVE_AMBIGUOUS, &place.part, &what);
        }
        let mut workbook = Workbook::default();
        for (index, entry) in archive.entries.iter().enumerate() {
            let inner = place.inside(&entry.name);
            if entry.encrypted {
                self.name(&inner, &entry.name);
                self.report.add(rule::ARCHIVE_ENCRYPTED, &inner.part, "locked with a password");
            } else if let Some(content) = self.expand(&inner, octets, entry) {
                self.entry(&inner, entry, index, &content, &mut workbook);
            } else {
                self.name(&inner, &entry.name);
            }
        }
        self.workbook(place, octets, &archive.entries, &workbook);
    }

    fn entry(
        &mut self,
        inner: &Place,
        entry: &Entry,
        index: usize,
        content: &[u8],
        workbook: &mut Workbook,
    ) {
        let Some((root, text)) = xml_root(content) else {
            return self.file(inner, Some(&entry.name), content, Declared::default());
        };
        self.active(inner, &root, &text);
        match root.as_str() {
            "worksheet" | "macrosheet" => workbook.sheets.push(index),
            "sst" if workbook.strings.len() < MAX_STRING_TABLES => {
                let strings = office::shared_strings(&text, &mut self.budget.text_bytes);
                self.partial(inner, strings.well_formed.is_err(), strings.cut);
                workbook.strings.push(strings.content);
            }
            // OpenDocument 1.2 part 3, 4.8: how an entry is encrypted.
            "manifest" if text.contains("encryption-data") => {
                self.report.add(
                    rule::ARCHIVE_ENCRYPTED,
                    &inner.part,
                    "document locked with a password",
                );
            }
            _ => return self.file(inner, Some(&entry.name), content, Declared::default()),
        }
        self.show(&crate::Item { octets: content, ..super::item(inner) });
    }

    /// Macros and what a part starts or fetches, by its root element.
    fn active(&mut self, place: &Place, root: &str, text: &str) {
        match root {
            // The types of the parts: a macro may bear any name, but not any type.
            "Types" => {
                let says = |kind| memchr::memmem::find(text.as_bytes(), kind).is_some();
                if says(b"vbaProject") {
                    self.report.add(rule::DOCUMENT_MACROS, &place.part, "VBA macros");
                }
                if says(b"macrosheet") {
                    self.report.add(rule::DOCUMENT_MACROS, &place.part, "Excel 4.0 macros");
                }
                if says(b"sheet.binary") {
                    self.report.add(rule::DOCUMENT_NOT_READ, &place.part, "binary workbook");
                }
            }
            "macrosheet" => {
                self.report.add(rule::DOCUMENT_MACROS, &place.part, "Excel 4.0 macros");
            }
            "Relationships" => {
                if let Some(kind) = active::loaded_from_elsewhere(text) {
                    let what = format!("{kind} loaded from elsewhere");
                    self.report.add(rule::DOCUMENT_ACTIVE, &place.part, &what);
                }
            }
            "externalLink" if text.contains("ddeLink") => {
                self.report.add(rule::DOCUMENT_ACTIVE, &place.part, "link that starts a program");
            }
            _ if text.contains("instr") => self.field_codes(place, &active::field_codes(text)),
            _ => {}
        }
    }

    /// Reads the worksheets with the strings of the workbook.
    fn workbook(&mut self, place: &Place, octets: &[u8], entries: &[Entry], workbook: &Workbook) {
        if workbook.strings.len() > 1 {
            let what = "several tables of strings";
            self.report.add(rule::ARCHIVE_AMBIGUOUS, &place.part, what);
        }
        for entry in workbook.sheets.iter().filter_map(|index| entries.get(*index)) {
            let inner = place.inside(&entry.name);
            // Its octets were counted when it was first expanded.
            let Some(content) = raw(octets, entry) else { continue };
            let Some((_, text)) = xml_root(&content) else {
                continue;
            };
            let none = Vec::new();
            let tables = if workbook.strings.is_empty() {
                std::slice::from_ref(&none)
            } else {
                &workbook.strings
            };
            for strings in tables {
                let sheet = office::sheet(&text, strings, &mut self.budget.text_bytes);
                self.partial(&inner, sheet.well_formed.is_err(), sheet.cut);
                self.table(&inner, &sheet.content);
            }
        }
        if workbook.sheets.is_empty() {
            for strings in &workbook.strings {
                self.text(place, &strings.join("\n"));
            }
        }
    }

    fn partial(&mut self, place: &Place, damaged: bool, cut: bool) {
        if damaged {
            self.report.add(rule::ARCHIVE_DAMAGED, &place.part, "XML that is not well-formed");
        }
        if cut {
            self.report.add(rule::TEXT_TOO_LARGE, &place.part, "more text than is looked at");
        }
    }

    /// The content of an entry, as far as the budget and its own soundness allow.
    fn expand(&mut self, place: &Place, octets: &[u8], entry: &Entry) -> Option<Vec<u8>> {
        if let Method::Other(method) = entry.method {
            let what = format!("compression method {method}");
            self.report.add(rule::ARCHIVE_UNSUPPORTED, &place.part, &what);
            return None;
        }
        let stored = octets.get(entry.content.clone()?)?;
        let least = match entry.method {
            Method::Stored => u64::try_from(stored.len()).unwrap_or(u64::MAX),
            _ => 0,
        };
        if entry.expanded_bytes.max(least) > self.budget.expanded_bytes {
            self.report.add(rule::ARCHIVE_TOO_LARGE, &place.part, "expands beyond the limit");
            return None;
        }
        let (content, used, ended) = expanded(stored, entry);
        let produced = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.budget.expanded_bytes = self.budget.expanded_bytes.saturating_sub(produced);
        let fault = match ended {
            Ended::TooLong => Some((rule::ARCHIVE_AMBIGUOUS, "longer than it says")),
            Ended::Truncated => Some((rule::ARCHIVE_DAMAGED, "cut short")),
            Ended::Corrupt => Some((rule::ARCHIVE_DAMAGED, "not compressed as it says")),
            Ended::Complete if produced != entry.expanded_bytes => {
                Some((rule::ARCHIVE_AMBIGUOUS, "shorter than it says"))
            }
            Ended::Complete if used != stored.len() => {
                Some((rule::ARCHIVE_AMBIGUOUS, "data behind the compressed content"))
            }
            Ended::Complete if crc32fast::hash(&content) != entry.crc32 => {
                Some((rule::ARCHIVE_DAMAGED, "wrong checksum"))
            }
            Ended::Complete => None,
        };
        if let Some((rule, what)) = fault {
            self.report.add(rule, &place.part, what);
        }
        Some(content)
    }

    /// Looks into a gzip file (RFC 1952), all its members as one file.
    pub(super) fn gzip(&mut self, place: &Place, octets: &[u8]) {
        if !self.may_open(place) {
            return;
        }
        let mut content = Vec::new();
        let mut rest = octets;
        while !rest.is_empty() {
            let Some(left) = self.budget.archive_entries.checked_sub(1) else {
                return self.unreadable(place, Unreadable::TooManyEntries);
            };
            self.budget.archive_entries = left;
            let Some(start) = gzip_header(rest) else {
                let (rule, what) = if content.is_empty() {
                    (rule::ARCHIVE_DAMAGED, "no gzip header")
                } else {
                    (rule::ARCHIVE_AMBIGUOUS, "data behind the archive")
                };
                self.report.add(rule, &place.part, what);
                break;
            };
            let body = rest.get(start..).unwrap_or_default();
            let limit = usize::try_from(self.budget.expanded_bytes).unwrap_or(usize::MAX);
            let (piece, used, ended) = zip::inflate(body, limit);
            let produced = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            self.budget.expanded_bytes = self.budget.expanded_bytes.saturating_sub(produced);
            let sum = zip::u32_at(body, used);
            let fault = match ended {
                Ended::Complete if sum == Some(crc32fast::hash(&piece)) => None,
                Ended::Complete => Some((rule::ARCHIVE_DAMAGED, "wrong checksum")),
                Ended::TooLong => Some((rule::ARCHIVE_TOO_LARGE, "expands beyond the limit")),
                Ended::Truncated | Ended::Corrupt => Some((rule::ARCHIVE_DAMAGED, "cut short")),
            };
            content.extend_from_slice(&piece);
            if let Some((rule, what)) = fault {
                self.report.add(rule, &place.part, what);
                break;
            }
            rest = body.get(used + 8..).unwrap_or_default();
        }
        let inner = place.inside("gzip");
        self.file(&inner, None, &content, Declared::default());
    }

    /// A container that we cannot open, but of which we know whether it is locked.
    pub(super) fn lockable(&mut self, place: &Place, name: &str, locks: Locks) {
        if locks.locked {
            let what = format!("{name} locked with a password");
            self.report.add(rule::ARCHIVE_ENCRYPTED, &place.part, &what);
        }
        // Without a file in it nothing is locked, and nothing was looked at.
        if locks.open || !locks.locked {
            self.report.add(rule::ARCHIVE_UNSUPPORTED, &place.part, name);
        }
    }

    pub(super) fn may_open(&mut self, place: &Place) -> bool {
        let may = place.archives < self.limits.archive_depth;
        if !may {
            self.report.add(rule::ARCHIVE_TOO_DEEP, &place.part, "archives within archives");
        }
        may
    }

    pub(super) fn unreadable(&mut self, place: &Place, fault: Unreadable) {
        let (rule, what) = match fault {
            Unreadable::Damaged => (rule::ARCHIVE_DAMAGED, "no readable directory"),
            Unreadable::TooManyEntries => (rule::ARCHIVE_TOO_MANY_ENTRIES, "too many entries"),
            Unreadable::Locked => (rule::ARCHIVE_ENCRYPTED, "directory locked with a password"),
            Unreadable::Split => (rule::ARCHIVE_UNSUPPORTED, "one part of a split archive"),
        };
        self.report.add(rule, &place.part, what);
    }
}

/// The content of an entry, at most as long as the directory says.
fn expanded(stored: &[u8], entry: &Entry) -> (Vec<u8>, usize, Ended) {
    let limit = usize::try_from(entry.expanded_bytes).unwrap_or(usize::MAX);
    match entry.method {
        Method::Stored => (stored.to_vec(), stored.len(), Ended::Complete),
        _ => zip::inflate(stored, limit),
    }
}

fn raw(octets: &[u8], entry: &Entry) -> Option<Vec<u8>> {
    octets.get(entry.content.clone()?).map(|stored| expanded(stored, entry).0)
}

/// The root element and the text of an entry that is XML.
fn xml_root(content: &[u8]) -> Option<(String, Cow<'_, str>)> {
    let head = content.iter().take(64).find(|o| {
        !matches!(o, b' ' | b'\t' | b'\r' | b'\n' | 0 | 0xEF | 0xBB | 0xBF | 0xFE | 0xFF)
    });
    if head != Some(&b'<') {
        return None;
    }
    let text = charset::readings(content, None).into_iter().next()?;
    Some((xml::root(&text)?, text))
}

/// Where the compressed content of a gzip member begins (RFC 1952 2.3).
fn gzip_header(octets: &[u8]) -> Option<usize> {
    let (checksum, extra, name, comment) = (1 << 1, 1 << 2, 1 << 3, 1 << 4);
    let flags = match octets.get(..10)? {
        [0x1F, 0x8B, 8, flags, ..] => *flags,
        _ => return None,
    };
    let mut at = 10;
    if flags & extra != 0 {
        at += 2 + usize::from(zip::u16_at(octets, at)?);
    }
    for text in [name, comment] {
        if flags & text != 0 {
            at += octets.get(at..)?.iter().position(|octet| *octet == 0)? + 1;
        }
    }
    Some(at + if flags & checksum != 0 { 2 } else { 0 })
}

#[cfg(test)]
#[path = "archive_tests.rs"]
pub(crate) mod tests;
