//! CompressedData: recognised, and never larger than allowed.

use miniz_oxide::deflate::compress_to_vec_zlib;
use ssmax_cms::{
    CmsError, Limits,
    compressed::{FREE_BYTES, MAX_RATIO, decompress, is_compressed},
};

use crate::surgery::Node;

const COMPRESSED_DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x09";
const ZLIB: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x08";
const DATA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
const CONTENT: &[u8] = b"Content-Type: text/plain\r\n\r\nHello, world. Hello, world.\r\n";

/// A `ContentInfo` with this zlib stream.
fn around(stream: &[u8]) -> Node {
    let oid = |octets: &[u8]| Node::Leaf(6, octets.to_vec());
    let content = Node::Branch(0xa0, vec![Node::Leaf(4, stream.to_vec())]);
    let inside = vec![
        Node::Leaf(2, vec![0]),
        Node::Branch(0x30, vec![oid(ZLIB)]),
        Node::Branch(0x30, vec![oid(DATA), content]),
    ];
    let explicit = Node::Branch(0xa0, vec![Node::Branch(0x30, inside)]);
    Node::Branch(0x30, vec![oid(COMPRESSED_DATA), explicit])
}

fn expand(stream: &[u8]) -> Result<Vec<u8>, CmsError> {
    decompress(&around(stream).encode(), &Limits::default())
}

fn changed(change: impl FnOnce(&mut Node)) -> Result<Vec<u8>, CmsError> {
    let mut tree = around(&compress_to_vec_zlib(CONTENT, 6));
    change(&mut tree);
    decompress(&tree.encode(), &Limits::default())
}

#[test]
fn contents_of_every_size_come_back_in_both_encodings() {
    // Not a repetition, so that no ratio is near.
    let long: Vec<u8> = (0..70_000_u64).map(|number| ((number * number) >> 7) as u8).collect();
    for len in [0, 1, CONTENT.len(), 32_767, 32_768, 32_769, 70_000] {
        for level in [0, 1, 9] {
            let stream = compress_to_vec_zlib(&long[..len], level);
            let tree = around(&stream);
            for form in [tree.encode(), tree.encode_indefinite()] {
                assert!(is_compressed(&form));
                assert!(decompress(&form, &Limits::default()).unwrap() == long[..len]);
            }
        }
    }
}

#[test]
fn the_stream_of_another_program_is_read() {
    // Python: zlib.compress(b"Hello, world. " * 3)
    let stream = hex::decode("789cf348cdc9c9d75128cf2fca49d153f0c0c3030035510e23").unwrap();
    assert_eq!(expand(&stream).unwrap(), b"Hello, world. ".repeat(3));
}

#[test]
fn a_stream_cut_off_changed_or_followed_by_octets_is_damaged() {
    let stream = compress_to_vec_zlib(CONTENT, 6);
    for len in 0..stream.len() {
        assert_eq!(expand(&stream[..len]), Err(CmsError::Compression), "{len}");
    }
    assert_eq!(expand(&[&stream[..], &[0]].concat()), Err(CmsError::Compression));
    assert_eq!(expand(&[&stream[..], &stream].concat()), Err(CmsError::Compression));
    for at in 0..stream.len() {
        let mut changed = stream.clone();
        changed[at] ^= 0x10;
        // A changed bit that stands for the same octets gives the same octets.
        match expand(&changed) {
            Ok(content) => assert_eq!(content, CONTENT, "{at}"),
            Err(fault) => assert_eq!(fault, CmsError::Compression, "{at}"),
        }
    }
    // A preset dictionary, which nobody could have.
    let mut dictionary = stream;
    dictionary[1] |= 0x20;
    assert_eq!(expand(&dictionary), Err(CmsError::Compression));
}

