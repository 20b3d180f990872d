//! Filters of streams (ISO 32000-1 7.4), each with a bound on what comes out.

use super::object::{Dict, hex};
use crate::zip::inflate;

/// Why a stream was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A picture, or a filter that we do not know.
    Unknown,
    /// More than the budget.
    TooLarge,
}

/// Filters in a row: more have no use but to hide.
const MAX_FILTERS: usize = 8;

/// Takes `filters` off `raw` in their order, paid from `budget`. What is broken ends the
/// content and keeps what came before, as readers do.
pub(super) fn decode(
    raw: &[u8],
    filters: &[(Vec<u8>, Option<Dict>)],
    budget: &mut u64,
) -> Result<Vec<u8>, Fault> {
    if filters.len() > MAX_FILTERS {
        return Err(Fault::Unknown);
    }
    // Also what has no filter costs: a thousand pages may show one stream.
    let raw_bytes = u64::try_from(raw.len()).unwrap_or(u64::MAX);
    *budget = budget.checked_sub(raw_bytes).ok_or(Fault::TooLarge)?;
    let mut octets = raw.to_vec();
    for (name, parameters) in filters {
        let limit = usize::try_from(*budget).unwrap_or(usize::MAX);
        let parameters = parameters.as_ref();
        octets = match name.as_slice() {
            b"FlateDecode" | b"Fl" => predicted(flate(&octets, limit), parameters),
            b"LZWDecode" | b"LZW" => {
                let early = parameters.and_then(|p| p.number("EarlyChange")) != Some(0.0);
                predicted(lzw(&octets, early, limit), parameters)
            }
            b"ASCII85Decode" | b"A85" => ascii_85(&octets),
            b"ASCIIHexDecode" | b"AHx" => ascii_hex(&octets),
            b"RunLengthDecode" | b"RL" => run_length(&octets, limit),
            b"Crypt" => octets,
            _ => return Err(Fault::Unknown),
        };
        if octets.len() >= limit {
            *budget = 0;
            return Err(Fault::TooLarge);
        }
        *budget = budget.saturating_sub(u64::try_from(octets.len()).unwrap_or(u64::MAX));
    }
    Ok(octets)
}

fn flate(octets: &[u8], limit: usize) -> Vec<u8> {
    // Two octets of a zlib header, which some writers leave out.
    let has_header = matches!(octets, [first, second, ..]
        if first & 0x0F == 8 && (usize::from(*first) * 256 + usize::from(*second)) % 31 == 0);
    inflate(octets.get(if has_header { 2 } else { 0 }..).unwrap_or_default(), limit).0
}

/// 7.4.4.2: codes of 9 to 12 bits, highest bit first.
fn lzw(octets: &[u8], early: bool, limit: usize) -> Vec<u8> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut out: Vec<u8> = Vec::new();
    // Each entry is a place in what came out: the string of a code was written before.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let mut last: Option<(usize, usize)> = None;
    let (mut bits, mut count) = (0u32, 0u32);
    let mut width = 9;
    for octet in octets {
        bits = bits << 8 | u32::from(*octet);
        count += 8;
        if count < width {
            continue;
        }
        count -= width;
        let code = usize::try_from(bits >> count & ((1 << width) - 1)).unwrap_or(END);
        bits &= (1 << count) - 1;
        if code == END || out.len() >= limit {
            break;
        }
        if code == CLEAR {
            table.clear();
            last = None;
            width = 9;
            continue;
        }
        let start = out.len();
        if let Ok(literal) = u8::try_from(code) {
            out.push(literal);
        } else if let Some((from, length)) = table.get(code - 258).copied() {
            for at in from..from + length {
                out.extend(out.get(at).copied());
            }
        } else if let Some((from, length)) = last.filter(|_| code - 258 == table.len()) {
            for at in from..=from + length {
                out.extend(out.get(at).copied());
            }
        } else {
            break;
        }
        if let Some((from, length)) = last
            && table.len() < 4096 - 258
        {
            table.push((from, length + 1));
        }
        last = Some((start, out.len() - start));
        let next = table.len() + 258 + 1 + usize::from(early);
        width = match next {
            0..=512 => 9,
            513..=1024 => 10,
            1025..=2048 => 11,
            _ => 12,
        };
    }
    out.truncate(limit);
    out
}

fn ascii_85(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() / 5 * 4);
    let mut group = [0u32; 5];
    let mut filled = 0;
    let mut flush = |group: &[u32; 5], filled: usize| {
        let value = group.iter().fold(0u32, |v, d| v.wrapping_mul(85).wrapping_add(*d));
        out.extend(value.to_be_bytes().iter().take(filled - 1));
    };
    for octet in octets {
        match octet {
            b'~' => break,
            b'z' if filled == 0 => flush(&[0; 5], 5),
            b'!'..=b'u' => {
                if let Some(digit) = group.get_mut(filled) {
                    *digit = u32::from(octet - b'!');
                }
                filled += 1;
                if filled == 5 {
                    flush(&group, 5);
                    filled = 0;
                }
            }
            _ => {}
        }
    }
    if filled > 1 {
        group.iter_mut().skip(filled).for_each(|digit| *digit = 84);
        flush(&group, filled);
    }
    out
}

