//! Distinguished names as text (RFC 4514), as far as entries here have them.

/// Components, the nearest first: type in lower case, value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Name(Vec<(String, String)>);

/// The type of the first component of an entry's name.
const MAIL: &str = "mail";

impl Name {
    /// Reads a name; none for what is none, or has components of several types.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return Some(Self::default());
        }
        parts(text, &[',', ';'])?
            .iter()
            .map(|part| component(part))
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The name of a domain with these labels (RFC 2247).
    pub(crate) fn of_domain<'l>(labels: impl Iterator<Item = &'l str>) -> Self {
        Self(labels.map(|label| ("dc".to_owned(), label.to_owned())).collect())
    }

    /// Whether it is the name of nothing, which all others are below of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both name the same, whatever the case.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.is_below(other)
    }

    /// Whether it is `base` or below it.
    #[must_use]
    pub fn is_below(&self, base: &Self) -> bool {
        let same = |((name, value), (other, wanted)): (&(String, String), &(String, String))| {
            name == other && value.to_lowercase() == wanted.to_lowercase()
        };
        self.0.len() >= base.0.len() && self.0.iter().rev().zip(base.0.iter().rev()).all(same)
    }

    /// The address in the name of an entry right below `base`.
    #[must_use]
    pub fn address(&self, base: &Self) -> Option<&str> {
        match self.0.as_slice() {
            [(name, value), ..] if self.0.len() == base.0.len() + 1 && self.is_below(base) => {
                (name == MAIL).then_some(value.as_str())
            }
            _ => None,
        }
    }

    /// The value of the first component, by which people are named.
    #[must_use]
    pub fn first(&self) -> Option<(&str, &str)> {
        self.0.first().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The name of the entry for an address, below this one.
    #[must_use]
    pub fn entry(&self, address: &str) -> String {
        let own = format!("{MAIL}={}", escaped(address));
        if self.is_empty() { own } else { format!("{own},{self}") }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (name, value)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(out, "{comma}{name}={}", escaped(value))?;
        }
        Ok(())
    }
}

/// A text in its parts at separators that no backslash stands before. None if it ends with
/// a backslash.
fn parts<'t>(text: &'t str, separators: &[char]) -> Option<Vec<&'t str>> {
    let (mut parts, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if !is_escaped && separators.contains(&c) {
            parts.push(text.get(start..at)?);
            start = at + c.len_utf8();
        }
        is_escaped = !is_escaped && c == '\\';
    }
    parts.push(text.get(start..)?);
    (!is_escaped).then_some(parts)
}

fn component(text: &str) -> Option<(String, String)> {
    // Two types in one component: none of ours has that.
    if parts(text, &['+'])?.len() != 1 {
        return None;
    }
    let (name, value) = text.split_once('=')?;
    let name = name.trim().to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    (!name.is_empty() && name.chars().all(plain)).then_some(())?;
    Some((name, unescaped(trimmed(value))?))
}

/// Without the spaces around it, but for one that is escaped.
fn trimmed(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let bare = value.trim_end_matches(' ');
    match value.get(bare.len()..) {
        Some(spaces) if !spaces.is_empty() && bare.ends_with('\\') => {
            value.get(..=bare.len()).unwrap_or(value)
        }
        _ => bare,
    }
}

fn unescaped(value: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'\\' {
            octets.push(first);
            rest = after;
            continue;
        }
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        match (digit(0), digit(1)) {
            (Some(high), Some(low)) => {
                octets.push(u8::try_from(high << 4 | low).ok()?);
                rest = after.get(2..)?;
            }
            _ => {
                octets.push(*after.first()?);
                rest = after.get(1..)?;
            }
        }
    }
    String::from_utf8(octets).ok()
}

/// A value so that it is read as it is (RFC 4514 2.4).
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(value.len());
    for (at, c) in value.chars().enumerate() {
        let at_edge = (at == 0 && matches!(c, ' ' | '#')) || (at == last && c == ' ');
        match c {
            '\0' => out.push_str("\\00"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => out.extend(['\\', c]),
            _ if at_edge => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn an_entry_is_named_by_its_address_below_the_base() {
        let base = name("dc=a,dc=example");
        let bob = name("MAIL=Bob@b.example, DC=A , dc=EXAMPLE");
        assert_eq!(bob.address(&base), Some("Bob@b.example"));
        assert!(bob.is_below(&base) && !bob.is(&base) && bob.is_below(&Name::default()));
        assert_eq!(name("cn=x,dc=a,dc=example").address(&base), None);
        assert_eq!(name("mail=x,ou=y,dc=a,dc=example").address(&base), None);
        assert_eq!(name("mail=x,dc=b,dc=example").address(&base), None);
        assert!(name("dc=A,dc=example").is(&base) && !name("dc=example").is_below(&base));
        assert_eq!(base.entry("a,b@c.example"), "mail=a\\,b@c.example,dc=a,dc=example");
    }

    #[test]
    fn escapes_are_read_and_what_is_no_name_is_none() {
        assert_eq!(name("mail=a\\,b\\2bc\\20,dc=x").first(), Some(("mail", "a,b+c ")));
        assert_eq!(name("cn= x\\  ").first(), Some(("cn", "x ")));
        for bad in ["alice@a.example", "=x", "dc=a,", "dc=a\\", "cn=a+sn=b", "c n=a", "dc=\\ff"] {
            assert_eq!(Name::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_name_of_an_entry_is_read_as_its_address(address in "\\PC{1,20}") {
            let base = name("dc=a,dc=example");
            let read = Name::parse(&base.entry(&address)).unwrap();
            prop_assert_eq!(read.address(&base), Some(address.as_str()));
        }

        #[test]
        fn nothing_panics(text in "[a-z=,;\\\\+ 0-9あ]{0,24}") {
            let _ = Name::parse(&text).map(|name| name.to_string());
        }
    }
}
