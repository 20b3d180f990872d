//! Containers beside zip: tar, ar, cpio, bzip2, xz, lzip, winmail.dat, 7z, RAR.
//!
//! The octets are looked into as they are and, so that changes of the first ones cost
//! nothing, behind each mark. Properties: as for any file.

use ssmax_inspection::Direction;

use crate::inspection_file::look;
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 400;

const MARKS: [&[u8]; 9] = [
    b"!<arch>\n",
    b"070701",
    b"070707",
    b"BZh91AY&SY",
    b"\xFD7zXZ\0",
    b"LZIP\x01\x0C",
    b"\x78\x9F\x3E\x22",
    b"7z\xBC\xAF\x27\x1C",
    b"Rar!\x1A\x07\x01\0",
];

/// Looks into the octets, and behind the mark that their last octet chooses.
pub fn run(octets: &[u8]) {
    look("a.bin", octets, Direction::Inbound);
    let Some((choice, rest)) = octets.split_last() else { return };
    let mark = MARKS.get(usize::from(*choice) % MARKS.len()).expect("an index in the array");
    let file = [mark, rest.get(mark.len()..).unwrap_or_default()].concat();
    look("a.bin", &file, Direction::Outbound);
}
