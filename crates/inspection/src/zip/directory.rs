//! The central directory (4.3.12) and the records that end it (4.3.14 to 4.3.16).

use std::{collections::HashSet, ops::Range};

use memchr::memmem;

use super::{
    entry::{Entry, Record},
    u16_at, u64_at, usize_at,
};

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const LOCATOR_BYTES: usize = 20;
const END64_BYTES: usize = 56;

/// How many end records are tried, from the end of the file: any octets may contain
/// the four that begin one.
const MAX_END_RECORDS: usize = 64;

/// A zip archive as its central directory tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Archive {
    pub(crate) entries: Vec<Entry>,
    /// Why programs may read it differently; empty if they cannot.
    pub(crate) ambiguous: Vec<&'static str>,
}

/// Why there are no entries to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// No directory, or one that is cut off.
    Damaged,
    /// More entries than allowed.
    TooManyEntries,
    /// Split over several files, of which this is one.
    Split,
    /// The directory itself is encrypted.
    Locked,
}

/// Whether `octets` are to be opened as a zip: they begin like one, or (a picture or
/// program with an archive behind it) end like one.
pub(crate) fn looks_like_zip(octets: &[u8]) -> bool {
    if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK\x01\x02"]
        .iter()
        .any(|m| octets.starts_with(*m))
    {
        return true;
    }
    // 4.3.16: at most a comment of 65,535 octets behind the record.
    let tail = octets.len().saturating_sub(END_BYTES + usize::from(u16::MAX));
    End::find(octets, tail).is_some_and(|end| {
        let start = end.directory.start;
        end.entries > 0 && octets.get(start..).is_some_and(|rest| rest.starts_with(b"PK\x01\x02"))
    })
}

/// Whether a directory ends exactly where `octets` do: an archive behind something else,
/// and not one somewhere within.
pub(crate) fn ends_like_zip(octets: &[u8]) -> bool {
    let tail = octets.len().saturating_sub(END_BYTES + usize::from(u16::MAX));
    End::find(octets, tail).is_some_and(|end| end.trailing == 0 && end.entries > 0)
}

/// Reads the directory of `octets`, at most `max_entries` entries.
pub(crate) fn read(octets: &[u8], max_entries: usize) -> Result<Archive, Unreadable> {
    if directory_is_locked(octets) {
        return Err(Unreadable::Locked);
    }
    let end = End::find(octets, 0).ok_or(Unreadable::Damaged)?;
    if end.split {
        return Err(Unreadable::Split);
    }
    let mut ambiguous = Vec::new();
    if end.shift > 0 {
        ambiguous.push("data in front of the archive");
    }
    if end.trailing > 0 {
        ambiguous.push("data behind the archive");
    }
    if end.differs {
        ambiguous.push("two end records that differ");
    }
    let before = octets.get(..end.directory.start).ok_or(Unreadable::Damaged)?;
    let mut rest = octets.get(end.directory.clone()).ok_or(Unreadable::Damaged)?;
    let mut entries = Vec::new();
    while let Some(record) = Record::read(rest) {
        if entries.len() >= max_entries {
            return Err(Unreadable::TooManyEntries);
        }
        entries.push(record.resolve(before, end.shift, &mut ambiguous));
        rest = rest.get(record.length..).unwrap_or_default();
    }
    if !rest.is_empty() {
        ambiguous.push("foreign data in the directory");
    }
    if u64::try_from(entries.len()).ok() != Some(end.entries) {
        ambiguous.push("two counts of the entries");
    }
    check_names(&entries, &mut ambiguous);
    check_spans(&entries, end.shift..before.len(), &mut ambiguous);
    check_second_directory(octets, &entries, end.record, &mut ambiguous);
    ambiguous.sort_unstable();
    ambiguous.dedup();
    Ok(Archive { entries, ambiguous })
}

/// How far in front of the last end record the wide one may begin that names a cipher:
/// its fields are short.
const MAX_WIDE_BYTES: usize = 4096;

/// 7.3.4: the wide end record of version 2 says with which algorithm the directory is
/// encrypted. Nothing can be read of such an archive.
fn directory_is_locked(octets: &[u8]) -> bool {
    let Some(end) = memmem::rfind(octets, END) else { return false };
    let from = end.saturating_sub(MAX_WIDE_BYTES);
    let near = octets.get(from..end).unwrap_or_default();
    let Some(at) = memmem::rfind(near, b"PK\x06\x06") else { return false };
    let record = near.get(at..).unwrap_or_default();
    // The size counts from behind itself. Two octets of method and two sizes stand before
    // the algorithm.
    let is_version_2 = u64_at(record, 4).is_some_and(|size| size > 44 + 20);
    let algorithm = u16_at(record, END64_BYTES + 2 + 8 + 8);
    is_version_2 && algorithm.is_some_and(|algorithm| algorithm != 0)
}

