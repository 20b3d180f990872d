//! The octets of a mail between two organisations (hop 2).
//! Specification: `spec/chain.md`, "Hop-2 mail".
//!
//! ```text
//! multipart/signed
//!   multipart/mixed
//!     application/pkcs7-mime   the mail, for the receiving organisation; in attachment
//!                              mode a multipart/mixed ([`crate::attachments`])
//!     application/pkcs7-mime   the sealed record, likewise
//!   application/pkcs7-signature
//! ```

use crate::attachments::{self, AttachmentMail};
use ssmax_mail::{Entity, compose};

/// The file name by which the sealed record's part is known.
const SEALED_NAME: &str = "ssmax-sealed.p7m";

/// What an encrypted part is called on the wire (RFC 8551 3.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmimeType {
    /// `enveloped-data`.
    Enveloped,
    /// `authEnveloped-data`.
    AuthEnveloped,
}

impl SmimeType {
    fn as_str(self) -> &'static str {
        match self {
            Self::Enveloped => "enveloped-data",
            Self::AuthEnveloped => "authEnveloped-data",
        }
    }
}

/// The `Content-Type` of a hop-2 mail, unfolded, as it is covered by the hop record.
#[must_use]
pub fn signed_content_type(boundary: &str) -> String {
    format!(
        "multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=\"{boundary}\""
    )
}

/// The entity that the sending organisation signs.
#[must_use]
pub fn compose_content(mail: (SmimeType, &[u8]), sealed: &[u8], boundary: &str) -> Vec<u8> {
    compose_content_vec((mail.0, mail.1.to_vec()), sealed, boundary)
}

/// As [`compose_content`], in the memory of the encrypted mail.
#[must_use]
pub fn compose_content_vec(
    (kind, mail): (SmimeType, Vec<u8>),
    sealed: &[u8],
    boundary: &str,
) -> Vec<u8> {
    let sealed = pkcs7_part(SmimeType::AuthEnveloped, SEALED_NAME, sealed);
    let mail = pkcs7_part_behind(b"", kind, "smime.p7m", mail);
    compose::multipart_behind(b"", "mixed", &[], boundary, mail, &[sealed])
}

/// As [`compose_content`], for a mail in attachment mode ([`attachments::compose`]).
#[must_use]
pub fn compose_attachments(mail: Vec<u8>, sealed: &[u8], boundary: &str) -> Vec<u8> {
    let sealed = pkcs7_part(SmimeType::AuthEnveloped, SEALED_NAME, sealed);
    compose::multipart_behind(b"", "mixed", &[], boundary, mail, &[sealed])
}

/// The whole mail: header fields (each with its CRLF), the signed entity, the
/// signature.
#[must_use]
pub fn compose_mail(fields: &[u8], content: &[u8], signature: &[u8], boundary: &str) -> Vec<u8> {
    compose_mail_vec(fields, content.to_vec(), signature, boundary)
}

/// As [`compose_mail`], in the memory of the signed entity.
#[must_use]
pub fn compose_mail_vec(
    fields: &[u8],
    content: Vec<u8>,
    signature: &[u8],
    boundary: &str,
) -> Vec<u8> {
    let head = [fields, b"MIME-Version: 1.0\r\n"].concat();
    signed_part_behind(&head, content, signature, boundary)
}

/// `head`, then an entity in multipart/signed with its detached signature by SHA-256
/// (RFC 8551 3.5.3), in the memory of the entity.
#[must_use]
pub fn signed_part_behind(
    head: &[u8],
    entity: Vec<u8>,
    signature: &[u8],
    boundary: &str,
) -> Vec<u8> {
    let params = [("protocol", "application/pkcs7-signature"), ("micalg", "sha-256")];
    let signature = signature_part(signature);
    compose::multipart_behind(head, "signed", &params, boundary, entity, &[signature])
}

/// The part with a detached signature (RFC 8551 3.5.3).
#[must_use]
pub fn signature_part(signature: &[u8]) -> Vec<u8> {
    let mut part = b"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
        Content-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n"
        .to_vec();
    part.extend_from_slice(&compose::base64_body(signature));
    part
}

/// An encrypted part (RFC 8551 3.3), or a whole encrypted mail's `Content-*` and body.
#[must_use]
pub fn pkcs7_part(kind: SmimeType, name: &str, cms: &[u8]) -> Vec<u8> {
    pkcs7_part_behind(b"", kind, name, cms.to_vec())
}

