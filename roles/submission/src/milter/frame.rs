//! Frames on a connection.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Why there is no frame.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameFault {
    /// It says that it has no octets, or more than are taken.
    #[error("a frame of {0} octets")]
    Length(u32),
    /// The connection broke within it.
    #[error("the connection broke: {0}")]
    Broken(io::ErrorKind),
}

/// The octets of the next frame; `None` when the connection has ended between two.
pub(crate) async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
    max_bytes: usize,
) -> Result<Option<Vec<u8>>, FrameFault> {
    let broken = |error: io::Error| FrameFault::Broken(error.kind());
    let mut length = [0; 4];
    let (first, behind) = length.split_at_mut(1);
    if stream.read(first).await.map_err(broken)? == 0 {
        return Ok(None);
    }
    stream.read_exact(behind).await.map_err(broken)?;
    let length = u32::from_be_bytes(length);
    let octets = usize::try_from(length).ok().filter(|octets| (1..=max_bytes).contains(octets));
    let mut frame = vec![0; octets.ok_or(FrameFault::Length(length))?];
    stream.read_exact(&mut frame).await.map_err(broken)?;
    Ok(Some(frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut octets: &[u8], max_bytes: usize) -> Result<Option<Vec<u8>>, FrameFault> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(read_frame(&mut octets, max_bytes))
    }

    #[test]
    fn a_frame_of_the_limit_is_read_and_one_octet_more_is_not() {
        assert_eq!(read(b"\0\0\0\x02ab", 2), Ok(Some(b"ab".to_vec())));
        assert_eq!(read(b"\0\0\0\x03abc", 2), Err(FrameFault::Length(3)));
        assert_eq!(read(b"\xff\xff\xff\xff", 2), Err(FrameFault::Length(u32::MAX)));
        assert_eq!(read(b"\0\0\0\0", 2), Err(FrameFault::Length(0)));
    }

    #[test]
    fn an_end_between_frames_is_an_end_and_within_one_a_fault() {
        assert_eq!(read(b"", 2), Ok(None));
        let broken = FrameFault::Broken(io::ErrorKind::UnexpectedEof);
        for octets in [&b"\0"[..], b"\0\0\0", b"\0\0\0\x02a"] {
            assert_eq!(read(octets, 2).unwrap_err(), broken, "{}", octets.escape_ascii());
        }
    }
}
