//! Whether every command that a text or a page of the documentation names can be typed.
//!
//! Commands stand in prose, without marks around them. What is held to the command line's
//! own definition: the words of the command as far as it has commands below it, and every
//! `--flag` behind it in the same sentence. Sections of `ssmax.toml` are held to the sample.

use crate::cli::Cli;
use crate::{help, sample};
use clap::{Command, CommandFactory as _};
use ssmax_texts::{FILES, Language};
use std::collections::BTreeSet;
use std::path::Path;

/// Other programs that texts name; their flags are not ours.
const FOREIGN: [&str; 18] = [
    "openssl",
    "pkcs11-tool",
    "systemctl",
    "install",
    "chmod",
    "swaks",
    "postconf",
    "doveadm",
    "softhsm2-util",
    "apt-get",
    "cargo",
    "podman",
    "certutil",
    "curl",
    "journalctl",
    "sc_auth",
    "promtool",
    "clamdscan",
];

/// Words in brackets that are no section.
const NO_SECTION: [&str; 3] = ["ok", "warning", "error"];

/// What is wrong with the commands in a text.
fn faults(text: &str, root: &Command, every: &BTreeSet<String>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut current: Option<Current<'_>> = None;
    let mut words = words(text).peekable();
    while let Some(word) = words.next() {
        match word {
            Word::End => current = None,
            Word::Other("ssmax") => {
                let mut command = root;
                let mut path = String::from("ssmax");
                // Global flags may stand before the command.
                while command.has_subcommands() {
                    let Some(Word::Other(next)) = words.peek() else { break };
                    let next = *next;
                    if !next.starts_with(|c: char| c.is_ascii_lowercase()) {
                        break;
                    }
                    let Some(below) = command.find_subcommand(next) else {
                        faults.push(format!("{path} {next}: no such command"));
                        break;
                    };
                    (command, path) = (below, format!("{path} {next}"));
                    let _ = words.next();
                }
                current = Some(Current::Ours(command, path));
            }
            Word::Other(word) if FOREIGN.contains(&word) => current = Some(Current::Foreign),
            Word::Other(_) => {}
            Word::Flag(flag) => match &current {
                Some(Current::Foreign) => {}
                Some(Current::Ours(command, path)) if !flags(command).contains(flag) => {
                    faults.push(format!("{path} --{flag}: no such flag"));
                }
                Some(Current::Ours(..)) => {}
                None if !every.contains(flag) => faults.push(format!("--{flag}: of no command")),
                None => {}
            },
        }
    }
    faults
}

enum Current<'a> {
    Ours(&'a Command, String),
    Foreign,
}

#[derive(Clone, Copy)]
enum Word<'a> {
    /// A sentence, an item or a line of its own is over.
    End,
    Flag(&'a str),
    Other(&'a str),
}

/// Runs of what commands consist of. Japanese stands directly beside them.
fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let is_of_word =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@');
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            if is_of_word(first) {
                let end = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                let bare = word.trim_end_matches('.');
                if bare.is_empty() {
                    rest = behind;
                    return Some(Word::End);
                }
                // The stop at the end of a sentence comes next.
                rest = &rest[bare.len()..];
                return Some(match bare.strip_prefix("--") {
                    Some(flag) if !flag.is_empty() => Word::Flag(flag),
                    _ => Word::Other(bare),
                });
            }
            rest = &rest[first.len_utf8()..];
            // As in host:587 or a,b they are within a word.
            let is_last = rest.chars().next().is_none_or(char::is_whitespace);
            if matches!(first, '。' | '、' | '（' | '(' | '）' | ')' | '|' | '\n')
                || is_last && matches!(first, ';' | ',' | ':')
            {
                return Some(Word::End);
            }
        }
    })
}

fn flags(command: &Command) -> BTreeSet<String> {
    command.get_arguments().filter_map(|one| one.get_long()).map(str::to_owned).collect()
}

