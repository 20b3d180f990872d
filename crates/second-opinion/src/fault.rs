//! What is read differently, and why a mail cannot be rebuilt.

use ssmax_mail::{Entity, MailFault};
use std::fmt;
use thiserror::Error;

/// Something that two readers take differently.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disagreement {
    /// Where, as [`Entity::path`] names it.
    pub part: String,
    /// What.
    pub what: Difference,
}

impl Disagreement {
    pub(crate) fn at(entity: &Entity<'_>, what: Difference) -> Self {
        Self { part: entity.path(), what }
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in part {}", self.what, self.part)
    }
}

/// What is read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Difference {
    /// Which fields a header block has.
    #[error("other header fields")]
    Fields,
    /// A field that may stand once stands there again: some take the first, some the last.
    #[error("{name} twice")]
    FieldTwice {
        /// The field.
        name: &'static str,
    },
    /// The addresses in a field.
    #[error("other addresses in {name}")]
    Addresses {
        /// The field.
        name: &'static str,
    },
    /// The text of a field.
    #[error("another text of {name}")]
    Text {
        /// The field.
        name: &'static str,
    },
    /// The media type.
    #[error("another content type")]
    ContentType,
    /// A parameter of the media type or disposition.
    #[error("another parameter")]
    Parameter,
    /// The file name; also if a part has two.
    #[error("another file name")]
    FileName,
    /// Shown or attached.
    #[error("another disposition")]
    Disposition,
    /// The transfer encoding.
    #[error("another transfer encoding")]
    TransferEncoding,
    /// A boundary stands also where no delimiter line is; some readers look for it there.
    #[error("boundary within a line")]
    Delimiter,
    /// Number, order or nesting of the parts.
    #[error("another structure")]
    Structure,
    /// The octets of a decoded body.
    #[error("another body")]
    Body,
    /// Content before the first or behind the last part that looks like one itself.
    #[error("content outside the parts")]
    HiddenContent,
    /// A charset in which the octets of ASCII mean something else, so that a reader who
    /// does not know it sees another text.
    #[error("charset that hides its text")]
    Charset,
    /// A body or an embedded mail that only some readers can read.
    #[error("{0}")]
    Fault(MailFault),
    /// The other parser cannot read it at all.
    #[error("not read by others")]
    Unreadable,
}

impl Difference {
    /// The stable name, for logs and findings.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fields => "fields",
            Self::FieldTwice { .. } => "field-twice",
            Self::Addresses { .. } => "addresses",
            Self::Text { .. } => "text",
            Self::ContentType => "content-type",
            Self::Parameter => "parameter",
            Self::FileName => "file-name",
            Self::Disposition => "disposition",
            Self::TransferEncoding => "transfer-encoding",
            Self::Delimiter => "delimiter",
            Self::Structure => "structure",
            Self::Body => "body",
            Self::HiddenContent => "hidden-content",
            Self::Charset => "charset",
            Self::Fault(fault) => fault.code(),
            Self::Unreadable => "unreadable",
        }
    }
}

/// Why a mail is not rebuilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RebuildFault {
    /// Something in it is signed or encrypted: its octets are what counts.
    #[error("signed or encrypted")]
    Protected,
    /// A part or an embedded mail has no one reading.
    #[error("{0}")]
    Fault(MailFault),
    /// A field stands there again and says something else.
    #[error("{name} twice, with two values")]
    FieldTwice {
        /// The field.
        name: &'static str,
    },
    /// A field of addresses that is none.
    #[error("{name} without readable addresses")]
    Addresses {
        /// The field.
        name: &'static str,
    },
    /// Text in a charset that nobody here knows and in which ASCII is not ASCII.
    #[error("charset not known")]
    Charset,
    /// The result would be larger than [`MAX_GROWTH`](crate::MAX_GROWTH) and
    /// [`MAX_ADDED_BYTES`](crate::MAX_ADDED_BYTES) allow.
    #[error("rebuilt mail too large")]
    TooLarge,
}

impl From<MailFault> for RebuildFault {
    fn from(fault: MailFault) -> Self {
        Self::Fault(fault)
    }
}

/// Why a mail may not pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Unsettled {
    /// The strict parser refuses it, and it is not mended.
    #[error("{0}")]
    Fault(MailFault),
    /// It is read differently, and is not rebuilt since the setting says so.
    #[error("{0}")]
    Disagreement(Disagreement),
    /// It is read differently and cannot be rebuilt.
    #[error("{about}; not rebuilt: {fault}")]
    NotRebuilt {
        /// What is read differently.
        about: Disagreement,
        /// Why it stays so.
        fault: RebuildFault,
    },
}

impl Unsettled {
    /// Whether the mail can be read in more than one way, as opposed to not at all.
    #[must_use]
    pub fn is_ambiguity(&self) -> bool {
        match self {
            Self::Fault(fault) => fault.is_ambiguity(),
            Self::Disagreement(_) | Self::NotRebuilt { .. } => true,
        }
    }
}
