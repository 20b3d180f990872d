//! Real mail, and Python as a third reader.
#![allow(dead_code, reason = "each test file uses its share")]

use serde_json::{Value, json};
use ssmax_mail::{Entity, Limits, address, canonical, parse};
use ssmax_second_opinion::Unsettled;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// One mail of the corpus, with CRLF lines.
pub(crate) struct Mail {
    pub(crate) name: String,
    pub(crate) is_spam: bool,
    pub(crate) octets: Vec<u8>,
}

/// The mails of the npm corpus (see `.ci/corpora`), or nothing where it is absent.
pub(crate) fn corpus() -> Vec<Mail> {
    let folder = std::env::var_os("SSMAX_MAIL_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/corpora/spam-assassin"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", folder.display());
        println!("skipped: {} is not there; .ci/corpora fetches it", folder.display());
        return Vec::new();
    }
    let mut mails = Vec::new();
    for group in files_in(&folder) {
        let group_name = group.file_name().unwrap().to_string_lossy().into_owned();
        for path in files_in(&group) {
            if path.extension().is_some_and(|extension| extension == "txt") {
                let octets = std::fs::read(&path).unwrap();
                mails.push(Mail {
                    name: format!("{group_name}/{}", path.file_stem().unwrap().to_string_lossy()),
                    is_spam: group_name.starts_with("spam"),
                    octets: canonical::to_crlf(without_envelope_line(&octets)),
                });
            }
        }
    }
    assert_eq!(mails.len(), 6046, "{} is not whole", folder.display());
    mails
}

/// The vectors of the strict parser that pass: few, but always there.
pub(crate) fn vectors() -> Vec<Mail> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/mail");
    let mails: Vec<Mail> = files_in(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| {
            let octets = std::fs::read(&path).unwrap();
            let end = octets.windows(2).position(|pair| pair == b"\n\n").unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            Mail { name, is_spam: false, octets: octets[end + 2..].to_vec() }
        })
        .collect();
    assert!(mails.len() > 150, "{}", mails.len());
    mails
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// mbox files begin each mail with a line `From ...`.
fn without_envelope_line(octets: &[u8]) -> &[u8] {
    if !octets.starts_with(b"From ") {
        return octets;
    }
    let end = octets.iter().position(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    &octets[end..]
}

/// Python, as long as a test runs.
pub(crate) struct Python {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("python3")
            .args(["-c", include_str!("peer.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    /// What Python reads in a mail.
    pub(crate) fn reads(&mut self, octets: &[u8]) -> Value {
        writeln!(self.input, "{}", octets.len()).unwrap();
        self.input.write_all(octets).unwrap();
        self.input.flush().unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // Its input ends here; it has nothing to lose.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What we read in a mail, in the words of `peer.py`.
pub(crate) fn reading(octets: &[u8]) -> Value {
    let mail = parse(octets, &Limits::default()).unwrap();
    let mut node = tree(&mail);
    let addresses = |names: &[&str]| -> Vec<String> {
        names
            .iter()
            .flat_map(|name| mail.header().all(name))
            .flat_map(|field| address::parse_list(&field.unfolded()).unwrap_or_default())
            .map(|mailbox| mailbox.address.to_string())
            .collect()
    };
    node["from"] = json!(addresses(&["From"]));
    node["to"] = json!(addresses(&["To", "Cc"]));
    let subject = mail.header().all("Subject").next().map(|field| field.decoded());
    node["subject"] = json!(words(&subject.unwrap_or_default()));
    node
}

pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn tree(entity: &Entity<'_>) -> Value {
    let kind = entity.content_type();
    let name = entity.file_name().map(|name| words(&name)).filter(|name| !name.is_empty());
    let mut node = json!({
        "type": kind.essence(),
        "disposition": entity.disposition().map(|disposition| disposition.kind()),
        "name": name,
    });
    if let Some(inner) = entity.message() {
        node["mail"] = tree(&inner.unwrap());
    } else if kind.is_multipart() {
        node["parts"] = entity.children().iter().map(tree).collect();
    } else if kind.kind() != "message" {
        let digest = ssmax_primitives::sha256(&entity.decoded_body().unwrap());
        let hex: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        node["body"] = json!(hex);
    }
    node
}

/// The stable name of a refusal.
pub(crate) fn named(why: &Unsettled) -> String {
    match why {
        Unsettled::Fault(fault) => fault.code().to_owned(),
        Unsettled::Disagreement(about) => about.what.code().to_owned(),
        Unsettled::NotRebuilt { about, fault } => format!("{} ({fault})", about.what.code()),
        other => format!("{other:?}"),
    }
}
