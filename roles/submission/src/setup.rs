//! The statement key: made here, registered with the keyserver, and never anywhere else.

use crate::config::Settings;
use ssmax_primitives::SoftwareKey;
use ssmax_store::{StoreError, files};
use ssmax_token::{KeyAlgorithm, KeyPair as _, TokenError};
use std::path::PathBuf;

/// Why the role cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
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

/// Makes the key, or reads the one that is there, and gives its public half (SPKI, DER).
///
/// # Errors
/// [`SetupError`] when it cannot be stored or read.
pub fn initialise(settings: &Settings) -> Result<Vec<u8>, SetupError> {
    if !path(settings).exists() {
        files::create_private_dir(&settings.dir())?;
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256)?;
        files::create_private(&path(settings), key.to_pem().as_bytes())?;
    }
    public_key(settings)
}

/// The public half of the key that is there.
///
/// # Errors
/// [`SetupError`] when it cannot be read.
pub fn public_key(settings: &Settings) -> Result<Vec<u8>, SetupError> {
    Ok(statement_key(settings)?.spki().to_vec())
}

/// Reads the key.
pub(crate) fn statement_key(settings: &Settings) -> Result<SoftwareKey, SetupError> {
    let octets = files::read_private(&path(settings))?;
    let pem = std::str::from_utf8(&octets).map_err(|_| SetupError::Unreadable)?;
    Ok(SoftwareKey::from_pem(pem)?)
}

fn path(settings: &Settings) -> PathBuf {
    settings.dir().join("statement.pem")
}
