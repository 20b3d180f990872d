//! What is searched for (RFC 4511 4.5.1.7), within bounds of depth and number.

use super::ber::{self, BerFault, OCTETS, Reader, SEQUENCE};

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// All of these; of none it is true (RFC 4526).
    And(Vec<Filter>),
    /// One of these; of none it is false.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The attribute has this value, or about it.
    Equal(Attribute, String),
    /// The attribute has a value with these pieces, in this order.
    Substrings(Attribute, Pieces),
    /// The attribute is there.
    Present(Attribute),
    /// What is undefined here whatever the entry: order, extensible matches, values that are
    /// no text.
    Undefined,
}

/// An attribute description: in lower case, without its options.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute(pub String);

impl Attribute {
    pub(crate) fn new(description: &str) -> Self {
        let name = description.split(';').next().unwrap_or_default();
        Self(name.to_ascii_lowercase())
    }
}

/// The pieces of a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pieces {
    /// What it begins with, or nothing.
    pub initial: String,
    /// What comes between.
    pub any: Vec<String>,
    /// What it ends with, or nothing.
    pub ending: String,
}

/// How large a filter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterLimits {
    /// Filters within filters.
    pub depth: usize,
    /// Filters in all, and pieces of values.
    pub terms: usize,
}

/// Why a filter is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterFault {
    /// It cannot be read.
    #[error(transparent)]
    Ber(#[from] BerFault),
    /// It is deeper or longer than may be.
    #[error("a filter that is too deep or too long")]
    TooLarge,
}

const AND: u8 = 0xa0;
const OR: u8 = 0xa1;
const NOT: u8 = 0xa2;
const EQUALITY: u8 = 0xa3;
const SUBSTRINGS: u8 = 0xa4;
const GREATER_OR_EQUAL: u8 = 0xa5;
const LESS_OR_EQUAL: u8 = 0xa6;
const PRESENT: u8 = 0x87;
const APPROXIMATE: u8 = 0xa8;
const EXTENSIBLE: u8 = 0xa9;

const INITIAL: u8 = 0x80;
const ANY: u8 = 0x81;
const ENDING: u8 = 0x82;

impl Filter {
    /// Reads the next element as a filter.
    pub(crate) fn read(reader: &mut Reader<'_>, limits: FilterLimits) -> Result<Self, FilterFault> {
        let mut terms = limits.terms;
        read(reader, limits.depth, &mut terms)
    }

    /// How deep it is.
    #[must_use]
    pub fn depth(&self) -> usize {
        1 + match self {
            Self::And(all) | Self::Or(all) => all.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(one) => one.depth(),
            _ => 0,
        }
    }

    /// How many filters and pieces it has.
    #[must_use]
    pub fn terms(&self) -> usize {
        1 + match self {
            Self::And(all) | Self::Or(all) => all.iter().map(Self::terms).sum(),
            Self::Not(one) => one.terms(),
            Self::Substrings(_, pieces) => pieces.any.len(),
            _ => 0,
        }
    }
}

fn one_more(terms: &mut usize) -> Result<(), FilterFault> {
    *terms = terms.checked_sub(1).ok_or(FilterFault::TooLarge)?;
    Ok(())
}

fn read(reader: &mut Reader<'_>, depth: usize, terms: &mut usize) -> Result<Filter, FilterFault> {
    let depth = depth.checked_sub(1).ok_or(FilterFault::TooLarge)?;
    one_more(terms)?;
    let (tag, content) = reader.any()?;
    let mut inner = Reader::new(content);
    Ok(match tag {
        AND => Filter::And(several(inner, depth, terms)?),
        OR => Filter::Or(several(inner, depth, terms)?),
        NOT => {
            let one = read(&mut inner, depth, terms)?;
            at_end(inner)?;
            Filter::Not(Box::new(one))
        }
        EQUALITY | APPROXIMATE => {
            let attribute = Attribute::new(inner.text()?);
            let value = inner.of(OCTETS)?;
            at_end(inner)?;
            match ber::utf8(value) {
                Ok(value) => Filter::Equal(attribute, value.to_owned()),
                Err(_) => Filter::Undefined,
            }
        }
        SUBSTRINGS => substrings(inner, terms)?,
        PRESENT => Filter::Present(Attribute::new(ber::utf8(content)?)),
        GREATER_OR_EQUAL | LESS_OR_EQUAL => {
            inner.text()?;
            inner.of(OCTETS)?;
            at_end(inner)?;
            Filter::Undefined
        }
        EXTENSIBLE => Filter::Undefined,
        _ => return Err(BerFault::Tag.into()),
    })
}

