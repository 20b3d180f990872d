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
    /// Keys for this purpose are made in the token; one that was made elsewhere has been
    /// elsewhere.
    #[error("a key for the purpose {purpose} is made in the token, not imported")]
    NotImportable {
        /// The purpose.
        purpose: KeyPurpose,
    },
    /// The backend is a token, and nothing says which.
    #[error("the backend pkcs11 needs a section that names module, token and PIN file")]
    TokenNotNamed,
    /// The key lives in a token, and this store was opened without one.
    #[error("key {id} for the purpose {purpose} lives in a token, and none is configured")]
    WithoutToken {
        /// The purpose asked for.
        purpose: KeyPurpose,
        /// The key asked for.
        id: KeyId,
    },
    /// The PKCS#11 module cannot be loaded or does not start.
    #[error("the PKCS#11 module {} cannot be used", path.display())]
    Module {
        /// The module's library.
        path: PathBuf,
    },
    /// No token, or more than one, carries this label.
    #[error("{found} tokens are labelled {label}, one is needed")]
    TokenNotFound {
        /// The label asked for.
        label: String,
        /// How many there are.
        found: usize,
    },
    /// The token refuses the PIN. It is not tried again: a few wrong ones lock a token.
    #[error("the token does not accept the PIN")]
    WrongPin,
    /// The token has locked its PIN after wrong ones, or would after one more.
    #[error("the token's PIN is locked, or one wrong try away from it")]
    PinLocked,
    /// The PIN file is not one line of 1 to 255 characters.
    #[error("the PIN file is not one line of text")]
    PinNotText,
    /// The token does not answer as it should; trying later may help.
    #[error("the token does not answer")]
    TokenUnavailable,
    /// The token cannot do what this system needs.
    #[error("the token cannot do {operation}")]
    TokenLacks {
        /// What it cannot do, in PKCS#11's words.
        operation: &'static str,
    },
    /// The token has no object of this id: it is another token, or the key was destroyed.
    #[error("key {id} for the purpose {purpose} is not in the token")]
    NotInToken {
        /// The purpose asked for.
        purpose: KeyPurpose,
        /// The key asked for.
        id: KeyId,
    },
    /// The object in the token is not what was made for this key.
    #[error("the token's object for key {id} is not the one for {purpose}: {fault}")]
    ForeignObject {
        /// The purpose asked for.
        purpose: KeyPurpose,
        /// The key asked for.
        id: KeyId,
        /// What is wrong with it.
        fault: ObjectFault,
    },
    /// Encrypting a key for its file failed.
    #[error("a key could not be encrypted for its file")]
    Encryption,
    /// A file or directory could not be read or written, or is open to others.
    #[error(transparent)]
    Files(#[from] StoreError),
}

/// What is wrong with an object in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectFault {
    /// Several private keys carry the id.
    #[error("several objects carry its id")]
    NotOne,
    /// Its CKA_LABEL is not the purpose.
    #[error("its label names another purpose")]
    Label,
    /// It may do what keys of the purpose must not do, or not what they do.
    #[error("its use is another")]
    Use,
    /// Its octets could leave the token.
    #[error("it is not confined to the token")]
    Extractable,
    /// It does not belong to the public key on record.
    #[error("it belongs to another public key")]
    OtherKey,
}
