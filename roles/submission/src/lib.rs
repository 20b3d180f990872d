//! The milter at the MTA's submission service.
//!
//! Behind the queue nobody sees any more who logged in; a milter does. This role says so in
//! a signed statement (`chain::statement`) that travels with the mail to the gateway. It has
//! one key, which signs statements and opens nothing, and no connection but the MTA's.
//!
//! [`milter`] is the protocol, [`session`] what is said in it, without any I/O;
//! [`serve`] reads the key ([`ssmax_daemon::statement_key`]) and brings all of it to a socket.
#![allow(
    clippy::disallowed_methods,
    reason = "a role does I/O: sockets, files and the clock are what it is for"
)]

mod config;
mod listen;
mod mail;
pub mod milter;
mod serve;
pub mod session;

pub use config::{
    Access, CertificateConfig, Limits, MilterAddress, NotAnAddress, Settings, SubmissionConfig,
    Unauthenticated,
};
pub use serve::{ServeError, Word, serve};
