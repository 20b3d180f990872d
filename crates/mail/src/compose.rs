//! Writing mail that every reader takes: CRLF, ASCII, folded lines, encoded words for
//! text and RFC 2231 for file names.
//!
//! Nothing here can fail or be made to write another field or part than it was asked
//! for: line breaks and control characters in values become spaces.

mod field;
mod part;

pub use field::{
    encoded_field, extended_parameter, header_field, header_field_iso_2022_jp, mailbox, parameter,
};
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
    let mut out = multipart_header(subtype, params, boundary);
    for part in parts {
        out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

/// `head`, then a [`multipart`] of `first` and the others, in the memory of `first`: a
/// large part is in memory once.
#[must_use]
pub fn multipart_behind(
    head: &[u8],
    subtype: &str,
    params: &[(&str, &str)],
    boundary: &str,
    first: Vec<u8>,
    others: &[Vec<u8>],
) -> Vec<u8> {
    let mut before = head.to_vec();
    before.extend(multipart_header(subtype, params, boundary));
    before.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
    let mut behind = b"\r\n".to_vec();
    for part in others {
        behind.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        behind.extend_from_slice(part);
        behind.extend_from_slice(b"\r\n");
    }
    behind.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());

    let (mut out, len) = (first, before.len());
    let body = out.len();
    out.reserve_exact(len + behind.len());
    out.resize(body + len, 0);
    out.copy_within(..body, len);
    if let Some(to) = out.get_mut(..len) {
        to.copy_from_slice(&before);
    }
    out.extend(behind);
    out
}

/// The Content-Type field of a multipart, and the blank line.
fn multipart_header(subtype: &str, params: &[(&str, &str)], boundary: &str) -> Vec<u8> {
    let mut value = format!("multipart/{subtype}");
    for (name, text) in params {
        value.push_str("; ");
        value.push_str(&parameter(name, text));
    }
    value.push_str(&format!("; boundary=\"{boundary}\""));
    let mut out = header_field("Content-Type", &value);
    out.extend_from_slice(b"\r\n");
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

/// `head`, which ends with its blank line, then [`base64_body`] of the octets, in their
/// own memory.
#[must_use]
pub fn base64_body_behind(head: &[u8], octets: Vec<u8>) -> Vec<u8> {
    transfer::encode_base64_behind(head, octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_multipart_in_the_memory_of_its_first_part_is_the_same() {
        let params = [("micalg", "sha-256")];
        for first in [&b""[..], b"a", &[b'x'; 1000]] {
            for others in [vec![], vec![b"second".to_vec()]] {
                let all = [vec![first.to_vec()], others.clone()].concat();
                let expected = [b"A: b\r\n", &*multipart("signed", &params, "=_x", &all)].concat();
                let first = first.to_vec();
                let made = multipart_behind(b"A: b\r\n", "signed", &params, "=_x", first, &others);
                assert_eq!(made, expected);
            }
        }
    }
}
