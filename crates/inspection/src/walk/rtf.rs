//! RTF: its text, and the objects in it, which Word opens at a click or by itself.

use super::{Declared, Place, Walk};
use crate::{compound, rule, text::rtf, zip};

impl Walk<'_> {
    /// Looks into an RTF file. Its objects count as entries and against what archives may
    /// expand to.
    pub(super) fn rtf(&mut self, place: &Place, octets: &[u8]) {
        let document = rtf::read(octets);
        self.text(place, &document.text);
        self.field_codes(place, &document.codes);
        if document.loads {
            let what = "object or template that is fetched or loaded by itself";
            self.report.add(rule::DOCUMENT_ACTIVE, &place.part, what);
        }
        if document.objects.is_empty() || !self.may_open(place) {
            return;
        }
        for (number, object) in document.objects.iter().enumerate() {
            let inner = place.inside(&format!("object {}", number + 1));
            let size = u64::try_from(object.octets.len()).unwrap_or(u64::MAX);
            let Some(entries) = self.budget.archive_entries.checked_sub(1) else {
                self.report.add(rule::ARCHIVE_TOO_MANY_ENTRIES, &place.part, "too many entries");
                return;
            };
            let Some(bytes) = self.budget.expanded_bytes.checked_sub(size) else {
                let what = "expands beyond the limit";
                return self.report.add(rule::ARCHIVE_TOO_LARGE, &inner.part, what);
            };
            (self.budget.archive_entries, self.budget.expanded_bytes) = (entries, bytes);
            if object.is_unclear {
                let what = "object that programs read differently";
                self.report.add(rule::ARCHIVE_AMBIGUOUS, &inner.part, what);
            }
            self.ole_object(&inner, &object.octets);
        }
    }

    /// An object as OLE 1.0 writes it (MS-OLEDS 2.2).
    fn ole_object(&mut self, place: &Place, octets: &[u8]) {
        match ole(octets) {
            Some(Ole::Linked) => {
                self.report.add(rule::DOCUMENT_ACTIVE, &place.part, "object linked from elsewhere");
                self.file(place, None, octets, Declared::default());
            }
            Some(Ole::Embedded { native, from_size }) => {
                match super::compound::native_object(from_size) {
                    Some((name, inside)) if !native.starts_with(compound::MAGIC) => {
                        let inner = place.inside(&name);
                        self.file(&inner, Some(&name), inside, Declared::default());
                    }
                    _ => self.file(place, None, native, Declared::default()),
                }
            }
            None => {
                self.report.add(
                    rule::ARCHIVE_UNSUPPORTED,
                    &place.part,
                    "object of an unknown form",
                );
                self.file(place, None, octets, Declared::default());
            }
        }
    }
}

enum Ole<'a> {
    Linked,
    /// The data, and the same with its size before it.
    Embedded {
        native: &'a [u8],
        from_size: &'a [u8],
    },
}

/// Reads the header; the three names in it are counted.
fn ole(octets: &[u8]) -> Option<Ole<'_>> {
    match zip::usize_at(octets, 4)? {
        1 => return Some(Ole::Linked),
        2 => {}
        _ => return None,
    }
    let mut rest = octets.get(8..)?;
    for _ in 0..3 {
        let length = zip::usize_at(rest, 0)?;
        rest = rest.get(4..)?.get(length..)?;
    }
    let size = zip::usize_at(rest, 0)?;
    let native = rest.get(4..)?;
    Some(Ole::Embedded { native: native.get(..size)?, from_size: rest.get(..size + 4)? })
}
