//! RAR archives, read as far as it takes to tell whether they are locked: blocks and
//! their flags (technote.txt of RAR 4; "RAR 5.0 archive format").

use super::Locks;
use crate::zip::{u16_at, u32_at, usize_at};

const MARK_4: &[u8] = b"Rar!\x1A\x07\0";
const MARK_5: &[u8] = b"Rar!\x1A\x07\x01\0";

/// Blocks that are looked at, as many as a mail's archives may have entries.
const MAX_BLOCKS: usize = 20_000;

/// What is locked in the archive that begins `octets`; `None` if none does.
pub(crate) fn locks(octets: &[u8]) -> Option<Locks> {
    if let Some(blocks) = octets.strip_prefix(MARK_5) {
        return Some(version_5(blocks));
    }
    octets.strip_prefix(MARK_4).map(version_4)
}

/// Octets of an archive's first block. A program may hold the mark again and again: each
/// is tried with no more work than this.
const MAX_FIRST_BLOCK_BYTES: usize = 512;

/// Where in a program an archive begins that it unpacks: a mark, and a block behind it
/// whose checksum is right.
pub(crate) fn find_in_program(octets: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(octets, b"Rar!\x1A\x07").find(|at| {
        let end = at.saturating_add(MAX_FIRST_BLOCK_BYTES).min(octets.len());
        let rest = octets.get(*at..end).unwrap_or_default();
        if let Some(blocks) = rest.strip_prefix(MARK_5) {
            return Block5::read(blocks).is_some_and(|block| block.sound);
        }
        rest.strip_prefix(MARK_4).and_then(Block4::read).is_some_and(|block| block.sound)
    })
}

/// A block of RAR 1.5 to 4.
struct Block4 {
    kind: u8,
    flags: u16,
    /// Octets to the next block.
    length: usize,
    sound: bool,
}

impl Block4 {
    const MAIN: u8 = 0x73;
    const FILE: u8 = 0x74;
    const END: u8 = 0x7B;
    /// Of the main block: everything behind it is encrypted, names too.
    const HEADERS_LOCKED: u16 = 0x0080;
    /// Of a file's block.
    const FILE_LOCKED: u16 = 0x0004;
    /// Content follows; its length stands behind the first seven octets.
    const HAS_CONTENT: u16 = 0x8000;

    fn read(octets: &[u8]) -> Option<Self> {
        let kind = *octets.get(2)?;
        let flags = u16_at(octets, 3)?;
        let head = usize::from(u16_at(octets, 5)?);
        if head < 7 {
            return None;
        }
        let has_content = flags & Self::HAS_CONTENT != 0 || kind == Self::FILE;
        let content = if has_content { usize_at(octets, 7)? } else { 0 };
        let sum = octets.get(2..head).map(crc32fast::hash);
        let sound =
            sum.is_some_and(|sum| sum & 0xFFFF == u32::from(u16_at(octets, 0).unwrap_or(0)));
        Some(Self { kind, flags, length: head.checked_add(content)?, sound })
    }
}

fn version_4(blocks: &[u8]) -> Locks {
    let mut locks = Locks { locked: false, open: false };
    let mut rest = blocks;
    for _ in 0..MAX_BLOCKS {
        let Some(block) = Block4::read(rest) else { break };
        match block.kind {
            Block4::MAIN if block.flags & Block4::HEADERS_LOCKED != 0 => {
                return Locks { locked: true, open: false };
            }
            Block4::FILE if block.flags & Block4::FILE_LOCKED != 0 => locks.locked = true,
            Block4::FILE => locks.open = true,
            Block4::END => return locks,
            _ => {}
        }
        rest = rest.get(block.length..).unwrap_or_default();
        if rest.is_empty() {
            return locks;
        }
    }
    Locks { open: true, ..locks }
}

/// A block of RAR 5.
struct Block5<'o> {
    kind: u64,
    /// The extra area of a file's block.
    extra: &'o [u8],
    length: usize,
    sound: bool,
}

impl<'o> Block5<'o> {
    const FILE: u64 = 2;
    const SERVICE: u64 = 3;
    /// All headers behind it are encrypted.
    const ENCRYPTION: u64 = 4;
    const END: u64 = 5;
    const HAS_EXTRA: u64 = 1;
    const HAS_CONTENT: u64 = 2;
    /// The record of the extra area that says how a file is encrypted.
    const FILE_LOCKED: u64 = 1;

    fn read(octets: &'o [u8]) -> Option<Self> {
        let sum = u32_at(octets, 0)?;
        let (size, size_bytes) = number(octets.get(4..)?)?;
        let start = 4 + size_bytes;
        let end = start.checked_add(usize::try_from(size).ok()?)?;
        let head = octets.get(start..end)?;
        let (kind, mut at) = number(head)?;
        let mut field = |present: bool| -> Option<u64> {
            if !present {
                return Some(0);
            }
            let (value, used) = number(head.get(at..)?)?;
            at += used;
            Some(value)
        };
        let flags = field(true)?;
        let extra = field(flags & Self::HAS_EXTRA != 0)?;
        let content = field(flags & Self::HAS_CONTENT != 0)?;
        let extra = head.len().checked_sub(usize::try_from(extra).ok()?)?;
        Some(Self {
            kind,
            extra: head.get(extra..)?,
            length: end.checked_add(usize::try_from(content).ok()?)?,
            sound: octets.get(4..end).map(crc32fast::hash) == Some(sum),
        })
    }

