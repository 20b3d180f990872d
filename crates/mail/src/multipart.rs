//! Cutting a multipart body at its delimiter lines. RFC 2046 5.1.
//!
//! Readers differ in what they take for a delimiter: the whole line, or its beginning
//! only; up to the closing delimiter, or beyond. So a body passes only if all those
//! readings give the same parts.

use crate::entity::Reading;
use crate::header::{is_blank, trim_blanks};
use crate::{MailFault, work};

/// RFC 2046 5.1.1: "no more than 70 characters".
const MAX_BOUNDARY_BYTES: usize = 70;

/// A multipart body in its pieces.
pub(crate) struct Pieces<'a> {
    /// Before the first delimiter line.
    pub(crate) preamble: &'a [u8],
    /// Between the delimiter lines, without the CRLF that belongs to the next one.
    pub(crate) parts: Vec<&'a [u8]>,
    /// Behind the closing delimiter line.
    pub(crate) epilogue: &'a [u8],
}

/// Checks a boundary by itself and against those of the multiparts around it.
pub(crate) fn check_boundary(boundary: &str, around: &[String]) -> Result<(), MailFault> {
    if boundary.is_empty() {
        return Err(MailFault::BoundaryEmpty);
    }
    if boundary.len() > MAX_BOUNDARY_BYTES {
        return Err(MailFault::BoundaryTooLong);
    }
    if boundary.ends_with([' ', '\t']) {
        return Err(MailFault::BoundaryTrailingSpace);
    }
    // More than the bchars of RFC 2046, which mailers do not keep to.
    if !boundary.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic()) {
        return Err(MailFault::BoundaryCharacter);
    }
    for outer in around {
        if outer == boundary {
            return Err(MailFault::BoundaryReused);
        }
        if outer.starts_with(boundary) || boundary.starts_with(outer.as_str()) {
            return Err(MailFault::BoundaryPrefix);
        }
    }
    Ok(())
}

/// Cuts `body`, of which no more than `max_parts` parts may come.
pub(crate) fn split<'a>(
    body: &'a [u8],
    boundary: &str,
    max_parts: usize,
    reading: Reading,
) -> Result<Pieces<'a>, MailFault> {
    let mut pieces = Pieces { preamble: body, parts: Vec::new(), epilogue: &[] };
    let mut part_start: Option<usize> = None;
    let mut closed = false;
    let mut line_start = 0;
    work::spend(body.len());
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        let line_end = line_start + line.len();
        let Some(kind) = delimiter(line, boundary.as_bytes(), reading)? else {
            line_start = line_end;
            continue;
        };
        if closed {
            return Err(MailFault::DelimiterAfterClose);
        }
        match part_start {
            Some(start) => {
                // The CRLF before a delimiter belongs to it (RFC 2046 5.1.1); an empty
                // part may have none of its own.
                let end = line_start.saturating_sub(2).max(start);
                pieces.parts.push(body.get(start..end).unwrap_or_default());
            }
            None => pieces.preamble = body.get(..line_start).unwrap_or_default(),
        }
        match kind {
            Delimiter::Next if pieces.parts.len() >= max_parts => {
                return Err(MailFault::TooManyParts);
            }
            Delimiter::Next => part_start = Some(line_end),
            Delimiter::Close if pieces.parts.is_empty() => return Err(MailFault::MultipartEmpty),
            Delimiter::Close => {
                closed = true;
                pieces.epilogue = body.get(line_end..).unwrap_or_default();
            }
        }
        line_start = line_end;
    }
    match (closed, part_start) {
        (true, _) => Ok(pieces),
        (false, Some(start)) if reading == Reading::Mending => {
            pieces.parts.push(body.get(start..).unwrap_or_default());
            Ok(pieces)
        }
        (false, Some(_)) => Err(MailFault::ClosingDelimiterMissing),
        (false, None) => Err(MailFault::MultipartEmpty),
    }
}

enum Delimiter {
    Next,
    Close,
}

/// What a line is to this boundary.
fn delimiter(
    line: &[u8],
    boundary: &[u8],
    reading: Reading,
) -> Result<Option<Delimiter>, MailFault> {
    let Some(behind) = line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(boundary)) else {
        return Ok(None);
    };
    let ended = behind.strip_suffix(b"\r\n");
    let behind = ended.unwrap_or(behind);
    // RFC 2046 5.1.1: white space added underway may follow.
    if behind.iter().all(|octet| is_blank(*octet)) {
        return match ended {
            Some(_) => Ok(Some(Delimiter::Next)),
            // The closing delimiter, cut short: nothing can follow it.
            None if reading == Reading::Mending => Ok(Some(Delimiter::Close)),
            None => Err(MailFault::ClosingDelimiterMissing),
        };
    }
    match behind.strip_prefix(b"--") {
        Some(padding) if trim_blanks(padding).is_empty() => Ok(Some(Delimiter::Close)),
        _ => Err(MailFault::DelimiterLookalike),
    }
}
