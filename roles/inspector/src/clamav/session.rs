//! One connection to clamd, from connecting to the last answer (clamd(8), `IDSESSION`
//! and `INSTREAM`).

use super::{ClamdAddress, Reply};
use ssmax_inspection::EngineFault;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long one system call on the connection may wait. The worker cannot change it, nor
/// wait otherwise; it looks at its own deadline so often.
const TICK: Duration = Duration::from_millis(100);

/// Octets of the longest answer that is read: clamd's are names of signatures.
const MAX_REPLY_BYTES: usize = 1024;

/// Octets in one piece of a stream. clamd takes any number up to its `StreamMaxLength`.
const PIECE_BYTES: usize = 256 * 1024;

/// Connects to clamd, within `limit`. The connection blocks, for a tick at a time.
///
/// # Errors
/// What the operating system says.
pub(crate) async fn connect(address: &ClamdAddress, limit: Duration) -> std::io::Result<OwnedFd> {
    let connected = async {
        Ok(match address {
            ClamdAddress::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await?.into_std()?;
                stream.set_nonblocking(false)?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(TICK))?;
                OwnedFd::from(stream)
            }
            ClamdAddress::Tcp(address) => {
                let stream = tokio::net::TcpStream::connect(address).await?.into_std()?;
                stream.set_nonblocking(false)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(TICK))?;
                stream.set_write_timeout(Some(TICK))?;
                OwnedFd::from(stream)
            }
        })
    };
    tokio::time::timeout(limit, connected).await.unwrap_or(Err(ErrorKind::TimedOut.into()))
}

/// A session over a connection that waits a little at each call, and not for ever.
#[derive(Debug)]
pub(super) struct Session<S> {
    stream: S,
    /// How long one scan may take.
    limit: Duration,
    /// Requests so far; clamd counts the same way.
    requests: u32,
}

impl<S: Read + Write> Session<S> {
    pub(super) fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, requests: 0 }
    }

    /// Has octets scanned. After an error the session is of no further use.
    pub(super) fn scan(&mut self, octets: &[u8]) -> Result<Reply, EngineFault> {
        let deadline = Instant::now() + self.limit;
        let begin: &[u8] =
            if self.requests == 0 { b"zIDSESSION\0zINSTREAM\0" } else { b"zINSTREAM\0" };
        self.requests = self.requests.saturating_add(1);
        match self.send(begin, octets, deadline) {
            // It may have said why it hangs up.
            Err(EngineFault::Interrupted) => match self.receive(deadline) {
                Err(told @ (EngineFault::TooLarge | EngineFault::Failed)) => Err(told),
                _ => Err(EngineFault::Interrupted),
            },
            Err(fault) => Err(fault),
            Ok(()) => self.receive(deadline),
        }
    }

    fn send(&mut self, begin: &[u8], octets: &[u8], deadline: Instant) -> Result<(), EngineFault> {
        // What fits goes out at once: most files are small.
        let mut buffer = begin.to_vec();
        for piece in octets.chunks(PIECE_BYTES) {
            let length = u32::try_from(piece.len()).map_err(|_| EngineFault::TooLarge)?;
            buffer.extend_from_slice(&length.to_be_bytes());
            buffer.extend_from_slice(piece);
            if buffer.len() >= PIECE_BYTES {
                self.write(&buffer, deadline)?;
                buffer.clear();
            }
        }
        buffer.extend_from_slice(&[0; 4]);
        self.write(&buffer, deadline)
    }

    fn write(&mut self, mut octets: &[u8], deadline: Instant) -> Result<(), EngineFault> {
        while !octets.is_empty() {
            match self.stream.write(octets) {
                Ok(0) => return Err(EngineFault::Interrupted),
                Ok(written) => octets = octets.get(written..).unwrap_or_default(),
                Err(error) => pass_over(error.kind())?,
            }
            in_time(deadline)?;
        }
        Ok(())
    }

    fn receive(&mut self, deadline: Instant) -> Result<Reply, EngineFault> {
        let mut reply = Vec::new();
        let mut buffer = [0; 256];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(EngineFault::Interrupted),
                Ok(read) => reply.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) => pass_over(error.kind())?,
            }
            if let Some(end) = reply.iter().position(|octet| *octet == 0) {
                // One question, one answer: whatever follows belongs to none.
                return match reply.split_at_checked(end) {
                    Some((reply, [0])) => Reply::parse(reply, self.requests),
                    _ => Err(EngineFault::Malformed),
                };
            }
            if reply.len() > MAX_REPLY_BYTES {
                return Err(EngineFault::Malformed);
            }
            in_time(deadline)?;
        }
    }
}

/// A tick without anything is no fault.
fn pass_over(kind: ErrorKind) -> Result<(), EngineFault> {
    match kind {
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(()),
        _ => Err(EngineFault::Interrupted),
    }
}

