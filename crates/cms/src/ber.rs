//! BER of any shape into DER.
//!
//! Most programs write CMS in BER with indefinite lengths and strings in segments. The
//! rest of this crate reads only DER, so everything passes through here first: one scan
//! that checks and measures, and then, unless it is DER already, one pass that writes:
//! into a buffer of the exact size, or in the input's own memory ([`to_der_vec`]). Both
//! are linear in the input.
//!
//! Rewritten are lengths (indefinite or longer than needed) and constructed strings.
//! **Not** rewritten are the order of a SET OF and the content octets of primitive
//! values: signed attributes must survive as they came, and a certificate that is not
//! DER shall fail where it is judged rather than be mended here.

use std::borrow::Cow;

use crate::{
    CmsError, Limits,
    write::{
        BIT_STRING, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, context, encoded_len, push_length,
    },
};

mod rewrite;

/// The most output pieces that a conversion may need. Regular DER stretches are one
/// piece however long, and a string is two however many segments it has, so only an
/// input made of millions of irregular elements gets here; unbounded, each of its few
/// octets would cost forty in memory.
pub const MAX_PIECES: usize = 1 << 20;

const CONSTRUCTED: u8 = 0x20;
const CLASS: u8 = 0xc0;
const NUMBER: u8 = 0x1f;
/// Tag numbers have at most this many octets after the first: 28 bits.
const MAX_TAG_OCTETS: usize = 4;

/// Converts one BER element to DER (see the module's description for what stays). What is
/// DER already is borrowed.
///
/// # Errors
/// [`CmsError::TooLarge`], [`CmsError::TooDeep`] and [`CmsError::TooManyElements`] for
/// the bounds; [`CmsError::Truncated`], [`CmsError::LengthOverflow`],
/// [`CmsError::IndefinitePrimitive`], [`CmsError::BadTag`], [`CmsError::WrongForm`],
/// [`CmsError::SegmentType`], [`CmsError::Malformed`] and [`CmsError::TrailingOctets`]
/// for what is not BER.
pub fn to_der<'a>(input: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, CmsError> {
    convert(input, limits, Shape::Any)
}

/// As [`to_der`] in the memory of `input`, which grows by some octets at most: a large
/// message is never in memory twice.
///
/// # Errors
/// As [`to_der`].
pub fn to_der_vec(input: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, CmsError> {
    convert_vec(input, limits, Shape::Any)
}

/// As [`to_der`], and joins a segmented `encryptedContent`. That field is
/// `[0] IMPLICIT OCTET STRING`, whose segments cannot be told from an explicit tag
/// without knowing the structure.
pub(crate) fn encrypted_to_der<'a>(
    input: &'a [u8],
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, CmsError> {
    convert(input, limits, Shape::EncryptedContent)
}

/// As [`encrypted_to_der`] in the memory of `input`.
pub(crate) fn encrypted_to_der_vec(input: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, CmsError> {
    convert_vec(input, limits, Shape::EncryptedContent)
}

fn convert<'a>(input: &'a [u8], limits: &Limits, shape: Shape) -> Result<Cow<'a, [u8]>, CmsError> {
    let (pieces, length) = scan(input, limits, shape)?;
    if let [Piece::Copy { start: 0, end }] = *pieces.as_slice()
        && end == input.len()
    {
        return Ok(Cow::Borrowed(input));
    }
    let mut out = Vec::with_capacity(length);
    for piece in &pieces {
        piece.write(input, &mut out)?;
    }
    Ok(Cow::Owned(out))
}

fn convert_vec(input: Vec<u8>, limits: &Limits, shape: Shape) -> Result<Vec<u8>, CmsError> {
    let (pieces, length) = scan(&input, limits, shape)?;
    rewrite::in_place(input, &pieces, length)
}

/// The pieces of the output, and its length.
fn scan(input: &[u8], limits: &Limits, shape: Shape) -> Result<(Vec<Piece>, usize), CmsError> {
    if input.len() > limits.max_bytes {
        return Err(CmsError::TooLarge);
    }
    let mut scan = Scan {
        input,
        max_depth: limits.max_depth,
        shape,
        position: 0,
        open: Vec::new(),
        pieces: Vec::new(),
        unused_bits: 0,
        length: 0,
    };
    scan.run()?;
    Ok((scan.pieces, scan.length))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Any,
    EncryptedContent,
}

