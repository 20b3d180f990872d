//! What the directory for mailers asks the CA.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Over the CA's socket for the directory.
#[derive(Clone, Serialize, Deserialize)]
pub enum DirectoryRequest {
    /// Whose address is this, and with what is mail to it encrypted? Answered by
    /// `Option<DirectoryEntry>`: none for who is neither here nor a member's nor known.
    Find {
        /// The address.
        address: String,
        /// For a colleague the own certificate instead of a relay one.
        own: bool,
    },
    /// Colleagues of whom each clause has a fragment in name or address. Answered by
    /// [`Suggestions`], without certificates.
    Suggest {
        /// The clauses.
        clauses: Vec<Vec<Fragment>>,
        /// How many at most.
        limit: u32,
    },
    /// As [`crate::ca::GatewayRequest::CheckCredential`]. Answered by `Option<Login>`.
    CheckCredential {
        /// The login name: an address or a user id.
        user: String,
        /// What was typed.
        #[serde(with = "serde_bytes")]
        secret: Vec<u8>,
    },
    /// As [`crate::ca::InspectorRequest::RenewTransport`], for the directory.
    RenewTransport {
        /// PKCS#10, DER.
        #[serde(with = "serde_bytes")]
        request: Vec<u8>,
    },
}

impl std::fmt::Debug for DirectoryRequest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Find { .. } => "Find { .. }",
            Self::Suggest { .. } => "Suggest { .. }",
            Self::CheckCredential { .. } => "CheckCredential { .. }",
            Self::RenewTransport { .. } => "RenewTransport { .. }",
        })
    }
}

/// Somebody as mailers see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryEntry {
    /// The address.
    pub address: String,
    /// The name: of a colleague as registered, of others as in their relay certificate.
    pub name: String,
    /// The certificate to encrypt with, DER; none in a suggestion.
    pub certificate: Option<serde_bytes::ByteBuf>,
}

/// Colleagues who fit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suggestions {
    /// Those, by name.
    pub entries: Vec<DirectoryEntry>,
    /// Whether there are more than were wanted.
    pub more: bool,
}

/// Where a fragment is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// In the name.
    Name,
    /// In the address.
    Address,
}

/// What a text has to have: pieces in their order, none over another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragment {
    /// Where.
    pub field: Field,
    /// What it begins with, [`folded`]; may be empty.
    pub initial: String,
    /// What comes between, each [`folded`].
    pub any: Vec<String>,
    /// What it ends with, [`folded`]; may be empty.
    pub ending: String,
    /// Whether `initial` is all of it.
    pub whole: bool,
}

impl Fragment {
    /// Whether a [`folded`] text has it.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        if self.whole {
            return text == self.initial;
        }
        let Some(rest) = text.strip_prefix(self.initial.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(self.ending.as_str()) else { return false };
        for piece in &self.any {
            let Some((_, after)) = rest.split_once(piece.as_str()) else { return false };
            rest = after;
        }
        true
    }

    /// Letters of its longest piece. An ideograph counts as two: many a surname is one.
    #[must_use]
    pub fn letters(&self) -> usize {
        let pieces = self.any.iter().chain([&self.initial, &self.ending]);
        let letters =
            |piece: &String| piece.chars().map(|c| 1 + usize::from(is_ideograph(c))).sum();
        pieces.map(letters).max().unwrap_or_default()
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}')
}

/// A text as it is compared: width, case and the two kinds of kana make no difference, nor
/// does the amount of space (RFC 4518 does not know kana).
#[must_use]
pub fn folded(text: &str) -> String {
    let same = |c: char| match c {
        // Hiragana and katakana stand 0x60 apart.
        '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        other => other,
    };
    let text: String = text.nfkc().flat_map(char::to_lowercase).map(same).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment(initial: &str, any: &[&str], ending: &str) -> Fragment {
        Fragment {
            field: Field::Name,
            initial: folded(initial),
            any: any.iter().map(|piece| folded(piece)).collect(),
            ending: folded(ending),
            whole: false,
        }
    }

    #[test]
    fn width_case_kana_and_space_make_no_difference() {
        assert_eq!(folded("ﾔﾏﾀﾞ　ﾊﾅｺ"), folded("やまだ  はなこ"));
        assert_eq!(folded("ＡＬＩＣＥ "), "alice");
        assert_ne!(folded("山田"), folded("山口"));
    }

    #[test]
    fn pieces_are_found_in_their_order_and_none_over_another() {
        let text = folded("Alice Yamada");
        assert!(fragment("al", &["ya"], "da").is_in(&text));
        assert!(fragment("", &["ICE", "ama"], "").is_in(&text));
        assert!(!fragment("", &["ama", "ice"], "").is_in(&text));
        assert!(!fragment("alice", &["e y"], "").is_in(&text));
        assert!(!fragment("yamada", &[], "").is_in(&text));
        assert!(!fragment("ada", &[], "dab").is_in("adab"));
        assert_eq!(fragment("al", &["yam"], "a").letters(), 3);
        assert_eq!(fragment("", &["林"], "").letters(), 2);
        assert_eq!(fragment("は", &[], "").letters(), 1);
        let whole = Fragment { whole: true, ..fragment("alice yamada", &[], "") };
        assert!(whole.is_in(&text) && !whole.is_in("alice yamada x"));
    }
}
