//! Finding the signed entity of a mail: multipart/signed or opaque signed-data, at the
//! top and nowhere else (RFC 8551 3.5).

use std::borrow::Cow;

use ssmax_cms::Limits;
use ssmax_cms::signed::SignedData;
use ssmax_mail::Entity;

/// A signed entity with the signature over it. Nothing is verified by that.
///
/// A large content is not copied: it stays in the mail (clear-signed) or in the
/// SignedData (opaque).
#[derive(Debug, Clone)]
pub struct SignedContent<'a> {
    /// The entity; `None` where it stands in the SignedData.
    clear: Option<Cow<'a, [u8]>>,
    /// The SignedData as it stands in the mail.
    pub signed_data: SignedData,
}

impl<'a> SignedContent<'a> {
    /// A detached signature with the entity that it is over.
    #[must_use]
    pub fn detached(entity: impl Into<Cow<'a, [u8]>>, signed_data: SignedData) -> Self {
        Self { clear: Some(entity.into()), signed_data }
    }

    /// The signed MIME entity, octet for octet.
    #[must_use]
    pub fn entity(&self) -> &[u8] {
        match &self.clear {
            Some(entity) => entity,
            None => self.signed_data.content().unwrap_or_default(),
        }
    }

    /// As [`SignedContent::entity`], to be kept.
    #[must_use]
    pub fn into_entity(self) -> Vec<u8> {
        match self.clear {
            Some(entity) => entity.into_owned(),
            None => self.signed_data.into_content().unwrap_or_default(),
        }
    }
}

/// How much of an object is looked at to tell its kind: two headers, whose lengths may
/// take 127 octets each, and an identifier.
const PROBED_BYTES: usize = 512;

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
    /// An opaque signature whose `smime-type` says that it is something else: readers go
    /// by the one or by the other.
    #[error("the type announced is not that of the signed object")]
    LabelDiffers,
}

/// What a CMS object is, by its own content type and not by what the mail calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectKind {
    /// SignedData (RFC 5652 5), with a signature or only with certificates.
    Signed,
    /// EnvelopedData (RFC 5652 6) or AuthEnvelopedData (RFC 5083).
    Encrypted,
    /// CompressedData (RFC 3274).
    Compressed,
    /// Another type, or nothing that begins like a CMS object.
    Other,
}

impl ObjectKind {
    /// Looks at the beginning of an object; what follows is not read.
    #[must_use]
    pub fn of(object: &[u8]) -> Self {
        // RFC 5652 14, RFC 5083 2.1, RFC 3274 1.1: 1.2.840.113549.1.7.x and .1.9.16.1.x
        const PKCS7: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
        const SMIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01];
        let Some(oid) = content_type(object) else { return Self::Other };
        match (oid.strip_prefix(PKCS7), oid.strip_prefix(SMIME)) {
            (Some([2]), _) => Self::Signed,
            (Some([3]), _) | (_, Some([23])) => Self::Encrypted,
            (_, Some([9])) => Self::Compressed,
            _ => Self::Other,
        }
    }
}

/// A signature of another kind, such as OpenPGP's.
pub(crate) fn is_foreign_signature(mail: &Entity<'_>) -> bool {
    mail.content_type().is("multipart", "signed")
        && !mail.content_type().parameter("protocol").is_some_and(is_pkcs7_signature)
        && !mail.children().iter().any(is_signature_part)
}

pub(crate) fn is_signature_part(part: &Entity<'_>) -> bool {
    is_pkcs7_signature(&part.content_type().essence())
}

pub(crate) fn is_pkcs7_signature(essence: &str) -> bool {
    essence.eq_ignore_ascii_case("application/pkcs7-signature")
        || essence.eq_ignore_ascii_case("application/x-pkcs7-signature")
}

/// Whether an entity is signed by its own shape, well or not.
pub(crate) fn is_signature(entity: &Entity<'_>) -> bool {
    if entity.content_type().is("multipart", "signed") {
        return !is_foreign_signature(entity);
    }
    !matches!(signed_content(entity), Err(ContentFault::NotSigned))
}

/// Whether a signature directly above this entity would be one of two that mailers tell
/// apart differently. An OpenPGP signature is content: members of lists sign so, the
/// organisation signs above, and readers of S/MIME see one signature.
#[must_use]
pub fn is_nested_signature(entity: &Entity<'_>) -> bool {
    is_signature(entity)
        || entity.content_type().is("multipart", "signed") && !is_openpgp_signature(entity)
}

fn is_openpgp_signature(entity: &Entity<'_>) -> bool {
    is_foreign_signature(entity)
        && entity
            .content_type()
            .parameter("protocol")
            .is_some_and(|protocol| protocol.eq_ignore_ascii_case("application/pgp-signature"))
}

/// The object identifier at the beginning of a ContentInfo in BER.
fn content_type(object: &[u8]) -> Option<&[u8]> {
    let (0x30, rest) = object.split_first()? else { return None };
    let (_, rest) = ber_length(rest)?;
    let (0x06, rest) = rest.split_first()? else { return None };
    let (length, rest) = ber_length(rest)?;
    rest.get(..length)
}

