//! What every role does alike: configuration, sockets, calls, log, stop.
//!
//! Roles are processes of one host that meet over UNIX sockets: one side serves with
//! [`listen`], the other asks with [`call`], both in frames of [`frame`], mails behind them
//! ([`laden`]). A process
//! reads its settings with [`config`], speaks to its operator through [`log`], ends
//! through [`stop`], keeps mail out of its panics with [`panics`], says that it serves
//! through [`ready`], and [`supervise`] keeps one process per role running. [`ports`] are for
//! those who start roles to try them.
#![allow(
    clippy::disallowed_methods,
    reason = "processes, sockets and the clock are what this crate is for"
)]

pub mod call;
pub mod config;
pub mod frame;
pub mod laden;
pub mod listen;
pub mod log;
pub mod panics;
pub mod ports;
pub mod ready;
pub mod stop;
pub mod supervise;

pub use stop::Stop;
