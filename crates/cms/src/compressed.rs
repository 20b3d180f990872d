//! CompressedData (RFC 3274): recognised, and expanded within bounds. Nothing here
//! compresses.
//!
//! A few octets of zlib can stand for gigabytes, so the output is counted while it is
//! made: it stops at `Limits::max_expanded_bytes`, and as soon as it is beyond
//! [`MAX_RATIO`] times the input.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};
use zeroize::Zeroizing;

use crate::{
    CmsError, Limits,
    ber::{self, Header},
    oid,
    tlv::content_info,
    write::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, context},
};

/// How many times the compressed octets the content may have. Text of people shrinks to a
/// quarter; zlib itself ends at about 1,030, which only a bomb has.
pub const MAX_RATIO: usize = 200;

/// Up to this many octets no ratio is asked for: a short mail may be one repeated line.
pub const FREE_BYTES: usize = 64 * 1024;

/// How much is expanded between two looks at the bounds.
const STEP_BYTES: usize = 32 * 1024;

/// Whether `input` begins as a `ContentInfo` with CompressedData, in BER of any shape.
/// Whether it can be expanded, [`decompress`] tells.
#[must_use]
pub fn is_compressed(input: &[u8]) -> bool {
    let content_type = || -> Result<_, CmsError> {
        let outer = Header::read(input, 0, input.len())?;
        let oid = Header::read(input, outer.content, input.len())?;
        let content = oid.end.and_then(|end| input.get(oid.content..end));
        Ok((outer.first, oid.first, content))
    };
    content_type()
        .is_ok_and(|found| found == (SEQUENCE, OBJECT_IDENTIFIER, Some(oid::COMPRESSED_DATA)))
}

/// The content of a `ContentInfo` with CompressedData, in BER of any shape. It is as little
/// to be believed as what came: nothing here is authenticated.
///
/// # Errors
/// [`CmsError::WrongContentType`]; [`CmsError::CompressionAlgorithm`];
/// [`CmsError::InnerContentType`] for something else than `id-data` inside;
/// [`CmsError::NoCiphertext`] without content; [`CmsError::ExpandsTooFar`];
/// [`CmsError::Compression`] for a stream that is damaged, cut off, or followed by octets;
/// [`CmsError::Malformed`], and those of [`ber::to_der`].
pub fn decompress(input: &[u8], limits: &Limits) -> Result<Vec<u8>, CmsError> {
    let der = ber::to_der(input, limits)?;
    let (content_type, mut inside) = content_info(&der)?;
    if content_type != oid::COMPRESSED_DATA {
        return Err(CmsError::WrongContentType);
    }
    // RFC 3274 1.3: the version is 0.
    if inside.take(INTEGER)?.content() != [0] {
        return Err(CmsError::Malformed);
    }
    let algorithm = inside.algorithm()?;
    let mut encapsulated = inside.take(SEQUENCE)?.inside();
    inside.finish()?;
    let inner = encapsulated.take(OBJECT_IDENTIFIER)?.content();
    let content = encapsulated.optional(context(0))?;
    encapsulated.finish()?;
    // RFC 3274 2: parameters absent; NULL is what some write.
    if algorithm.oid != oid::ZLIB_COMPRESS || !algorithm.is_plain() {
        return Err(CmsError::CompressionAlgorithm);
    }
    if inner != oid::DATA {
        return Err(CmsError::InnerContentType);
    }
    let mut explicit = content.ok_or(CmsError::NoCiphertext)?.inside();
    let compressed = explicit.take(OCTET_STRING)?.content();
    explicit.finish()?;
    expand(compressed, limits.max_expanded_bytes)
}

/// Expands one zlib stream (RFC 1950), with its checksum.
///
/// It is expanded twice, first to be counted: so the content gets its memory at once, no
/// more than it needs, and no copies stay behind that a growing buffer leaves.
fn expand(compressed: &[u8], max_bytes: usize) -> Result<Vec<u8>, CmsError> {
    let by_ratio = compressed.len().saturating_mul(MAX_RATIO).max(FREE_BYTES);
    let bound = max_bytes.min(by_ratio);
    let len = inflate_steps(compressed, bound, |_| ())?;
    let mut out = Zeroizing::new(Vec::with_capacity(len));
    inflate_steps(compressed, bound, |made| out.extend_from_slice(made))?;
    Ok(std::mem::take(&mut *out))
}

/// Gives out what a stream expands to, step by step, and tells how much it was; at most
/// `bound`.
fn inflate_steps(
    mut compressed: &[u8],
    bound: usize,
    mut give_out: impl FnMut(&[u8]),
) -> Result<usize, CmsError> {
    let mut state = InflateState::new_boxed(DataFormat::Zlib);
    let mut step = Zeroizing::new(vec![0; STEP_BYTES]);
    let mut len = 0;
    loop {
        let result = inflate(&mut state, compressed, &mut step, MZFlush::None);
        let made = step.get(..result.bytes_written).ok_or(CmsError::Compression)?;
        len += made.len();
        if len > bound {
            return Err(CmsError::ExpandsTooFar);
        }
        give_out(made);
        compressed = compressed.get(result.bytes_consumed..).ok_or(CmsError::Compression)?;
        match result.status {
            Ok(MZStatus::StreamEnd) if compressed.is_empty() => return Ok(len),
            // It moved on; the next step may give more. Without a move it is cut off.
            Ok(MZStatus::Ok) if result.bytes_written + result.bytes_consumed > 0 => {}
            Err(MZError::Buf) if result.bytes_written + result.bytes_consumed > 0 => {}
            _ => return Err(CmsError::Compression),
        }
    }
}
