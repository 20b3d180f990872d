//! Frames: what is written is read, and nothing else is.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Cursor, ErrorKind};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use ssmax_daemon::frame::{FrameError, read_frame, read_frame_sync, write_frame, write_frame_sync};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    id: u64,
    names: Vec<String>,
}

const MAX: usize = 1024;

fn request() -> Request {
    Request { id: 7, names: vec!["a".to_owned(), "名".to_owned()] }
}

fn written(value: &impl Serialize) -> Vec<u8> {
    let mut octets = Vec::new();
    write_frame_sync(&mut octets, value, MAX).unwrap();
    octets
}

fn framed(content: &[u8]) -> Vec<u8> {
    let mut octets = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    octets.extend_from_slice(content);
    octets
}

/// What both readers say, which must be the same.
fn read(octets: &[u8]) -> Result<Option<Request>, FrameError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let sync = read_frame_sync(&mut &*octets, MAX);
    let other = runtime.block_on(read_frame(&mut &*octets, MAX));
    assert_eq!(sync, other);
    sync
}

#[test]
fn a_frame_is_a_length_most_significant_octet_first_and_cbor() {
    assert_eq!(written(&[1_u8, 2]), [0, 0, 0, 3, 0x82, 1, 2]);
}

#[tokio::test]
async fn the_asynchronous_writer_writes_what_the_blocking_one_writes() {
    let mut octets = Vec::new();
    write_frame(&mut octets, &request(), MAX).await.unwrap();
    assert_eq!(octets, written(&request()));
}

#[test]
fn frames_are_read_one_after_the_other_until_the_end() {
    let mut octets = written(&request());
    octets.extend(written(&Request { id: 8, names: Vec::new() }));
    let mut reader = Cursor::new(octets);
    assert_eq!(read_frame_sync(&mut reader, MAX), Ok(Some(request())));
    let second: Option<Request> = read_frame_sync(&mut reader, MAX).unwrap();
    assert_eq!(second.unwrap().id, 8);
    assert_eq!(read_frame_sync::<Request>(&mut reader, MAX), Ok(None));
}

#[test]
fn an_end_anywhere_inside_a_frame_is_a_truncation() {
    let whole = written(&request());
    for length in 1..whole.len() {
        assert_eq!(read(&whole[..length]), Err(FrameError::Truncated), "{length}");
    }
    assert_eq!(read(&[]), Ok(None));
}

#[test]
fn a_frame_of_the_largest_length_passes_and_one_octet_more_does_not() {
    // Two octets of CBOR header and 254 octets of text, then one more.
    for (text, fits) in [("x".repeat(254), true), ("x".repeat(255), false)] {
        let mut octets = Vec::new();
        let outcome = write_frame_sync(&mut octets, &text, 256);
        let too_large = Err(FrameError::TooLarge { max: 256 });
        assert_eq!(outcome, if fits { Ok(()) } else { too_large });
        let octets = written(&text);
        let read = read_frame_sync::<String>(&mut &*octets, 256);
        assert_eq!(read, if fits { Ok(Some(text)) } else { too_large.map(|()| None) });
    }
}

#[test]
fn a_value_that_is_too_large_is_noticed_before_anything_is_sent() {
    let mut octets = Vec::new();
    let outcome = write_frame_sync(&mut octets, &"x".repeat(2000), MAX);
    assert_eq!((outcome, octets.len()), (Err(FrameError::TooLarge { max: MAX }), 0));
}

#[test]
fn a_huge_announced_length_costs_nothing_until_it_comes() {
    let octets = [0x0c, 0x80, 0, 0, 0x82];
    let read = read_frame_sync::<Request>(&mut &octets[..], 0x0c80_0000);
    assert_eq!(read, Err(FrameError::Truncated));
    assert_eq!(self::read(&octets), Err(FrameError::TooLarge { max: MAX }));
}

#[test]
fn content_past_the_first_megabyte_is_read_whole() {
    let text = "名".repeat(1_000_000);
    let mut octets = Vec::new();
    write_frame_sync(&mut octets, &text, usize::MAX).unwrap();
    let read = read_frame_sync::<String>(&mut &*octets, 4_000_000).unwrap();
    assert!(read == Some(text));
}

#[test]
fn content_that_is_not_exactly_the_expected_item_is_malformed() {
    let good = written(&request())[4..].to_vec();
    let mut trailing = good.clone();
    trailing.push(0xf6);
    let deep = vec![0x81; 1000];
    let cases: [(&str, &[u8]); 7] = [
        ("nothing", &[]),
        ("a break alone", &[0xff]),
        ("JSON", br#"{"id":7,"names":[]}"#),
        ("another item behind", &trailing),
        ("half an item", &good[..good.len() - 1]),
        ("another type", &[0x18, 7]),
        ("very deep nesting", &deep),
    ];
    for (case, content) in cases {
        assert_eq!(read(&framed(content)), Err(FrameError::Malformed), "{case}");
    }
    assert_eq!(read(&framed(&good)), Ok(Some(request())));
}

#[test]
fn a_field_that_is_there_twice_or_unknown_is_malformed() {
    #[derive(Serialize)]
    struct Further {
        id: u64,
        names: Vec<String>,
        further: u8,
    }
    let further = Further { id: 1, names: Vec::new(), further: 1 };
    assert_eq!(read(&written(&further)), Err(FrameError::Malformed));
    // {"id": 1, "id": 2, "names": []}
    let twice = b"\xa3\x62id\x01\x62id\x02\x65names\x80";
    assert_eq!(read(&framed(twice)), Err(FrameError::Malformed));
}

#[test]
fn a_lying_length_inside_the_content_is_malformed_and_allocates_nothing() {
    // {"id": 7, "names": [an array of 2^62 elements]}
    let lying = b"\xa2\x62id\x07\x65names\x9b\x40\0\0\0\0\0\0\0";
    assert_eq!(read(&framed(lying)), Err(FrameError::Malformed));
    // A text of 2^62 octets.
    let lying = b"\xa2\x62id\x07\x65names\x81\x7b\x40\0\0\0\0\0\0\0";
    assert_eq!(read(&framed(lying)), Err(FrameError::Malformed));
}

#[test]
fn a_failure_of_the_stream_keeps_its_kind() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(ErrorKind::ConnectionReset.into())
        }
    }
    let read = read_frame_sync::<Request>(&mut Broken, MAX);
    assert_eq!(read, Err(FrameError::Io(ErrorKind::ConnectionReset)));
}

proptest! {
    #[test]
    fn any_request_is_read_as_it_was_written(id: u64, names in prop::collection::vec(".{0,8}", 0..8)) {
        let request = Request { id, names };
        prop_assert_eq!(read(&written(&request)), Ok(Some(request)));
    }

    #[test]
    fn any_octets_are_read_without_a_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&octets);
        let _ = read(&framed(&octets));
    }
}
