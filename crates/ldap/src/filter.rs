//! Filters as administrators write them (RFC 4515), made into what servers read
//! (RFC 4511 4.5.1.7).

use crate::ber::{element, of_elements};

/// The most octets of a filter's text.
pub const MAX_OCTETS: usize = 8192;

/// The most filters within filters.
pub const MAX_DEPTH: usize = 16;

const AND: u8 = 0xa0;
const OR: u8 = 0xa1;
const NOT: u8 = 0xa2;
const EQUAL: u8 = 0xa3;
const PIECES: u8 = 0xa4;
const GREATER: u8 = 0xa5;
const LESS: u8 = 0xa6;
const PRESENT: u8 = 0x87;
const LIKE: u8 = 0xa8;
const EXTENSIBLE: u8 = 0xa9;
const OCTETS: u8 = 0x04;

/// Why a text is no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterFault {
    /// More than [`MAX_OCTETS`], or deeper than [`MAX_DEPTH`].
    #[error("the filter is too large")]
    TooLarge,
    /// A parenthesis is missing, or something stands beside them.
    #[error("a parenthesis is missing or there is one too many")]
    Parentheses,
    /// No attribute, or one with characters that none has.
    #[error("an attribute is missing or has other characters than letters, digits and hyphens")]
    Attribute,
    /// A backslash without two hexadecimal digits, or a character that has to be escaped.
    #[error("a value is not escaped as RFC 4515 wants it")]
    Escape,
}

/// A filter as it goes to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Vec<u8>);

impl Filter {
    /// Reads a text such as `(&(objectClass=person)(!(employeeType=guest)))`.
    ///
    /// # Errors
    /// [`FilterFault`] if it is none.
    pub fn parse(text: &str) -> Result<Self, FilterFault> {
        if text.len() > MAX_OCTETS {
            return Err(FilterFault::TooLarge);
        }
        let (filter, rest) = one(text.trim(), MAX_DEPTH)?;
        if rest.is_empty() { Ok(Self(filter)) } else { Err(FilterFault::Parentheses) }
    }

    /// Its BER.
    #[must_use]
    pub fn as_ber(&self) -> &[u8] {
        &self.0
    }
}

/// A filter in parentheses, and what stands behind it.
fn one(text: &str, depth: usize) -> Result<(Vec<u8>, &str), FilterFault> {
    let inner = text.strip_prefix('(').ok_or(FilterFault::Parentheses)?;
    let depth = depth.checked_sub(1).ok_or(FilterFault::TooLarge)?;
    let (filter, rest) = if let Some(list) = inner.strip_prefix('&') {
        several(AND, list, depth)?
    } else if let Some(list) = inner.strip_prefix('|') {
        several(OR, list, depth)?
    } else if let Some(negated) = inner.strip_prefix('!') {
        let (filter, rest) = one(negated, depth)?;
        (element(NOT, &filter), rest)
    } else {
        // In a value a parenthesis is escaped.
        let end = inner.find(')').ok_or(FilterFault::Parentheses)?;
        let (item, rest) = inner.split_at(end);
        (simple(item)?, rest)
    };
    Ok((filter, rest.strip_prefix(')').ok_or(FilterFault::Parentheses)?))
}

fn several(tag: u8, mut list: &str, depth: usize) -> Result<(Vec<u8>, &str), FilterFault> {
    let mut filters = Vec::new();
    while list.starts_with('(') {
        let (filter, rest) = one(list, depth)?;
        filters.push(filter);
        list = rest;
    }
    if filters.is_empty() {
        return Err(FilterFault::Parentheses);
    }
    Ok((of_elements(tag, &filters), list))
}

/// What has no filters in it.
fn simple(item: &str) -> Result<Vec<u8>, FilterFault> {
    let (name, value) = item.split_once('=').ok_or(FilterFault::Attribute)?;
    let (name, tag) = match name.char_indices().next_back() {
        Some((at, '>')) => (name.get(..at), GREATER),
        Some((at, '<')) => (name.get(..at), LESS),
        Some((at, '~')) => (name.get(..at), LIKE),
        Some((at, ':')) => return extensible(name.get(..at).unwrap_or_default(), value),
        _ => (Some(name), EQUAL),
    };
    let name = attribute(name.unwrap_or_default())?;
    if tag != EQUAL || !value.contains('*') {
        return Ok(of_elements(tag, &[name, element(OCTETS, &unescaped(value)?)]));
    }
    if value == "*" {
        return Ok(element(PRESENT, item.split_once('=').unwrap_or_default().0.as_bytes()));
    }
    let parts: Vec<&str> = value.split('*').collect();
    let last = parts.len().saturating_sub(1);
    let mut pieces = Vec::new();
    for (place, part) in parts.iter().enumerate() {
        let piece = unescaped(part)?;
        if piece.is_empty() {
            if place != 0 && place != last {
                return Err(FilterFault::Escape);
            }
            continue;
        }
        let tag = match place {
            0 => 0x80,
            place if place == last => 0x82,
            _ => 0x81,
        };
        pieces.push(element(tag, &piece));
    }
    Ok(of_elements(PIECES, &[name, of_elements(0x30, &pieces)]))
}

