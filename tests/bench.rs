//! `ssmax bench` as people call it. What it measures differs from machine to machine;
//! that it measures everything does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmax"));
    command.args(["bench", "cms", "--lang", "en"]).args(arguments);
    command
}

fn text(output: &Output) -> (String, String) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

const OPERATIONS: [&str; 6] = ["sign", "verify", "encrypt", "decrypt", "rewrap", "rewrap-key"];

#[test]
fn every_key_size_and_operation_has_its_line_as_json() {
    let arguments = ["--seconds", "0", "--sizes", "1k,50k", "--keys", "p256,rsa2048", "--json"];
    let output = bench(&arguments).output().unwrap();
    let (said, complained) = text(&output);
    assert!(output.status.success(), "{complained}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let mut expected = Vec::new();
    for key in ["p256", "rsa2048"] {
        for size in ["1k", "50k"] {
            expected.extend(OPERATIONS.map(|operation| (key, size, operation)));
        }
    }
    let found: Vec<_> = rows
        .iter()
        .map(|row| ["key", "size", "operation"].map(|name| row[name].as_str().unwrap()))
        .map(|[key, size, operation]| (key, size, operation))
        .collect();
    assert_eq!(found, expected);
    for row in rows {
        for name in ["ours_per_second", "libcrypto_per_second", "ratio"] {
            assert!(row[name].as_f64().unwrap() > 0.0, "{row}");
        }
        let promised =
            row["size"] == "50k" && !row["operation"].as_str().unwrap().starts_with("rewrap");
        assert_eq!(row["met"].is_boolean(), promised, "{row}");
    }
    assert!(report["compared_with"].as_str().unwrap().starts_with("OpenSSL 3"));
}

#[test]
fn a_table_says_what_is_compared_and_which_goals_are_met() {
    let output = bench(&["--seconds", "0", "--sizes", "50k", "--keys", "p256"]).output().unwrap();
    let (said, complained) = text(&output);
    assert!(output.status.success(), "{complained}");
    // Nothing of the progress without a terminal.
    assert_eq!(complained, "");
    for operation in OPERATIONS {
        let lines = said.lines().filter(|line| {
            line.starts_with("p256 ") && line.split_whitespace().nth(2) == Some(operation)
        });
        assert_eq!(lines.count(), 1, "{operation}: {said}");
    }
    assert!(said.lines().last().unwrap().starts_with("Goals met: "), "{said}");
}

#[test]
fn without_a_compiler_it_says_what_to_install_and_ends_with_3() {
    let output = bench(&["--seconds", "0"]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (_, complained) = text(&output);
    assert!(complained.contains("There is no C compiler (cc)"), "{complained}");
    assert!(complained.contains("apt-get install gcc libc6-dev libssl-dev"), "{complained}");
}

#[test]
fn without_libcrypto_it_says_what_to_install_and_ends_with_3() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let compiler = dir.path().join("cc");
    std::fs::write(&compiler, "#!/bin/sh\necho 'error: openssl/cms.h: not there' >&2\nexit 1\n")
        .unwrap();
    std::fs::set_permissions(&compiler, Permissions::from_mode(0o755)).unwrap();
    let output = bench(&["--seconds", "0"]).env("PATH", dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (_, complained) = text(&output);
    assert!(complained.contains("openssl/cms.h: not there"), "{complained}");
    assert!(complained.contains("libssl-dev"), "{complained}");
}

#[test]
fn sizes_and_keys_that_are_none_are_wrong_use() {
    for arguments in [["--sizes", "1g"], ["--keys", "rsa1024"], ["--seconds", "-1"]] {
        let output = bench(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

fn other(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmax"));
    command.args(["bench", "--lang", "en"]).args(arguments).output().unwrap()
}

#[test]
fn rewrapping_stands_beside_decrypting_and_encrypting() {
    let arguments = ["rewrap", "--seconds", "0", "--sizes", "1k,1m", "--keys", "p256", "--json"];
    let output = other(&arguments);
    let (said, complained) = text(&output);
    assert!(output.status.success(), "{complained}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let operations: Vec<_> = rows.iter().map(|row| row["operation"].as_str().unwrap()).collect();
    let expected = ["encrypt", "decrypt", "rewrap", "rewrap-key"];
    assert_eq!(operations, [expected, expected].concat());
    assert!(rows.iter().all(|row| row["libcrypto_per_second"].as_f64().unwrap() > 0.0), "{said}");
}

#[test]
fn inspecting_is_measured_for_every_size() {
    let output = other(&["inspect", "--seconds", "0", "--sizes", "10k,100k", "--json"]);
    let (said, complained) = text(&output);
    assert!(output.status.success(), "{complained}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let sizes: Vec<_> = rows.iter().map(|row| row["size"].as_str().unwrap()).collect();
    assert_eq!(sizes, ["10k", "100k"]);
    assert!(rows.iter().all(|row| row["without_clamav_ms"].as_f64().unwrap() > 0.0), "{said}");
    let output = other(&["inspect", "--seconds", "0", "--clamav", "unix:/nowhere"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let output = other(&["inspect", "--clamav", "tcp:192.0.2.1:3310"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn calls_between_roles_are_measured_for_every_size() {
    let output = other(&["call", "--seconds", "0", "--sizes", "1k,100k", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = facts["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        for figure in ["unix_us", "tls_us", "tls_new_connection_us", "ratio"] {
            assert!(row[figure].as_f64().unwrap() > 0.0, "{figure}: {row}");
        }
    }
    let output = other(&["call", "--sizes", "nothing"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

/// Whether the mail servers can be started here. Says what is missing if not.
fn mail_servers_are_here() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    let dirs = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(std::path::Path::new);
    let missing = ["postfix", "smtp-source", "smtp-sink", "opendkim"]
        .into_iter()
        .find(|program| !dirs.iter().any(|dir| dir.join(program).exists()));
    if is_root && missing.is_none() {
        return true;
    }
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!is_ci, "needed and not here: {}", missing.unwrap_or("root"));
    println!("skipped: {}", missing.unwrap_or("root"));
    false
}

#[test]
fn mails_go_every_way_and_what_they_cost_is_told() {
    if !mail_servers_are_here() {
        return;
    }
    let database = ssmax_test_postgres::shared().map(|server| server.database());
    let shared = database.as_deref().map_or(vec![], |url| vec!["--database", url]);
    let arguments = ["--mails", "20", "--rounds", "1", "--sessions", "2", "--sizes", "10k"];
    let output = other(&[&["mail", "--json"], &arguments[..], &shared].concat());
    let (said, complained) = text(&output);
    assert!(output.status.success(), "{complained}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let ways: Vec<_> = rows.iter().map(|row| row["way"].as_str().unwrap()).collect();
    let out = ["out-plain", "out-pass-through", "out-milter", "out-gateway", "out-two-gateways"];
    assert_eq!(ways, [&out[..], &["in-plain", "in-pass-through", "in-gateway"]].concat());
    let roles = |row: &serde_json::Value| -> Vec<String> {
        let roles = row["own_cpu_ms_by_process"].as_object().unwrap();
        roles.keys().cloned().collect()
    };
    let member = ["ca", "gateway", "inspector", "keyserver"];
    let expected: [&[&str]; 8] = [
        &[],
        &["copier"],
        &["opendkim"],
        &["ca", "gateway", "inspector", "keyserver", "submission"],
        &["ca", "gateway", "inspector", "keyserver", "second gateway", "submission"],
        &[],
        &["copier"],
        &member,
    ];
    for (row, expected) in rows.iter().zip(expected) {
        assert_eq!(roles(row), expected, "{row}");
        assert!(row["mails_per_second"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["postfix_cpu_ms"].as_f64().unwrap() > 0.0, "{row}");
    }
    // Twenty workers take longer than the kernel's unit of ten milliseconds.
    for row in [&rows[3], &rows[4], &rows[7]] {
        assert!(row["own_cpu_ms_by_process"]["inspector"].as_f64().unwrap() > 0.0, "{row}");
    }
    let memory = report["memory"].as_array().unwrap();
    let of: Vec<_> = memory.iter().map(|one| one["role"].as_str().unwrap()).collect();
    for role in ["a.gateway", "a2.gateway", "b.gateway", "a.submission", "b.keyserver"] {
        assert!(of.contains(&role), "{role}: {of:?}");
    }
    assert!(memory.iter().all(|one| one["peak_mb"].as_f64().unwrap() > 1.0), "{said}");
    let goals = report["goals"].as_array().unwrap();
    let names: Vec<_> = goals.iter().map(|goal| goal["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["rate", "cpu", "share", "stretch"].repeat(2));
}

#[test]
fn without_mail_servers_it_says_what_to_install_and_ends_with_3() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssmax"));
    // Without a path nothing is looked for where Debian keeps an administrator's programs.
    let command = command.args(["bench", "mail", "--lang", "en"]).env("PATH", "");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (_, complained) = text(&output);
    assert!(complained.contains("postfix is needed"), "{complained}");
    assert!(complained.contains("apt-get install postfix"), "{complained}");
}

#[test]
fn numbers_of_mails_rounds_and_sessions_are_bounded() {
    for arguments in [
        ["mail", "--mails", "0"],
        ["mail", "--mails", "100001"],
        ["mail", "--rounds", "0"],
        ["mail", "--rounds", "100"],
        ["mail", "--sessions", "0"],
        ["mail", "--sessions", "51"],
        ["mail", "--sizes", "1g"],
    ] {
        assert_eq!(other(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}
