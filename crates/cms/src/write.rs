//! Writing DER: a tree of borrowed pieces, encoded in one pass into one buffer, so that
//! a large content is copied once however deep it stands.

use std::borrow::Cow;
use std::ops::Range;

/// INTEGER.
pub(crate) const INTEGER: u8 = 0x02;
/// BIT STRING.
pub(crate) const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub(crate) const OCTET_STRING: u8 = 0x04;
/// NULL.
pub(crate) const NULL: u8 = 0x05;
/// OBJECT IDENTIFIER.
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
/// UTF8String.
pub(crate) const UTF8_STRING: u8 = 0x0c;
/// UTCTime.
pub(crate) const UTC_TIME: u8 = 0x17;
/// GeneralizedTime.
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
/// SEQUENCE, constructed.
pub(crate) const SEQUENCE: u8 = 0x30;
/// SET, constructed.
pub(crate) const SET: u8 = 0x31;

/// A constructed context-specific tag, for EXPLICIT tags and IMPLICIT SEQUENCEs and SETs.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// A primitive context-specific tag, for IMPLICIT strings and integers.
pub(crate) const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// One element to be written.
pub(crate) enum Element<'a> {
    /// An encoding that is complete already.
    Raw(Cow<'a, [u8]>),
    /// A tag and its content octets.
    Value(u8, Cow<'a, [u8]>),
    /// A tag and what stands inside, in this order.
    Nested(u8, Vec<Element<'a>>),
    /// A tag and the length of content octets that already stand in another buffer, see
    /// [`Element::around`].
    Hole(u8, usize),
}

impl<'a> Element<'a> {
    pub(crate) fn raw(encoding: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Raw(encoding.into())
    }

    pub(crate) fn value(tag: u8, content: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Value(tag, content.into())
    }

    pub(crate) fn sequence(inside: Vec<Element<'a>>) -> Self {
        Self::Nested(SEQUENCE, inside)
    }

    pub(crate) fn oid(content: &'a [u8]) -> Self {
        Self::value(OBJECT_IDENTIFIER, content)
    }

    /// A small non-negative INTEGER, below 128.
    pub(crate) fn small_integer(value: u8) -> Self {
        Self::value(INTEGER, vec![value & 0x7f])
    }

    /// An `AlgorithmIdentifier` without parameters.
    pub(crate) fn algorithm(oid: &'a [u8]) -> Self {
        Self::sequence(vec![Self::oid(oid)])
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.write(&mut out, &mut None);
        out
    }

    /// The encoding before the content of the tree's [`Element::Hole`], and behind it.
    /// Without a hole everything stands before.
    pub(crate) fn around(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut before, mut hole) = (Vec::new(), None);
        self.write(&mut before, &mut hole);
        let behind = before.split_off(hole.unwrap_or(before.len()));
        (before, behind)
    }

    fn encoded_len(&self) -> usize {
        match self {
            Self::Raw(encoding) => encoding.len(),
            Self::Value(_, content) => encoded_len(1, content.len()),
            Self::Hole(_, length) => encoded_len(1, *length),
            Self::Nested(_, inside) => encoded_len(1, inside_len(inside)),
        }
    }

    fn write(&self, out: &mut Vec<u8>, hole: &mut Option<usize>) {
        match self {
            Self::Raw(encoding) => out.extend_from_slice(encoding),
            Self::Value(tag, content) => {
                out.push(*tag);
                push_length(out, content.len());
                out.extend_from_slice(content);
            }
            Self::Nested(tag, inside) => {
                out.push(*tag);
                push_length(out, inside_len(inside));
                for element in inside {
                    element.write(out, hole);
                }
            }
            Self::Hole(tag, length) => {
                out.push(*tag);
                push_length(out, *length);
                *hole = Some(out.len());
            }
        }
    }
}

/// Puts `before` and `behind` around the octets of `buffer` in `range`, in its memory; the
/// rest of the buffer is lost.
pub(crate) fn wrap_in_place(
    mut buffer: Vec<u8>,
    range: Range<usize>,
    before: &[u8],
    behind: &[u8],
) -> Vec<u8> {
    let end = range.end.min(buffer.len());
    let start = range.start.min(end);
    let needed = before.len() + (end - start) + behind.len();
    buffer.reserve_exact(needed.saturating_sub(buffer.len()));
    buffer.resize(needed.max(buffer.len()), 0);
    buffer.copy_within(start..end, before.len());
    buffer.truncate(before.len() + (end - start));
    for (to, from) in buffer.iter_mut().zip(before) {
        *to = *from;
    }
    buffer.extend_from_slice(behind);
    buffer
}

fn inside_len(inside: &[Element<'_>]) -> usize {
    inside.iter().map(Element::encoded_len).sum()
}

/// Octets of a whole element with `identifier` tag octets and `content` content octets.
pub(crate) fn encoded_len(identifier: usize, content: usize) -> usize {
    identifier + length_octets(content) + content
}

fn length_octets(length: usize) -> usize {
    if length < 0x80 { 1 } else { 1 + significant_octets(length) }
}

fn significant_octets(length: usize) -> usize {
    (usize::BITS - length.leading_zeros()).div_ceil(8) as usize
}

/// Appends the shortest definite length (X.690 10.1).
pub(crate) fn push_length(out: &mut Vec<u8>, length: usize) {
    if length < 0x80 {
        out.push(length as u8);
        return;
    }
    let count = significant_octets(length);
    out.push(0x80 | count as u8);
    out.extend(length.to_be_bytes().iter().skip(size_of::<usize>() - count));
}

/// A `ContentInfo` around a SEQUENCE (RFC 5652 section 3).
pub(crate) fn content_info<'a>(content_type: &'a [u8], inside: Vec<Element<'a>>) -> Element<'a> {
    Element::sequence(vec![
        Element::oid(content_type),
        Element::Nested(context(0), vec![Element::sequence(inside)]),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_their_shortest_form() {
        for (length, encoding) in [
            (0, &b"\x00"[..]),
            (0x7f, b"\x7f"),
            (0x80, b"\x81\x80"),
            (0xff, b"\x81\xff"),
            (0x100, b"\x82\x01\x00"),
            (0x0100_0000, b"\x84\x01\x00\x00\x00"),
        ] {
            let mut out = Vec::new();
            push_length(&mut out, length);
            assert_eq!(out, encoding);
            assert_eq!(encoded_len(0, length), length + encoding.len());
        }
    }

    #[test]
    fn a_tree_is_written_in_one_pass() {
        let tree = Element::sequence(vec![
            Element::small_integer(2),
            Element::Nested(context(0), vec![Element::value(OCTET_STRING, &b"ab"[..])]),
            Element::raw(&b"\x05\x00"[..]),
        ]);
        assert_eq!(tree.encode(), b"\x30\x0b\x02\x01\x02\xa0\x04\x04\x02ab\x05\x00");
    }

    #[test]
    fn a_hole_leaves_what_stands_around_it() {
        let tree = Element::sequence(vec![
            Element::small_integer(2),
            Element::Nested(context(0), vec![Element::Hole(OCTET_STRING, 2)]),
            Element::raw(&b"\x05\x00"[..]),
        ]);
        let (before, behind) = tree.around();
        assert_eq!(before, b"\x30\x0b\x02\x01\x02\xa0\x04\x04\x02");
        assert_eq!(behind, b"\x05\x00");
        for buffer in [&b"ab"[..], b"abxyz", b"ab0123456789abcdef"] {
            let whole = wrap_in_place(buffer.to_vec(), 0..2, &before, &behind);
            assert_eq!(whole, b"\x30\x0b\x02\x01\x02\xa0\x04\x04\x02ab\x05\x00");
        }
        let far = [&[7; 40][..], b"ab", &[7; 40]].concat();
        let whole = wrap_in_place(far, 40..42, &before, &behind);
        assert_eq!(whole, b"\x30\x0b\x02\x01\x02\xa0\x04\x04\x02ab\x05\x00");
    }
}
