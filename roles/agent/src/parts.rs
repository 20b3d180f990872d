//! A mail cut into what stays outside a signature or encryption and what goes inside.

use ssmax_mail::canonical::is_content_field;
use ssmax_mail::{Entity, canonical};

/// The fields that stay outside: all but those that describe the body.
pub(crate) fn outer_fields(mail: &Entity<'_>) -> Vec<u8> {
    let mut fields = Vec::new();
    for field in mail.header().fields() {
        if !is_content_field(field.name()) && !field.name().eq_ignore_ascii_case("MIME-Version") {
            fields.extend_from_slice(field.raw());
        }
    }
    fields
}

/// The entity that goes inside. One without a type gets the one it is read as, because
/// some readers take an entity that begins with a blank line for no entity.
pub(crate) fn inner_entity(mail: &Entity<'_>) -> Vec<u8> {
    let entity = canonical::content_entity(mail);
    if mail.header().all("Content-Type").next().is_some() {
        return entity;
    }
    let charset = match mail.body() {
        body if body.is_ascii() => "; charset=us-ascii",
        body if std::str::from_utf8(body).is_ok() => "; charset=utf-8",
        _ => "",
    };
    [format!("Content-Type: text/plain{charset}\r\n").as_bytes(), &entity].concat()
}

/// A mail out of outer fields and an entity.
pub(crate) fn join(fields: &[u8], entity: &[u8]) -> Vec<u8> {
    [fields, b"MIME-Version: 1.0\r\n", entity].concat()
}
