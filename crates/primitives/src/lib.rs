//! The one place that calls the crypto library.
//!
//! Everything here is a thin, typed layer over `aws-lc-rs`: what it adds is policy
//! (which keys and sizes are acceptable at all), one opaque error for whatever must not
//! become an oracle, and memory that is wiped. Nothing else in the workspace names the
//! library, so that changing or auditing it means reading one crate.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cipher`] | AES-CBC and AES-GCM; 3DES-CBC to open old mail |
//! | [`key_wrap`] | AES key wrap (RFC 3394) |
//! | digests and MACs | [`sha1`], [`sha256`], [`digest`], [`Sha256`], [`hmac_sha256`], [`hmac_sha1`] |
//! | key derivation | [`hkdf`], [`hkdf_sha256`], [`x963_kdf`] |
//! | public keys | [`key_algorithm`], [`ec_point`], [`rsa_encrypt_oaep`], [`ephemeral_agree`] |
//! | signatures | [`verify`], [`danger::verify_rsa_pkcs1_sha1`] |
//! | private keys | [`SoftwareKey`] |
//! | what tokens give | [`rsa_spki`], [`ecdsa_signature_der`], [`unpad_pkcs1`] |
//!
//! # Where randomness comes from
//! What a caller can choose (content keys, nonces) is drawn from a
//! [`ssmax_token::Random`] argument. Key generation, ephemeral EC keys, RSA padding and
//! blinding, and ECDSA nonces are drawn by the library itself from its own generator: it
//! offers no other way, and it is the safer one.

pub mod cipher;
mod constant_time;
mod content_key;
mod curve;
mod digest;
mod implicit_rejection;
mod kdf;
pub mod key_wrap;
mod public_key;
mod random;
mod software_key;
mod token_forms;
mod verify;

pub use crate::cipher::CipherError;
pub use crate::constant_time::constant_time_eq;
pub use crate::content_key::ContentKey;
pub use crate::digest::{DigestAlgorithm, Sha256, digest, hmac_sha1, hmac_sha256, sha1, sha256};
pub use crate::implicit_rejection::unpad_pkcs1;
pub use crate::kdf::{HKDF_SHA256_MAX_OCTETS, hkdf, hkdf_sha256, x963_kdf};
pub use crate::public_key::{
    KeyError, MAX_RSA_BITS, MIN_RSA_BITS, P256_POINT_OCTETS, ec_point, ephemeral_agree,
    key_algorithm, p256_spki, rsa_encrypt_oaep, rsa_encrypt_pkcs1,
};
pub use crate::random::SystemRandom;
pub use crate::software_key::SoftwareKey;
pub use crate::token_forms::{ecdsa_signature_der, rsa_spki};
pub use crate::verify::{VerifyError, danger, verify};

#[cfg(test)]
mod corpora;
#[cfg(test)]
mod wycheproof;