fn root() -> Command {
    let mut root = help::localised(Cli::command(), Language::En);
    root.build();
    root
}

fn every_flag(command: &Command, found: &mut BTreeSet<String>) {
    found.extend(flags(command));
    command.get_subcommands().for_each(|sub| every_flag(sub, found));
}

/// The names in brackets that no section of a sample has.
fn unknown_sections(text: &str) -> Vec<String> {
    let known: BTreeSet<&str> = [sample::Sample::Member, sample::Sample::Authority]
        .into_iter()
        .flat_map(|one| sample::sections(one).map(|section| section.name))
        .chain(NO_SECTION)
        .collect();
    let inside = text.split('[').skip(1).filter_map(|rest| Some(rest.split_once(']')?.0));
    let is_name = |name: &&str| {
        name.len() > 1 && name.bytes().all(|c| c.is_ascii_lowercase() || matches!(c, b'.' | b'1'))
    };
    inside.filter(is_name).filter(|name| !known.contains(name)).map(str::to_owned).collect()
}

/// The values of a Fluent file, one for each message, as they are written.
fn messages(source: &str) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        match (line.starts_with(' '), line.split_once(" =")) {
            (false, Some((_, value))) => messages.push(value.to_owned()),
            _ => {
                if let Some(last) = messages.last_mut() {
                    // A line that goes on is no end of a sentence, the name of a variant is
                    // no section.
                    let line = line.trim_start().trim_start_matches('*');
                    let variant = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
                    last.push(' ');
                    last.push_str(variant.map_or(line, |(_, value)| value));
                }
            }
        }
    }
    messages
}

