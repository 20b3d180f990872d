//! I-JSON (RFC 7493): JSON that every reader reads alike.
//!
//! Ordinary JSON readers disagree about a repeated name (first, last, both) and about
//! large numbers. What is signed must not depend on the reader, so such text is refused
//! before it is given its meaning.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};

/// How deep arrays and objects may nest. Our own objects need five levels.
pub const MAX_DEPTH: usize = 16;

/// The largest integer that every reader keeps exactly: 2^53 - 1 (RFC 7493 2.2).
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Why a text is not the I-JSON it should be. The sender is at fault in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// Longer than the caller allows.
    #[error("the text is longer than allowed")]
    TooLarge,
    /// Not JSON (RFC 8259), not UTF-8, or something follows the value.
    #[error("the text is not JSON (line {line}, column {column})")]
    Syntax {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, in octets from 1.
        column: usize,
    },
    /// An object has one name twice (RFC 7493 2.3).
    #[error("an object has the same name twice")]
    DuplicateName,
    /// An integer beyond ±(2^53 - 1) (RFC 7493 2.2).
    #[error("a number is beyond what every reader keeps exactly")]
    Number,
    /// A string holds a Unicode noncharacter (RFC 7493 2.1).
    #[error("a string holds a code point that is no character")]
    Noncharacter,
    /// Deeper than [`MAX_DEPTH`].
    #[error("the text nests too deeply")]
    TooDeep,
    /// Sound JSON, but not of the expected shape: a member is missing, of another type
    /// or has an unknown value.
    #[error("the object has not the expected members (line {line}, column {column})")]
    Shape {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault, in octets from 1.
        column: usize,
    },
}

/// Reads a value out of I-JSON text of at most `max_bytes` octets.
///
/// # Errors
/// [`JsonFault`]: the text is refused as a whole, whatever `T` would have ignored.
pub fn read<T: DeserializeOwned>(text: &[u8], max_bytes: usize) -> Result<T, JsonFault> {
    check(text, max_bytes)?;
    serde_json::from_slice(text)
        .map_err(|e| JsonFault::Shape { line: e.line(), column: e.column() })
}

/// Checks that `text` is I-JSON of at most `max_bytes` octets, without keeping it.
///
/// # Errors
/// [`JsonFault`], never [`JsonFault::Shape`].
pub fn check(text: &[u8], max_bytes: usize) -> Result<(), JsonFault> {
    if text.len() > max_bytes {
        return Err(JsonFault::TooLarge);
    }
    let found = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Value { found: &found, depth: 0 };
    let result = value.deserialize(&mut reader).and_then(|()| reader.end());
    match (result, found.get()) {
        (Ok(()), None) => Ok(()),
        (_, Some(fault)) => Err(fault),
        (Err(e), None) => Err(JsonFault::Syntax { line: e.line(), column: e.column() }),
    }
}

/// Walks one value. `found` carries the cause out, as serde's errors are text only.
#[derive(Clone, Copy)]
struct Value<'a> {
    found: &'a Cell<Option<JsonFault>>,
    depth: usize,
}

impl Value<'_> {
    fn refuse<E: Error>(self, fault: JsonFault) -> E {
        self.found.set(Some(fault));
        E::custom(fault)
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse(JsonFault::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn text<E: Error>(self, text: &str) -> Result<(), E> {
        if text.chars().any(is_noncharacter) {
            return Err(self.refuse(JsonFault::Noncharacter));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an I-JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        if number > MAX_INTEGER { Err(self.refuse(JsonFault::Number)) } else { Ok(()) }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_u64(number.unsigned_abs())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // serde_json hands over integers that fit no 64 bits as floating point.
        const LIMIT: f64 = 9_007_199_254_740_991.0;
        if number.abs() > LIMIT { Err(self.refuse(JsonFault::Number)) } else { Ok(()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let item = self.deeper()?;
        while items.next_element_seed(item)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let member = self.deeper()?;
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            self.text(&name)?;
            // Names are compared after unescaping: "a" and "\u0061" are one name.
            if !names.insert(name) {
                return Err(self.refuse(JsonFault::DuplicateName));
            }
            members.next_value_seed(member)?;
        }
        Ok(())
    }
}

/// The 66 code points that Unicode keeps out of interchange (Unicode 23.7).
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Option<JsonFault> {
        check(text.as_bytes(), 4096).err()
    }

    #[test]
    fn ordinary_values_pass() {
        for text in [
            "null",
            "true",
            "-1.5",
            "\"日本\"",
            "[]",
            "{}",
            r#" {"a":[1,{"a":2}],"b":{"a":null}} "#,
            "9007199254740991",
            "-9007199254740991",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_twice_is_refused_at_every_level_and_in_every_spelling() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"y":{"b":1,"c":2,"b":3}}]}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(fault(text), Some(JsonFault::DuplicateName), "{text}");
        }
    }

    #[test]
    fn numbers_one_past_the_exact_range_are_refused() {
        for text in ["9007199254740992", "-9007199254740992", "18446744073709551616", "1e300"] {
            assert_eq!(fault(text), Some(JsonFault::Number), "{text}");
        }
    }

    #[test]
    fn noncharacters_are_refused_in_values_and_names() {
        for text in ["\"\\uffff\"", "\"\u{fdd0}\"", "{\"\\ud83f\\udffe\":1}"] {
            assert_eq!(fault(text), Some(JsonFault::Noncharacter), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_a_syntax_fault() {
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\":1}x",
            "{\"a\" 1}",
            "'a'",
            "\"\\ud800\"",
            "01",
            "NaN",
            "\u{feff}{}",
        ] {
            assert!(matches!(fault(text), Some(JsonFault::Syntax { .. })), "{text}");
        }
        assert!(matches!(check(b"\"\xff\"", 10), Err(JsonFault::Syntax { .. })));
    }

    #[test]
    fn nesting_is_allowed_to_the_limit_and_not_one_further() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(fault(&nested(MAX_DEPTH)), None);
        assert_eq!(fault(&nested(MAX_DEPTH + 1)), Some(JsonFault::TooDeep));
        assert_eq!(fault(&"[".repeat(4000)), Some(JsonFault::TooDeep));
    }

    #[test]
    fn the_size_is_allowed_to_the_limit_and_not_one_further() {
        assert_eq!(check(b"[1]", 3), Ok(()));
        assert_eq!(check(b"[1]", 2), Err(JsonFault::TooLarge));
    }

    #[test]
    fn a_sound_text_of_another_shape_is_a_shape_fault() {
        assert!(matches!(read::<Vec<u8>>(b"{}", 10), Err(JsonFault::Shape { .. })));
        assert_eq!(read::<Vec<u8>>(b"[1,2]", 10), Ok(vec![1, 2]));
    }
}
