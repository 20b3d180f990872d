//! `ssmax authority publish`: the same documents as over HTTPS, as files for a mirror.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use crate::config::AuthorityConfig;
use crate::error::AuthorityError;
use crate::http::{CERTIFICATES, CHECKPOINT, DELTAS, LIST};
use crate::keys::{list_signer, unlock};
use crate::list;
use crate::registry::Registry;

/// What has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The list's version.
    pub version: u64,
    /// SHA-256 of the signed list, lower-case hex.
    pub list_sha256: String,
    /// Certificates beside it.
    pub certificates: usize,
}

/// Signs list and checkpoint anew and writes them, with every certificate and delta, below `dir`
/// under the names that they have over HTTPS: any web server can then mirror them.
///
/// # Errors
/// [`AuthorityError::NotInitialised`], [`AuthorityError::Write`]; else what failed.
pub async fn publish(
    config: &AuthorityConfig,
    dir: &Path,
    at: OffsetDateTime,
) -> Result<Publication, AuthorityError> {
    let registry = Registry::open_existing(config).await?;
    let store = unlock(config).await?;
    let signer = list_signer(&store, &registry).await?;
    let published = list::publish(&registry, &signer, config.list_lifetime(), at, None).await?;
    // What the list names is there before the list, and the list before its checkpoint.
    let certificates = registry.certificates().await?;
    for (name, der) in &certificates {
        write_public(&below(dir, &format!("{CERTIFICATES}{name}")), der)?;
    }
    for (from, signed) in registry.deltas().await? {
        write_public(&below(dir, &format!("{DELTAS}{from}")), &signed)?;
    }
    write_public(&below(dir, LIST), &published.list.bytes)?;
    write_public(&below(dir, CHECKPOINT), &published.checkpoint.bytes)?;
    Ok(Publication {
        version: published.version,
        list_sha256: published.list.sha256,
        certificates: certificates.len(),
    })
}

fn below(dir: &Path, url_path: &str) -> PathBuf {
    dir.join(url_path.trim_start_matches('/'))
}

/// Writes a file that everybody may read, in one step.
fn write_public(path: &Path, content: &[u8]) -> Result<(), AuthorityError> {
    let temporary = path.with_extension(format!("{}.new", std::process::id()));
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| {
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&temporary)
        })
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        AuthorityError::Write { path: path.to_owned(), kind: error.kind() }
    })
}
