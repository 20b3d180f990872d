//! Header fields, folded and encoded. RFC 5322 2.2.3, RFC 2047, RFC 2231.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::ISO_2022_JP;

use crate::address::{self, Address};
use crate::parameter::is_token_octet;

/// Columns of a line with an encoded word (RFC 2047 2), kept for all lines.
const COLUMNS: usize = 76;

/// Octets of one RFC 2231 section once percent-encoded, so that with name and quotes it
/// fits a line.
const SECTION_BYTES: usize = 48;

/// Text in a row without white space that a line cannot be folded in; longer rows of a
/// free-text field are encoded.
const MAX_ROW_BYTES: usize = 900;

/// One header field with its CRLF.
///
/// ASCII values are folded at their white space, nothing else is changed in them. Text
/// beyond ASCII becomes encoded words (UTF-8, B); in fields of addresses only the display
/// names do, addresses stay. In `Subject`, `Comments` and `Content-Description` ASCII
/// text that looks like an encoded word is encoded too, since it is meant as text: for
/// these fields pass decoded text, not what stood in another mail.
#[must_use]
pub fn header_field(name: &str, value: &str) -> Vec<u8> {
    let name = field_name(name);
    let value = one_line(value);
    let free_text = is_free_text(&name);
    let needs_words = free_text
        && (value.contains("=?") || value.split(' ').any(|row| row.len() > MAX_ROW_BYTES));
    if value.is_ascii() && !needs_words {
        return fold(&name, &value);
    }
    if is_address_list(&name)
        && let Ok(mailboxes) = address::parse_list(&value)
        && !mailboxes.is_empty()
    {
        let list: Vec<String> = mailboxes
            .iter()
            .map(|one| mailbox(one.display.as_deref().unwrap_or_default(), &one.address))
            .collect();
        return fold(&name, &list.join(", "));
    }
    fold(&name, &words(&value, name.len() + 2, Words::Utf8).unwrap_or(value))
}

/// One header field whose text is in encoded words whatever it is, so that even a long
/// row without white space has short lines. For fields of free text.
#[must_use]
pub fn encoded_field(name: &str, text: &str) -> Vec<u8> {
    let name = field_name(name);
    let text = one_line(text);
    fold(&name, &words(&text, name.len() + 2, Words::Utf8).unwrap_or_default())
}

/// One header field as Japanese mailers wrote it before UTF-8: encoded words in
/// ISO-2022-JP. `None` if the text has characters outside JIS X 0208.
#[must_use]
pub fn header_field_iso_2022_jp(name: &str, value: &str) -> Option<Vec<u8>> {
    let name = field_name(name);
    let value = one_line(value);
    if value.is_ascii() {
        return Some(fold(&name, &value));
    }
    Some(fold(&name, &words(&value, name.len() + 2, Words::Iso2022Jp)?))
}

/// `display <address>` for an address field: the display name quoted, or as encoded words
/// where it is not ASCII; the bare address for an empty name.
#[must_use]
pub fn mailbox(display: &str, address: &Address) -> String {
    let display = one_line(display);
    if display.is_empty() {
        return address.to_string();
    }
    if !display.is_ascii() || display.contains("=?") {
        // 12: the longest name of an address field and its colon.
        let encoded = words(&display, 12, Words::Utf8).unwrap_or_default();
        return format!("{encoded} <{address}>");
    }
    let plain =
        |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~ ".contains(&octet);
    if display.bytes().all(plain) {
        return format!("{display} <{address}>");
    }
    let escaped = display.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\" <{address}>")
}

/// One parameter of a Content field without its `; `: a token or quoted string, or for
/// text beyond ASCII RFC 2231 with `; ` between its sections.
///
/// `name`, `filename` and `boundary` are always quoted: readers exist that cut others.
#[must_use]
pub fn parameter(name: &str, value: &str) -> String {
    let value = one_line(value);
    let token = !value.is_empty() && value.bytes().all(is_token_octet);
    if token && !matches!(name, "name" | "filename" | "boundary") {
        return format!("{name}={value}");
    }
    // A backslash, or what looks like an encoded word, is read in more than one way.
    if value.is_ascii() && !value.contains('\\') && !value.contains("=?") && value.len() < 256 {
        return format!("{name}=\"{}\"", value.replace('"', "\\\""));
    }
    extended_parameter(name, &value).join("; ")
}

/// One parameter by RFC 2231 whatever it is, in its sections: UTF-8, percent-encoded.
#[must_use]
pub fn extended_parameter(name: &str, value: &str) -> Vec<String> {
    let sections = percent_sections(&one_line(value));
    if let [only] = sections.as_slice() {
        return vec![format!("{name}*=UTF-8''{only}")];
    }
    sections
        .iter()
        .enumerate()
        .map(|(number, section)| {
            let charset = if number == 0 { "UTF-8''" } else { "" };
            format!("{name}*{number}*={charset}{section}")
        })
        .collect()
}

