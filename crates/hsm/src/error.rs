use std::path::PathBuf;

use ssmax_store::StoreError;
use ssmax_token::TokenError;

use crate::{KeyId, KeyPurpose};

/// Why a key could not be had or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HsmError {
    /// The unlock secret is not the one that this store was made with.
    #[error("the unlock secret does not belong to this key store")]
    WrongUnlockSecret,
    /// The unlock secret is shorter than [`crate::MIN_UNLOCK_OCTETS`].
    #[error("the unlock secret has {octets} octets, at least 32 are needed")]
    UnlockSecretTooShort {
        /// Its length without white space around it.
        octets: usize,
    },
    /// The unlock file holds anything else than one line of text: perhaps it is another
    /// file than was meant.
    #[error("the unlock file is not one line of text")]
    UnlockSecretNotText,
    /// There is no key store in this directory.
    #[error("{} is no key store", dir.display())]
    NotAStore {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory holds a key store already, or the keys of one: making a new one
    /// would lose them.
    #[error("{} holds a key store already", dir.display())]
    AlreadyAStore {
        /// The directory.
        dir: PathBuf,
    },
    /// The store's own file cannot be read.
    #[error("the file {} is damaged", path.display())]
    DamagedStore {
        /// The file.
        path: PathBuf,
    },
    /// The store is of another format version: a newer program made it.
    #[error("the file {} has another format version", path.display())]
    UnsupportedVersion {
        /// The file.
        path: PathBuf,
    },
    /// What was given is no key id: 32 lower-case hexadecimal digits.
    #[error("not a key id")]
    NotAKeyId,
    /// The store has no such key.
    #[error("there is no key {id} for the purpose {purpose}")]
    UnknownKey {
        /// The purpose asked for.
        purpose: KeyPurpose,
        /// The key asked for.
        id: KeyId,
    },
    /// The key was made for another purpose than it was asked for.
    #[error("the key belongs to another purpose")]
    WrongPurpose,
    /// The file of a key is not what this store wrote for this key and purpose.
    #[error("the file of key {id} for the purpose {purpose} is damaged")]
    DamagedKey {
        /// The purpose asked for.
        purpose: KeyPurpose,
        /// The key asked for.
        id: KeyId,
    },
    /// Keys of this purpose are never given out.
    #[error("keys for the purpose {purpose} cannot be exported")]
    NotExportable {
        /// The purpose asked for.
        purpose: KeyPurpose,
    },
    /// A key could not be made, or what was to be imported is no key of ours.
    #[error("key: {0}")]
    Key(#[from] TokenError),
    /// Encrypting a key for its file failed.
    #[error("a key could not be encrypted for its file")]
    Encryption,
    /// A file or directory could not be read or written, or is open to others.
    #[error(transparent)]
    Files(#[from] StoreError),
}
