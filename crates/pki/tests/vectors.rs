//! The language-neutral vectors in `spec/vectors/certificates`: our answer and
//! OpenSSL's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests, which read files and stop at the first surprise"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ssmax_pki::crl::Crl;
use ssmax_pki::ocsp::Response;
use ssmax_pki::path::{Limits, PathFault, PathInput, Purpose, Revocation, validate};
use ssmax_pki::{Certificate, PkiError, oid};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// One file: header fields, then labelled PEM blocks.
struct Vector {
    name: String,
    expect: String,
    purpose: String,
    at: OffsetDateTime,
    revocation: Revocation,
    openssl: Option<String>,
    leaf: String,
    intermediates: String,
    anchor: String,
    crls: String,
    ocsp: String,
}

impl Vector {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let (header, body) = text.split_once("\n\n").unwrap();
        let field = |name: &str| {
            let prefix = format!("{name}: ");
            header.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
        };
        let blocks = |label: &str| -> String {
            let sections = body.split("\n\n").filter_map(|section| section.split_once('\n'));
            sections.filter(|(name, _)| *name == label).map(|(_, pem)| format!("{pem}\n")).collect()
        };
        Self {
            name: file.file_stem().unwrap().to_string_lossy().into_owned(),
            expect: field("expect").unwrap(),
            purpose: field("purpose").unwrap(),
            at: OffsetDateTime::parse(&field("at").unwrap(), &Rfc3339).unwrap(),
            revocation: match field("revocation").unwrap().as_str() {
                "skip" => Revocation::Skip,
                "require-leaf" => Revocation::RequireLeaf,
                "require" => Revocation::Require,
                other => panic!("revocation {other}"),
            },
            openssl: field("openssl"),
            leaf: blocks("leaf"),
            intermediates: blocks("intermediate"),
            anchor: blocks("anchor"),
            crls: blocks("crl"),
            ocsp: blocks("ocsp"),
        }
    }

    fn purpose(&self) -> Purpose {
        match self.purpose.as_str() {
            "email-signing" => Purpose::EmailSigning,
            "email-encryption" => Purpose::EmailEncryption,
            "organisation-signing" => Purpose::OrganisationSigning,
            "organisation-encryption" => Purpose::OrganisationEncryption,
            "list-signing" => Purpose::ListSigning,
            "tls-server" => Purpose::TlsServer,
            other => panic!("{}: purpose {other}", self.name),
        }
    }

    /// Our answer, in the word of the `expect` field.
    fn answer(&self) -> String {
        let leaf = match Certificate::from_pem(&self.leaf) {
            Ok(leaf) => leaf,
            Err(error) => return word(&error),
        };
        let crls = Crl::all_from_pem(&self.crls).unwrap();
        let answer = validate(&PathInput {
            leaf: &leaf,
            intermediates: &Certificate::all_from_pem(&self.intermediates).unwrap(),
            anchors: &Certificate::all_from_pem(&self.anchor).unwrap(),
            crls: &crls,
            ocsp: &Response::all_from_pem(&self.ocsp).unwrap(),
            at: self.at,
            purpose: self.purpose(),
            limits: Limits::default(),
            revocation: self.revocation,
        });
        match answer {
            Ok(_) => "valid".to_owned(),
            Err(PathFault::Revoked { .. }) => "Revoked".to_owned(),
            Err(fault) => format!("{fault:?}"),
        }
    }

    /// Whether `openssl verify` accepts the same.
    fn openssl_accepts(&self) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("openssl");
        command.args(["verify", "-no-CApath", "-no-CAstore", "-partial_chain", "-purpose"]);
        command.arg(match self.purpose() {
            // OpenSSL's purpose for encryption knows RSA keys only.
            Purpose::EmailEncryption | Purpose::OrganisationEncryption | Purpose::ListSigning => {
                "any"
            }
            Purpose::TlsServer => "sslserver",
            _ => "smimesign",
        });
        let policy = match self.purpose() {
            Purpose::OrganisationSigning | Purpose::OrganisationEncryption => {
                Some(oid::POLICY_ORGANISATION)
            }
            Purpose::ListSigning => Some(oid::POLICY_LIST_SIGNER),
            _ => None,
        };
        if let Some(policy) = policy {
            command.args(["-explicit_policy", "-policy", policy]);
        }
        command.args(["-attime", &self.at.unix_timestamp().to_string()]);
        let mut file = |option: &str, name: &str, text: &str| {
            if !text.is_empty() {
                let path = folder.path().join(name);
                write(&path, text);
                if !option.is_empty() {
                    command.arg(option);
                }
                command.arg(path);
            }
        };
        file("-CAfile", "anchor.pem", &self.anchor);
        file("-untrusted", "intermediates.pem", &self.intermediates);
        file("-CRLfile", "crls.pem", &self.crls);
        if self.revocation != Revocation::Skip {
            command.arg("-crl_check_all");
        }
        let leaf = folder.path().join("leaf.pem");
        write(&leaf, &self.leaf);
        command.arg(leaf).output().expect("openssl runs").status.success()
    }
}

fn word(error: &PkiError) -> String {
    format!("{error:?}")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/certificates");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let vectors: Vec<Vector> = files.iter().map(|file| Vector::read(file)).collect();
    assert!(vectors.len() > 60, "vectors are missing");
    vectors
}

#[test]
fn every_vector_gets_its_expected_answer() {
    for vector in vectors() {
        assert_eq!(vector.answer(), vector.expect, "{}", vector.name);
    }
}

/// Where OpenSSL is known to answer otherwise, the vector says so: `valid`, `invalid`,
/// or `any` where it depends on the version.
#[test]
fn openssl_gives_the_same_answers() {
    for vector in vectors() {
        let expected = vector.openssl.as_deref().unwrap_or(&vector.expect);
        if expected == "any" {
            continue;
        }
        assert_eq!(vector.openssl_accepts(), expected == "valid", "{}", vector.name);
    }
}
