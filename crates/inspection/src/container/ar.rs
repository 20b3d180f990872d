//! ar archives: libraries, and the packages of Debian.

use super::{Listing, number, shown_name};

/// How an archive begins.
pub(crate) const MARK: &[u8] = b"!<arch>\n";

const HEADER_BYTES: usize = 60;

/// The files of an archive, at most `most`.
pub(crate) fn list(octets: &[u8], most: usize) -> Listing<'_> {
    let mut listing = Listing::default();
    let mut rest = octets.strip_prefix(MARK).unwrap_or_default();
    let mut long_names: &[u8] = &[];
    while !rest.is_empty() {
        let header = rest.get(..HEADER_BYTES).filter(|header| header.ends_with(b"`\n"));
        let size = header.and_then(|header| number(header.get(48..58)?, 10));
        let Some((header, size)) = header.zip(size) else {
            listing.damaged = Some("no header where one must be");
            break;
        };
        let content = rest.get(HEADER_BYTES..).unwrap_or_default();
        let Some(content) = content.get(..size) else {
            listing.damaged = Some("cut short");
            listing.push(most, "last".to_owned(), content);
            break;
        };
        let raw = header.get(..16).unwrap_or_default().trim_ascii_end();
        match raw {
            b"/" | b"/SYM64/" => {}
            b"//" => long_names = content,
            _ => {
                let (name, content) = named(raw, content, long_names);
                if !listing.push(most, name, content) {
                    break;
                }
            }
        }
        rest = rest.get(HEADER_BYTES + size + size % 2..).unwrap_or_default();
    }
    listing
}

/// A name of its own; of GNU, at an offset of the table; of BSD, in front of the content.
fn named<'o>(raw: &[u8], content: &'o [u8], long_names: &[u8]) -> (String, &'o [u8]) {
    if let Some(length) = raw.strip_prefix(b"#1/").and_then(|digits| number(digits, 10)) {
        let (name, content) = content.split_at(length.min(content.len()));
        return (shown_name(name), content);
    }
    if let Some(at) = raw.strip_prefix(b"/").and_then(|digits| number(digits, 10)) {
        let name = long_names.get(at..).unwrap_or_default();
        let end = name.iter().position(|octet| *octet == b'\n').unwrap_or(name.len());
        let name = name.get(..end).unwrap_or_default();
        return (shown_name(name.strip_suffix(b"/").unwrap_or(name)), content);
    }
    (shown_name(raw.strip_suffix(b"/").unwrap_or(raw)), content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, content: &str) -> String {
        let pad = if content.len() % 2 == 1 { "\n" } else { "" };
        format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n{content}{pad}",
            0,
            0,
            0,
            644,
            content.len()
        )
    }

    #[test]
    fn names_of_every_form_are_read() {
        let octets = format!(
            "!<arch>\n{}{}{}{}",
            entry("//", "a long name.txt/\n"),
            entry("short/", "abc"),
            entry("/0", "de"),
            entry("#1/4", "namef")
        );
        let listing = list(octets.as_bytes(), 9);
        let found: Vec<_> = listing.members.iter().map(|m| (m.name.as_str(), m.content)).collect();
        assert_eq!(found, [("short", &b"abc"[..]), ("a long name.txt", b"de"), ("name", b"f")]);
        assert_eq!(listing.damaged, None);
        assert!(list(octets.as_bytes(), 2).too_many);
        assert_eq!(list(&octets.as_bytes()[..octets.len() - 3], 9).damaged, Some("cut short"));
    }
}
