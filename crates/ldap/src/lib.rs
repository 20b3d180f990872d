//! LDAP version 3 (RFC 4511): its BER, which the directory for mailers shares, and a
//! reading of all entries below a name, page by page (RFC 2696).
//!
//! A reading is whole or it is an error: whoever is missing in it is taken to have left.

pub mod ber;
pub mod filter;
pub mod message;
mod reading;
mod server;

pub use reading::{Limits, Login, ReadError, Step, Wanted, read};
pub use server::{Server, ServerFault, Tls, believing};
