//! Bodies that are no multipart and no mail.

use crate::fault::RebuildFault;
use crate::trap;
use ssmax_mail::canonical::is_seven_bit;
use ssmax_mail::{Entity, compose};

/// Octets of a body that may stay plain. Beyond, base64 keeps whatever looks like mail
/// structure in it away from readers that search for such.
const MAX_PLAIN_BYTES: usize = 1024 * 1024;

/// A body, encoded.
pub(super) struct Body {
    pub(super) octets: Vec<u8>,
    pub(super) is_base64: bool,
    /// The charset that the text has now, if it changed.
    pub(super) charset: Option<&'static str>,
}

pub(super) fn body(part: &Entity<'_>) -> Result<Body, RebuildFault> {
    let kind = part.content_type();
    let label = kind.parameter("charset").unwrap_or_default();
    if kind.kind() == "text" && !trap::is_ascii_compatible(label) {
        let text = part.text_in_known_charset().ok_or(RebuildFault::Charset)?;
        return Ok(encode(text.into_bytes(), true, Some("utf-8")));
    }
    let octets = part.decoded_body()?;
    // Reports to programs (RFC 3464, RFC 8098) are plain lines too.
    let is_text = matches!(kind.kind(), "text" | "message");
    Ok(encode(octets, is_text, None))
}

fn encode(octets: Vec<u8>, is_text: bool, charset: Option<&'static str>) -> Body {
    if octets.is_empty() || is_text && is_plain(&octets) {
        return Body { octets, is_base64: false, charset };
    }
    Body { octets: compose::base64_body(&octets), is_base64: true, charset }
}

/// Lines of ASCII that every program passes on as they are.
fn is_plain(octets: &[u8]) -> bool {
    // ESC begins the escapes of ISO-2022-JP.
    let is_text = |octet: &u8| matches!(octet, b' '..=b'~' | b'\t' | b'\r' | b'\n' | 0x1b | 0x0c);
    octets.len() <= MAX_PLAIN_BYTES
        && is_seven_bit(octets)
        && octets.iter().all(is_text)
        && !trap::begins_as_header(octets)
}
