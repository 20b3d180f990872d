//! Plaintext lives here only: one worker process per message (paper: 検査サーバ).
//!
//! The [`supervisor`] starts a [`worker`] for each mail and carries its questions to the
//! keyserver; the worker gives up files and sockets (`sandbox`) before it reads a single
//! octet, opens the mail, looks into it, and composes what travels on. Then it ends.
#![allow(clippy::disallowed_methods, reason = "a role has clock, processes and sockets")]

mod config;
mod gate;
pub mod sandbox;
mod supervisor;
mod worker;

pub use config::{InspectorConfig, Settings};
pub use supervisor::{ServeError, serve};
pub use worker::worker_main;
