//! Addresses in header fields. RFC 5322 3.4, RFC 6532 3.2, RFC 6854 (groups).
//!
//! The reader is built for one question: whose address is this, for every program that
//! looks? What programs answer differently is an [`AddressFault`].

mod lexer;
mod list;
mod shown;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::encoded_word;

pub use list::{parse_from, parse_list};

/// Octets of a local part. RFC 5321 4.5.3.1.1 says 64; returned addresses of lists and
/// forwarders are longer in real mail.
pub const MAX_LOCAL_BYTES: usize = 256;

/// Octets of a domain (RFC 5321 4.5.3.1.2).
pub const MAX_DOMAIN_BYTES: usize = 255;

/// How deep comments may lie in each other.
pub const MAX_COMMENT_DEPTH: usize = 20;

/// Why an address field is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum AddressFault {
    /// No address at all.
    #[error("no address")]
    NoAddress,
    /// Words, brackets or signs in an order that RFC 5322 does not know.
    #[error("address malformed")]
    Malformed,
    /// A quoted string without its end.
    #[error("quoted string not closed")]
    QuoteNotClosed,
    /// A comment without its end.
    #[error("comment not closed")]
    CommentNotClosed,
    /// Comments deeper in each other than [`MAX_COMMENT_DEPTH`].
    #[error("comments nested too deep")]
    CommentTooDeep,
    /// A group without its `;`.
    #[error("group not closed")]
    GroupNotClosed,
    /// A group where a person must stand.
    #[error("group in From")]
    GroupInFrom,
    /// A display name without quotes that has another address in it: some readers take
    /// that one.
    #[error("another address in the display name")]
    AddressInDisplay,
    /// A comment that has another address, or angle brackets, in it.
    #[error("another address in a comment")]
    AddressInComment,
    /// A source route (`<@a,@b:c@d>`, RFC 5322 4.4).
    #[error("source route")]
    Route,
    /// White space or a comment inside an address (RFC 5322 4.4).
    #[error("white space inside the address")]
    SpaceInAddress,
    /// A local part that is empty, too long or not text.
    #[error("local part not allowed")]
    Local,
    /// A domain that is empty, too long, or has labels that no name can have.
    #[error("domain not allowed")]
    Domain,
    /// A control character.
    #[error("control character")]
    ControlCharacter,
}

impl AddressFault {
    /// The stable name of the cause, as in the file names of `spec/vectors/mail`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAddress => "no-address",
            Self::Malformed => "address-malformed",
            Self::QuoteNotClosed => "quote-not-closed",
            Self::CommentNotClosed => "comment-not-closed",
            Self::CommentTooDeep => "comment-too-deep",
            Self::GroupNotClosed => "group-not-closed",
            Self::GroupInFrom => "group-in-from",
            Self::AddressInDisplay => "address-in-display",
            Self::AddressInComment => "address-in-comment",
            Self::Route => "source-route",
            Self::SpaceInAddress => "space-in-address",
            Self::Local => "local-part",
            Self::Domain => "domain",
            Self::ControlCharacter => "control-character",
        }
    }
}

/// An address with the name that stands before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The display name for a person, encoded words decoded: what the sender claims.
    pub display: Option<String>,
    /// The address that counts.
    pub address: Address,
    /// All comments around the address (RFC 5322 3.2.2), encoded words decoded. Some
    /// readers show the first, some the last, some none.
    pub comments: Vec<String>,
}

impl Mailbox {
    /// Whether the display name or a comment shows a person an address that is not the one
    /// that counts, however it is spelt: with white space around its sign and dots, with
    /// other signs for these, turned round, or in encoded words that only some readers
    /// decode. Case does not count.
    #[must_use]
    pub fn shows_other_address(&self) -> bool {
        self.display
            .iter()
            .chain(&self.comments)
            .any(|text| shown::shows_other(text, &self.address))
    }
}

/// One address: local part and domain.
///
/// `==` compares the spelling; [`Address::matches`] says whether it is the same mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads a bare address, without display name, comments or white space.
    ///
    /// # Errors
    /// An [`AddressFault`] for anything else.
    pub fn parse(text: &str) -> Result<Self, AddressFault> {
        list::bare(text)
    }

    /// Puts an address together out of its parts, the local part without quotes.
    ///
    /// # Errors
    /// [`AddressFault::Local`] or [`AddressFault::Domain`].
    pub fn new(local: &str, domain: &str) -> Result<Self, AddressFault> {
        if local.is_empty()
            || local.len() > MAX_LOCAL_BYTES
            || local.chars().any(|char| char.is_control() || char == '\u{fffd}')
        {
            return Err(AddressFault::Local);
        }
        if !is_domain(domain) {
            return Err(AddressFault::Domain);
        }
        Ok(Self { local: local.to_owned(), domain: domain.to_owned() })
    }

    /// The local part, quotes and their backslashes removed.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain as it was written, or an address literal in brackets.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The domain in its one form: A-labels, lower case (RFC 5891). A domain that IDNA
    /// does not know (an address literal, a name with `_`) in ASCII lower case.
    #[must_use]
    pub fn ascii_domain(&self) -> String {
        idna::domain_to_ascii(&self.domain)
            .ok()
            .filter(|ascii| !ascii.is_empty())
            .unwrap_or_else(|| self.domain.to_ascii_lowercase())
    }

    /// Whether both are the same mailbox: local parts equal, case included (RFC 5321
    /// 2.4), domains equal as names (ASCII case ignored, U-labels as A-labels).
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.local == other.local && self.ascii_domain() == other.ascii_domain()
    }
}

/// As it stands in an address field: the local part quoted where it must be. Dots in
/// odd places (`a..b@`, `a.@`, given out by Japanese carriers) stay without quotes, as
/// everybody writes them.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.local.chars().all(|char| char == '.' || lexer::is_atom_char(char)) {
            return write!(formatter, "{}@{}", self.local, self.domain);
        }
        let escaped = self.local.replace('\\', "\\\\").replace('"', "\\\"");
        write!(formatter, "\"{escaped}\"@{}", self.domain)
    }
}

impl FromStr for Address {
    type Err = AddressFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A name of non-empty labels, or an address literal.
fn is_domain(domain: &str) -> bool {
    if domain.is_empty() || domain.len() > MAX_DOMAIN_BYTES {
        return false;
    }
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // The IPv4 and IPv6 literals of RFC 5321 4.1.3, and no quoting.
        return !literal.is_empty()
            && literal.chars().all(|char| char.is_ascii_alphanumeric() || ":.-".contains(char));
    }
    domain.split('.').all(|label| {
        !label.is_empty()
            && label.chars().all(|char| {
                char.is_ascii_alphanumeric()
                    || matches!(char, '-' | '_')
                    || (!char.is_ascii() && lexer::is_atom_char(char))
            })
    })
}

/// The display name out of phrase words.
fn decoded(phrase: &str) -> Option<String> {
    let shown = encoded_word::decode(phrase.as_bytes());
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}