/// `attribute:dn:rule:=value`, of which `name` is what stands before the last colon.
fn extensible(name: &str, value: &str) -> Result<Vec<u8>, FilterFault> {
    let mut parts = name.split(':');
    let described = parts.next().unwrap_or_default();
    let mut rule = None;
    let mut with_names = false;
    for part in parts {
        match (part, rule) {
            ("dn", None) if !with_names => with_names = true,
            (part, None) => rule = Some(part),
            _ => return Err(FilterFault::Attribute),
        }
    }
    if described.is_empty() && rule.is_none() {
        return Err(FilterFault::Attribute);
    }
    let mut elements = Vec::new();
    if let Some(rule) = rule {
        check_name(rule)?;
        elements.push(element(0x81, rule.as_bytes()));
    }
    if !described.is_empty() {
        check_name(described)?;
        elements.push(element(0x82, described.as_bytes()));
    }
    elements.push(element(0x83, &unescaped(value)?));
    if with_names {
        elements.push(element(0x84, &[0xff]));
    }
    Ok(of_elements(EXTENSIBLE, &elements))
}

fn attribute(name: &str) -> Result<Vec<u8>, FilterFault> {
    check_name(name)?;
    Ok(element(OCTETS, name.as_bytes()))
}

fn check_name(name: &str) -> Result<(), FilterFault> {
    if is_description(name) { Ok(()) } else { Err(FilterFault::Attribute) }
}

/// Whether this is how an attribute is described (RFC 4512 2.5): a name or OID, and options.
#[must_use]
pub fn is_description(name: &str) -> bool {
    let is_word = |word: &str| {
        let of_it =
            |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
        !word.is_empty() && word.bytes().all(of_it)
    };
    name.split(';').all(is_word)
}

fn unescaped(value: &str) -> Result<Vec<u8>, FilterFault> {
    let mut out = Vec::with_capacity(value.len());
    let mut octets = value.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'\\' => {
                let mut digit = || {
                    let digit = octets.next().map(char::from).and_then(|one| one.to_digit(16));
                    digit.and_then(|digit| u8::try_from(digit).ok()).ok_or(FilterFault::Escape)
                };
                out.push(digit()? << 4 | digit()?);
            }
            0 | b'(' | b')' | b'*' => return Err(FilterFault::Escape),
            octet => out.push(octet),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ber(text: &str) -> Vec<u8> {
        Filter::parse(text).unwrap().0
    }

    #[test]
    fn what_administrators_write_is_as_rfc_4511_has_it() {
        assert_eq!(ber("(cn=a)"), b"\xa3\x07\x04\x02cn\x04\x01a");
        assert_eq!(ber("(cn=*)"), b"\x87\x02cn");
        assert_eq!(ber("(!(cn=*))"), b"\xa2\x04\x87\x02cn");
        assert_eq!(ber("(&(cn=*)(sn=*))"), b"\xa0\x08\x87\x02cn\x87\x02sn");
        assert_eq!(ber("(|(cn=*)(sn=*))"), b"\xa1\x08\x87\x02cn\x87\x02sn");
        assert_eq!(ber("(cn>=a)")[0], GREATER);
        assert_eq!(ber("(cn<=a)")[0], LESS);
        assert_eq!(ber("(cn~=a)")[0], LIKE);
        assert_eq!(ber("(cn=a*b*c)"), b"\xa4\x0f\x04\x02cn\x30\x09\x80\x01a\x81\x01b\x82\x01c");
        assert_eq!(ber("(cn=*b)"), b"\xa4\x09\x04\x02cn\x30\x03\x82\x01b");
        // RFC 4515 4.
        assert_eq!(ber("(o=Pa \\28x\\29)"), b"\xa3\x0b\x04\x01o\x04\x06Pa (x)");
        assert_eq!(
            ber("(userAccountControl:1.2.840.113556.1.4.803:=2)"),
            b"\xa9\x2f\x81\x161.2.840.113556.1.4.803\x82\x12userAccountControl\x83\x012"
        );
        assert_eq!(ber("(o:dn:=a)"), b"\xa9\x09\x82\x01o\x83\x01a\x84\x01\xff");
    }

    #[test]
    fn what_is_no_filter_is_told_by_its_fault() {
        for (text, fault) in [
            ("", FilterFault::Parentheses),
            ("cn=a", FilterFault::Parentheses),
            ("(cn=a", FilterFault::Parentheses),
            ("(cn=a))", FilterFault::Parentheses),
            ("(&)", FilterFault::Parentheses),
            ("(&(cn=a)x)", FilterFault::Parentheses),
            ("(cn)", FilterFault::Attribute),
            ("(=a)", FilterFault::Attribute),
            ("(c n=a)", FilterFault::Attribute),
            ("(:=a)", FilterFault::Attribute),
            ("(a:b:c:=a)", FilterFault::Attribute),
            ("(cn=a\\2)", FilterFault::Escape),
            ("(cn=\\zz)", FilterFault::Escape),
            ("(cn>=*)", FilterFault::Escape),
            ("(cn=a**b)", FilterFault::Escape),
        ] {
            assert_eq!(Filter::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_filter_is_as_deep_and_as_long_as_it_may_be() {
        let nested = |depth: usize| format!("{}(a=b){}", "(!".repeat(depth), ")".repeat(depth));
        assert!(Filter::parse(&nested(MAX_DEPTH - 1)).is_ok());
        assert_eq!(Filter::parse(&nested(MAX_DEPTH)), Err(FilterFault::TooLarge));
        let long = |octets: usize| format!("(a={})", "b".repeat(octets - 4));
        assert!(Filter::parse(&long(MAX_OCTETS)).is_ok());
        assert_eq!(Filter::parse(&long(MAX_OCTETS + 1)), Err(FilterFault::TooLarge));
    }
}