/// A BER length and what follows; an indefinite one is 0.
fn ber_length(octets: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = octets.split_first()?;
    if *first < 0x80 {
        return Some((usize::from(*first), rest));
    }
    let (length, rest) = rest.split_at_checked(usize::from(*first & 0x7f))?;
    let value = length.iter().try_fold(0_usize, |value, octet| {
        value.checked_mul(256).map(|value| value | usize::from(*octet))
    })?;
    Some((value, rest))
}

/// The signed content of `message`.
///
/// # Errors
/// [`ContentFault`] by cause; [`ContentFault::NotSigned`] is the ordinary case of an
/// unsigned mail.
pub fn signed_content<'a>(message: &Entity<'a>) -> Result<SignedContent<'a>, ContentFault> {
    let kind = message.content_type();
    if kind.is("multipart", "signed") {
        return clear_signed(message);
    }
    if is_pkcs7_mime(message) {
        return opaque_signed(message);
    }
    Err(ContentFault::NotSigned)
}

fn opaque_signed<'a>(message: &Entity<'a>) -> Result<SignedContent<'a>, ContentFault> {
    let label = message.content_type().parameter("smime-type").map(str::to_ascii_lowercase);
    let names_signature = label.as_deref().is_none_or(|label| label == "signed-data");
    let object = match message.decoded_body() {
        Ok(object) => object,
        Err(_) if names_signature => return Err(ContentFault::Unreadable),
        Err(_) => return Err(ContentFault::NotSigned),
    };
    if ObjectKind::of(&object) != ObjectKind::Signed {
        return Err(ContentFault::NotSigned);
    }
    let signed_data =
        SignedData::parse_vec(object, &Limits::default()).map_err(|_| ContentFault::Unreadable)?;
    // RFC 8551 3.2.2: certs-only is a SignedData too, one that nobody signed.
    let is_certificates = signed_data.signers().is_empty() && signed_data.content().is_none();
    if is_certificates && label.as_deref() == Some("certs-only") {
        return Err(ContentFault::NotSigned);
    }
    if !names_signature {
        return Err(ContentFault::LabelDiffers);
    }
    if signed_data.content().is_none() {
        return Err(ContentFault::Unreadable);
    }
    Ok(SignedContent { clear: None, signed_data })
}

/// Whether the mail is an encrypted one: a CMS object that is neither signed nor
/// compressed by its content, whatever its label says.
#[must_use]
pub fn is_encrypted(message: &Entity<'_>) -> bool {
    matches!(object_kind(message), Some(ObjectKind::Encrypted | ObjectKind::Other))
}

/// What the CMS object is that an `application/pkcs7-mime` entity holds; `None` for other
/// entities and for a body that does not decode.
#[must_use]
pub fn object_kind(message: &Entity<'_>) -> Option<ObjectKind> {
    if !is_pkcs7_mime(message) {
        return None;
    }
    message.decoded_start(PROBED_BYTES).ok().map(|start| ObjectKind::of(&start))
}

fn clear_signed<'a>(message: &Entity<'a>) -> Result<SignedContent<'a>, ContentFault> {
    let [content, signature] = message.children() else { return Err(ContentFault::Structure) };
    let essence = signature.content_type().essence();
    if essence != "application/pkcs7-signature" && essence != "application/x-pkcs7-signature" {
        return Err(ContentFault::Structure);
    }
    let object = signature.decoded_body().map_err(|_| ContentFault::Unreadable)?;
    let signed_data =
        SignedData::parse_vec(object, &Limits::default()).map_err(|_| ContentFault::Unreadable)?;
    if signed_data.content().is_some() {
        return Err(ContentFault::TwoContents);
    }
    Ok(SignedContent::detached(content.raw(), signed_data))
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
        signed_content(&message).map(SignedContent::into_entity)
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

    #[test]
    fn a_signed_mail_that_calls_itself_something_else_is_neither() {
        let message = String::from_utf8(mail(FROM_ALICE, &opaque(&opaque_object()))).unwrap();
        for label in ["enveloped-data", "authEnveloped-data", "compressed-data", "certs-only"] {
            let message = message.replace("smime-type=signed-data", &format!("smime-type={label}"));
            assert_eq!(content(message.as_bytes()), Err(ContentFault::LabelDiffers), "{label}");
            assert!(!seen_as_encrypted(message.as_bytes()));
        }
    }

    #[test]
    fn an_object_is_known_by_its_first_octets_in_any_form_of_length() {
        let oid = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
        for length in [&[0x0b][..], &[0x80], &[0x81, 0x0b], &[0x84, 0, 0, 0, 0x0b]] {
            let object = [&[0x30], length, &oid].concat();
            assert_eq!(ObjectKind::of(&object), ObjectKind::Signed, "{length:?}");
        }
        let compressed = [0x30, 0x80, 6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, 9];
        assert_eq!(ObjectKind::of(&compressed), ObjectKind::Compressed);
        for object in [&b""[..], b"\x30", b"\x30\xff\x06", b"\x30\x80\x06\x8f\x01", b"hello"] {
            assert_eq!(ObjectKind::of(object), ObjectKind::Other, "{object:?}");
        }
    }
}
