//! Compound files (MS-CFB): a small file system in one file. Office documents from before
//! 2007, Outlook messages, locked documents of today, and VBA projects within any of them.
//!
//! Read by our own bounded reader: a chain of sectors is never longer than the file, and
//! what all streams together give is paid from the caller's budget, since an attacker may
//! let a thousand streams share one chain.

mod directory;
pub(crate) mod vba;

use std::collections::HashMap;

use directory::Slot;

use crate::zip::{Unreadable, u16_at, u32_at};

/// The first octets of a compound file (MS-CFB 2.2).
pub(crate) const MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Octets of the header; the sectors begin behind it.
const HEADER_BYTES: usize = 512;

/// Sector numbers from here on are marks and no sectors (MS-CFB 2.1).
const LARGEST_SECTOR: u32 = 0xFFFF_FFFA;

/// Streams of up to 4,096 octets (by the header's word) lie in the mini stream.
const MINI_SECTOR_BYTES: usize = 64;

/// What a stream says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    /// Names of the storages around it and its own, joined by `/`.
    pub(crate) path: String,
    start: u32,
    size: u64,
}

impl Stream {
    /// The stream's own name.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// The path of the storage that it lies in; empty for the root.
    pub(crate) fn storage(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(storage, _)| storage)
    }
}

/// A compound file whose directory was read.
#[derive(Debug)]
pub(crate) struct CompoundFile<'o> {
    octets: &'o [u8],
    sector_bytes: usize,
    /// The sector that follows each sector.
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_stream: Vec<u8>,
    mini_cutoff: u64,
    /// In the order of the directory.
    pub(crate) streams: Vec<Stream>,
    by_path: HashMap<String, usize>,
}

impl<'o> CompoundFile<'o> {
    /// Reads header, tables and directory, at most `max_streams` streams.
    pub(crate) fn read(octets: &'o [u8], max_streams: usize) -> Result<Self, Unreadable> {
        let (mut file, slots) = Self::tables(octets).ok_or(Unreadable::Damaged)?;
        file.streams = directory::streams(&slots, max_streams).ok_or(Unreadable::TooManyEntries)?;
        let paths = file.streams.iter().enumerate();
        file.by_path = paths.map(|(at, stream)| (stream.path.clone(), at)).collect();
        Ok(file)
    }

    /// The stream at `path`.
    pub(crate) fn stream(&self, path: &str) -> Option<&Stream> {
        self.by_path.get(path).and_then(|at| self.streams.get(*at))
    }

    fn tables(octets: &'o [u8]) -> Option<(Self, Vec<Slot>)> {
        if !octets.starts_with(MAGIC) {
            return None;
        }
        let sector_bytes = match u16_at(octets, 30)? {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut file = Self {
            octets,
            sector_bytes,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_stream: Vec::new(),
            mini_cutoff: u64::from(u32_at(octets, 56)?),
            streams: Vec::new(),
            by_path: HashMap::new(),
        };
        file.fat = file.allocation_table()?;
        let slots = directory::slots(&file.chain(u32_at(octets, 48)?));
        let root = slots.first()?;
        file.mini_fat = numbers(&file.chain(u32_at(octets, 60)?));
        file.mini_stream = file.chain(root.start);
        Some((file, slots))
    }

    /// The content of `stream`, as far as its chain reaches; `None` if `budget` does not
    /// suffice, which it is charged with otherwise.
    pub(crate) fn content(&self, stream: &Stream, budget: &mut u64) -> Option<Vec<u8>> {
        let size = usize::try_from(stream.size).unwrap_or(usize::MAX).min(self.octets.len());
        let left = budget.checked_sub(u64::try_from(size).unwrap_or(u64::MAX))?;
        let mut content = if stream.size < self.mini_cutoff {
            self.mini_chain(stream.start, size)
        } else {
            self.chain_up_to(stream.start, size)
        };
        content.truncate(size);
        *budget = left;
        Some(content)
    }

    /// The table of sectors (2.3), by the list in the header and its continuation (2.5).
    fn allocation_table(&self) -> Option<Vec<u32>> {
        let sectors = self.octets.len() / self.sector_bytes;
        let per_sector = self.sector_bytes / 4;
        let mut places: Vec<u32> = numbers(self.octets.get(76..HEADER_BYTES)?);
        let mut next = u32_at(self.octets, 68)?;
        let mut followed = 0;
        while next < LARGEST_SECTOR && followed <= sectors / per_sector {
            let Some(sector) = self.sector(next) else { break };
            let mut more = numbers(sector);
            next = more.pop().unwrap_or(LARGEST_SECTOR);
            places.append(&mut more);
            followed += 1;
        }
        let mut table = Vec::new();
        for place in places.into_iter().filter(|place| *place < LARGEST_SECTOR) {
            // One sector of the table says where `per_sector` sectors go on: more of them
            // than the file has sectors say nothing.
            if table.len() > sectors + per_sector {
                break;
            }
            table.extend(numbers(self.sector(place).unwrap_or_default()));
        }
        Some(table)
    }

    fn sector(&self, number: u32) -> Option<&'o [u8]> {
        let start = usize::try_from(number).ok()?.checked_add(1)?.checked_mul(self.sector_bytes)?;
        let end = start.checked_add(self.sector_bytes)?.min(self.octets.len());
        self.octets.get(start..end).filter(|sector| !sector.is_empty())
    }

    fn chain(&self, start: u32) -> Vec<u8> {
        self.chain_up_to(start, self.octets.len())
    }

    /// The sectors from `start` on, at least `most` octets if there are as many. A chain
    /// that bites its tail ends with the length of the file.
    fn chain_up_to(&self, start: u32, most: usize) -> Vec<u8> {
        let mut content = Vec::with_capacity(most.min(self.octets.len()));
        let mut next = start;
        while content.len() < most.min(self.octets.len()) {
            let Some(sector) = self.sector(next) else { break };
            content.extend_from_slice(sector);
            let Some(following) = usize::try_from(next).ok().and_then(|at| self.fat.get(at)) else {
                break;
            };
            next = *following;
        }
        content
    }

    fn mini_chain(&self, start: u32, most: usize) -> Vec<u8> {
        let mut content = Vec::new();
        let mut next = start;
        while content.len() < most {
            let Ok(at) = usize::try_from(next) else { break };
            let from = at.saturating_mul(MINI_SECTOR_BYTES);
            let to = from.saturating_add(MINI_SECTOR_BYTES).min(self.mini_stream.len());
            let Some(sector) = self.mini_stream.get(from..to).filter(|s| !s.is_empty()) else {
                break;
            };
            content.extend_from_slice(sector);
            let Some(following) = self.mini_fat.get(at) else { break };
            next = *following;
        }
        content
    }
}

fn numbers(octets: &[u8]) -> Vec<u32> {
    octets.as_chunks().0.iter().map(|four: &[u8; 4]| u32::from_le_bytes(*four)).collect()
}

impl Slot {
    fn into_stream(self, path: String) -> Stream {
        Stream { path, start: self.start, size: self.size }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
pub(crate) mod tests;
