//! The test suites of others, with our verdict beside theirs. Where we differ, the reason
//! stands in `spec/divergences.md`, "Test suites of others", which is held equal here.
#![allow(clippy::disallowed_methods, reason = "test vectors are files")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ssmax_cms::enveloped::{Enveloped, RecipientKind};
use ssmax_cms::signed::SignedData;
use ssmax_mail::canonical::to_crlf;
use ssmax_pki::Certificate;
use ssmax_pki::crl::Crl;
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_primitives::{ContentKey, SoftwareKey};
use ssmax_smime::content::ObjectKind;
use ssmax_smime::decrypt::decrypt;
use ssmax_smime::judge::{Judgement, Outcome, Question, Verdict, judge, judge_opened};
use time::macros::datetime;

use self::differences::{RFC4134, THUNDERBIRD};

mod differences;

fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SSMAX_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", folder.display());
    println!("skipped: no corpus {name}");
    None
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {complaint}");
    output.stdout
}

/// Key and certificate in a PKCS#12 file of the suite.
fn holder(path: &Path) -> (SoftwareKey, Certificate) {
    let path = path.display().to_string();
    let pem = openssl(&["pkcs12", "-in", &path, "-passin", "pass:nss", "-nodes"]);
    let pem = String::from_utf8(pem).unwrap();
    let key = SoftwareKey::from_pem(&pem).unwrap();
    let certificates = Certificate::all_from_pem(&pem).unwrap();
    let own = certificates.into_iter().find(|one| ssmax_token::KeyPair::spki(&key) == one.spki());
    (key, own.unwrap())
}

fn told(judgement: &Judgement) -> String {
    let failed: Vec<_> = judgement
        .checks
        .iter()
        .filter(|check| check.result == Outcome::Fail)
        .map(|check| check.reason.code())
        .collect();
    match judgement.verdict {
        Verdict::Good => "good".to_owned(),
        Verdict::Bad => format!("bad: {}", failed.join(", ")),
        Verdict::None => {
            let check = judgement.check(ssmax_smime::judge::CheckName::Signature).unwrap();
            format!("none: {}", check.reason)
        }
    }
}

#[test]
fn our_verdicts_differ_from_thunderbirds_only_where_we_mean_to() {
    let Some(folder) = corpus("thunderbird-smime") else { return };
    let anchors = std::fs::read_to_string(folder.join("TestCA.pem")).unwrap();
    let anchors = Certificate::all_from_pem(&anchors).unwrap();
    let question = Question::new(&anchors, datetime!(2026-06-01 0:00 UTC));
    let holders: BTreeMap<&str, _> = [
        ("bob", holder(&folder.join("Bob.p12"))),
        ("fran", holder(&folder.join("smime-interop/Fran.p12"))),
        ("fran-ec", holder(&folder.join("smime-interop/Fran-ec.p12"))),
    ]
    .into();
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let entries = manifest.as_array().unwrap();
    assert!(entries.len() >= 54, "only {} mails", entries.len());
    let mut differences = Vec::new();
    for entry in entries {
        let name = entry["file"].as_str().unwrap();
        let message = to_crlf(&std::fs::read(folder.join(name)).unwrap());
        let who = match name {
            _ if name.contains("fran-ec") => "fran-ec",
            _ if name.contains("fran") => "fran",
            _ => "bob",
        };
        let (key, certificate) = &holders[who];
        let content = (entry["enc"] == "true").then(|| decrypt(&message, key, Some(certificate)));
        let opened = content.as_ref().is_none_or(Result::is_ok);
        let Some(expected) = entry["sig_good"].as_str() else {
            if !opened {
                differences.push([name.to_owned(), "opened".into(), "refused".into()]);
            }
            continue;
        };
        let judgement = match content {
            None => judge(&message, &question),
            Some(content) => {
                let content = content.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                judge_opened(&message, &to_crlf(&content), &question)
            }
        };
        let is_good = judgement.verdict == Verdict::Good;
        if is_good != (expected == "true") {
            assert!(!is_good, "{name} is judged good");
            differences.push([name.to_owned(), "good".into(), told(&judgement)]);
        }
    }
    differences.sort();
    let mut meant: Vec<[String; 3]> =
        THUNDERBIRD.iter().map(|[file, they, we, _]| [*file, *they, *we].map(Into::into)).collect();
    meant.sort();
    assert_eq!(differences, meant);
}

/// A moment at which the certificates of RFC 4134 were valid.
const IN_2003: time::OffsetDateTime = datetime!(2003-01-01 0:00 UTC);

fn key_kind(spki: &[u8]) -> String {
    match ssmax_primitives::key_algorithm(spki) {
        Ok(kind) => format!("{kind:?}"),
        Err(fault) => fault.to_string(),
    }
}

