//! An organisation's people and their certificates (paper: 公開鍵証明書発行・鍵管理システム).
//!
//! [`register`] takes people in, [`certify`] issues their certificates; [`people`] carries out
//! what a source of people asks for; [`credential`] proves logins; [`relay`] issues certificates
//! for outside people, for use inside only; [`revocation`] tells which certificates ended early;
//! [`setup`] makes the CA keys; [`transport`] certifies the member's own roles for TLS.
#![allow(clippy::disallowed_methods, reason = "a role has clock, files and sockets")]

mod certify;
mod code;
mod config;
mod credential;
mod delegate;
mod directory;
mod erase;
mod export;
mod former;
mod identify;
mod invitation;
mod lineage;
mod people;
mod published;
mod register;
mod relay;
mod renew;
mod revocation;
mod schema;
mod scim;
mod secret;
mod serve;
mod setup;
mod transport;
mod watch;

pub use config::{CaConfig, LoginConfig, Settings};
pub use revocation::config::PublishConfig;
pub use serve::{Ca, look_at_state, serve};
pub use setup::{PublicKeys, SetupError, initialise, install_admission, public_keys, seal_ca};
pub use transport::{issue_transport, issued_transport, transport_ca};

/// The CA's databases, for who carries them elsewhere.
#[must_use]
pub fn tables() -> Vec<ssmax_store::Tables> {
    vec![ssmax_store::Tables { name: "ca", migrations: schema::MIGRATIONS, files: None }]
}