fn in_time(deadline: Instant) -> Result<(), EngineFault> {
    if Instant::now() < deadline { Ok(()) } else { Err(EngineFault::TimedOut) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;
    use std::thread;

    const LIMIT: Duration = Duration::from_millis(700);

    /// A session whose other end does as it likes.
    fn against(act: impl FnOnce(UnixStream) + Send + 'static) -> Session<UnixStream> {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(TICK)).unwrap();
        ours.set_write_timeout(Some(TICK)).unwrap();
        thread::spawn(move || act(theirs));
        Session::new(ours, LIMIT)
    }

    /// One request as clamd reads it: the octets of its stream.
    fn take(stream: &mut UnixStream, begin: &[u8]) -> Vec<u8> {
        let mut command = vec![0; begin.len()];
        stream.read_exact(&mut command).unwrap();
        assert_eq!(command, begin);
        let mut octets = Vec::new();
        loop {
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            match u32::from_be_bytes(length) {
                0 => return octets,
                length => {
                    let start = octets.len();
                    octets.resize(start + usize::try_from(length).unwrap(), 0);
                    stream.read_exact(&mut octets[start..]).unwrap();
                }
            }
        }
    }

    #[test]
    fn scans_follow_each_other_in_one_session() {
        let large: Vec<u8> = (0..PIECE_BYTES * 2 + 7).map(|at| (at % 251) as u8).collect();
        let expected = large.clone();
        let mut session = against(move |mut stream| {
            assert_eq!(take(&mut stream, b"zIDSESSION\0zINSTREAM\0"), b"small");
            stream.write_all(b"1: stream: OK\0").unwrap();
            assert_eq!(take(&mut stream, b"zINSTREAM\0"), expected);
            // In pieces, as a network may bring it.
            for piece in [b"2: str".as_slice(), b"eam: X FOU", b"ND\0"] {
                stream.write_all(piece).unwrap();
                thread::sleep(Duration::from_millis(20));
            }
        });
        assert_eq!(session.scan(b"small"), Ok(Reply::Clean));
        assert_eq!(session.scan(&large), Ok(Reply::Found("X".to_owned())));
    }

    #[test]
    fn one_that_hangs_is_left_at_the_limit() {
        let mut session = against(|stream| {
            thread::sleep(LIMIT * 3);
            drop(stream);
        });
        let start = Instant::now();
        assert_eq!(session.scan(b"x"), Err(EngineFault::TimedOut));
        assert!(start.elapsed() < LIMIT * 2, "{:?}", start.elapsed());
    }

    #[test]
    fn one_that_reads_nothing_is_left_at_the_limit() {
        let mut session = against(|stream| {
            thread::sleep(LIMIT * 3);
            drop(stream);
        });
        assert_eq!(session.scan(&vec![0; 4 << 20]), Err(EngineFault::TimedOut));
    }

    #[test]
    fn one_that_answers_an_octet_at_a_time_for_ever_is_left_at_the_limit() {
        let mut session = against(|mut stream| {
            while stream.write_all(b"1").is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
        });
        assert_eq!(session.scan(b"x"), Err(EngineFault::TimedOut));
    }

    #[test]
    fn an_endless_answer_is_cut_at_its_bound() {
        let mut session = against(|mut stream| while stream.write_all(&[b'1'; 4096]).is_ok() {});
        assert_eq!(session.scan(b"x"), Err(EngineFault::Malformed));
    }

    #[test]
    fn one_that_hangs_up_is_no_pass() {
        let mut session = against(|mut stream| {
            take(&mut stream, b"zIDSESSION\0zINSTREAM\0");
        });
        assert_eq!(session.scan(b"x"), Err(EngineFault::Interrupted));
        let mut session = against(drop);
        assert_eq!(session.scan(&vec![0; 4 << 20]), Err(EngineFault::Interrupted));
    }

    #[test]
    fn garbage_and_more_than_one_answer_are_no_pass() {
        for answer in
            [b"\xff\xfe\0".as_slice(), b"1: stream: OK\0x", b"2: stream: OK\0", b"\0", b"OK\0"]
        {
            let mut session = against(move |mut stream| {
                take(&mut stream, b"zIDSESSION\0zINSTREAM\0");
                stream.write_all(answer).unwrap();
                thread::sleep(LIMIT);
            });
            assert_eq!(session.scan(b"x"), Err(EngineFault::Malformed), "{answer:?}");
        }
    }

    #[test]
    fn a_limit_of_clamd_is_told_although_it_hangs_up() {
        let mut session = against(|mut stream| {
            let mut some = [0; 1000];
            stream.read_exact(&mut some).unwrap();
            stream.write_all(b"1: INSTREAM size limit exceeded. ERROR\0").unwrap();
            stream.shutdown(std::net::Shutdown::Both).unwrap();
            thread::sleep(LIMIT);
        });
        assert_eq!(session.scan(&vec![0; 4 << 20]), Err(EngineFault::TooLarge));
    }
}
