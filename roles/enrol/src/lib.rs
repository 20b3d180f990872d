//! A page where a person gets their keys by a link that counts once.
//!
//! It reads the octets of strangers, and so holds nothing: whose link it is, and what comes
//! of it, the CA says ([`ssmax_api::enrol`]). A package that was made is kept in memory for
//! some minutes, under its password, which stood on one page and is nowhere else. ADR 0061.
#![allow(clippy::disallowed_methods, reason = "a role has clock, files and sockets")]

mod answer;
mod ca;
mod config;
mod form;
mod language;
mod page;
mod parcel;
mod serve;
mod shares;
mod shelf;

pub use config::{EnrolConfig, Limits, Settings};
pub use serve::{ServeError, read_tls, serve};

/// The role's name.
pub const ROLE: &str = "enrol";
