//! Files written into plain text as uuencode: old, and still opened by mailers.

use super::{Declared, Place, Walk};
use crate::rule;

/// A line holds at most 63 octets.
const MAX_LINE_OCTETS: usize = 63;

impl Walk<'_> {
    /// Looks into every uuencoded file of `text`; each counts as an archive around its
    /// content, so that nesting ends.
    pub(super) fn uuencoded(&mut self, place: &Place, text: &str) {
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some(name) = begin(line) else { continue };
            let octets = body(&mut lines);
            if octets.is_empty() {
                continue;
            }
            if place.archives >= self.limits.archive_depth {
                self.report.add(rule::ARCHIVE_TOO_DEEP, &place.part, "uuencode");
                return;
            }
            self.file(&place.inside(name), Some(name), &octets, Declared::default());
        }
    }
}

/// The file name of a `begin 644 name` line.
fn begin(line: &str) -> Option<&str> {
    let (mode, name) = line.strip_prefix("begin ")?.split_once(' ')?;
    let is_mode = (3..=4).contains(&mode.len()) && mode.bytes().all(|o| matches!(o, b'0'..=b'7'));
    (is_mode && !name.trim().is_empty()).then(|| name.trim())
}

fn body<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut octets = Vec::new();
    for line in lines {
        let Some((length, groups)) = line.as_bytes().split_first() else { break };
        let length = usize::from(sixbit(*length));
        if length == 0 || length > MAX_LINE_OCTETS || line.starts_with("end") && groups.len() == 2 {
            break;
        }
        let start = octets.len();
        for group in groups.chunks(4) {
            let digit = |at: usize| u32::from(group.get(at).copied().map_or(0, sixbit));
            let bits = digit(0) << 18 | digit(1) << 12 | digit(2) << 6 | digit(3);
            octets.extend_from_slice(bits.to_be_bytes().get(1..).unwrap_or_default());
        }
        octets.truncate(start + length);
    }
    octets
}

fn sixbit(octet: u8) -> u8 {
    octet.wrapping_sub(b' ') & 0x3F
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_is_read_back() {
        let mut lines = "#0V%T\n`\nend\n".lines();
        assert_eq!(begin("begin 644 cat.txt"), Some("cat.txt"));
        assert_eq!(body(&mut lines), b"Cat");
    }

    #[test]
    fn prose_that_begins_with_begin_is_no_file() {
        assert_eq!(begin("begin 2024 with a smile"), Some("with a smile"));
        assert_eq!(begin("begin now please"), None);
        assert_eq!(begin("begin 9 9"), None);
    }
}
