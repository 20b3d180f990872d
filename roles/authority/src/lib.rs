//! The management organisation (SSMAX管理組織): admits members, certifies them, says how
//! they stand, and publishes the signed member list.
//!
//! The commands ([`init`], [`admit`], [`suspend`], ...) run in processes of their own,
//! beside the serving one ([`serve`]); they meet in the database, and the serving process
//! publishes within a second or two what a command has changed.
//!
//! Each command takes the time as an argument, so that tests can choose it.
#![allow(
    clippy::disallowed_methods,
    reason = "a role: it listens, keeps state and reads the clock"
)]

mod admit;
mod config;
mod error;
mod http;
mod init;
mod issuance;
mod keys;
mod list;
mod publish;
mod registry;
mod renew;
mod serve;
mod standing;
mod tls;

pub use admit::{MAX_ENCRYPTION_KEYS, admit};
pub use config::AuthorityConfig;
pub use error::{AuthorityError, Refusal};
pub use init::{Initialised, init};
pub use publish::{Publication, publish};
pub use registry::{Answered, DomainProof, MemberRow, tables};
pub use renew::renew;
pub use serve::{Server, look_at_state, serve};
pub use standing::{MAX_REASON_BYTES, expel, members, reinstate, suspend, watch};
