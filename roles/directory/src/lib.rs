//! LDAP for mailers (paper: part of 公開鍵証明書発行・鍵管理システム): with what mail to
//! somebody is encrypted, and whom one means while one types.
//!
//! It reads the octets of a network full of mailers, so it has no key, no store and no
//! say: the CA knows the answers, and bounds what they may cost. [`ldap`] is the protocol,
//! [`needs`] what a filter needs to be looked up, [`session`] what is said on a connection,
//! without any I/O; [`serve`] brings it to the sockets. Why it is so stands in
//! `docs/decisions/0056-a-directory-for-mailers.md`.
#![allow(
    clippy::disallowed_methods,
    reason = "a role does I/O: sockets, files and the clock are what it is for"
)]

mod ca;
mod config;
mod entry;
pub mod ldap;
mod listen;
pub mod name;
pub mod needs;
mod serve;
pub mod session;
mod shares;

pub use config::{DirectoryConfig, Internal, Limits, Settings, base_of};
pub use serve::{ServeError, read_tls, serve};
pub use shares::{Pass, Shares};
pub use ssmax_daemon::tls_server::TlsFault;
