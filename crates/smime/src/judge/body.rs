//! What is signed, and whether that is all that is shown.

use ssmax_mail::address::Address;
use ssmax_mail::header_protection::{self, FieldState, HeaderProtectionFault, Protection};
use ssmax_mail::{Entity, Header, Limits, Note, canonical};
use ssmax_primitives::DigestAlgorithm;

use super::{Reason, from};
use crate::content::{
    ContentFault, ObjectKind, SignedContent, is_encrypted, is_foreign_signature,
    is_nested_signature, is_pkcs7_signature, is_signature, is_signature_part, object_kind,
    signed_content,
};

/// What a mail's body is to a judge of signatures.
pub(super) enum Body<'a> {
    /// There is no S/MIME signature to be seen.
    Unsigned(Reason),
    /// A signature over a part, with other things around it.
    Below,
    /// A signature that two readers would see differently, or none.
    Fault(Reason),
    /// One signed entity at the top.
    Signed(Box<Signed<'a>>),
}

/// One signed entity at the top.
pub(super) struct Signed<'a> {
    pub(super) content: SignedContent<'a>,
    /// The From inside the signature, if its header has one.
    pub(super) inner_from: Option<Result<Address, Reason>>,
    /// What the signed header says of the one outside, if it says something.
    pub(super) protection: Option<Protection>,
    /// Whether `micalg` names another digest than the signature has.
    pub(super) micalg_differs: bool,
    /// What in it is shown from elsewhere, not from the signed octets.
    outside: Option<Reason>,
}

/// Looks for the signature of `mail`, whose header outside is `header`.
pub(super) fn find<'a>(header: &Header<'_>, mail: &Entity<'a>) -> Body<'a> {
    if is_foreign_signature(mail) {
        return Body::Unsigned(Reason::NotSmime);
    }
    let content = match signed_content(mail) {
        Ok(content) => content,
        Err(ContentFault::NotSigned) => {
            return match is_closed(mail) {
                Some(reason) => Body::Unsigned(reason),
                None if mail.walk().skip(1).any(is_signature) => Body::Below,
                None => Body::Unsigned(Reason::NotSigned),
            };
        }
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
    let octets = canonical::as_crlf(content.entity());
    let entity = match ssmax_mail::parse(&octets, &Limits::default()) {
        Ok(entity) => entity,
        Err(fault) => return Body::Fault(Reason::Mail(fault)),
    };
    if let Some(reason) = is_closed(&entity) {
        return Body::Unsigned(reason);
    }
    // Mailers disagree about a signature directly below a signature, of whatever kind
    // (measured).
    if is_nested_signature(&entity) {
        return Body::Fault(Reason::NestedSignature);
    }
    // A message wrapped to protect its header is what the reader sees in place of the
    // entity, so it is looked at alike.
    let wrapped = match wrapped(&entity) {
        Some(Err(reason)) => return Body::Fault(reason),
        Some(Ok(message)) => Some(message),
        None => None,
    };
    if let Some(message) = &wrapped {
        if let Some(reason) = is_closed(message) {
            return Body::Unsigned(reason);
        }
        if is_nested_signature(message) {
            return Body::Fault(Reason::NestedSignature);
        }
        if is_wrapping(message) {
            return Body::Fault(Reason::WrappedTwice);
        }
    }
    let (inner_from, protection) = match protected(header, &entity, wrapped.as_ref()) {
        Ok(found) => found,
        Err(reason) => return Body::Fault(reason),
    };
    let outside = outside(wrapped.as_ref().unwrap_or(&entity));
    let micalg_differs = micalg_differs(mail, &content);
    Body::Signed(Box::new(Signed { content, inner_from, protection, micalg_differs, outside }))
}

/// Why nobody sees into an entity without opening it.
fn is_closed(entity: &Entity<'_>) -> Option<Reason> {
    if is_encrypted(entity) || entity.content_type().is("multipart", "encrypted") {
        return Some(Reason::Encrypted);
    }
    (object_kind(entity) == Some(ObjectKind::Compressed)).then_some(Reason::Compressed)
}

type Inner = (Option<Result<Address, Reason>>, Option<Protection>);

/// Whether an entity is a message wrapped whole to protect its header (RFC 8551 3.1), and
/// not one that is forwarded.
fn is_wrapping(entity: &Entity<'_>) -> bool {
    let forwarded = entity.content_type().parameter("forwarded");
    entity.content_type().is_message()
        && forwarded.is_some_and(|value| value.eq_ignore_ascii_case("no"))
}

/// The message that an entity wraps.
fn wrapped<'a>(entity: &Entity<'a>) -> Option<Result<Entity<'a>, Reason>> {
    if !is_wrapping(entity) {
        return None;
    }
    let message = entity.message()?;
    // Readers know the one form of protection or the other.
    let is_shown = |name: &str| entity.header().all(name).next().is_some();
    if entity.content_type().parameter("hp").is_some()
        || header_protection::SHOWN.iter().any(|name| is_shown(name))
    {
        return Some(Err(Reason::HeaderProtection(HeaderProtectionFault::FieldTwice)));
    }
    Some(message.map_err(Reason::Mail))
}