#[test]
fn a_bomb_stops_at_the_ratio_and_not_one_octet_later() {
    // Stored blocks in front make the ratio what it shall be.
    let zeros = |len: usize| compress_to_vec_zlib(&vec![0; len], 9);
    let bomb = zeros(10_000_000);
    assert!(bomb.len() * MAX_RATIO < 10_000_000);
    assert_eq!(expand(&bomb), Err(CmsError::ExpandsTooFar));
    // Short ones may be one repeated line.
    assert_eq!(expand(&zeros(FREE_BYTES)).unwrap().len(), FREE_BYTES);
    assert_eq!(expand(&zeros(FREE_BYTES + 1)), Err(CmsError::ExpandsTooFar));
    // At the ratio: noise that does not shrink, then zeros up to the bound.
    let noise: Vec<u8> = (0..40_000_u64)
        .map(|number| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect();
    let mut zeros = 0;
    let mut step = 8_000_000;
    let made = |zeros: usize| compress_to_vec_zlib(&[&noise[..], &vec![0; zeros]].concat(), 1);
    let fits = |zeros: usize| noise.len() + zeros <= made(zeros).len() * MAX_RATIO;
    while step > 100_000 {
        if fits(zeros + step) {
            zeros += step;
        }
        step /= 2;
    }
    assert_eq!(expand(&made(zeros)).unwrap().len(), noise.len() + zeros);
    assert_eq!(expand(&made(zeros + 400_000)), Err(CmsError::ExpandsTooFar));
}

#[test]
fn the_bound_of_the_limits_holds_to_the_octet() {
    let message = around(&compress_to_vec_zlib(&vec![7; 1_000], 9)).encode();
    let bounded = |max_expanded_bytes| {
        decompress(&message, &Limits { max_expanded_bytes, ..Limits::default() })
    };
    assert_eq!(bounded(1_000).unwrap().len(), 1_000);
    assert_eq!(bounded(999), Err(CmsError::ExpandsTooFar));
    assert_eq!(bounded(0), Err(CmsError::ExpandsTooFar));
}

#[test]
fn by_default_32_mib_are_expanded_and_one_octet_more_is_not() {
    assert_eq!(Limits::default().max_expanded_bytes, 32 * 1024 * 1024);
    // Noise in front keeps the ratio within its own bound.
    let noise: Vec<u8> = (0..300_000_u64)
        .map(|number| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8)
        .collect();
    let of = |len: usize| {
        let mut content = noise.clone();
        content.resize(len, 0);
        expand(&compress_to_vec_zlib(&content, 1)).map(|found| (found.len(), found.capacity()))
    };
    let most = Limits::default().max_expanded_bytes;
    // Nothing beyond what is needed.
    assert_eq!(of(most), Ok((most, most)));
    assert_eq!(of(most + 1), Err(CmsError::ExpandsTooFar));
}

#[test]
fn other_structures_are_refused_by_name() {
    assert!(changed(|_| {}).is_ok());
    let found = changed(|tree| tree.at(&[0]).content()[10] = 8);
    assert_eq!(found, Err(CmsError::WrongContentType));
    let found = changed(|tree| tree.at(&[1, 0, 0]).content()[0] = 1);
    assert_eq!(found, Err(CmsError::Malformed));
    let found = changed(|tree| tree.at(&[1, 0, 1, 0]).content()[10] = 9);
    assert_eq!(found, Err(CmsError::CompressionAlgorithm));
    let found = changed(|tree| tree.at(&[1, 0, 1]).inside().push(Node::Leaf(2, vec![1])));
    assert_eq!(found, Err(CmsError::CompressionAlgorithm));
    let found = changed(|tree| tree.at(&[1, 0, 1]).inside().push(Node::Leaf(5, vec![])));
    assert_eq!(found.unwrap(), CONTENT, "NULL is what some write");
    let found = changed(|tree| *tree.at(&[1, 0, 2, 0]).content().last_mut().unwrap() = 2);
    assert_eq!(found, Err(CmsError::InnerContentType));
    let found = changed(|tree| drop(tree.at(&[1, 0, 2]).inside().pop()));
    assert_eq!(found, Err(CmsError::NoCiphertext));
    let found = changed(|tree| tree.at(&[1, 0]).inside().push(Node::Leaf(5, vec![])));
    assert_eq!(found, Err(CmsError::Malformed));
    for other in [&b""[..], b"\x30", b"\x30\x00", b"\x30\x02\x06\x00", b"Hello"] {
        assert!(!is_compressed(other), "{other:?}");
    }
}
