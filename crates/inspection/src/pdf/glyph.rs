//! Names of glyphs in the `Differences` of an encoding (ISO 32000-1 9.6.6): those of the
//! Adobe Glyph List that Japanese business needs, and the names that tell their number.

/// The character of a glyph's name.
pub(super) fn character(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    let name = name.split('.').next()?;
    let mut letters = name.chars();
    if let (Some(only), None) = (letters.next(), letters.next()) {
        return Some(only);
    }
    let code = name.strip_prefix("uni").filter(|hex| hex.len() >= 4).and_then(|hex| hex.get(..4));
    let code = code.or_else(|| name.strip_prefix('u').filter(|hex| hex.len() >= 4));
    if let Some(c) = code.and_then(|hex| u32::from_str_radix(hex, 16).ok()) {
        return char::from_u32(c);
    }
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}

const NAMES: [(&str, char); 47] = [
    ("zero", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
    ("space", ' '),
    ("hyphen", '-'),
    ("minus", '-'),
    ("endash", '–'),
    ("emdash", '—'),
    ("period", '.'),
    ("comma", ','),
    ("colon", ':'),
    ("semicolon", ';'),
    ("slash", '/'),
    ("backslash", '\\'),
    ("parenleft", '('),
    ("parenright", ')'),
    ("bracketleft", '['),
    ("bracketright", ']'),
    ("numbersign", '#'),
    ("dollar", '$'),
    ("percent", '%'),
    ("ampersand", '&'),
    ("at", '@'),
    ("plus", '+'),
    ("equal", '='),
    ("underscore", '_'),
    ("bar", '|'),
    ("asterisk", '*'),
    ("exclam", '!'),
    ("question", '?'),
    ("quotesingle", '\''),
    ("quotedbl", '"'),
    ("yen", '¥'),
    ("fi", '\u{FB01}'),
    ("fl", '\u{FB02}'),
    ("ff", '\u{FB00}'),
    ("ffi", '\u{FB03}'),
    ("ffl", '\u{FB04}'),
    ("bullet", '•'),
    ("periodcentered", '·'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_of_glyphs_are_known() {
        assert_eq!(character(b"seven"), Some('7'));
        assert_eq!(character(b"A"), Some('A'));
        assert_eq!(character(b"uni500B"), Some('個'));
        assert_eq!(character(b"u1F600"), Some('😀'));
        assert_eq!(character(b"one.lf"), Some('1'));
        assert_eq!(character(b"g123"), None);
    }
}
