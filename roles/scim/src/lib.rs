//! SCIM 2.0 (RFC 7643, 7644): an identity provider such as Entra ID tells who works here,
//! who comes, changes and leaves.
//!
//! It reads the octets of strangers, so it has no key and no store: the CA keeps what the
//! provider is told, and carries out what there is to do ([`ssmax_api::scim`]). [`service`] is
//! the protocol without any I/O, on [`filter`], [`patch`], [`query`], [`schema`] and
//! [`person`]; [`serve`] brings it to a socket. Why it is so stands in
//! `docs/decisions/0065-scim-without-a-store.md`.
#![allow(
    clippy::disallowed_methods,
    reason = "a role does I/O: sockets, files and the clock are what it is for"
)]

mod ca;
mod config;
pub mod filter;
mod http;
mod logins;
pub mod patch;
pub mod person;
pub mod query;
pub mod schema;
mod serve;
pub mod service;
mod token;

pub use config::{Limits, ScimConfig, Settings};
pub use serve::{ServeError, read_tls, serve};
pub use token::{Token, new_token};
