//! BER as far as LDAP uses it (RFC 4511 5.1): definite lengths, tags of one octet,
//! octet strings in one piece.

/// Why octets are no BER of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BerFault {
    /// The octets end within an element.
    #[error("the octets end within an element")]
    Short,
    /// A length that LDAP does not have: indefinite, or of more than four octets.
    #[error("a length of another kind")]
    Length,
    /// A tag of several octets, or another one than the place wants.
    #[error("a tag of another kind")]
    Tag,
    /// A value that its type does not have.
    #[error("a value that its type does not have")]
    Value,
}

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// OCTET STRING.
pub const OCTETS: u8 = 0x04;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// SET.
pub const SET: u8 = 0x31;

/// Elements, one after the other.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Of these octets.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_at_end(self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next element, if there is one.
    #[must_use]
    pub fn next_tag(self) -> Option<u8> {
        self.0.first().copied()
    }

    /// What is not read yet.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    /// The next element.
    ///
    /// # Errors
    /// [`BerFault`] if it is none.
    pub fn any(&mut self) -> Result<(u8, &'a [u8]), BerFault> {
        let (&tag, rest) = self.0.split_first().ok_or(BerFault::Short)?;
        if tag & 0x1f == 0x1f {
            return Err(BerFault::Tag);
        }
        let (octets, length) = length(rest)?.ok_or(BerFault::Short)?;
        let rest = rest.get(octets..).ok_or(BerFault::Short)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(BerFault::Short)?;
        self.0 = rest;
        Ok((tag, content))
    }

    /// The content of the next element, which has this tag.
    ///
    /// # Errors
    /// [`BerFault`] if it is none.
    pub fn of(&mut self, tag: u8) -> Result<&'a [u8], BerFault> {
        match self.any()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(BerFault::Tag),
        }
    }

    /// An OCTET STRING of UTF-8.
    ///
    /// # Errors
    /// [`BerFault`] if it is none.
    pub fn text(&mut self) -> Result<&'a str, BerFault> {
        utf8(self.of(OCTETS)?)
    }

    /// An INTEGER or ENUMERATED that is not negative.
    ///
    /// # Errors
    /// [`BerFault`] if it is none.
    pub fn number(&mut self, tag: u8) -> Result<u32, BerFault> {
        number(self.of(tag)?)
    }

    /// A BOOLEAN: any octet but 0 is true in BER, and 255 in LDAP.
    ///
    /// # Errors
    /// [`BerFault`] if it is none.
    pub fn boolean(&mut self) -> Result<bool, BerFault> {
        match self.of(BOOLEAN)? {
            [octet] => Ok(*octet != 0),
            _ => Err(BerFault::Value),
        }
    }
}

/// UTF-8.
///
/// # Errors
/// [`BerFault::Value`] if it is none.
pub fn utf8(octets: &[u8]) -> Result<&str, BerFault> {
    std::str::from_utf8(octets).map_err(|_| BerFault::Value)
}

fn number(octets: &[u8]) -> Result<u32, BerFault> {
    let octets = match octets {
        [] => return Err(BerFault::Value),
        [first, ..] if *first >= 0x80 => return Err(BerFault::Value),
        [0, rest @ ..] if !rest.is_empty() => rest,
        octets => octets,
    };
    if octets.len() > 4 {
        return Err(BerFault::Value);
    }
    Ok(octets.iter().fold(0, |value, octet| value << 8 | u32::from(*octet)))
}

/// How many octets the length takes, and the length; none while octets are missing.
fn length(octets: &[u8]) -> Result<Option<(usize, usize)>, BerFault> {
    let Some((&first, rest)) = octets.split_first() else { return Ok(None) };
    if first < 0x80 {
        return Ok(Some((1, usize::from(first))));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(BerFault::Length);
    }
    let Some(octets) = rest.get(..count) else { return Ok(None) };
    let length = octets.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    Ok(Some((1 + count, length)))
}

