//! Comments in Content fields, where they are read at all. RFC 2045 5.1, RFC 5322 3.2.2.

use crate::{MailFault, work};

/// How deep comments may lie in each other, here as in addresses.
const MAX_COMMENT_DEPTH: usize = 20;

/// A value with each comment (RFC 5322 3.2.2) as one space.
///
/// # Errors
/// [`MailFault::ContentComment`] for one that is not closed or nested too deep.
pub(crate) fn without_comments(value: &[u8]) -> Result<Vec<u8>, MailFault> {
    work::spend(value.len());
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let [first, after @ ..] = rest {
        if *first == b'(' {
            rest = rest.get(comment_length(rest)?..).unwrap_or_default();
            out.push(b' ');
        } else {
            out.push(*first);
            rest = after;
        }
    }
    Ok(out)
}

/// The length of the comment at the start.
pub(crate) fn comment_length(text: &[u8]) -> Result<usize, MailFault> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, octet) in text.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' if depth == MAX_COMMENT_DEPTH => return Err(MailFault::ContentComment),
            b'(' => depth += 1,
            b')' if depth == 1 => return Ok(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    Err(MailFault::ContentComment)
}
