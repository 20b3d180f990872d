//! VBA projects (MS-OVBA): the source of their modules, and the names by which Office
//! runs them without being asked.

use std::collections::HashMap;

use encoding_rs::SHIFT_JIS;

use super::{CompoundFile, Stream};
use crate::zip::{u16_at, u32_at, usize_at};

/// Octets of a chunk once expanded (2.4.1.1.5).
const CHUNK_BYTES: usize = 4096;

/// Octets of source that are read of one module.
const MAX_SOURCE_BYTES: usize = 4 << 20;

/// Projects of one file whose source is read: a document has one.
const MAX_PROJECTS: usize = 16;

/// Names of procedures that an application calls by itself: of Word, Excel, PowerPoint,
/// Outlook, Access and Publisher. An event of the document needs no click either.
const RUN_BY_THEMSELVES: &[&str] = &[
    "AutoExec",
    "AutoOpen",
    "Auto_Open",
    "AutoNew",
    "AutoClose",
    "Auto_Close",
    "AutoExit",
    "Document_Open",
    "DocumentOpen",
    "Document_New",
    "Document_Close",
    "DocumentBeforeClose",
    "Document_BeforeClose",
    "Document_BeforeSave",
    "Document_ContentControlOnEnter",
    "DocumentChange",
    "NewDocument",
    "Workbook_Open",
    "Workbook_Activate",
    "Workbook_BeforeClose",
    "Workbook_BeforeSave",
    "Workbook_Close",
    "Workbook_Deactivate",
    "Workbook_SheetActivate",
    "Workbook_SheetCalculate",
    "Worksheet_Activate",
    "Worksheet_Calculate",
    "Worksheet_Change",
    "Worksheet_SelectionChange",
    "Auto_Ope",
    "Auto_Add",
    "App_DocumentOpen",
    "App_WorkbookOpen",
    "App_PresentationOpen",
    "OnSlideShowPageChange",
    "OnSlideShowTerminate",
    "Application_Startup",
    "Application_NewMail",
    "Application_NewMailEx",
    "Application_ItemLoad",
    "SystemMonitor1_OnConnect",
    "WebBrowser1_DocumentComplete",
    "WebBrowser1_BeforeNavigate2",
];

/// Ends of names that do the same for a control, which may bear any name.
const EVENTS_OF_CONTROLS: &[&str] =
    &["_Layout", "_Painted", "_Painting", "_GotFocus", "_MouseHover", "_Resize"];

/// A module and its source as far as it could be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) source: String,
}

/// Whether `stream` belongs to a VBA project: `VBA/dir` or `VBA/_VBA_PROJECT` (2.2.1).
/// The storage around them may have any name.
pub(crate) fn belongs_to_project(stream: &Stream) -> bool {
    let in_vba = stream.storage().rsplit('/').next().is_some_and(|s| s.eq_ignore_ascii_case("VBA"));
    let name = stream.name();
    name.eq_ignore_ascii_case("_VBA_PROJECT") || in_vba && name.eq_ignore_ascii_case("dir")
}

/// The modules of every project in `file`, paid from `budget`.
pub(crate) fn modules(file: &CompoundFile<'_>, budget: &mut u64) -> Vec<Module> {
    let mut found = Vec::new();
    let dirs = file.streams.iter().filter(|stream| stream.name().eq_ignore_ascii_case("dir"));
    for dir in dirs.take(MAX_PROJECTS) {
        let Some(packed) = file.content(dir, budget) else { return found };
        let offsets = offsets(&expand(&packed, MAX_SOURCE_BYTES));
        let siblings = file.streams.iter().filter(|stream| stream.storage() == dir.storage());
        for stream in siblings {
            let name = stream.name();
            if ["dir", "_vba_project"].contains(&name.to_ascii_lowercase().as_str()) {
                continue;
            }
            let Some(content) = file.content(stream, budget) else { return found };
            let told = offsets.get(&name.to_lowercase()).copied();
            let Some(start) = told.or_else(|| source_start(&content)) else { continue };
            let source = expand(content.get(start..).unwrap_or_default(), MAX_SOURCE_BYTES);
            *budget = budget.saturating_sub(u64::try_from(source.len()).unwrap_or(u64::MAX));
            found.push(Module { name: name.to_owned(), source: decoded(&source) });
        }
    }
    found
}

/// The procedures in `source` that run by themselves, each once.
pub(crate) fn self_running(source: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for line in source.lines() {
        let mut words = line.split_whitespace();
        let declares = words
            .any(|word| word.eq_ignore_ascii_case("sub") || word.eq_ignore_ascii_case("function"));
        let Some(name) = words.next().filter(|_| declares) else { continue };
        let name = name.split('(').next().unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        let known = RUN_BY_THEMSELVES.iter().find(|known| known.eq_ignore_ascii_case(name));
        let of_control =
            EVENTS_OF_CONTROLS.iter().find(|end| lower.ends_with(&end.to_ascii_lowercase()));
        let known = known.or(of_control).copied();
        found.extend(known.filter(|known| !found.contains(known)));
    }
    found
}

fn decoded(source: &[u8]) -> String {
    match std::str::from_utf8(source) {
        Ok(text) => text.to_owned(),
        Err(_) => SHIFT_JIS.decode(source).0.into_owned(),
    }
}

/// Where the source begins in a module whose `dir` is missing: every source begins with
/// `Attribute VB_Name`, which the compression leaves readable.
fn source_start(content: &[u8]) -> Option<usize> {
    memchr::memmem::find(content, b"\0Attribut")?.checked_sub(3)
}

