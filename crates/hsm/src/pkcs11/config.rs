//! `backend` and `pkcs11` in the sections of roles that hold keys.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::Token;
use crate::HsmError;

/// Where a role makes its keys. Keys that are there already are found in either place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Encrypted files.
    #[default]
    File,
    /// A token behind a PKCS#11 module.
    Pkcs11,
}

/// `[ROLE.pkcs11]`: which token.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pkcs11Config {
    /// The vendor's library, as `/usr/lib/softhsm/libsofthsm2.so`.
    pub module: PathBuf,
    /// The label that the token was initialised with; exactly one token must carry it.
    pub token_label: String,
    /// The file with the user's PIN, one line, for its owner only. Keep it on another
    /// medium than the state, or have the service manager hand it in.
    pub pin_file: PathBuf,
}

impl Backend {
    /// The token to make keys in; none for [`Backend::File`]. An opened token is shared
    /// by all stores of the process that name it.
    ///
    /// # Errors
    /// [`HsmError::TokenNotNamed`] without `config`, and those of [`Token::open`].
    pub fn open(self, config: Option<&Pkcs11Config>) -> Result<Option<Arc<Token>>, HsmError> {
        match (self, config) {
            (Self::File, _) => Ok(None),
            (Self::Pkcs11, None) => Err(HsmError::TokenNotNamed),
            (Self::Pkcs11, Some(config)) => Token::open(config).map(Some),
        }
    }
}
