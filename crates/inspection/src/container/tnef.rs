//! winmail.dat: what Outlook makes of a mail that leaves its own world (MS-OXTNEF).

use super::shown_name;
use crate::zip::{u16_at, u32_at, usize_at};

/// How a file begins.
pub(crate) const MARK: &[u8] = b"\x78\x9F\x3E\x22";

/// Attributes (2.1.3.4) without their types.
const SUBJECT: u16 = 0x8004;
const BODY: u16 = 0x800C;
const ATTACHMENT_DATA: u16 = 0x800F;
const ATTACHMENT_TITLE: u16 = 0x8010;
const ATTACHMENT_BEGIN: u16 = 0x9002;
const MESSAGE_PROPERTIES: u16 = 0x9003;
const ATTACHMENT_PROPERTIES: u16 = 0x9005;

/// Properties (MS-OXPROPS) by their ids.
const PROPERTY_SUBJECT: u16 = 0x0037;
const PROPERTY_BODY: u16 = 0x1000;
const PROPERTY_RTF: u16 = 0x1009;
const PROPERTY_HTML: u16 = 0x1013;
const PROPERTY_DATA: u16 = 0x3701;
const PROPERTY_NAME: u16 = 0x3704;
const PROPERTY_LONG_NAME: u16 = 0x3707;

/// Properties of one attribute, and values of one property.
const MAX_PROPERTIES: usize = 4096;

/// What lies in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Winmail<'o> {
    /// Subject and plain text.
    pub(crate) texts: Vec<String>,
    /// Bodies in HTML.
    pub(crate) pages: Vec<&'o [u8]>,
    /// Bodies in compressed RTF.
    pub(crate) compressed: Vec<&'o [u8]>,
    /// Name and content of each attachment.
    pub(crate) files: Vec<(String, &'o [u8])>,
    /// It breaks off, or more attributes than are looked at.
    pub(crate) damaged: bool,
}

/// Reads a file, at most `most` attachments.
pub(crate) fn read(octets: &[u8], most: usize) -> Winmail<'_> {
    let mut found = Winmail::default();
    let mut rest = octets.get(6..).unwrap_or_default();
    let mut attachment: Option<(String, Vec<&[u8]>)> = None;
    // A line end behind it is of the mail that carried it.
    while !matches!(rest, b"" | b"\n" | b"\r\n") {
        let (Some(name), Some(length)) = (u16_at(rest, 1), usize_at(rest, 5)) else {
            found.damaged = true;
            break;
        };
        let end = length.saturating_add(9);
        let Some(value) = rest.get(9..end) else {
            found.damaged = true;
            break;
        };
        match name {
            SUBJECT | BODY => found.texts.push(shown_name(value)),
            ATTACHMENT_BEGIN => {
                found.close(attachment.take(), most);
                attachment = Some((String::new(), Vec::new()));
            }
            ATTACHMENT_TITLE => {
                let entry = attachment.get_or_insert_default();
                if entry.0.is_empty() {
                    entry.0 = shown_name(value);
                }
            }
            ATTACHMENT_DATA => attachment.get_or_insert_default().1.push(value),
            MESSAGE_PROPERTIES => found.message(value),
            ATTACHMENT_PROPERTIES => {
                found.damaged |= !of_attachment(value, attachment.get_or_insert_default());
            }
            _ => {}
        }
        // Two octets of a sum over the value.
        rest = rest.get(end.saturating_add(2)..).unwrap_or_default();
    }
    found.close(attachment, most);
    found
}