#[test]
fn every_command_that_a_text_names_exists_with_its_flags() {
    let root = root();
    let mut every = BTreeSet::new();
    every_flag(&root, &mut every);
    let (mut found, mut commands) = (Vec::new(), 0);
    for (name, japanese, english) in FILES {
        for (language, source) in [("ja", japanese), ("en", english)] {
            for message in messages(source) {
                commands += message.matches("ssmax ").count();
                let faults = faults(&message, &root, &every);
                found.extend(faults.iter().map(|fault| format!("{language}/{name}: {fault}")));
                for section in unknown_sections(&message) {
                    found.push(format!("{language}/{name}: no section [{section}]: {message}"));
                }
            }
        }
    }
    assert!(commands > 200, "{commands}");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_command_in_the_documentation_exists_with_its_flags() {
    let root = root();
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![top.join("README.md"), top.join("README.ja.md")];
    for language in ["en", "ja"] {
        let folder = top.join("docs/operator").join(language);
        pages.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    let (mut found, mut commands) = (Vec::new(), 0);
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap().replace("\\\n", " ");
        // The first words of a line in Postfix's master.cf are a service of that name.
        let ours = |code: &String| {
            let mut words = code.split_whitespace();
            words.next() == Some("ssmax") && words.next() != Some("unix")
        };
        for code in code(&text).into_iter().filter(ours) {
            commands += 1;
            // What is quoted is one value, whatever stands in it.
            let code: String = code.split('"').step_by(2).collect();
            let faults = faults(&code, &root, &BTreeSet::new());
            let name = page.file_name().unwrap().to_string_lossy().into_owned();
            found.extend(faults.iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(commands > 150, "{commands}");
    assert!(found.is_empty(), "{found:#?}");
}

/// What a page tells to look for in a log has to be what is written there.
#[test]
fn what_the_documentation_quotes_of_a_log_is_written_by_a_role() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = String::new();
    for folder in ["roles", "crates"] {
        collect_sources(&top.join(folder), &mut sources);
    }
    let is_prose = |quoted: &&str| {
        quoted.split(' ').filter(|word| !word.is_empty()).count() > 3
            && quoted.bytes().all(|c| c.is_ascii_lowercase() || matches!(c, b' ' | b'\''))
            && !quoted.starts_with("ssmax ")
    };
    let mut quotes = 0;
    for language in ["en", "ja"] {
        for entry in std::fs::read_dir(top.join("docs/operator").join(language)).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for quoted in code(&text).iter().map(String::as_str).filter(is_prose) {
                quotes += 1;
                assert!(sources.contains(&format!("\"{quoted}\"")), "{language}: {quoted}");
            }
        }
    }
    assert!(quotes >= 2, "{quotes}");
}

fn collect_sources(dir: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_sources(&path, sources);
        } else if path.extension().is_some_and(|end| end == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The last column of the glossary has the words that no text and no page uses.
#[test]
fn texts_and_pages_keep_to_the_words_of_the_glossary() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let glossary = std::fs::read_to_string(top.join("docs/glossary.md")).unwrap();
    let rows = glossary.lines().filter(|line| line.starts_with("| ")).skip(1);
    let avoided: Vec<&str> = rows
        .filter_map(|row| row.trim_end_matches('|').rsplit('|').next())
        .flat_map(|cell| cell.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    assert!(avoided.len() > 15, "{avoided:?}");
    let mut texts: Vec<(String, String)> = Vec::new();
    for (name, japanese, english) in FILES {
        texts.push((format!("ja/{name}.ftl"), (*japanese).to_owned()));
        texts.push((format!("en/{name}.ftl"), (*english).to_owned()));
    }
    texts.push(("reasons.tsv".to_owned(), include_str!("../spec/reasons.tsv").to_owned()));
    let pages = ["README.md", "README.ja.md"].map(|name| top.join(name));
    let operator = ["en", "ja"].into_iter().flat_map(|language| {
        let folder = top.join("docs/operator").join(language);
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())
    });
    for page in pages.into_iter().chain(operator) {
        texts.push((page.display().to_string(), std::fs::read_to_string(&page).unwrap()));
    }
    let mut found = Vec::new();
    for (name, text) in &texts {
        let lines = text.lines().flat_map(|line| avoided.iter().map(move |word| (line, word)));
        let used = lines.filter(|(line, word)| line.contains(*word));
        found.extend(used.map(|(line, word)| format!("{name}: {word}: {line}")));
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Lines of code blocks, and what stands between back quotes within a line.
fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (place, part) in text.split("```").enumerate() {
        if place % 2 == 1 {
            found.extend(part.lines().map(str::to_owned));
        } else {
            // What is quoted may go on in the next line.
            let words: Vec<&str> = part.split_whitespace().collect();
            let prose = words.join(" ");
            found.extend(prose.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn a_wrong_command_or_flag_is_found_in_both_languages() {
    let root = root();
    let mut every = BTreeSet::new();
    every_flag(&root, &mut every);
    for (text, fault) in [
        ("Restore it with ssmax restroe.", "ssmax restroe: no such command"),
        ("See ssmax hold lsit; ended mails with --all.", "ssmax hold lsit: no such command"),
        ("ssmax hold list --alle", "ssmax hold list --alle: no such flag"),
        ("ssmax hold lsitで確かめてください。", "ssmax hold lsit: no such command"),
        ("ssmax hold list --alleで表示します", "ssmax hold list --alle: no such flag"),
        ("終わったものは--alleで", "--alle: of no command"),
    ] {
        assert_eq!(faults(text, &root, &every), [fault], "{text}");
    }
    for text in [
        "See ssmax hold list; ended mails are shown with --all.",
        "ssmax hold listで確かめてください。終わったものは--allで表示されます。",
        "pkcs11-tool --module FILE --list-slots shows the labels.",
        "See ssmax --help for all commands.",
        "{ $command } --help",
        "ssmax org transport の request、issue、install",
    ] {
        assert_eq!(faults(text, &root, &every), [""; 0], "{text}");
    }
    assert_eq!(unknown_sections("in [keyserver.archive] and [keysrever]"), ["keysrever"]);
}
