//! Walks `spec/vectors/mail`; the format is in the README there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their steps fail by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests read files")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ssmax_mail::address::{self, AddressFault};
use ssmax_mail::{Entity, Limits, MailFault, Note, canonical, parse};

struct Vector {
    name: String,
    keys: BTreeMap<String, String>,
    mail: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let octets = std::fs::read(path).unwrap();
        let end = octets.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let keys = std::str::from_utf8(&octets[..end])
            .unwrap()
            .lines()
            .map(|line| {
                let (key, value) = line.split_once(": ").unwrap();
                (key.to_owned(), value.to_owned())
            })
            .collect();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        Self { name, keys, mail: octets[end + 2..].to_vec() }
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for entry in self.keys.get("limits").map(|line| line.split(' ')).into_iter().flatten() {
            let (name, value) = entry.split_once('=').unwrap();
            let value = value.parse().unwrap();
            match name {
                "max-depth" => limits.max_depth = value,
                "max-parts" => limits.max_parts = value,
                "max-header-bytes" => limits.max_header_bytes = value,
                "max-fields" => limits.max_fields = value,
                "max-line-bytes" => limits.max_line_bytes = value,
                other => panic!("{}: unknown limit {other}", self.name),
            }
        }
        limits
    }
}

/// What a reader finds, under the keys of the vectors.
type Findings = BTreeMap<&'static str, String>;

fn judge(vector: &Vector) -> Result<Findings, &'static str> {
    let mail = parse(&vector.mail, &vector.limits()).map_err(|fault| fault.code())?;
    let mut paths = Vec::new();
    open(&mail, &mut paths).map_err(|fault| fault.code())?;
    let mut findings = Findings::from([("parts", paths.join(" "))]);
    read_addresses(&mail, &mut findings)?;
    if vector.keys.get("operation").is_some_and(|operation| operation == "seven-bit") {
        canonical::to_seven_bit(&mail).map_err(|fault| fault.code())?;
    }
    if let Some(subject) = mail.header().one("Subject").map_err(|fault| fault.code())? {
        findings.insert("subject", subject.decoded());
    }
    if let Some(name) = mail.file_name() {
        findings.insert("file-name", name);
    }
    if let Some(text) = mail.text() {
        findings.insert("text", text.replace("\r\n", "\\n"));
    }
    let notes: Vec<&str> = mail.notes().into_iter().map(note_code).collect();
    findings.insert("notes", notes.join(" "));
    Ok(findings)
}

fn open(mail: &Entity<'_>, paths: &mut Vec<String>) -> Result<(), MailFault> {
    for entity in mail.walk() {
        paths.push(entity.path());
        if entity.children().is_empty() {
            entity.decoded_body()?;
        }
        if let Some(message) = entity.message() {
            open(&message?, paths)?;
        }
    }
    Ok(())
}

fn read_addresses(mail: &Entity<'_>, findings: &mut Findings) -> Result<(), &'static str> {
    if let Some(from) = mail.header().one("From").map_err(|fault| fault.code())? {
        let mailboxes =
            address::parse_from(&from.unfolded()).map_err(|fault: AddressFault| fault.code())?;
        let addresses: Vec<String> =
            mailboxes.iter().map(|mailbox| mailbox.address.to_string()).collect();
        findings.insert("from", addresses.join(" "));
        if let Some(display) = &mailboxes[0].display {
            findings.insert("display", display.clone());
        }
    }
    if let Some(to) = mail.header().one("To").map_err(|fault| fault.code())? {
        address::parse_list(&to.unfolded()).map_err(|fault| fault.code())?;
    }
    Ok(())
}

fn note_code(note: Note) -> &'static str {
    match note {
        Note::TextInPreamble => "text-in-preamble",
        Note::TextInEpilogue => "text-in-epilogue",
        Note::FileNamesDiffer => "file-names-differ",
        _ => "unknown",
    }
}

fn vectors() -> Vec<Vector> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/mail");
    let mut vectors: Vec<Vector> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| Vector::read(&path))
        .collect();
    assert!(!vectors.is_empty(), "no vectors in {}", folder.display());
    vectors.sort_by(|one, other| one.name.cmp(&other.name));
    vectors
}

#[test]
fn every_vector_is_read_as_it_expects() {
    let mut wrong = Vec::new();
    for vector in vectors() {
        let expected = vector.keys["expect"].as_str();
        match judge(&vector) {
            Err(fault) if fault == expected => {}
            Err(fault) => wrong.push(format!("{}: {fault}", vector.name)),
            Ok(_) if expected != "pass" => wrong.push(format!("{}: pass", vector.name)),
            Ok(findings) => {
                for (key, value) in &vector.keys {
                    if matches!(key.as_str(), "expect" | "limits" | "operation") {
                        continue;
                    }
                    let found = findings.get(key.as_str());
                    if found != Some(value) {
                        wrong.push(format!("{}: {key} is {found:?}, not {value:?}", vector.name));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_vector_is_named_by_what_it_shows() {
    for vector in vectors() {
        let fault = vector.name.split("--").next().unwrap();
        assert_eq!(fault, vector.keys["expect"], "{}", vector.name);
    }
}

#[test]
fn every_fault_has_a_vector() {
    let shown: BTreeSet<String> =
        vectors().iter().map(|vector| vector.keys["expect"].clone()).collect();
    let source = ["src/fault.rs", "src/address.rs"].map(|file| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
    });
    let codes: Vec<&str> = source
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.trim_start().starts_with("Self::") && line.contains("=> \""))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(codes.len() > 50);
    let without: Vec<&&str> = codes.iter().filter(|code| !shown.contains(**code)).collect();
    assert!(without.is_empty(), "{without:?}");
}
