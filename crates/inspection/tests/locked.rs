//! Whatever is locked with a password is recognised as such, whoever locked it.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests and their steps fail by panicking, and run other programs on files"
)]

mod support;

use ssmax_inspection::{Outcome, rule};
use support::{Folder, compound_of, file, found, inbound, mail_with, zip_of};

/// The rules that a file fires, each once.
fn rules(name: &str, octets: &[u8]) -> Vec<String> {
    let mut rules: Vec<String> =
        file(name, octets).findings.into_iter().map(|finding| finding.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// Locked, on its own and in a zip in a mail.
fn is_locked(octets: &[u8], what: &str) {
    assert_eq!(rules("a.bin", octets), [rule::ARCHIVE_ENCRYPTED], "{what}");
    let verdict = inbound(&mail_with("x", "y", "a.zip", &zip_of(&[("harmless.txt", octets)])));
    assert_eq!(verdict.outcome, Outcome::Hold, "{what}");
    assert!(found(&verdict).iter().all(|(rule, _)| *rule == rule::ARCHIVE_ENCRYPTED), "{what}");
}

#[test]
fn zips_locked_by_zip_and_7z_are_told_from_open_ones() {
    let folder = Folder::new("locked-zip");
    if folder.run("zip", &["-q", "-r", "-P", "pass", "crypto.zip", "."]).is_some() {
        is_locked(&folder.read("crypto.zip"), "ZipCrypto");
    }
    if folder.run("7z", &["a", "-tzip", "-ppass", "-mem=AES256", "aes.zip", "*.txt"]).is_some() {
        is_locked(&folder.read("aes.zip"), "WinZip AES");
        folder.run("7z", &["a", "-tzip", "-ppass", "-mcu=off", "-mcl=on", "local.zip", "*.txt"]);
        is_locked(&folder.read("local.zip"), "names in the charset of the system");
        folder.run("7z", &["a", "-tzip", "open.zip", "*.txt"]);
        assert_eq!(rules("open.zip", &folder.read("open.zip")), [rule::LEAK_MY_NUMBER]);
    }
}

#[test]
fn archives_of_7z_are_told_by_content_and_header() {
    let folder = Folder::new("locked-7z");
    if folder.run("7z", &["a", "-ppass", "content.7z", "*.txt"]).is_none() {
        return;
    }
    is_locked(&folder.read("content.7z"), "content");
    folder.run("7z", &["a", "-ppass", "-mhe=on", "header.7z", "*.txt"]);
    is_locked(&folder.read("header.7z"), "header");
    folder.run("7z", &["a", "-ppass", "-mhc=off", "plain-header.7z", "*.txt"]);
    is_locked(&folder.read("plain-header.7z"), "content, header not compressed");
    let program = [b"MZ\x90\0".as_slice(), &[0; 5000], &folder.read("content.7z")].concat();
    is_locked(&program, "a program that unpacks itself");

    folder.run("7z", &["a", "open.7z", "*.txt"]);
    assert_eq!(rules("open.7z", &folder.read("open.7z")), [rule::ARCHIVE_UNSUPPORTED]);
    // A file that is not locked beside one that is.
    folder.run("7z", &["a", "-ppass", "both.7z", "秘密の見積書.txt"]);
    folder.run("7z", &["a", "both.7z", "open.7z"]);
    let both = [rule::ARCHIVE_ENCRYPTED, rule::ARCHIVE_UNSUPPORTED];
    assert_eq!(rules("both.7z", &folder.read("both.7z")), both);
}

/// PKWARE's own encryption: no free program writes it.
#[test]
fn strong_encryption_and_an_encrypted_directory_are_recognised() {
    let mut strong = zip_of(&[("a.txt", b"content")]);
    let central = strong.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    // APPNOTE 4.4.4: bits 0 and 6.
    strong[6] |= 0x41;
    strong[central + 8] |= 0x41;
    is_locked(&strong, "strong encryption");

    // 7.3: the directory is ciphertext, and the wide end record names the algorithm.
    let mut archive = strong[..central].to_vec();
    let directory = archive.len() as u64;
    archive.extend([0x9A; 80]);
    let wide = archive.len() as u64;
    archive.extend(b"PK\x06\x06");
    archive.extend((44u64 + 28).to_le_bytes());
    archive.extend([62, 0, 62, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    archive.extend([1u64, 1, 80, directory].iter().flat_map(|field| field.to_le_bytes()));
    archive.extend([8, 0]);
    archive.extend([80u64, 60].iter().flat_map(|field| field.to_le_bytes()));
    // AES-256, of 256 bits, by password, no hash.
    archive.extend([0x10, 0x66, 0, 1, 1, 0, 0, 0, 0, 0]);
    archive.extend(b"PK\x06\x07\0\0\0\0");
    archive.extend(wide.to_le_bytes());
    archive.extend([1, 0, 0, 0]);
    archive.extend(b"PK\x05\x06\0\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0");
    is_locked(&archive, "an encrypted directory");
}

#[test]
fn a_locked_archive_cut_short_or_split_is_still_said_to_be_locked() {
    let mut locked = zip_of(&[("a.txt", b"content")]);
    locked[6] |= 1;
    locked.truncate(60);
    assert_eq!(rules("a.z01", &locked), [rule::ARCHIVE_DAMAGED, rule::ARCHIVE_ENCRYPTED]);
}

#[test]
fn documents_locked_by_office_are_recognised() {
    is_locked(include_bytes!("files/locked.xlsx"), "a workbook of today");

    is_locked(include_bytes!("files/locked.pdf"), "PDF");

    let mut word = vec![0; 0x300];
    word[..4].copy_from_slice(&[0xEC, 0xA5, 0xC1, 0]);
    word[11] = 1;
    is_locked(&compound_of(&[("WordDocument", &word), ("1Table", b"x")]), "an old document");

    let book = [&[9, 8, 4, 0, 0, 6, 5, 0][..], &[0x2F, 0, 6, 0, 1, 0, 1, 0, 1, 0]].concat();
    is_locked(&compound_of(&[("Workbook", &book)]), "an old workbook");

    let user = [&[0; 12][..], &0xF3D1_C4DF_u32.to_le_bytes()].concat();
    let slides = [0x0F, 0, 0xE8, 3, 0, 0, 0, 0];
    let streams: [(&str, &[u8]); 2] = [("Current User", &user), ("PowerPoint Document", &slides)];
    is_locked(&compound_of(&streams), "an old presentation");
}

#[test]
fn an_open_document_locked_by_libreoffice_is_recognised() {
    let manifest = br#"<?xml version="1.0"?><manifest:manifest><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"#;
    let noise: Vec<u8> = (0..300u32).map(|n| ((n * n * 7) >> 3) as u8).collect();
    let document = zip_of(&[("content.xml", &noise), ("META-INF/manifest.xml", manifest)]);
    is_locked(&document, "OpenDocument");
}
