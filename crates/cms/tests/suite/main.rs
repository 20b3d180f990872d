//! What the crate does with whole messages, against other programs and attackers. One
//! executable, because linking is the slowest part of a test run.

#![allow(clippy::disallowed_methods, reason = "tests read and write files")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail so")]

mod agreement;
mod capabilities;
mod compressed;
mod enveloped_attacks;
mod identities;
mod memory;
mod nss;
mod old_mail;
mod openssl_encrypts;
mod openssl_signs;
mod probe;
mod properties;
mod rewrap;
mod rfc4134;
mod signed_attacks;
mod signing;
mod surgery;
mod vectors;
#[cfg(feature = "write-vectors")]
mod write_forms;
#[cfg(feature = "write-vectors")]
mod write_vectors;
