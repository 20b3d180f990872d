//! Lines over a connection, both directions, bounded and linear.
//!
//! Only CRLF ends a line. A line with a bare LF is a fault of its own kind, because a
//! peer that sends one may see other line borders than we do (SMTP smuggling).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroize;

/// Octets read ahead per connection; also the longest line that any caller may ask for.
pub(crate) const BUFFER_BYTES: usize = 16 * 1024;
/// How much of an overlong line is skipped while looking for its end.
pub(crate) const MAX_SKIPPED_BYTES: usize = 64 * 1024;

/// What a connection must do: TCP, a UNIX socket, or TLS over either.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why there is no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineFault {
    /// An LF without CR before it. Line borders are in doubt: close.
    BareLf,
    /// A CR inside the line. The line has been skipped to its CRLF.
    BareCr,
    /// Longer than allowed. The line has been skipped to its CRLF.
    TooLong,
    /// So long that its end was not looked for any further: close.
    Endless,
    /// The peer closed, in the middle of a line or between two.
    Closed,
    /// The connection broke. How does not matter: the peer is gone.
    Broken,
}

impl From<io::Error> for LineFault {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// A connection with a read buffer and a write buffer.
///
/// Every method can be cancelled and called again: what was read or written by then is
/// remembered. Only an overlong line whose skipping was cancelled is met again as a new
/// one; both callers close after a cancelled read.
pub(crate) struct Channel {
    stream: Box<dyn Stream>,
    input: Vec<u8>,
    start: usize,
    end: usize,
    output: Vec<u8>,
    written: usize,
}

impl Channel {
    pub(crate) fn new(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            input: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            output: Vec::new(),
            written: 0,
        }
    }

