//! PDF files: their text, the files in them, and what they start.

use super::{Declared, Place, Walk};
use crate::{pdf, rule};

impl Walk<'_> {
    /// Looks into a PDF. What its streams expand to counts like an archive's content,
    /// embedded files like entries.
    pub(super) fn pdf(&mut self, place: &Place, octets: &[u8]) {
        let most = self.text_left();
        let found = pdf::read(octets, &mut self.budget.expanded_bytes, most);
        if found.locked {
            self.report.add(rule::ARCHIVE_ENCRYPTED, &place.part, "PDF locked or protected");
        }
        if found.too_large {
            self.report.add(rule::ARCHIVE_TOO_LARGE, &place.part, "expands beyond the limit");
        }
        if found.cut {
            self.report.add(rule::TEXT_TOO_LARGE, &place.part, "more text than is looked at");
        }
        if found.closed {
            let what = "embedded file in an unknown code";
            self.report.add(rule::ARCHIVE_UNSUPPORTED, &place.part, what);
        }
        if found.launches {
            self.report.add(rule::DOCUMENT_ACTIVE, &place.part, "PDF that starts a program");
        }
        if found.has_script {
            self.report.add(rule::DOCUMENT_SCRIPT, &place.part, "PDF with JavaScript");
        }
        if let Some(what) = found.unread {
            self.report.add(rule::DOCUMENT_NOT_READ, &place.part, what);
        }
        for text in &found.texts {
            self.text(place, text);
        }
        self.text(place, &found.strings);
        for (name, content) in &found.files {
            if !self.may_open(place) {
                return;
            }
            let Some(left) = self.budget.archive_entries.checked_sub(1) else {
                let what = "too many entries";
                return self.report.add(rule::ARCHIVE_TOO_MANY_ENTRIES, &place.part, what);
            };
            self.budget.archive_entries = left;
            self.file(&place.inside(name), Some(name), content, Declared::default());
        }
    }
}