/// Identifier and length octets of one element.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    /// The first identifier octet.
    pub(crate) first: u8,
    /// Where the length octets start.
    length_start: usize,
    /// Where the content starts.
    pub(crate) content: usize,
    /// Where the content ends; `None` for an indefinite length.
    pub(crate) end: Option<usize>,
    /// Whether the length is definite and in its shortest form.
    pub(crate) minimal: bool,
}

impl Header {
    /// Reads the header at `start`; the element must end at `limit` at the latest.
    pub(crate) fn read(input: &[u8], start: usize, limit: usize) -> Result<Self, CmsError> {
        let at = |position: usize| {
            input
                .get(..limit)
                .and_then(|part| part.get(position))
                .copied()
                .ok_or(CmsError::Truncated)
        };
        let first = at(start)?;
        let mut position = start + 1;
        if first & NUMBER == NUMBER {
            position = long_tag_end(position, at)?;
        }
        let length_start = position;
        let octet = at(position)?;
        position += 1;
        if octet == 0x80 {
            return Ok(Self { first, length_start, content: position, end: None, minimal: false });
        }
        let mut length = usize::from(octet);
        if octet > 0x80 {
            // X.690 8.1.3.5: 0xff "shall not be used".
            if octet == 0xff {
                return Err(CmsError::LengthOverflow);
            }
            length = 0;
            for _ in 0..octet & 0x7f {
                let next = usize::from(at(position)?);
                length = length.checked_mul(0x100).ok_or(CmsError::LengthOverflow)? | next;
                position += 1;
            }
        }
        let end = position.checked_add(length).ok_or(CmsError::LengthOverflow)?;
        if end > limit {
            return Err(CmsError::Truncated);
        }
        let minimal = encoded_len(0, length) == length + position - length_start;
        Ok(Self { first, length_start, content: position, end: Some(end), minimal })
    }

    fn is_constructed(&self) -> bool {
        self.first & CONSTRUCTED != 0
    }

    /// Whether primitive or constructed fits the universal type (X.690 section 8).
    fn check_form(&self) -> Result<(), CmsError> {
        if self.first & CLASS != 0 {
            return Ok(());
        }
        let constructed = self.is_constructed();
        match self.first & NUMBER {
            0 | 14 | 15 => Err(CmsError::BadTag),
            1 | 2 | 5 | 6 | 9 | 10 | 13 if constructed => Err(CmsError::WrongForm),
            8 | 11 | 16 | 17 | 29 if !constructed => Err(CmsError::WrongForm),
            _ => Ok(()),
        }
    }

    /// How the segments join if this is a constructed string.
    fn string(&self) -> Option<Join> {
        if self.first & CLASS != 0 || !self.is_constructed() {
            return None;
        }
        match self.first & NUMBER {
            3 => Some(Join::Bits),
            4 | 12 | 18..=28 | 30 => Some(Join::Octets),
            _ => None,
        }
    }
}

fn long_tag_end(
    start: usize,
    at: impl Fn(usize) -> Result<u8, CmsError>,
) -> Result<usize, CmsError> {
    let mut number = 0_u32;
    for (count, position) in (start..start + MAX_TAG_OCTETS).enumerate() {
        let octet = at(position)?;
        // X.690 8.1.2.4.2: no leading zero groups, and no long form below 31.
        if count == 0 && octet == 0x80 {
            return Err(CmsError::BadTag);
        }
        number = number << 7 | u32::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            let long_enough = number >= u32::from(NUMBER);
            return if long_enough { Ok(position + 1) } else { Err(CmsError::BadTag) };
        }
    }
    Err(CmsError::BadTag)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Octets,
    Bits,
}

/// A constructed element whose end has not been reached.
struct Open {
    start: usize,
    header: Header,
    /// No content reaches beyond here: its own end, or that of what encloses it.
    limit: usize,
    /// Everything inside so far is DER.
    regular: bool,
    /// Content octets of the DER form so far.
    length: usize,
    /// Index of the piece that will hold its header; meaningless inside a string.
    piece: usize,
    join: Option<Join>,
    /// A segment that is itself segmented; it leaves no header.
    nested_segment: bool,
    /// First identifier octets of the first two elements inside, and how many there are.
    seen: [u8; 2],
    count: usize,
}

