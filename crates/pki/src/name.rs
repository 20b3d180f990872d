//! Distinguished names: how ours are written and how any two are compared.

use der::asn1::{Any, ObjectIdentifier, SetOfVec};
use der::{Decode, Encode, Tag};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RelativeDistinguishedName};

use crate::{PkiError, oid};

/// Whether two DER names are the same name by RFC 5280 7.1: attribute for attribute
/// in order, texts compared whatever their string type, without case, with runs of
/// whitespace as one space.
///
/// `false` when either is not a DER name.
#[must_use]
pub fn same_name(a: &[u8], b: &[u8]) -> bool {
    match (CanonicalName::from_der(a), CanonicalName::from_der(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// A name in the form in which names are compared: one entry per RDN.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CanonicalName(Vec<Vec<Attribute>>);

/// One attribute of an RDN, ready to compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Attribute {
    oid: ObjectIdentifier,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    /// A text of any string type, prepared.
    Text(String),
    /// Anything else, compared by its encoding.
    Encoding(Vec<u8>),
}

impl CanonicalName {
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, PkiError> {
        Ok(Self::from_name(&Name::from_der(der).map_err(|_| PkiError::Malformed)?))
    }

    pub(crate) fn from_name(name: &Name) -> Self {
        Self(name.iter_rdn().map(attributes_of).collect())
    }

    /// The name with one more RDN.
    pub(crate) fn below(&self, relative: &RelativeDistinguishedName) -> Self {
        let mut rdns = self.0.clone();
        rdns.push(attributes_of(relative));
        Self(rdns)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this name lies in the subtree below `base` (RFC 5280 4.2.1.10).
    pub(crate) fn is_within(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }
}

fn attributes_of(rdn: &RelativeDistinguishedName) -> Vec<Attribute> {
    let mut attributes: Vec<_> = rdn.iter().map(Attribute::from).collect();
    // An RDN is a set: the order of its attributes says nothing.
    attributes.sort();
    attributes
}

impl From<&AttributeTypeAndValue> for Attribute {
    fn from(attribute: &AttributeTypeAndValue) -> Self {
        let value = match text_of(&attribute.value) {
            Some(text) => Value::Text(prepare(&text)),
            None => Value::Encoding(attribute.value.to_der().unwrap_or_default()),
        };
        Self { oid: attribute.oid, value }
    }
}

/// The attributes with a short name (RFC 4514 section 3, RFC 4519, X.520).
const SHORT_NAMES: [(&str, &str); 17] = [
    (oid::COMMON_NAME, "CN"),
    (oid::SURNAME, "SN"),
    (oid::GIVEN_NAME, "GN"),
    (oid::ORGANIZATION, "O"),
    ("2.5.4.11", "OU"),
    (oid::COUNTRY, "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.12", "title"),
    ("2.5.4.65", "pseudonym"),
    ("2.5.4.5", "serialNumber"),
    (oid::ORGANIZATION_IDENTIFIER, "organizationIdentifier"),
    (oid::EMAIL_ADDRESS, "emailAddress"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
];

/// The name as RFC 4514 text: the last RDN first, texts of every string type as texts.
pub(crate) fn text(name: &Name) -> String {
    let rdns: Vec<&RelativeDistinguishedName> = name.iter_rdn().collect();
    let rdns = rdns
        .into_iter()
        .rev()
        .map(|rdn| rdn.iter().map(attribute_string).collect::<Vec<_>>().join("+"));
    rdns.collect::<Vec<_>>().join(",")
}

fn attribute_string(attribute: &AttributeTypeAndValue) -> String {
    let identifier = attribute.oid.to_string();
    let short = SHORT_NAMES.iter().find(|(known, _)| *known == identifier);
    let kind = short.map_or(identifier.as_str(), |(_, short)| short);
    match text_of(&attribute.value) {
        Some(text) => format!("{kind}={}", escaped(&text)),
        None => format!("{kind}=#{}", hex::encode(attribute.value.to_der().unwrap_or_default())),
    }
}

/// RFC 4514 2.4. What a terminal could take for a command is written in hexadecimal.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (place, character) in text.char_indices() {
        let is_last = place + character.len_utf8() == text.len();
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => out.extend(['\\', character]),
            '#' if place == 0 => out.push_str("\\#"),
            ' ' if place == 0 || is_last => out.push_str("\\ "),
            control if control.is_control() => {
                let mut octets = [0; 4];
                for octet in control.encode_utf8(&mut octets).bytes() {
                    out.push('\\');
                    out.push_str(&hex::encode([octet]));
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// The first value of an attribute in a DER name, as text.
pub(crate) fn attribute_text(name: &Name, identifier: &str) -> Option<String> {
    attribute_texts(name, identifier).into_iter().next()
}

/// Every value of an attribute in a name that is a text.
pub(crate) fn attribute_texts(name: &Name, identifier: &str) -> Vec<String> {
    let Ok(identifier) = ObjectIdentifier::new(identifier) else {
        return Vec::new();
    };
    name.iter()
        .filter(|attribute| attribute.oid == identifier)
        .filter_map(|attribute| text_of(&attribute.value))
        .collect()
}

/// The text of a string value, whatever its type; `None` for other types and for
/// octets that are not a text of that type.
fn text_of(value: &Any) -> Option<String> {
    let octets = value.value();
    match value.header().tag() {
        Tag::Utf8String => String::from_utf8(octets.to_vec()).ok(),
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            octets.is_ascii().then(|| octets.iter().copied().map(char::from).collect())
        }
        // T.61 in the wild is Latin-1.
        Tag::TeletexString => Some(octets.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let (units, rest) = octets.as_chunks::<2>();
            if !rest.is_empty() {
                return None;
            }
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// RFC 4518 in short: case folded, outer whitespace cut, inner runs made one space.
fn prepare(text: &str) -> String {
    let folded = text.to_lowercase();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The DER name made of the given attributes in order, one attribute per RDN.
/// countryName is a PrintableString (RFC 5280 appendix A.1), the rest UTF8String.
pub(crate) fn encode(attributes: &[(&str, &str)]) -> Result<Vec<u8>, PkiError> {
    let mut rdns = Vec::new();
    for (identifier, text) in attributes {
        let tag = if *identifier == oid::COUNTRY { Tag::PrintableString } else { Tag::Utf8String };
        let mut rdn = SetOfVec::new();
        rdn.insert(AttributeTypeAndValue {
            oid: ObjectIdentifier::new(identifier).map_err(|_| PkiError::Unencodable)?,
            value: Any::new(tag, text.as_bytes()).map_err(|_| PkiError::Unencodable)?,
        })
        .map_err(|_| PkiError::Unencodable)?;
        rdns.push(rdn);
    }
    rdns.to_der().map_err(|_| PkiError::Unencodable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(tag: Tag, text: &[u8]) -> Vec<u8> {
        let mut rdn = SetOfVec::new();
        rdn.insert(AttributeTypeAndValue {
            oid: ObjectIdentifier::new_unwrap(oid::COMMON_NAME),
            value: Any::new(tag, text).unwrap(),
        })
        .unwrap();
        vec![rdn].to_der().unwrap()
    }

    #[test]
    fn string_type_case_and_whitespace_do_not_make_another_name() {
        let plain = name(Tag::Utf8String, b"Good CA");
        assert!(same_name(&plain, &name(Tag::PrintableString, b"  good   ca ")));
        assert!(same_name(&plain, &name(Tag::BmpString, b"\0G\0o\0o\0d\0 \0C\0A")));
        assert!(!same_name(&plain, &name(Tag::Utf8String, b"GoodCA")));
    }

    #[test]
    fn a_name_is_written_for_people_with_what_could_mislead_them_escaped() {
        let attributes = [
            (oid::COUNTRY, "JP"),
            (oid::ORGANIZATION_IDENTIFIER, "NTRJP-7000012050002"),
            (oid::COMMON_NAME, "#a, b+\u{1b}[31m "),
        ];
        let name = Name::from_der(&encode(&attributes).unwrap()).unwrap();
        let expected = r"CN=\#a\, b\+\1b[31m\ ,organizationIdentifier=NTRJP-7000012050002,C=JP";
        assert_eq!(text(&name), expected);
    }

    #[test]
    fn the_order_of_attributes_is_part_of_a_name() {
        let ab = encode(&[(oid::ORGANIZATION, "a"), (oid::COMMON_NAME, "b")]).unwrap();
        let ba = encode(&[(oid::COMMON_NAME, "b"), (oid::ORGANIZATION, "a")]).unwrap();
        assert!(!same_name(&ab, &ba));
    }

    #[test]
    fn a_name_lies_within_every_prefix_of_itself() {
        let whole = encode(&[(oid::ORGANIZATION, "a"), (oid::COMMON_NAME, "b")]).unwrap();
        let prefix = encode(&[(oid::ORGANIZATION, "A")]).unwrap();
        let (whole, prefix) =
            (CanonicalName::from_der(&whole).unwrap(), CanonicalName::from_der(&prefix).unwrap());
        assert!(whole.is_within(&prefix));
        assert!(!prefix.is_within(&whole));
    }
}