/// Streams of modules and the offsets of their sources, out of the expanded `dir`
/// (2.3.4.2.3.2).
fn offsets(dir: &[u8]) -> HashMap<String, usize> {
    const NAME: u16 = 0x001A;
    const WIDE_NAME: u16 = 0x0032;
    const OFFSET: u16 = 0x0031;
    const VERSION: u16 = 0x0009;
    let mut found = HashMap::new();
    let mut name = String::new();
    let mut rest = dir;
    while let (Some(id), Some(size)) = (u16_at(rest, 0), usize_at(rest, 2)) {
        // 2.3.4.2.1.11: the size says four, six follow.
        let size = if id == VERSION { 6 } else { size };
        let Some(value) = size.checked_add(6).and_then(|end| rest.get(6..end)) else { break };
        match id {
            NAME => name = SHIFT_JIS.decode(value).0.to_lowercase(),
            WIDE_NAME => {
                let units: Vec<u16> = value
                    .as_chunks()
                    .0
                    .iter()
                    .map(|two: &[u8; 2]| u16::from_le_bytes(*two))
                    .collect();
                name = String::from_utf16_lossy(&units).to_lowercase();
            }
            OFFSET => {
                if let Some(offset) = u32_at(value, 0).and_then(|at| usize::try_from(at).ok()) {
                    found.insert(name.clone(), offset);
                }
            }
            _ => {}
        }
        rest = rest.get(6 + size..).unwrap_or_default();
    }
    found
}

/// Expands a compressed container (2.4.1.3.1), at most `most` octets. What is broken ends
/// it; what came before is kept.
pub(crate) fn expand(octets: &[u8], most: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let Some((1, mut rest)) = octets.split_first().map(|(first, rest)| (*first, rest)) else {
        return out;
    };
    while let Some(head) = u16_at(rest, 0) {
        if out.len() >= most || head >> 12 & 7 != 0b011 {
            break;
        }
        let length = usize::from(head & 0x0FFF) + 3;
        let chunk = rest.get(2..length.min(rest.len())).unwrap_or_default();
        if head & 0x8000 == 0 {
            out.extend_from_slice(chunk.get(..CHUNK_BYTES.min(chunk.len())).unwrap_or_default());
        } else {
            expand_chunk(chunk, &mut out);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    out.truncate(most);
    out
}

/// One compressed chunk: groups of a flag octet and eight tokens, each a literal or a
/// copy of what stands before (2.4.1.3.5). Never more than a chunk comes out.
fn expand_chunk(chunk: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = chunk;
    while let Some((flags, after)) = rest.split_first() {
        rest = after;
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some((literal, after)) = rest.split_first() else { return };
                out.push(*literal);
                rest = after;
            } else {
                let Some(token) = u16_at(rest, 0) else { return };
                rest = rest.get(2..).unwrap_or_default();
                let done = out.len() - start;
                let (offset, length) = copy_token(token, done);
                if offset > done {
                    return;
                }
                for _ in 0..length.min(CHUNK_BYTES.saturating_sub(done)) {
                    let Some(octet) = out.get(out.len() - offset).copied() else { return };
                    out.push(octet);
                }
            }
            if out.len() - start >= CHUNK_BYTES {
                return;
            }
        }
    }
}

/// Offset and length in a copy token; the further the chunk, the more bits for the
/// offset (2.4.1.3.19.1).
fn copy_token(token: u16, done: usize) -> (usize, usize) {
    let mut offset_bits = 4;
    while offset_bits < 12 && done > 1 << offset_bits {
        offset_bits += 1;
    }
    let length = usize::from(token & (0xFFFF >> offset_bits)) + 3;
    (usize::from(token >> (16 - offset_bits)) + 1, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three examples of MS-OVBA 3.2.
    #[test]
    fn the_examples_of_the_specification_expand() {
        let plain: &[u8] = b"\x01\x19\xB0\0abcdefgh\0ijklmnop\0qrstuv.";
        assert_eq!(expand(plain, 100), b"abcdefghijklmnopqrstuv.");
        let usual: &[u8] = b"\x01\x2F\xB0\0#aaabcde\x82f\0paghij\x018\x08akl\x000mnop\x06q\x02p\x04\x10rstuv\x10wxyz\0<";
        let shown = b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa";
        assert_eq!(expand(usual, 100), shown);
        let most: &[u8] = b"\x01\x03\xB0\x02a\x45\x00";
        assert_eq!(expand(most, 100), [b'a'; 73]);
    }

    #[test]
    fn what_is_broken_ends_it_and_the_bound_is_kept() {
        for octets in
            [&b""[..], b"\x01", b"\x01\x19", b"\x02\x19\xB0\0", b"\x01\xFF\xBF\x01\xFF\xFF"]
        {
            assert!(expand(octets, 100).is_empty(), "{octets:?}");
        }
        assert_eq!(expand(b"\x01\x03\xB0\x02a\x45\x00", 10).len(), 10);
    }

    #[test]
    fn procedures_that_run_by_themselves_are_named_once() {
        let source = "Attribute VB_Name = \"x\"\r\nPrivate Sub Workbook_Open()\r\nEnd Sub\r\n\
                      sub autoopen\r\nSub AutoOpen()\r\nSub Harmless()\r\n' AutoClose";
        assert_eq!(self_running(source), ["Workbook_Open", "AutoOpen"]);
    }
}
