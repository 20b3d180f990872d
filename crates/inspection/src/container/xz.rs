//! xz (The .xz File Format 1.2.1) and lzip: one file each, compressed with LZMA.

use super::lzma::{self, LzmaFault, Properties};
use crate::zip::{Ended, u32_at, u64_at};

/// How an xz file begins.
pub(crate) const MARK: &[u8] = b"\xFD7zXZ\0";

/// How a member of an lzip file begins.
pub(crate) const LZIP_MARK: &[u8] = b"LZIP";

/// The one filter that we know, which all files have but those of programs.
const LZMA_2: u64 = 0x21;

/// What came out of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expanded {
    pub(crate) content: Vec<u8>,
    /// How it ended, `None` for a filter that we do not know.
    pub(crate) ended: Option<Ended>,
}

/// Expands an xz file, all its streams, to at most `limit` octets.
pub(crate) fn expand(octets: &[u8], limit: usize) -> Expanded {
    let mut content = Vec::new();
    let mut rest = octets;
    while rest.starts_with(MARK) {
        match stream(rest, limit, &mut content) {
            Ok(used) => rest = rest.get(used..).unwrap_or_default(),
            Err(ended) => return Expanded { content, ended },
        }
        // Streams may be padded with zeros.
        let zeros = rest.iter().take_while(|octet| **octet == 0).count();
        rest = rest.get(zeros..).unwrap_or_default();
    }
    let ended = if rest.is_empty() { Ended::Complete } else { Ended::Corrupt };
    Expanded { content, ended: Some(ended) }
}

