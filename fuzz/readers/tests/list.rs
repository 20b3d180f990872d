//! The list of readers in `fuzz/README.md`, and the two places where a target is.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ssmax_fuzz::TARGETS;
use ssmax_fuzz::seeds::fuzz_folder;

fn read(file: &str) -> String {
    fs::read_to_string(fuzz_folder().join(file)).unwrap()
}

fn names() -> BTreeSet<String> {
    TARGETS.iter().map(|target| target.name.to_owned()).collect()
}

/// The rows `| reader, reader | target |` of the list, by target.
fn list() -> BTreeMap<String, BTreeSet<String>> {
    let text = read("README.md");
    let (_, list) = text.split_once("## Reader -> target").unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in list.lines().take_while(|line| !line.starts_with("## ")) {
        let Some((readers, target)) = row
            .strip_prefix("| `")
            .and_then(|row| row.strip_suffix(" |"))
            .and_then(|row| row.rsplit_once(" | "))
        else {
            continue;
        };
        let readers = readers.split('`').map(str::trim).filter(|name| name.contains("::"));
        let target = target.trim_matches('`').to_owned();
        found.entry(target).or_default().extend(readers.map(str::to_owned));
    }
    found
}

#[test]
fn every_target_stands_in_the_list_and_nothing_else_does() {
    let listed: BTreeSet<String> =
        list().into_keys().filter(|name| !name.starts_with('(')).collect();
    assert_eq!(listed, names());
}

#[test]
fn every_target_is_one_of_libfuzzer_too() {
    let manifest = read("Cargo.toml");
    for name in names() {
        let binary = format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert!(manifest.contains(&binary), "fuzz/Cargo.toml lacks {name}");
        let source = read(&format!("fuzz_targets/{name}.rs"));
        assert!(source.contains(&format!("ssmax_fuzz::{name}::run(")), "{name} calls another");
    }
    let files = fs::read_dir(fuzz_folder().join("fuzz_targets")).unwrap();
    let mut files: BTreeSet<String> = files
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(files.remove("every"), "the target that is any of them");
    assert_eq!(files, names());
}

#[test]
fn seeds_and_regressions_belong_to_targets() {
    for kind in ["seeds", "regressions"] {
        for folder in fs::read_dir(fuzz_folder().join(kind)).into_iter().flatten() {
            let folder = folder.unwrap();
            if folder.path().is_dir() {
                let name = folder.file_name().to_string_lossy().into_owned();
                assert!(names().contains(&name), "{kind}/{name} belongs to no target");
            }
        }
    }
}

/// Public functions that read octets or text, by their names.
const READING: [&str; 12] = [
    "parse",
    "parse_old",
    "parse_from",
    "parse_list",
    "parse_pem",
    "from_der",
    "from_pem",
    "from_pkcs8",
    "from_json",
    "read",
    "to_der",
    "decompress",
];

/// Whatever is public, takes octets or text and reads them by its name has a target, or
/// stands in the list with the reason why not.
#[test]
fn every_public_reader_stands_in_the_list() {
    let listed: BTreeSet<String> = list().into_values().flatten().collect();
    let mut count = 0;
    let mut missing = Vec::new();
    for file in sources() {
        for names in readers(&file) {
            count += 1;
            if !names.iter().any(|name| listed.contains(name)) {
                missing.push(names);
            }
        }
    }
    assert!(count > 20, "only {count} readers found");
    assert!(missing.is_empty(), "not in fuzz/README.md: {missing:#?}");
}

/// The sources of libraries and roles.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![fuzz_folder().join("../crates"), fuzz_folder().join("../roles")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["tests", "examples", "benches", "target"].contains(&name.as_str())
            {
                folders.push(path);
            } else if name.ends_with(".rs") {
                found.push(path);
            }
        }
    }
    found
}

/// The readers of a file by the names they may have in the list: `crate::Type::function`,
/// or `crate::function` and, in a module of its own, `crate::module::function`.
fn readers(file: &Path) -> Vec<Vec<String>> {
    let crate_name = crate_of(file);
    // What a file in a folder makes is often published by the folder's module.
    let folder = file.parent().unwrap();
    let modules = [file.file_stem(), folder.file_name()];
    let modules = modules.map(|name| name.unwrap().to_string_lossy().into_owned());
    let mut found = Vec::new();
    let mut of_type = String::new();
    for line in fs::read_to_string(file).unwrap().lines() {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        if let Some(rest) = line.strip_prefix("impl") {
            of_type = subject(rest);
        } else if line.starts_with('}') {
            of_type.clear();
        }
        let Some((name, arguments)) =
            line.trim_start().strip_prefix("pub fn ").and_then(|rest| rest.split_once('('))
        else {
            continue;
        };
        let name = name.split('<').next().unwrap();
        // A signature over several lines counts: its arguments are looked at by people.
        let takes_octets = arguments.is_empty()
            || ["&[u8]", "&'a [u8]", "&str", "&'a str"].iter().any(|kind| arguments.contains(kind));
        if READING.contains(&name) && takes_octets {
            found.push(match of_type.as_str() {
                "" => std::iter::once(format!("{crate_name}::{name}"))
                    .chain(modules.iter().map(|module| format!("{crate_name}::{module}::{name}")))
                    .collect(),
                of_type => vec![format!("{crate_name}::{of_type}::{name}")],
            });
        }
    }
    found
}

/// The type that an `impl` line is about, without its parameters.
fn subject(rest: &str) -> String {
    let rest = rest.rsplit_once(" for ").map_or(rest, |(_, subject)| subject);
    let rest = rest.trim_start_matches(|c: char| c != ' ' && c != '<');
    let rest = match rest.strip_prefix('<') {
        Some(parameters) => parameters.split_once("> ").map_or(parameters, |(_, rest)| rest),
        None => rest,
    };
    rest.trim_start().split(['<', ' ', '{']).next().unwrap().to_owned()
}

/// `mail` for `crates/mail/src/entity.rs`.
fn crate_of(file: &Path) -> String {
    let parts: Vec<String> = file.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let at = parts.iter().rposition(|part| part == "crates" || part == "roles").unwrap();
    parts[at + 1].clone()
}