fn several(
    mut inner: Reader<'_>,
    depth: usize,
    terms: &mut usize,
) -> Result<Vec<Filter>, FilterFault> {
    let mut all = Vec::new();
    while !inner.is_at_end() {
        all.push(read(&mut inner, depth, terms)?);
    }
    Ok(all)
}

fn substrings(mut inner: Reader<'_>, terms: &mut usize) -> Result<Filter, FilterFault> {
    let attribute = Attribute::new(inner.text()?);
    let mut list = Reader::new(inner.of(SEQUENCE)?);
    at_end(inner)?;
    let mut pieces = Pieces::default();
    let (mut is_text, mut is_first, mut is_over) = (true, true, false);
    while !list.is_at_end() {
        let (tag, content) = list.any()?;
        let piece = ber::utf8(content);
        is_text &= piece.is_ok();
        let piece = piece.unwrap_or_default();
        // RFC 4511 4.5.1.7.2: "initial" only first, "final" only last. None may be empty, but
        // Thunderbird's filters have `**` in them; such a piece is everywhere.
        if is_over {
            return Err(BerFault::Value.into());
        }
        match tag {
            INITIAL if is_first => piece.clone_into(&mut pieces.initial),
            ANY => {
                one_more(terms)?;
                if !piece.is_empty() {
                    pieces.any.push(piece.to_owned());
                }
            }
            ENDING => {
                piece.clone_into(&mut pieces.ending);
                is_over = true;
            }
            _ => return Err(BerFault::Tag.into()),
        }
        is_first = false;
    }
    if is_first {
        return Err(BerFault::Value.into());
    }
    Ok(if is_text { Filter::Substrings(attribute, pieces) } else { Filter::Undefined })
}

