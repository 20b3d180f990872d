//! The directory (MS-CFB 2.6): storages and streams as a tree of numbered entries.

use super::Stream;
use crate::zip::{u16_at, u32_at, u64_at};

const SLOT_BYTES: usize = 128;

/// An entry that points nowhere.
const NO_STREAM: u32 = u32::MAX;

/// How deep storages may lie in each other; deeper ones keep their own name alone.
const MAX_STORAGES: usize = 32;

/// One entry of the directory as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    name: String,
    kind: u8,
    left: u32,
    right: u32,
    child: u32,
    pub(super) start: u32,
    pub(super) size: u64,
}

const STORAGE: u8 = 1;
const STREAM: u8 = 2;
const ROOT: u8 = 5;

/// The entries of a directory's octets.
pub(super) fn slots(octets: &[u8]) -> Vec<Slot> {
    octets.chunks_exact(SLOT_BYTES).filter_map(slot).collect()
}

fn slot(octets: &[u8]) -> Option<Slot> {
    // The length counts the two octets that end the name.
    let length = usize::from(u16_at(octets, 64)?).saturating_sub(2).min(62);
    let units: Vec<u16> = octets
        .get(..length)?
        .as_chunks()
        .0
        .iter()
        .map(|two: &[u8; 2]| u16::from_le_bytes(*two))
        .collect();
    Some(Slot {
        name: String::from_utf16_lossy(&units).replace('/', "\u{FFFD}"),
        kind: *octets.get(66)?,
        left: u32_at(octets, 68)?,
        right: u32_at(octets, 72)?,
        child: u32_at(octets, 76)?,
        start: u32_at(octets, 116)?,
        size: u64_at(octets, 120)?,
    })
}

/// Every stream of the directory with the path of its storages. Also those that no
/// storage leads to: a program may look further than the tree.
///
/// `None` if there are more than `most`.
pub(super) fn streams(slots: &[Slot], most: usize) -> Option<Vec<Stream>> {
    let parents = parents(slots);
    let index = |slot: usize| u32::try_from(slot).unwrap_or(NO_STREAM);
    let mut found = Vec::new();
    for (at, slot) in slots.iter().enumerate().filter(|(_, slot)| slot.kind == STREAM) {
        if found.len() == most {
            return None;
        }
        let mut path = slot.name.clone();
        let mut inner = index(at);
        for _ in 0..MAX_STORAGES {
            let parent = usize::try_from(inner).ok().and_then(|at| parents.get(at)).copied();
            let Some(parent) = parent.filter(|parent| *parent != NO_STREAM) else { break };
            let storage = usize::try_from(parent).ok().and_then(|at| slots.get(at));
            let Some(storage) = storage.filter(|storage| storage.kind == STORAGE) else { break };
            path = format!("{}/{path}", storage.name);
            inner = parent;
        }
        found.push(slot.clone().into_stream(path));
    }
    Some(found)
}

/// The storage that each entry lies in. Every entry is visited once, whatever circles
/// the pointers make.
fn parents(slots: &[Slot]) -> Vec<u32> {
    let mut parents = vec![NO_STREAM; slots.len()];
    let mut seen = vec![false; slots.len()];
    let storages = slots.iter().enumerate();
    for (number, storage) in storages.filter(|(_, slot)| matches!(slot.kind, STORAGE | ROOT)) {
        let Ok(parent) = u32::try_from(number) else { break };
        let mut open = vec![storage.child];
        while let Some(next) = open.pop() {
            let Ok(at) = usize::try_from(next) else { continue };
            let (Some(slot), Some(seen)) = (slots.get(at), seen.get_mut(at)) else { continue };
            if std::mem::replace(seen, true) {
                continue;
            }
            if let Some(known) = parents.get_mut(at) {
                *known = parent;
            }
            open.extend([slot.left, slot.right]);
        }
    }
    parents
}
