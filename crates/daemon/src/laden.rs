//! Messages laden with mail: large octets travel behind the frame as they are.
//!
//! In a frame of CBOR a mail is in memory three times on each side: as it is, encoded,
//! and once more decoded. Here the frame holds the lengths of the large octets and
//! everything else; they follow it, one after the other, and are written from and read
//! into the memory that they stay in.

use std::io;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::frame::{self, FrameError};

/// How many octet strings one message may carry: a copy for each of a thousand
/// recipients, and some.
pub const MAX_PIECES: usize = 4096;

/// A message whose large octets can be taken out and put back.
pub trait Laden: Serialize + DeserializeOwned {
    /// Takes the large octets out, always in the same order, and leaves none in there.
    fn unload(&mut self) -> Vec<Arc<Vec<u8>>>;

    /// Puts back what [`Laden::unload`] took: as many as it gave. `None` when these are
    /// fewer.
    fn load(&mut self, pieces: &mut dyn Iterator<Item = Vec<u8>>) -> Option<()>;
}

impl<T: Laden, E: Serialize + DeserializeOwned> Laden for Result<T, E> {
    fn unload(&mut self) -> Vec<Arc<Vec<u8>>> {
        self.as_mut().map_or_else(|_| Vec::new(), T::unload)
    }

    fn load(&mut self, pieces: &mut dyn Iterator<Item = Vec<u8>>) -> Option<()> {
        self.as_mut().map_or(Some(()), |message| message.load(pieces))
    }
}

/// What stands in the frame.
#[derive(Serialize)]
struct Written<'m, T> {
    lengths: Vec<usize>,
    message: &'m T,
}

#[derive(Deserialize)]
struct Read<T> {
    lengths: Vec<usize>,
    message: T,
}

/// A message as it is written: the frame, and what comes behind it.
#[derive(Debug)]
pub(crate) struct Packed {
    frame: Vec<u8>,
    pieces: Vec<Arc<Vec<u8>>>,
}

impl Packed {
    /// # Errors
    /// [`FrameError::TooLarge`] when all of it is longer than `max_bytes`, and
    /// [`FrameError::Unencodable`].
    pub(crate) fn new(mut message: impl Laden, max_bytes: usize) -> Result<Self, FrameError> {
        let pieces = message.unload();
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.len()).collect();
        let rest = room(&lengths, max_bytes)?;
        let frame = frame::encode(&Written { lengths, message: &message }, rest)?;
        Ok(Self { frame, pieces })
    }

    pub(crate) async fn write(&self, writer: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        writer.write_all(&self.frame).await?;
        for piece in &self.pieces {
            writer.write_all(piece).await?;
        }
        writer.flush().await
    }
}

/// Writes a message whose frame and pieces have at most `max_bytes` together. Each piece
/// is given up when it is written.
///
/// # Errors
/// [`FrameError::TooLarge`] and [`FrameError::Unencodable`] before anything is sent.
pub async fn write_laden(
    writer: &mut (impl AsyncWrite + Unpin),
    message: impl Laden,
    max_bytes: usize,
) -> Result<(), FrameError> {
    let Packed { frame, pieces } = Packed::new(message, max_bytes)?;
    writer.write_all(&frame).await?;
    for piece in pieces {
        writer.write_all(&piece).await?;
    }
    writer.flush().await?;
    Ok(())
}

/// [`write_laden`] over a blocking writer.
///
/// # Errors
/// As [`write_laden`].
pub fn write_laden_sync(
    writer: &mut impl io::Write,
    message: impl Laden,
    max_bytes: usize,
) -> Result<(), FrameError> {
    let Packed { frame, pieces } = Packed::new(message, max_bytes)?;
    writer.write_all(&frame)?;
    for piece in pieces {
        writer.write_all(&piece)?;
    }
    writer.flush()?;
    Ok(())
}

