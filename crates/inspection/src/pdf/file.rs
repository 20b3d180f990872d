//! The objects of a file and where they stand, those in object streams included.

use std::{
    cell::Cell,
    collections::{HashMap, HashSet},
};

use memchr::memmem;

use super::{
    filter,
    object::{Dict, Lexer, Object, is_white_space},
};

/// Objects that are looked at.
const MAX_PLACES: usize = 400_000;

/// How often a reference may lead to another one.
const MAX_REFERENCES: usize = 16;

/// Octets that may be parsed for each octet of the file and of its object streams, on top
/// of [`FREE_BYTES`]: objects that many pages share are parsed for each.
const PARSED_PER_BYTE: u64 = 16;
const FREE_BYTES: u64 = 16 << 20;

/// Where an object stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u32,
    /// 0 for the file, else the object stream of that number, from 1.
    source: usize,
    at: usize,
}

/// An open file.
pub(super) struct File<'o> {
    octets: &'o [u8],
    places: Vec<Place>,
    by_number: HashMap<u32, usize>,
    /// Expanded object streams.
    sources: Vec<Vec<u8>>,
    /// Where `endstream` stands.
    ends: Vec<usize>,
    parse_left: Cell<u64>,
    too_large: Cell<bool>,
}

impl<'o> File<'o> {
    /// Finds the objects of `octets`.
    pub(super) fn open(octets: &'o [u8]) -> Self {
        let mut file = Self {
            octets,
            places: Vec::new(),
            by_number: HashMap::new(),
            sources: Vec::new(),
            ends: memmem::find_iter(octets, b"endstream").collect(),
            parse_left: Cell::new(0),
            too_large: Cell::new(false),
        };
        file.allow(octets.len());
        file.parse_left.set(file.parse_left.get().saturating_add(FREE_BYTES));
        for at in memmem::find_iter(octets, b"obj") {
            let Some(number) = number_before(octets, at) else { continue };
            file.add(Place { number, source: 0, at: at + 3 });
        }
        file
    }

    fn allow(&self, octets: usize) {
        let more = u64::try_from(octets).unwrap_or(u64::MAX).saturating_mul(PARSED_PER_BYTE);
        self.parse_left.set(self.parse_left.get().saturating_add(more));
    }

    /// Of two objects of one number, the later is the newer (7.5.6).
    fn add(&mut self, place: Place) {
        if self.places.len() < MAX_PLACES {
            self.by_number.insert(place.number, self.places.len());
            self.places.push(place);
        } else {
            self.parse_left.set(0);
        }
    }

