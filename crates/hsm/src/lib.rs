//! Where private keys live: files encrypted at rest, and a token behind PKCS#11.
//!
//! A [`KeyStore`] is one directory. Every key is a file of its own, encrypted with
//! AES-256-GCM under a key that HKDF-SHA-256 derives from the [`UnlockSecret`] and a salt
//! of the store. What a key may be used for, its [`KeyPurpose`], is authenticated with
//! it: no one who can only write files can turn a key for one direction of mail into a
//! key for the other.
//!
//! ```text
//! DIR/keystore                          format version, salt, check value
//! DIR/keys/PURPOSE/ab/abcd…             one key; "ab" are the first two digits of its id
//! ```
//! With a [`Token`], new keys are made in it and stay there; their files then hold what is
//! known of them: purpose, id, public half, age. Signing, raw ECDH and RSA happen in the
//! token. Escrowed keys of users, which must come out again, are files in either case.
//!
//! Directories have mode 0700, files 0600; every write is atomic and on the disk before a
//! function returns. Two processes may use one store at the same time.
//!
//! A [`Card`] is a person's own, with keys and certificates that other programs use too.
//!
//! # What the file backend does not protect against
//! - **Whoever runs as the same user, or as root.** Keys in use are in this process'
//!   memory; a debugger, a core dump or swap space shows them. Switch both off.
//! - **Whoever has the directory and the unlock secret.** Keep the secret on another
//!   medium, and out of the backup that holds the directory.
//! - **Guessing a weak secret.** HKDF does not slow a guess down: the secret must be
//!   random ([`UnlockSecret::generate_file`]), not a phrase that a person remembers.
//! - **Going back.** An older copy of the directory, or one with a file taken away, looks
//!   like the real thing: nothing counts versions. Altered files are noticed.
//! - **Being looked at.** How many keys there are, for which purposes, their ids, their
//!   sizes (and so EC or RSA) and when they were made can be seen without the secret.
//! - **Misuse by the process itself.** A key signs whatever the role asks it to sign, and
//!   its octets can be copied. There is no counting, no four-eyes rule and no
//!   non-exportable key here; where these are needed, keys belong in an HSM.
#![allow(clippy::disallowed_methods, reason = "keeping keys on disk is what this crate is for")]

mod cache;
mod card;
mod error;
mod header;
mod key_file;
mod key_store;
mod layout;
mod pkcs11;
mod purpose;
mod secret;
mod stored_key;
mod unlock;

pub use crate::card::uri::{CardUri, MAX_URI_OCTETS, UriFault};
pub use crate::card::{Card, CardFault, CardKey, Certificate as CardCertificate, OnCard};
pub use crate::error::{HsmError, ObjectFault};
pub use crate::key_store::{KeyEntry, KeyStore, MAX_CACHED_KEYS};
pub use crate::pkcs11::config::{Backend, Pkcs11Config};
pub use crate::pkcs11::pin::Pin;
pub use crate::pkcs11::{Capabilities, Token, new_token};
pub use crate::purpose::KeyPurpose;
pub use crate::stored_key::StoredKey;
pub use crate::unlock::{MAX_UNLOCK_OCTETS, MIN_UNLOCK_OCTETS, UnlockSecret};

use ssmax_primitives::sha256;

/// The name of a key: the first 16 octets of SHA-256 over its `SubjectPublicKeyInfo`, as
/// 32 lower-case hexadecimal digits.
pub type KeyId = String;

/// The length of a [`KeyId`] in characters.
const KEY_ID_DIGITS: usize = 32;

/// The name of the key whose public half is `spki` (DER).
#[must_use]
pub fn key_id(spki: &[u8]) -> KeyId {
    let mut id = hex::encode(sha256(spki));
    id.truncate(KEY_ID_DIGITS);
    id
}
