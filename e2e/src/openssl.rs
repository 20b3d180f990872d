//! A folder in which OpenSSL is asked what a message says.

use crate::process::{Said, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Such a folder; it goes with the value.
#[derive(Debug)]
pub struct Desk(TempDir);

impl Desk {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("ssmax-e2e-desk-").tempdir().unwrap())
    }

    /// Lays octets on it under a name.
    pub fn put(&self, name: &str, octets: &[u8]) {
        fs::write(self.0.path().join(name), octets).unwrap();
    }

    /// What lies there under a name.
    #[track_caller]
    pub fn take(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap()
    }

    /// Where something lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs OpenSSL there; blanks are between arguments.
    #[track_caller]
    pub fn openssl(&self, line: &str) -> Said {
        openssl(self.0.path(), line)
    }

    /// As [`Desk::openssl`], with arguments that have blanks in them.
    #[track_caller]
    pub fn openssl_of(&self, arguments: &[&str]) -> Said {
        run(Command::new("openssl").args(arguments).current_dir(self.0.path()))
    }

    /// How OpenSSL prints a CMS object.
    #[track_caller]
    pub fn printed(&self, der: &[u8]) -> String {
        self.put("printed.der", der);
        self.openssl("cms -cmsout -print -inform DER -in printed.der -noout").ends(0).text()
    }

    /// The recipients of an encrypted CMS object: one name of its kind for each
    /// RecipientInfo, `kari` or `ktri`.
    #[track_caller]
    pub fn recipients(&self, der: &[u8]) -> Vec<String> {
        let printed = self.printed(der);
        let (_, behind) = printed.split_once("recipientInfos:").unwrap();
        let (infos, _) = behind.split_once("ncryptedContentInfo:").unwrap();
        let kinds = infos.lines().filter_map(|line| line.trim().strip_prefix("d."));
        let kinds = kinds.map(|line| line.trim_end_matches(':').to_owned());
        kinds.filter(|kind| ["kari", "ktri", "kekri", "pwri", "ori"].contains(&&**kind)).collect()
    }

    /// The octets by which an encrypted object names a certificate as a recipient: its
    /// serial number, and its key's identifier.
    #[track_caller]
    pub fn names(&self, certificate: &Path) -> [Vec<u8>; 2] {
        let path = certificate.display();
        let serial = self.openssl(&format!("x509 -noout -serial -in {path}")).ends(0).text();
        let line = format!("x509 -noout -ext subjectKeyIdentifier -in {path}");
        let key = self.openssl(&line).ends(0).text();
        let serial = serial.trim().trim_start_matches("serial=");
        let key: String = key.lines().last().unwrap().trim().replace(':', "");
        [of_hex(serial), of_hex(&key)]
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs OpenSSL in a folder; blanks are between arguments.
#[track_caller]
pub fn openssl(dir: &Path, line: &str) -> Said {
    run(Command::new("openssl").args(line.split(' ')).current_dir(dir))
}

/// The octets of hexadecimal digits.
#[track_caller]
pub fn of_hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
