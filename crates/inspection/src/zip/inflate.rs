//! Deflate (RFC 1951) with a bound on what comes out.

use miniz_oxide::{
    DataFormat, MZError, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate as step},
};

/// How a compressed stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// At its own end mark.
    Complete,
    /// The input ended first.
    Truncated,
    /// It is no deflate stream from here on.
    Corrupt,
    /// More than the bound came out.
    TooLong,
}

/// Octets that one octet of deflate can become, at most.
const MAX_RATIO: usize = 1032;

/// Expands `input` to at most `limit` octets. Returns what came out, how much of the
/// input was used, and how it ended.
pub(crate) fn inflate(input: &[u8], limit: usize) -> (Vec<u8>, usize, Ended) {
    let mut state = InflateState::new_boxed(DataFormat::Raw);
    // Room for what can come out at most, so that growing does not double the memory.
    let mut out = Vec::with_capacity(limit.min(input.len().saturating_mul(MAX_RATIO)));
    let mut used = 0;
    let mut piece = [0; 32 * 1024];
    loop {
        let rest = input.get(used..).unwrap_or_default();
        let result = step(&mut state, rest, &mut piece, MZFlush::None);
        used += result.bytes_consumed;
        let written = piece.get(..result.bytes_written).unwrap_or_default();
        let room = limit - out.len();
        out.extend_from_slice(written.get(..written.len().min(room)).unwrap_or_default());
        if written.len() > room {
            return (out, used, Ended::TooLong);
        }
        match result.status {
            Ok(MZStatus::StreamEnd) => return (out, used, Ended::Complete),
            Ok(_) if result.bytes_consumed == 0 && written.is_empty() => {
                return (out, used, Ended::Truncated);
            }
            Ok(_) => {}
            Err(MZError::Buf) => return (out, used, Ended::Truncated),
            Err(_) => return (out, used, Ended::Corrupt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deflated(octets: &[u8]) -> Vec<u8> {
        miniz_oxide::deflate::compress_to_vec(octets, 6)
    }

    #[test]
    fn the_bound_is_met_exactly_and_one_past_it_is_told() {
        let input = deflated(&[7; 100_000]);
        let (out, used, ended) = inflate(&input, 100_000);
        assert_eq!((out.len(), used, ended), (100_000, input.len(), Ended::Complete));
        let (out, _, ended) = inflate(&input, 99_999);
        assert_eq!((out.len(), ended), (99_999, Ended::TooLong));
    }

    #[test]
    fn every_bad_end_has_its_name() {
        let input = deflated(b"some text that does not compress to nothing");
        assert_eq!(inflate(&input[..input.len() - 3], 1000).2, Ended::Truncated);
        assert_eq!(inflate(&[0xFF; 20], 1000).2, Ended::Corrupt);
        assert_eq!(inflate(b"", 1000).2, Ended::Truncated);
    }

    #[test]
    fn octets_behind_the_stream_are_not_used() {
        let mut input = deflated(b"text");
        let length = input.len();
        input.extend_from_slice(b"more");
        let (out, used, ended) = inflate(&input, 1000);
        assert_eq!((out.as_slice(), used, ended), (b"text".as_slice(), length, Ended::Complete));
    }
}
