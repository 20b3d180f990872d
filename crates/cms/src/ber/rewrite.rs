//! Writing the DER form over the BER form.
//!
//! Pieces go from left to right, and most are shorter than what they come from. A
//! definite length can take more octets than the mark of an indefinite one, though, so
//! first the whole input moves to the right by the most octets that the output is ever
//! ahead; then nothing is overwritten before it is read.

use std::ops::Range;

use super::{Header, Piece};
use crate::{CmsError, write::push_length};

/// The output of `pieces`, `length` octets, in the memory of `input`.
pub(super) fn in_place(
    mut input: Vec<u8>,
    pieces: &[Piece],
    length: usize,
) -> Result<Vec<u8>, CmsError> {
    if let [Piece::Copy { start: 0, end }] = *pieces
        && end == input.len()
    {
        return Ok(input);
    }
    let shift = lead(pieces);
    let old_len = input.len();
    input.reserve_exact(shift);
    input.resize(old_len + shift, 0);
    input.copy_within(..old_len, shift);

    let mut writer = Writer { buffer: input, shift, written: 0 };
    for piece in pieces {
        writer.piece(piece)?;
    }
    writer.buffer.truncate(length);
    Ok(writer.buffer)
}

/// By how many octets the output is ahead of the input where it is most.
fn lead(pieces: &[Piece]) -> usize {
    let mut written = 0_usize;
    let mut lead = 0;
    for piece in pieces {
        let read = match *piece {
            Piece::Copy { start, end } => {
                written += end - start;
                end
            }
            Piece::Header { start, identifier_end, length, .. } => {
                written += identifier_end - start + length_octets(length);
                identifier_end
            }
            Piece::Segments { start, end, unused_bits, length } => {
                // The octet of unused bits is written before the first segment is read.
                if unused_bits.is_some() {
                    lead = lead.max((written + 1).saturating_sub(start));
                }
                written += length;
                end
            }
        };
        lead = lead.max(written.saturating_sub(read));
    }
    lead
}

fn length_octets(length: usize) -> usize {
    crate::write::encoded_len(0, length) - length
}

struct Writer {
    buffer: Vec<u8>,
    /// Where the input's first octet stands.
    shift: usize,
    written: usize,
}

impl Writer {
    fn piece(&mut self, piece: &Piece) -> Result<(), CmsError> {
        match *piece {
            Piece::Copy { start, end } => self.copy(start..end),
            Piece::Header { start, first, identifier_end, length } => {
                let identifier = start + self.shift + 1..identifier_end + self.shift;
                let mut header = vec![first];
                header.extend_from_slice(self.buffer.get(identifier).ok_or(CmsError::Truncated)?);
                push_length(&mut header, length);
                self.write(&header)
            }
            Piece::Segments { start, end, unused_bits, .. } => {
                if let Some(bits) = unused_bits {
                    self.write(&[bits])?;
                }
                self.segments(start, end, usize::from(unused_bits.is_some()))
            }
        }
    }

    /// As `write_segments`.
    fn segments(&mut self, start: usize, end: usize, skip: usize) -> Result<(), CmsError> {
        let mut position = start + self.shift;
        let limit = end + self.shift;
        while position < limit {
            let header = Header::read(&self.buffer, position, limit)?;
            match header.end {
                Some(segment_end) if !header.is_constructed() => {
                    let skip = if header.first == 0 { 0 } else { skip };
                    let content = header.content + skip;
                    self.copy(content - self.shift..segment_end - self.shift)?;
                    position = segment_end;
                }
                _ => position = header.content,
            }
        }
        Ok(())
    }

    /// Appends octets of the input.
    fn copy(&mut self, range: Range<usize>) -> Result<(), CmsError> {
        let from = range.start + self.shift..range.end + self.shift;
        let end = self.written + range.len();
        if from.start > from.end || from.end > self.buffer.len() || end > from.end {
            return Err(CmsError::Truncated);
        }
        self.buffer.copy_within(from, self.written);
        self.written = end;
        Ok(())
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), CmsError> {
        let end = self.written + octets.len();
        let place = self.buffer.get_mut(self.written..end).ok_or(CmsError::Truncated)?;
        place.copy_from_slice(octets);
        self.written = end;
        Ok(())
    }
}