/// A stretch of output.
enum Piece {
    /// Input octets as they stand.
    Copy { start: usize, end: usize },
    /// Identifier octets of the input, the first replaced, and a new length.
    Header { start: usize, first: u8, identifier_end: usize, length: usize },
    /// The segments of a string, joined; for a BIT STRING after its unused-bits octet.
    Segments { start: usize, end: usize, unused_bits: Option<u8>, length: usize },
}

impl Piece {
    fn write(&self, input: &[u8], out: &mut Vec<u8>) -> Result<(), CmsError> {
        match *self {
            Self::Copy { start, end } => {
                out.extend_from_slice(input.get(start..end).ok_or(CmsError::Truncated)?);
            }
            Self::Header { start, first, identifier_end, length } => {
                out.push(first);
                let rest = input.get(start + 1..identifier_end).ok_or(CmsError::Truncated)?;
                out.extend_from_slice(rest);
                push_length(out, length);
            }
            Self::Segments { start, end, unused_bits, .. } => {
                out.extend(unused_bits);
                let skip = usize::from(unused_bits.is_some());
                write_segments(input, start, end, skip, out)?;
            }
        }
        Ok(())
    }
}

/// Appends the contents of all primitive segments between `start` and `end`. The scan
/// has checked their structure, so nesting needs no memory here.
fn write_segments(
    input: &[u8],
    start: usize,
    end: usize,
    skip: usize,
    out: &mut Vec<u8>,
) -> Result<(), CmsError> {
    let mut position = start;
    while position < end {
        let header = Header::read(input, position, end)?;
        match header.end {
            // An end-of-contents mark has no content, so it adds nothing.
            Some(segment_end) if !header.is_constructed() => {
                let from = if header.first == 0 { header.content } else { header.content + skip };
                out.extend_from_slice(input.get(from..segment_end).ok_or(CmsError::Truncated)?);
                position = segment_end;
            }
            _ => position = header.content,
        }
    }
    Ok(())
}