/// From and protected fields inside the signature: in the header of the signed entity
/// (RFC 9788), or in that of a message wrapped whole (RFC 8551 3.1).
fn protected(
    header: &Header<'_>,
    entity: &Entity<'_>,
    wrapped: Option<&Entity<'_>>,
) -> Result<Inner, Reason> {
    let from_of =
        |inner: &Header<'_>| inner.all("From").next().is_some().then(|| from::one_from(inner));
    let (inner, protection) = match wrapped {
        Some(message) => {
            let protection = header_protection::read_wrapped(header, message.header());
            (message, protection.map(Some))
        }
        None => (entity, header_protection::read(header, entity)),
    };
    Ok((from_of(inner.header()), protection.map_err(Reason::HeaderProtection)?))
}

/// What a mailer would show that the signed octets do not hold.
fn outside(entity: &Entity<'_>) -> Option<Reason> {
    if entity.walk().any(is_outside_body) {
        return Some(Reason::BodyElsewhere);
    }
    // Mailers open such a part beside the others, or hide it (measured): who signed it
    // cannot know what it shows to whom.
    let below = entity.walk().skip(1).any(|part| is_closed(part).is_some());
    below.then_some(Reason::EncryptedPartBelow)
}

/// RFC 8551 3.5.3.2: micalg serves readers in one pass; some fail where it names another
/// digest, none shows something else.
fn micalg_differs(mail: &Entity<'_>, content: &SignedContent<'_>) -> bool {
    let Some(micalg) = mail.content_type().parameter("micalg") else { return false };
    let micalg: String =
        micalg.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    content
        .signed_data
        .signers()
        .first()
        .and_then(|signer| signer.digest_algorithm().ok())
        .is_some_and(|digest| match digest {
            DigestAlgorithm::Sha256 => micalg != "sha256",
            DigestAlgorithm::Sha384 => micalg != "sha384",
            DigestAlgorithm::Sha512 => micalg != "sha512",
            _ => false,
        })
}

/// Whether everything that a mailer shows lies under the signature.
pub(super) fn check_whole(mail: &Entity<'_>, signed: &Signed<'_>) -> Result<(), Reason> {
    // Every mailer writes a sentence for old readers into the preamble, and none shows
    // it; text behind the end is nobody's custom.
    if mail.notes().contains(&Note::TextInEpilogue) {
        return Err(Reason::TextBehind);
    }
    if let Some(reason) = signed.outside {
        return Err(reason);
    }
    Ok(())
}

/// Whether the fields that a mailer shows are the signed ones, where fields are signed.
///
/// From is left to the check `binding` where its address differs.
pub(super) fn check_fields(signed: &Signed<'_>, from: Option<&Address>) -> Result<(), Reason> {
    let Some(protection) = &signed.protection else { return Ok(()) };
    let same_address = match (&signed.inner_from, from) {
        (Some(Ok(inner)), Some(from)) => inner.matches(from),
        _ => false,
    };
    match protection.first_difference() {
        Some(field) if field.name != "from" || same_address => {
            return Err(Reason::OuterFieldDiffers);
        }
        _ => {}
    }
    // RFC 9788 5.2.1 has every field copied inside; on the way others are added, but
    // nobody adds these two to a mail that its author sent without.
    let is_added = |name| protection.state(name) == Some(FieldState::OnlyOuter);
    if is_added("Subject") || is_added("Date") {
        return Err(Reason::OuterFieldUnsigned);
    }
    Ok(())
}

/// RFC 1847 2.1: protocol "MUST be the same" as the type of the signature part. Readers
/// choose by one or by the other.
fn protocol_fits(mail: &Entity<'_>) -> bool {
    mail.content_type().parameter("protocol").is_some_and(is_pkcs7_signature)
        && mail.children().last().is_some_and(is_signature_part)
}

/// RFC 2046 5.2.2, 5.2.3: the body comes from other messages, or from a server.
fn is_outside_body(entity: &Entity<'_>) -> bool {
    entity.content_type().is("message", "external-body")
        || entity.content_type().is("message", "partial")
}