    /// Every object, also those that newer ones replaced.
    pub(super) fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.places.iter().copied()
    }

    /// Whether the budget for parsing is spent, so that not all was looked at.
    pub(super) fn spent(&self) -> bool {
        self.parse_left.get() == 0
    }

    /// Whether a stream did not fit into what may be expanded, or an object was not read for
    /// its depth or number.
    pub(super) fn too_large(&self) -> bool {
        self.too_large.get()
    }

    /// Whether a trailer or a table in a stream names the key of an encrypted file (7.6.1).
    pub(super) fn is_locked(&self) -> bool {
        let names_key = |object: Object| object.dict().is_some_and(|d| d.get("Encrypt").is_some());
        let trailer = memmem::find_iter(self.octets, b"trailer")
            .any(|at| self.parse_at(self.octets, at + 7).is_some_and(names_key));
        trailer
            || self.places.iter().any(|place| {
                let table = self.parse(*place).filter(|object| {
                    object.dict().is_some_and(|dict| dict.name("Type") == Some(b"XRef"))
                });
                table.is_some_and(names_key)
            })
    }

    /// Expands the object streams (7.5.7) and takes their objects up.
    pub(super) fn open_object_streams(&mut self, budget: &mut u64) {
        let mut seen = HashSet::new();
        for place in self.places.clone() {
            let Some(Object::Dict(dict)) = self.parse(place) else { continue };
            if dict.name("Type") != Some(b"ObjStm") || !seen.insert(place.at) {
                continue;
            }
            let Some(content) = self.stream_at(place, budget) else { continue };
            let count = dict.number("N").unwrap_or(0.0) as usize;
            let first = dict.number("First").unwrap_or(0.0) as usize;
            self.allow(content.len());
            self.sources.push(content);
            let source = self.sources.len();
            let mut heads = Vec::new();
            if let Some(content) = self.sources.last() {
                let mut lexer = Lexer::new(content, 0);
                while heads.len() < count && lexer.at < first {
                    let (Some(Object::Number(number)), Some(Object::Number(at))) =
                        (lexer.next(), lexer.next())
                    else {
                        break;
                    };
                    let at = first.saturating_add(at as usize);
                    heads.push(Place { number: number as u32, source, at });
                }
            }
            heads.into_iter().for_each(|place| self.add(place));
        }
    }

    /// The object at `place`.
    pub(super) fn parse(&self, place: Place) -> Option<Object> {
        let octets = match place.source.checked_sub(1) {
            None => self.octets,
            Some(index) => self.sources.get(index)?,
        };
        self.parse_at(octets, place.at)
    }

    fn parse_at(&self, octets: &[u8], at: usize) -> Option<Object> {
        let left = usize::try_from(self.parse_left.get()).unwrap_or(usize::MAX);
        if left == 0 {
            return None;
        }
        let end = at.saturating_add(left).min(octets.len());
        let mut lexer = Lexer::new(octets.get(..end)?, at);
        let object = lexer.next();
        if lexer.gave_up {
            self.too_large.set(true);
        }
        let used = u64::try_from(lexer.at.saturating_sub(at)).unwrap_or(u64::MAX);
        self.parse_left.set(self.parse_left.get().saturating_sub(used.max(1)));
        object
    }

    /// The object of that number.
    pub(super) fn object(&self, number: u32) -> Option<Object> {
        let place = self.by_number.get(&number).and_then(|at| self.places.get(*at))?;
        self.parse(*place)
    }

    /// `object`, or what it refers to.
    pub(super) fn resolve(&self, object: &Object) -> Option<Object> {
        let mut object = object.clone();
        for _ in 0..MAX_REFERENCES {
            match object {
                Object::Reference(number) => object = self.object(number)?,
                other => return Some(other),
            }
        }
        None
    }

    /// The content of the stream of that number, its filters taken off as far as we know
    /// them; `None` if it is none, or a picture.
    pub(super) fn stream(&self, number: u32, budget: &mut u64) -> Option<Vec<u8>> {
        let place = self.by_number.get(&number).and_then(|at| self.places.get(*at))?;
        self.stream_at(*place, budget)
    }

    fn stream_at(&self, place: Place, budget: &mut u64) -> Option<Vec<u8>> {
        if place.source != 0 {
            return None;
        }
        let Some(Object::Dict(dict)) = self.parse(place) else { return None };
        let raw = self.raw_stream(place, &dict)?;
        let filters = self.filters(&dict);
        let decoded = filter::decode(raw, &filters, budget);
        if decoded.as_ref().is_err_and(|fault| *fault == filter::Fault::TooLarge) {
            self.too_large.set(true);
        }
        decoded.ok()
    }

    /// The octets between `stream` and `endstream` (7.3.8).
    fn raw_stream(&self, place: Place, dict: &Dict) -> Option<&'o [u8]> {
        let mut lexer = Lexer::new(self.octets, place.at);
        lexer.next()?;
        lexer.skip_white_space();
        let start = lexer.at;
        self.octets.get(start..)?.strip_prefix(b"stream")?;
        let start = start + 6;
        let start = match self.octets.get(start..)? {
            [b'\r', b'\n', ..] => start + 2,
            [b'\r' | b'\n', ..] => start + 1,
            _ => start,
        };
        let length = dict.get("Length").and_then(|length| self.resolve(length));
        if let Some(Object::Number(length)) = length {
            let end = start.saturating_add(length as usize);
            let after = self.octets.get(end..).unwrap_or_default();
            let after = after.get(..16.min(after.len())).unwrap_or_default();
            if memmem::find(after, b"endstream").is_some() {
                return self.octets.get(start..end);
            }
        }
        // A wrong length: what repairs files searches for the end.
        let next = self.ends.partition_point(|end| *end < start);
        let end = self.ends.get(next).copied().unwrap_or(self.octets.len());
        self.octets.get(start..end)
    }

    fn filters(&self, dict: &Dict) -> Vec<(Vec<u8>, Option<Dict>)> {
        let get = |long: &str, short: &str| {
            dict.get(long).or_else(|| dict.get(short)).and_then(|found| self.resolve(found))
        };
        let list = |object: Option<Object>| match object {
            Some(Object::Array(items)) => items,
            Some(other) => vec![other],
            None => Vec::new(),
        };
        let parameters = list(get("DecodeParms", "DP"));
        let filters = list(get("Filter", "F")).into_iter().enumerate();
        filters
            .filter_map(|(index, filter)| {
                let Some(Object::Name(name)) = self.resolve(&filter) else { return None };
                let parameter = parameters.get(index).and_then(|found| self.resolve(found));
                Some((name, parameter.and_then(|found| found.dict().cloned())))
            })
            .collect()
    }
}

/// The number of `12 0 obj`, whose last word begins at `at`.
fn number_before(octets: &[u8], at: usize) -> Option<u32> {
    let head = octets.get(at.saturating_sub(32)..at)?;
    let (_, head) = last_number(head)?;
    let (number, _) = last_number(head)?;
    Some(number)
}

/// The number at the end of `head`, white space aside, and what stands before it.
fn last_number(head: &[u8]) -> Option<(u32, &[u8])> {
    let end = head.iter().rposition(|octet| !is_white_space(*octet))? + 1;
    let digits = head.get(..end)?;
    let start = digits.iter().rposition(|octet| !octet.is_ascii_digit()).map_or(0, |at| at + 1);
    let number = std::str::from_utf8(digits.get(start..)?).ok()?.parse().ok()?;
    Some((number, digits.get(..start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_front_of_an_object_are_read() {
        assert_eq!(number_before(b"12 0 obj", 5), Some(12));
        assert_eq!(number_before(b"x\n7  0  obj", 8), Some(7));
        assert_eq!(number_before(b"endobj", 3), None);
    }
}