    fn is_locked(&self) -> bool {
        let mut rest = self.extra;
        while let Some((size, used)) = number(rest) {
            let record = rest.get(used..).unwrap_or_default();
            if number(record).is_some_and(|(kind, _)| kind == Self::FILE_LOCKED) {
                return true;
            }
            let Some(size) = usize::try_from(size).ok().filter(|size| *size > 0) else { break };
            rest = record.get(size..).unwrap_or_default();
        }
        false
    }
}

fn version_5(blocks: &[u8]) -> Locks {
    let mut locks = Locks { locked: false, open: false };
    let mut rest = blocks;
    for _ in 0..MAX_BLOCKS {
        let Some(block) = Block5::read(rest) else { break };
        match block.kind {
            Block5::ENCRYPTION => return Locks { locked: true, open: false },
            Block5::FILE if block.is_locked() => locks.locked = true,
            Block5::FILE => locks.open = true,
            // Comments and the like are locked with the files.
            Block5::SERVICE if block.is_locked() => locks.locked = true,
            Block5::END => return locks,
            _ => {}
        }
        rest = rest.get(block.length..).unwrap_or_default();
        if rest.is_empty() {
            return locks;
        }
    }
    Locks { open: true, ..locks }
}

/// A number of up to ten octets, seven bits in each, and how many octets it has.
fn number(octets: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (at, octet) in octets.iter().take(10).enumerate() {
        value |= u64::from(octet & 0x7F).checked_shl(u32::try_from(at * 7).ok()?)?;
        if octet & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A block of RAR 4 with its checksum.
    pub(crate) fn block_4(kind: u8, flags: u16, rest: &[u8]) -> Vec<u8> {
        let mut block = vec![kind];
        block.extend(flags.to_le_bytes());
        block.extend(u16::try_from(7 + rest.len()).unwrap().to_le_bytes());
        block.extend(rest);
        let sum = u16::try_from(crc32fast::hash(&block) & 0xFFFF).unwrap();
        [&sum.to_le_bytes()[..], &block].concat()
    }

    /// An archive of RAR 4 with one file of five octets, flags as given.
    pub(crate) fn archive_4(main_flags: u16, file_flags: u16) -> Vec<u8> {
        let mut file = 5u32.to_le_bytes().to_vec();
        file.extend([5, 0, 0, 0, 2, 1, 2, 3, 4, 0, 0, 0, 0, 29, 0x33, 5, 0, 0, 0, 0, 0]);
        file.extend(b"a.txt");
        [
            MARK_4,
            &block_4(Block4::MAIN, main_flags, &[0; 6]),
            &block_4(Block4::FILE, file_flags | Block4::HAS_CONTENT, &file),
            b"12345",
            &block_4(Block4::END, 0x4000, &[]),
        ]
        .concat()
    }

    /// A block of RAR 5 with its checksum.
    pub(crate) fn block_5(head: &[u8]) -> Vec<u8> {
        let body = [&[u8::try_from(head.len()).unwrap()][..], head].concat();
        [&crc32fast::hash(&body).to_le_bytes()[..], &body].concat()
    }

    /// An archive of RAR 5 with one file of five octets, its extra area as given.
    pub(crate) fn archive_5(extra: &[u8]) -> Vec<u8> {
        let size = u8::try_from(extra.len()).unwrap();
        let (flags, extra_size): (u8, &[u8]) = if size == 0 { (2, &[]) } else { (3, &[size]) };
        let head = [&[2, flags][..], extra_size, &[5, 0, 5, 0, 0, 1, 5], b"a.txt", extra].concat();
        [MARK_5, &block_5(&[1, 0, 0]), &block_5(&head), b"12345", &block_5(&[5, 0, 0])].concat()
    }

    fn told(octets: &[u8]) -> Option<(bool, bool)> {
        locks(octets).map(|locks| (locks.locked, locks.open))
    }

    #[test]
    fn locked_headers_and_files_are_told_from_open_ones_in_version_4() {
        assert_eq!(told(&archive_4(0, 0)), Some((false, true)));
        assert_eq!(told(&archive_4(0, Block4::FILE_LOCKED)), Some((true, false)));
        assert_eq!(told(&archive_4(Block4::HEADERS_LOCKED, 0)), Some((true, false)));
    }

    #[test]
    fn locked_headers_and_files_are_told_from_open_ones_in_version_5() {
        assert_eq!(told(&archive_5(&[])), Some((false, true)));
        let extra = [&[48, 1, 0, 1, 15][..], &[7; 44]].concat();
        assert_eq!(told(&archive_5(&extra)), Some((true, false)));
        // A record for the time in front of it.
        let extra = [&[2, 3, 0][..], &extra].concat();
        assert_eq!(told(&archive_5(&extra)), Some((true, false)));
        let locked = [MARK_5, &block_5(&[4, 0, 0, 0, 15]), &[9; 40]].concat();
        assert_eq!(told(&locked), Some((true, false)));
    }

    #[test]
    fn what_breaks_off_is_not_said_to_be_locked_or_read_to_the_end() {
        assert_eq!(told(MARK_4), Some((false, true)));
        assert_eq!(told(&[MARK_5, &[0xFF; 30]].concat()), Some((false, true)));
        assert_eq!(told(b"Rar!"), None);
    }

    #[test]
    fn an_archive_in_a_program_is_found_where_its_checksum_is_right() {
        let program = [b"MZ..Rar!\x1A\x07\0 no block".as_slice(), &archive_4(0, 0)].concat();
        let at = find_in_program(&program).unwrap();
        assert_eq!(locks(&program[at..]).map(|locks| locks.open), Some(true));
        assert_eq!(find_in_program(b"MZ Rar!\x1A\x07\0 is the mark"), None);
    }
}
