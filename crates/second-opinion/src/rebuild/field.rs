//! Header fields, written anew.

use crate::fault::RebuildFault;
use crate::trap::ONCE;
use crate::work;
use ssmax_mail::canonical::{MAX_TRANSPORT_LINE_BYTES, with_short_lines};
use ssmax_mail::{ContentType, Entity, Field, Header, address, compose};

/// Content fields beyond the three that are written from what was read; each is kept
/// once. Others are dropped: they tell nothing that a reader shows.
const KEPT: [&str; 6] = [
    "Content-ID",
    "Content-Description",
    "Content-Language",
    "Content-Location",
    "Content-Class",
    "Content-Duration",
];

/// Octets of a parameter's value that is kept.
const MAX_VALUE_BYTES: usize = 200;

/// Octets of a file name that is written as it is.
const MAX_PLAIN_NAME_BYTES: usize = 60;

/// How often a field that may stand once may stand there, and still be made one.
const MAX_REPEATS: usize = 16;

/// Fields of free text: encoded words mean text there. In others they mean nothing
/// (RFC 2047 5), and who decodes them puts words into somebody else's mouth.
const FREE_TEXT: [&str; 6] =
    ["Subject", "Comments", "Keywords", "Content-Description", "Thread-Topic", "Organization"];

/// What others found out about the mail: written anew, it would be nobody's word.
const RESULTS: [&str; 3] = ["Authentication-Results", "ARC-Authentication-Results", "Received-SPF"];

/// The fields of a mail but those that describe its body.
pub(super) fn fields(header: &Header<'_>) -> Result<Vec<u8>, RebuildFault> {
    let mut repeated: [Vec<&Field<'_>>; ONCE.len()] = Default::default();
    let place =
        |field: &Field<'_>| ONCE.iter().position(|once| once.eq_ignore_ascii_case(field.name()));
    for field in header.fields() {
        work::spend(field.raw().len());
        if let Some(all) = place(field).and_then(|place| repeated.get_mut(place)) {
            all.push(field);
        }
    }
    let mut out = Vec::new();
    for field in header.fields() {
        if is_of_the_body(field.name()) {
            continue;
        }
        let Some(place) = place(field) else {
            out.extend(written(field)?);
            continue;
        };
        // All of a name stand where its first one stood.
        let all = repeated.get_mut(place).map(std::mem::take).unwrap_or_default();
        if let Some(name) = ONCE.get(place)
            && !all.is_empty()
        {
            out.extend(merged(name, &all)?);
        }
    }
    Ok(out)
}

fn is_of_the_body(name: &str) -> bool {
    ssmax_mail::canonical::is_content_field(name) || name.eq_ignore_ascii_case("MIME-Version")
}

/// One field out of all of a name that may stand once: lists of recipients become one
/// list, others must say the same.
fn merged(name: &'static str, all: &[&Field<'_>]) -> Result<Vec<u8>, RebuildFault> {
    let fault = RebuildFault::FieldTwice { name };
    let Some((first, others)) = all.split_first() else { return Ok(Vec::new()) };
    if all.len() > MAX_REPEATS {
        return Err(fault);
    }
    work::spend(all.iter().map(|field| field.raw().len()).sum());
    let value = first.unfolded();
    if others.iter().all(|other| other.unfolded() == value) {
        return written(first);
    }
    if !matches!(name, "To" | "Cc") {
        return Err(fault);
    }
    let mut lists = Vec::new();
    for field in all {
        lists.push(addresses(&field.unfolded()).ok_or(fault)?);
    }
    lists.retain(|list| !list.is_empty());
    Ok(compose::header_field(name, &lists.join(", ")))
}

/// Fields whose addresses everybody must read alike.
const ADDRESSES: [&str; 6] = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"];

/// A field of any kind; nothing for one that is better not written.
fn written(field: &Field<'_>) -> Result<Vec<u8>, RebuildFault> {
    let name = field.name();
    if let Some(known) = ADDRESSES.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        let list = addresses(&field.unfolded()).ok_or(RebuildFault::Addresses { name: known })?;
        if !list.is_empty() {
            return Ok(compose::header_field(name, &list));
        }
    }
    Ok(text(field))
}

/// A list of addresses in its plainest form: empty if there are none, `None` if it cannot
/// be read. A group that is the whole of the list keeps its name.
fn addresses(value: &str) -> Option<String> {
    let list = address_list(&address::parse_list(value).ok()?);
    Some(match group_name(value) {
        Some(name) => format!("{name}: {list};"),
        None => list,
    })
}

/// The name of a value `words: ...;` with but one colon and semicolon.
fn group_name(value: &str) -> Option<&str> {
    let (name, members) = value.split_once(':')?;
    let members = members.trim_end().strip_suffix(';')?;
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b' ' | b'-' | b'_');
    (!members.contains([':', ';', '"', '(']) && name.bytes().all(is_plain)).then(|| name.trim())
}

