//! By what a changed file is known without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// A file as it was found: when it and its mode were changed, its length, inode and device.
/// A copy laid in its place with the old time is another file by its inode, one written over by
/// the time of its last change, which nobody can set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    modified: (i64, i64),
    changed: (i64, i64),
    bytes: u64,
    inode: u64,
    device: u64,
}

impl From<&Metadata> for Stamp {
    fn from(found: &Metadata) -> Self {
        Self {
            modified: (found.mtime(), found.mtime_nsec()),
            changed: (found.ctime(), found.ctime_nsec()),
            bytes: found.len(),
            inode: found.ino(),
            device: found.dev(),
        }
    }
}
