use super::*;
use crate::command::cert::lint::text_of;
use ssmax_pki::lint::certificate::requirements;
use ssmax_pki::ocsp;
use ssmax_pki::path::PathFault;
use ssmax_texts::{Language, has};
use time::macros::datetime;

const NOW: time::OffsetDateTime = datetime!(2026-06-01 0:00 UTC);

/// The labelled blocks of one of the project's own vectors.
fn vector(name: &str, label: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("spec/vectors/certificates").join(format!("{name}.txt"));
    let text = std::fs::read_to_string(file).unwrap();
    let sections = text.split("\n\n").filter_map(|section| section.split_once('\n'));
    sections.filter(|(found, _)| *found == label).map(|(_, pem)| format!("{pem}\n")).collect()
}

fn leaf(name: &str) -> Found {
    Certificate::each_from_pem(&vector(name, "leaf")).unwrap().remove(0)
}

fn written(content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file.pem");
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

#[test]
fn every_reason_finding_and_refusal_has_a_text() {
    let faults = PathFault::samples();
    assert!(faults.len() > ocsp::Fault::ALL.len() + 20);
    let reasons = faults.iter().map(|fault| format!("cert-reason-{}", fault.code()));
    let findings = requirements().into_iter().map(text_of);
    let refusals = [
        PkiError::TooLarge,
        PkiError::Malformed,
        PkiError::MalformedExtension,
        PkiError::DuplicateExtension,
        PkiError::WrongVersion,
        PkiError::UnusableAddress,
        PkiError::AlgorithmMismatch,
    ]
    .map(|error| format!("cert-refusal-{}", error.code()));
    let own = [verify::VALID, verify::VALID_UNASKED].map(|code| format!("cert-reason-{code}"));
    for id in reasons.chain(findings).chain(refusals).chain(own) {
        assert!(has(&id), "{id}");
    }
}

#[test]
fn several_certificates_in_one_file_are_read_in_order() {
    let both = vector("valid-user-signing", "leaf") + &vector("valid-user-signing", "anchor");
    let (_dir, path) = written(&both);
    let found = certificates(&path).unwrap();
    assert_eq!(found.len(), 2);
    assert!(!found[0].as_ref().unwrap().is_ca() && found[1].as_ref().unwrap().is_ca());
}

#[test]
fn a_certificate_with_an_unusable_address_is_an_answer_and_garbage_a_complaint() {
    let (_dir, path) = written(&vector("address-with-nul", "leaf"));
    assert_eq!(certificates(&path).unwrap(), [Err(PkiError::UnusableAddress)]);
    for text in ["hello", "", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let (_dir, path) = written(text);
        assert_eq!(certificates(&path).unwrap_err().name, "not-a-certificate", "{text}");
    }
}

#[test]
fn what_is_shown_names_the_holder_the_policies_and_the_days_left() {
    let context = Context { language: Language::En, json: false };
    let text = show::describe(&leaf("valid-user-mailbox-server-held"), NOW, &context);
    for line in [
        "Subject: CN=hanako@b.example",
        "Addresses: hanako@b.example",
        "Valid: 2026-04-01T00:00:00Z to 2027-03-31T23:59:59Z (303 days left)",
        "Key: EC P-256",
        "Signed with: ECDSA SHA-256",
        "Key usage: digitalSignature",
        "Purposes: emailProtection",
        "Identity proof: level 2, 2026-03-31",
        "Looks like: user-signing",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert!(text.contains("S/MIME BR mailbox-strict (2.23.140.1.5.1.3), key held by"), "{text}");
    let context = Context { language: Language::Ja, json: false };
    let text = show::describe(&leaf("valid-user-mailbox-server-held"), NOW, &context);
    assert!(
        text.contains("有効期間: 2026-04-01T00:00:00Zから") && text.contains("残り303日"),
        "{text}"
    );
}

#[test]
fn the_facts_for_scripts_have_their_fields() {
    let facts = show::facts(&leaf("valid-user-signing"), NOW);
    assert_eq!(facts["addresses"], serde_json::json!(["hanako@b.example"]));
    assert_eq!(facts["organization_identifier"], "NTRJP-7000012050002");
    assert_eq!(facts["days_left"], 303);
    assert_eq!(facts["identity_proof"]["level"], 2);
    assert_eq!(facts["smime_capabilities"], serde_json::Value::Null);
    assert_eq!(facts["sha256"].as_str().map(str::len), Some(64));
    let refused = show::facts(&Err(PkiError::UnusableAddress), NOW);
    assert_eq!(refused, serde_json::json!({ "refused": "unusable-address" }));
}
