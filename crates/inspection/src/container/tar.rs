//! tar archives: POSIX ustar and pax, GNU, and those from before (POSIX.1-2017 `pax`).

use super::{Listing, number, shown_name};

const BLOCK_BYTES: usize = 512;

/// Whether `octets` begin with a header whose checksum is right: older archives have no
/// mark.
pub(crate) fn looks_like_tar(octets: &[u8]) -> bool {
    Header::read(octets).is_some_and(|header| !header.name.is_empty())
}

struct Header<'o> {
    name: &'o [u8],
    prefix: &'o [u8],
    size: usize,
    kind: u8,
}

impl<'o> Header<'o> {
    fn read(octets: &'o [u8]) -> Option<Self> {
        let block = octets.get(..BLOCK_BYTES)?;
        // The sum over all octets, those of the sum itself taken for blanks.
        let sum: usize = block.iter().map(|octet| usize::from(*octet)).sum();
        let field = block.get(148..156)?;
        let own: usize = field.iter().map(|octet| usize::from(*octet)).sum();
        if number(field, 8)? != sum - own + 8 * usize::from(b' ') || sum == 0 {
            return None;
        }
        let is_posix = block.get(257..262)? == b"ustar" && block.get(262) == Some(&0);
        Some(Self {
            name: block.get(..100)?,
            prefix: if is_posix { block.get(345..500)? } else { &[] },
            size: size(block.get(124..136)?)?,
            kind: *block.get(156)?,
        })
    }

    fn shown_name(&self) -> String {
        let (prefix, name) = (shown_name(self.prefix), shown_name(self.name));
        if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
    }
}

/// Octal digits or, in GNU's form for large files, a number of base 256.
fn size(field: &[u8]) -> Option<usize> {
    match field.split_first()? {
        (0x80, rest) => rest.iter().try_fold(0usize, |value, octet| {
            value.checked_mul(256)?.checked_add(usize::from(*octet))
        }),
        _ => number(field, 8),
    }
}

/// The files of an archive, at most `most`.
pub(crate) fn list(octets: &[u8], most: usize) -> Listing<'_> {
    let mut listing = Listing::default();
    let mut rest = octets;
    let mut long_name: Option<String> = None;
    let mut long_size: Option<usize> = None;
    while !rest.is_empty() {
        let Some(header) = Header::read(rest) else {
            end(rest, &mut listing);
            break;
        };
        // The extended header tells the length of the file that follows, not its own.
        let is_file = !matches!(header.kind, b'x' | b'g' | b'L' | b'K');
        let size = if is_file { long_size.take().unwrap_or(header.size) } else { header.size };
        let content = rest.get(BLOCK_BYTES..).unwrap_or_default();
        let Some(content) = content.get(..size) else {
            listing.damaged = Some("cut short");
            let name = long_name.take().unwrap_or_else(|| header.shown_name());
            listing.push(most, name, content);
            break;
        };
        match header.kind {
            b'L' => long_name = Some(shown_name(content)),
            b'x' => {
                long_name = record(content, b"path").map(shown_name).or(long_name);
                long_size = record(content, b"size").and_then(|value| number(value, 10));
            }
            b'g' | b'K' => {}
            b'S' => listing.ambiguous = Some("a file with holes"),
            _ => {
                let name = long_name.take().unwrap_or_else(|| header.shown_name());
                if !listing.push(most, name, content) {
                    break;
                }
            }
        }
        let step =
            BLOCK_BYTES.saturating_add(size.div_ceil(BLOCK_BYTES).saturating_mul(BLOCK_BYTES));
        rest = rest.get(step..).unwrap_or_default();
    }
    listing
}

/// Blocks of zeros end an archive; what else stands there some programs go on to read.
fn end(rest: &[u8], listing: &mut Listing<'_>) {
    let zeros = rest.iter().take_while(|octet| **octet == 0).count();
    if zeros == rest.len() {
        return;
    }
    if zeros < BLOCK_BYTES {
        listing.damaged = Some("a header with a wrong checksum");
    } else {
        listing.ambiguous = Some("data behind the archive");
    }
}

/// The value of a record `21 path=name` of an extended header.
fn record<'o>(octets: &'o [u8], key: &[u8]) -> Option<&'o [u8]> {
    let mut rest = octets;
    let mut found = None;
    while let Some(space) = memchr::memchr(b' ', rest) {
        let length = number(rest.get(..space)?, 10)?;
        let record = rest.get(space + 1..length)?;
        let value = record.strip_prefix(key).and_then(|value| value.strip_prefix(b"="));
        found = value.map(|value| value.strip_suffix(b"\n").unwrap_or(value)).or(found);
        rest = rest.get(length..)?;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, size: usize, kind: u8) -> Vec<u8> {
        let mut block = vec![0; BLOCK_BYTES];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[156] = kind;
        block[148..156].fill(b' ');
        let sum: usize = block.iter().map(|octet| usize::from(*octet)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    fn entry(name: &str, content: &[u8], kind: u8) -> Vec<u8> {
        let mut entry = header(name, content.len(), kind);
        entry.extend(content);
        entry.resize(entry.len().next_multiple_of(BLOCK_BYTES), 0);
        entry
    }

    fn names(listing: &Listing<'_>) -> Vec<(String, Vec<u8>)> {
        listing.members.iter().map(|m| (m.name.clone(), m.content.to_vec())).collect()
    }

    #[test]
    fn files_and_their_long_names_are_read() {
        let octets = [
            entry("a.txt", b"hello", b'0'),
            entry("x", b"17 path=long.txt\n12 size=003\n", b'x'),
            entry("short", b"abc", 0),
            entry("y", b"gnu.txt\0", b'L'),
            entry("short", b"d", b'0'),
            vec![0; 1024],
        ]
        .concat();
        assert!(looks_like_tar(&octets));
        let listing = list(&octets, 9);
        let file = |name: &str, content: &[u8]| (name.to_owned(), content.to_vec());
        assert_eq!(
            names(&listing),
            [file("a.txt", b"hello"), file("long.txt", b"abc"), file("gnu.txt", b"d")]
        );
        assert_eq!((listing.damaged, listing.ambiguous), (None, None));
        assert!(list(&octets, 2).too_many && !list(&octets, 3).too_many);
    }

    #[test]
    fn what_is_broken_or_stands_behind_is_told() {
        let octets = entry("a", b"hello", b'0');
        let cut = list(&octets[..514], 9);
        assert_eq!((cut.damaged, names(&cut)[0].1.as_slice()), (Some("cut short"), &b"he"[..]));
        let wrong = [octets.clone(), vec![7; 512]].concat();
        assert_eq!(list(&wrong, 9).damaged, Some("a header with a wrong checksum"));
        let behind = [octets, vec![0; 1024], entry("b", b"x", b'0')].concat();
        assert_eq!(list(&behind, 9).ambiguous, Some("data behind the archive"));
    }
}