    /// Gives the connection back, for a TLS handshake on it. What was read ahead is
    /// discarded with the buffer: RFC 3207 4.2, nothing said in clear counts after TLS.
    pub(crate) fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }

    /// What has been read and not consumed.
    pub(crate) fn buffered(&self) -> &[u8] {
        self.input.get(self.start..self.end).unwrap_or_default()
    }

    /// Marks the first octets of [`Channel::buffered`] as used.
    pub(crate) fn consume(&mut self, octets: usize) {
        self.start = self.end.min(self.start.saturating_add(octets));
    }

    /// Overwrites the whole read buffer except what is still unread: a password was in it.
    pub(crate) fn wipe_consumed(&mut self) {
        if let Some(used) = self.input.get_mut(..self.start) {
            used.zeroize();
        }
        if let Some(unused) = self.input.get_mut(self.end..) {
            unused.zeroize();
        }
    }

    /// Sends what waits to be sent, then reads more. 0 means that the peer closed.
    pub(crate) async fn fill(&mut self) -> io::Result<usize> {
        self.flush().await?;
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let Some(room) = self.input.get_mut(self.end..).filter(|room| !room.is_empty()) else {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        };
        let read = self.stream.read(room).await?;
        self.end += read;
        Ok(read)
    }

    /// Puts octets where the next read or [`Channel::flush`] sends them.
    pub(crate) fn queue(&mut self, octets: &[u8]) {
        self.output.extend_from_slice(octets);
    }

    /// How much waits to be sent.
    pub(crate) fn queued(&self) -> usize {
        self.output.len() - self.written
    }

    /// Sends what waits to be sent.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        while let Some(rest) = self.output.get(self.written..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest).await? {
                0 => return Err(io::Error::from(io::ErrorKind::WriteZero)),
                written => self.written += written,
            }
        }
        self.stream.flush().await?;
        self.output.clear();
        self.written = 0;
        Ok(())
    }

    /// Ends our side of the connection, with TLS's own farewell where there is TLS.
    pub(crate) async fn shutdown(&mut self) {
        // The peer may be gone already, and nothing depends on this any more.
        let _ = self.stream.shutdown().await;
    }

    /// Reads and discards, at most so many octets. Closing with octets unread makes the
    /// system reset the connection, and the peer may never see our last words.
    pub(crate) async fn drain(&mut self, most: usize) {
        let mut drained = 0;
        while drained < most {
            match self.stream.read(&mut self.input).await {
                Ok(0) | Err(_) => break,
                Ok(read) => drained += read,
            }
        }
    }

    /// The next line without its CRLF, at most `limit` octets long with it.
    ///
    /// Sends what waits to be sent only when there is no whole line left to read, so
    /// replies to pipelined commands travel together (RFC 2920 3.2).
    pub(crate) async fn line(&mut self, limit: usize) -> Result<Vec<u8>, LineFault> {
        let limit = limit.min(BUFFER_BYTES);
        let mut searched = 0;
        loop {
            let fresh = self.buffered().get(searched..).unwrap_or_default();
            match fresh.iter().position(|&octet| octet == b'\n') {
                Some(at) if searched + at < limit => return self.take_line(searched + at),
                Some(_) => return Err(self.skip_line().await),
                None if self.buffered().len() >= limit => return Err(self.skip_line().await),
                None => searched = self.buffered().len(),
            }
            if self.fill().await? == 0 {
                return Err(LineFault::Closed);
            }
        }
    }

    /// Takes the line whose LF is at `lf`.
    fn take_line(&mut self, lf: usize) -> Result<Vec<u8>, LineFault> {
        let line = self.buffered().get(..lf).unwrap_or_default();
        let line = line.strip_suffix(b"\r").map(<[u8]>::to_vec);
        self.consume(lf + 1);
        let line = line.ok_or(LineFault::BareLf)?;
        if line.contains(&b'\r') { Err(LineFault::BareCr) } else { Ok(line) }
    }

    async fn skip_line(&mut self) -> LineFault {
        let mut skipped = 0;
        let mut last = 0;
        loop {
            let found = self.buffered().iter().position(|&octet| octet == b'\n');
            let seen = found.unwrap_or(self.buffered().len());
            last = match seen.checked_sub(1) {
                Some(before) => self.buffered().get(before).copied().unwrap_or_default(),
                None => last,
            };
            skipped += seen;
            if found.is_some() {
                self.consume(seen + 1);
                return if last == b'\r' { LineFault::TooLong } else { LineFault::BareLf };
            }
            self.consume(seen);
            if skipped > MAX_SKIPPED_BYTES {
                return LineFault::Endless;
            }
            match self.fill().await {
                Ok(0) => return LineFault::Closed,
                Ok(_) => {}
                Err(_) => return LineFault::Broken,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the chunks as separate reads and closes.
    async fn channel(chunks: &[&[u8]]) -> Channel {
        let (ours, mut theirs) = tokio::io::duplex(1);
        let chunks: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        tokio::spawn(async move {
            for chunk in chunks {
                if theirs.write_all(&chunk).await.is_err() {
                    return;
                }
            }
        });
        Channel::new(ours)
    }

    #[tokio::test]
    async fn only_crlf_ends_a_line() {
        let mut channel = channel(&[b"NO", b"OP\r", b"\nRSET\r\n\r\nx"]).await;
        assert_eq!(channel.line(100).await.unwrap(), b"NOOP");
        assert_eq!(channel.line(100).await.unwrap(), b"RSET");
        assert_eq!(channel.line(100).await.unwrap(), b"");
        assert!(matches!(channel.line(100).await, Err(LineFault::Closed)));
    }

    #[tokio::test]
    async fn a_bare_lf_is_its_own_fault_even_behind_an_overlong_line() {
        assert!(matches!(channel(&[b"NOOP\nx\r\n"]).await.line(9).await, Err(LineFault::BareLf)));
        assert!(matches!(channel(&[b"\n"]).await.line(9).await, Err(LineFault::BareLf)));
        let long = [b"x".repeat(50), b"\n".to_vec()].concat();
        assert!(matches!(channel(&[&long]).await.line(9).await, Err(LineFault::BareLf)));
    }

    #[tokio::test]
    async fn a_bare_cr_spoils_its_own_line_only() {
        let mut channel = channel(&[b"NO\rOP\r\nA\r\r\nRSET\r\n"]).await;
        assert!(matches!(channel.line(100).await, Err(LineFault::BareCr)));
        assert!(matches!(channel.line(100).await, Err(LineFault::BareCr)));
        assert_eq!(channel.line(100).await.unwrap(), b"RSET");
    }

    #[tokio::test]
    async fn a_line_of_the_limit_is_read_and_one_octet_more_is_skipped() {
        let at = [b"x".repeat(98), b"\r\n".to_vec()].concat();
        let over = [b"y".repeat(99), b"\r\n".to_vec()].concat();
        let mut channel = channel(&[&at, &over, &at]).await;
        assert_eq!(channel.line(100).await.unwrap().len(), 98);
        assert!(matches!(channel.line(100).await, Err(LineFault::TooLong)));
        assert_eq!(channel.line(100).await.unwrap().len(), 98);
    }

    #[tokio::test]
    async fn a_line_without_end_is_given_up() {
        let endless = b"z".repeat(MAX_SKIPPED_BYTES + BUFFER_BYTES);
        assert!(matches!(channel(&[&endless]).await.line(100).await, Err(LineFault::Endless)));
    }

    #[tokio::test]
    async fn a_wiped_password_is_nowhere_in_the_buffer() {
        let mut channel = channel(&[b"AUTH secret\r\nNEXT\r\n"]).await;
        channel.line(100).await.unwrap();
        channel.wipe_consumed();
        assert!(!channel.input.windows(6).any(|octets| octets == b"secret"));
        assert_eq!(channel.line(100).await.unwrap(), b"NEXT");
        channel.wipe_consumed();
        assert!(!channel.input.windows(4).any(|octets| octets == b"NEXT"));
    }
}