/// `head`, then [`pkcs7_part`], in the memory of the encrypted object.
#[must_use]
pub fn pkcs7_part_behind(head: &[u8], kind: SmimeType, name: &str, cms: Vec<u8>) -> Vec<u8> {
    let part = format!(
        "Content-Type: application/pkcs7-mime; smime-type={}; name=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"{name}\"\r\n\r\n",
        kind.as_str()
    );
    compose::base64_body_behind(&[head, part.as_bytes()].concat(), cms)
}

/// A hop-2 mail taken apart. Nothing is verified by that.
#[derive(Debug)]
pub struct HopMail<'a> {
    /// The signed entity, octet for octet.
    pub content: &'a [u8],
    /// What stands at path "1".
    pub mail: HopBody<'a>,
    /// The encrypted sealed record.
    pub sealed: Vec<u8>,
    /// The organisation's SignedData.
    pub signed_data: Vec<u8>,
}

/// The mail inside a hop-2 mail.
#[derive(Debug)]
pub enum HopBody<'a> {
    /// Encrypted as a whole: the CMS octets.
    Whole(Vec<u8>),
    /// In attachment mode.
    Attachments(Box<AttachmentMail<'a>>),
}

/// The path of a file in attachment mode within a hop-2 mail, by its path in the manifest.
#[must_use]
pub fn path_of_file(path: &str) -> String {
    format!("{WHOLE_PATH}.{path}")
}

/// The path of the mail within a hop-2 mail.
pub const WHOLE_PATH: &str = "1";

/// Takes a mail apart if it has the shape of a hop-2 mail, exactly.
///
/// `None` means "not of this shape", never "nearly": a mail that is almost one is
/// judged as mail from outside the federation.
#[must_use]
pub fn take_apart<'a>(message: &Entity<'a>) -> Option<HopMail<'a>> {
    let kind = message.content_type();
    if !kind.is("multipart", "signed")
        || !kind.parameter("protocol").is_some_and(is_pkcs7_signature)
    {
        return None;
    }
    let [content, signature] = message.children() else { return None };
    if !content.content_type().is("multipart", "mixed")
        || !is_pkcs7_signature(&signature.content_type().essence())
    {
        return None;
    }
    let [mail, sealed] = content.children() else { return None };
    if !is_pkcs7_mime(sealed) || sealed.file_name().as_deref() != Some(SEALED_NAME) {
        return None;
    }
    let body = if is_pkcs7_mime(mail) {
        HopBody::Whole(mail.decoded_body().ok()?)
    } else {
        HopBody::Attachments(Box::new(attachments::take_apart(mail).ok()??))
    };
    Some(HopMail {
        content: content.raw(),
        mail: body,
        sealed: sealed.decoded_body().ok()?,
        signed_data: signature.decoded_body().ok()?,
    })
}

/// Whether a part is CMS by its type; the old `x-` form is still sent.
#[must_use]
pub fn is_pkcs7_mime(part: &Entity<'_>) -> bool {
    let essence = part.content_type().essence();
    essence == "application/pkcs7-mime" || essence == "application/x-pkcs7-mime"
}

pub(crate) fn is_pkcs7_signature(essence: &str) -> bool {
    essence.eq_ignore_ascii_case("application/pkcs7-signature")
        || essence.eq_ignore_ascii_case("application/x-pkcs7-signature")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop_mail() -> Vec<u8> {
        let content = compose_content((SmimeType::Enveloped, b"mail"), b"sealed", "inner");
        compose_mail(b"From: a@a.example\r\n", &content, b"signature", "outer")
    }

    #[test]
    fn what_is_composed_is_taken_apart() {
        let mail = hop_mail();
        let message = ssmax_mail::parse(&mail, &ssmax_mail::Limits::default()).unwrap();
        let parts = take_apart(&message).unwrap();
        assert_eq!(
            parts.content,
            compose_content((SmimeType::Enveloped, b"mail"), b"sealed", "inner")
        );
        assert!(matches!(parts.mail, HopBody::Whole(object) if object == b"mail"));
        assert_eq!(parts.sealed, b"sealed");
        assert_eq!(parts.signed_data, b"signature");
        assert_eq!(
            message.header().one("Content-Type").unwrap().unwrap().unfolded().replace("\r\n", ""),
            signed_content_type("outer"),
        );
    }

    #[test]
    fn a_third_part_makes_it_another_mail() {
        let mail = String::from_utf8(hop_mail()).unwrap();
        let third = "--inner\r\nContent-Type: text/plain\r\n\r\nx\r\n--inner--";
        let mail = mail.replace("--inner--", third);
        let message = ssmax_mail::parse(mail.as_bytes(), &ssmax_mail::Limits::default()).unwrap();
        assert!(take_apart(&message).is_none());
    }
}
