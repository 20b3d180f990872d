//! Compressed RTF (MS-OXRTFCP), as mails of Outlook carry their text.

use crate::zip::u32_at;

/// What every dictionary begins with (2.1.2.1).
const DICTIONARY: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

const DICTIONARY_BYTES: usize = 4096;
const HEADER_BYTES: usize = 16;
const COMPRESSED: u32 = 0x7546_5A4C;
const PLAIN: u32 = 0x414C_454D;

/// The RTF, at most `limit` octets; `None` if it is none. It is read to its end, not to the
/// size that its sender wrote.
pub(crate) fn expand(octets: &[u8], limit: usize) -> Option<Vec<u8>> {
    let body = octets.get(HEADER_BYTES..)?;
    match u32_at(octets, 8)? {
        PLAIN => Some(body.get(..limit.min(body.len()))?.to_vec()),
        COMPRESSED => Some(expanded(body, limit)),
        _ => None,
    }
}

/// Groups of a flag octet and eight tokens: a literal, or two octets that copy from the
/// dictionary, which what comes out is written to.
fn expanded(body: &[u8], size: usize) -> Vec<u8> {
    let mut dictionary = [b' '; DICTIONARY_BYTES];
    if let Some(start) = dictionary.get_mut(..DICTIONARY.len()) {
        start.copy_from_slice(DICTIONARY);
    }
    let mut at = DICTIONARY.len();
    let mut out = Vec::new();
    let mut rest = body;
    let mut put = |octet: u8, at: &mut usize, dictionary: &mut [u8; DICTIONARY_BYTES]| {
        if let Some(slot) = dictionary.get_mut(*at) {
            *slot = octet;
        }
        *at = (*at + 1) % DICTIONARY_BYTES;
        out.push(octet);
        out.len() < size
    };
    'all: while let Some((flags, after)) = rest.split_first() {
        rest = after;
        for bit in 0..8 {
            if flags >> bit & 1 == 0 {
                let Some((literal, after)) = rest.split_first() else { break 'all };
                rest = after;
                if !put(*literal, &mut at, &mut dictionary) {
                    break 'all;
                }
                continue;
            }
            let Some((token, after)) = rest.split_first_chunk::<2>() else { break 'all };
            rest = after;
            let token = u16::from_be_bytes(*token);
            let (from, length) = (usize::from(token >> 4), usize::from(token & 0xF) + 2);
            // 2.2.2.1: a copy from where it would be written to ends it.
            if from == at {
                break 'all;
            }
            for step in 0..length {
                let octet = dictionary.get((from + step) % DICTIONARY_BYTES).copied();
                if !put(octet.unwrap_or(b' '), &mut at, &mut dictionary) {
                    break 'all;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first example of MS-OXRTFCP 4.1.
    #[test]
    fn the_example_of_the_specification_expands() {
        let packed = b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\x0a\0rcpg125B\x32\x0a\xf3 hel\x09\0 bw\x05\xb0ld}\x0a\x80\x0f\xa0";
        let rtf = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";
        assert_eq!(DICTIONARY.len(), 207);
        assert_eq!(expand(packed, 1000).as_deref(), Some(&rtf[..]));
        assert_eq!(expand(packed, 10).as_deref(), Some(&rtf[..10]));
        let mut short = packed.to_vec();
        short[4] = 5;
        assert_eq!(expand(&short, 1000).as_deref(), Some(&rtf[..]), "a size too small");
        assert_eq!(expand(b"nothing of the kind", 10), None);
    }
}
