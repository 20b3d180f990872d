//! Why a mail is not read.

use thiserror::Error;

/// Why a mail, or a part of it, is not read. All of them are the sender's fault: the
/// mail breaks a rule in a way that different programs mend differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum MailFault {
    /// A NUL octet (RFC 5322 2.2 forbids it); readers in C stop there.
    #[error("NUL octet at offset {offset}")]
    Nul {
        /// Octets from the start of the input.
        offset: usize,
    },
    /// A CR that no LF follows (RFC 5322 2.3): some readers see a line end.
    #[error("CR without LF at offset {offset}")]
    BareCr {
        /// Octets from the start of the input.
        offset: usize,
    },
    /// An LF that no CR precedes (RFC 5322 2.3): some readers see a line end.
    #[error("LF without CR at offset {offset}")]
    BareLf {
        /// Octets from the start of the input.
        offset: usize,
    },
    /// A line longer than [`Limits::max_line_bytes`](crate::Limits::max_line_bytes).
    #[error("line too long at offset {offset}")]
    LineTooLong {
        /// Where the line starts, in octets from the start of the input.
        offset: usize,
    },
    /// A header block above [`Limits::max_header_bytes`](crate::Limits::max_header_bytes).
    #[error("header block too large")]
    HeaderTooLarge,
    /// More fields than [`Limits::max_fields`](crate::Limits::max_fields).
    #[error("too many header fields")]
    TooManyFields,
    /// The last header line has no CRLF of its own.
    #[error("header block ends inside a line")]
    HeaderNotEnded,
    /// A line in the header block that is neither a field nor a continuation.
    #[error("header line without colon (field {index})")]
    HeaderLineWithoutColon {
        /// How many fields stand before it.
        index: usize,
    },
    /// The header block starts with white space: a continuation of nothing.
    #[error("header block starts with a continuation line")]
    ContinuationWithoutField,
    /// A continuation line of white space only (RFC 5322 4.2): to some it is the blank
    /// line that ends the header.
    #[error("white-space-only header line (field {index})")]
    WhitespaceOnlyLine {
        /// The index of the field it would continue.
        index: usize,
    },
    /// A field name that is empty or has octets outside `%d33-57 / %d59-126`
    /// (RFC 5322 3.6.8).
    #[error("field name not allowed (field {index})")]
    FieldName {
        /// How many fields stand before it.
        index: usize,
    },
    /// White space between field name and colon (RFC 5322 4.5): some readers take it
    /// for another field.
    #[error("white space before the colon (field {index})")]
    SpaceBeforeColon {
        /// How many fields stand before it.
        index: usize,
    },
    /// A field that may stand once, and was asked for as such, stands there again.
    #[error("header field twice (field {index})")]
    DuplicateField {
        /// The index of the second one.
        index: usize,
    },
    /// `Content-Type` twice in one entity.
    #[error("Content-Type twice")]
    DuplicateContentType,
    /// `Content-Transfer-Encoding` twice in one entity.
    #[error("Content-Transfer-Encoding twice")]
    DuplicateTransferEncoding,
    /// `Content-Disposition` twice in one entity.
    #[error("Content-Disposition twice")]
    DuplicateDisposition,
    /// A `Content-Type` that is not `type/subtype` with parameters (RFC 2045 5.1).
    #[error("Content-Type malformed")]
    ContentTypeMalformed,
    /// A `Content-Disposition` that is not a token with parameters (RFC 2183 2).
    #[error("Content-Disposition malformed")]
    DispositionMalformed,
    /// A comment in a `Content-*` field that says how to read the body. RFC 2045 5.1
    /// allows it; many readers do not know it.
    #[error("comment in a Content field")]
    ContentComment,
    /// A parameter without `=`, with an open quote, or with something behind its value.
    #[error("parameter malformed")]
    ParameterMalformed,
    /// A parameter name with octets outside ASCII.
    #[error("parameter name not ASCII")]
    ParameterNameNotAscii,
    /// A parameter twice (or one of its RFC 2231 sections).
    #[error("parameter twice")]
    ParameterDuplicate,
    /// More parameters in one field than [`MAX_PARAMETERS`](Self::MAX_PARAMETERS).
    #[error("too many parameters")]
    TooManyParameters,
    /// A parameter in more than one of the forms plain, `name*` and `name*0`, with
    /// different values.
    #[error("parameter both plain and extended")]
    ParameterPlainAndExtended,
    /// Sections of an RFC 2231 continuation are missing.
    #[error("parameter continuation has a gap")]
    ParameterContinuationGap,
    /// An RFC 2231 value without its charset, with a bad percent sequence or a bad
    /// section number.
    #[error("extended parameter malformed")]
    ParameterExtendedMalformed,
    /// A parameter that rules how the body is read, in RFC 2231 form: readers that do
    /// not know that form see none.
    #[error("structural parameter in extended form")]
    ParameterExtendedStructural,
    /// A backslash in a quoted value that readers treat differently.
    #[error("ambiguous backslash in a parameter")]
    ParameterEscape,
    /// A quoted parameter that rules how the body is read, with a line break inside.
    #[error("structural parameter folded inside its quotes")]
    ParameterFolded,
    /// A multipart without `boundary` (RFC 2046 5.1.1).
    #[error("boundary missing")]
    BoundaryMissing,
    /// An empty boundary.
    #[error("boundary empty")]
    BoundaryEmpty,
    /// A boundary of more than 70 octets (RFC 2046 5.1.1).
    #[error("boundary too long")]
    BoundaryTooLong,
    /// A boundary that ends in white space (RFC 2046 5.1.1).
    #[error("boundary ends in a space")]
    BoundaryTrailingSpace,
    /// A boundary with octets that are not printable ASCII.
    #[error("character not allowed in the boundary")]
    BoundaryCharacter,
    /// The boundary of a multipart equals one around it.
    #[error("boundary used again inside")]
    BoundaryReused,
    /// One boundary begins with another around it: RFC 2046 5.1.1 compares beginnings
    /// of lines, others whole lines.
    #[error("boundary is the beginning of another")]
    BoundaryPrefix,
    /// A line that begins as a delimiter and goes on otherwise.
    #[error("line looks like a delimiter")]
    DelimiterLookalike,
    /// A delimiter after the closing one.
    #[error("delimiter after the closing one")]
    DelimiterAfterClose,
    /// A multipart without any part.
    #[error("multipart without parts")]
    MultipartEmpty,
    /// A multipart whose closing delimiter is missing.
    #[error("closing delimiter missing")]
    ClosingDelimiterMissing,
    /// Entities deeper in each other than [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("entities nested too deep")]
    TooDeep,
    /// More entities than [`Limits::max_parts`](crate::Limits::max_parts).
    #[error("too many parts")]
    TooManyParts,
    /// A `Content-Transfer-Encoding` that RFC 2045 6.1 does not know.
    #[error("Content-Transfer-Encoding unknown")]
    TransferEncodingUnknown,
    /// A multipart in base64 or quoted-printable (RFC 2045 6.4 forbids it).
    #[error("multipart in a transfer encoding")]
    MultipartEncoded,
    /// A `message/rfc822` in base64 or quoted-printable (RFC 2046 5.2.1 forbids it).
    #[error("message in a transfer encoding")]
    MessageEncoded,
    /// An octet in base64 that is neither of its alphabet nor white space.
    #[error("base64 with foreign octets")]
    Base64Junk,
    /// Data after the padding of base64.
    #[error("base64 goes on after its padding")]
    Base64AfterPadding,
    /// Base64 whose last group is not complete.
    #[error("base64 ends inside a group")]
    Base64Truncated,
    /// A part below `multipart/signed` that would have to be re-encoded, which would
    /// break its signature.
    #[error("signed part is not seven-bit")]
    SignedPartNotSevenBit,
}

