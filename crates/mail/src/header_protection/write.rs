//! Writing protected fields. RFC 9788 5.2.

use super::{
    HP, HP_OUTER, HeaderProtectionFault, LEGACY_DISPLAY, OBSCURED_SUBJECT, check_once,
    is_of_the_way, is_structural,
};
use crate::{Entity, Field, Header, TransferEncoding, canonical, compose, transfer};

/// What the protected entity will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only signed: `hp="clear"`, all fields outside as they are.
    Clear,
    /// Encrypted, signed or not: `hp="cipher"`.
    Cipher(Confidentiality),
}

/// What of the header is kept from who carries the mail (RFC 9788 3, header
/// confidentiality policy).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidentiality {
    /// Nothing: `hcp_no_confidentiality` (RFC 9788 3.2.3). For readers that show the
    /// outer subject, which is all that were measured.
    None,
    /// `hcp_baseline` (RFC 9788 3.2.1): outside the subject is `[...]`, Keywords and
    /// Comments are left out.
    Baseline,
}

/// A mail taken apart for signing or encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// The fields for outside, each with its CRLF, without `Content-*` and `MIME-Version`.
    pub fields: Vec<u8>,
    /// The entity to be signed or encrypted: protected fields, `Content-*` fields, blank
    /// line, body.
    pub payload: Vec<u8>,
}

/// Copies the fields of `header` into the header of `entity` (its own fields but the
/// `Content-*` ones are ignored, so both may be of the same mail).
///
/// Not copied are `Bcc`, which others than the hidden recipients must not see, and what
/// servers write on the way. Outside these stay. With [`Confidentiality::Baseline`] a
/// text mail repeats the subject in its first line for readers that do not know header
/// protection, if its text can hold it (RFC 9788 5.2.2).
///
/// # Errors
/// [`HeaderProtectionFault::AlreadyProtected`] where the entity has the parameter `hp`,
/// [`HeaderProtectionFault::FieldTwice`] for a header that nobody could protect.
pub fn protect(
    header: &Header<'_>,
    entity: &Entity<'_>,
    mode: Mode,
) -> Result<Protected, HeaderProtectionFault> {
    if entity.content_type().parameter(HP).is_some() {
        return Err(HeaderProtectionFault::AlreadyProtected);
    }
    check_once(header)?;
    let mut protected = Protected { fields: Vec::new(), payload: Vec::new() };
    let mut recorded = Vec::new();
    for field in header.fields().iter().filter(|field| !is_structural(field.name())) {
        let outside = outside(field, mode);
        protected.fields.extend_from_slice(&outside);
        if is_of_the_way(field.name()) {
            continue;
        }
        protected.payload.extend_from_slice(field.raw());
        if mode != Mode::Clear && !outside.is_empty() {
            recorded.extend_from_slice(format!("{HP_OUTER}: ").as_bytes());
            recorded.extend_from_slice(&outside);
        }
    }
    protected.payload.extend(recorded);
    let legacy = match mode {
        Mode::Cipher(Confidentiality::Baseline) => body_with_subject(header, entity),
        _ => None,
    };
    let parameter = match (mode, legacy.is_some()) {
        (Mode::Clear, _) => format!("{HP}=\"clear\""),
        (_, false) => format!("{HP}=\"cipher\""),
        (_, true) => format!("{LEGACY_DISPLAY}=\"1\"; {HP}=\"cipher\""),
    };
    content_fields(entity, &parameter, &mut protected.payload);
    protected.payload.extend_from_slice(b"\r\n");
    protected.payload.extend_from_slice(legacy.as_deref().unwrap_or(entity.body()));
    Ok(protected)
}

/// The field as it stands outside; nothing if it is left out.
fn outside(field: &Field<'_>, mode: Mode) -> Vec<u8> {
    if mode == Mode::Cipher(Confidentiality::Baseline) {
        let is = |name: &str| field.name().eq_ignore_ascii_case(name);
        if is("Subject") {
            return format!("Subject: {OBSCURED_SUBJECT}\r\n").into_bytes();
        }
        if is("Keywords") || is("Comments") {
            return Vec::new();
        }
    }
    field.raw().to_vec()
}

/// The `Content-*` fields, the type with `parameter` behind its own.
fn content_fields(entity: &Entity<'_>, parameter: &str, out: &mut Vec<u8>) {
    let mut has_type = false;
    for field in entity.header().fields() {
        if field.name().eq_ignore_ascii_case("Content-Type") {
            has_type = true;
            let mut value = field.raw();
            while let [rest @ .., b'\r' | b'\n' | b' ' | b'\t' | b';'] = value {
                value = rest;
            }
            out.extend_from_slice(value);
            out.extend_from_slice(format!(";\r\n {parameter}\r\n").as_bytes());
        } else if canonical::is_content_field(field.name()) {
            out.extend_from_slice(field.raw());
        }
    }
    if !has_type {
        let charset = match entity.body() {
            body if body.is_ascii() => "; charset=us-ascii",
            body if std::str::from_utf8(body).is_ok() => "; charset=utf-8",
            _ => "",
        };
        out.extend_from_slice(
            format!("Content-Type: text/plain{charset};\r\n {parameter}\r\n").as_bytes(),
        );
    }
}

/// The body with the subject before it; `None` where the text cannot hold it.
fn body_with_subject(header: &Header<'_>, entity: &Entity<'_>) -> Option<Vec<u8>> {
    if !entity.content_type().is("text", "plain") {
        return None;
    }
    let subject = header.one("Subject").ok()??.decoded();
    let charset = entity.content_type().parameter("charset").unwrap_or("us-ascii");
    let charset = charset.to_ascii_lowercase();
    let holds = charset == "utf-8"
        || (subject.is_ascii() && !charset.starts_with("utf-") && !charset.starts_with("ucs"));
    let is_seven_bit_place = entity.transfer_encoding() == TransferEncoding::SevenBit;
    if !holds || (is_seven_bit_place && !subject.is_ascii()) {
        return None;
    }
    let line = format!("Subject: {subject}\r\n\r\n");
    let too_long = line.len() > canonical::MAX_TRANSPORT_LINE_BYTES;
    match entity.transfer_encoding() {
        TransferEncoding::Base64 => {
            let text = [line.as_bytes(), &entity.decoded_body().ok()?].concat();
            Some(compose::base64_body(&text))
        }
        TransferEncoding::QuotedPrintable => {
            let line = transfer::encode_quoted_printable(line.as_bytes());
            Some([&line, entity.body()].concat())
        }
        _ if too_long => None,
        _ => Some([line.as_bytes(), entity.body()].concat()),
    }
}
