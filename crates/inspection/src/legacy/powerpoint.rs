//! PowerPoint (MS-PPT): records within records, of which three hold text.

use super::{Legacy, wide};
use crate::zip::{u16_at, u32_at, usize_at};

/// Kinds of records (2.13.24).
const TEXT_WIDE: u16 = 0x0FA0;
const TEXT_NARROW: u16 = 0x0FA8;
const STRING: u16 = 0x0FBA;
const STORAGE: u16 = 0x1011;
const LOCKED: u16 = 0x2F14;

/// What a presentation holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slides<'s> {
    /// Texts in the order of the stream, one a line; of every saved state.
    pub(crate) text: String,
    /// Embedded compound files: objects, and the VBA project.
    pub(crate) storages: Vec<Storage<'s>>,
}

/// An embedded compound file (2.10.34).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Storage<'s> {
    /// As it is.
    Plain(&'s [u8]),
    /// A zlib stream (RFC 1950).
    Compressed(&'s [u8]),
}

/// Whether the stream `Current User` says that the presentation is encrypted (2.3.2).
pub(crate) fn is_locked(current_user: &[u8]) -> bool {
    u32_at(current_user, 12) == Some(0xF3D1_C4DF)
}

/// Reads the stream `PowerPoint Document`, text up to about `most` octets. Linear:
/// records within records are read in their row.
pub(crate) fn slides(stream: &[u8], most: usize) -> Legacy<Slides<'_>> {
    let mut slides = Slides::default();
    let mut rest = stream;
    let mut known = false;
    while let (Some(version), Some(kind), Some(length)) =
        (u16_at(rest, 0), u16_at(rest, 2), usize_at(rest, 4))
    {
        let behind = rest.get(8..).unwrap_or_default();
        if kind == LOCKED {
            return Legacy::Locked;
        }
        // 2.3.1: fifteen stands for a record of records.
        if version & 0x000F == 0x000F {
            known = true;
            rest = behind;
            continue;
        }
        let (body, after) = behind.split_at(length.min(behind.len()));
        rest = after;
        if kind == STORAGE {
            slides.storages.push(match version >> 4 {
                1 => Storage::Compressed(body.get(4..).unwrap_or_default()),
                _ => Storage::Plain(body),
            });
        }
        if slides.text.len() >= most {
            continue;
        }
        match kind {
            TEXT_WIDE | STRING => slides.text.extend(wide(body).map(shown)),
            TEXT_NARROW => slides.text.extend(body.iter().map(|octet| shown(char::from(*octet)))),
            _ => continue,
        }
        slides.text.push('\n');
    }
    if known { Legacy::Read(slides) } else { Legacy::Unknown }
}

fn shown(c: char) -> char {
    if matches!(c, '\r' | '\u{B}') { '\n' } else { c }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn record(version: u16, kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap();
        [&version.to_le_bytes()[..], &kind.to_le_bytes(), &length.to_le_bytes(), body].concat()
    }

    #[test]
    fn texts_and_storages_within_records_are_read() {
        let text: Vec<u8> = "個人番号".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let inner = [
            record(0, TEXT_WIDE, &text),
            record(0, TEXT_NARROW, b"12\r34"),
            record(0x10, STORAGE, b"\x05\0\0\0zlib"),
        ]
        .concat();
        let stream = record(0xF, 0x03E8, &record(0xF, 0x03EE, &inner));
        let Legacy::Read(slides) = slides(&stream, 1000) else { panic!("read") };
        assert_eq!(slides.text, "個人番号\n12\n34\n");
        assert_eq!(slides.storages, [Storage::Compressed(b"zlib")]);
    }

    #[test]
    fn a_locked_presentation_and_another_stream_say_so() {
        let stream = record(0xF, 0x03E8, &record(0, LOCKED, &[0; 8]));
        assert_eq!(slides(&stream, 10), Legacy::Locked);
        assert_eq!(slides(b"text", 10), Legacy::Unknown);
        assert!(is_locked(&[&[0; 12][..], &0xF3D1_C4DF_u32.to_le_bytes()].concat()));
        assert!(!is_locked(&[0; 20]));
    }
}
