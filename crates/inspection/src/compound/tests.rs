//! Compound files made by an independent writer, and then bent.

use std::io::{Cursor, Write};

use super::{CompoundFile, HEADER_BYTES};
use crate::zip::Unreadable;

/// A compound file with these streams; storages are made as their paths need them.
pub(crate) fn compound_of(streams: &[(&str, &[u8])]) -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    for (path, content) in streams {
        if let Some((storage, _)) = path.rsplit_once('/') {
            file.create_storage_all(format!("/{storage}")).unwrap();
        }
        file.create_stream(format!("/{path}")).unwrap().write_all(content).unwrap();
    }
    file.flush().unwrap();
    file.into_inner().into_inner()
}

fn contents(octets: &[u8]) -> Vec<(String, Vec<u8>)> {
    let file = CompoundFile::read(octets, 100).unwrap();
    let mut budget = 1 << 20;
    let streams = file.streams.iter();
    let content = |stream| file.content(stream, &mut budget).unwrap();
    streams.clone().map(|stream| stream.path.clone()).zip(streams.map(content)).collect()
}

#[test]
fn small_and_large_streams_are_read_back_with_their_paths() {
    let large: Vec<u8> = (0..200_000u32).map(|n| (n % 251) as u8).collect();
    let octets = compound_of(&[("small", b"abc"), ("a/b/large", &large), ("a/empty", b"")]);
    let mut found = contents(&octets);
    found.sort();
    let expected = [("a/b/large", large), ("a/empty", vec![]), ("small", b"abc".to_vec())];
    assert_eq!(found, expected.map(|(path, content)| (path.to_owned(), content)));
}

#[test]
fn streams_count_to_their_bound_and_one_past_it_is_told() {
    let octets = compound_of(&[("1", b"a"), ("2", b"b"), ("3", b"c")]);
    assert!(CompoundFile::read(&octets, 3).is_ok());
    assert_eq!(CompoundFile::read(&octets, 2).err(), Some(Unreadable::TooManyEntries));
}

#[test]
fn content_is_paid_from_the_budget_and_not_given_beyond_it() {
    let octets = compound_of(&[("1", &[7; 5000])]);
    let file = CompoundFile::read(&octets, 9).unwrap();
    let mut budget = 5000;
    assert_eq!(file.content(&file.streams[0], &mut budget).map(|c| c.len()), Some(5000));
    assert_eq!((budget, file.content(&file.streams[0], &mut budget)), (0, None));
}

#[test]
fn a_chain_that_bites_its_tail_ends() {
    let mut octets = compound_of(&[("1", &[7; 9000])]);
    // Every sector of the table points at the first sector.
    let table = u32::from_le_bytes(*octets[76..].first_chunk().unwrap()) as usize;
    let at = (table + 1) * octets_per_sector(&octets);
    octets[at..at + 64].fill(0);
    if let Ok(file) = CompoundFile::read(&octets, 100) {
        for stream in &file.streams {
            let _ = file.content(stream, &mut 1_000_000);
        }
    }
}

fn octets_per_sector(octets: &[u8]) -> usize {
    1 << u16::from_le_bytes(*octets[30..].first_chunk().unwrap())
}

#[test]
fn what_has_no_header_or_directory_is_damaged() {
    let octets = compound_of(&[("1", b"a")]);
    for cut in [0, 8, HEADER_BYTES, HEADER_BYTES + 1] {
        let read = CompoundFile::read(&octets[..cut], 100);
        assert_eq!(read.err(), Some(Unreadable::Damaged), "{cut}");
    }
}
