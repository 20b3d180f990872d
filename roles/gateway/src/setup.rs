//! The statement key: what the gateway's own AUTH listener signs submission
//! statements with. It opens nothing and is no key of the protocol's chain.

use crate::config::Settings;
use ssmax_primitives::SoftwareKey;
use ssmax_store::{StoreError, files};
use ssmax_token::{KeyAlgorithm, KeyPair as _, TokenError};

/// Why the gateway cannot be set up.
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

/// Makes the statement key, or reads the one that is there, and gives its public half
/// (SPKI, DER) for the keyserver.
///
/// # Errors
/// [`SetupError`] when it cannot be stored or read.
pub fn initialise(settings: &Settings) -> Result<Vec<u8>, SetupError> {
    let path = settings.dir().join("statement.pem");
    if !path.exists() {
        files::create_private_dir(&settings.dir())?;
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256)?;
        files::create_private(&path, key.to_pem().as_bytes())?;
    }
    Ok(statement_key(settings)?.spki().to_vec())
}

/// Reads the statement key.
pub(crate) fn statement_key(settings: &Settings) -> Result<SoftwareKey, SetupError> {
    let octets = files::read_private(&settings.dir().join("statement.pem"))?;
    let pem = std::str::from_utf8(&octets).map_err(|_| SetupError::Unreadable)?;
    Ok(SoftwareKey::from_pem(pem)?)
}
