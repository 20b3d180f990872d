//! What the CA asks the keyserver: about people, their keys and who writes for whom.

use crate::ca::{AccountKind, KeyHolder};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// The most people of one request; the CA takes no more from its officers at once.
pub const MAX_PEOPLE: usize = crate::ca::MAX_CHANGES;

/// What is deleted when its time is over: the registration of who has left, relay
/// certificates that have run out.
pub const ERASED: [&str; 2] = ["registration", "relay"];

/// The most that one [`CaRequest::NoteErasure`] is about: a row of the log names so many.
pub const MAX_ERASED: usize = 100;

/// Over the keyserver's socket for the CA.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum CaRequest {
    /// Makes keys for a person. Answered by [`UserKeys`].
    MakeUserKeys {
        /// An encryption key, which the keyserver keeps; never at an ESP.
        encryption: bool,
        /// RSA-2048 instead of P-256 for encryption.
        rsa_encryption: bool,
        /// A signing key as well.
        signing: bool,
    },
    /// Makes a signing and an encryption key, P-256, for each of so many people, at most
    /// [`MAX_PEOPLE`]; never at an ESP. Answered by `Vec<UserKeys>`.
    MakeKeysForMany {
        /// How many people.
        people: u32,
    },
    /// Installs or replaces a person with certificates. Answered by `()`.
    InstallUser(Box<UserRecord>),
    /// As [`CaRequest::InstallUser`] for each of at most [`MAX_PEOPLE`]: one that is refused
    /// stops no other. Answered by `Vec<Result<(), Problem>>`.
    InstallUsers(Vec<UserRecord>),
    /// Lets somebody write in an owner's name. Answered by `()`.
    Delegate(Delegation),
    /// Ends that. Answered by `()`; [`crate::Problem::NotFound`] if there was none.
    EndDelegation {
        /// The owner's user id.
        owner: String,
        /// Who could act.
        actor: String,
    },
    /// A person gets a new password or device secret; the CA says so before it stores it, for
    /// the audit log. Answered by `()`; [`crate::Problem::NotFound`] for who is not active.
    NoteSecret {
        /// The user id.
        user: String,
        /// "password" or "device-secret".
        method: String,
        /// How identity was proved.
        proof: String,
    },
    /// What was known of these people or addresses is deleted, because its time is over; the CA
    /// says so before it does it, for the audit log. At most [`MAX_ERASED`]. Answered by `()`.
    NoteErasure {
        /// One of [`ERASED`].
        class: String,
        /// User ids, or addresses.
        whose: Vec<String>,
    },
    /// All that have not ended. Answered by `Vec<Delegation>`.
    ListDelegations,
    /// A private encryption key for its owner's mailer. Answered by [`PrivateKey`];
    /// logged.
    ExportEncryptionKey {
        /// The user id.
        user: String,
    },
    /// The earlier encryption certificates of a person with their private keys, the
    /// newest first. Answered by `Vec<(ByteBuf, PrivateKey)>`; logged.
    ExportEarlierKeys {
        /// The user id.
        user: String,
    },
    /// The person as the keyserver knows them. Answered by `Option<UserRecord>`.
    Person {
        /// The user id.
        user: String,
    },
    /// Whether mail to an outside address would be encrypted on its way: a member's in good
    /// standing, or one with a known certificate. Answered by `bool`.
    IsReached {
        /// The address.
        address: String,
    },
    /// The public keys that relay certificates carry. Answered by [`RelayKeys`].
    RelayKeys,
}

/// Somebody's right to write in the name of another person or of a shared mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Whose name: a user id.
    pub owner: String,
    /// Who writes: a user id.
    pub actor: String,
    /// Until when, in seconds since 1970.
    pub until: i64,
}

/// A private key on its way to its owner.
#[derive(Clone, Serialize, Deserialize)]
pub struct PrivateKey(#[serde(with = "serde_bytes")] pub Vec<u8>);

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PrivateKey(..)")
    }
}

/// Keys made for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserKeys {
    /// Public encryption key, SPKI DER.
    pub encryption: Option<ByteBuf>,
    /// Public signing key, SPKI DER.
    pub signing: Option<ByteBuf>,
}

/// The public keys behind relay certificates, with their key ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayKeys {
    /// The seal key, SPKI DER.
    #[serde(with = "serde_bytes")]
    pub seal: Vec<u8>,
    /// The submission key, EC P-256, SPKI DER.
    #[serde(with = "serde_bytes")]
    pub submission: Vec<u8>,
    /// The RSA submission key, where the member keeps one for old mailers.
    pub submission_rsa: Option<ByteBuf>,
}

/// A person as the keyserver knows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRecord {
    /// The user id.
    pub user: String,
    /// What it is.
    #[serde(default)]
    pub kind: AccountKind,
    /// Addresses the person may send from and receives at.
    pub addresses: Vec<String>,
    /// Whether the person may send and receive.
    pub active: bool,
    /// How identity was proved.
    pub proof: String,
    /// The level of that proof.
    pub ial: u8,
    /// Signing certificates with their holder.
    pub signing: Vec<(KeyHolder, ByteBuf)>,
    /// Encryption certificates, newest first.
    pub encryption: Vec<ByteBuf>,
}