impl<'o> Winmail<'o> {
    fn close(&mut self, attachment: Option<(String, Vec<&'o [u8]>)>, most: usize) {
        let Some((name, contents)) = attachment else { return };
        for content in contents {
            if self.files.len() >= most {
                self.damaged = true;
                return;
            }
            self.files.push((name.clone(), content));
        }
    }

    fn message(&mut self, value: &'o [u8]) {
        let (properties, whole) = properties(value);
        self.damaged |= !whole;
        for property in properties {
            match property.id {
                PROPERTY_SUBJECT | PROPERTY_BODY => self.texts.push(property.text()),
                PROPERTY_RTF => self.compressed.push(property.value),
                PROPERTY_HTML => self.pages.push(property.value),
                _ => {}
            }
        }
    }
}

/// Returns whether all properties were read.
fn of_attachment<'o>(value: &'o [u8], attachment: &mut (String, Vec<&'o [u8]>)) -> bool {
    let (properties, whole) = properties(value);
    for property in properties {
        match property.id {
            PROPERTY_LONG_NAME => attachment.0 = property.text(),
            PROPERTY_NAME if attachment.0.is_empty() => attachment.0 = property.text(),
            // A message or an object in it has its class in front.
            PROPERTY_DATA if property.kind == OBJECT => {
                attachment.1.push(property.value.get(16..).unwrap_or_default());
            }
            PROPERTY_DATA => attachment.1.push(property.value),
            _ => {}
        }
    }
    whole
}

/// Types of properties (MS-OXCDATA 2.11.1).
const TEXT_NARROW: u16 = 0x001E;
const TEXT_WIDE: u16 = 0x001F;
const BINARY: u16 = 0x0102;
const OBJECT: u16 = 0x000D;
const MANY: u16 = 0x1000;

struct Property<'o> {
    id: u16,
    kind: u16,
    value: &'o [u8],
}

impl Property<'_> {
    fn text(&self) -> String {
        if self.kind & !MANY == TEXT_WIDE {
            let (text, _, _) = encoding_rs::UTF_16LE.decode(self.value);
            return text.trim_end_matches('\0').to_owned();
        }
        shown_name(self.value)
    }
}

/// The properties of an attribute (2.1.3.5) with values of variable length, as far as they
/// can be read, and whether that is all of them.
fn properties(octets: &[u8]) -> (Vec<Property<'_>>, bool) {
    let mut found = Vec::new();
    let mut rest = octets.get(4..).unwrap_or_default();
    let count = usize_at(octets, 0).unwrap_or(usize::MAX);
    for _ in 0..count.min(MAX_PROPERTIES) {
        let Some(after) = property(rest, &mut found) else { return (found, false) };
        rest = after;
    }
    (found, count <= MAX_PROPERTIES)
}

/// Reads one property and returns what follows.
fn property<'o>(octets: &'o [u8], found: &mut Vec<Property<'o>>) -> Option<&'o [u8]> {
    let (kind, id) = (u16_at(octets, 0)?, u16_at(octets, 2)?);
    let mut rest = octets.get(4..)?;
    if id >= 0x8000 {
        // A named property: its set, and a number or a name.
        let name = if u32_at(rest, 16)? == 0 { 4 } else { 4 + padded(usize_at(rest, 20)?) };
        rest = rest.get(20usize.checked_add(name)?..)?;
    }
    let count = |rest: &[u8]| usize_at(rest, 0).filter(|count| *count <= MAX_PROPERTIES);
    let fixed = match kind & !MANY {
        0x0002 | 0x0003 | 0x0004 | 0x000A | 0x000B => Some(4),
        0x0005..=0x0007 | 0x0014 | 0x0040 => Some(8),
        0x0048 => Some(16),
        TEXT_NARROW | TEXT_WIDE | BINARY | OBJECT => None,
        _ => return None,
    };
    if let Some(size) = fixed {
        if kind & MANY == 0 {
            return rest.get(size..);
        }
        let size = if kind & !MANY == 0x0002 { 2 } else { size };
        return rest.get(4 + padded(count(rest)?.checked_mul(size)?)..);
    }
    let values = count(rest)?;
    rest = rest.get(4..)?;
    for _ in 0..values {
        let length = usize_at(rest, 0)?;
        let value = rest.get(4..)?.get(..length)?;
        if found.len() >= MAX_PROPERTIES {
            return None;
        }
        found.push(Property { id, kind, value });
        rest = rest.get(4..)?.get(padded(length)..)?;
    }
    Some(rest)
}