/// How many octets the element has whose first octets these are: none while it takes more
/// octets to tell.
///
/// # Errors
/// [`BerFault`] if it is no SEQUENCE of definite length, as every message of LDAP is.
pub fn whole(octets: &[u8]) -> Result<Option<usize>, BerFault> {
    let Some((&tag, rest)) = octets.split_first() else { return Ok(None) };
    if tag != SEQUENCE {
        return Err(BerFault::Tag);
    }
    Ok(length(rest)?.map(|(octets, length)| 1 + octets + length))
}

/// An element.
#[must_use]
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = content.len().to_be_bytes();
            let zeros = octets.iter().take_while(|octet| **octet == 0).count();
            let octets = octets.get(zeros..).unwrap_or_default();
            // At most eight octets.
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or_default());
            out.extend_from_slice(octets);
        }
    }
    out.extend_from_slice(content);
    out
}

/// An element of elements.
#[must_use]
pub fn of_elements(tag: u8, elements: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &elements.concat())
}

/// An INTEGER or ENUMERATED.
#[must_use]
pub fn of_number(tag: u8, value: u32) -> Vec<u8> {
    let octets = [&[0][..], &value.to_be_bytes()].concat();
    // As short as it goes, and the first bit is the sign's.
    let spare = octets.windows(2).take_while(|pair| matches!(pair, [0, next] if *next < 0x80));
    let spare = spare.count();
    element(tag, octets.get(spare..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_length_of_another_kind_is_refused_and_a_longer_form_is_read() {
        assert_eq!(Reader::new(&[4, 0x80, 0, 0]).any(), Err(BerFault::Length));
        assert_eq!(Reader::new(&[4, 0x85, 0, 0, 0, 0, 0]).any(), Err(BerFault::Length));
        assert_eq!(Reader::new(&[4, 0x84, 0, 0, 0, 1, 7]).any(), Ok((4, &[7][..])));
        assert_eq!(Reader::new(&[4, 0x84, 0xff, 0xff, 0xff, 0xff]).any(), Err(BerFault::Short));
        assert_eq!(Reader::new(&[0x1f, 1, 0]).any(), Err(BerFault::Tag));
    }

    #[test]
    fn a_number_is_not_negative_and_has_31_bits() {
        let number = |octets: &[u8]| Reader::new(&element(INTEGER, octets)).number(INTEGER);
        assert_eq!(number(&[0x7f, 0xff, 0xff, 0xff]), Ok(0x7fff_ffff));
        assert_eq!(number(&[0, 0x80]), Ok(128));
        for bad in [&[][..], &[0x80], &[0xff], &[1, 0, 0, 0, 0]] {
            assert_eq!(number(bad), Err(BerFault::Value), "{bad:?}");
        }
    }

    #[test]
    fn how_long_a_message_is_is_known_from_its_first_octets() {
        assert_eq!(whole(&[]), Ok(None));
        assert_eq!(whole(&[0x30]), Ok(None));
        assert_eq!(whole(&[0x30, 0x82, 1]), Ok(None));
        assert_eq!(whole(&[0x30, 0x82, 1, 0]), Ok(Some(260)));
        assert_eq!(whole(&[0x30, 5]), Ok(Some(7)));
        // What an HTTP client or a TLS client on the wrong port says.
        assert_eq!(whole(b"GET /"), Err(BerFault::Tag));
        assert_eq!(whole(&[0x16, 3, 1]), Err(BerFault::Tag));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value: u32, content in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assume!(value < 0x8000_0000);
            let both = [of_number(INTEGER, value), element(OCTETS, &content)].concat();
            let mut reader = Reader::new(&both);
            prop_assert_eq!(reader.number(INTEGER), Ok(value));
            prop_assert_eq!(reader.of(OCTETS), Ok(&content[..]));
            prop_assert!(reader.is_at_end());
            let message = element(SEQUENCE, &content);
            prop_assert_eq!(whole(&message), Ok(Some(message.len())));
        }
    }
}
