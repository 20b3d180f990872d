//! Where the test data of others is.

use std::path::{Path, PathBuf};

/// A folder of the corpora, or `None` (said on standard output) where they are absent.
/// With `CI=true` absence is a failure.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("SSMAX_CORPORA") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
    };
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "the corpora are absent: {}",
        folder.display()
    );
    println!("skipped: no corpus at {}", folder.display());
    None
}
