//! Mail as octets and structure: a byte-exact MIME splitter, header reader and composer.
//!
//! What is signed, hashed or encrypted must be the very octets that travelled, so
//! everything here is a range of the input; nothing is rebuilt on reading. And what
//! two readers could take differently is not read at all: [`parse`] answers with a
//! [`MailFault`] that names the cause. RFC 5322, 2045-2047, 2231, 6532.
//!
//! ```
//! let raw = b"From: alice@a.example\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
//! let mail = ssmax_mail::parse(raw, &ssmax_mail::Limits::default())?;
//! assert_eq!(mail.body(), b"Hello\r\n");
//! # Ok::<(), ssmax_mail::MailFault>(())
//! ```

pub mod address;
pub mod canonical;
pub mod compose;
pub mod header_protection;

mod charset;
mod comment;
mod encoded_word;
mod entity;
mod fault;
mod header;
mod media;
mod multipart;
mod parameter;
mod seven_bit;
mod transfer;
mod unseen;
mod work;

pub use entity::{Entity, Mended, Note, Walk, parse, parse_header, parse_to_mend};
pub use fault::MailFault;
pub use header::{Field, Header};
pub use media::{ContentType, Disposition, TransferEncoding};
pub use unseen::is_unseen;

/// How much a mail may ask of its reader. What goes beyond is refused by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep entities may lie in each other; the mail itself is at depth 0. Mails
    /// embedded as `message/rfc822` count as a level once they are opened. Values
    /// above [`MAX_DEPTH`] count as that.
    pub max_depth: usize,
    /// How many entities one mail may have, itself included.
    pub max_parts: usize,
    /// Octets of one header block, without the blank line that ends it.
    pub max_header_bytes: usize,
    /// Header fields of all entities together, so that tiny fields cannot fill memory.
    pub max_fields: usize,
    /// Octets of one line, without its CRLF. RFC 5322 2.1.1 says 998; real mail with
    /// HTML on one line is far longer, and 8-bit bodies have no lines to speak of.
    pub max_line_bytes: usize,
}

/// The depth that no [`Limits`] can raise: entities are read by recursion.
pub const MAX_DEPTH: usize = 100;

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 20,
            max_parts: 1000,
            max_header_bytes: 256 * 1024,
            max_fields: 20_000,
            max_line_bytes: 1024 * 1024,
        }
    }
}
