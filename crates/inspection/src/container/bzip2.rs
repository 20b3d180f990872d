//! bzip2 with a bound on what comes out. The format has no specification but its program;
//! the steps are Huffman codes, move-to-front, the Burrows-Wheeler transform, run lengths.

use crate::zip::Ended;

/// How a file begins; a digit for the size of its blocks follows.
const MARK: &[u8] = b"BZh";

/// Marks of a block and of the end of a stream: the digits of pi and of its root.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;

/// Symbols that one group of a selector codes.
const GROUP: usize = 50;

/// Longest Huffman code.
const MAX_BITS: usize = 20;

/// Whether `octets` begin with a stream: its mark, a digit, and the mark of a block or of
/// the end. A word may begin like the first alone.
pub(crate) fn looks_like_bzip2(octets: &[u8]) -> bool {
    let mark = octets.strip_prefix(MARK).and_then(<[u8]>::split_first);
    let mark = mark.filter(|(digit, _)| (b'1'..=b'9').contains(digit));
    let mark = mark.and_then(|(_, rest)| rest.get(..6));
    mark.is_some_and(|mark| {
        let mark = mark.iter().fold(0u64, |value, octet| value << 8 | u64::from(*octet));
        mark == BLOCK || mark == END
    })
}

/// Expands all streams of `octets` to at most `limit` octets, and says how it ended.
pub(crate) fn expand(octets: &[u8], limit: usize) -> (Vec<u8>, Ended) {
    let mut out = Vec::new();
    let mut bits = Bits { octets, at: 0, left: 0, held: 0 };
    loop {
        match stream(&mut bits, limit, &mut out) {
            Ok(()) => {}
            Err(ended) => return (out, ended),
        }
        bits.align();
        if bits.at >= octets.len() {
            return (out, Ended::Complete);
        }
    }
}

fn stream(bits: &mut Bits<'_>, limit: usize, out: &mut Vec<u8>) -> Result<(), Ended> {
    for mark in MARK {
        if bits.take(8)? != u64::from(*mark) {
            return Err(Ended::Corrupt);
        }
    }
    let level = match bits.take(8)? {
        digit @ 0x31..=0x39 => usize::try_from(digit - 0x30).map_err(|_| Ended::Corrupt)?,
        _ => return Err(Ended::Corrupt),
    };
    let mut stream_sum = 0u32;
    loop {
        let mark = bits.take(48)?;
        let sum = u32::try_from(bits.take(32)?).unwrap_or_default();
        match mark {
            BLOCK => {
                let start = out.len();
                block(bits, level * 100_000, limit, out)?;
                if checksum(out.get(start..).unwrap_or_default()) != sum {
                    return Err(Ended::Corrupt);
                }
                stream_sum = stream_sum.rotate_left(1) ^ sum;
            }
            END if sum == stream_sum => return Ok(()),
            _ => return Err(Ended::Corrupt),
        }
    }
}

/// Reads octets bit by bit, highest first.
struct Bits<'o> {
    octets: &'o [u8],
    at: usize,
    left: u32,
    held: u64,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Result<u64, Ended> {
        while self.left < count {
            let octet = *self.octets.get(self.at).ok_or(Ended::Truncated)?;
            self.held = self.held << 8 | u64::from(octet);
            self.at += 1;
            self.left += 8;
        }
        self.left -= count;
        Ok(self.held >> self.left & ((1 << count) - 1))
    }

    fn bit(&mut self) -> Result<bool, Ended> {
        self.take(1).map(|bit| bit == 1)
    }

    fn number(&mut self, count: u32) -> Result<usize, Ended> {
        usize::try_from(self.take(count)?).map_err(|_| Ended::Corrupt)
    }

    /// A stream ends with the octet in which its last bit lies.
    fn align(&mut self) {
        self.left -= self.left % 8;
        let unread = usize::try_from(self.left / 8).unwrap_or_default();
        self.at -= unread;
        self.left = 0;
    }
}

/// One table of codes: of each length, its smallest code and where its symbols begin.
struct Codes {
    symbols: Vec<u16>,
    counts: [usize; MAX_BITS + 1],
}

