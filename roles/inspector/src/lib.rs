//! Plaintext lives here only: one worker process per message (paper: 検査サーバ).
//!
//! The [`supervisor`] starts a [`worker`] for each mail and carries its questions to the
//! keyserver; the worker gives up files and sockets (`sandbox`) before it reads a single
//! octet, opens the mail, looks into it, and composes what travels on. Then it ends.
//! [`clamav`] is the one engine that is a program of its own: the worker gets a connection
//! to it along. [`scan`] has a worker look at a file that is on no way at all.
#![allow(clippy::disallowed_methods, reason = "a role has clock, processes and sockets")]

pub mod clamav;
mod config;
mod findings;
mod gate;
mod hand_over;
mod places;
pub mod sandbox;
mod scan;
mod start;
mod supervisor;
mod watch;
mod worker;

pub use config::{InspectorConfig, Settings};
pub use scan::{ScanError, scan};
pub use supervisor::{ServeError, serve};
pub use worker::worker_main;
