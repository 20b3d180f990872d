//! LZMA and LZMA2 with a bound on what comes out (lzma-specification.txt of the LZMA
//! SDK). The output is its own dictionary, so that the size which a header asks for costs
//! nothing.

/// Why nothing more came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LzmaFault {
    /// The input ended first.
    Truncated,
    /// It is no such stream from here on.
    Corrupt,
    /// More than the bound would come out.
    TooLong,
}

/// A probability of 11 bits; a half to begin with.
type Probability = u16;

const HALF: Probability = 1 << 10;
const STATES: usize = 12;
/// At most four bits of the position count.
const POSITION_STATES: usize = 16;
/// States from here on are those behind a match.
const FIRST_MATCH_STATE: usize = 7;

/// How often an LZMA2 stream may begin anew: each costs 30 KB of work, and writers do it
/// once for megabytes.
const MAX_RESETS: usize = 10_000;

/// How literals and positions are coded: the first octet of the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Properties {
    literal_context_bits: u32,
    literal_position_bits: u32,
    position_bits: u32,
}

impl Properties {
    /// Reads the octet `(pb * 5 + lp) * 9 + lc`.
    pub(crate) fn read(octet: u8) -> Option<Self> {
        if octet >= 9 * 5 * 5 {
            return None;
        }
        let octet = u32::from(octet);
        Some(Self {
            literal_context_bits: octet % 9,
            literal_position_bits: octet / 9 % 5,
            position_bits: octet / 45,
        })
    }
}

/// Expands a bare LZMA stream to `size` octets, or to its end mark but at most `limit`.
/// What came out before a fault is kept in `out`.
pub(crate) fn expand(
    input: &[u8],
    properties: Properties,
    size: Option<usize>,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), LzmaFault> {
    if size.is_some_and(|size| size > limit) {
        return Err(LzmaFault::TooLong);
    }
    let mut state = State::new(properties);
    let mut range = Range::new(input)?;
    state.run(&mut range, out, 0, size, limit).map(|_| ())
}

