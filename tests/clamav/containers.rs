//! Every container of ClamAV's test files, sent as an attachment.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::clamd::{Clamd, SAMPLE, configured, may_skip};
use ssmax_support::site::ssmax_in;

const FOLDER: &str = "/usr/share/clamav-testfiles";

/// How many there are in Debian 12.
const CONTAINERS: usize = 44;

/// A mail with one attachment whose name says nothing.
fn mail_with(attachment: &[u8]) -> String {
    let text = STANDARD.encode(attachment);
    let lines: Vec<&str> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!(
        "From: a@a.example\r\nTo: b@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=b\"\r\n\r\n--=b\r\n\
         Content-Type: text/plain\r\n\r\nSee the attachment.\r\n--=b\r\n\
         Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"f.bin\"\r\n\r\n{}\r\n--=b--\r\n",
        lines.join("\r\n")
    )
}

#[test]
fn every_container_of_clamavs_test_files_is_blocked() {
    let Some(clamd) = Clamd::start("") else { return };
    let Ok(folder) = fs::read_dir(FOLDER) else {
        return may_skip("clamav-testfiles is not installed");
    };
    let dir = configured(&clamd.section());
    let mut missed = Vec::new();
    let mut files: Vec<_> = folder.map(|file| file.unwrap().path()).collect();
    files.sort();
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy();
        fs::write(dir.path().join("mail.eml"), mail_with(&fs::read(path).unwrap())).unwrap();
        let line =
            ["scan", "mail.eml", "--direction", "inbound", "--config", "ssmax.toml", "--json"];
        let said = ssmax_in(dir.path(), &line);
        let json = said.json();
        let findings = json["findings"].as_array().unwrap();
        let clamav = findings.iter().find(|one| {
            one["rule"] == "malware.clamav"
                && one["part"].as_str().unwrap().starts_with('2')
                && one["what"].as_str().unwrap().starts_with("ClamAV-Test-File")
        });
        // What the other engines say of it, for the table of docs/inspection.md.
        let others: Vec<&str> = findings
            .iter()
            .map(|one| one["rule"].as_str().unwrap())
            .filter(|rule| *rule != "malware.clamav")
            .collect();
        println!("| `{name}` | {} | {} |", json["verdict"].as_str().unwrap(), others.join(", "));
        if said.exit != 1 || json["verdict"] != "block" || clamav.is_none() {
            missed.push(format!("{name}: {said:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(files.len() >= CONTAINERS, "only {} files", files.len());
}

#[test]
fn a_finding_names_the_signature_and_the_innermost_place() {
    let Some(clamd) = Clamd::start("") else { return };
    let dir = configured(&clamd.section());
    let scan = |octets: &[u8]| {
        fs::write(dir.path().join("mail.eml"), mail_with(octets)).unwrap();
        ssmax_in(dir.path(), &["scan", "mail.eml", "--config", "ssmax.toml", "--json"])
    };
    let clean = scan(b"nothing at all").ends(0).json();
    assert_eq!(clean, serde_json::json!({ "verdict": "pass", "findings": [] }));
    let found = scan(format!("here is {SAMPLE}").as_bytes()).ends(1).json();
    let part = |json: &serde_json::Value| {
        let findings = json["findings"].as_array().unwrap();
        let one = findings.iter().find(|one| one["rule"] == "malware.clamav").unwrap();
        assert_eq!(one["what"], "Own.Sample.UNOFFICIAL");
        one["part"].clone()
    };
    assert_eq!((part(&found), &found["verdict"]), ("2".into(), &"block".into()));
    // Nobody's part: only who reads the mail as a whole sees it.
    let header = format!("X-Note: {SAMPLE}\r\n{}", mail_with(b"nothing"));
    fs::write(dir.path().join("mail.eml"), header).unwrap();
    let line = ["scan", "mail.eml", "--config", "ssmax.toml", "--json"];
    assert_eq!(part(&ssmax_in(dir.path(), &line).ends(1).json()), "0");
}

/// Written by Word; without the object's own file ClamAV would see the document alone.
#[test]
fn the_file_in_an_object_of_a_document_by_word_is_found_by_its_name() {
    let path = Path::new("/usr/share/clamav-testfiles/clam.exe.rtf");
    let Some(clamd) = path.exists().then(|| Clamd::start("")).flatten() else {
        return may_skip("ClamAV's test files are not installed");
    };
    let dir = configured(&clamd.section());
    let line = ["scan", path.to_str().unwrap(), "--config", "ssmax.toml", "--json"];
    let found = ssmax_in(dir.path(), &line).ends(1).json();
    let parts: Vec<_> =
        found["findings"].as_array().unwrap().iter().map(|one| &one["part"]).collect();
    assert!(parts.iter().any(|part| **part == "clam.exe.rtf!object 1!clam.exe"), "{parts:?}");
}

#[test]
fn a_locked_archive_that_only_clamav_knows_is_held_as_locked() {
    let Some(clamd) = Clamd::start("") else { return };
    let dir = configured(&clamd.section());
    fs::write(dir.path().join("a.txt"), "something").unwrap();
    let packed = std::process::Command::new("7z")
        .args(["a", "-psecret", "-mhe=off", "a.7z", "a.txt"])
        .current_dir(dir.path())
        .stdout(std::process::Stdio::null())
        .status();
    if !packed.is_ok_and(|status| status.success()) {
        return may_skip("7z is not installed");
    }
    let said = ssmax_in(dir.path(), &["scan", "a.7z", "--config", "ssmax.toml", "--json"]).ends(1);
    let json = said.json();
    let rules: Vec<_> = json["findings"].as_array().unwrap().iter().map(|f| &f["rule"]).collect();
    assert!(rules.contains(&&"archive.encrypted".into()), "{json}");
    assert_eq!(json["verdict"], "hold");
}

#[test]
fn a_file_beyond_what_clamav_is_given_is_held_and_one_of_exactly_that_size_is_scanned() {
    let Some(clamd) = Clamd::start("") else { return };
    let dir = configured(&format!("{}clamav_bytes = 1000\n", clamd.section()));
    let mut file = SAMPLE.as_bytes().to_vec();
    let scan = |octets: &[u8]| {
        fs::write(dir.path().join("a.bin"), octets).unwrap();
        ssmax_in(dir.path(), &["scan", "a.bin", "--config", "ssmax.toml", "--json"]).ends(1).json()
    };
    file.resize(1000, 0);
    assert_eq!(scan(&file)["verdict"], "block");
    file.push(0);
    let json = scan(&file);
    assert_eq!(json["verdict"], "hold");
    assert_eq!(json["findings"][0]["rule"], "archive.too-large");
}
