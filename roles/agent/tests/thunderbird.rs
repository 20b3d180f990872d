//! The mails of Thunderbird's own tests, with its verdicts beside ours.
#![allow(clippy::disallowed_methods, reason = "test vectors are files")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use ssmax_agent::key::KeyFile;
use ssmax_agent::open::open;
use ssmax_cms::CmsError;
use ssmax_mail::canonical::to_crlf;
use ssmax_pki::Certificate;
use ssmax_smime::decrypt::{DecryptFault, decrypt};
use ssmax_smime::judge::{Judgement, Outcome, Question, Verdict, judge};
use time::macros::datetime;

/// Mails that Thunderbird shows as signed well and we do not, each with our reason.
///
/// Both are a signature directly around a signature, by Dave around Alice: who signed is
/// then told differently by different readers (measured), so neither counts.
const DIFFERENCES: [(&str, &str); 4] = [
    ("alice.plain.sig.SHA256.opaque.dave.sig.SHA256.opaque.eml", "nested-signature"),
    ("alice.plain.sig.SHA384.opaque.dave.sig.SHA384.opaque.eml", "nested-signature"),
    ("alice.env.sig.SHA256.opaque.dave.sig.SHA256.opaque.eml", "nested-signature"),
    ("alice.env.sig.SHA384.opaque.dave.sig.SHA384.opaque.eml", "nested-signature"),
];

/// The folder, or `None` where it is absent; then the test says so and passes, except
/// with `CI=true`.
fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("SSMAX_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    let folder = root.join("thunderbird-smime");
    if folder.exists() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}

fn key(folder: &std::path::Path, name: &str) -> KeyFile {
    let octets = std::fs::read(folder.join(name)).unwrap();
    KeyFile::read(&octets, Some("nss")).unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
}

fn reasons(judgement: &Judgement) -> Vec<&'static str> {
    let failed = judgement.checks.iter().filter(|check| check.result == Outcome::Fail);
    failed.map(|check| check.reason.code()).collect()
}

#[test]
fn our_verdicts_differ_from_thunderbirds_only_where_we_mean_to() {
    let Some(folder) = folder() else { return };
    let anchors = std::fs::read_to_string(folder.join("TestCA.pem")).unwrap();
    let anchors = Certificate::all_from_pem(&anchors).unwrap();
    let at = datetime!(2026-06-01 0:00 UTC);
    let question = Question::new(&anchors, at);
    let bob = key(&folder, "Bob.p12");
    let manifest = std::fs::read(folder.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let mut judged = 0;
    let mut differences = Vec::new();
    for entry in manifest.as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        let Some(expected) = entry["sig_good"].as_str() else { continue };
        let message = to_crlf(&std::fs::read(folder.join(name)).unwrap());
        let judgement = if entry["enc"] == "true" {
            open(&message, &bob.key, bob.certificate(), &question)
                .unwrap_or_else(|fault| panic!("{name}: {fault:?}"))
                .judgement
        } else {
            judge(&message, &question)
        };
        let is_good = judgement.verdict == Verdict::Good;
        if is_good != (expected == "true") {
            assert!(!is_good, "{name} is judged good");
            differences.push((name.to_owned(), reasons(&judgement)));
        }
        judged += 1;
    }
    assert!(judged > 40, "only {judged} mails");
    differences.sort();
    let mut expected: Vec<_> =
        DIFFERENCES.iter().map(|(name, reason)| ((*name).to_owned(), vec![*reason])).collect();
    expected.sort();
    assert_eq!(differences, expected);
}

#[test]
fn key_files_of_nss_are_read_with_their_certificates() {
    let Some(folder) = folder() else { return };
    // The last one is on P-384.
    for name in ["Alice.p12", "Bob.p12", "Dave.p12", "Eve.p12", "Fran.p12", "Alice-ec.p12"] {
        let file = key(&folder, name);
        assert!(file.certificate().is_some(), "{name}");
    }
}

#[test]
fn mails_by_openssl_with_every_form_of_oaep_are_opened_or_refused_by_name() {
    let Some(folder) = folder() else { return };
    let fran = key(&folder, "smime-interop/Fran.p12");
    for (name, expected) in [
        ("fran-oaep_ossl.env", Err(DecryptFault::Object(CmsError::CipherRefused))),
        ("fran-oaep-sha256hash-sha256mgf_ossl.env", Ok(())),
        ("fran-oaep-sha256hash_ossl.env", Ok(())),
        ("fran-oaep-label_ossl.env", Err(DecryptFault::Object(CmsError::OaepLabel))),
    ] {
        let message = to_crlf(&std::fs::read(folder.join("smime-interop").join(name)).unwrap());
        let found = decrypt(&message, &fran.key, fran.certificate()).map(drop);
        assert_eq!(found, expected, "{name}");
    }
}
