//! What clamd does with plaintext: `ssmax check` names it.

use std::fs;

use crate::clamd::{Clamd, configured};
use ssmax_support::site::ssmax_in;

/// The results of `ssmax check` by name.
fn checks(dir: &std::path::Path) -> Vec<(String, String)> {
    let said = ssmax_in(dir, &["check", "--config", "ssmax.toml", "--json"]);
    let json = said.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let rows = json["checks"].as_array().unwrap();
    rows.iter().map(|row| (text(&row["name"]), text(&row["result"]))).collect()
}

fn result<'a>(checks: &'a [(String, String)], name: &str) -> Option<&'a str> {
    checks.iter().find(|(found, _)| found == name).map(|(_, result)| result.as_str())
}

#[test]
fn a_clamd_that_keeps_to_memory_and_tells_its_limits_is_in_order() {
    let Some(clamd) = Clamd::start("StreamMaxLength 100M\n") else { return };
    let dir = configured(&clamd.section());
    let found = checks(dir.path());
    for name in ["inspector.clamav", "inspector.clamav-temporary", "inspector.clamav-conf"] {
        assert_eq!(result(&found, name), Some("ok"), "{name}: {found:?}");
    }
}

#[test]
fn temporary_files_on_a_disk_and_silence_about_limits_are_named() {
    let dir = configured("");
    let conf = dir.path().join("clamd.conf");
    let on_disk = dir.path().join("tmp");
    fs::create_dir(&on_disk).unwrap();
    let text = format!(
        "TemporaryDirectory {}\nLeaveTemporaryFiles yes\nStreamMaxLength 10M\n",
        on_disk.display()
    );
    fs::write(&conf, text).unwrap();
    let lines = "clamav = \"unix:/nowhere/clamd.ctl\"\nclamd_conf = \"clamd.conf\"\n";
    let config = fs::read_to_string(dir.path().join("ssmax.toml")).unwrap() + lines;
    fs::write(dir.path().join("ssmax.toml"), config).unwrap();
    let found = checks(dir.path());
    for (name, expected) in [
        ("inspector.clamav", "error"),
        ("inspector.clamav-temporary", "error"),
        ("inspector.clamav-leaves-files", "error"),
        ("inspector.clamav-limits", "warning"),
        ("inspector.clamav-encrypted", "warning"),
        ("inspector.clamav-stream", "warning"),
    ] {
        assert_eq!(result(&found, name), Some(expected), "{name}: {found:?}");
    }
    fs::remove_file(conf).unwrap();
    assert_eq!(result(&checks(dir.path()), "inspector.clamav-conf"), Some("error"));
}
