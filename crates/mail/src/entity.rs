//! One MIME entity and what lies in it, as ranges of the input. RFC 2045, 2046.

use crate::header::Header;
use crate::media::{ContentType, Disposition, Media, TransferEncoding};
use crate::{Limits, MAX_DEPTH, MailFault, charset, multipart, transfer, work};

/// Reads a mail, or an entity that was signed or encrypted, with all its parts.
///
/// Lines end in CRLF; the header block ends at the first empty line or with the input
/// (then the body is empty). Mails embedded as `message/rfc822` are leaves here; see
/// [`Entity::message`].
///
/// # Errors
/// The first [`MailFault`] found. Encodings of leaves are checked when they are decoded.
pub fn parse<'a>(raw: &'a [u8], limits: &Limits) -> Result<Entity<'a>, MailFault> {
    check_octets(raw, limits)?;
    Reader::new(limits, Reading::Strict).entity(raw, Place::default())
}

/// Reads a header block alone, as [`parse`] reads that of a mail: for whoever has fields
/// before there is a body. What the fields say of a body is not looked at.
///
/// # Errors
/// The first [`MailFault`] found.
pub fn parse_header<'a>(raw: &'a [u8], limits: &Limits) -> Result<Header<'a>, MailFault> {
    check_octets(raw, limits)?;
    let mut fields_left = limits.max_fields;
    Header::read(raw, limits, &mut fields_left).map(|(header, _)| header)
}

/// A mail with faults, read over those that have one sane reading. It exists to be
/// written anew; nothing of it may travel on as it is.
#[derive(Debug, Clone)]
pub struct Mended<'a>(Entity<'a>);

impl<'a> Mended<'a> {
    /// The mail as most readers take it.
    #[must_use]
    pub fn entity(&self) -> &Entity<'a> {
        &self.0
    }
}

/// Reads a mail as [`parse`] does, but over these faults, which honest programs make and
/// whose one sane reading has in it whatever any reader could see as content:
///
/// - a closing delimiter that is missing: the last part goes to the end
///   ([`MailFault::ClosingDelimiterMissing`]);
/// - base64 that goes on behind padding or ends within a group
///   ([`MailFault::Base64AfterPadding`], [`MailFault::Base64Truncated`]);
/// - a comment where white space could stand in a Content field
///   ([`MailFault::ContentComment`]; RFC 2045 5.1 allows it);
/// - a Content field or a parameter twice with one value
///   ([`MailFault::DuplicateContentType`] and its like, [`MailFault::ParameterDuplicate`]);
/// - names that programs give to "as it is" (`8-bit`, `none`;
///   [`MailFault::TransferEncodingUnknown`]).
///
/// # Errors
/// The first other [`MailFault`].
pub fn parse_to_mend<'a>(raw: &'a [u8], limits: &Limits) -> Result<Mended<'a>, MailFault> {
    check_octets(raw, limits)?;
    Reader::new(limits, Reading::Mending).entity(raw, Place::default()).map(Mended)
}

/// How faults are met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The first ends it.
    Strict,
    /// See [`parse_to_mend`].
    Mending,
}

/// One entity of a mail: the mail itself, or a part of it.
#[derive(Debug, Clone)]
pub struct Entity<'a> {
    raw: &'a [u8],
    header: Header<'a>,
    body: &'a [u8],
    content_type: ContentType,
    disposition: Option<Disposition>,
    encoding: TransferEncoding,
    children: Vec<Entity<'a>>,
    preamble: &'a [u8],
    epilogue: &'a [u8],
    limits: Limits,
    reading: Reading,
    place: Place,
}

/// Something in an entity that is allowed and still worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Text before the first part: most readers never show it.
    TextInPreamble,
    /// Text behind the last part: most readers never show it.
    TextInEpilogue,
    /// `name` and `filename` differ: readers choose one or the other.
    FileNamesDiffer,
}

