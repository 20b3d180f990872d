//! Cryptographic Message Syntax: BER in, DER out, signed, enveloped, rewrapped.
//!
//! The norms are RFC 5652 (CMS), RFC 5083 and 5084 (AuthEnvelopedData, AES-GCM), RFC 5753
//! and 8418 (elliptic curves), RFC 3274 (CompressedData), RFC 5035 (signing certificate)
//! and RFC 8551 (S/MIME). What is
//! read may be any BER; what is written is DER, except that the members of
//! `recipientInfos` and `certificates` stand in the caller's order, because the first
//! recipient that names a key is the one that counts.
//!
//! Everything an attacker can reach without a key is refused by name ([`CmsError`],
//! [`SignatureFault`]). From the moment a private or content key is used there is one
//! answer for every cause, [`CmsError::Decryption`].
//!
//! Nothing here does I/O, looks at a clock or decides whom to trust: certificates are
//! only matched and used, `ssmax-pki` judges them.

mod algorithm;
pub mod ber;
pub mod capabilities;
pub mod compressed;
pub mod enveloped;
mod error;
mod identifier;
mod limits;
mod oid;
pub mod signed;
mod tlv;
mod write;

pub use error::{CmsError, SignatureFault};
pub use limits::Limits;