/// The `name` parameter of an attachment's type: as encoded words where it is not plain,
/// since the readers that need it know no RFC 2231.
pub(super) fn name_parameter(file_name: &str) -> String {
    let file_name = one_line(file_name);
    if file_name.is_ascii() {
        return parameter("name", &file_name);
    }
    // 1 column for the space, 6 for `name="`.
    format!("name=\"{}\"", words(&file_name, 7, Words::Utf8).unwrap_or_default())
}

/// Percent-encodes (RFC 2231 7, `attribute-char`), cut between characters.
fn percent_sections(value: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    for char in value.chars() {
        let mut buffer = [0; 4];
        let encoded: String = char
            .encode_utf8(&mut buffer)
            .bytes()
            .map(|octet| {
                let plain = is_token_octet(octet) && !matches!(octet, b'*' | b'\'' | b'%');
                if plain { char::from(octet).to_string() } else { format!("%{octet:02X}") }
            })
            .collect();
        if sections.last().is_some_and(|last| last.len() + encoded.len() > SECTION_BYTES) {
            sections.push(String::new());
        }
        if let Some(last) = sections.last_mut() {
            last.push_str(&encoded);
        }
    }
    sections
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Utf8,
    Iso2022Jp,
}

/// Encoded words with single spaces between, each at most 75 characters and whole in
/// itself (RFC 2047 5 (3)). `column` is where the first one starts.
fn words(text: &str, column: usize, charset: Words) -> Option<String> {
    let label = if charset == Words::Utf8 { "UTF-8" } else { "ISO-2022-JP" };
    let overhead = label.len() + "=?".len() + "?B?".len() + "?=".len();
    let budget = |column: usize| {
        // What base64 of so many octets takes fits behind `column`; never less than
        // the longest character with its escapes.
        (COLUMNS.saturating_sub(column + overhead) / 4 * 3).max(12)
    };
    let mut out: Vec<String> = Vec::new();
    let mut open = String::new();
    let mut open_octets = Vec::new();
    for char in text.chars() {
        let mut longer = open.clone();
        longer.push(char);
        let octets = octets_of(&longer, charset)?;
        let column = if out.is_empty() { column } else { 1 };
        if !open.is_empty() && octets.len() > budget(column) {
            out.push(format!("=?{label}?B?{}?=", STANDARD.encode(&open_octets)));
            open = String::from(char);
            open_octets = octets_of(&open, charset)?;
        } else {
            open = longer;
            open_octets = octets;
        }
    }
    out.push(format!("=?{label}?B?{}?=", STANDARD.encode(&open_octets)));
    Some(out.join(" "))
}

fn octets_of(text: &str, charset: Words) -> Option<Vec<u8>> {
    match charset {
        Words::Utf8 => Some(text.as_bytes().to_vec()),
        Words::Iso2022Jp => {
            let (octets, _, unmappable) = ISO_2022_JP.encode(text);
            (!unmappable).then(|| octets.into_owned())
        }
    }
}

/// `name: value` with line breaks before white space where a line gets too long.
fn fold(name: &str, value: &str) -> Vec<u8> {
    let mut out = format!("{name}:").into_bytes();
    let mut column = out.len();
    let mut first = true;
    let mut rest = value;
    while !rest.is_empty() {
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let row = rest.get(blanks..).unwrap_or_default();
        let length = blanks + row.find(' ').unwrap_or(row.len());
        let (token, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        rest = behind;
        // The first row stays beside the name: some readers take "Subject:" for empty.
        if first {
            out.push(b' ');
            column += 1;
        } else if column + token.len() > COLUMNS {
            out.extend_from_slice(b"\r\n");
            column = 0;
        }
        first = false;
        out.extend_from_slice(token.as_bytes());
        column += token.len();
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// Text without anything that ends a line or a field, and none of it at the ends. Nor a
/// byte order mark in front: some readers of UTF-8 take it away, so it is read both ways.
fn one_line(text: &str) -> String {
    let line: String =
        text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    line.trim_start_matches(|char: char| char.is_whitespace() || char == '\u{feff}')
        .trim_end()
        .to_owned()
}

/// Only what a field name may have (RFC 5322 3.6.8).
fn field_name(name: &str) -> String {
    name.chars().filter(|char| char.is_ascii_graphic() && *char != ':').collect()
}

fn is_free_text(name: &str) -> bool {
    ["Subject", "Comments", "Content-Description"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

fn is_address_list(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("resent-").unwrap_or(&name);
    matches!(name, "from" | "sender" | "reply-to" | "to" | "cc" | "bcc")
}
