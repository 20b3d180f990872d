//! Writing mail that every reader takes: CRLF, ASCII, folded lines, encoded words for
//! text and RFC 2231 for file names.
//!
//! Nothing here can fail or be made to write another field or part than it was asked
//! for: line breaks and control characters in values become spaces.

mod field;
mod part;

pub use field::{header_field, header_field_iso_2022_jp, mailbox, parameter};
pub use part::{Part, iso_2022_jp, message};

use crate::transfer;

/// A multipart entity: its Content-Type field, a blank line, the parts between delimiter
/// lines. `params` come before the boundary; each part is a whole entity (header, blank
/// line, body) and stands there octet for octet.
///
/// The caller sees to it that no part has a line that starts with the boundary:
/// [`boundary`] of random octets does.
#[must_use]
pub fn multipart(
    subtype: &str,
    params: &[(&str, &str)],
    boundary: &str,
    parts: &[Vec<u8>],
) -> Vec<u8> {
    let mut value = format!("multipart/{subtype}");
    for (name, text) in params {
        value.push_str("; ");
        value.push_str(&parameter(name, text));
    }
    value.push_str(&format!("; boundary=\"{boundary}\""));
    let mut out = header_field("Content-Type", &value);
    out.extend_from_slice(b"\r\n");
    for part in parts {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

/// A boundary of 34 characters. It starts with `=_`, which neither quoted-printable nor
/// base64 can contain (RFC 2045 6.7), and no other boundary begins with it.
#[must_use]
pub fn boundary(random: [u8; 16]) -> String {
    random.iter().fold(String::from("=_"), |text, octet| text + &format!("{octet:02x}"))
}

/// Base64 in lines of 76 columns, each ended by CRLF, as the body of a part.
#[must_use]
pub fn base64_body(octets: &[u8]) -> Vec<u8> {
    transfer::encode_base64(octets)
}
