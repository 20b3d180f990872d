//! The octets of a mail in attachment mode (form (e)): composed, and taken apart.
//! Specification: `spec/chain.md`, "Attachment mode".
//!
//! ```text
//! multipart/mixed
//!   multipart/signed             the sender, or the seal
//!     multipart/mixed            the content entity: text in clear, then the manifest
//!     application/pkcs7-signature
//!   application/octet-stream     one encrypted file each: "x.docx.p7m"
//! ```

use crate::Digest;
use crate::hop_mail::{is_pkcs7_signature, signed_part_behind};
use crate::manifest::{MANIFEST_NAME, Manifest};
use ssmax_cms::Limits;
use ssmax_cms::enveloped::Enveloped;
use ssmax_mail::compose::{Part, multipart_behind};
use ssmax_mail::{Entity, TransferEncoding};

/// What the name of an encrypted file ends in (RFC 8551 3.2.1).
const ENCRYPTED_ENDING: &str = ".p7m";

/// A mail in attachment mode, taken apart. No signature is verified by that, and no kcv;
/// that each file is the listed one by name, place and tail is.
#[derive(Debug)]
pub struct AttachmentMail<'a> {
    /// The multipart/signed, octet for octet.
    pub signed: &'a [u8],
    /// The content entity, octet for octet.
    pub content: &'a [u8],
    /// The signature over it, DER.
    pub signature: Vec<u8>,
    /// What the signature says of the files.
    pub manifest: Manifest,
    /// The files, in the order of the manifest.
    pub files: Vec<Enveloped>,
}

/// Why a mail that says it is in attachment mode is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentFault {
    /// The signed part is not a content with a detached signature, or something stands
    /// around the parts.
    #[error("the signed part has another shape")]
    Shape,
    /// The manifest cannot be read, or lists nothing.
    #[error("the list of files cannot be read")]
    Manifest,
    /// A part that no line lists.
    #[error("a part is not listed")]
    NotListed,
    /// A line without its part.
    #[error("a listed part is missing")]
    Missing,
    /// A part of another type, encoding or name than the list says.
    #[error("a part is not the file that the list names there")]
    OtherFile,
    /// A part that is no encrypted object.
    #[error("a part is not encrypted, or in a form that is refused")]
    Unreadable,
    /// A part with another tail than the list says.
    #[error("a part has another ciphertext than the list says")]
    OtherTail,
}

/// Takes a mail apart that says that it is in attachment mode: multipart/mixed whose first
/// part is signed around a manifest. `None` for every other mail.
///
/// # Errors
/// [`AttachmentFault`] for a mail that says so and is none, by cause.
pub fn take_apart<'a>(mail: &Entity<'a>) -> Result<Option<AttachmentMail<'a>>, AttachmentFault> {
    let Some((signed, content, json)) = announced(mail) else { return Ok(None) };
    let [_, signature] = signed.children() else { return Err(AttachmentFault::Shape) };
    let has_pkcs7 = |essence: Option<&str>| essence.is_some_and(is_pkcs7_signature);
    if !has_pkcs7(signed.content_type().parameter("protocol"))
        || !is_pkcs7_signature(&signature.content_type().essence())
        || has_text_around(mail)
        || has_text_around(signed)
        || has_text_around(content)
    {
        return Err(AttachmentFault::Shape);
    }
    let manifest = Manifest::parse(&json).map_err(|_| AttachmentFault::Manifest)?;
    if manifest.parts.is_empty() {
        return Err(AttachmentFault::Manifest);
    }
    let parts = mail.children().get(1..).unwrap_or_default();
    match parts.len().cmp(&manifest.parts.len()) {
        std::cmp::Ordering::Less => return Err(AttachmentFault::Missing),
        std::cmp::Ordering::Greater => return Err(AttachmentFault::NotListed),
        std::cmp::Ordering::Equal => {}
    }
    let mut files = Vec::with_capacity(parts.len());
    for (part, listed) in parts.iter().zip(&manifest.parts) {
        if !part.content_type().is("application", "octet-stream")
            || part.transfer_encoding() != TransferEncoding::Base64
            || part.file_name() != Some(encrypted_name(&listed.name))
        {
            return Err(AttachmentFault::OtherFile);
        }
        let object = part.decoded_body().map_err(|_| AttachmentFault::Unreadable)?;
        let file = Enveloped::parse_vec(object, &Limits::default())
            .map_err(|_| AttachmentFault::Unreadable)?;
        if Digest(file.tail()) != listed.tail {
            return Err(AttachmentFault::OtherTail);
        }
        files.push(file);
    }
    let signature = signature.decoded_body().map_err(|_| AttachmentFault::Shape)?;
    let (signed, content) = (signed.raw(), content.raw());
    Ok(Some(AttachmentMail { signed, content, signature, manifest, files }))
}