/// One name twice: one program shows the first, another the last.
fn check_names(entries: &[Entry], ambiguous: &mut Vec<&'static str>) {
    let mut seen = HashSet::new();
    if !entries.iter().all(|entry| seen.insert(entry.raw_name.as_slice())) {
        ambiguous.push("two entries of one name");
    }
}

/// Every octet in front of the directory belongs to exactly one entry.
fn check_spans(entries: &[Entry], whole: Range<usize>, ambiguous: &mut Vec<&'static str>) {
    let mut spans: Vec<&Range<usize>> = entries.iter().map(|entry| &entry.span).collect();
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    let mut at = whole.start;
    for span in spans {
        if span.start < at {
            ambiguous.push("overlapping entries");
        } else if span.start > at {
            ambiguous.push("data that no entry claims");
        }
        at = at.max(span.end);
    }
    if at < whole.end {
        ambiguous.push("data that no entry claims");
    }
}

/// Another end record, outside all entries: a program that searches from the front, or
/// does not check where the comment ends, finds another archive.
fn check_second_directory(
    octets: &[u8],
    entries: &[Entry],
    record: usize,
    ambiguous: &mut Vec<&'static str>,
) {
    let mut spans: Vec<&Range<usize>> = entries.iter().map(|entry| &entry.span).collect();
    spans.sort_unstable_by_key(|span| span.start);
    let outside = memmem::find_iter(octets, END).any(|at| {
        let next = spans.partition_point(|span| span.start <= at);
        let inside = next.checked_sub(1).and_then(|i| spans.get(i)).is_some_and(|s| at < s.end);
        at != record && !inside
    });
    if outside {
        ambiguous.push("a second directory");
    }
}

/// The end record with what it says, zip64 resolved.
struct End {
    /// Where the record begins.
    record: usize,
    directory: Range<usize>,
    entries: u64,
    split: bool,
    /// How far the archive stands behind where its offsets say.
    shift: usize,
    /// Octets behind the comment.
    trailing: usize,
    /// The wide record says something else.
    differs: bool,
}

impl End {
    /// The end record at or behind `from` that programs find: the last whose comment
    /// reaches exactly to the end of the file, else the last that fits at all.
    fn find(octets: &[u8], from: usize) -> Option<Self> {
        let tail = octets.get(from..)?;
        let mut fallback = None;
        for at in memmem::rfind_iter(tail, END).take(MAX_END_RECORDS) {
            match Self::read(octets, from + at) {
                Some(end) if end.trailing == 0 => return Some(end),
                Some(end) => fallback = fallback.or(Some(end)),
                None => {}
            }
        }
        fallback
    }

    fn read(octets: &[u8], record: usize) -> Option<Self> {
        let fields = octets.get(record..)?;
        let comment = usize::from(u16_at(fields, 20)?);
        let trailing = fields.len().checked_sub(END_BYTES + comment)?;
        let mut entries = u64::from(u16_at(fields, 10)?);
        let mut size = u64::try_from(usize_at(fields, 12)?).ok()?;
        let mut offset = u64::try_from(usize_at(fields, 16)?).ok()?;
        let mut split = u16_at(fields, 4)? != u16_at(fields, 6)?
            || u16_at(fields, 8)? != u16_at(fields, 10)?
            || !matches!(u16_at(fields, 4)?, 0 | u16::MAX);
        let mut end = record;
        let mut differs = false;
        if let Some((at, wide)) = Wide::before(octets, record) {
            // Some writers add the wide record without need; then both must agree.
            differs = (entries != u64::from(u16::MAX) && entries != wide.entries)
                || (size != u64::from(u32::MAX) && size != wide.size)
                || (offset != u64::from(u32::MAX) && offset != wide.offset);
            (end, entries, size, offset, split) =
                (at, wide.entries, wide.size, wide.offset, wide.split);
        }
        let start = end.checked_sub(usize::try_from(size).ok()?)?;
        let shift = start.checked_sub(usize::try_from(offset).ok()?)?;
        Some(Self { record, directory: start..end, entries, split, shift, trailing, differs })
    }
}

/// What the zip64 end record says (4.3.14).
struct Wide {
    entries: u64,
    size: u64,
    offset: u64,
    split: bool,
}

impl Wide {
    /// The wide record in front of the end record at `record`, and where it begins. It
    /// is looked for where it stands, not where its locator says: data in front of the
    /// archive shifts it.
    fn before(octets: &[u8], record: usize) -> Option<(usize, Self)> {
        let locator = record.checked_sub(LOCATOR_BYTES)?;
        octets.get(locator..)?.strip_prefix(b"PK\x06\x07")?;
        let at = locator.checked_sub(END64_BYTES)?;
        let fields = octets.get(at..)?;
        fields.strip_prefix(b"PK\x06\x06")?;
        let entries = u64_at(fields, 32)?;
        let split = usize_at(fields, 16)? != 0 || u64_at(fields, 24)? != entries;
        Some((at, Self { entries, size: u64_at(fields, 40)?, offset: u64_at(fields, 48)?, split }))
    }
}
