//! What an entity is: Content-Type, Content-Disposition, Content-Transfer-Encoding.

use crate::entity::Reading;
use crate::header::{Field, Header, trim_blanks, unfold};
use crate::parameter::{self, Parameter, is_token_octet};
use crate::{MailFault, comment, work};

/// The media type of an entity with its parameters (RFC 2045 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    kind: String,
    subtype: String,
    parameters: Vec<Parameter>,
}

impl ContentType {
    /// What an entity is that does not say: `text/plain` (RFC 2045 5.2).
    pub(crate) fn text_plain() -> Self {
        Self { kind: "text".to_owned(), subtype: "plain".to_owned(), parameters: Vec::new() }
    }

    /// What a part of `multipart/digest` is that does not say (RFC 2046 5.1.5).
    pub(crate) fn message() -> Self {
        Self { kind: "message".to_owned(), subtype: "rfc822".to_owned(), parameters: Vec::new() }
    }

    fn read(field: &Field<'_>, reading: Reading) -> Result<Self, MailFault> {
        let (head, parameters) = parameter::read(field.value(), reading)?;
        // Old mailers (elm, mailtool) write "text" and mean what RFC 2045 5.2 says.
        if head.eq_ignore_ascii_case(b"text") {
            return Ok(Self { parameters, ..Self::text_plain() });
        }
        let slash =
            head.iter().position(|octet| *octet == b'/').ok_or(MailFault::ContentTypeMalformed)?;
        let (kind, subtype) = (token(head.get(..slash)), token(head.get(slash + 1..)));
        match (kind, subtype) {
            (Some(kind), Some(subtype)) => Ok(Self { kind, subtype, parameters }),
            _ => Err(MailFault::ContentTypeMalformed),
        }
    }

    /// The type before the slash, in lower case.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The subtype behind the slash, in lower case.
    #[must_use]
    pub fn subtype(&self) -> &str {
        &self.subtype
    }

    /// `type/subtype` in lower case, without parameters.
    #[must_use]
    pub fn essence(&self) -> String {
        format!("{}/{}", self.kind, self.subtype)
    }

    /// Whether it is this type and subtype, ASCII case ignored.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }

    /// Whether it is a multipart of any kind.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.kind == "multipart"
    }

    /// Whether it is a whole mail: `message/rfc822` or `message/global`.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.kind == "message" && matches!(self.subtype.as_str(), "rfc822" | "global")
    }

    /// The value of a parameter, name in any case: RFC 2231 decoded, quotes removed,
    /// encoded words left as they are.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.parameters, name).map(|parameter| parameter.value.as_str())
    }

    /// The file name in `name`, for a person.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        find(&self.parameters, "name").map(Parameter::shown)
    }

    /// All parameters in their order: names in lower case, values as in
    /// [`ContentType::parameter`].
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.parameters)
    }

    pub(crate) fn as_read(&self) -> &[Parameter] {
        &self.parameters
    }
}

/// How an entity wants to be shown (RFC 2183).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    kind: String,
    parameters: Vec<Parameter>,
}

impl Disposition {
    fn read(field: &Field<'_>, reading: Reading) -> Result<Self, MailFault> {
        let (head, parameters) = parameter::read(field.value(), reading)?;
        let kind = token(Some(&head)).ok_or(MailFault::DispositionMalformed)?;
        Ok(Self { kind, parameters })
    }

    /// `inline`, `attachment` or another token, in lower case. RFC 2183 2.8: treat what
    /// you do not know as `attachment`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether it is anything but `inline`.
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        self.kind != "inline"
    }

    /// The value of a parameter; see [`ContentType::parameter`].
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.parameters, name).map(|parameter| parameter.value.as_str())
    }

    /// The file name in `filename`, for a person.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        find(&self.parameters, "filename").map(Parameter::shown)
    }

    /// All parameters in their order; see [`ContentType::parameters`].
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.parameters)
    }

    pub(crate) fn as_read(&self) -> &[Parameter] {
        &self.parameters
    }
}

