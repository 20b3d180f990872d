//! Objects (ISO 32000-1 7.3) and how they are written (7.2).

/// A dictionary in its order; of a key that stands twice, the last counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dict {
    entries: Vec<(Vec<u8>, Object)>,
}

impl Dict {
    pub(super) fn get(&self, key: &str) -> Option<&Object> {
        self.entries.iter().rev().find(|(name, _)| name == key.as_bytes()).map(|(_, value)| value)
    }

    pub(super) fn name(&self, key: &str) -> Option<&[u8]> {
        match self.get(key)? {
            Object::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        match self.get(key)? {
            Object::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &(Vec<u8>, Object)> {
        self.entries.iter()
    }
}

/// An object or, in content, an operator.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Object>),
    Dict(Dict),
    Reference(u32),
    /// `true`, `null`, `stream`, `Tj`.
    Word(Vec<u8>),
}

impl Object {
    pub(super) fn dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }
}

/// How deep arrays and dictionaries may lie in each other.
const MAX_DEPTH: usize = 32;

/// Objects within one, all together.
const MAX_OBJECTS: usize = 200_000;

/// Octets of a name or word; the rest of a longer one is the next.
const MAX_WORD_BYTES: usize = 4096;

/// Reads objects one behind the other.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'o> {
    octets: &'o [u8],
    pub(super) at: usize,
    objects: usize,
    /// Something lay too deep or was too much, and was not read.
    pub(super) gave_up: bool,
}

/// A step of the lexer.
enum Token {
    Object(Object),
    ArrayStart,
    ArrayEnd,
    DictStart,
    DictEnd,
}

impl<'o> Lexer<'o> {
    pub(super) fn new(octets: &'o [u8], at: usize) -> Self {
        Self { octets, at, objects: 0, gave_up: false }
    }

