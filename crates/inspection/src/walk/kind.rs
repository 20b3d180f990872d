//! What a file is, by its octets: its name is the sender's word.

use super::container::{self, Container};
use crate::{
    compound,
    container::{Locks, rar, seven_zip},
    text::rtf,
    zip,
};

/// How a file is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Gzip,
    /// An Office file from before 2007, or an encrypted one of today.
    Compound,
    Pdf,
    Rtf,
    /// Another container that we open.
    Container(Container),
    /// A container that we cannot open, by its common name.
    Closed(&'static str),
    /// The same, of a kind that may be locked with a password.
    Lockable(&'static str, Locks),
    /// Text, or octets without a known inside (pictures, sound).
    Plain,
}

/// Containers we know of and cannot open: where their mark stands, the mark, the name.
const CLOSED: &[(usize, &[u8], &str)] = &[
    (0, b"Rar!\x1A\x07", "RAR"),
    (0, b"RE\x7E\x5E", "RAR"),
    (0, b"\x28\xB5\x2F\xFD", "zstd"),
    (0, b"\x04\x22\x4D\x18", "lz4"),
    (0, b"MSCF\0\0\0\0", "cab"),
    (0, b"MSWIM\0\0\0", "wim"),
    (0, b"ITSF", "chm"),
    (0, b"xar!", "xar"),
    (0, b"\x1F\x9D", "compress"),
    (0, b"\x1F\xA0", "compress"),
    (0, b"ALZ\x01", "alz"),
    (0, b"EGGA", "egg"),
    (2, b"-lh", "LZH"),
    (2, b"-lz", "LZH"),
    (7, b"**ACE**", "ace"),
    (32_769, b"CD001", "ISO 9660"),
];

/// How containers begin in which a file may stand as it is.
const CONTAINERS: [&[u8]; 8] =
    [b"PK", b"7z\xBC\xAF", b"Rar!", b"\x1F\x8B", b"!<arch>", b"0707", b"MSCF", b"{\\rtf"];

/// How far into a file its PDF header may stand: readers accept it this late.
const PDF_HEADER_BYTES: usize = 1024;

/// What `octets` are. An archive behind something else (a program that unpacks itself)
/// is an archive.
pub(super) fn recognise(octets: &[u8]) -> Kind {
    if octets.starts_with(b"PK") && zip::looks_like_zip(octets) {
        return Kind::Zip;
    }
    // What has a form of its own may hold archives and is none for that.
    if octets.starts_with(compound::MAGIC) {
        return Kind::Compound;
    }
    let head = octets.get(..PDF_HEADER_BYTES.min(octets.len())).unwrap_or_default();
    let is_pdf = memchr::memmem::find(head, b"%PDF-").is_some();
    // An archive that stores a PDF may have its header as early.
    if is_pdf && !CONTAINERS.iter().any(|mark| octets.starts_with(mark)) {
        return Kind::Pdf;
    }
    if octets.starts_with(b"\x1F\x8B") {
        return Kind::Gzip;
    }
    if octets.starts_with(rtf::MAGIC) {
        return Kind::Rtf;
    }
    if let Some(container) = container::recognise(octets) {
        return Kind::Container(container);
    }
    if let Some(lockable) = lockable(octets) {
        return lockable;
    }
    let marked = |(at, mark, _): &&(usize, &[u8], &str)| {
        octets.get(*at..).is_some_and(|rest| rest.starts_with(mark))
    };
    if let Some((_, _, name)) = CLOSED.iter().find(marked) {
        return Kind::Closed(name);
    }
    if zip::looks_like_zip(octets) {
        return Kind::Zip;
    }
    Kind::Plain
}

/// An archive of 7z or RAR, also one in a program that unpacks it.
fn lockable(octets: &[u8]) -> Option<Kind> {
    let is_program = PROGRAMS.iter().any(|mark| octets.starts_with(mark));
    let start = |find: fn(&[u8]) -> Option<usize>| {
        let at = if is_program { find(octets) } else { None };
        octets.get(at.unwrap_or(0)..).unwrap_or_default()
    };
    let seven = seven_zip::locks(start(seven_zip::find_in_program));
    seven
        .map(|locks| Kind::Lockable("7z", locks))
        .or_else(|| rar::locks(start(rar::find_in_program)).map(|l| Kind::Lockable("RAR", l)))
}

/// How programs begin: of Windows, of Linux, and scripts.
const PROGRAMS: [&[u8]; 3] = [b"MZ", b"\x7FELF", b"#!"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_octets() {
        assert_eq!(recognise(b"PK\x03\x04"), Kind::Zip);
        assert_eq!(recognise(b"\x1F\x8B\x08"), Kind::Gzip);
        assert_eq!(recognise(b"xx-lh5-"), Kind::Closed("LZH"));
        let unknown = Locks { locked: false, open: true };
        assert_eq!(recognise(b"Rar!\x1A\x07\x01\0"), Kind::Lockable("RAR", unknown));
        assert_eq!(recognise(b"Rar!\x1A\x07\x02"), Kind::Closed("RAR"));
        assert_eq!(recognise(b"\n%PDF-1.7"), Kind::Pdf);
        assert_eq!(recognise(b"{\\rtf1"), Kind::Rtf);
        assert_eq!(recognise(b"PK is a word"), Kind::Plain);
        assert_eq!(recognise(b""), Kind::Plain);
    }

    #[test]
    fn an_archive_behind_a_picture_is_an_archive() {
        let mut file = b"GIF89a....".to_vec();
        file.extend(crate::walk::archive::tests::zip_of(&[("a", b"x")]));
        assert_eq!(recognise(&file), Kind::Zip);
    }
}
