//! The log of a process as its operator sees it. The test starts itself again as the
//! process that logs.
#![allow(clippy::unwrap_used, reason = "tests")]

use ssmax_daemon::log::Format;
use std::process::Command;

const LEVEL: &str = "SSMAX_TEST_LEVEL";
const JSON: &str = "SSMAX_TEST_JSON";
const ENTRY: &str = "a_process_that_is_asked_to_logs";

#[test]
fn a_process_that_is_asked_to_logs() {
    let Ok(level) = std::env::var(LEVEL) else { return };
    let json = std::env::var_os(JSON).is_some();
    let format = if json { Format::Json } else { Format::Text };
    ssmax_daemon::log::init("gateway", &level, format);
    // The second call must change neither role nor level.
    ssmax_daemon::log::init("other", "off", Format::Text);
    tracing::debug!(target: "ssmax_gateway::listen", "below");
    tracing::warn!(size_bytes = 7, "careful");
}

/// Lines on standard error without their times.
fn logged(level: &str) -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", ENTRY, "--nocapture"])
        .env(LEVEL, level)
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
}

#[test]
fn a_line_on_standard_error_has_no_colours_when_that_is_no_terminal() {
    assert_eq!(logged("info"), ["WARN gateway careful size_bytes=7"]);
}

#[test]
fn the_level_of_the_configuration_decides() {
    assert_eq!(logged("error"), Vec::<String>::new());
    assert_eq!(logged("debug"), ["DEBUG gateway below", "WARN gateway careful size_bytes=7"]);
}

#[test]
fn an_unknown_level_is_info_and_a_warning_says_so() {
    assert_eq!(
        logged("loud"),
        [
            "WARN gateway unknown log level, using info level=loud",
            "WARN gateway careful size_bytes=7"
        ]
    );
}

#[test]
fn the_format_of_the_configuration_decides() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", ENTRY, "--nocapture"])
        .env(LEVEL, "info")
        .env(JSON, "1")
        .output()
        .unwrap();
    let line: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!((&line["role"], &line["level"]), (&"gateway".into(), &"WARN".into()));
    assert_eq!((&line["message"], &line["fields"]["size_bytes"]), (&"careful".into(), &7.into()));
}
