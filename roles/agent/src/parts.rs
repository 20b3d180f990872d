//! A mail cut into what stays outside a signature or encryption and what goes inside.

use ssmax_mail::canonical::is_content_field;
use ssmax_mail::header_protection::{HeaderProtectionFault, Mode, protect};
use ssmax_mail::{Entity, canonical};

/// The fields that stay outside: all but those that describe the body.
pub(crate) fn outer_fields(mail: &Entity<'_>) -> Vec<u8> {
    let mut fields = Vec::new();
    for field in mail.header().fields() {
        if is_outer(field.name()) {
            fields.extend_from_slice(field.raw());
        }
    }
    fields
}

/// Whether a field of this name stays outside.
pub(crate) fn is_outer(name: &str) -> bool {
    !is_content_field(name) && !name.eq_ignore_ascii_case("MIME-Version")
}

/// The entity that goes inside. One without a type gets the one it is read as, because
/// some readers take an entity that begins with a blank line for no entity.
pub(crate) fn inner_entity(mail: &Entity<'_>) -> Vec<u8> {
    if mail.header().all("Content-Type").next().is_some() {
        return canonical::content_entity(mail);
    }
    let charset = match mail.body() {
        body if body.is_ascii() => "; charset=us-ascii",
        body if std::str::from_utf8(body).is_ok() => "; charset=utf-8",
        _ => "",
    };
    let kind = format!("Content-Type: text/plain{charset}\r\n");
    [kind.as_bytes(), &canonical::content_entity(mail)].concat()
}

/// Fields for outside and the entity for inside, where `mode` says that the header is
/// repeated there (RFC 9788). A mail that is signed or encrypted already gets nothing
/// more: the fields belong into the innermost layer.
///
/// # Errors
/// Those of [`protect`].
pub(crate) fn protected(
    mail: &Entity<'_>,
    mode: Option<Mode>,
) -> Result<(Vec<u8>, Vec<u8>), HeaderProtectionFault> {
    match mode.filter(|_| !is_cryptographic(mail)) {
        Some(mode) => protect(mail.header(), mail, mode).map(|cut| (cut.fields, cut.payload)),
        None => Ok((outer_fields(mail), inner_entity(mail))),
    }
}

/// Whether the mail is signed or encrypted as a whole, by its type.
pub(crate) fn is_cryptographic(mail: &Entity<'_>) -> bool {
    let kind = mail.content_type();
    kind.is("multipart", "signed")
        || kind.is("application", "pkcs7-mime")
        || kind.is("application", "x-pkcs7-mime")
}

/// A mail out of outer fields and an entity.
pub(crate) fn join(fields: &[u8], entity: &[u8]) -> Vec<u8> {
    [fields, MIME_VERSION, entity].concat()
}

/// What stands before the entity in such a mail.
pub(crate) fn head(fields: &[u8]) -> Vec<u8> {
    [fields, MIME_VERSION].concat()
}

const MIME_VERSION: &[u8] = b"MIME-Version: 1.0\r\n";
