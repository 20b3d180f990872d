//! Containers as their own programs write them.
#![allow(clippy::unwrap_used, reason = "tests and their steps fail by panicking")]

mod support;

use ssmax_inspection::{Direction, Limits, Outcome, Policy, inspect_file, rule};
use support::{Folder, file, found, inbound, mail_with, zip_of};

/// The leak in the folder's file is found, and nothing else is said.
fn is_read(folder: &Folder, name: &str) {
    let verdict = file(name, &folder.read(name));
    let leaks = verdict.findings.iter().filter(|f| f.rule == rule::LEAK_MY_NUMBER).count();
    assert!(leaks >= 1, "{name}: {:?}", verdict.findings);
    assert_eq!(leaks, verdict.findings.len(), "{name}: {:?}", verdict.findings);
}

#[test]
fn archives_of_tar_in_every_form_are_read() {
    let folder = Folder::new("tar");
    for form in ["v7", "oldgnu", "gnu", "ustar", "posix"] {
        let (name, form) = (format!("{form}.tar"), format!("--format={form}"));
        if folder.run("tar", &[&form, "--exclude=*.tar", "-cf", &name, "."]).is_some() {
            is_read(&folder, &name);
        }
    }
}

#[test]
fn compressed_archives_are_read_within_each_other() {
    let folder = Folder::new("compressed");
    if folder.run("tar", &["--exclude=*.tar", "-cf", "a.tar", "."]).is_none() {
        return;
    }
    for (program, name) in [("gzip", "a.tar.gz"), ("bzip2", "a.tar.bz2"), ("xz", "a.tar.xz")] {
        if folder.run(program, &["-k", "-f", "a.tar"]).is_some() {
            is_read(&folder, name);
        }
    }
}

#[test]
fn large_files_come_back_whole_from_xz_and_bzip2() {
    let folder = Folder::new("large");
    let lines = (0..15_000u32).map(|n| format!("{} {n}\n", n.wrapping_mul(2_654_435_761)));
    let mut text: String = lines.collect();
    text.push_str("個人番号 123456789018\n");
    folder.write("large.txt", text.as_bytes());
    let runs = [("bzip2", "-1", "large.txt.bz2"), ("xz", "-6", "large.txt.xz")];
    for (program, level, name) in runs {
        if folder.run(program, &["-k", "-f", level, "large.txt"]).is_some() {
            is_read(&folder, name);
        }
    }
}

#[test]
fn archives_of_cpio_and_ar_are_read() {
    let folder = Folder::new("cpio");
    for form in ["newc", "crc", "odc", "bin"] {
        let line = format!("ls *.txt | cpio -o --quiet -H {form} > {form}.cpio");
        if folder.run("cpio", &["--version"]).is_some() {
            folder.run("sh", &["-c", &line]);
            is_read(&folder, &format!("{form}.cpio"));
        }
    }
    if folder.run("ar", &["--version"]).is_some() {
        folder.run("sh", &["-c", "ar qc a.a *.txt"]);
        is_read(&folder, "a.a");
    }
}

/// An attribute of winmail.dat: level, name, type, length, value, sum.
fn attribute(level: u8, name: u16, value: &[u8]) -> Vec<u8> {
    let sum = value.iter().fold(0u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
    let length = u32::try_from(value.len()).unwrap().to_le_bytes();
    [&[level][..], &name.to_le_bytes(), &[1, 0], &length, value, &sum.to_le_bytes()].concat()
}

#[test]
fn what_lies_in_winmail_dat_is_looked_into() {
    let inside = zip_of(&[("a.txt", "個人番号 123456789018".as_bytes())]);
    let octets = [
        &b"\x78\x9F\x3E\x22\x01\0"[..],
        &attribute(1, 0x800C, b"My Number: 9876 5432 1093\0"),
        &attribute(2, 0x9002, &[0; 14]),
        &attribute(2, 0x8010, b"list.zip\0"),
        &attribute(2, 0x800F, &inside),
    ]
    .concat();
    let verdict = inbound(&mail_with("x", "y", "winmail.dat", &octets));
    let expected = [(rule::LEAK_MY_NUMBER, "2"), (rule::LEAK_MY_NUMBER, "2!list.zip!a.txt")];
    assert_eq!(found(&verdict), expected);
}

#[test]
fn what_swells_counts_against_the_budget_of_the_mail() {
    let folder = Folder::new("swells");
    folder.write("zeros.txt", &[0; 1_200_000]);
    let limits = Limits { expanded_bytes: 1_000_000, ..Limits::default() };
    for (program, name) in [("bzip2", "zeros.txt.bz2"), ("xz", "zeros.txt.xz")] {
        if folder.run(program, &["-k", "-f", "zeros.txt"]).is_none() {
            continue;
        }
        let octets = folder.read(name);
        let verdict = inspect_file(name, &octets, Direction::Inbound, &Policy::default(), &limits);
        assert_eq!(verdict.outcome, Outcome::Hold);
        assert_eq!(found(&verdict), [(rule::ARCHIVE_TOO_LARGE, name)]);
    }
}