impl Codes {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; MAX_BITS + 1];
        let mut symbols = Vec::with_capacity(lengths.len());
        for (length, count) in counts.iter_mut().enumerate().skip(1) {
            for (symbol, _) in (0u16..).zip(lengths).filter(|(_, own)| **own == length) {
                symbols.push(symbol);
                *count += 1;
            }
        }
        Self { symbols, counts }
    }

    fn read(&self, bits: &mut Bits<'_>) -> Result<u16, Ended> {
        let (mut code, mut first, mut index) = (0usize, 0usize, 0usize);
        for count in self.counts.iter().skip(1) {
            code = code << 1 | usize::from(bits.bit()?);
            if code.wrapping_sub(first) < *count {
                return self.symbols.get(index + code - first).copied().ok_or(Ended::Corrupt);
            }
            index += count;
            first = (first + count) << 1;
        }
        Err(Ended::Corrupt)
    }
}

fn block(
    bits: &mut Bits<'_>,
    capacity: usize,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), Ended> {
    // Blocks may be scrambled in versions that nobody has used since 1997.
    if bits.bit()? {
        return Err(Ended::Corrupt);
    }
    let origin = bits.number(24)?;
    let used = used_octets(bits)?;
    let symbols = used.len() + 2;
    let tables = bits.number(3)?;
    let selectors = bits.number(15)?;
    if used.is_empty() || !(2..=6).contains(&tables) || selectors == 0 {
        return Err(Ended::Corrupt);
    }
    let selectors = selected(bits, tables, selectors)?;
    let codes: Vec<Codes> = (0..tables)
        .map(|_| code_lengths(bits, symbols).map(|l| Codes::new(&l)))
        .collect::<Result<_, _>>()?;
    let last = moved_to_front(bits, &used, &codes, &selectors, capacity)?;
    transformed_back(&last, origin, limit, out)
}

/// The octets that occur: sixteen bits for rows, and sixteen for each row in use.
fn used_octets(bits: &mut Bits<'_>) -> Result<Vec<u8>, Ended> {
    let rows = bits.take(16)?;
    let mut used = Vec::new();
    for row in 0..16u8 {
        if rows >> (15 - row) & 1 == 0 {
            continue;
        }
        let columns = bits.take(16)?;
        used.extend((0..16u8).filter(|at| columns >> (15 - at) & 1 == 1).map(|at| row << 4 | at));
    }
    Ok(used)
}

/// Which table codes each group: places in a list whose front moves.
fn selected(bits: &mut Bits<'_>, tables: usize, count: usize) -> Result<Vec<usize>, Ended> {
    let mut order: Vec<usize> = (0..tables).collect();
    let mut selected = Vec::with_capacity(count);
    for _ in 0..count {
        let mut place = 0;
        while bits.bit()? {
            place += 1;
        }
        if place >= tables {
            return Err(Ended::Corrupt);
        }
        let table = order.remove(place);
        order.insert(0, table);
        selected.push(table);
    }
    Ok(selected)
}

fn code_lengths(bits: &mut Bits<'_>, symbols: usize) -> Result<Vec<usize>, Ended> {
    let mut length = bits.number(5)?;
    let mut lengths = Vec::with_capacity(symbols);
    for _ in 0..symbols {
        loop {
            if !(1..=MAX_BITS).contains(&length) {
                return Err(Ended::Corrupt);
            }
            if !bits.bit()? {
                break;
            }
            length = if bits.bit()? { length - 1 } else { length + 1 };
        }
        lengths.push(length);
    }
    Ok(lengths)
}

