//! `ssmax cert` on the published certificate vectors, and on what is no certificate.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

use ssmax_support::site::ssmax_in;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn vectors() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/vectors/certificates");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    found.sort();
    found
}

/// The fields above the first blank line, and the PEM blocks by the word above them.
fn read(path: &Path) -> (BTreeMap<String, String>, BTreeMap<String, Vec<String>>) {
    let text = fs::read_to_string(path).unwrap();
    let (head, blocks) = text.split_once("\n\n").unwrap();
    let fields = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for block in blocks.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (name, pem) = block.split_once('\n').unwrap();
        named.entry(name.to_owned()).or_default().push(format!("{}\n", pem.trim_end()));
    }
    (fields, named)
}

#[test]
fn cert_verify_answers_every_vector_about_mail_as_it_must() {
    let dir = TempDir::new().unwrap();
    let mut answered = 0;
    for path in vectors() {
        let (fields, blocks) = read(&path);
        let purpose = match fields["purpose"].as_str() {
            "email-signing" => "signing",
            "email-encryption" => "encryption",
            _ => continue,
        };
        let has_sources = blocks.contains_key("crl") || blocks.contains_key("ocsp");
        // The command asks for the leaf's state if it is given anything that may tell.
        let asks = if has_sources { "require-leaf" } else { "skip" };
        if fields["revocation"] != asks {
            continue;
        }
        let mut line = vec!["verify".to_owned()];
        for (name, option) in [
            ("leaf", ""),
            ("intermediate", "--intermediate"),
            ("anchor", "--trust"),
            ("crl", "--crl"),
            ("ocsp", "--ocsp"),
        ] {
            for (place, pem) in blocks.get(name).into_iter().flatten().enumerate() {
                let file = format!("{name}-{place}.pem");
                fs::write(dir.path().join(&file), pem).unwrap();
                line.extend([option.to_owned(), file].into_iter().filter(|word| !word.is_empty()));
            }
        }
        line.extend(["--at", &fields["at"], "--purpose", purpose, "--json"].map(str::to_owned));
        let words: Vec<&str> =
            std::iter::once("cert").chain(line.iter().map(String::as_str)).collect();
        let (verdict, exit) =
            if fields["expect"] == "valid" { ("valid", 0) } else { ("invalid", 1) };
        let said = ssmax_in(dir.path(), &words);
        assert_eq!(said.exit, exit, "{}: {said:#?}", path.display());
        assert_eq!(said.json()["verdict"], verdict, "{}", path.display());
        assert!(said.json()["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
        answered += 1;
    }
    assert!(answered >= 40, "{answered}");
}

#[test]
fn our_own_certificates_pass_the_lint_and_a_bare_one_does_not() {
    let dir = TempDir::new().unwrap();
    let vector = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("spec/vectors/certificates/valid-user-signing.txt");
    let (_, blocks) = read(&vector);
    fs::write(dir.path().join("leaf.pem"), &blocks["leaf"][0]).unwrap();
    let said = ssmax_in(dir.path(), &["cert", "lint", "leaf.pem", "--json"]);
    assert_eq!(said.exit, 0, "{said:#?}");
    let said = ssmax_in(dir.path(), &["cert", "show", "leaf.pem"]).ends(0);
    assert!(said.out.contains("hanako@b.example"), "{}", said.out);

    let made = std::process::Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=bare", "-days", "9000",
        ])
        .args(["-keyout", "key.pem", "-out", "bare.pem"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(made.status.success());
    let said =
        ssmax_in(dir.path(), &["cert", "lint", "bare.pem", "--profile", "user-signing", "--json"])
            .ends(1);
    assert!(said.json().to_string().contains("error"), "{}", said.out);
}

#[test]
fn what_is_no_certificate_is_wrong_use() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("x"), "no certificate").unwrap();
    ssmax_in(dir.path(), &["cert", "show", "x"]).ends(2);
    ssmax_in(dir.path(), &["cert", "lint", "x"]).ends(2);
    ssmax_in(dir.path(), &["cert", "verify", "x", "--trust", "x"]).ends(2);
    ssmax_in(dir.path(), &["cert", "verify", "absent", "--trust", "x"]).ends(2);
    ssmax_in(dir.path(), &["cert", "verify", "x"]).ends(2);
}
