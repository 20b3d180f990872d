//! Making an entity 7bit, leaf by leaf. RFC 2045 6, RFC 6152's other way round.

use crate::canonical::is_seven_bit;
use crate::entity::Entity;
use crate::header::Field;
use crate::media::TransferEncoding;
use crate::parameter::{Parameter, is_structural};
use crate::{MailFault, compose, transfer};

/// See [`canonical::to_seven_bit`](crate::canonical::to_seven_bit).
pub(crate) fn entity(entity: &Entity<'_>) -> Result<Vec<u8>, MailFault> {
    if stays(entity) {
        return Ok(entity.raw().to_vec());
    }
    if is_signed(entity) {
        return Err(MailFault::SignedPartNotSevenBit);
    }
    if entity.content_type().is_multipart() {
        return multipart(entity);
    }
    match entity.message() {
        Some(message) => {
            let inner = self::entity(&message?)?;
            Ok(with_header(entity, TransferEncoding::SevenBit, &inner))
        }
        None => leaf(entity),
    }
}

/// Whether nothing has to change.
pub(crate) fn stays(entity: &Entity<'_>) -> bool {
    // A label "binary" on 7bit octets is put right, but not where it is signed.
    let mislabelled = entity.transfer_encoding() == TransferEncoding::Binary && !is_signed(entity);
    is_seven_bit(entity.raw()) && !mislabelled
}

fn is_signed(entity: &Entity<'_>) -> bool {
    entity.content_type().is("multipart", "signed")
}

/// The parts anew between the delimiter lines that stand there.
fn multipart(entity: &Entity<'_>) -> Result<Vec<u8>, MailFault> {
    let mut body = Vec::with_capacity(entity.raw().len());
    let delimiter = |close: &str| {
        let boundary = entity.content_type().parameter("boundary").unwrap_or_default();
        format!("--{boundary}{close}\r\n").into_bytes()
    };
    // Text there is shown to nobody; what is not 7bit is left out.
    let outside = |text: &[u8]| if is_seven_bit(text) { text.to_vec() } else { Vec::new() };
    body.extend(outside(entity.preamble()));
    for child in entity.children() {
        body.extend(delimiter(""));
        body.extend(self::entity(child)?);
        body.extend_from_slice(b"\r\n");
    }
    body.extend(delimiter("--"));
    body.extend(outside(entity.epilogue()));
    Ok(with_header(entity, TransferEncoding::SevenBit, &body))
}

fn leaf(entity: &Entity<'_>) -> Result<Vec<u8>, MailFault> {
    if is_seven_bit(entity.body()) {
        return Ok(with_header(entity, TransferEncoding::SevenBit, entity.body()));
    }
    let decoded = entity.decoded_body()?;
    let quoted = transfer::encode_quoted_printable(&decoded);
    // Base64 takes 4/3 of the octets and 2 more a line: Japanese text is shorter in it.
    let text = entity.content_type().kind() == "text";
    if text && quoted.len() < decoded.len() / 3 * 4 {
        Ok(with_header(entity, TransferEncoding::QuotedPrintable, &quoted))
    } else {
        Ok(with_header(entity, TransferEncoding::Base64, &transfer::encode_base64(&decoded)))
    }
}

/// The header with its transfer encoding and 8-bit fields changed, then `body`.
fn with_header(entity: &Entity<'_>, encoding: TransferEncoding, body: &[u8]) -> Vec<u8> {
    let kept = encoding == TransferEncoding::SevenBit && is_encoded(entity);
    let mut out = Vec::with_capacity(body.len() + 512);
    for field in entity.header().fields() {
        if kept || !field.name().eq_ignore_ascii_case("Content-Transfer-Encoding") {
            out.extend(seven_bit_field(entity, field));
        }
    }
    if !kept {
        let name = match encoding {
            TransferEncoding::QuotedPrintable => "quoted-printable",
            TransferEncoding::Base64 => "base64",
            _ => "7bit",
        };
        out.extend(compose::header_field("Content-Transfer-Encoding", name));
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

/// Whether the body is encoded already, and only the header has 8-bit octets.
fn is_encoded(entity: &Entity<'_>) -> bool {
    !entity.transfer_encoding().is_identity()
}

fn seven_bit_field(entity: &Entity<'_>, field: &Field<'_>) -> Vec<u8> {
    if is_seven_bit(field.raw()) {
        return field.raw().to_vec();
    }
    if field.name().eq_ignore_ascii_case("Content-Type") {
        let kind = entity.content_type();
        return with_parameters(field.name(), &kind.essence(), kind.as_read());
    }
    if field.name().eq_ignore_ascii_case("Content-Disposition")
        && let Some(disposition) = entity.disposition()
    {
        return with_parameters(field.name(), disposition.kind(), disposition.as_read());
    }
    compose::header_field(field.name(), &field.decoded())
}

fn with_parameters(name: &str, head: &str, parameters: &[Parameter]) -> Vec<u8> {
    let mut value = head.to_owned();
    for parameter in parameters {
        // Beyond ASCII it names nothing that a reader knows, and RFC 2231 is not for what
        // says how a body is read.
        if is_structural(&parameter.name) && !parameter.shown().is_ascii() {
            continue;
        }
        value.push_str("; ");
        value.push_str(&compose::parameter(&parameter.name, &parameter.shown()));
    }
    compose::header_field(name, &value)
}
