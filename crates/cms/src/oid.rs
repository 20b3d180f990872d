//! Object identifiers, as the content octets of their DER encoding.

pub(crate) const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
pub(crate) const SIGNED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
pub(crate) const ENVELOPED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
pub(crate) const AUTH_ENVELOPED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";
/// id-ct-compressedData and id-alg-zlibCompress (RFC 3274 1.3, 2).
pub(crate) const COMPRESSED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09";
pub(crate) const ZLIB_COMPRESS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x08";

// Attributes: RFC 5652 section 11, RFC 8551 2.5, RFC 5035 section 3.
pub(crate) const CONTENT_TYPE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
pub(crate) const MESSAGE_DIGEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
pub(crate) const SIGNING_TIME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05";
pub(crate) const SMIME_CAPABILITIES: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f";
pub(crate) const SIGNING_CERTIFICATE_V2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";
/// id-aa-encrypKeyPref, 1.2.840.113549.1.9.16.2.11, as text for `Attribute`.
pub(crate) const ENCRYPTION_KEY_PREFERENCE: &str = "1.2.840.113549.1.9.16.2.11";

// Digests: RFC 5754 section 2, RFC 3370 section 2.
pub(crate) const MD5: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x05";
pub(crate) const MD2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x02\x02";
pub(crate) const SHA1: &[u8] = b"\x2b\x0e\x03\x02\x1a";
pub(crate) const SHA256: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01";
pub(crate) const SHA384: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x02";
pub(crate) const SHA512: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02\x03";

// RSA: RFC 8017 appendix C.
pub(crate) const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(crate) const MD2_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02";
pub(crate) const MD5_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04";
pub(crate) const SHA1_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05";
pub(crate) const RSAES_OAEP: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07";
pub(crate) const MGF1: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08";
pub(crate) const P_SPECIFIED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09";
pub(crate) const RSASSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
pub(crate) const SHA256_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
pub(crate) const SHA384_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c";
pub(crate) const SHA512_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d";

// Elliptic curves: RFC 5480, RFC 5758, RFC 8410.
pub(crate) const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
pub(crate) const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(crate) const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
pub(crate) const P521: &[u8] = b"\x2b\x81\x04\x00\x23";
pub(crate) const X25519: &[u8] = b"\x2b\x65\x6e";
pub(crate) const ECDSA_SHA1: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x01";
pub(crate) const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
pub(crate) const ECDSA_SHA384: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x03";
pub(crate) const ECDSA_SHA512: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x04";
pub(crate) const ED25519: &[u8] = b"\x2b\x65\x70";
/// id-dsa-with-sha1: the only form DSA takes in old mail.
pub(crate) const DSA_SHA1: &[u8] = b"\x2a\x86\x48\xce\x38\x04\x03";

// AES: RFC 3565, RFC 5084.
pub(crate) const AES128_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x02";
pub(crate) const AES192_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x16";
pub(crate) const AES256_CBC: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a";
pub(crate) const AES128_GCM: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x06";
pub(crate) const AES192_GCM: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x1a";
pub(crate) const AES256_GCM: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2e";
pub(crate) const AES128_WRAP: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x05";
pub(crate) const AES192_WRAP: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x19";
pub(crate) const AES256_WRAP: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x01\x2d";

/// des-ede3-cbc (RFC 3370 5.1), in old mail only.
pub(crate) const DES_EDE3_CBC: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x03\x07";

// Key agreement: RFC 5753 7.1.4, standard and cofactor ECDH; RFC 8418 2.2.
pub(crate) const STD_DH_SHA1_KDF: &[u8] = b"\x2b\x81\x05\x10\x86\x48\x3f\x00\x02";
pub(crate) const STD_DH_SHA224_KDF: &[u8] = b"\x2b\x81\x04\x01\x0b\x00";
pub(crate) const STD_DH_SHA256_KDF: &[u8] = b"\x2b\x81\x04\x01\x0b\x01";
pub(crate) const STD_DH_SHA384_KDF: &[u8] = b"\x2b\x81\x04\x01\x0b\x02";
pub(crate) const STD_DH_SHA512_KDF: &[u8] = b"\x2b\x81\x04\x01\x0b\x03";
pub(crate) const COFACTOR_DH_SHA1_KDF: &[u8] = b"\x2b\x81\x05\x10\x86\x48\x3f\x00\x03";
pub(crate) const COFACTOR_DH_SHA224_KDF: &[u8] = b"\x2b\x81\x04\x01\x0e\x00";
pub(crate) const COFACTOR_DH_SHA256_KDF: &[u8] = b"\x2b\x81\x04\x01\x0e\x01";
pub(crate) const COFACTOR_DH_SHA384_KDF: &[u8] = b"\x2b\x81\x04\x01\x0e\x02";
pub(crate) const COFACTOR_DH_SHA512_KDF: &[u8] = b"\x2b\x81\x04\x01\x0e\x03";
pub(crate) const STD_DH_HKDF_SHA256: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x13";
pub(crate) const STD_DH_HKDF_SHA384: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x14";
pub(crate) const STD_DH_HKDF_SHA512: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x15";

/// Content octets of a dotted identifier; `None` if it is not one (X.690 8.19).
pub(crate) fn encode(dotted: &str) -> Option<Vec<u8>> {
    let mut arcs = dotted.split('.').map(arc);
    let first = arcs.next()??;
    let second = arcs.next()??;
    if first > 2 || (first < 2 && second > 39) {
        return None;
    }
    let mut content = Vec::new();
    push_arc(&mut content, second.checked_add(first * 40)?);
    for value in arcs {
        push_arc(&mut content, value?);
    }
    Some(content)
}

fn arc(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|octet| octet.is_ascii_digit());
    let shortest = text == "0" || !text.starts_with('0');
    if plain && shortest { text.parse().ok() } else { None }
}

fn push_arc(content: &mut Vec<u8>, value: u64) {
    let groups = (64 - value.leading_zeros()).max(1).div_ceil(7);
    for group in (0..groups).rev() {
        let low = ((value >> (group * 7)) & 0x7f) as u8;
        content.push(if group == 0 { low } else { low | 0x80 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_identifiers_become_their_content_octets() {
        assert_eq!(encode("1.2.840.113549.1.7.1").as_deref(), Some(DATA));
        assert_eq!(encode("2.16.840.1.101.3.4.2.1").as_deref(), Some(SHA256));
        assert_eq!(encode("1.3.133.16.840.63.0.2").as_deref(), Some(STD_DH_SHA1_KDF));
        assert_eq!(encode("2.999.3").as_deref(), Some(&b"\x88\x37\x03"[..]));
    }

    #[test]
    fn what_is_no_identifier_has_no_encoding() {
        for bad in ["", "1", "3.1", "1.40", "1..2", "1.2.", "1.02", "1.2.x", "1.-2", "1.2 .3"] {
            assert_eq!(encode(bad), None, "{bad}");
        }
        assert_eq!(encode("1.2.18446744073709551616"), None);
    }
}
