//! Walking over DER that `ber` has made.

use std::ops::Range;

use crate::{
    CmsError,
    ber::Header,
    write::{NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, context},
};

/// One element of a buffer.
#[derive(Clone, Copy)]
pub(crate) struct Tlv<'a> {
    buffer: &'a [u8],
    tag: u8,
    start: usize,
    content: usize,
    end: usize,
}

impl<'a> Tlv<'a> {
    /// The first identifier octet.
    pub(crate) fn tag(&self) -> u8 {
        self.tag
    }

    /// The whole encoding.
    pub(crate) fn raw(&self) -> &'a [u8] {
        self.buffer.get(self.range()).unwrap_or_default()
    }

    /// The content octets.
    pub(crate) fn content(&self) -> &'a [u8] {
        self.buffer.get(self.content_range()).unwrap_or_default()
    }

    /// Where the whole encoding stands in the buffer.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where the content octets stand in the buffer.
    pub(crate) fn content_range(&self) -> Range<usize> {
        self.content..self.end
    }

    /// What stands inside a constructed element.
    pub(crate) fn inside(&self) -> Reader<'a> {
        Reader { buffer: self.buffer, position: self.content, end: self.end }
    }
}

/// A cursor over the elements of a buffer, or of one constructed element in it.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    buffer: &'a [u8],
    position: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(buffer: &'a [u8]) -> Self {
        Self { buffer, position: 0, end: buffer.len() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.position == self.end
    }

    /// The tag of the next element, if there is one.
    pub(crate) fn peek(&self) -> Option<u8> {
        if self.is_empty() { None } else { self.buffer.get(self.position).copied() }
    }

    /// The next element, whatever it is.
    pub(crate) fn any(&mut self) -> Result<Tlv<'a>, CmsError> {
        let header = Header::read(self.buffer, self.position, self.end)?;
        let end = header.end.filter(|_| header.minimal).ok_or(CmsError::Malformed)?;
        let start = self.position;
        self.position = end;
        Ok(Tlv { buffer: self.buffer, tag: header.first, start, content: header.content, end })
    }

    /// The next element, which must have this tag.
    pub(crate) fn take(&mut self, tag: u8) -> Result<Tlv<'a>, CmsError> {
        self.optional(tag)?.ok_or(CmsError::Malformed)
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Tlv<'a>>, CmsError> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// What stands inside the SEQUENCE that must come next.
    pub(crate) fn sequence(&mut self) -> Result<Reader<'a>, CmsError> {
        Ok(self.take(SEQUENCE)?.inside())
    }

    /// What stands inside the SET that must come next.
    pub(crate) fn set(&mut self) -> Result<Reader<'a>, CmsError> {
        Ok(self.take(SET)?.inside())
    }

    /// Content octets of the OBJECT IDENTIFIER that must come next.
    pub(crate) fn oid(&mut self) -> Result<&'a [u8], CmsError> {
        Ok(self.take(OBJECT_IDENTIFIER)?.content())
    }

    /// Content octets of the OCTET STRING that must come next.
    pub(crate) fn octets(&mut self) -> Result<&'a [u8], CmsError> {
        Ok(self.take(OCTET_STRING)?.content())
    }

    /// The `AlgorithmIdentifier` that must come next.
    pub(crate) fn algorithm(&mut self) -> Result<Algorithm<'a>, CmsError> {
        let whole = self.take(SEQUENCE)?;
        let mut inside = whole.inside();
        let oid = inside.oid()?;
        let parameters = if inside.is_empty() { None } else { Some(inside.any()?) };
        inside.finish()?;
        Ok(Algorithm { whole, oid, parameters })
    }

    /// Demands that nothing is left.
    pub(crate) fn finish(&self) -> Result<(), CmsError> {
        if self.is_empty() { Ok(()) } else { Err(CmsError::Malformed) }
    }
}

/// An `AlgorithmIdentifier` (RFC 5280 4.1.1.2).
#[derive(Clone, Copy)]
pub(crate) struct Algorithm<'a> {
    /// The whole encoding.
    pub(crate) whole: Tlv<'a>,
    /// Content octets of the identifier.
    pub(crate) oid: &'a [u8],
    /// The parameters, if present.
    pub(crate) parameters: Option<Tlv<'a>>,
}

impl Algorithm<'_> {
    /// Whether the parameters are absent or NULL, which most RFCs let mean the same.
    pub(crate) fn is_plain(&self) -> bool {
        self.parameters.is_none_or(|parameters| parameters.raw() == [NULL, 0])
    }
}

/// Type and content of a `ContentInfo` (RFC 5652 section 3).
pub(crate) fn content_info(der: &[u8]) -> Result<(&[u8], Reader<'_>), CmsError> {
    let mut outer = Reader::new(der);
    let mut info = outer.sequence()?;
    outer.finish()?;
    let content_type = info.oid()?;
    let explicit = info.take(context(0))?;
    info.finish()?;
    let mut content = explicit.inside();
    // Types whose content is no SEQUENCE, such as id-data, are of no use here.
    if content.peek() != Some(SEQUENCE) {
        return Err(CmsError::WrongContentType);
    }
    let inside = content.sequence()?;
    content.finish()?;
    Ok((content_type, inside))
}
