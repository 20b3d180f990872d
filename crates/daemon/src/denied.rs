//! Certificates that count no more: of a host that was lost or is in foreign hands.
//!
//! They are named by their SHA-256, in the settings, which a process reads once, or in a file
//! that is looked at with every new connection.

use std::path::{Path, PathBuf};

use ssmax_store::files;

use crate::tls::{Fingerprint, IdentityError};

/// The largest file, in octets: room for several hundred certificates with comments.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Where they are named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Denied {
    /// Those of the settings.
    pub listed: Vec<Fingerprint>,
    /// A file with one on each line, in hexadecimal; what follows `#` is for people.
    pub file: Option<PathBuf>,
}

impl From<&[Fingerprint]> for Denied {
    fn from(listed: &[Fingerprint]) -> Self {
        Self { listed: listed.to_vec(), file: None }
    }
}

impl Denied {
    /// All that are named now.
    ///
    /// # Errors
    /// [`IdentityError::File`] when the file is not there or others may change it, and
    /// [`IdentityError::NoFingerprint`]: whom it would have named is then not known.
    pub fn now(&self) -> Result<Vec<Fingerprint>, IdentityError> {
        let mut all = self.listed.clone();
        if let Some(path) = &self.file {
            let octets = files::read_public_up_to(path, MAX_FILE_BYTES)?;
            all.extend(parsed(path, &String::from_utf8_lossy(&octets))?);
        }
        Ok(all)
    }
}

fn parsed(path: &Path, text: &str) -> Result<Vec<Fingerprint>, IdentityError> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let digits = line.split('#').next().unwrap_or_default();
        if digits.trim().is_empty() {
            continue;
        }
        let line = number + 1;
        let no_fingerprint = || IdentityError::NoFingerprint { path: path.to_owned(), line };
        found.push(fingerprint(digits).ok_or_else(no_fingerprint)?);
    }
    Ok(found)
}

/// 64 hexadecimal digits; colons, spaces and case do not matter.
#[must_use]
pub fn fingerprint(text: &str) -> Option<Fingerprint> {
    let bare: String = text.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
    let mut octets = Fingerprint::default();
    hex::decode_to_slice(bare, &mut octets).ok()?;
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_names_one_on_each_line_beside_those_of_the_settings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("denied");
        let denied = Denied { listed: vec![[1; 32]], file: Some(path.clone()) };
        assert!(matches!(denied.now(), Err(IdentityError::File(_))));
        let text = format!(
            "# lost on Monday\n\n{}  # gw1\n  {}\n",
            "AB:".repeat(31) + "AB",
            "0c".repeat(32)
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(denied.now().unwrap(), [[1; 32], [0xab; 32], [0x0c; 32]]);
        for (text, line) in [("abc", 1), ("\n#\nabcd\n", 3)] {
            fs::write(&path, text).unwrap();
            let path = path.clone();
            assert_eq!(denied.now().unwrap_err(), IdentityError::NoFingerprint { path, line });
        }
        fs::write(&path, "#").unwrap();
        assert_eq!(denied.now().unwrap(), [[1; 32]]);
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(denied.now(), Err(IdentityError::File(_))));
    }
}
