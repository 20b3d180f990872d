//! A connection whose other end is a row of octets.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Between two packets: an octet that no command holds.
pub(crate) const PACKET_END: u8 = 0xff;
/// Packets of one conversation; what comes behind is one more.
const MAX_PACKETS: usize = 64;

/// The packets in `octets`, which stand between octets 0xFF.
pub(crate) fn packets(octets: &[u8]) -> Vec<&[u8]> {
    octets
        .splitn(MAX_PACKETS, |&octet| octet == PACKET_END)
        .filter(|packet| !packet.is_empty())
        .collect()
}

/// Gives out packets, each in reads of its own, and keeps what is written.
pub(crate) struct Memory {
    packets: VecDeque<Vec<u8>>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Memory {
    /// The connection, and where to find what was written to it.
    pub(crate) fn new(octets: &[u8]) -> (Self, Written) {
        let written = Arc::new(Mutex::new(Vec::new()));
        let packets = packets(octets).into_iter().map(<[u8]>::to_vec).collect();
        (Self { packets, written: Arc::clone(&written) }, Written(written))
    }
}

/// What was written so far.
#[derive(Clone)]
pub(crate) struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    pub(crate) fn octets(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(packet) = self.packets.front_mut() {
            let part = packet.len().min(room.remaining());
            room.put_slice(&packet[..part]);
            packet.drain(..part);
            if packet.is_empty() {
                self.packets.pop_front();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs to the end on a runtime that stays for the next conversation.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// Whether each CR is followed by LF and each LF preceded by CR.
pub(crate) fn has_only_crlf(octets: &[u8]) -> bool {
    let crlf = octets.windows(2).filter(|pair| pair == b"\r\n").count();
    let of = |wanted: u8| octets.iter().filter(|&&octet| octet == wanted).count();
    of(b'\r') == crlf && of(b'\n') == crlf
}
