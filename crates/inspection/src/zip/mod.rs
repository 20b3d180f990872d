//! Zip archives, read strictly: from the central directory, checked against the local
//! headers, every octet accounted for. APPNOTE.TXT 6.3.10 of PKWARE.
//!
//! What two programs could read differently (a second directory, other sizes in front
//! of the file than in the directory, overlapping entries, octets that nobody claims)
//! is [`Archive::ambiguous`]: it is still read our way, but not believed.

mod directory;
mod entry;
mod inflate;

pub(crate) use directory::{Unreadable, ends_like_zip, looks_like_zip, read};
pub(crate) use entry::first_entry_is_locked;
pub(crate) use entry::{Entry, Method};
pub(crate) use inflate::{Ended, inflate};

/// Little-endian fields out of untrusted octets.
pub(crate) fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    octets.get(at..)?.first_chunk().map(|field| u16::from_le_bytes(*field))
}

pub(crate) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..)?.first_chunk().map(|field| u32::from_le_bytes(*field))
}

pub(crate) fn u64_at(octets: &[u8], at: usize) -> Option<u64> {
    octets.get(at..)?.first_chunk().map(|field| u64::from_le_bytes(*field))
}

pub(crate) fn usize_at(octets: &[u8], at: usize) -> Option<usize> {
    u32_at(octets, at).and_then(|value| usize::try_from(value).ok())
}
