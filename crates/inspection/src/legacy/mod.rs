//! Text of Office documents from before 2007, out of the streams of their compound files,
//! far enough to find what is in it.

pub(crate) mod excel;
pub(crate) mod powerpoint;
pub(crate) mod word;

/// What a document gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Legacy<T> {
    /// Its content is encrypted.
    Locked,
    /// It is not what its name says, or from before 1997.
    Unknown,
    /// What was read.
    Read(T),
}

/// `units` of UTF-16, little-endian.
fn wide(octets: &[u8]) -> impl Iterator<Item = char> {
    let units = octets.as_chunks().0.iter().map(|two: &[u8; 2]| u16::from_le_bytes(*two));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
}