/// Expands a bare LZMA stream to its end mark, at most `limit` octets, and says how much
/// of the input it took.
pub(crate) fn expand_to_mark(
    input: &[u8],
    properties: Properties,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<usize, LzmaFault> {
    let mut state = State::new(properties);
    let mut range = Range::new(input)?;
    // One more, so that the mark may follow the last octet that is let through.
    state.run(&mut range, out, 0, None, limit.saturating_add(1))?;
    if out.len() > limit { Err(LzmaFault::TooLong) } else { Ok(range.at) }
}

/// Expands an LZMA2 stream to its end, at most `limit` octets, and says how much of the
/// input it took.
pub(crate) fn expand_2(input: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<usize, LzmaFault> {
    let start = out.len();
    let mut dictionary = start;
    let mut state: Option<State> = None;
    let mut at = 0;
    let mut resets = 0;
    loop {
        let control = *input.get(at).ok_or(LzmaFault::Truncated)?;
        at += 1;
        let big = |at: usize| -> Result<usize, LzmaFault> {
            let two = input.get(at..at + 2).ok_or(LzmaFault::Truncated)?;
            Ok(two.iter().fold(0, |value, octet| value << 8 | usize::from(*octet)) + 1)
        };
        if control == 0 {
            return Ok(at);
        }
        if matches!(control, 0x01 | 0xE0..) {
            dictionary = out.len();
        }
        if control < 0x80 {
            if control > 2 {
                return Err(LzmaFault::Corrupt);
            }
            let length = big(at)?;
            let chunk = input.get(at + 2..at + 2 + length).ok_or(LzmaFault::Truncated)?;
            if out.len() - start + length > limit {
                return Err(LzmaFault::TooLong);
            }
            out.extend_from_slice(chunk);
            at += 2 + length;
            continue;
        }
        let size = (usize::from(control & 0x1F) << 16) + big(at)?;
        let length = big(at + 2)?;
        at += 4;
        if control >= 0xC0 {
            let octet = *input.get(at).ok_or(LzmaFault::Truncated)?;
            at += 1;
            let properties = Properties::read(octet).ok_or(LzmaFault::Corrupt)?;
            // LZMA2 allows no more literal coders than these.
            if properties.literal_context_bits + properties.literal_position_bits > 4 {
                return Err(LzmaFault::Corrupt);
            }
            state = Some(State::new(properties));
        }
        let state = state.as_mut().ok_or(LzmaFault::Corrupt)?;
        if control >= 0xA0 {
            resets += 1;
            if resets > MAX_RESETS {
                return Err(LzmaFault::TooLong);
            }
            state.reset();
        }
        if out.len() - start + size > limit {
            return Err(LzmaFault::TooLong);
        }
        let chunk = input.get(at..at + length).ok_or(LzmaFault::Truncated)?;
        let mut range = Range::new(chunk)?;
        state.run(&mut range, out, dictionary, Some(size), size)?;
        at += length;
    }
}

/// The range decoder.
struct Range<'i> {
    input: &'i [u8],
    at: usize,
    range: u32,
    code: u32,
}

impl<'i> Range<'i> {
    fn new(input: &'i [u8]) -> Result<Self, LzmaFault> {
        let head: [u8; 5] = *input.first_chunk().ok_or(LzmaFault::Truncated)?;
        let [first, code @ ..] = head;
        if first != 0 {
            return Err(LzmaFault::Corrupt);
        }
        Ok(Self { input, at: 5, range: u32::MAX, code: u32::from_be_bytes(code) })
    }

    fn normalise(&mut self) -> Result<(), LzmaFault> {
        if self.range < 1 << 24 {
            let next = *self.input.get(self.at).ok_or(LzmaFault::Truncated)?;
            self.at += 1;
            self.range <<= 8;
            self.code = self.code << 8 | u32::from(next);
        }
        Ok(())
    }

    fn bit(&mut self, probability: &mut Probability) -> Result<bool, LzmaFault> {
        let bound = (self.range >> 11) * u32::from(*probability);
        let bit = self.code >= bound;
        if bit {
            self.code -= bound;
            self.range -= bound;
            *probability -= *probability >> 5;
        } else {
            self.range = bound;
            *probability += (2048 - *probability) >> 5;
        }
        self.normalise()?;
        Ok(bit)
    }

    fn direct_bits(&mut self, count: u32) -> Result<u32, LzmaFault> {
        let mut value = 0;
        for _ in 0..count {
            self.range >>= 1;
            let bit = self.code >= self.range;
            if bit {
                self.code -= self.range;
            }
            value = value << 1 | u32::from(bit);
            self.normalise()?;
        }
        Ok(value)
    }

    /// A number of `bits` bits, highest first, along a tree of probabilities.
    fn tree(&mut self, tree: &mut [Probability], bits: u32) -> Result<usize, LzmaFault> {
        let mut at = 1;
        for _ in 0..bits {
            at = at << 1 | usize::from(self.bit(probability(tree, at)?)?);
        }
        Ok(at - (1 << bits))
    }

    fn reverse_tree(&mut self, tree: &mut [Probability], bits: u32) -> Result<u32, LzmaFault> {
        let mut at = 1;
        let mut value = 0;
        for place in 0..bits {
            let bit = self.bit(probability(tree, at)?)?;
            at = at << 1 | usize::from(bit);
            value |= u32::from(bit) << place;
        }
        Ok(value)
    }
}

/// An index that the tables do not have comes of no valid stream.
fn probability(table: &mut [Probability], at: usize) -> Result<&mut Probability, LzmaFault> {
    table.get_mut(at).ok_or(LzmaFault::Corrupt)
}

/// Lengths of matches.
struct Lengths {
    choice: [Probability; 2],
    low: Vec<Probability>,
    middle: Vec<Probability>,
    high: Vec<Probability>,
}

impl Lengths {
    fn new() -> Self {
        Self {
            choice: [HALF; 2],
            low: vec![HALF; POSITION_STATES << 3],
            middle: vec![HALF; POSITION_STATES << 3],
            high: vec![HALF; 256],
        }
    }

    fn read(&mut self, range: &mut Range<'_>, position: usize) -> Result<usize, LzmaFault> {
        let [first, second] = &mut self.choice;
        let part = position << 3..(position + 1) << 3;
        if !range.bit(first)? {
            return range.tree(self.low.get_mut(part).ok_or(LzmaFault::Corrupt)?, 3);
        }
        if !range.bit(second)? {
            let tree = self.middle.get_mut(part).ok_or(LzmaFault::Corrupt)?;
            return Ok(8 + range.tree(tree, 3)?);
        }
        Ok(16 + range.tree(&mut self.high, 8)?)
    }
}

/// Everything that the decoder remembers between octets.
struct State {
    properties: Properties,
    state: usize,
    /// The last four distances.
    recent: [usize; 4],
    literals: Vec<Probability>,
    is_match: Vec<Probability>,
    is_recent: [Probability; STATES],
    is_older: [[Probability; STATES]; 3],
    is_long: Vec<Probability>,
    slots: Vec<Probability>,
    near: Vec<Probability>,
    align: [Probability; 16],
    lengths: Lengths,
    recent_lengths: Lengths,
}

impl State {
    fn new(properties: Properties) -> Self {
        let literal_bits = properties.literal_context_bits + properties.literal_position_bits;
        Self {
            properties,
            state: 0,
            recent: [0; 4],
            literals: vec![HALF; 0x300 << literal_bits],
            is_match: vec![HALF; STATES * POSITION_STATES],
            is_recent: [HALF; STATES],
            is_older: [[HALF; STATES]; 3],
            is_long: vec![HALF; STATES * POSITION_STATES],
            slots: vec![HALF; 4 << 6],
            near: vec![HALF; 115],
            align: [HALF; 16],
            lengths: Lengths::new(),
            recent_lengths: Lengths::new(),
        }
    }

    fn reset(&mut self) {
        *self = Self::new(self.properties);
    }

    /// Decodes until `size` octets came out or the end mark; `true` for the mark.
    /// Matches reach back to `dictionary` in `out`, no further.
    fn run(
        &mut self,
        range: &mut Range<'_>,
        out: &mut Vec<u8>,
        dictionary: usize,
        size: Option<usize>,
        limit: usize,
    ) -> Result<bool, LzmaFault> {
        let start = out.len();
        loop {
            let done = out.len() - start;
            if size == Some(done) {
                return Ok(false);
            }
            if done >= limit {
                return Err(LzmaFault::TooLong);
            }
            let mask = (1usize << self.properties.position_bits) - 1;
            let position = (out.len() - dictionary) & mask;
            let index = self.state * POSITION_STATES + position;
            if !range.bit(probability(&mut self.is_match, index)?)? {
                self.literal(range, out, dictionary)?;
                continue;
            }
            let Some(length) = self.matched(range, position, index, out)? else { return Ok(true) };
            let [distance, ..] = self.recent;
            if distance >= out.len() - dictionary {
                return Err(LzmaFault::Corrupt);
            }
            let room = size.unwrap_or(limit) - done;
            if length > room {
                return Err(if size.is_some() { LzmaFault::Corrupt } else { LzmaFault::TooLong });
            }
            for _ in 0..length {
                let from = out.len() - distance - 1;
                out.extend(out.get(from).copied());
            }
        }
    }

    fn literal(
        &mut self,
        range: &mut Range<'_>,
        out: &mut Vec<u8>,
        dictionary: usize,
    ) -> Result<(), LzmaFault> {
        let written = out.len() - dictionary;
        let previous = if written == 0 { 0 } else { usize::from(out.last().copied().unwrap_or(0)) };
        let context_bits = self.properties.literal_context_bits;
        let place = written & ((1 << self.properties.literal_position_bits) - 1);
        let coder = (place << context_bits) + (previous >> (8 - context_bits));
        let start = 0x300 * coder;
        let table = self.literals.get_mut(start..start + 0x300).ok_or(LzmaFault::Corrupt)?;
        let mut symbol = 1usize;
        if self.state >= FIRST_MATCH_STATE {
            let [distance, ..] = self.recent;
            let from = out.len().checked_sub(distance + 1).ok_or(LzmaFault::Corrupt)?;
            let mut matched = usize::from(out.get(from).copied().ok_or(LzmaFault::Corrupt)?);
            while symbol < 0x100 {
                let expected = matched >> 7 & 1;
                matched <<= 1;
                let bit =
                    usize::from(range.bit(probability(table, ((1 + expected) << 8) + symbol)?)?);
                symbol = symbol << 1 | bit;
                if bit != expected {
                    break;
                }
            }
        }
        while symbol < 0x100 {
            symbol = symbol << 1 | usize::from(range.bit(probability(table, symbol)?)?);
        }
        out.push(u8::try_from(symbol & 0xFF).unwrap_or_default());
        self.state = match self.state {
            0..=3 => 0,
            4..=9 => self.state - 3,
            _ => self.state - 6,
        };
        Ok(())
    }

    /// The length of a match, its distance then first in `recent`; `None` at the end mark.
    fn matched(
        &mut self,
        range: &mut Range<'_>,
        position: usize,
        index: usize,
        out: &[u8],
    ) -> Result<Option<usize>, LzmaFault> {
        let after_match = self.state >= FIRST_MATCH_STATE;
        let state = self.state;
        if !range.bit(probability(&mut self.is_recent, state)?)? {
            let length = self.lengths.read(range, position)?;
            self.state = if after_match { 10 } else { 7 };
            let Some(distance) = self.distance(range, length)? else { return Ok(None) };
            let [first, second, third, _] = self.recent;
            self.recent = [distance, first, second, third];
            return Ok(Some(length + 2));
        }
        if out.is_empty() {
            return Err(LzmaFault::Corrupt);
        }
        let [first, second, third, fourth] = self.recent;
        let [older, oldest, last] = &mut self.is_older;
        if !range.bit(probability(older, state)?)? {
            if !range.bit(probability(&mut self.is_long, index)?)? {
                self.state = if after_match { 11 } else { 9 };
                return Ok(Some(1));
            }
        } else if !range.bit(probability(oldest, state)?)? {
            self.recent = [second, first, third, fourth];
        } else if !range.bit(probability(last, state)?)? {
            self.recent = [third, first, second, fourth];
        } else {
            self.recent = [fourth, first, second, third];
        }
        let length = self.recent_lengths.read(range, position)?;
        self.state = if after_match { 11 } else { 8 };
        Ok(Some(length + 2))
    }

    fn distance(
        &mut self,
        range: &mut Range<'_>,
        length: usize,
    ) -> Result<Option<usize>, LzmaFault> {
        let start = length.min(3) << 6;
        let tree = self.slots.get_mut(start..start + 64).ok_or(LzmaFault::Corrupt)?;
        let slot = u32::try_from(range.tree(tree, 6)?).map_err(|_| LzmaFault::Corrupt)?;
        if slot < 4 {
            return Ok(usize::try_from(slot).ok());
        }
        let bits = (slot >> 1) - 1;
        let mut distance = (2 | slot & 1) << bits;
        if slot < 14 {
            let from = usize::try_from(distance - slot).map_err(|_| LzmaFault::Corrupt)?;
            let tree = self.near.get_mut(from..).ok_or(LzmaFault::Corrupt)?;
            distance = distance.wrapping_add(range.reverse_tree(tree, bits)?);
        } else {
            distance = distance.wrapping_add(range.direct_bits(bits - 4)? << 4);
            distance = distance.wrapping_add(range.reverse_tree(&mut self.align, 4)?);
        }
        if distance == u32::MAX {
            return Ok(None);
        }
        usize::try_from(distance).map(Some).map_err(|_| LzmaFault::Corrupt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_have_their_bounds() {
        assert_eq!(Properties::read(225), None);
        let usual =
            Properties { literal_context_bits: 3, literal_position_bits: 0, position_bits: 2 };
        assert_eq!(Properties::read(93), Some(usual));
    }

    #[test]
    fn a_stream_of_lzma_2_without_compression_is_read_to_its_bound() {
        let input = b"\x01\0\x04hello\0rest";
        let mut out = Vec::new();
        assert_eq!(expand_2(input, 5, &mut out), Ok(9));
        assert_eq!(out, b"hello");
        assert_eq!(expand_2(input, 4, &mut Vec::new()), Err(LzmaFault::TooLong));
        assert_eq!(expand_2(&input[..6], 9, &mut Vec::new()), Err(LzmaFault::Truncated));
        assert_eq!(expand_2(b"\x03", 9, &mut Vec::new()), Err(LzmaFault::Corrupt));
        assert_eq!(expand_2(b"\x80\0\0\0\0", 9, &mut Vec::new()), Err(LzmaFault::Corrupt));
    }
}