/// One stream (2.1): how many octets it has, or why it does not end.
fn stream(octets: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<usize, Option<Ended>> {
    const TRUNCATED: Option<Ended> = Some(Ended::Truncated);
    const CORRUPT: Option<Ended> = Some(Ended::Corrupt);
    let check_bytes = match octets.get(7).ok_or(TRUNCATED)? & 0x0F {
        0 => 0,
        check @ 1..=15 => 4usize << ((check - 1) / 3),
        _ => return Err(CORRUPT),
    };
    let mut at = 12;
    loop {
        let size = usize::from(*octets.get(at).ok_or(TRUNCATED)?);
        if size == 0 {
            break;
        }
        let head = octets.get(at..at + (size + 1) * 4).ok_or(TRUNCATED)?;
        let (head, sum) = head.split_at(head.len() - 4);
        if u32_at(sum, 0) != Some(crc32fast::hash(head)) {
            return Err(CORRUPT);
        }
        if !only_lzma_2(head).ok_or(CORRUPT)? {
            return Err(None);
        }
        let start = at + (size + 1) * 4;
        let room = limit.saturating_sub(out.len());
        let used = lzma::expand_2(octets.get(start..).unwrap_or_default(), room, out);
        let used = used.map_err(ended)?;
        at = start + used.next_multiple_of(4) + check_bytes;
    }
    // The index: a count, two numbers for each block, padding, a checksum; then the footer.
    let index = at;
    at += 1;
    let (count, used) = number(octets.get(at..).unwrap_or_default()).ok_or(TRUNCATED)?;
    at += used;
    for _ in 0..count.checked_mul(2).ok_or(CORRUPT)? {
        let (_, used) = number(octets.get(at..).unwrap_or_default()).ok_or(TRUNCATED)?;
        at += used;
    }
    at = index + (at - index).next_multiple_of(4) + 4;
    let footer = octets.get(at..at + 12).ok_or(TRUNCATED)?;
    if footer.ends_with(b"YZ") { Ok(at + 12) } else { Err(CORRUPT) }
}

/// Whether a block (3.1) has that filter alone; `None` if its header is broken.
fn only_lzma_2(head: &[u8]) -> Option<bool> {
    let flags = *head.get(1)?;
    let mut rest = head.get(2..)?;
    for bit in [0x40, 0x80] {
        if flags & bit != 0 {
            let (_, used) = number(rest)?;
            rest = rest.get(used..)?;
        }
    }
    let (filter, _) = number(rest)?;
    Some(flags & 3 == 0 && filter == LZMA_2)
}

/// 1.2: seven bits in each octet, at most nine octets.
fn number(octets: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (place, octet) in octets.iter().take(9).enumerate() {
        value |= u64::from(octet & 0x7F) << (7 * place);
        if octet & 0x80 == 0 {
            return Some((value, place + 1));
        }
    }
    None
}

fn ended(fault: LzmaFault) -> Option<Ended> {
    Some(match fault {
        LzmaFault::Truncated => Ended::Truncated,
        LzmaFault::Corrupt => Ended::Corrupt,
        LzmaFault::TooLong => Ended::TooLong,
    })
}

/// Octets before and behind the stream of an lzip member.
const LZIP_HEAD: usize = 6;
const LZIP_TAIL: usize = 20;

/// Expands an lzip file, all its members, to at most `limit` octets. More than `most`
/// members are told as too long: each costs as much as a small file, and may hold nothing.
pub(crate) fn expand_lzip(octets: &[u8], limit: usize, most: usize) -> Expanded {
    let mut content = Vec::new();
    let mut rest = octets;
    for _ in 0..most {
        // A member may not look back into the one before.
        let mut member = Vec::new();
        let used = lzip_member(rest, limit.saturating_sub(content.len()), &mut member);
        content.append(&mut member);
        match used {
            Ok(used) => rest = rest.get(used..).unwrap_or_default(),
            Err(ended) => return Expanded { content, ended },
        }
        if !rest.starts_with(LZIP_MARK) {
            let ended = if rest.is_empty() { Ended::Complete } else { Ended::Corrupt };
            return Expanded { content, ended: Some(ended) };
        }
    }
    Expanded { content, ended: Some(Ended::TooLong) }
}

/// One member at the beginning of `octets`: how many it has, or why it does not end.
fn lzip_member(octets: &[u8], limit: usize, content: &mut Vec<u8>) -> Result<usize, Option<Ended>> {
    const TRUNCATED: Option<Ended> = Some(Ended::Truncated);
    let properties = Properties::read(93).ok_or(TRUNCATED)?;
    let stream = octets.get(LZIP_HEAD..).ok_or(TRUNCATED)?;
    let used = lzma::expand_to_mark(stream, properties, limit, content).map_err(ended)?;
    let tail = stream.get(used..used + LZIP_TAIL).ok_or(TRUNCATED)?;
    let size = LZIP_HEAD + used + LZIP_TAIL;
    let is = |at, value: usize| u64_at(tail, at) == u64::try_from(value).ok();
    let sound = u32_at(tail, 0) == Some(crc32fast::hash(content));
    if sound && is(4, content.len()) && is(12, size) { Ok(size) } else { Err(Some(Ended::Corrupt)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'hello hello hello hello' | xz`
    const XZ: &[u8] = include_bytes!("../../tests/files/hello.xz");

    #[test]
    fn a_file_of_xz_is_expanded_to_its_bound() {
        let whole = expand(XZ, 100);
        assert_eq!(whole.ended, Some(Ended::Complete));
        assert_eq!(whole.content, b"hello hello hello hello");
        assert_eq!(expand(XZ, 23).ended, Some(Ended::Complete));
        assert_eq!(expand(XZ, 22).ended, Some(Ended::TooLong));
        let twice = expand(&[XZ, XZ].concat(), 100);
        assert_eq!((twice.content.len(), twice.ended), (46, Some(Ended::Complete)));
    }

    #[test]
    fn every_bad_end_has_its_name() {
        assert_eq!(expand(&XZ[..XZ.len() - 3], 100).ended, Some(Ended::Truncated));
        assert_eq!(expand(&XZ[..30], 100).ended, Some(Ended::Truncated));
        assert_eq!(expand(&[XZ, b"more"].concat(), 100).ended, Some(Ended::Corrupt));
        let mut wrong = XZ.to_vec();
        wrong[14] ^= 1;
        assert_eq!(expand(&wrong, 100).ended, Some(Ended::Corrupt));
    }

    /// `printf 'hello hello hello hello' | lzip`
    const LZIP: &[u8] = b"\x4c\x5a\x49\x50\x01\x10\x00\x34\x19\x49\xee\x8d\xe9\x56\x0b\xd5\xc5\xa3\xff\xff\x78\xa4\x00\x00\xe3\x51\x3d\x8d\x17\x00\x00\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x00\x00\x00";

    #[test]
    fn a_file_of_lzip_is_read_whole_or_said_to_be_damaged() {
        let whole = expand_lzip(LZIP, 23, 1);
        assert_eq!(whole.ended, Some(Ended::Complete));
        assert_eq!(whole.content, b"hello hello hello hello");
        assert_eq!(expand_lzip(LZIP, 22, 1).ended, Some(Ended::TooLong));
        // A size that says less than there is.
        let mut short = LZIP.to_vec();
        let at = short.len() - 16;
        short[at] = 5;
        assert_eq!(expand_lzip(&short, 100, 1).ended, Some(Ended::Corrupt));
        assert_eq!(expand_lzip(b"LZIP", 100, 1).ended, Some(Ended::Truncated));
    }

    #[test]
    fn all_members_of_lzip_are_read_and_none_beyond_the_bounds() {
        let three = [LZIP, LZIP, LZIP].concat();
        let whole = expand_lzip(&three, 69, 3);
        assert_eq!((whole.content.len(), whole.ended), (69, Some(Ended::Complete)));
        assert_eq!(expand_lzip(&three, 68, 3).ended, Some(Ended::TooLong));
        assert_eq!(expand_lzip(&three, 69, 2).ended, Some(Ended::TooLong));
        let more = expand_lzip(&[LZIP, b"more"].concat(), 100, 3);
        assert_eq!((more.content.len(), more.ended), (23, Some(Ended::Corrupt)));
        // Cut in the second, and a second one with a wrong checksum.
        let cut = expand_lzip(&three[..LZIP.len() + 20], 100, 3);
        assert_eq!(cut.ended, Some(Ended::Truncated));
        let mut wrong = [LZIP, LZIP].concat();
        let at = wrong.len() - LZIP_TAIL;
        wrong[at] ^= 1;
        let wrong = expand_lzip(&wrong, 100, 3);
        assert_eq!((wrong.content.len(), wrong.ended), (46, Some(Ended::Corrupt)));
    }
}
