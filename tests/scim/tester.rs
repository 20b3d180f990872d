//! The service as scim2-tester sees it, a compliance suite in Python. It is looked for in
//! `target/scim2-tester`, where `.ci/judges` puts it, and wherever `python3` finds modules.

use super::serving;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn python() -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", Path::new(env!("CARGO_MANIFEST_DIR")).join("target/scim2-tester"));
    command
}

/// Whether it is here. Where it has to be, a skipped test is a failure.
fn has_tester() -> bool {
    let found = python().args(["-c", "import scim2_tester, httpx2"]).output();
    if found.is_ok_and(|found| found.status.success()) {
        return true;
    }
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "needed and not here: scim2-tester (.ci/judges)");
    println!("skipped: scim2-tester is not here (.ci/judges fetches it)");
    false
}

#[test]
fn a_compliance_suite_of_others_finds_nothing() {
    if !has_tester() {
        return;
    }
    let (_site, _serving, provider) = serving("");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scim/tester.py");
    let base = format!("http://127.0.0.1:{}/scim/v2", provider.port);
    let output = python().arg(script).args([&base, &provider.token]).output().unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let bad: Vec<&Value> =
        findings.iter().filter(|one| !["SUCCESS", "SKIPPED"].contains(&status(one))).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let good = findings.iter().filter(|one| status(one) == "SUCCESS").count();
    assert!(good > 40, "{good} of {}", findings.len());
}

fn status(finding: &Value) -> &str {
    finding["status"].as_str().unwrap()
}
