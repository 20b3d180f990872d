//! Why a file with keys was not read.

/// Why a key file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFault {
    /// More octets than are read.
    #[error("the key file is too large")]
    TooLarge,
    /// Neither PEM nor PKCS#12, or damaged.
    #[error("the key file cannot be read")]
    Malformed,
    /// The key is encrypted and no password was given.
    #[error("the key file needs a password")]
    PasswordNeeded,
    /// The password does not open the key, or it is encrypted in a way not known here.
    #[error("the password does not open the key file")]
    Password,
    /// There is no private key in it.
    #[error("the key file holds no private key")]
    NoKey,
    /// There are several private keys, and nothing says which one is meant.
    #[error("the key file holds several private keys")]
    SeveralKeys,
    /// The key is of a kind that is not used here.
    #[error("the key is of a kind that is not supported")]
    Unsupported,
}