/// Reads a message of at most `max_bytes`. `None` means that the other side ended where
/// one would have begun.
///
/// # Errors
/// [`FrameError::TooLarge`] before more than the frame is read; the stream is then, as
/// after every error, of no further use.
pub async fn read_laden<T: Laden>(
    reader: &mut (impl AsyncRead + Unpin),
    max_bytes: usize,
) -> Result<Option<T>, FrameError> {
    let Some(read) = frame::read_frame::<Read<T>>(reader, max_bytes).await? else {
        return Ok(None);
    };
    room(&read.lengths, max_bytes)?;
    let mut pieces = Vec::with_capacity(read.lengths.len());
    for length in &read.lengths {
        let mut piece = Vec::new();
        for step in frame::steps(*length) {
            frame::reserve(&mut piece, step)?;
            (&mut *reader).take(frame::octets(step)).read_to_end(&mut piece).await?;
        }
        pieces.push(whole(piece, *length)?);
    }
    put_together(read.message, pieces).map(Some)
}

/// [`read_laden`] over a blocking reader.
///
/// # Errors
/// As [`read_laden`].
pub fn read_laden_sync<T: Laden>(
    reader: &mut impl io::Read,
    max_bytes: usize,
) -> Result<Option<T>, FrameError> {
    let Some(read) = frame::read_frame_sync::<Read<T>>(reader, max_bytes)? else {
        return Ok(None);
    };
    room(&read.lengths, max_bytes)?;
    let mut pieces = Vec::with_capacity(read.lengths.len());
    for length in &read.lengths {
        let mut piece = Vec::new();
        for step in frame::steps(*length) {
            frame::reserve(&mut piece, step)?;
            io::Read::read_to_end(
                &mut io::Read::take(&mut *reader, frame::octets(step)),
                &mut piece,
            )?;
        }
        pieces.push(whole(piece, *length)?);
    }
    put_together(read.message, pieces).map(Some)
}

/// What is left of `max_bytes` beside pieces of these lengths.
fn room(lengths: &[usize], max_bytes: usize) -> Result<usize, FrameError> {
    let too_large = FrameError::TooLarge { max: max_bytes };
    if lengths.len() > MAX_PIECES {
        return Err(too_large);
    }
    lengths.iter().try_fold(max_bytes, |left, length| left.checked_sub(*length)).ok_or(too_large)
}

fn whole(piece: Vec<u8>, length: usize) -> Result<Vec<u8>, FrameError> {
    if piece.len() < length { Err(FrameError::Truncated) } else { Ok(piece) }
}

