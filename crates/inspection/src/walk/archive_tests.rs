//! Archives made by an independent writer, and then bent.

use std::io::{Cursor, Write};

use ::zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{Direction, Limits, Outcome, Policy, Verdict, inspect_file, malware::test_file, rule};

/// A zip archive with `files`, deflated.
pub(crate) fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(files, CompressionMethod::Deflated)
}

fn zip_with(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn inspected(octets: &[u8]) -> Verdict {
    inspected_within(octets, &Limits::default())
}

fn inspected_within(octets: &[u8], limits: &Limits) -> Verdict {
    inspect_file("a.bin", octets, Direction::Inbound, &Policy::default(), limits)
}

/// Rule and description of each finding.
fn found(verdict: &Verdict) -> Vec<(&str, &str)> {
    verdict.findings.iter().map(|f| (f.rule.as_str(), f.what.as_str())).collect()
}

fn position(octets: &[u8], mark: &[u8]) -> usize {
    octets.windows(mark.len()).position(|window| window == mark).unwrap()
}

#[test]
fn a_sound_archive_passes_without_findings() {
    let octets = zip_of(&[("a.txt", b"hello"), ("b/c.txt", b"world"), ("empty", b"")]);
    let verdict = inspected(&octets);
    assert_eq!((verdict.outcome, found(&verdict)), (Outcome::Pass, vec![]));
    assert_eq!(found(&inspected(&zip_of(&[]))), []);
}

#[test]
fn the_test_file_is_found_in_archives_in_archives_whatever_their_names() {
    let inner = zip_of(&[("eicar.com", &test_file())]);
    let stored = zip_with(&[("picture.png", &inner)], CompressionMethod::Stored);
    let verdict = inspected(&zip_of(&[("報告書.docx", &stored)]));
    assert_eq!(verdict.outcome, Outcome::Block);
    assert_eq!(found(&verdict), [(rule::MALWARE_EICAR, "EICAR test file")]);
    assert_eq!(verdict.findings[0].part, "a.bin!報告書.docx!picture.png!eicar.com");
}

#[test]
fn depth_counts_to_its_limit_and_one_past_it_is_uninspectable() {
    let nested = |depth: u32| {
        (1..depth).fold(zip_of(&[("e", &test_file())]), |inner, _| zip_of(&[("z.zip", &inner)]))
    };
    let at_limit = inspected(&nested(8));
    assert_eq!(found(&at_limit), [(rule::MALWARE_EICAR, "EICAR test file")]);
    let past = inspected(&nested(9));
    assert_eq!(past.outcome, Outcome::Hold);
    assert_eq!(found(&past), [(rule::ARCHIVE_TOO_DEEP, "archives within archives")]);
}

#[test]
fn entries_count_over_all_archives_of_a_mail() {
    let limits = Limits { archive_entries: 5, ..Limits::default() };
    let inner = zip_of(&[("1", b""), ("2", b""), ("3", b"")]);
    let at_limit = zip_of(&[("z", &inner), ("y", b"")]);
    assert_eq!(found(&inspected_within(&at_limit, &limits)), []);
    let past = zip_of(&[("z", &inner), ("y", b""), ("x", b"")]);
    let verdict = inspected_within(&past, &limits);
    assert_eq!(found(&verdict), [(rule::ARCHIVE_TOO_MANY_ENTRIES, "too many entries")]);
}

#[test]
fn expanded_octets_count_over_all_entries() {
    let limits = Limits { expanded_bytes: 3000, ..Limits::default() };
    let files: [(&str, &[u8]); 2] = [("a", &[b'x'; 1500]), ("b", &[b'y'; 1500])];
    assert_eq!(found(&inspected_within(&zip_of(&files), &limits)), []);
    let files: [(&str, &[u8]); 2] = [("a", &[b'x'; 1500]), ("b", &[b'y'; 1501])];
    let verdict = inspected_within(&zip_of(&files), &limits);
    assert_eq!(found(&verdict), [(rule::ARCHIVE_TOO_LARGE, "expands beyond the limit")]);
    assert_eq!(verdict.outcome, Outcome::Hold);
}

#[test]
fn text_counts_to_its_limit_and_one_past_it_is_told() {
    let name = "a.bin".len() as u64;
    let limits = Limits { text_bytes: 1000 + name, ..Limits::default() };
    assert_eq!(found(&inspected_within(&[b'x'; 1000], &limits)), []);
    let verdict = inspected_within(&[b'x'; 1001], &limits);
    assert_eq!(found(&verdict), [(rule::TEXT_TOO_LARGE, "more text than is looked at")]);
}

#[test]
fn locked_entries_are_recognised_by_zipcrypto_and_aes() {
    for (offset, value) in [(8, 1), (10, 99)] {
        let mut octets = zip_of(&[("secret.txt", b"content")]);
        let central = position(&octets, b"PK\x01\x02");
        octets[central + offset] = value;
        octets[offset - 2] = value;
        let verdict = inspected(&octets);
        assert_eq!(found(&verdict), [(rule::ARCHIVE_ENCRYPTED, "locked with a password")]);
        assert_eq!(verdict.outcome, Outcome::Hold);
    }
}

#[test]
fn data_before_behind_and_between_is_ambiguous() {
    let zip = zip_of(&[("a", b"x")]);
    let before = [b"#!/bin/sh\n".as_slice(), &zip].concat();
    assert_eq!(found(&inspected(&before))[0].1, "data in front of the archive");
    let behind = [zip.as_slice(), b"more"].concat();
    assert_eq!(found(&inspected(&behind))[0].1, "data behind the archive");
    let mut second = zip_of(&[("eicar.com", &test_file())]);
    second.extend(&zip);
    let verdict = inspected(&second);
    assert_eq!(
        found(&verdict),
        [(rule::ARCHIVE_AMBIGUOUS, "a second directory; data in front of the archive")]
    );
    assert_eq!(verdict.outcome, Outcome::Hold);
}

#[test]
fn offsets_that_reckon_with_data_in_front_do_not_hide_it() {
    // A self-extractor: offsets count from the program's start, so nothing is shifted.
    let zip = zip_of(&[("a", b"x")]);
    let mut octets = [vec![b'#'; 100], zip].concat();
    let central = position(&octets, b"PK\x01\x02");
    octets[central + 42] += 100;
    let end = position(&octets, b"PK\x05\x06");
    let start = u32::try_from(central).unwrap().to_le_bytes();
    octets[end + 16..end + 20].copy_from_slice(&start);
    assert_eq!(
        found(&inspected(&octets)),
        [(rule::ARCHIVE_AMBIGUOUS, "data that no entry claims")]
    );
}

#[test]
fn headers_that_disagree_are_ambiguous() {
    let zip = zip_of(&[("harmless.txt", b"content")]);
    let central = position(&zip, b"PK\x01\x02");
    let bent = |at: usize| {
        let mut octets = zip.clone();
        octets[at] ^= 1;
        inspected(&octets)
    };
    let ambiguous = |what| vec![(rule::ARCHIVE_AMBIGUOUS, what)];
    assert_eq!(found(&bent(30)), ambiguous("two names for one entry"));
    assert_eq!(found(&bent(6)), ambiguous("two meanings of one entry's flags"));
    assert_eq!(found(&bent(22)), ambiguous("two sizes or checksums for one entry"));
    let mut methods = zip.clone();
    methods[8] = 0;
    assert_eq!(found(&inspected(&methods)), ambiguous("two compression methods for one entry"));
    let mut counts = zip.clone();
    let end = position(&counts, b"PK\x05\x06");
    counts[end + 8] = 2;
    counts[end + 10] = 2;
    assert_eq!(found(&inspected(&counts)), ambiguous("two counts of the entries"));
    let verdict = bent(central);
    assert_eq!(verdict.outcome, Outcome::Hold);
}

#[test]
fn two_entries_over_the_same_octets_are_ambiguous() {
    let zip = zip_of(&[("a", b"content of both"), ("b", b"content of both")]);
    let second = position(&zip[1..], b"PK\x03\x04") + 1;
    let central = position(&zip, b"PK\x01\x02");
    let record = position(&zip[central + 1..], b"PK\x01\x02") + central + 1;
    let mut octets = zip.clone();
    octets[record + 42..record + 46].copy_from_slice(&[0; 4]);
    assert!(second > 0);
    let verdict = inspected(&octets);
    assert_eq!(verdict.findings[0].rule, rule::ARCHIVE_AMBIGUOUS);
    assert!(verdict.findings[0].what.contains("overlapping entries"), "{verdict:?}");
}

#[test]
fn one_name_twice_is_ambiguous() {
    let mut octets = zip_of(&[("a", b"1"), ("b", b"2")]);
    for mark in [b"PK\x03\x04", b"PK\x01\x02"] {
        let first = position(&octets, mark);
        let second = position(&octets[first + 1..], mark) + first + 1;
        let name = second + if mark[2] == 3 { 30 } else { 46 };
        octets[name] = b'a';
    }
    assert_eq!(found(&inspected(&octets)), [(rule::ARCHIVE_AMBIGUOUS, "two entries of one name")]);
}

#[test]
fn content_that_differs_from_its_description_is_told() {
    let zip = zip_with(&[("a", b"content")], CompressionMethod::Stored);
    let mut octets = zip.clone();
    let at = position(&octets, b"content");
    octets[at] = b'C';
    assert_eq!(found(&inspected(&octets)), [(rule::ARCHIVE_DAMAGED, "wrong checksum")]);
    let verdict = inspected(&zip[..zip.len() - 30]);
    assert_eq!(found(&verdict), [(rule::ARCHIVE_DAMAGED, "no readable directory")]);
    assert_eq!(verdict.outcome, Outcome::Hold);
}

#[test]
fn an_entry_that_says_less_than_it_holds_is_not_believed() {
    let mut octets = zip_of(&[("a", &[b'x'; 1000])]);
    let central = position(&octets, b"PK\x01\x02");
    for at in [22, central + 24] {
        octets[at..at + 2].copy_from_slice(&10u16.to_le_bytes());
    }
    assert_eq!(found(&inspected(&octets)), [(rule::ARCHIVE_AMBIGUOUS, "longer than it says")]);
}

#[test]
fn names_in_cp932_are_read() {
    let (name, _, _) = encoding_rs::SHIFT_JIS.encode("名簿.txt");
    let placeholder = "x".repeat(name.len());
    let mut octets = zip_of(&[(&placeholder, &test_file())]);
    for (mark, length) in [(b"PK\x03\x04", 30), (b"PK\x01\x02", 46)] {
        let at = position(&octets, mark) + length;
        octets[at..at + name.len()].copy_from_slice(&name);
    }
    let verdict = inspected(&octets);
    assert_eq!(verdict.findings[0].part, "a.bin!名簿.txt");
    assert_eq!(verdict.findings.len(), 1);
}

#[test]
fn an_unknown_compression_is_uninspectable() {
    let mut octets = zip_of(&[("a", b"content")]);
    let central = position(&octets, b"PK\x01\x02");
    octets[8] = 14;
    octets[central + 10] = 14;
    let verdict = inspected(&octets);
    assert_eq!(found(&verdict), [(rule::ARCHIVE_UNSUPPORTED, "compression method 14")]);
    assert_eq!(verdict.outcome, Outcome::Hold);
}

#[test]
fn a_gzip_file_is_opened_and_a_bent_one_is_told() {
    let mut octets = b"\x1F\x8B\x08\x08\0\0\0\0\0\x03name\0".to_vec();
    octets.extend(miniz_oxide::deflate::compress_to_vec(&test_file(), 6));
    octets.extend(crc32fast::hash(&test_file()).to_le_bytes());
    octets.extend(68u32.to_le_bytes());
    assert_eq!(found(&inspected(&octets)), [(rule::MALWARE_EICAR, "EICAR test file")]);
    let behind = [octets.as_slice(), b"junk"].concat();
    assert_eq!(found(&inspected(&behind))[0], (rule::ARCHIVE_AMBIGUOUS, "data behind the archive"));
    let cut = &octets[..octets.len() - 20];
    assert_eq!(found(&inspected(cut))[0].0, rule::ARCHIVE_DAMAGED);
    let limits = Limits { expanded_bytes: 67, ..Limits::default() };
    assert_eq!(found(&inspected_within(&octets, &limits))[0].0, rule::ARCHIVE_TOO_LARGE);
}

#[test]
fn zip64_and_sizes_behind_the_content_are_read() {
    let mut writer = ZipWriter::new_stream(Vec::new());
    let options = SimpleFileOptions::default().large_file(true);
    writer.start_file("big", options).unwrap();
    writer.write_all(&test_file()).unwrap();
    let octets = writer.finish().unwrap().into_inner();
    assert_eq!(found(&inspected(&octets)), [(rule::MALWARE_EICAR, "EICAR test file")]);
}

/// A zip archive in a comment's reach: its comment covers what stands behind it.
fn zip_with_comment(behind: usize) -> Vec<u8> {
    let mut zip = zip_of(&[("eicar.com", &test_file())]);
    let at = zip.len() - 2;
    zip[at..].copy_from_slice(&u16::try_from(behind).unwrap().to_le_bytes());
    zip
}

#[test]
fn a_zip_behind_the_beginning_of_another_archive_is_opened() {
    let zip = zip_of(&[("eicar.com", &test_file())]);
    let empty_rar = [&b"Rar!\x1A\x07\0"[..], &[0, 0, 0x7B, 0, 0, 7, 0], &zip].concat();
    let mut gzip = b"\x1F\x8B\x08\x04\0\0\0\0\0\x03".to_vec();
    let content = miniz_oxide::deflate::compress_to_vec(b"harmless", 6);
    let extra = zip_with_comment(content.len() + 8);
    gzip.extend(u16::try_from(extra.len()).unwrap().to_le_bytes());
    gzip.extend(extra);
    gzip.extend(content);
    gzip.extend(crc32fast::hash(b"harmless").to_le_bytes());
    gzip.extend(8u32.to_le_bytes());
    // An attribute of an unknown name, and two octets of its sum.
    let attribute = crate::container::tnef::tests::attribute(1, 0x8123, &zip_with_comment(2));
    let winmail = [&b"\x78\x9F\x3E\x22\x01\0"[..], &attribute].concat();
    for (name, octets) in [("rar", empty_rar), ("gzip", gzip), ("winmail", winmail)] {
        let verdict = inspected(&octets);
        let malware = verdict.findings.iter().any(|f| f.rule == rule::MALWARE_EICAR);
        assert!(malware, "{name}: {:?}", verdict.findings);
    }
}

#[test]
fn an_archive_of_rar_without_files_was_not_looked_at() {
    let octets = [&b"Rar!\x1A\x07\0"[..], &[0, 0, 0x7B, 0, 0, 7, 0]].concat();
    assert_eq!(found(&inspected(&octets)), [(rule::ARCHIVE_UNSUPPORTED, "RAR")]);
}
