//! What is signed, and whether that is all that is shown.

use ssmax_mail::address::Address;
use ssmax_mail::{Entity, Limits, Note, canonical};

use super::{Reason, from};
use crate::content::{ContentFault, SignedContent, is_encrypted, signed_content};

/// What a mail's body is to a judge of signatures.
pub(super) enum Body {
    /// There is no S/MIME signature to be seen.
    Unsigned(Reason),
    /// A signature over a part, with other things around it.
    Below,
    /// A signature that two readers would see differently, or none.
    Fault(Reason),
    /// One signed entity at the top.
    Signed(Box<Signed>),
}

/// One signed entity at the top.
pub(super) struct Signed {
    pub(super) content: SignedContent,
    /// The From inside the signature, if its header has one.
    pub(super) inner_from: Option<Result<Address, Reason>>,
    /// Whether something in it is shown from elsewhere, not from the signed octets.
    has_outside_body: bool,
}

/// Looks for the signature of `mail`.
pub(super) fn find(mail: &Entity<'_>) -> Body {
    if is_foreign_signature(mail) {
        return Body::Unsigned(Reason::NotSmime);
    }
    let content = match signed_content(mail) {
        Ok(content) => content,
        Err(ContentFault::NotSigned) if is_encrypted(mail) => {
            return Body::Unsigned(Reason::Encrypted);
        }
        Err(ContentFault::NotSigned) if mail.walk().skip(1).any(is_signature) => {
            return Body::Below;
        }
        Err(ContentFault::NotSigned) => return Body::Unsigned(Reason::NotSigned),
        Err(fault) => return Body::Fault(Reason::Content(fault)),
    };
    if mail.content_type().is("multipart", "signed") && !protocol_fits(mail) {
        return Body::Fault(Reason::ProtocolDiffers);
    }
    if !content.signed_data.is_data() {
        return Body::Fault(Reason::NotData);
    }
    // Opaque content of some programs has local line ends; the signature is over those,
    // and only what is shown is read here.
    let octets = canonical::to_crlf(&content.entity);
    let entity = match ssmax_mail::parse(&octets, &Limits::default()) {
        Ok(entity) => entity,
        Err(fault) => return Body::Fault(Reason::Mail(fault)),
    };
    if is_encrypted(&entity) {
        return Body::Unsigned(Reason::Encrypted);
    }
    // Mailers disagree about a signature directly below a signature (measured).
    if is_signature(&entity) {
        return Body::Fault(Reason::NestedSignature);
    }
    let has_from = entity.header().all("From").next().is_some();
    let inner_from = has_from.then(|| from::one_from(entity.header()));
    let has_outside_body = entity.walk().any(is_outside_body);
    Body::Signed(Box::new(Signed { content, inner_from, has_outside_body }))
}

/// Whether everything that a mailer shows lies under the signature.
pub(super) fn check_whole(mail: &Entity<'_>, signed: &Signed) -> Result<(), Reason> {
    // Every mailer writes a sentence for old readers into the preamble, and none shows
    // it; text behind the end is nobody's custom.
    if mail.notes().contains(&Note::TextInEpilogue) {
        return Err(Reason::TextBehind);
    }
    if signed.has_outside_body {
        return Err(Reason::BodyElsewhere);
    }
    Ok(())
}

/// A signature of another kind, such as OpenPGP's.
fn is_foreign_signature(mail: &Entity<'_>) -> bool {
    mail.content_type().is("multipart", "signed")
        && !mail.content_type().parameter("protocol").is_some_and(is_pkcs7_signature)
        && !mail.children().iter().any(is_signature_part)
}

/// RFC 1847 2.1: protocol "MUST be the same" as the type of the signature part. Readers
/// choose by one or by the other.
fn protocol_fits(mail: &Entity<'_>) -> bool {
    mail.content_type().parameter("protocol").is_some_and(is_pkcs7_signature)
        && mail.children().last().is_some_and(is_signature_part)
}

fn is_signature_part(part: &Entity<'_>) -> bool {
    is_pkcs7_signature(&part.content_type().essence())
}

fn is_pkcs7_signature(essence: &str) -> bool {
    essence.eq_ignore_ascii_case("application/pkcs7-signature")
        || essence.eq_ignore_ascii_case("application/x-pkcs7-signature")
}

/// Whether an entity is signed by its own shape, well or not.
fn is_signature(entity: &Entity<'_>) -> bool {
    if entity.content_type().is("multipart", "signed") {
        return !is_foreign_signature(entity);
    }
    !matches!(signed_content(entity), Err(ContentFault::NotSigned))
}

/// RFC 2046 5.2.2, 5.2.3: the body comes from other messages, or from a server.
fn is_outside_body(entity: &Entity<'_>) -> bool {
    entity.content_type().is("message", "external-body")
        || entity.content_type().is("message", "partial")
}
