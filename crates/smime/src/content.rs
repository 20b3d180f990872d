//! Finding the signed entity of a mail: multipart/signed or opaque signed-data, at the
//! top and nowhere else (RFC 8551 3.5).

use ssmax_cms::Limits;
use ssmax_cms::signed::SignedData;
use ssmax_mail::Entity;

/// A signed entity with the signature over it. Nothing is verified by that.
#[derive(Debug, Clone)]
pub struct SignedContent {
    /// The signed MIME entity, octet for octet.
    pub entity: Vec<u8>,
    /// The SignedData as it stands in the mail.
    pub signed_data: SignedData,
}

/// Why a mail has no signed content that could be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentFault {
    /// Neither multipart/signed nor opaque signed-data at the top.
    #[error("the mail is not signed")]
    NotSigned,
    /// multipart/signed of another shape than RFC 1847's two parts.
    #[error("the signed multipart has not exactly a content and a signature")]
    Structure,
    /// The signature part or the opaque object cannot be read.
    #[error("the signature cannot be read")]
    Unreadable,
    /// A detached signature that brings a content of its own: two readers could show
    /// two different ones.
    #[error("a detached signature carries a second content")]
    TwoContents,
}

/// The signed content of `message`.
///
/// # Errors
/// [`ContentFault`] by cause; [`ContentFault::NotSigned`] is the ordinary case of an
/// unsigned mail.
pub fn signed_content(message: &Entity<'_>) -> Result<SignedContent, ContentFault> {
    let kind = message.content_type();
    if kind.is("multipart", "signed") {
        return clear_signed(message);
    }
    if is_opaque(message) {
        let object = message.decoded_body().map_err(|_| ContentFault::Unreadable)?;
        let signed_data =
            SignedData::parse(&object, &Limits::default()).map_err(|_| ContentFault::NotSigned)?;
        let entity = signed_data.content().ok_or(ContentFault::Unreadable)?.to_vec();
        return Ok(SignedContent { entity, signed_data });
    }
    Err(ContentFault::NotSigned)
}

/// Whether the mail is, by its type, an encrypted one.
#[must_use]
pub fn is_encrypted(message: &Entity<'_>) -> bool {
    is_pkcs7_mime(message)
        && message.decoded_body().is_ok_and(|object| {
            ssmax_cms::enveloped::Enveloped::parse(&object, &Limits::default()).is_ok()
                || ssmax_cms::signed::SignedData::parse(&object, &Limits::default()).is_err()
        })
}

fn clear_signed(message: &Entity<'_>) -> Result<SignedContent, ContentFault> {
    let [content, signature] = message.children() else { return Err(ContentFault::Structure) };
    let essence = signature.content_type().essence();
    if essence != "application/pkcs7-signature" && essence != "application/x-pkcs7-signature" {
        return Err(ContentFault::Structure);
    }
    let object = signature.decoded_body().map_err(|_| ContentFault::Unreadable)?;
    let signed_data =
        SignedData::parse(&object, &Limits::default()).map_err(|_| ContentFault::Unreadable)?;
    if signed_data.content().is_some() {
        return Err(ContentFault::TwoContents);
    }
    Ok(SignedContent { entity: content.raw().to_vec(), signed_data })
}

/// Opaque signed-data by its type; the parameter may be missing, then the object says.
fn is_opaque(message: &Entity<'_>) -> bool {
    is_pkcs7_mime(message)
        && message
            .content_type()
            .parameter("smime-type")
            .is_none_or(|kind| kind.eq_ignore_ascii_case("signed-data"))
}

fn is_pkcs7_mime(message: &Entity<'_>) -> bool {
    let essence = message.content_type().essence();
    essence == "application/pkcs7-mime" || essence == "application/x-pkcs7-mime"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{
        ENTITY, Extra, FROM_ALICE, WORLD, clear_signed, encrypted, mail, opaque, signature,
    };

    fn content(message: &[u8]) -> Result<Vec<u8>, ContentFault> {
        let message = ssmax_mail::parse(message, &ssmax_mail::Limits::default()).unwrap();
        signed_content(&message).map(|content| content.entity)
    }

    fn seen_as_encrypted(message: &[u8]) -> bool {
        let message = ssmax_mail::parse(message, &ssmax_mail::Limits::default()).unwrap();
        is_encrypted(&message)
    }

    fn opaque_object() -> Vec<u8> {
        signature(&WORLD.alice, ENTITY, Extra { opaque: true, ..Extra::default() })
    }

    #[test]
    fn both_forms_of_signature_give_the_signed_octets() {
        let detached = signature(&WORLD.alice, ENTITY, Extra::default());
        assert_eq!(content(&mail(FROM_ALICE, &clear_signed(ENTITY, &detached))).unwrap(), ENTITY);
        assert_eq!(content(&mail(FROM_ALICE, &opaque(&opaque_object()))).unwrap(), ENTITY);
    }

    #[test]
    fn an_opaque_signature_is_known_without_its_parameter() {
        let message = String::from_utf8(mail(FROM_ALICE, &opaque(&opaque_object()))).unwrap();
        let message = message.replace(" smime-type=signed-data;", "");
        assert_eq!(content(message.as_bytes()).unwrap(), ENTITY);
    }

    #[test]
    fn a_detached_object_alone_has_no_content() {
        let detached = signature(&WORLD.alice, ENTITY, Extra::default());
        let message = mail(FROM_ALICE, &opaque(&detached));
        assert_eq!(content(&message), Err(ContentFault::Unreadable));
    }

    #[test]
    fn a_detached_signature_with_content_is_refused() {
        let message = mail(FROM_ALICE, &clear_signed(ENTITY, &opaque_object()));
        assert_eq!(content(&message), Err(ContentFault::TwoContents));
    }

    #[test]
    fn a_signature_that_is_none_cannot_be_read() {
        let message = mail(FROM_ALICE, &clear_signed(ENTITY, b"nonsense"));
        assert_eq!(content(&message), Err(ContentFault::Unreadable));
    }

    #[test]
    fn plain_and_encrypted_mails_are_not_signed() {
        let plain = mail(FROM_ALICE, ENTITY);
        assert_eq!(content(&plain), Err(ContentFault::NotSigned));
        assert!(!seen_as_encrypted(&plain));
        let encrypted = mail(FROM_ALICE, &encrypted(ENTITY, &[&WORLD.bob_encryption]));
        assert_eq!(content(&encrypted), Err(ContentFault::NotSigned));
        assert!(seen_as_encrypted(&encrypted));
        assert!(!seen_as_encrypted(&mail(FROM_ALICE, &opaque(&opaque_object()))));
    }

    #[test]
    fn an_encrypted_mail_that_calls_itself_signed_is_encrypted() {
        let message = mail(FROM_ALICE, &encrypted(ENTITY, &[&WORLD.bob_encryption]));
        let message = String::from_utf8(message).unwrap().replace("enveloped-data", "signed-data");
        assert_eq!(content(message.as_bytes()), Err(ContentFault::NotSigned));
        assert!(seen_as_encrypted(message.as_bytes()));
    }
}