    /// The next object; `None` at the end, or where nothing can be read.
    pub(super) fn next(&mut self) -> Option<Object> {
        self.objects = 0;
        loop {
            match self.token()? {
                Token::Object(object) => return Some(object),
                Token::ArrayStart => return self.array(0),
                Token::DictStart => return self.dict(0),
                // Lone ends: what repairs files passes over them.
                Token::ArrayEnd | Token::DictEnd => {}
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Object> {
        self.sequence(depth, false).map(Object::Array)
    }

    fn dict(&mut self, depth: usize) -> Option<Object> {
        let flat = self.sequence(depth, true)?;
        let mut entries = Vec::with_capacity(flat.len() / 2);
        let mut flat = flat.into_iter();
        while let Some(key) = flat.next() {
            // A key without value, or a value without key, costs one object and no more.
            let Object::Name(key) = key else { continue };
            let Some(value) = flat.next() else { break };
            entries.push((key, value));
        }
        Some(Object::Dict(Dict { entries }))
    }

    /// Objects up to the end of the array or dictionary, `1 0 R` made one.
    fn sequence(&mut self, depth: usize, is_dict: bool) -> Option<Vec<Object>> {
        if depth >= MAX_DEPTH {
            self.gave_up = true;
            return None;
        }
        let mut items = Vec::new();
        loop {
            self.objects += 1;
            if self.objects > MAX_OBJECTS {
                self.gave_up = true;
                return None;
            }
            let before = self.at;
            let item = match self.token()? {
                Token::Object(Object::Word(word)) if word == b"R" => {
                    let number = items.len().checked_sub(2).and_then(|at| items.get(at));
                    let Some(Object::Number(number)) = number else { continue };
                    let reference = Object::Reference(*number as u32);
                    items.truncate(items.len() - 2);
                    reference
                }
                // An object that never ended: what follows is another.
                Token::Object(Object::Word(word))
                    if [&b"obj"[..], b"endobj", b"stream"].contains(&word.as_slice()) =>
                {
                    self.at = before;
                    return Some(items);
                }
                Token::Object(object) => object,
                Token::ArrayStart => self.array(depth + 1)?,
                Token::DictStart => self.dict(depth + 1)?,
                Token::ArrayEnd if !is_dict => return Some(items),
                Token::DictEnd if is_dict => return Some(items),
                Token::ArrayEnd | Token::DictEnd => continue,
            };
            items.push(item);
        }
    }

    fn peek(&self) -> Option<u8> {
        self.octets.get(self.at).copied()
    }

    pub(super) fn skip_white_space(&mut self) {
        while let Some(octet) = self.peek() {
            if octet == b'%' {
                let rest = self.octets.get(self.at..).unwrap_or_default();
                let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                self.at += end;
            } else if is_white_space(octet) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    fn token(&mut self) -> Option<Token> {
        self.skip_white_space();
        let first = self.peek()?;
        self.at += 1;
        let second = self.peek();
        Some(match first {
            b'[' => Token::ArrayStart,
            b']' => Token::ArrayEnd,
            b'<' if second == Some(b'<') => {
                self.at += 1;
                Token::DictStart
            }
            b'>' if second == Some(b'>') => {
                self.at += 1;
                Token::DictEnd
            }
            b'<' => Token::Object(Object::Text(self.hex_string())),
            b'(' => Token::Object(Object::Text(self.string())),
            b'/' => Token::Object(Object::Name(self.name())),
            b')' | b'>' | b'{' | b'}' => Token::Object(Object::Word(vec![first])),
            _ => {
                self.at -= 1;
                Token::Object(self.number_or_word())
            }
        })
    }

    /// Octets up to a delimiter or white space.
    fn regular(&mut self) -> &'o [u8] {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let length = rest
            .iter()
            .take(MAX_WORD_BYTES)
            .take_while(|octet| !is_white_space(**octet) && !is_delimiter(**octet))
            .count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn number_or_word(&mut self) -> Object {
        let word = self.regular();
        if word.is_empty() {
            self.at += 1;
            return Object::Word(Vec::new());
        }
        let numeric = word.iter().all(|o| o.is_ascii_digit() || matches!(o, b'+' | b'-' | b'.'));
        let number = std::str::from_utf8(word).ok().filter(|_| numeric);
        match number.and_then(|number| number.parse().ok()) {
            Some(number) => Object::Number(number),
            // `--5` and the like are read as nothing by readers.
            None if numeric => Object::Number(0.0),
            None => Object::Word(word.to_vec()),
        }
    }

    /// `#` and two digits stand for an octet (7.3.5).
    fn name(&mut self) -> Vec<u8> {
        let raw = self.regular();
        let mut name = Vec::with_capacity(raw.len());
        let mut rest = raw;
        while let Some((first, after)) = rest.split_first() {
            let escaped = match after {
                [high, low, ..] if *first == b'#' => hex(*high).zip(hex(*low)),
                _ => None,
            };
            match escaped {
                Some((high, low)) => {
                    name.push(high << 4 | low);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => {
                    name.push(*first);
                    rest = after;
                }
            }
        }
        name
    }

    fn hex_string(&mut self) -> Vec<u8> {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        self.at += end + 1;
        let mut digits: Vec<u8> =
            rest.get(..end).unwrap_or_default().iter().filter_map(|octet| hex(*octet)).collect();
        if digits.len() % 2 == 1 {
            digits.push(0);
        }
        digits.as_chunks().0.iter().map(|[high, low]: &[u8; 2]| high << 4 | low).collect()
    }

    /// 7.3.4.2: brackets nest, a backslash escapes.
    fn string(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut open = 1;
        while let Some(octet) = self.peek() {
            self.at += 1;
            match octet {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 0 {
                        break;
                    }
                }
                b'\\' => {
                    text.extend(self.escape());
                    continue;
                }
                _ => {}
            }
            text.push(octet);
        }
        text
    }

    fn escape(&mut self) -> Option<u8> {
        let octet = self.peek()?;
        self.at += 1;
        Some(match octet {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.at += 1;
                }
                return None;
            }
            b'\n' => return None,
            b'0'..=b'7' => {
                let mut value = u16::from(octet - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    value = value << 3 | u16::from(digit - b'0');
                    self.at += 1;
                }
                u8::try_from(value & 0xFF).unwrap_or_default()
            }
            other => other,
        })
    }
}

pub(super) fn is_white_space(octet: u8) -> bool {
    matches!(octet, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_delimiter(octet: u8) -> bool {
    matches!(octet, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

pub(super) fn hex(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A text string outside of content (7.9.2.2): UTF-16 or UTF-8 by its mark, else about
/// Latin-1, or Japanese where a program wrote its system's charset.
pub(super) fn shown(octets: &[u8]) -> String {
    if let Some(wide) = octets.strip_prefix(b"\xFE\xFF") {
        return encoding_rs::UTF_16BE.decode(wide).0.into_owned();
    }
    let octets = octets.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(octets);
    match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode(octets).0.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Object> {
        Lexer::new(text.as_bytes(), 0).next()
    }

    #[test]
    fn every_kind_of_object_is_read() {
        let text = |text: &[u8]| Some(Object::Text(text.to_vec()));
        assert_eq!(read(" % note\n-1.5 "), Some(Object::Number(-1.5)));
        assert_eq!(read("/A#42c"), Some(Object::Name(b"ABc".to_vec())));
        assert_eq!(read(r"(a\(b(c)\101\n)"), text(b"a(b(c)A\n"));
        assert_eq!(read("<41 4>"), text(b"A@"));
        let dict = read("<</A 1 0 R/B[2 3]/C<</D true>>>>").unwrap();
        let dict = dict.dict().unwrap();
        assert_eq!(dict.get("A"), Some(&Object::Reference(1)));
        assert_eq!(
            dict.get("B"),
            Some(&Object::Array(vec![Object::Number(2.0), Object::Number(3.0)]))
        );
        assert!(dict.get("C").and_then(Object::dict).is_some());
    }

    #[test]
    fn what_never_ends_or_nests_too_deep_ends() {
        assert_eq!(read("[1 2"), None);
        assert_eq!(read("<</A"), None);
        assert_eq!(read(&"[".repeat(100_000)), None);
        assert_eq!(read(""), None);
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&deep(MAX_DEPTH)).is_some());
        assert!(read(&deep(MAX_DEPTH + 1)).is_none());
    }

    #[test]
    fn strings_are_shown_in_their_charset() {
        assert_eq!(shown(b"\xFE\xFF\x50\x0B\x4E\xBA"), "個人");
        assert_eq!(shown("個人".as_bytes()), "個人");
        assert_eq!(shown(&encoding_rs::SHIFT_JIS.encode("個人").0), "個人");
    }
}
