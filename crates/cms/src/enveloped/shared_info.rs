//! What goes into the key derivation besides the shared secret (RFC 5753 7.2).

use crate::write::{Element, OCTET_STRING, context};

/// ECC-CMS-SharedInfo: the key wrap algorithm as it stands in the message, the user
/// keying material, and the length of the key to derive, in bits.
pub(super) fn encode(wrap_algorithm: &[u8], ukm: Option<&[u8]>, key_len: usize) -> Vec<u8> {
    let mut inside = vec![Element::raw(wrap_algorithm)];
    if let Some(ukm) = ukm {
        inside.push(Element::Nested(context(0), vec![Element::value(OCTET_STRING, ukm)]));
    }
    // A key has 32 octets at most, so its bits fit the four octets of the norm.
    let bits = u32::try_from(key_len * 8).unwrap_or(u32::MAX).to_be_bytes();
    inside.push(Element::Nested(context(2), vec![Element::value(OCTET_STRING, bits.to_vec())]));
    Element::sequence(inside).encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_info_has_the_form_of_rfc_5753() {
        let wrap = b"\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2d";
        assert_eq!(
            encode(wrap, None, 32),
            [&b"\x30\x15"[..], wrap, b"\xa2\x06\x04\x04\x00\x00\x01\x00"].concat()
        );
        assert_eq!(
            encode(wrap, Some(b"ukm"), 16),
            [&b"\x30\x1c"[..], wrap, b"\xa0\x05\x04\x03ukm", b"\xa2\x06\x04\x04\x00\x00\x00\x80"]
                .concat()
        );
    }
}