impl<'a> Entity<'a> {
    /// Header block, blank line and body, exactly as in the input. For a part this is
    /// what a signature in `multipart/signed` covers (RFC 1847 2.1).
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The header block.
    #[must_use]
    pub fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// The octets behind the blank line, still encoded.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The media type: as the entity says, else the default of its place
    /// (`text/plain`; in `multipart/digest` `message/rfc822`).
    #[must_use]
    pub fn content_type(&self) -> &ContentType {
        &self.content_type
    }

    /// The Content-Disposition, if there is one.
    #[must_use]
    pub fn disposition(&self) -> Option<&Disposition> {
        self.disposition.as_ref()
    }

    /// How the body is encoded.
    #[must_use]
    pub fn transfer_encoding(&self) -> TransferEncoding {
        self.encoding
    }

    /// The file name to show: `filename` of the disposition, else `name` of the type;
    /// RFC 2231, encoded words (RFC 2047) and raw 8-bit octets decoded. It may hold any
    /// character but controls, `/` and `..` included: never use it as a path.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        self.disposition
            .as_ref()
            .and_then(Disposition::file_name)
            .or_else(|| self.content_type.file_name())
    }

    /// The parts of a multipart in their order; empty for all else.
    #[must_use]
    pub fn children(&self) -> &[Entity<'a>] {
        &self.children
    }

    /// What stands before the first delimiter line of a multipart.
    #[must_use]
    pub fn preamble(&self) -> &'a [u8] {
        self.preamble
    }

    /// What stands behind the closing delimiter line of a multipart.
    #[must_use]
    pub fn epilogue(&self) -> &'a [u8] {
        self.epilogue
    }

    /// Where the entity is: `1.2` is the second part of the first part. The whole mail
    /// is `0`, as `1` is its first part; a mail embedded in part `3` is `3.0`, and its
    /// parts are `3.1` and so on.
    #[must_use]
    pub fn path(&self) -> String {
        self.place.path(self.place.is_root)
    }

    /// The entity itself and everything below it, in the order of the octets. Embedded
    /// mails are not entered.
    #[must_use]
    pub fn walk(&self) -> Walk<'_, 'a> {
        Walk { waiting: vec![self] }
    }

    /// What is allowed here and still worth telling; see [`Note`].
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let has_text = |octets: &[u8]| octets.iter().any(u8::is_ascii_graphic);
        let mut notes = Vec::new();
        if has_text(self.preamble) {
            notes.push(Note::TextInPreamble);
        }
        if has_text(self.epilogue) {
            notes.push(Note::TextInEpilogue);
        }
        let by_disposition = self.disposition.as_ref().and_then(Disposition::file_name);
        if let (Some(one), Some(other)) = (by_disposition, self.content_type.file_name())
            && one != other
        {
            notes.push(Note::FileNamesDiffer);
        }
        notes
    }

    /// The body without its transfer encoding.
    ///
    /// # Errors
    /// [`MailFault::Base64Junk`], [`MailFault::Base64AfterPadding`] or
    /// [`MailFault::Base64Truncated`]. Quoted-printable always decodes.
    pub fn decoded_body(&self) -> Result<Vec<u8>, MailFault> {
        match self.encoding {
            TransferEncoding::Base64 if self.reading == Reading::Mending => {
                let mut out = Vec::with_capacity(self.body.len() / 4 * 3);
                transfer::mend_base64(self.body, |octets| out.extend_from_slice(octets))?;
                Ok(out)
            }
            TransferEncoding::Base64 => transfer::decode_base64(self.body),
            TransferEncoding::QuotedPrintable => Ok(transfer::decode_quoted_printable(self.body)),
            _ => Ok(self.body.to_vec()),
        }
    }

    /// The first octets of the body without its transfer encoding, at most `max` of them.
    /// As [`Entity::decoded_body`], but nothing of the size of the body is kept.
    ///
    /// # Errors
    /// As [`Entity::decoded_body`], also for what stands behind those octets.
    pub fn decoded_start(&self, max: usize) -> Result<Vec<u8>, MailFault> {
        let mut start = Vec::new();
        let take = |octets: &[u8]| {
            let missing = max.saturating_sub(start.len()).min(octets.len());
            start.extend_from_slice(octets.get(..missing).unwrap_or_default());
        };
        self.walk_decoded(take)?;
        Ok(start)
    }

    /// Whether the body without its transfer encoding is `expected`. As
    /// [`Entity::decoded_body`], but nothing of the size of the body is kept.
    ///
    /// # Errors
    /// As [`Entity::decoded_body`].
    pub fn decodes_to(&self, expected: &[u8]) -> Result<bool, MailFault> {
        if self.encoding.is_identity() {
            return Ok(self.body == expected);
        }
        let mut rest = Some(expected);
        self.walk_decoded(|octets| rest = rest.and_then(|rest| rest.strip_prefix(octets)))?;
        Ok(rest.is_some_and(<[u8]>::is_empty))
    }

    /// Hands over the body without its transfer encoding, in pieces.
    fn walk_decoded(&self, mut sink: impl FnMut(&[u8])) -> Result<(), MailFault> {
        match self.encoding {
            TransferEncoding::Base64 if self.reading == Reading::Mending => {
                transfer::mend_base64(self.body, sink)
            }
            TransferEncoding::Base64 => transfer::walk_base64(self.body, sink),
            TransferEncoding::QuotedPrintable => {
                transfer::walk_quoted_printable(self.body, sink);
                Ok(())
            }
            _ => {
                sink(self.body);
                Ok(())
            }
        }
    }

    /// The text of a `text/*` entity: by its charset, else UTF-8, else by guess (also
    /// for charsets nobody knows). `None` for other types and bodies that do not decode.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        if self.content_type.kind() != "text" {
            return None;
        }
        let octets = self.decoded_body().ok()?;
        Some(charset::decode_named(self.content_type.parameter("charset"), &octets))
    }

    /// [`Entity::text`] if its charset is one that this crate knows: no guess.
    #[must_use]
    pub fn text_in_known_charset(&self) -> Option<String> {
        let label = self.content_type.parameter("charset")?;
        charset::Charset::named(label.as_bytes())?;
        self.text()
    }

    /// The mail inside a `message/rfc822` (or `message/global`) entity; `None` for other
    /// types. Its depth counts on from here, and its boundaries must differ from those
    /// around it; parts and fields are counted anew.
    pub fn message(&self) -> Option<Result<Entity<'a>, MailFault>> {
        if !self.content_type.is_message() {
            return None;
        }
        if !self.encoding.is_identity() {
            return Some(Err(MailFault::MessageEncoded));
        }
        let place = Place {
            depth: self.place.depth + 1,
            prefix: self.place.path(false),
            is_root: true,
            boundaries: self.place.boundaries.clone(),
            in_digest: false,
        };
        Some(Reader::new(&self.limits, self.reading).entity(self.body, place))
    }
}

