//! What every role does alike: configuration, sockets, calls, log, stop.
//!
//! Roles of one host meet over UNIX sockets, those of several over TLS: one side serves with
//! [`listen`] and [`port`], the other asks with [`call`] at an [`endpoint`], both in frames of
//! [`frame`], mails behind them ([`laden`]), at a [`pace`]; who they are to each other says
//! [`tls`], and who is nobody any more [`denied`]. A process reads its settings with
//! [`config`], knows by a [`stamp`] that a file has changed, speaks to its operator through
//! [`log`], ends through [`stop`], keeps mail out of its panics with [`panics`], says that it
//! serves through [`ready`] and how it is through [`watch`], and [`supervise`] keeps one
//! process per role running. [`statement_key`] is for who vouches for submissions, [`ports`]
//! are for those who start roles to try them.
#![allow(
    clippy::disallowed_methods,
    reason = "processes, sockets and the clock are what this crate is for"
)]

pub mod call;
pub mod config;
pub mod denied;
pub mod endpoint;
pub mod frame;
pub mod gate;
pub mod laden;
pub mod listen;
pub mod log;
pub mod pace;
pub mod panics;
pub mod place;
pub mod port;
pub mod ports;
pub mod ready;
pub mod stamp;
pub mod statement_key;
pub mod stop;
pub mod supervise;
pub mod tls;
pub mod tls_server;
pub mod watch;

pub use stop::Stop;