/// How a body is encoded for its way (RFC 2045 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferEncoding {
    /// Lines of ASCII. Also what an entity has that does not say.
    SevenBit,
    /// Lines with 8-bit octets.
    EightBit,
    /// Any octets.
    Binary,
    /// `=XX` for what is not printable.
    QuotedPrintable,
    /// Base64.
    Base64,
}

impl TransferEncoding {
    /// Whether the body stands there as it is.
    #[must_use]
    pub fn is_identity(self) -> bool {
        matches!(self, Self::SevenBit | Self::EightBit | Self::Binary)
    }

    fn read(field: &Field<'_>, reading: Reading) -> Result<Self, MailFault> {
        let value = unfold(field.value());
        let value = match (value.contains(&b'('), reading) {
            (false, _) => value,
            (true, Reading::Strict) => return Err(MailFault::ContentComment),
            (true, Reading::Mending) => comment::without_comments(&value)?,
        };
        match trim_blanks(&value).to_ascii_lowercase().as_slice() {
            b"8-bit" | b"8 bit" | b"8bits" | b"none" if reading == Reading::Mending => {
                Ok(Self::EightBit)
            }
            b"7-bit" | b"7 bit" | b"7bits" | b"us-ascii" if reading == Reading::Mending => {
                Ok(Self::SevenBit)
            }
            b"7bit" => Ok(Self::SevenBit),
            b"8bit" => Ok(Self::EightBit),
            b"binary" => Ok(Self::Binary),
            b"quoted-printable" => Ok(Self::QuotedPrintable),
            b"base64" => Ok(Self::Base64),
            _ => Err(MailFault::TransferEncodingUnknown),
        }
    }
}

/// The three fields that say how to read a body.
pub(crate) struct Media {
    pub(crate) content_type: Option<ContentType>,
    pub(crate) disposition: Option<Disposition>,
    pub(crate) encoding: TransferEncoding,
}

impl Media {
    pub(crate) fn read(header: &Header<'_>, reading: Reading) -> Result<Self, MailFault> {
        work::spend(header.fields().len());
        let single = |name, fault| single(header, name, fault, reading);
        let content_type = single("Content-Type", MailFault::DuplicateContentType)?
            .map(|field| ContentType::read(field, reading))
            .transpose()?;
        let encoding = single("Content-Transfer-Encoding", MailFault::DuplicateTransferEncoding)?
            .map_or(Ok(TransferEncoding::SevenBit), |field| {
            TransferEncoding::read(field, reading)
        })?;
        let disposition = single("Content-Disposition", MailFault::DuplicateDisposition)?
            .map(|field| Disposition::read(field, reading))
            .transpose()?;
        Ok(Self { content_type, disposition, encoding })
    }
}

fn single<'h, 'a>(
    header: &'h Header<'a>,
    name: &'h str,
    fault: MailFault,
    reading: Reading,
) -> Result<Option<&'h Field<'a>>, MailFault> {
    let mut all = header.all(name);
    let first = all.next();
    let alike = |first: &Field<'_>, other: &Field<'_>| {
        unfold(first.value()).eq_ignore_ascii_case(&unfold(other.value()))
    };
    let others_say_more = all
        .any(|other| reading == Reading::Strict || !first.is_some_and(|first| alike(first, other)));
    if others_say_more { Err(fault) } else { Ok(first) }
}

fn token(octets: Option<&[u8]>) -> Option<String> {
    let octets = octets.filter(|octets| !octets.is_empty())?;
    octets
        .iter()
        .all(|octet| is_token_octet(*octet))
        .then(|| String::from_utf8_lossy(octets).to_ascii_lowercase())
}

fn pairs(parameters: &[Parameter]) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.value.as_str()))
}

fn find<'p>(parameters: &'p [Parameter], name: &str) -> Option<&'p Parameter> {
    parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name))
}