/// The last column of the transform: symbols 0 and 1 count repetitions in a notation of
/// base two without zero, the highest ends the block.
fn moved_to_front(
    bits: &mut Bits<'_>,
    used: &[u8],
    codes: &[Codes],
    selectors: &[usize],
    capacity: usize,
) -> Result<Vec<u8>, Ended> {
    let mut order = used.to_vec();
    let mut last: Vec<u8> = Vec::new();
    let (mut repeat, mut weight) = (0usize, 1usize);
    for selector in selectors {
        let codes = codes.get(*selector).ok_or(Ended::Corrupt)?;
        for _ in 0..GROUP {
            let symbol = usize::from(codes.read(bits)?);
            if symbol < 2 {
                repeat = repeat.saturating_add(weight << symbol);
                weight <<= 1;
                if repeat > capacity {
                    return Err(Ended::Corrupt);
                }
                continue;
            }
            if repeat > 0 {
                let front = *order.first().ok_or(Ended::Corrupt)?;
                if last.len() + repeat > capacity {
                    return Err(Ended::Corrupt);
                }
                last.resize(last.len() + repeat, front);
                (repeat, weight) = (0, 1);
            }
            if symbol == used.len() + 1 {
                return Ok(last);
            }
            if symbol > used.len() || last.len() >= capacity {
                return Err(Ended::Corrupt);
            }
            let octet = order.remove(symbol - 1);
            order.insert(0, octet);
            last.push(octet);
        }
    }
    Err(Ended::Corrupt)
}

/// Undoes the transform, and the run lengths that were coded before it: four octets alike
/// are followed by how many more.
fn transformed_back(
    last: &[u8],
    origin: usize,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(), Ended> {
    let mut starts = [0usize; 256];
    for octet in last {
        if let Some(count) = starts.get_mut(usize::from(*octet)) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for count in &mut starts {
        sum += std::mem::replace(count, sum);
    }
    let mut next = vec![0u32; last.len()];
    for (at, octet) in (0u32..).zip(last) {
        let place = starts.get_mut(usize::from(*octet)).ok_or(Ended::Corrupt)?;
        if let Some(slot) = next.get_mut(*place) {
            *slot = at;
        }
        *place += 1;
    }
    let following = |at: usize| next.get(at).and_then(|at| usize::try_from(*at).ok());
    let mut at = following(origin).ok_or(Ended::Corrupt)?;
    let (mut alike, mut before) = (0, None);
    for _ in 0..last.len() {
        let octet = *last.get(at).ok_or(Ended::Corrupt)?;
        at = following(at).ok_or(Ended::Corrupt)?;
        let (more, value) = if alike == 4 {
            alike = 0;
            (usize::from(octet), before.unwrap_or(octet))
        } else {
            alike = if before == Some(octet) { alike + 1 } else { 1 };
            before = Some(octet);
            (1, octet)
        };
        if out.len() + more > limit {
            return Err(Ended::TooLong);
        }
        out.resize(out.len() + more, value);
        if alike == 0 {
            before = None;
        }
    }
    Ok(())
}

/// The checksum of a block: CRC-32 with the highest bit first.
fn checksum(octets: &[u8]) -> u32 {
    !octets.iter().fold(u32::MAX, |sum, octet| {
        let index = usize::from(octet ^ u8::try_from(sum >> 24).unwrap_or_default());
        sum << 8 ^ TABLE.get(index).copied().unwrap_or_default()
    })
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut sum = (at as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum >> 31 == 1 { sum << 1 ^ 0x04C1_1DB7 } else { sum << 1 };
            bit += 1;
        }
        table[at] = sum;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'hello hello hello hello' | bzip2`
    const FILE: &[u8] = include_bytes!("../../tests/files/hello.bz2");

    #[test]
    fn a_file_is_expanded_to_its_bound() {
        let content = b"hello hello hello hello".to_vec();
        assert!(looks_like_bzip2(FILE) && !looks_like_bzip2(b"BZh9 is a word"));
        assert_eq!(expand(FILE, 100), (content.clone(), Ended::Complete));
        assert_eq!(expand(FILE, 23), (content.clone(), Ended::Complete));
        assert_eq!(expand(FILE, 22).1, Ended::TooLong);
        let twice = expand(&[FILE, FILE].concat(), 100);
        assert_eq!(twice, ([content.clone(), content].concat(), Ended::Complete));
    }

    #[test]
    fn every_bad_end_has_its_name() {
        assert_eq!(expand(&FILE[..FILE.len() - 3], 100).1, Ended::Truncated);
        let mut wrong = FILE.to_vec();
        wrong[12] ^= 1;
        assert_eq!(expand(&wrong, 100).1, Ended::Corrupt);
        assert_eq!(expand(&[FILE, b"more"].concat(), 100).1, Ended::Corrupt);
    }
}
