use serde::{Deserialize, Serialize};

/// The name of the last entry.
pub const MANIFEST: &str = "ssmax-backup.json";

/// Whose state an archive has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whose {
    /// The role, or what else has a folder of its own.
    pub role: String,
    /// The member's id; empty for an authority.
    pub member: String,
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.member.is_empty() {
            f.write_str(&self.role)
        } else {
            write!(f, "{} ({})", self.role, self.member)
        }
    }
}

/// What an archive has, its last entry as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// 1.
    pub version: u32,
    /// Whose state it is.
    pub whose: Whose,
    /// When it was taken, in seconds since 1970.
    pub at: i64,
    /// Every file, in the order of the archive.
    pub files: Vec<FileFacts>,
}

/// What a file held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// Its name below the role's folder, with `/`.
    pub name: String,
    /// Its length in octets.
    pub bytes: u64,
    /// SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Octets of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}
