//! The key that a role signs submission statements with: made in its own folder, registered
//! with the keyserver, and never anywhere else. It opens nothing and is no key of the
//! protocol's chain.

use std::path::{Path, PathBuf};

use ssmax_primitives::SoftwareKey;
use ssmax_store::{StoreError, files};
use ssmax_token::{KeyAlgorithm, KeyPair as _, TokenError};

/// Why there is no statement key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementKeyError {
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key.
    #[error(transparent)]
    Key(#[from] TokenError),
    /// The file is not a key.
    #[error("the statement key cannot be read")]
    Unreadable,
}

/// Makes the key of the role whose folder this is, or reads the one that is there, and
/// gives its public half (SPKI, DER) for the keyserver.
///
/// # Errors
/// [`StatementKeyError`] when it cannot be stored or read.
pub fn initialise(dir: &Path) -> Result<Vec<u8>, StatementKeyError> {
    if !exists(dir) {
        files::create_private_dir(dir)?;
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256)?;
        files::create_private(&path(dir), key.to_pem().as_bytes())?;
    }
    Ok(read(dir)?.spki().to_vec())
}

/// Whether there is a key.
pub fn exists(dir: &Path) -> bool {
    path(dir).exists()
}

/// Reads the key that is there.
///
/// # Errors
/// [`StatementKeyError`] when it cannot be read.
pub fn read(dir: &Path) -> Result<SoftwareKey, StatementKeyError> {
    let octets = files::read_private(&path(dir))?;
    let pem = std::str::from_utf8(&octets).map_err(|_| StatementKeyError::Unreadable)?;
    Ok(SoftwareKey::from_pem(pem)?)
}

fn path(dir: &Path) -> PathBuf {
    dir.join("statement.pem")
}