/// A field without addresses.
fn text(field: &Field<'_>) -> Vec<u8> {
    let name = field.name();
    if is_name(name, &["Subject", "Comments", "Content-Description"]) {
        return short_lines(name, &field.decoded());
    }
    if name.eq_ignore_ascii_case("Message-ID")
        && let Some(identifier) = identifier(&field.unfolded())
    {
        return compose::header_field(name, &identifier);
    }
    if is_clean(field.raw()) {
        return field.raw().to_vec();
    }
    if is_name(name, &RESULTS) {
        return Vec::new();
    }
    if is_name(name, &FREE_TEXT) {
        let text = field.decoded();
        // Text that looks like an encoded word is text.
        return if text.contains("=?") {
            compose::encoded_field(name, &text)
        } else {
            short_lines(name, &text)
        };
    }
    let folded = with_short_lines(field.raw());
    if is_clean(&folded) { folded } else { short_lines(name, &field.without_decoding()) }
}

/// The one identifier of a value, without the remarks that some servers add.
fn identifier(value: &str) -> Option<String> {
    let (_, rest) = value.split_once('<')?;
    let (inside, behind) = rest.split_once('>')?;
    let is_one = !behind.contains('<') && !inside.contains([' ', '\t', '<', '(', '"']);
    (is_one && inside.is_ascii()).then(|| format!("<{inside}>"))
}

fn is_name(name: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn address_list(mailboxes: &[address::Mailbox]) -> String {
    let list: Vec<String> = mailboxes
        .iter()
        .map(|one| {
            // White space in a name counts once to some.
            let display = one.display.as_deref().unwrap_or_default().split_whitespace();
            compose::mailbox(&display.collect::<Vec<_>>().join(" "), &one.address)
        })
        .collect();
    list.join(", ")
}

/// Text in lines that every transport takes.
fn short_lines(name: &str, text: &str) -> Vec<u8> {
    let plain = compose::header_field(name, text);
    if is_clean(&plain) { plain } else { compose::encoded_field(name, text) }
}

/// ASCII without control characters, in lines that every transport takes.
fn is_clean(raw: &[u8]) -> bool {
    raw.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n'))
        && raw.split(|octet| *octet == b'\n').all(|line| line.len() <= MAX_TRANSPORT_LINE_BYTES + 1)
}

/// The media type with the parameters that readers need; `charset` replaces the one
/// that was there. A name is the one of the disposition: readers cannot choose.
pub(super) fn content_type(part: &Entity<'_>, charset: Option<&str>) -> Vec<u8> {
    let kind = part.content_type();
    let mut lines = vec![kind.essence()];
    if let Some(charset) = charset {
        lines.push(format!("charset={charset}"));
    }
    lines.extend(kept_parameters(kind, charset.is_some()));
    if kind.file_name().is_some()
        && let Some(name) = part.file_name().filter(|name| !name.trim().is_empty())
    {
        lines.extend(named("name", &name));
    }
    field_of("Content-Type", &lines)
}

/// The type of a multipart with its new boundary.
pub(super) fn multipart_type(kind: &ContentType, boundary: &str) -> Vec<u8> {
    let mut lines = vec![kind.essence()];
    lines.extend(kept_parameters(kind, false));
    lines.push(format!("boundary=\"{boundary}\""));
    field_of("Content-Type", &lines)
}

/// The type of a multipart that was not there before.
pub(super) fn mixed_type(boundary: &str) -> Vec<u8> {
    field_of("Content-Type", &["multipart/mixed".to_owned(), format!("boundary=\"{boundary}\"")])
}

fn kept_parameters(kind: &ContentType, without_charset: bool) -> Vec<String> {
    kind.parameters()
        .filter(|(name, value)| {
            let is_written = matches!(*name, "boundary" | "name" | "filename")
                || *name == "charset" && without_charset;
            !is_written
                && !name.starts_with("x-")
                && !value.is_empty()
                && value.len() <= MAX_VALUE_BYTES
                && value.bytes().all(is_plain)
                && !value.contains(';')
                && !value.contains("=?")
        })
        .map(|(name, value)| {
            if value.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.+".contains(&octet))
            {
                format!("{name}={value}")
            } else {
                format!("{name}=\"{value}\"")
            }
        })
        .collect()
}

/// What may stand between quotes and is taken as it stands by every reader.
fn is_plain(octet: u8) -> bool {
    matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\')
}

/// Shown or attached, and the file name.
pub(super) fn disposition(part: &Entity<'_>) -> Vec<u8> {
    let Some(disposition) = part.disposition() else { return Vec::new() };
    let mut lines = vec![disposition.kind().to_owned()];
    // The other name is gone, or readers could choose.
    if let Some(name) = disposition.file_name().filter(|name| !name.trim().is_empty()) {
        lines.extend(named("filename", &name));
    }
    field_of("Content-Disposition", &lines)
}

/// A file name: as it is if nobody can mistake it, else by RFC 2231.
fn named(parameter: &str, name: &str) -> Vec<String> {
    let name = name.trim();
    let is_safe = |octet: u8| is_plain(octet) && !matches!(octet, b'%' | b'\'' | b'*' | b'?');
    if name.len() <= MAX_PLAIN_NAME_BYTES && name.bytes().all(is_safe) && !name.contains("  ") {
        return vec![format!("{parameter}=\"{name}\"")];
    }
    compose::extended_parameter(parameter, name)
}

/// What describes a part beyond type and disposition.
pub(super) fn descriptions(header: &Header<'_>) -> Vec<u8> {
    KEPT.iter().filter_map(|name| header.all(name).next()).flat_map(text).collect()
}

/// One line for each piece, so that no fold falls between quotes.
fn field_of(name: &str, lines: &[String]) -> Vec<u8> {
    format!("{name}: {}\r\n", lines.join(";\r\n\t")).into_bytes()
}