struct Scan<'a> {
    input: &'a [u8],
    max_depth: usize,
    shape: Shape,
    position: usize,
    open: Vec<Open>,
    pieces: Vec<Piece>,
    /// Unused bits of the last BIT STRING segment seen.
    unused_bits: u8,
    /// Octets of the whole output.
    length: usize,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), CmsError> {
        loop {
            if self.at_end_of_open()? {
                self.close()?;
            } else {
                self.element()?;
            }
            if self.open.is_empty() {
                break;
            }
        }
        if self.position == self.input.len() { Ok(()) } else { Err(CmsError::TrailingOctets) }
    }

    /// Whether the innermost open element ends here; steps over its end mark.
    fn at_end_of_open(&mut self) -> Result<bool, CmsError> {
        let Some(open) = self.open.last() else { return Ok(false) };
        if let Some(end) = open.header.end {
            return Ok(self.position == end);
        }
        let rest = self.input.get(self.position..open.limit).ok_or(CmsError::Truncated)?;
        let ended = rest.starts_with(&[0, 0]);
        if ended {
            self.position += 2;
        }
        Ok(ended)
    }

    fn element(&mut self) -> Result<(), CmsError> {
        let start = self.position;
        let limit = self.open.last().map_or(self.input.len(), |open| open.limit);
        let header = Header::read(self.input, start, limit)?;
        header.check_form()?;
        let join = self.open.last().and_then(|open| open.join);
        if let Some(join) = join {
            // X.690 8.6.4.1, 8.7.3.2: segments are strings of the same kind; those of
            // the character strings are OCTET STRINGs (8.23.6 with 8.7.3).
            let expected = if join == Join::Bits { BIT_STRING } else { OCTET_STRING };
            if header.first & !CONSTRUCTED != expected {
                return Err(CmsError::SegmentType);
            }
        }
        if header.is_constructed() {
            return self.begin(start, header, limit, join);
        }
        let end = header.end.ok_or(CmsError::IndefinitePrimitive)?;
        self.position = end;
        match join {
            Some(join) => self.segment(header.content, end, join),
            None => self.primitive(start, header, end),
        }
    }

    fn begin(
        &mut self,
        start: usize,
        header: Header,
        limit: usize,
        join: Option<Join>,
    ) -> Result<(), CmsError> {
        if self.open.len() >= self.max_depth {
            return Err(CmsError::TooDeep);
        }
        let nested_segment = join.is_some();
        let join = join.or_else(|| header.string()).or_else(|| self.encrypted_content(&header));
        let piece = self.pieces.len();
        if !nested_segment {
            self.push(Piece::Copy { start, end: start })?;
            self.unused_bits = 0;
        }
        self.position = header.content;
        self.open.push(Open {
            start,
            header,
            limit: header.end.unwrap_or(limit),
            regular: true,
            length: 0,
            piece,
            join,
            nested_segment,
            seen: [0; 2],
            count: 0,
        });
        Ok(())
    }

    /// `encryptedContent [0]` stands third in the SEQUENCE {contentType, algorithm},
    /// and that in EnvelopedData or AuthEnvelopedData, `[0]`, ContentInfo.
    fn encrypted_content(&self, header: &Header) -> Option<Join> {
        let parent = self.open.last()?;
        let place = self.shape == Shape::EncryptedContent
            && self.open.len() == 4
            && header.first == context(0)
            && parent.header.first == SEQUENCE
            && parent.count == 2
            && parent.seen == [OBJECT_IDENTIFIER, SEQUENCE];
        place.then_some(Join::Octets)
    }

    fn segment(&mut self, start: usize, end: usize, join: Join) -> Result<(), CmsError> {
        let mut length = end - start;
        if join == Join::Bits {
            // X.690 8.6.4: only the last segment may leave bits unused.
            if self.unused_bits != 0 {
                return Err(CmsError::Malformed);
            }
            let unused = self.input.get(start..end).and_then(<[u8]>::first).copied();
            self.unused_bits = unused.filter(|bits| *bits < 8).ok_or(CmsError::Malformed)?;
            length -= 1;
        }
        if let Some(open) = self.open.last_mut() {
            open.length += length;
        }
        Ok(())
    }

    fn primitive(&mut self, start: usize, header: Header, end: usize) -> Result<(), CmsError> {
        if header.minimal {
            self.push_copy(start, end)?;
        } else {
            self.push(Piece::Header {
                start,
                first: header.first,
                identifier_end: header.length_start,
                length: end - header.content,
            })?;
            self.push_copy(header.content, end)?;
        }
        self.finished(start, &header, end - header.content, header.minimal);
        Ok(())
    }

    fn close(&mut self) -> Result<(), CmsError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if open.nested_segment {
            if let Some(outer) = self.open.last_mut() {
                outer.length += open.length;
            }
            return Ok(());
        }
        let Open { start, header, piece, .. } = open;
        let regular = open.regular && header.minimal && open.join.is_none();
        if regular {
            self.pieces.truncate(piece);
            self.push_copy(start, self.position)?;
            self.finished(start, &header, open.length, true);
            return Ok(());
        }
        let mut length = open.length;
        let mut first = header.first;
        if let Some(join) = open.join {
            first &= !CONSTRUCTED;
            let unused_bits = (join == Join::Bits).then_some(self.unused_bits);
            length += usize::from(unused_bits.is_some());
            let end = self.position - if header.end.is_none() { 2 } else { 0 };
            self.push(Piece::Segments { start: header.content, end, unused_bits, length })?;
        }
        if let Some(slot) = self.pieces.get_mut(piece) {
            *slot = Piece::Header { start, first, identifier_end: header.length_start, length };
        }
        self.finished(start, &header, length, false);
        Ok(())
    }

    /// Tells the enclosing element, or the result, of one finished element inside.
    fn finished(&mut self, start: usize, header: &Header, length: usize, regular: bool) {
        let whole = encoded_len(header.length_start - start, length);
        let Some(outer) = self.open.last_mut() else {
            self.length = whole;
            return;
        };
        outer.length += whole;
        outer.regular &= regular;
        if let Some(slot) = outer.seen.get_mut(outer.count) {
            *slot = header.first;
        }
        outer.count += 1;
    }

    /// Output is the pieces in order, so neighbours in the input become one piece.
    fn push_copy(&mut self, start: usize, end: usize) -> Result<(), CmsError> {
        match self.pieces.last_mut() {
            Some(Piece::Copy { end: last, .. }) if *last == start => {
                *last = end;
                Ok(())
            }
            _ => self.push(Piece::Copy { start, end }),
        }
    }

    fn push(&mut self, piece: Piece) -> Result<(), CmsError> {
        if self.pieces.len() >= MAX_PIECES {
            return Err(CmsError::TooManyElements);
        }
        self.pieces.push(piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
