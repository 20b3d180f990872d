//! One entry: its record in the central directory (4.3.12) against its local header
//! (4.3.7).

use std::ops::Range;

use encoding_rs::SHIFT_JIS;

use super::{u16_at, u64_at, usize_at};

const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

/// Bits of the general purpose flags (4.4.4).
const ENCRYPTED: u16 = 1;
const SIZES_FOLLOW: u16 = 1 << 3;
const STRONGLY_ENCRYPTED: u16 = 1 << 6;
const UTF8_NAME: u16 = 1 << 11;
const HIDDEN_HEADER: u16 = 1 << 13;

/// Header ids of extra fields.
const EXTRA_ZIP64: u16 = 0x0001;
const EXTRA_UNICODE_PATH: u16 = 0x7075;

/// The compression method number that stands for AES encryption (WinZip).
const METHOD_AES: u16 = 99;

/// How an entry is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Stored,
    Deflated,
    /// A method that we cannot expand.
    Other(u16),
}

/// One file of an archive, as the central directory tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// For a person; never a path.
    pub(crate) name: String,
    pub(crate) method: Method,
    pub(crate) encrypted: bool,
    pub(crate) crc32: u32,
    pub(crate) expanded_bytes: u64,
    /// Where the compressed content stands; `None` if that is outside the archive.
    pub(crate) content: Option<Range<usize>>,
    /// Local header to content end, what follows for the sizes included.
    pub(crate) span: Range<usize>,
    pub(crate) raw_name: Vec<u8>,
}

/// A directory record as it stands.
pub(super) struct Record<'a> {
    flags: u16,
    method: u16,
    crc32: u32,
    compressed: u64,
    expanded: u64,
    name: &'a [u8],
    extra: &'a [u8],
    local_offset: u64,
    /// Length of the whole record.
    pub(super) length: usize,
}

impl<'a> Record<'a> {
    /// Reads the record at the start of `octets`; `None` if there is none.
    pub(super) fn read(octets: &'a [u8]) -> Option<Self> {
        if !octets.starts_with(b"PK\x01\x02") {
            return None;
        }
        let length_at = |at| u16_at(octets, at).map(usize::from);
        let (name_len, extra_len, comment_len) = (length_at(28)?, length_at(30)?, length_at(32)?);
        let name_end = CENTRAL_BYTES + name_len;
        let extra_end = name_end + extra_len;
        let length = extra_end + comment_len;
        octets.get(..length)?;
        let mut record = Self {
            flags: u16_at(octets, 8)?,
            method: u16_at(octets, 10)?,
            crc32: super::u32_at(octets, 16)?,
            compressed: u64::from(super::u32_at(octets, 20)?),
            expanded: u64::from(super::u32_at(octets, 24)?),
            name: octets.get(CENTRAL_BYTES..name_end)?,
            extra: octets.get(name_end..extra_end)?,
            local_offset: u64::from(super::u32_at(octets, 42)?),
            length,
        };
        if let Some(zip64) = extra(record.extra, EXTRA_ZIP64) {
            // 4.5.3: only the fields that are full in the record, in this order.
            let mut at = 0;
            for field in [&mut record.expanded, &mut record.compressed, &mut record.local_offset] {
                if *field == u64::from(u32::MAX) {
                    *field = u64_at(zip64, at)?;
                    at += 8;
                }
            }
        }
        Some(record)
    }

    /// The entry, checked against its local header in `octets` (the archive up to its
    /// directory); `shift` is how far the archive stands behind the start that its
    /// offsets count from. Faults are told by what they are.
    pub(super) fn resolve(
        &self,
        octets: &[u8],
        shift: usize,
        faults: &mut Vec<&'static str>,
    ) -> Entry {
        let start = usize::try_from(self.local_offset).ok().and_then(|at| at.checked_add(shift));
        let local = start.and_then(|start| Local::read(octets.get(start..)?).map(|l| (start, l)));
        let mut entry = Entry {
            name: self.shown_name(faults),
            method: match self.method {
                0 => Method::Stored,
                8 => Method::Deflated,
                other => Method::Other(other),
            },
            encrypted: self.flags & (ENCRYPTED | STRONGLY_ENCRYPTED | HIDDEN_HEADER) != 0
                || self.method == METHOD_AES,
            crc32: self.crc32,
            expanded_bytes: self.expanded,
            content: None,
            span: 0..0,
            raw_name: self.name.to_vec(),
        };
        let Some((start, local)) = local else {
            faults.push("an entry without its local header");
            return entry;
        };
        self.compare(&local, faults);
        let from = start.saturating_add(local.length);
        let end = usize::try_from(self.compressed).ok().and_then(|length| from.checked_add(length));
        match end.filter(|end| *end <= octets.len()) {
            Some(end) => {
                entry.content = Some(from..end);
                entry.span = start..end + self.descriptor_bytes(octets.get(end..));
            }
            None => {
                faults.push("an entry that reaches beyond the archive");
                entry.span = start..from.min(octets.len()).max(start);
            }
        }
        entry
    }