/// See [`Entity::walk`].
#[derive(Debug, Clone)]
pub struct Walk<'e, 'a> {
    waiting: Vec<&'e Entity<'a>>,
}

impl<'e, 'a> Iterator for Walk<'e, 'a> {
    type Item = &'e Entity<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let entity = self.waiting.pop()?;
        self.waiting.extend(entity.children.iter().rev());
        Some(entity)
    }
}

/// Where an entity lies.
#[derive(Debug, Clone)]
struct Place {
    depth: usize,
    /// The path of a part; for a mail (`is_root`) that of the part it lies in.
    prefix: String,
    is_root: bool,
    /// The boundaries of all multiparts around it.
    boundaries: Vec<String>,
    in_digest: bool,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            depth: 0,
            prefix: String::new(),
            is_root: true,
            boundaries: Vec::new(),
            in_digest: false,
        }
    }
}

impl Place {
    fn path(&self, root_as_zero: bool) -> String {
        match (self.prefix.is_empty(), root_as_zero) {
            (true, true) => "0".to_owned(),
            (false, true) => format!("{}.0", self.prefix),
            (_, false) => self.prefix.clone(),
        }
    }

    /// Where part `number` (from 1) of an entity here lies.
    fn part(&self, number: usize, boundaries: &[String], in_digest: bool) -> Self {
        let prefix = match self.prefix.as_str() {
            "" => number.to_string(),
            prefix => format!("{prefix}.{number}"),
        };
        let boundaries = boundaries.to_vec();
        Self { depth: self.depth + 1, prefix, is_root: false, boundaries, in_digest }
    }
}