impl MailFault {
    /// Whether the mail can be read in more than one way, as opposed to not at all: its
    /// MIME structure, not its octets, lines or bounds.
    #[must_use]
    pub fn is_ambiguity(&self) -> bool {
        !matches!(
            self,
            Self::Nul { .. }
                | Self::BareCr { .. }
                | Self::BareLf { .. }
                | Self::LineTooLong { .. }
                | Self::HeaderTooLarge
                | Self::TooManyFields
                | Self::HeaderNotEnded
                | Self::HeaderLineWithoutColon { .. }
                | Self::ContinuationWithoutField
                | Self::FieldName { .. }
                | Self::TooDeep
                | Self::TooManyParts
        )
    }

    /// How many parameters one field may have, RFC 2231 sections counted each: room
    /// for two file names of 255 Japanese characters.
    pub const MAX_PARAMETERS: usize = 128;

    /// The stable name of the cause, as in the file names of `spec/vectors/mail`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nul { .. } => "nul",
            Self::BareCr { .. } => "bare-cr",
            Self::BareLf { .. } => "bare-lf",
            Self::LineTooLong { .. } => "line-too-long",
            Self::HeaderTooLarge => "header-too-large",
            Self::TooManyFields => "too-many-fields",
            Self::HeaderNotEnded => "header-not-ended",
            Self::HeaderLineWithoutColon { .. } => "header-line-without-colon",
            Self::ContinuationWithoutField => "continuation-without-field",
            Self::WhitespaceOnlyLine { .. } => "whitespace-only-line",
            Self::FieldName { .. } => "field-name",
            Self::SpaceBeforeColon { .. } => "space-before-colon",
            Self::DuplicateField { .. } => "duplicate-field",
            Self::DuplicateContentType => "duplicate-content-type",
            Self::DuplicateTransferEncoding => "duplicate-transfer-encoding",
            Self::DuplicateDisposition => "duplicate-disposition",
            Self::ContentTypeMalformed => "content-type-malformed",
            Self::DispositionMalformed => "disposition-malformed",
            Self::ContentComment => "content-comment",
            Self::ParameterMalformed => "parameter-malformed",
            Self::ParameterNameNotAscii => "parameter-name-not-ascii",
            Self::ParameterDuplicate => "parameter-duplicate",
            Self::TooManyParameters => "too-many-parameters",
            Self::ParameterPlainAndExtended => "parameter-plain-and-extended",
            Self::ParameterContinuationGap => "parameter-continuation-gap",
            Self::ParameterExtendedMalformed => "parameter-extended-malformed",
            Self::ParameterExtendedStructural => "parameter-extended-structural",
            Self::ParameterEscape => "parameter-escape",
            Self::ParameterFolded => "parameter-folded",
            Self::BoundaryMissing => "boundary-missing",
            Self::BoundaryEmpty => "boundary-empty",
            Self::BoundaryTooLong => "boundary-too-long",
            Self::BoundaryTrailingSpace => "boundary-trailing-space",
            Self::BoundaryCharacter => "boundary-character",
            Self::BoundaryReused => "boundary-reused",
            Self::BoundaryPrefix => "boundary-prefix",
            Self::DelimiterLookalike => "delimiter-lookalike",
            Self::DelimiterAfterClose => "delimiter-after-close",
            Self::MultipartEmpty => "multipart-empty",
            Self::ClosingDelimiterMissing => "closing-delimiter-missing",
            Self::TooDeep => "too-deep",
            Self::TooManyParts => "too-many-parts",
            Self::TransferEncodingUnknown => "transfer-encoding-unknown",
            Self::MultipartEncoded => "multipart-encoded",
            Self::MessageEncoded => "message-encoded",
            Self::Base64Junk => "base64-junk",
            Self::Base64AfterPadding => "base64-after-padding",
            Self::Base64Truncated => "base64-truncated",
            Self::SignedPartNotSevenBit => "signed-part-not-seven-bit",
        }
    }
}
