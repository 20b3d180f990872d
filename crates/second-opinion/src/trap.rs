//! What both parsers read alike and other programs do not.

mod charset;
mod embedded;

use crate::fault::{Difference, Disagreement};
use crate::search::Search;
use crate::work;
use ssmax_mail::{Entity, Note, TransferEncoding};

pub(crate) use charset::is_ascii_compatible;
pub(crate) use embedded::begins_as_header;

/// Fields that a mail has once (RFC 5322 3.6).
pub(crate) const ONCE: [&str; 11] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
];

/// Octets of an ordinary preamble or epilogue: "This is a multi-part message in MIME
/// format.", or the footer of a list.
const MAX_OUTSIDE_BYTES: usize = 2000;

/// Whether a mail has such a field twice.
pub(crate) fn twice(mail: &Entity<'_>) -> Result<(), Difference> {
    match ONCE.iter().find(|name| mail.header().all(name).nth(1).is_some()) {
        Some(name) => Err(Difference::FieldTwice { name }),
        None => Ok(()),
    }
}

pub(crate) fn mail(mail: &Entity<'_>, search: &Search) -> Result<(), Disagreement> {
    for part in mail.walk() {
        entity(part).or_else(|what| search.body(part, what))?;
        if let Some(Ok(inner)) = part.message() {
            self::mail(&inner, search)?;
        }
    }
    Ok(())
}

fn entity(entity: &Entity<'_>) -> Result<(), Difference> {
    if entity.notes().contains(&Note::FileNamesDiffer) {
        return Err(Difference::FileName);
    }
    if is_content(entity.preamble()) || is_content(entity.epilogue()) {
        return Err(Difference::HiddenContent);
    }
    if entity.transfer_encoding() == TransferEncoding::QuotedPrintable
        && !is_quoted_printable(entity.body())
    {
        return Err(Difference::Body);
    }
    if entity.content_type().kind() == "text" && charset::hides_text(entity) {
        return Err(Difference::Charset);
    }
    embedded::check(entity)
}

/// Whether each `=` begins a sequence or ends a line: of what else it may do there are
/// several opinions (RFC 2045 6.7, notes to rule 1).
fn is_quoted_printable(body: &[u8]) -> bool {
    work::spend(body.len());
    let mut rest = body;
    while let Some(at) = memchr::memchr(b'=', rest) {
        rest = rest.get(at + 1..).unwrap_or_default();
        match rest {
            [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                rest = after;
            }
            _ => {
                let blanks = rest.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
                rest = rest.get(blanks..).unwrap_or_default();
                if !rest.is_empty() && !rest.starts_with(b"\r\n") {
                    return false;
                }
            }
        }
    }
    true
}

/// Whether octets outside the parts look like a part, a file or a page, or are too many
/// for a remark.
fn is_content(outside: &[u8]) -> bool {
    work::spend(outside.len().min(MAX_OUTSIDE_BYTES));
    if outside.len() > MAX_OUTSIDE_BYTES {
        return true;
    }
    let outside = outside.to_ascii_lowercase();
    let has = |text: &[u8]| outside.windows(text.len()).any(|window| window == text);
    has(b"<html")
        || has(b"<script")
        || outside.split(|octet| *octet == b'\n').any(|line| {
            let line = line.trim_ascii();
            line.starts_with(b"content-") || begins_file(line)
        })
}

/// Whether a line, in lower case, begins a file: uuencode (with any rights), its base64,
/// yEnc, BinHex (RFC 1741).
fn begins_file(line: &[u8]) -> bool {
    if let Some(rights) = line.strip_prefix(b"begin")
        && matches!(rights.first(), Some(b' ' | b'\t'))
    {
        let rights = rights.trim_ascii_start();
        let digits = rights.iter().take_while(|octet| matches!(octet, b'0'..=b'7')).count();
        let ends = rights.get(digits).is_none_or(|octet| matches!(octet, b' ' | b'\t'));
        if matches!(digits, 3 | 4) && ends {
            return true;
        }
    }
    [&b"begin-base64 "[..], b"=ybegin", b"(this file must be converted"]
        .iter()
        .any(|start| line.starts_with(start))
}
