//! The house stands as ARCHITECTURE.md draws it: directions of dependencies, what may
//! never be linked, licences, and no path of anybody's machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The floors of the house, lowest first. A crate may use what stands on its own floor
/// or below; roles never use each other.
const FLOORS: [&[&str]; 10] = [
    &["mail", "token", "metrics", "texts", "ldap"],
    &["primitives", "daemon", "second-opinion", "store"],
    &["pki", "hsm", "transport", "backup", "merkle"],
    &["cms"],
    &["inspection", "federation"],
    &["federation-client", "chain"],
    &["smime", "api", "package"],
    &[
        "authority",
        "ca",
        "keyserver",
        "inspector",
        "gateway",
        "submission",
        "directory",
        "enrol",
        "scim",
        "agent",
        "watch",
    ],
    &["ssmax"],
    &["e2e", "interop", "fuzz", "surgery", "support", "test-objects", "test-postgres"],
];

const ROLES: [&str; 11] = [
    "authority",
    "ca",
    "keyserver",
    "inspector",
    "gateway",
    "submission",
    "directory",
    "enrol",
    "scim",
    "agent",
    "watch",
];

/// Who may hold private keys at rest.
const KEY_HOLDERS: [&str; 7] = ["keyserver", "ca", "authority", "agent", "ssmax", "e2e", "support"];

/// Libraries that must never be linked, with the reason.
const BANNED: [(&str, &str); 5] = [
    ("rsa", "private operations leak timing: RUSTSEC-2023-0071"),
    ("openssl", "one crypto library is enough, and it is aws-lc"),
    ("native-tls", "TLS is rustls"),
    ("ring", "one crypto library is enough"),
    ("reqwest", "the one HTTP client is a page of hyper"),
];

/// Licences that go with MIT OR Apache-2.0.
const LICENCES: [&str; 14] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "Unlicense",
    "Unicode-3.0",
    "CC0-1.0",
    "MIT-0",
    "BSL-1.0",
    "OpenSSL",
    // Data: the roots of webpki-roots.
    "CDLA-Permissive-2.0",
];

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn short(name: &str) -> &str {
    name.strip_prefix("ssmax-").unwrap_or(name)
}

/// Each of our crates with those of ours that it links (not those it only tests with).
fn edges(metadata: &serde_json::Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut edges = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if package["source"].is_string() {
            continue;
        }
        let linked = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null() && dependency["path"].is_string())
            .map(|dependency| short(dependency["name"].as_str().unwrap()).to_owned())
            .collect();
        edges.insert(short(name).to_owned(), linked);
    }
    edges
}

fn reachable(edges: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut queue = vec![from.to_owned()];
    while let Some(name) = queue.pop() {
        for next in edges.get(&name).into_iter().flatten() {
            if seen.insert(next.clone()) {
                queue.push(next.clone());
            }
        }
    }
    seen
}

#[test]
fn no_dependency_runs_upward() {
    let floor = |name: &str| {
        FLOORS
            .iter()
            .position(|floor| floor.contains(&name))
            .unwrap_or_else(|| panic!("{name} has no floor in this test"))
    };
    for (name, linked) in edges(&metadata()) {
        for other in linked {
            assert!(floor(&other) <= floor(&name), "{name} uses {other}, which stands above it");
        }
    }
}

#[test]
fn roles_never_link_each_other() {
    let edges = edges(&metadata());
    for role in ROLES {
        let reached = reachable(&edges, role);
        for other in ROLES {
            assert!(!reached.contains(other), "{role} links {other}");
        }
    }
}

#[test]
fn only_key_holders_link_the_key_store() {
    let edges = edges(&metadata());
    for name in edges.keys() {
        let links = reachable(&edges, name).contains("hsm");
        assert!(
            !links || KEY_HOLDERS.contains(&name.as_str()),
            "{name} links the key store, and must not"
        );
    }
}

/// The same as a stranger would check it.
#[test]
fn cargo_tree_of_gateway_and_inspector_shows_no_key_backend() {
    for package in [
        "ssmax-gateway",
        "ssmax-inspector",
        "ssmax-submission",
        "ssmax-directory",
        "ssmax-enrol",
        "ssmax-scim",
    ] {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--locked", "-p", package, "-e", "normal,build", "--prefix", "none"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8(output.stdout).unwrap();
        assert!(tree.contains("ssmax-mail"), "the tree is empty: {tree}");
        for line in tree.lines() {
            let name = line.split(' ').next().unwrap_or_default();
            assert!(name != "ssmax-hsm" && name != "cryptoki", "{package} links {name}");
        }
    }
}

#[test]
fn nothing_banned_is_linked_and_every_licence_is_known() {
    // What is in fact built; the lock file also names optional packages that nobody
    // turned on.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--workspace", "-e", "normal,build,dev"])
        .args(["--prefix", "none", "--format", "{p}|{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let packages: BTreeSet<(&str, &str)> = tree
        .lines()
        .filter_map(|line| line.trim_end_matches(" (*)").split_once('|'))
        .map(|(package, licence)| (package.split(' ').next().unwrap_or_default(), licence))
        .collect();
    assert!(packages.len() > 100, "only {} packages", packages.len());
    for (name, licence) in packages {
        if let Some((_, reason)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            panic!("{name} is linked: {reason}");
        }
        // One of the alternatives must be wholly known.
        let known = licence.replace('/', " OR ").split(" OR ").any(|choice| {
            choice.split(" AND ").all(|part| {
                let part = part.trim_matches(|c: char| c == '(' || c == ')' || c == ' ');
                let plain = part.split(" WITH ").next().unwrap_or_default();
                LICENCES.contains(&plain)
            })
        });
        assert!(known, "{name} has the licence {licence:?}");
    }
}

/// Whoever runs the tests by hand installs what CI does.
#[test]
fn both_readmes_name_the_packages_that_ci_installs() {
    let text = |name: &str| {
        std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    };
    let between = |text: &str, begin: &str, end: &str| -> BTreeSet<String> {
        let (_, behind) = text.split_once(begin).unwrap();
        let (list, _) = behind.split_once(end).unwrap();
        list.split_whitespace().filter(|word| *word != "\\").map(str::to_owned).collect()
    };
    let ci = between(&text(".ci/run"), "\npackages=(\n", "\n)\n");
    assert!(ci.len() > 20, "{ci:?}");
    for name in ["README.md", "README.ja.md"] {
        let named = between(&text(name), "\napt-get install ", "\n```\n");
        let differ: Vec<&String> = ci.symmetric_difference(&named).collect();
        assert!(differ.is_empty(), "{name} and .ci/run differ: {differ:?}");
    }
}
