//! Frames: a length of four octets, most significant first, then that many octets
//! holding exactly one CBOR item (RFC 8949).
//!
//! The asynchronous functions serve sockets between roles; those ending in `_sync`
//! serve a worker process, which has no runtime and talks over its standard streams.
//! What holds a whole mail travels as [`crate::laden`] says.
//!
//! Between request and answer the role that is asked sends an empty frame every five
//! seconds: whoever waits tells one that works from one that is no longer there.

use std::io;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Largest content of a frame between roles, in bytes: a mail of 100 MB in two forms.
pub const MAX_FRAME_BYTES: usize = 200 * 1024 * 1024;

/// Octets of the length in front of each frame.
pub(crate) const HEADER_BYTES: usize = 4;

/// What a role sends while it works on an answer: a frame without content, which holds no
/// CBOR item and so is never an answer.
pub(crate) const PULSE: [u8; HEADER_BYTES] = [0; HEADER_BYTES];

/// How often it does.
pub(crate) const PULSE_EVERY: Duration = Duration::from_secs(5);

/// How much is set aside on the word of a frame's length alone, in bytes. The rest
/// follows when so much has really come.
const TRUSTED_BYTES: usize = 1024 * 1024;

/// Why a frame could not be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(io::ErrorKind),
    /// The other side ended in the middle of a frame.
    #[error("the other side ended in the middle of a frame")]
    Truncated,
    /// The frame is longer than the reader or writer allows.
    #[error("the frame is longer than {max} bytes")]
    TooLarge {
        /// The largest length allowed, in bytes.
        max: usize,
    },
    /// The content is not one CBOR item of the expected kind. What it was instead is
    /// left out: it may be confidential.
    #[error("the frame's content is not what was expected")]
    Malformed,
    /// The value to be written has no CBOR form. The program is at fault.
    #[error("the value cannot be written as CBOR")]
    Unencodable,
}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            kind => Self::Io(kind),
        }
    }
}

/// Reads one frame of at most `max_bytes` content. `None` means that the other side
/// ended where a frame would have begun.
///
/// # Errors
/// [`FrameError::TooLarge`] before any content is read; the stream is then, as after
/// every error, of no further use.
pub async fn read_frame<T: DeserializeOwned>(
    reader: &mut (impl AsyncRead + Unpin),
    max_bytes: usize,
) -> Result<Option<T>, FrameError> {
    let mut header = [0; HEADER_BYTES];
    let mut filled = 0;
    while let Some(rest) = header.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest).await? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(FrameError::Truncated),
            read => filled += read,
        }
    }
    let length = content_length(header, max_bytes)?;
    let mut content = Vec::new();
    for step in steps(length) {
        reserve(&mut content, step)?;
        (&mut *reader).take(octets(step)).read_to_end(&mut content).await?;
    }
    decode(&content, length).map(Some)
}

/// Writes `value` as one frame of at most `max_bytes` content and flushes.
///
/// # Errors
/// [`FrameError::TooLarge`] and [`FrameError::Unencodable`] before anything is sent.
pub async fn write_frame<T: Serialize + ?Sized>(
    writer: &mut (impl AsyncWrite + Unpin),
    value: &T,
    max_bytes: usize,
) -> Result<(), FrameError> {
    let frame = encode(value, max_bytes)?;
    writer.write_all(&frame).await?;
    writer.flush().await?;
    Ok(())
}

/// [`read_frame`] over a blocking reader.
///
/// # Errors
/// As [`read_frame`].
pub fn read_frame_sync<T: DeserializeOwned>(
    reader: &mut impl io::Read,
    max_bytes: usize,
) -> Result<Option<T>, FrameError> {
    let mut header = [0; HEADER_BYTES];
    let mut filled = 0;
    while let Some(rest) = header.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Truncated),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let length = content_length(header, max_bytes)?;
    let mut content = Vec::new();
    for step in steps(length) {
        reserve(&mut content, step)?;
        io::Read::read_to_end(&mut io::Read::take(&mut *reader, octets(step)), &mut content)?;
    }
    decode(&content, length).map(Some)
}

/// [`write_frame`] over a blocking writer.
///
/// # Errors
/// As [`write_frame`].
pub fn write_frame_sync<T: Serialize + ?Sized>(
    writer: &mut impl io::Write,
    value: &T,
    max_bytes: usize,
) -> Result<(), FrameError> {
    let frame = encode(value, max_bytes)?;
    writer.write_all(&frame)?;
    writer.flush()?;
    Ok(())
}

/// The whole frame, header and content, in one piece.
pub(crate) fn encode<T: Serialize + ?Sized>(
    value: &T,
    max_bytes: usize,
) -> Result<Vec<u8>, FrameError> {
    let max_bytes = max_bytes.min(u32::MAX as usize);
    let mut frame = BoundedFrame { octets: vec![0; HEADER_BYTES], max_bytes, overflowed: false };
    let encoded = ciborium::into_writer(value, &mut frame);
    if frame.overflowed {
        return Err(FrameError::TooLarge { max: max_bytes });
    }
    encoded.map_err(|_| FrameError::Unencodable)?;
    let mut octets = frame.octets;
    let length = u32::try_from(octets.len().saturating_sub(HEADER_BYTES))
        .map_err(|_| FrameError::TooLarge { max: max_bytes })?;
    if let Some(header) = octets.first_chunk_mut() {
        *header = length.to_be_bytes();
    }
    Ok(octets)
}

/// A frame that stops growing at its bound rather than being measured afterwards.
struct BoundedFrame {
    octets: Vec<u8>,
    max_bytes: usize,
    overflowed: bool,
}

impl io::Write for BoundedFrame {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.octets.len() - HEADER_BYTES + octets.len() > self.max_bytes {
            self.overflowed = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.octets.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn content_length(header: [u8; HEADER_BYTES], max_bytes: usize) -> Result<usize, FrameError> {
    let length = usize::try_from(u32::from_be_bytes(header)).unwrap_or(usize::MAX);
    if length > max_bytes {
        return Err(FrameError::TooLarge { max: max_bytes });
    }
    Ok(length)
}

/// The content in two steps: what is believed, and what follows once that has come.
pub(crate) fn steps(length: usize) -> [usize; 2] {
    let first = length.min(TRUSTED_BYTES);
    [first, length - first]
}

pub(crate) fn reserve(content: &mut Vec<u8>, more: usize) -> Result<(), FrameError> {
    content.try_reserve_exact(more).map_err(|_| FrameError::Io(io::ErrorKind::OutOfMemory))
}

pub(crate) fn octets(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn decode<T: DeserializeOwned>(content: &[u8], length: usize) -> Result<T, FrameError> {
    if content.len() < length {
        return Err(FrameError::Truncated);
    }
    let mut rest = content;
    let value = ciborium::from_reader(&mut rest).map_err(|_| FrameError::Malformed)?;
    if !rest.is_empty() {
        return Err(FrameError::Malformed);
    }
    Ok(value)
}