fn at_end(reader: Reader<'_>) -> Result<(), BerFault> {
    if reader.is_at_end() { Ok(()) } else { Err(BerFault::Value) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ldap::ber::{element, of_elements};

    const LIMITS: FilterLimits = FilterLimits { depth: 8, terms: 128 };

    fn parsed(octets: &[u8], limits: FilterLimits) -> Result<Filter, FilterFault> {
        Filter::read(&mut Reader::new(octets), limits)
    }

    /// A filter as a client writes it.
    pub(crate) fn written(filter: &Filter) -> Vec<u8> {
        let octets = |text: &str| element(OCTETS, text.as_bytes());
        match filter {
            Filter::And(all) => of_elements(AND, &all.iter().map(written).collect::<Vec<_>>()),
            Filter::Or(all) => of_elements(OR, &all.iter().map(written).collect::<Vec<_>>()),
            Filter::Not(one) => element(NOT, &written(one)),
            Filter::Equal(name, value) => of_elements(EQUALITY, &[octets(&name.0), octets(value)]),
            Filter::Present(name) => element(PRESENT, name.0.as_bytes()),
            Filter::Substrings(name, pieces) => {
                let piece = |tag, text: &String| element(tag, text.as_bytes());
                let mut list = Vec::new();
                if !pieces.initial.is_empty() {
                    list.push(piece(INITIAL, &pieces.initial));
                }
                list.extend(pieces.any.iter().map(|text| piece(ANY, text)));
                if !pieces.ending.is_empty() {
                    list.push(piece(ENDING, &pieces.ending));
                }
                of_elements(SUBSTRINGS, &[octets(&name.0), of_elements(SEQUENCE, &list)])
            }
            Filter::Undefined => element(EXTENSIBLE, b""),
        }
    }

    pub(crate) fn equal(name: &str, value: &str) -> Filter {
        Filter::Equal(Attribute::new(name), value.to_owned())
    }

    pub(crate) fn with(name: &str, piece: &str) -> Filter {
        let pieces = Pieces { any: vec![piece.to_owned()], ..Pieces::default() };
        Filter::Substrings(Attribute::new(name), pieces)
    }

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        let pieces = Pieces {
            initial: "a".to_owned(),
            any: vec!["b".to_owned(), "山".to_owned()],
            ending: "c".to_owned(),
        };
        let filter = Filter::And(vec![
            Filter::Or(vec![equal("mail", "bob@b.example"), with("cn", "ob")]),
            Filter::Not(Box::new(Filter::Present(Attribute::new("sn")))),
            Filter::Substrings(Attribute::new("cn"), pieces),
            Filter::Undefined,
            Filter::And(vec![]),
        ]);
        assert_eq!(parsed(&written(&filter), LIMITS), Ok(filter));
    }

    #[test]
    fn names_are_compared_without_case_and_options() {
        assert_eq!(Attribute::new("userCertificate;binary").0, "usercertificate");
    }

    #[test]
    fn a_filter_that_is_too_deep_or_has_too_many_terms_is_refused() {
        let nested =
            |depth| (1..depth).fold(equal("a", "b"), |filter, _| Filter::Not(Box::new(filter)));
        assert!(parsed(&written(&nested(8)), LIMITS).is_ok());
        assert_eq!(parsed(&written(&nested(9)), LIMITS), Err(FilterFault::TooLarge));
        // Far deeper than any stack: nothing is read below the bound.
        let deep = (0..20_000).fold(vec![PRESENT, 0], |inner, _| element(NOT, &inner));
        assert_eq!(parsed(&deep, LIMITS), Err(FilterFault::TooLarge));
        let wide = |terms: usize| Filter::Or(vec![equal("a", "b"); terms - 1]);
        assert!(parsed(&written(&wide(128)), LIMITS).is_ok());
        assert_eq!(parsed(&written(&wide(129)), LIMITS), Err(FilterFault::TooLarge));
        let pieces = Pieces { any: vec!["x".to_owned(); 128], ..Pieces::default() };
        let pieces = Filter::Substrings(Attribute::new("cn"), pieces);
        assert_eq!(parsed(&written(&pieces), LIMITS), Err(FilterFault::TooLarge));
    }

    #[test]
    fn what_is_no_filter_is_refused_and_what_is_no_text_matches_nothing() {
        let list = |items: &[Vec<u8>]| {
            of_elements(SUBSTRINGS, &[element(OCTETS, b"cn"), of_elements(SEQUENCE, items)])
        };
        for (octets, fault) in [
            (list(&[]), BerFault::Value),
            (list(&[element(ENDING, b"a"), element(ANY, b"b")]), BerFault::Value),
            (list(&[element(ANY, b"a"), element(INITIAL, b"b")]), BerFault::Tag),
            (element(0xab, b""), BerFault::Tag),
            (element(NOT, b""), BerFault::Short),
            (vec![AND, 5, PRESENT], BerFault::Short),
        ] {
            assert_eq!(parsed(&octets, LIMITS), Err(fault.into()), "{octets:?}");
        }
        let latin = of_elements(EQUALITY, &[element(OCTETS, b"cn"), element(OCTETS, b"\xfc")]);
        assert_eq!(parsed(&latin, LIMITS), Ok(Filter::Undefined));
        assert_eq!(parsed(&list(&[element(ANY, b"\xfc")]), LIMITS), Ok(Filter::Undefined));
        let doubled = list(&[element(ANY, b"iva"), element(ANY, b"")]);
        assert_eq!(parsed(&doubled, LIMITS), Ok(with("cn", "iva")));
    }
}
