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
        let signed_data = SignedData::parse(&object, &Limits::default())
            .map_err(|_| ContentFault::NotSigned)?;
        let entity = signed_data.content().ok_or(ContentFault::Unreadable)?.to_vec();
        return Ok(SignedContent { entity, signed_data });
    }
    Err(ContentFault::NotSigned)
}

/// Whether the mail is, by its type, an encrypted one.
#[must_use]
pub fn is_encrypted(message: &Entity<'_>) -> bool {
    is_pkcs7_mime(message)
        && message
            .decoded_body()
            .is_ok_and(|object| {
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
    let signed_data = SignedData::parse(&object, &Limits::default())
        .map_err(|_| ContentFault::Unreadable)?;
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
