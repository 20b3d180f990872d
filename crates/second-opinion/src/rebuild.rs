//! A mail written anew: the same content in the one form that every reader takes alike.
//!
//! Boundaries are new and stand nowhere else, there is nothing before the first and
//! behind the last part, every Content field is written from what was read, bodies are
//! plain ASCII lines or base64, header text is ASCII in short lines. No clock, no
//! randomness: the same mail gives the same octets, and the rebuilt one gives itself.

mod field;
mod leaf;

use crate::fault::RebuildFault;
use crate::work;
use memchr::memmem;
use ssmax_mail::Entity;
use ssmax_mail::canonical::is_seven_bit;
use ssmax_primitives::Sha256;

/// How many times as large as the mail its rebuilt form may be, [`MAX_ADDED_BYTES`] aside.
/// Base64 takes 1.4, a header in Shift_JIS up to 5 of its few octets.
pub const MAX_GROWTH: usize = 2;

/// Octets that a rebuilt mail may have on top of [`MAX_GROWTH`]: fields that parts did
/// not have before, header text in encoded words.
pub const MAX_ADDED_BYTES: usize = 512 * 1024;

/// How often another boundary is tried.
const MAX_BOUNDARIES: u8 = 16;

/// Writes a mail anew; see the head of this file.
///
/// The decoded bodies, the types, file names and the header texts are those of `mail`.
/// Left out are: preambles and epilogues, parameters of extension (`x-...`) and those of
/// dispositions but the file name, Content fields that nobody needs to show the
/// mail. Text in UTF-7 and UTF-16 becomes UTF-8. A mail that is nothing but another, and
/// lies in a third, gets a multipart around that.
///
/// # Errors
/// A [`RebuildFault`]; [`RebuildFault::Protected`] if anything in it is signed or
/// encrypted.
pub fn rebuild(mail: &Entity<'_>) -> Result<Vec<u8>, RebuildFault> {
    if is_protected(mail) {
        return Err(RebuildFault::Protected);
    }
    let max = mail.raw().len().saturating_mul(MAX_GROWTH).saturating_add(MAX_ADDED_BYTES);
    let mut out = top(mail)?;
    out.extend(entity(mail)?);
    if out.len() > max { Err(RebuildFault::TooLarge) } else { Ok(out) }
}

/// Whether anything in a mail, or in mails inside it, is signed or encrypted by its type:
/// S/MIME (RFC 8551) or PGP (RFC 3156).
#[must_use]
pub fn is_protected(mail: &Entity<'_>) -> bool {
    mail.walk().any(|part| {
        let kind = part.content_type();
        kind.is("multipart", "signed")
            || kind.is("multipart", "encrypted")
            || kind.is("application", "pkcs7-mime")
            || kind.is("application", "x-pkcs7-mime")
            || part.message().is_some_and(|inner| inner.is_ok_and(|inner| is_protected(&inner)))
    })
}

/// A mail's own fields.
fn top(mail: &Entity<'_>) -> Result<Vec<u8>, RebuildFault> {
    let mut out = field::fields(mail.header())?;
    out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    Ok(out)
}

/// A mail within a mail. If it is nothing but another mail, that becomes the one part of a
/// multipart: parsers exist that lose count where two mails end together.
fn message(mail: &Entity<'_>) -> Result<Vec<u8>, RebuildFault> {
    let mut out = top(mail)?;
    let entity = entity(mail)?;
    if mail.content_type().is_message() {
        let (boundary, body) = joined("mixed", &[entity])?;
        out.extend(field::mixed_type(&boundary));
        out.extend(eight_bit_label(&body));
        out.extend_from_slice(b"\r\n");
        out.extend(body);
    } else {
        out.extend(entity);
    }
    Ok(out)
}

/// Content fields, blank line, body.
fn entity(part: &Entity<'_>) -> Result<Vec<u8>, RebuildFault> {
    work::spend(part.raw().len());
    if part.content_type().is_multipart() {
        return multipart(part);
    }
    match part.message() {
        Some(inner) => {
            let inner = message(&inner?)?;
            let mut out = field::content_type(part, None);
            out.extend(eight_bit_label(&inner));
            out.extend(described(part));
            out.extend(inner);
            Ok(out)
        }
        None => {
            let body = leaf::body(part)?;
            let mut out = field::content_type(part, body.charset);
            if body.is_base64 {
                out.extend_from_slice(b"Content-Transfer-Encoding: base64\r\n");
            }
            out.extend(described(part));
            out.extend(body.octets);
            Ok(out)
        }
    }
}

/// Disposition and what describes the part, and the blank line.
fn described(part: &Entity<'_>) -> Vec<u8> {
    let mut out = field::disposition(part);
    out.extend(field::descriptions(part.header()));
    out.extend_from_slice(b"\r\n");
    out
}

/// Only addresses in UTF-8 (RFC 6532) are still 8-bit in a rebuilt mail.
fn eight_bit_label(body: &[u8]) -> &'static [u8] {
    if is_seven_bit(body) { b"" } else { b"Content-Transfer-Encoding: 8bit\r\n" }
}

fn multipart(part: &Entity<'_>) -> Result<Vec<u8>, RebuildFault> {
    let children = part.children().iter().map(entity).collect::<Result<Vec<_>, _>>()?;
    let (boundary, body) = joined(part.content_type().subtype(), &children)?;
    drop(children);
    let mut out = field::multipart_type(part.content_type(), &boundary);
    out.extend(eight_bit_label(&body));
    out.extend(described(part));
    out.extend(body);
    Ok(out)
}

/// A new boundary, and the parts between its delimiter lines.
fn joined(subtype: &str, parts: &[Vec<u8>]) -> Result<(String, Vec<u8>), RebuildFault> {
    let boundary = boundary(subtype, parts)?;
    let mut body = Vec::with_capacity(parts.iter().map(|part| part.len() + 64).sum());
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((boundary, body))
}

/// A boundary out of the content's digest, which stands nowhere in it. `=_` can stand in
/// neither base64 nor quoted-printable (RFC 2045 6.7).
fn boundary(subtype: &str, children: &[Vec<u8>]) -> Result<String, RebuildFault> {
    for attempt in 0..MAX_BOUNDARIES {
        let mut digest = Sha256::default();
        digest.update(subtype.as_bytes());
        digest.update(&[attempt]);
        for child in children {
            work::spend(child.len());
            digest.update(&child.len().to_be_bytes());
            digest.update(child);
        }
        let boundary = digest
            .finish()
            .iter()
            .take(16)
            .fold(String::from("=_"), |text, octet| text + &format!("{octet:02x}"));
        let finder = memmem::Finder::new(boundary.as_bytes());
        if children.iter().all(|child| finder.find(child).is_none()) {
            return Ok(boundary);
        }
    }
    Err(RebuildFault::TooLarge)
}
