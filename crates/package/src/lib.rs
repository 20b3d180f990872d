//! A person's keys in one file for their mailer: what goes in, how it is protected, and what
//! the person does with it.
//!
//! [`pkcs12`] reads and writes RFC 7292, [`mobileconfig`] Apple's profiles; [`contents`] puts
//! keys, certificates, a password and the steps together.

pub mod contents;
mod fault;
pub mod mobileconfig;
mod password;
pub mod pkcs12;

pub use fault::KeyFault;