    /// 4.4.4 to 4.4.9: both headers must tell the same, or one reader believes the one
    /// and the next the other.
    fn compare(&self, local: &Local<'_>, faults: &mut Vec<&'static str>) {
        if self.name != local.name {
            faults.push("two names for one entry");
        }
        if self.method != local.method {
            faults.push("two compression methods for one entry");
        }
        let meaning = ENCRYPTED | STRONGLY_ENCRYPTED | UTF8_NAME;
        if (self.flags ^ local.flags) & meaning != 0 {
            faults.push("two meanings of one entry's flags");
        }
        let follows = local.flags & SIZES_FOLLOW != 0;
        let agrees = |own: u64, other: u64| own == other || (follows && other == 0);
        let sizes_agree = agrees(self.compressed, local.compressed)
            && agrees(self.expanded, local.expanded)
            && agrees(u64::from(self.crc32), u64::from(local.crc32));
        if !sizes_agree {
            faults.push("two sizes or checksums for one entry");
        }
    }

    /// Length of the data descriptor (4.3.9) behind the content: with or without its
    /// signature, sizes of 32 or 64 bits; 0 if none fits.
    fn descriptor_bytes(&self, after: Option<&[u8]>) -> usize {
        let Some(after) = after.filter(|_| self.flags & SIZES_FOLLOW != 0) else { return 0 };
        let narrow = [self.compressed, self.expanded]
            .into_iter()
            .filter_map(|size| u32::try_from(size).ok())
            .flat_map(u32::to_le_bytes);
        let wide = [self.compressed, self.expanded].into_iter().flat_map(u64::to_le_bytes);
        let crc = self.crc32.to_le_bytes();
        let forms: [Vec<u8>; 2] =
            [crc.into_iter().chain(wide).collect(), crc.into_iter().chain(narrow).collect()];
        for form in &forms {
            if after.strip_prefix(b"PK\x07\x08").is_some_and(|rest| rest.starts_with(form)) {
                return form.len() + 4;
            }
            if after.starts_with(form) {
                return form.len();
            }
        }
        0
    }

    /// UTF-8 where the flag says so or the octets are valid as such, else CP932, which
    /// is what Japanese Windows writes. The Unicode path of Info-ZIP goes before.
    fn shown_name(&self, faults: &mut Vec<&'static str>) -> String {
        if self.name.contains(&0) {
            faults.push("a name with a NUL octet");
        }
        let unicode = extra(self.extra, EXTRA_UNICODE_PATH).and_then(|field| {
            let fits = super::u32_at(field, 1) == Some(crc32fast::hash(self.name));
            std::str::from_utf8(field.get(5..)?).ok().filter(|_| fits)
        });
        if let Some(name) = unicode {
            return name.to_owned();
        }
        match std::str::from_utf8(self.name) {
            Ok(name) => name.to_owned(),
            Err(_) if self.flags & UTF8_NAME != 0 => {
                String::from_utf8_lossy(self.name).into_owned()
            }
            Err(_) => SHIFT_JIS.decode(self.name).0.into_owned(),
        }
    }
}

/// A local header.
struct Local<'a> {
    flags: u16,
    method: u16,
    crc32: u32,
    compressed: u64,
    expanded: u64,
    name: &'a [u8],
    length: usize,
}

impl<'a> Local<'a> {
    fn read(octets: &'a [u8]) -> Option<Self> {
        if !octets.starts_with(b"PK\x03\x04") {
            return None;
        }
        let name_end = LOCAL_BYTES + usize::from(u16_at(octets, 26)?);
        let length = name_end + usize::from(u16_at(octets, 28)?);
        let mut local = Self {
            flags: u16_at(octets, 6)?,
            method: u16_at(octets, 8)?,
            crc32: super::u32_at(octets, 14)?,
            compressed: u64::try_from(usize_at(octets, 18)?).ok()?,
            expanded: u64::try_from(usize_at(octets, 22)?).ok()?,
            name: octets.get(LOCAL_BYTES..name_end)?,
            length,
        };
        if let Some(zip64) = extra(octets.get(name_end..length)?, EXTRA_ZIP64) {
            let mut at = 0;
            for field in [&mut local.expanded, &mut local.compressed] {
                if *field == u64::from(u32::MAX) {
                    *field = u64_at(zip64, at)?;
                    at += 8;
                }
            }
        }
        Some(local)
    }
}

/// Whether the first entry of an archive, or of a part of a split one, is encrypted. For
/// archives whose directory cannot be read.
pub(crate) fn first_entry_is_locked(octets: &[u8]) -> bool {
    let octets = [b"PK\x07\x08", b"PK00"]
        .iter()
        .fold(octets, |octets, mark| octets.strip_prefix(mark.as_slice()).unwrap_or(octets));
    let locked = ENCRYPTED | STRONGLY_ENCRYPTED | HIDDEN_HEADER;
    Local::read(octets).is_some_and(|local| local.flags & locked != 0 || local.method == METHOD_AES)
}

/// The content of the extra field `id` (4.5.1).
fn extra(fields: &[u8], id: u16) -> Option<&[u8]> {
    let mut rest = fields;
    loop {
        let length = usize::from(u16_at(rest, 2)?);
        let field = rest.get(4..4 + length)?;
        if u16_at(rest, 0)? == id {
            return Some(field);
        }
        rest = rest.get(4 + length..)?;
    }
}
