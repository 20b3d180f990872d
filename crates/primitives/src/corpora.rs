//! Reads the public test vectors that lie beside the source tree.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Octets written as hexadecimal digits.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = hex::FromHexError;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        hex::decode(digits).map(Self)
    }
}

/// One vector of a Wycheproof file, its own fields and those of its group together.
#[derive(Deserialize)]
pub(crate) struct Case<V> {
    #[serde(rename = "tcId")]
    id: u32,
    comment: String,
    #[serde(default)]
    pub(crate) flags: Vec<String>,
    result: String,
    #[serde(flatten)]
    pub(crate) vector: V,
}

impl<V> Case<V> {
    /// "valid", "invalid" or "acceptable".
    pub(crate) fn verdict(&self) -> &str {
        &self.result
    }

    pub(crate) fn is_valid(&self) -> bool {
        self.result == "valid"
    }

    pub(crate) fn is_invalid(&self) -> bool {
        self.result == "invalid"
    }

    pub(crate) fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }
}

impl<V> fmt::Display for Case<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "vector {} ({}, {}, {:?})", self.id, self.comment, self.result, self.flags)
    }
}

/// The folder, or `None` where the corpora are not there: then a test says so and passes,
/// except with `CI=true`.
fn wycheproof_folder() -> Option<PathBuf> {
    let root = std::env::var_os("SSMAX_CORPORA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    let folder = root.join("wycheproof");
    if folder.exists() {
        return Some(folder);
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}

/// The names of all vector files, sorted.
pub(crate) fn wycheproof_files() -> Option<Vec<String>> {
    let entries = std::fs::read_dir(wycheproof_folder()?).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".json")).collect();
    names.sort();
    Some(names)
}

/// Calls `check` with each vector of a Wycheproof file; with none where the corpora are not
/// there.
#[expect(clippy::disallowed_methods, reason = "test vectors are files")]
pub(crate) fn wycheproof<V: DeserializeOwned>(file: &str, mut check: impl FnMut(&Case<V>)) {
    let Some(folder) = wycheproof_folder() else { return };
    let path = folder.join(file);
    let whole: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut cases = 0;
    for group in whole["testGroups"].as_array().unwrap() {
        let mut common = group.as_object().unwrap().clone();
        let tests = common.remove("tests").unwrap();
        for test in tests.as_array().unwrap() {
            let mut fields = common.clone();
            fields.extend(test.as_object().unwrap().clone());
            check(&serde_json::from_value(fields.into()).unwrap());
            cases += 1;
        }
    }
    assert_eq!(cases, whole["numberOfTests"].as_u64().unwrap());
}