fn padded(length: usize) -> usize {
    length.saturating_add(3) / 4 * 4
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn attribute(level: u8, name: u16, value: &[u8]) -> Vec<u8> {
        let sum = value.iter().fold(0u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
        let length = u32::try_from(value.len()).unwrap();
        [
            &[level][..],
            &name.to_le_bytes(),
            &[1, 0],
            &length.to_le_bytes(),
            value,
            &sum.to_le_bytes(),
        ]
        .concat()
    }

    fn variable(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
        let length = u32::try_from(value.len()).unwrap();
        let mut property = [
            &kind.to_le_bytes()[..],
            &id.to_le_bytes(),
            &[1, 0, 0, 0],
            &length.to_le_bytes(),
            value,
        ]
        .concat();
        property.resize(property.len().next_multiple_of(4), 0);
        property
    }

    #[test]
    fn texts_and_attachments_are_read() {
        let wide: Vec<u8> = "長い名前.zip\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let named =
            [&[3, 0, 0, 0x80][..], &[7; 16], &[1, 0, 0, 0, 3, 0, 0, 0], b"abc\0", &[5, 0, 0, 0]]
                .concat();
        let properties = [
            &3u32.to_le_bytes()[..],
            &named,
            &[0x0B, 0, 0x34, 0x12, 1, 0, 0, 0],
            &variable(TEXT_WIDE, PROPERTY_LONG_NAME, &wide),
        ]
        .concat();
        let body =
            [&1u32.to_le_bytes()[..], &variable(BINARY, PROPERTY_HTML, b"<p>x</p>")].concat();
        let octets = [
            MARK,
            &[1, 0],
            &attribute(1, SUBJECT, b"subject\0"),
            &attribute(1, MESSAGE_PROPERTIES, &body),
            &attribute(2, ATTACHMENT_BEGIN, &[0; 14]),
            &attribute(2, ATTACHMENT_TITLE, b"short.zip\0"),
            &attribute(2, ATTACHMENT_DATA, b"content"),
            &attribute(2, ATTACHMENT_PROPERTIES, &properties),
            &attribute(2, ATTACHMENT_BEGIN, &[0; 14]),
            &attribute(2, ATTACHMENT_DATA, b"second"),
        ]
        .concat();
        let found = read(&octets, 9);
        assert_eq!(found.texts, ["subject"]);
        assert_eq!(found.pages, [b"<p>x</p>"]);
        assert_eq!(
            found.files,
            [("長い名前.zip".to_owned(), &b"content"[..]), (String::new(), b"second")]
        );
        assert!(!found.damaged);
        assert!(!read(&[&octets[..], b"\r\n"].concat(), 9).damaged);
        assert!(read(&octets, 1).damaged);
        assert!(read(&octets[..octets.len() - 4], 9).damaged);
    }

    #[test]
    fn properties_that_are_not_read_are_told() {
        let with = |count: u32, properties: &[u8]| {
            let value = [&count.to_le_bytes()[..], properties].concat();
            let attribute = attribute(2, ATTACHMENT_PROPERTIES, &value);
            read(&[MARK, &[1, 0], &attribute].concat(), 9).damaged
        };
        let name = variable(TEXT_NARROW, PROPERTY_NAME, b"a\0");
        assert!(!with(1, &name));
        assert!(with(2, &name), "fewer than it says");
        assert!(with(2, &[&[0x77, 0, 1, 0, 0, 0, 0, 0], &name[..]].concat()), "unknown type");
        let number = [3, 0, 0x34, 0x12, 1, 0, 0, 0].repeat(MAX_PROPERTIES);
        assert!(!with(4096, &number));
        assert!(with(4097, &[number, name].concat()), "one past the bound");
    }
}