/// As many pieces as the message has places for, and none of them filled already.
fn put_together<T: Laden>(mut message: T, pieces: Vec<Vec<u8>>) -> Result<T, FrameError> {
    let places = message.unload();
    if places.len() != pieces.len() || places.iter().any(|place| !place.is_empty()) {
        return Err(FrameError::Malformed);
    }
    message.load(&mut pieces.into_iter()).ok_or(FrameError::Malformed)?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message with one small and any number of large fields.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Letters {
        to: String,
        letters: Vec<Vec<u8>>,
    }

    impl Laden for Letters {
        fn unload(&mut self) -> Vec<Arc<Vec<u8>>> {
            self.letters.iter_mut().map(|letter| Arc::new(std::mem::take(letter))).collect()
        }

        fn load(&mut self, pieces: &mut dyn Iterator<Item = Vec<u8>>) -> Option<()> {
            self.letters.iter_mut().try_for_each(|letter| {
                *letter = pieces.next()?;
                Some(())
            })
        }
    }

    fn letters() -> Letters {
        Letters { to: "bob".to_owned(), letters: vec![b"one".to_vec(), vec![], vec![7; 3 << 20]] }
    }

    fn written(message: impl Laden, max: usize) -> Result<Vec<u8>, FrameError> {
        let mut octets = Vec::new();
        write_laden_sync(&mut octets, message, max).map(|()| octets)
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_both_readers_agree() {
        let octets = written(letters(), 4 << 20).unwrap();
        let mut asynchronous = Vec::new();
        write_laden(&mut asynchronous, letters(), 4 << 20).await.unwrap();
        assert_eq!(octets, asynchronous);
        let mut twice = [octets.as_slice(), &octets].concat();
        twice.extend(written(Ok::<Letters, ()>(letters()), 4 << 20).unwrap());
        let mut reader = twice.as_slice();
        assert_eq!(read_laden_sync::<Letters>(&mut reader, 4 << 20), Ok(Some(letters())));
        assert_eq!(read_laden::<Letters>(&mut reader, 4 << 20).await, Ok(Some(letters())));
        let result = read_laden_sync::<Result<Letters, ()>>(&mut reader, 4 << 20);
        assert_eq!(result, Ok(Some(Ok(letters()))));
        assert_eq!(read_laden_sync::<Letters>(&mut reader, 4 << 20), Ok(None));
    }

    #[test]
    fn frame_and_pieces_together_have_one_bound() {
        let message = Letters { to: String::new(), letters: vec![vec![0; 1000]] };
        let frame = written(Letters { letters: vec![vec![]], ..message.clone() }, 1000).unwrap();
        // The length has two octets more in CBOR, and the header of the frame counts not.
        let max = 1000 + frame.len() - 4 + 2;
        let octets = written(message.clone(), max).unwrap();
        assert_eq!(
            read_laden_sync::<Letters>(&mut octets.as_slice(), max),
            Ok(Some(message.clone()))
        );
        let too_large = FrameError::TooLarge { max: 999 };
        assert_eq!(written(message, 999).unwrap_err(), too_large);
        let read = read_laden_sync::<Letters>(&mut octets.as_slice(), 999);
        assert_eq!(read.unwrap_err(), too_large);
    }

    #[test]
    fn a_message_cut_anywhere_is_an_error() {
        let message =
            Letters { to: "b".to_owned(), letters: vec![b"one".to_vec(), b"two".to_vec()] };
        let octets = written(message, 1000).unwrap();
        for end in 1..octets.len() {
            let read = read_laden_sync::<Letters>(&mut &octets[..end], 1000);
            assert_eq!(read, Err(FrameError::Truncated), "{end}");
        }
    }

    #[test]
    fn pieces_without_a_place_and_places_without_a_piece_are_refused() {
        let mut message = letters();
        message.letters.iter_mut().for_each(Vec::clear);
        for lengths in [vec![], vec![1], vec![1; 4]] {
            let mut octets = Vec::new();
            let pieces = vec![b'x'; lengths.len()];
            let written = Written { lengths, message: &message };
            frame::write_frame_sync(&mut octets, &written, 1000).unwrap();
            octets.extend(pieces);
            let read = read_laden_sync::<Letters>(&mut octets.as_slice(), 1000);
            assert_eq!(read, Err(FrameError::Malformed));
        }
        // A place that is filled in the frame already would be said twice.
        let filled = Letters { to: String::new(), letters: vec![b"x".to_vec()] };
        let mut octets = Vec::new();
        frame::write_frame_sync(&mut octets, &Written { lengths: vec![0], message: &filled }, 1000)
            .unwrap();
        let read = read_laden_sync::<Letters>(&mut octets.as_slice(), 1000);
        assert_eq!(read, Err(FrameError::Malformed));
    }

    #[test]
    fn lengths_that_do_not_fit_into_memory_are_refused_unread() {
        let message = Letters { to: String::new(), letters: vec![vec![], vec![]] };
        for lengths in [vec![usize::MAX, 1], vec![999, 999], vec![0; MAX_PIECES + 1]] {
            let mut octets = Vec::new();
            let written = Written { lengths, message: &message };
            frame::write_frame_sync(&mut octets, &written, 100_000).unwrap();
            let read = read_laden_sync::<Letters>(&mut octets.as_slice(), 1000);
            assert!(matches!(read, Err(FrameError::TooLarge { .. })), "{read:?}");
        }
    }
}
