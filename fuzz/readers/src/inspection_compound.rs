//! Compound files: directory, Word, Excel, PowerPoint, VBA, objects.
//!
//! The octets are a compound file, its mark put in front where it is missing; and each
//! reader's own stream. Properties: as for any file.

use ssmax_inspection::Direction;

use crate::inspection_file::look;
use crate::seeds::Pool;

pub(crate) use crate::nothing_made as made;
pub(crate) const POOLS: &[Pool] = &[];
pub(crate) const ROUNDS: usize = 400;

const MARK: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Looks into the octets as a compound file.
pub fn run(octets: &[u8]) {
    let rest = octets.get(MARK.len()..).unwrap_or_default();
    look("a.doc", &[MARK, rest].concat(), Direction::Inbound);
}