/// The manifest at the end of a content entity, as text; nothing is said about whether it
/// can be read.
#[must_use]
pub fn manifest_of(content: &Entity<'_>) -> Option<String> {
    if !content.content_type().is("multipart", "mixed") {
        return None;
    }
    let last = content.children().last()?;
    let is_manifest = last.content_type().is("application", "json")
        && last.file_name().as_deref() == Some(MANIFEST_NAME);
    is_manifest.then(|| String::from_utf8(last.decoded_body().unwrap_or_default()).ok())?
}

/// What a name is called when its file is encrypted.
#[must_use]
pub fn encrypted_name(name: &str) -> String {
    format!("{name}{ENCRYPTED_ENDING}")
}

/// The manifest's part.
#[must_use]
pub fn manifest_part(manifest: &Manifest) -> Vec<u8> {
    Part::attachment("application/json", MANIFEST_NAME, manifest.to_json().as_bytes()).into_octets()
}

/// `head`, then a mail in attachment mode: the content under its signature, and the files
/// as the manifest names them. The boundaries are the outer one and that of the signature.
#[must_use]
pub fn compose(
    head: &[u8],
    content: &[u8],
    signature: &[u8],
    files: Vec<(&str, Vec<u8>)>,
    boundaries: (&str, &str),
) -> Vec<u8> {
    let signed = signed_part_behind(b"", content.to_vec(), signature, boundaries.1);
    around(head, signed, files, boundaries.0)
}

/// As [`compose`], around a multipart/signed that is composed already.
#[must_use]
pub fn around(
    head: &[u8],
    signed: Vec<u8>,
    files: Vec<(&str, Vec<u8>)>,
    boundary: &str,
) -> Vec<u8> {
    let leaf = |(name, object): (&str, Vec<u8>)| {
        Part::attachment("application/octet-stream", &encrypted_name(name), &object).into_octets()
    };
    let leaves: Vec<Vec<u8>> = files.into_iter().map(leaf).collect();
    multipart_behind(head, "mixed", &[], boundary, signed, &leaves)
}

/// The same mail with other objects for its files, in their order: header and signed part
/// stay octet for octet, since a seal covers the header too.
#[must_use]
pub fn with_objects(mail: &Entity<'_>, signed: &[u8], files: Vec<(&str, Vec<u8>)>) -> Vec<u8> {
    let boundary = mail.content_type().parameter("boundary").unwrap_or_default();
    let made = around(b"", signed.to_vec(), files, boundary);
    let body = made.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
    let mut out = Vec::with_capacity(made.len() + mail.raw().len());
    for field in mail.header().fields() {
        out.extend_from_slice(field.raw());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(made.get(body..).unwrap_or_default());
    out
}

/// The signed part, its content and the manifest's text, of a mail that says it is in
/// attachment mode.
fn announced<'e, 'a>(mail: &'e Entity<'a>) -> Option<(&'e Entity<'a>, &'e Entity<'a>, String)> {
    if !mail.content_type().is("multipart", "mixed") {
        return None;
    }
    let signed = mail.children().first()?;
    if !signed.content_type().is("multipart", "signed") {
        return None;
    }
    let content = signed.children().first()?;
    manifest_of(content).map(|json| (signed, content, json))
}

fn has_text_around(multipart: &Entity<'_>) -> bool {
    let is_text = |octets: &[u8]| !octets.trim_ascii().is_empty();
    is_text(multipart.preamble()) || is_text(multipart.epilogue())
}

#[cfg(test)]
mod tests;
