//! Attributes: an identifier and its values (RFC 5652 section 5.3).

use std::ops::Range;

use ssmax_pki::Certificate;

use crate::{
    CmsError, identifier, oid,
    signed::MAX_ATTRIBUTES,
    tlv::{Reader, Tlv},
    write::{Element, OBJECT_IDENTIFIER, SET, UTF8_STRING, context},
};

/// An attribute to be written, with one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The type in dotted form.
    pub oid: String,
    /// DER of the value. An attribute made of something else fails when signed.
    pub value: Vec<u8>,
}

impl Attribute {
    /// The DER of the whole attribute.
    ///
    /// # Errors
    /// [`CmsError::BadAttribute`] for an invalid identifier or a value that is not one
    /// DER element.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, CmsError> {
        let oid = oid::encode(&self.oid).ok_or(CmsError::BadAttribute)?;
        let mut value = Reader::new(&self.value);
        value.any().and_then(|_| value.finish()).map_err(|_| CmsError::BadAttribute)?;
        Ok(encode(&oid, Element::raw(self.value.as_slice())))
    }
}

/// The DER of an attribute with one value.
pub(crate) fn encode(oid: &[u8], value: Element<'_>) -> Vec<u8> {
    Element::sequence(vec![Element::oid(oid), Element::Nested(SET, vec![value])]).encode()
}

/// An attribute whose value is a UTF8String.
#[must_use]
pub fn attribute_utf8(oid: &str, text: &str) -> Attribute {
    let value = Element::value(UTF8_STRING, text.as_bytes()).encode();
    Attribute { oid: oid.to_owned(), value }
}

/// An attribute whose value is an object identifier, both in dotted form. If `value` is
/// none, signing gives [`CmsError::BadAttribute`].
#[must_use]
pub fn attribute_oid(oid: &str, value: &str) -> Attribute {
    let value = oid::encode(value)
        .map(|content| Element::value(OBJECT_IDENTIFIER, content).encode())
        .unwrap_or_default();
    Attribute { oid: oid.to_owned(), value }
}

/// SMIMEEncryptionKeyPreference (RFC 8551 2.5.3): the certificate for which answers
/// shall be encrypted, by issuer and serial number. It should be embedded as well.
#[must_use]
pub fn encryption_key_preference(certificate: &Certificate) -> Attribute {
    let Element::Nested(_, name) = identifier::issuer_serial(certificate) else {
        return Attribute { oid: String::new(), value: Vec::new() };
    };
    Attribute {
        oid: oid::ENCRYPTION_KEY_PREFERENCE.to_owned(),
        value: Element::Nested(context(0), name).encode(),
    }
}

/// A set of attributes as it came, indexed.
#[derive(Debug, Clone)]
pub(crate) struct Attributes {
    /// The whole set in its buffer, tag included.
    pub(crate) range: Range<usize>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    oid: Range<usize>,
    values: Vec<Range<usize>>,
}

impl Attributes {
    /// Indexes `set`, the implicitly tagged SET OF Attribute.
    pub(crate) fn read(set: Tlv<'_>) -> Result<Self, CmsError> {
        let mut entries = Vec::new();
        let mut values_left = MAX_ATTRIBUTES;
        let mut inside = set.inside();
        while !inside.is_empty() {
            if entries.len() == MAX_ATTRIBUTES {
                return Err(CmsError::TooManyAttributes);
            }
            let mut attribute = inside.sequence()?;
            let oid = attribute.take(OBJECT_IDENTIFIER)?.content_range();
            let mut set = attribute.set()?;
            attribute.finish()?;
            let mut values = Vec::new();
            while !set.is_empty() {
                values_left = values_left.checked_sub(1).ok_or(CmsError::TooManyAttributes)?;
                values.push(set.any()?.range());
            }
            entries.push(Entry { oid, values });
        }
        Ok(Self { range: set.range(), entries })
    }

    /// The single value of the attribute with this identifier.
    ///
    /// # Errors
    /// [`CmsError::DuplicateAttribute`], [`CmsError::AttributeValues`].
    pub(crate) fn single<'a>(
        &self,
        buffer: &'a [u8],
        oid: &[u8],
    ) -> Result<Option<&'a [u8]>, CmsError> {
        let mut named =
            self.entries.iter().filter(|entry| buffer.get(entry.oid.clone()) == Some(oid));
        let Some(entry) = named.next() else { return Ok(None) };
        if named.next().is_some() {
            return Err(CmsError::DuplicateAttribute);
        }
        let [value] = entry.values.as_slice() else {
            return Err(CmsError::AttributeValues);
        };
        buffer.get(value.clone()).map(Some).ok_or(CmsError::Malformed)
    }

    /// Whether an attribute type occurs twice (RFC 5652 section 11 forbids it for all
    /// that matter; nobody writes it for others).
    pub(crate) fn has_duplicates(&self, buffer: &[u8]) -> bool {
        let mut types: Vec<_> =
            self.entries.iter().map(|entry| buffer.get(entry.oid.clone())).collect();
        types.sort_unstable();
        types.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }
}