/// What our readers make of one file of the folder.
fn outcome(folder: &Path, name: &str) -> String {
    let octets = std::fs::read(folder.join(name)).unwrap();
    let content = std::fs::read(folder.join("ExContent.bin")).unwrap();
    let limits = ssmax_cms::Limits::default();
    match name.rsplit_once('.').unwrap().1 {
        "cer" => {
            let certificate = match Certificate::from_der(&octets) {
                Ok(certificate) => certificate,
                Err(fault) => return format!("refused: {fault}"),
            };
            let issuer = if name.contains("DSS") { "CarlDSSSelf.cer" } else { "CarlRSASelf.cer" };
            let issuer = std::fs::read(folder.join(issuer)).unwrap();
            let input = PathInput {
                leaf: &certificate,
                intermediates: &[],
                anchors: &[Certificate::from_der(&issuer).unwrap()],
                crls: &[],
                ocsp: &[],
                at: IN_2003,
                purpose: Purpose::Any,
                limits: path::Limits::default(),
                revocation: Revocation::Skip,
            };
            let path =
                path::validate(&input).map_or_else(|fault| fault.to_string(), |_| "valid".into());
            format!("read; {}; path: {path}", key_kind(certificate.spki()))
        }
        "crl" => {
            let crl = match Crl::from_der(&octets) {
                Ok(crl) => crl,
                Err(fault) => return format!("refused: {fault}"),
            };
            let issuer = if name.contains("DSS") { "CarlDSSSelf.cer" } else { "CarlRSASelf.cer" };
            let issuer = std::fs::read(folder.join(issuer)).unwrap();
            let verified = crl.verify(&Certificate::from_der(&issuer).unwrap());
            let verified = verified.map_or_else(|fault| fault.to_string(), |()| "valid".into());
            format!("read, {} entries; {verified}", crl.entries().len())
        }
        "pri" => SoftwareKey::from_pkcs8(&octets)
            .map_or_else(|fault| fault.to_string(), |_| "read".into()),
        "eml" => {
            let question = Question::new(&[], IN_2003);
            told(&judge(&to_crlf(&octets), &question))
        }
        "txt" => "the RFC itself".to_owned(),
        _ if octets == content => "the content".to_owned(),
        _ => match ObjectKind::of(&octets) {
            ObjectKind::Signed => {
                signed_outcome(&SignedData::parse(&octets, &limits).unwrap(), &content)
            }
            ObjectKind::Encrypted => {
                let today = Enveloped::parse(&octets, &limits).map(drop).unwrap_err();
                let old = Enveloped::parse_old(&octets, &limits);
                let old = old
                    .map_or_else(|fault| fault.to_string(), |old| opened(folder, &old, &content));
                format!("refused: {today}; as old mail: {old}")
            }
            ObjectKind::Other => "no kind that mail has".to_owned(),
            other => panic!("{name}: {other:?}"),
        },
    }
}

fn signed_outcome(signed: &SignedData, content: &[u8]) -> String {
    let inside = match signed.content() {
        None => "no content",
        Some(octets) if octets == content => "the content",
        Some(_) => "another content",
    };
    let mut faults: Vec<String> = signed
        .signers()
        .iter()
        .map(|signer| signer.signature_algorithm().map(drop).unwrap_err().to_string())
        .collect();
    faults.dedup();
    format!("{inside}; {} signers; {}", signed.signers().len(), faults.join(", "))
        .trim_end_matches("; ")
        .to_owned()
}

/// Opens an old object with Bob's key of 1,024 bits, which is none that we use: OpenSSL
/// does the key's part.
fn opened(folder: &Path, enveloped: &Enveloped, content: &[u8]) -> String {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for recipient in enveloped.recipients() {
        if recipient.kind() != RecipientKind::KeyTransPkcs1 {
            continue;
        }
        // The encrypted key is the last field of KeyTransRecipientInfo.
        let der = recipient.der();
        std::fs::write(dir.path().join("wrapped"), &der[der.len() - 128..]).unwrap();
        let key = folder.join("BobPrivRSAEncrypt.pri").display().to_string();
        let wrapped = dir.path().join("wrapped").display().to_string();
        let output = Command::new("openssl")
            .args(["pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", &key, "-in", &wrapped])
            .output()
            .unwrap();
        if !output.status.success() {
            continue;
        }
        return match enveloped.decrypt(&ContentKey::new(output.stdout)) {
            Ok(found) if found.as_slice() == content => "the content".to_owned(),
            Ok(_) => "another content".to_owned(),
            Err(fault) => fault.to_string(),
        };
    }
    "no recipient".to_owned()
}

#[test]
fn the_examples_of_rfc_4134_are_read_or_refused_by_name() {
    let Some(folder) = corpus("rfc4134") else { return };
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), RFC4134.len());
    for (name, [file, told, _]) in names.iter().zip(RFC4134) {
        assert_eq!((name.as_str(), outcome(&folder, name).as_str()), (file, told));
    }
}

#[test]
fn the_document_tells_the_differences_that_the_tests_know() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/divergences.md");
    let document = std::fs::read_to_string(path).unwrap();
    let wanted = differences::tables();
    assert!(document.contains(&wanted), "spec/divergences.md lacks this:\n{wanted}");
}