/// Refuses octets and lines that no mail may have. Done once for the whole input, so
/// that everything after may rely on CRLF.
fn check_octets(raw: &[u8], limits: &Limits) -> Result<(), MailFault> {
    work::spend(raw.len());
    let mut line_start = 0;
    let mut after_cr = false;
    for (offset, octet) in raw.iter().enumerate() {
        match (octet, after_cr) {
            (b'\n', true) => {
                if offset - 1 - line_start > limits.max_line_bytes {
                    return Err(MailFault::LineTooLong { offset: line_start });
                }
                line_start = offset + 1;
            }
            (b'\n', false) => return Err(MailFault::BareLf { offset }),
            (_, true) => return Err(MailFault::BareCr { offset: offset - 1 }),
            (0, false) => return Err(MailFault::Nul { offset }),
            _ => {}
        }
        after_cr = *octet == b'\r';
    }
    if after_cr {
        return Err(MailFault::BareCr { offset: raw.len() - 1 });
    }
    if raw.len() - line_start > limits.max_line_bytes {
        return Err(MailFault::LineTooLong { offset: line_start });
    }
    Ok(())
}

/// What is left of the limits while one mail is read.
struct Reader {
    limits: Limits,
    reading: Reading,
    parts_left: usize,
    fields_left: usize,
}

impl Reader {
    fn new(limits: &Limits, reading: Reading) -> Self {
        let (parts_left, fields_left) = (limits.max_parts, limits.max_fields);
        Self { limits: *limits, reading, parts_left, fields_left }
    }

    fn entity<'a>(&mut self, raw: &'a [u8], place: Place) -> Result<Entity<'a>, MailFault> {
        if place.depth > self.limits.max_depth.min(MAX_DEPTH) {
            return Err(MailFault::TooDeep);
        }
        self.parts_left = self.parts_left.checked_sub(1).ok_or(MailFault::TooManyParts)?;
        let (header, body_start) = Header::read(raw, &self.limits, &mut self.fields_left)?;
        let media = Media::read(&header, self.reading)?;
        let content_type = media.content_type.unwrap_or_else(|| {
            if place.in_digest { ContentType::message() } else { ContentType::text_plain() }
        });
        let mut entity = Entity {
            raw,
            header,
            body: raw.get(body_start..).unwrap_or_default(),
            content_type,
            disposition: media.disposition,
            encoding: media.encoding,
            children: Vec::new(),
            preamble: &[],
            epilogue: &[],
            limits: self.limits,
            reading: self.reading,
            place,
        };
        if entity.content_type.is_multipart() {
            self.parts(&mut entity)?;
        } else if entity.content_type.is("message", "rfc822") && !entity.encoding.is_identity() {
            return Err(MailFault::MessageEncoded);
        }
        Ok(entity)
    }

    /// Cuts the body of a multipart and reads its parts.
    fn parts(&mut self, entity: &mut Entity<'_>) -> Result<(), MailFault> {
        if !entity.encoding.is_identity() {
            return Err(MailFault::MultipartEncoded);
        }
        let boundary =
            entity.content_type.parameter("boundary").ok_or(MailFault::BoundaryMissing)?;
        multipart::check_boundary(boundary, &entity.place.boundaries)?;
        let pieces = multipart::split(entity.body, boundary, self.parts_left, self.reading)?;
        let mut boundaries = entity.place.boundaries.clone();
        boundaries.push(boundary.to_owned());
        let digest = entity.content_type.subtype() == "digest";
        for (index, raw) in pieces.parts.iter().enumerate() {
            let place = entity.place.part(index + 1, &boundaries, digest);
            entity.children.push(self.entity(raw, place)?);
        }
        entity.preamble = pieces.preamble;
        entity.epilogue = pieces.epilogue;
        Ok(())
    }
}
