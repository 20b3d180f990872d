//! Reading a configuration: one TOML file, unknown fields refused with a suggestion.
//!
//! The types that a file is read into carry `#[serde(deny_unknown_fields)]`; from what
//! serde then says, [`load`] makes an error that names file, line, field and the known
//! field that is nearest.

pub mod address;
pub mod network;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use thiserror::Error;

use address::AddressFault;

/// Largest configuration file, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 1024 * 1024;

/// How alike two names are (Jaro-Winkler, 0 to 1) before one is suggested for the
/// other. Below, the suggestion would puzzle more than it helps.
const LIKENESS: f64 = 0.7;

/// Why a configuration could not be read. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be opened or read.
    #[error("{}: {kind}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The file is larger than [`MAX_CONFIG_BYTES`].
    #[error("{}: larger than {MAX_CONFIG_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not UTF-8, as TOML has to be.
    #[error("{}:{line}: not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line with the first foreign octet.
        line: usize,
    },
    /// A field that nothing reads.
    #[error("{}:{line}: unknown field `{field}`{}", path.display(), hint(nearest.as_ref(), known))]
    UnknownField {
        /// The file.
        path: PathBuf,
        /// The line of the field.
        line: usize,
        /// The field as written.
        field: String,
        /// The known field that is most like it, if any is like it at all.
        nearest: Option<String>,
        /// All fields known at this place.
        known: Vec<String>,
    },
    /// A word where another one of a few is wanted.
    #[error("{}:{line}: unknown value `{value}`{}", path.display(), hint(nearest.as_ref(), known))]
    UnknownValue {
        /// The file.
        path: PathBuf,
        /// The line of the value.
        line: usize,
        /// The value as written.
        value: String,
        /// The known value that is most like it, if any is like it at all.
        nearest: Option<String>,
        /// All values known at this place.
        known: Vec<String>,
    },
    /// An address with a port that cannot be listened on.
    #[error("{}:{line}: `{address}`: {fault}", path.display())]
    Address {
        /// The file.
        path: PathBuf,
        /// The line of the value.
        line: usize,
        /// The address as written.
        address: String,
        /// What is wrong with it.
        fault: AddressFault,
    },
    /// A field without a default is not there.
    #[error("{}:{line}: missing field `{field}`", path.display())]
    MissingField {
        /// The file.
        path: PathBuf,
        /// The line where the section begins that lacks it.
        line: usize,
        /// The field.
        field: String,
    },
    /// The file is no TOML, or a value is of another type than its field.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The line of the fault.
        line: usize,
        /// The column of the fault, in characters.
        column: usize,
        /// What is wrong, in the parser's words.
        message: String,
    },
}

/// Reads the TOML file at `path`.
///
/// # Errors
/// Each variant of [`ConfigError`]; all name the file, and the line where there is one.
pub fn load<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let unreadable =
        |error: io::Error| ConfigError::Unreadable { path: path.to_owned(), kind: error.kind() };
    let mut octets = Vec::new();
    File::open(path)
        .map_err(unreadable)?
        .take(MAX_CONFIG_BYTES + 1)
        .read_to_end(&mut octets)
        .map_err(unreadable)?;
    if octets.len() as u64 > MAX_CONFIG_BYTES {
        return Err(ConfigError::TooLarge { path: path.to_owned() });
    }
    let text = String::from_utf8(octets).map_err(|error| {
        let valid = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = 1 + valid.filter(|&&octet| octet == b'\n').count();
        ConfigError::NotUtf8 { path: path.to_owned(), line }
    })?;
    parse(&text, path)
}

/// Reads TOML from memory; `path` is what errors call it.
///
/// # Errors
/// As [`load`], but for those of the file itself.
pub fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| explain(&error, text, path))
}

/// The path that `value` in the configuration file at `config` means: a relative one
/// starts at that file's folder, wherever the program was started.
#[must_use]
pub fn resolve(config: &Path, value: &Path) -> PathBuf {
    match config.parent() {
        Some(folder) => folder.join(value),
        None => value.to_owned(),
    }
}

/// The one of `known` that is most like `name`, unless none is like it.
#[must_use]
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), *candidate))
        .filter(|(likeness, _)| *likeness >= LIKENESS)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

fn explain(error: &toml::de::Error, text: &str, path: &Path) -> ConfigError {
    let path = path.to_owned();
    let (line, column) = position(text, error.span().map_or(0, |span| span.start));
    let message = error.message();
    if let Some((field, known)) = unknown(message, "unknown field `") {
        let nearest = nearest(field, &known).map(str::to_owned);
        let (field, known) = (field.to_owned(), owned(&known));
        return ConfigError::UnknownField { path, line, field, nearest, known };
    }
    if let Some((value, known)) = unknown(message, "unknown variant `") {
        let nearest = nearest(value, &known).map(str::to_owned);
        let (value, known) = (value.to_owned(), owned(&known));
        return ConfigError::UnknownValue { path, line, value, nearest, known };
    }
    if let Some((address, fault)) = AddressFault::told(message) {
        return ConfigError::Address { path, line, address: address.to_owned(), fault };
    }
    if let Some(field) =
        message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'))
    {
        return ConfigError::MissingField { path, line, field: field.to_owned() };
    }
    let message = message.lines().collect::<Vec<_>>().join("; ");
    ConfigError::Invalid { path, line, column, message }
}

/// Name and known names out of serde's sentence: "unknown field `a`, expected one of
/// `b`, `c`" or "unknown field `a`, there are no fields".
fn unknown<'a>(message: &'a str, opening: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let rest = message.strip_prefix(opening)?;
    // Known names come from Rust identifiers; the written one may hold anything.
    if let Some((name, known)) = rest.rsplit_once("`, expected ") {
        return Some((name, known.split('`').skip(1).step_by(2).collect()));
    }
    let (name, _) = rest.rsplit_once("`, there are no ")?;
    Some((name, Vec::new()))
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.bytes().filter(|&octet| octet == b'\n').count();
    (
        line,
        1 + before.chars().count()
            - before.get(..line_start).map_or(0, |text| text.chars().count()),
    )
}

fn hint(nearest: Option<&String>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!(", did you mean `{nearest}`?"),
        None if known.is_empty() => ", nothing is known here".to_owned(),
        None => format!(", known here: {}", known.join(", ")),
    }
}
