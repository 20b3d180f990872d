//! How the connection to clamd gets from the supervisor to a worker.
//!
//! A worker's standard input is one end of a pair of UNIX sockets. The first octet on it
//! says whether a descriptor comes along, and the worker takes it before it gives up its
//! rights; afterwards `recvmsg` is forbidden to it, and a descriptor sent later is lost.

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The first octet of a worker that works alone.
const NOTHING: u8 = b'0';

/// The first octet, with a connection to clamd.
const CLAMD: u8 = b'1';

/// The supervisor's end, which writes only, and what becomes a worker's standard input.
/// The first octet, with `clamd` if there is one, is on its way already.
///
/// # Errors
/// What the operating system says.
pub(crate) fn pair(clamd: Option<&OwnedFd>) -> std::io::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    let first = [if clamd.is_some() { CLAMD } else { NOTHING }];
    let descriptors: Vec<BorrowedFd<'_>> = clamd.iter().map(|clamd| clamd.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(std::io::ErrorKind::OutOfMemory.into());
    }
    sendmsg(&ours, &[IoSlice::new(&first)], &mut control, SendFlags::NOSIGNAL)?;
    // A worker says what it has to say on its standard output.
    ours.shutdown(Shutdown::Read)?;
    Ok((ours, theirs.into()))
}

/// Takes what [`pair`] sent from standard input: the connection to clamd, if there is one.
///
/// # Errors
/// What the operating system says; `InvalidData` for anything but what `pair` sends.
pub(crate) fn take(input: BorrowedFd<'_>) -> std::io::Result<Option<OwnedFd>> {
    let mut first = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut places = [IoSliceMut::new(&mut first)];
    let got = recvmsg(input, &mut places, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(more) = message {
            descriptors.extend(more);
        }
    }
    match (got.bytes, first, descriptors.pop()) {
        (1, [NOTHING], None) => Ok(None),
        (1, [CLAMD], Some(clamd)) if descriptors.is_empty() => Ok(Some(clamd)),
        _ => Err(std::io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    #[test]
    fn a_descriptor_arrives_with_the_first_octet_and_the_order_behind_it() {
        let (mut here, there) = UnixStream::pair().unwrap();
        let there = OwnedFd::from(there);
        let (mut ours, theirs) = pair(Some(&there)).unwrap();
        ours.write_all(b"order").unwrap();
        drop(ours);
        let clamd = take(theirs.as_fd()).unwrap().unwrap();
        drop(there);
        std::fs::File::from(clamd).write_all(b"scan").unwrap();
        let mut said = [0; 4];
        here.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"scan");
        let mut order = String::new();
        std::fs::File::from(theirs).read_to_string(&mut order).unwrap();
        assert_eq!(order, "order");
    }

    #[test]
    fn without_clamd_nothing_comes_along() {
        let (_ours, theirs) = pair(None).unwrap();
        assert!(take(theirs.as_fd()).unwrap().is_none());
    }

    #[test]
    fn nobody_can_talk_to_the_supervisor_over_standard_input() {
        let (_ours, theirs) = pair(None).unwrap();
        assert!(std::fs::File::from(theirs).write_all(b"x").is_err());
    }

    #[test]
    fn an_input_that_begins_otherwise_is_refused() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(b"1").unwrap();
        let fault = take(theirs.as_fd()).unwrap_err();
        assert_eq!(fault.kind(), std::io::ErrorKind::InvalidData);
    }
}
