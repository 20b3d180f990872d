//! cpio archives in their four forms: `newc` and `crc`, `odc`, and the old binary form of
//! either order of octets.

use super::{Listing, number, shown_name};

/// A form, by how each header begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    New,
    Octal,
    Little,
    Big,
}

fn form(octets: &[u8]) -> Option<Form> {
    Some(match octets {
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2', ..] => Form::New,
        [b'0', b'7', b'0', b'7', b'0', b'7', ..] => Form::Octal,
        [0xC7, 0x71, ..] => Form::Little,
        [0x71, 0xC7, ..] => Form::Big,
        _ => return None,
    })
}

/// Whether `octets` begin with a header that can be read, and a name behind it.
pub(crate) fn looks_like_cpio(octets: &[u8]) -> bool {
    Header::read(octets).is_some_and(|header| {
        let name = octets.get(header.name_at..header.name_at + header.name_bytes);
        header.name_bytes > 1 && name.is_some_and(|name| name.ends_with(&[0]))
    })
}

struct Header {
    name_at: usize,
    name_bytes: usize,
    content_bytes: usize,
    /// Name and content begin at multiples of this.
    alignment: usize,
}

impl Header {
    fn read(octets: &[u8]) -> Option<Self> {
        let form = form(octets)?;
        let hex = |at: usize| number(octets.get(at..at + 8)?, 16);
        let word = |index: usize| {
            let two: &[u8; 2] = octets.get(index * 2..)?.first_chunk()?;
            Some(usize::from(match form {
                Form::Little => u16::from_le_bytes(*two),
                _ => u16::from_be_bytes(*two),
            }))
        };
        let (name_at, name_bytes, content_bytes, alignment) = match form {
            Form::New => (110, hex(94)?, hex(54)?, 4),
            Form::Octal => {
                (76, number(octets.get(59..65)?, 8)?, number(octets.get(65..76)?, 8)?, 1)
            }
            // Long numbers have their high half first in both orders.
            Form::Little | Form::Big => (26, word(10)?, word(11)? << 16 | word(12)?, 2),
        };
        Some(Self { name_at, name_bytes, content_bytes, alignment })
    }
}

/// The files of an archive, at most `most`.
pub(crate) fn list(octets: &[u8], most: usize) -> Listing<'_> {
    let mut listing = Listing::default();
    let mut at = 0usize;
    loop {
        let rest = octets.get(at..).unwrap_or_default();
        let Some(header) = Header::read(rest) else {
            listing.damaged = Some("no header where one must be");
            break;
        };
        let name_end = header.name_at.saturating_add(header.name_bytes);
        let Some(name) = rest.get(header.name_at..name_end) else {
            listing.damaged = Some("cut short");
            break;
        };
        let start = name_end.next_multiple_of(header.alignment);
        let end = start.saturating_add(header.content_bytes);
        let behind = rest.get(start..).unwrap_or_default();
        let content = behind.get(..header.content_bytes);
        let name = shown_name(name);
        if name == "TRAILER!!!" {
            let after = rest.get(end..).unwrap_or_default();
            if after.iter().any(|octet| *octet != 0) {
                listing.ambiguous = Some("data behind the archive");
            }
            break;
        }
        if content.is_none() {
            listing.damaged = Some("cut short");
        }
        if !listing.push(most, name, content.unwrap_or(behind)) || listing.damaged.is_some() {
            break;
        }
        at = at.saturating_add(end.next_multiple_of(header.alignment));
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_entry(name: &str, content: &str) -> Vec<u8> {
        let fields = [0, 0o100_644, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0];
        let mut entry = b"070701".to_vec();
        fields.iter().for_each(|field| entry.extend(format!("{field:08X}").bytes()));
        entry.extend(name.bytes().chain([0]));
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry.extend(content.bytes());
        entry.resize(entry.len().next_multiple_of(4), 0);
        entry
    }

    fn old_entry(name: &str, content: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap();
        let name_bytes = u16::try_from(name.len() + 1).unwrap();
        let words = [0o070_707, 0, 0, 0, 0, 0, 0, 0, 0, 0, name_bytes, 0, length];
        let mut entry: Vec<u8> = words.iter().flat_map(|word| order(*word)).collect();
        entry.extend(name.bytes().chain([0]));
        entry.resize(entry.len().next_multiple_of(2), 0);
        entry.extend(content.bytes());
        entry.resize(entry.len().next_multiple_of(2), 0);
        entry
    }

    #[test]
    fn all_forms_are_read() {
        let odc = |name: &str, content: &str| {
            format!(
                "070707{:06o}{:06o}{:06o}{:06o}{:06o}{:06o}{:06o}{:011o}{:06o}{:011o}{name}\0{content}",
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                name.len() + 1,
                content.len()
            )
        };
        let archives = [
            [new_entry("a.txt", "hello"), new_entry("TRAILER!!!", "")].concat(),
            [odc("a.txt", "hello"), odc("TRAILER!!!", "")].concat().into_bytes(),
            [u16::to_le_bytes, u16::to_be_bytes].map(|order| {
                [old_entry("a.txt", "hello", order), old_entry("TRAILER!!!", "", order)].concat()
            })[0]
                .clone(),
            [
                old_entry("a.txt", "hello", u16::to_be_bytes),
                old_entry("TRAILER!!!", "", u16::to_be_bytes),
            ]
            .concat(),
        ];
        for archive in archives {
            assert!(looks_like_cpio(&archive));
            let listing = list(&archive, 9);
            let found: Vec<_> =
                listing.members.iter().map(|m| (m.name.as_str(), m.content)).collect();
            assert_eq!(found, [("a.txt", &b"hello"[..])]);
            assert_eq!((listing.damaged, listing.ambiguous), (None, None));
            assert!(list(&archive, 0).too_many);
        }
    }

    #[test]
    fn what_is_broken_or_stands_behind_is_told() {
        let entry = new_entry("a.txt", "hello");
        assert_eq!(list(&entry, 9).damaged, Some("no header where one must be"));
        assert_eq!(list(&entry[..118], 9).damaged, Some("cut short"));
        let behind = [new_entry("TRAILER!!!", ""), new_entry("b", "x")].concat();
        assert_eq!(list(&behind, 9).ambiguous, Some("data behind the archive"));
        assert!(!looks_like_cpio(b"070707 is a number"));
    }
}
