//! Signatures of domains: the type attribute of RFC 3183, and reading UTF8Strings.

use crate::{
    oid,
    signed::Attribute,
    tlv::Reader,
    write::{Element, OBJECT_IDENTIFIER, UTF8_STRING},
};

/// `id-aa-signatureType` (RFC 3183 2): what a signature is made for.
pub const SIGNATURE_TYPE: &str = "1.2.840.113549.1.9.16.2.28";

/// `id-sti-domainSig` (RFC 3183 3.1): a domain signs for its people.
pub const ID_DOMAIN_SIGNATURE: &str = "1.2.840.113549.1.9.16.9.2";

/// The attribute that says: this is a domain's signature.
/// `SignatureType ::= SEQUENCE OF OBJECT IDENTIFIER`.
#[must_use]
pub fn domain_signature_type() -> Attribute {
    let value = oid::encode(ID_DOMAIN_SIGNATURE).map_or_else(Vec::new, |content| {
        Element::sequence(vec![Element::value(OBJECT_IDENTIFIER, content)]).encode()
    });
    Attribute { oid: SIGNATURE_TYPE.to_owned(), value }
}

/// Whether a signature type's value is a domain's signature and nothing besides.
#[must_use]
pub fn is_domain_signature_type(value: &[u8]) -> bool {
    value == domain_signature_type().value
}

/// The text of a value that is exactly one UTF8String, or `None`.
#[must_use]
pub fn utf8_value(value: &[u8]) -> Option<String> {
    let mut reader = Reader::new(value);
    let text = reader.take(UTF8_STRING).ok()?;
    reader.finish().ok()?;
    std::str::from_utf8(text.content()).ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::attribute_utf8;

    #[test]
    fn only_the_domain_type_alone_is_one() {
        let value = domain_signature_type().value;
        assert_eq!(value, b"\x30\x0d\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x09\x02");
        assert!(is_domain_signature_type(&value));
        assert!(!is_domain_signature_type(&value[2..]));
    }

    #[test]
    fn a_text_is_read_whole_or_not_at_all() {
        let mut value = attribute_utf8("1.2.3", "日本").value;
        assert_eq!(utf8_value(&value).as_deref(), Some("日本"));
        value.push(0);
        assert_eq!(utf8_value(&value), None);
        assert_eq!(utf8_value(b"\x0c\x01\xff"), None);
    }
}
