//! How the roles of this host are, over HTTP: `/metrics` for Prometheus, `/health/live` and
//! `/health/ready` for whoever starts and balances. Operator's page: `docs/operator`.
//!
//! A process of its own, with no key, no store and no mail: it alone reads what strangers
//! send for the sake of numbers, and asks the roles over their sockets
//! (`ssmax_daemon::watch`). What it gives is counts, moments and words of this program.
#![allow(clippy::disallowed_methods, reason = "a role has clock and sockets")]

mod collect;
mod config;
mod http;
mod serve;

pub use config::{Settings, WatchConfig};
pub use serve::{ServeError, serve};

/// The name under which the supervisor of a host's roles is watched.
pub const SUPERVISOR: &str = "supervisor";

/// The name of this role.
pub const ROLE: &str = "watch";
