//! Certificates: profiles, lint before signing, issue, path validation, CRLs, OCSP.
//!
//! The road to a certificate has one lane: a [`profile`] makes a draft, [`lint`]
//! turns a draft without findings into a one-use token, [`issue`] signs the token and
//! nothing else. The road from a certificate to trust has one lane too:
//! [`path::validate`], which follows RFC 5280 section 6.1 within fixed bounds.
//!
//! The profiles are specified in `spec/certificates.md`. This crate does no I/O and
//! reads no clock: the time is an argument, keys sign through
//! [`ssmax_token::SigningKey`].

pub mod algorithm;
pub mod crl;
pub mod issue;
pub mod lint;
pub mod ocsp;
pub mod oid;
pub mod path;
pub mod profile;
pub mod relay;
pub mod request;
pub mod smimea;

mod address;
mod certificate;
mod encode;
mod error;
mod extensions;
#[cfg(test)]
mod forge;
mod instant;
mod key_usage;
mod name;
mod pem;
mod public_key;
#[cfg(all(test, feature = "write-vectors"))]
mod vectors;

pub use address::{is_plain_character, is_usable_address};
pub use certificate::{Certificate, MAX_CERTIFICATE_BYTES};
pub use encode::key_identifier;
pub use error::PkiError;
pub use extensions::IdentityProof;
pub use key_usage::KeyUsage;
pub use name::same_name;
pub use public_key::PublicKey;