fn ascii_hex(octets: &[u8]) -> Vec<u8> {
    let digits = octets.iter().take_while(|octet| **octet != b'>');
    let mut digits: Vec<u8> = digits.filter_map(|octet| hex(*octet)).collect();
    if digits.len() % 2 == 1 {
        digits.push(0);
    }
    digits.as_chunks().0.iter().map(|[high, low]: &[u8; 2]| high << 4 | low).collect()
}

fn run_length(octets: &[u8], limit: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = octets;
    while let Some((length, after)) = rest.split_first() {
        let length = usize::from(*length);
        if length == 128 || out.len() >= limit {
            break;
        }
        if length < 128 {
            let (literal, after) = after.split_at(after.len().min(length + 1));
            out.extend_from_slice(literal);
            rest = after;
        } else {
            let Some((octet, after)) = after.split_first() else { break };
            out.resize(out.len() + 257 - length, *octet);
            rest = after;
        }
    }
    out.truncate(limit);
    out
}

/// Undoes a predictor (7.4.4.4) of the PNG kind, which tables and object streams use;
/// that of TIFF is for pictures.
fn predicted(octets: Vec<u8>, parameters: Option<&Dict>) -> Vec<u8> {
    let number = |key: &str, default: f64| {
        let found = parameters.and_then(|parameters| parameters.number(key));
        found.unwrap_or(default).clamp(0.0, 65_536.0) as usize
    };
    if number("Predictor", 1.0) < 10 {
        return octets;
    }
    let bits = number("Colors", 1.0).min(32) * number("BitsPerComponent", 8.0).min(32);
    let step = bits.div_ceil(8).max(1);
    let row_bytes = (bits * number("Columns", 1.0)).div_ceil(8).max(1);
    let mut out: Vec<u8> = Vec::with_capacity(octets.len());
    let mut above = vec![0u8; row_bytes];
    for row in octets.chunks(row_bytes + 1) {
        let Some((kind, row)) = row.split_first() else { break };
        let mut shown: Vec<u8> = Vec::with_capacity(row_bytes);
        for (at, octet) in row.iter().enumerate() {
            let before = |row: &[u8]| at.checked_sub(step).and_then(|at| row.get(at)).copied();
            let left = before(&shown).unwrap_or(0);
            let up = above.get(at).copied().unwrap_or(0);
            let corner = before(&above).unwrap_or(0);
            let guess = match kind {
                1 => left,
                2 => up,
                3 => u8::try_from((u16::from(left) + u16::from(up)) / 2).unwrap_or(0),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            shown.push(octet.wrapping_add(guess));
        }
        out.extend_from_slice(&shown);
        above = shown;
    }
    out
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |octet: u8| (guess - i16::from(octet)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &[u8], name: &str) -> Result<Vec<u8>, Fault> {
        decode(raw, &[(name.as_bytes().to_vec(), None)], &mut 1000)
    }

    #[test]
    fn every_filter_of_text_is_taken_off() {
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(b"hello hello", 6);
        assert_eq!(decoded(&zlib, "FlateDecode"), Ok(b"hello hello".to_vec()));
        assert_eq!(decoded(b"87cURD]i,\"Ebo80~>", "ASCII85Decode"), Ok(b"Hello World!".to_vec()));
        assert_eq!(decoded(b"48 65 6C6c 6F>", "ASCIIHexDecode"), Ok(b"Hello".to_vec()));
        assert_eq!(decoded(b"\x02abc\xFEd\x80", "RunLengthDecode"), Ok(b"abcddd".to_vec()));
        // The example of 7.4.4.2.
        let lzw = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        assert_eq!(decoded(&lzw, "LZWDecode"), Ok(vec![45, 45, 45, 45, 45, 65, 45, 45, 45, 66]));
        assert_eq!(decoded(b"x", "DCTDecode"), Err(Fault::Unknown));
    }

    #[test]
    fn what_swells_beyond_the_budget_is_not_given() {
        let zlib = miniz_oxide::deflate::compress_to_vec_zlib(&[7; 1000], 6);
        let filters = [(b"FlateDecode".to_vec(), None)];
        let raw = zlib.len() as u64;
        assert_eq!(decode(&zlib, &filters, &mut (1000 + raw)), Err(Fault::TooLarge));
        let mut budget = 1001 + raw;
        assert_eq!(decode(&zlib, &filters, &mut budget).map(|o| o.len()), Ok(1000));
        assert_eq!(budget, 1);
    }
}
