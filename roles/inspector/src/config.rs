//! `[inspector]` of `ssmax.toml`.

use serde::Deserialize;
use ssmax_inspection::{Limits, Policy};
use std::path::{Path, PathBuf};

/// `[inspector]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InspectorConfig {
    /// How many mails are inspected at a time; others wait. Default 4.
    pub workers: usize,
    /// How long one mail may take, in seconds; past it the worker is killed and the
    /// mail counts as not inspected (4xx). Default 60.
    pub worker_seconds: u64,
    /// How much memory one worker may use, in MiB. Default 1024.
    pub worker_mebibytes: u64,
    /// What becomes of a mail in which a rule fired, per rule and direction.
    pub policy: Policy,
    /// How far archives are opened.
    pub limits: Limits,
}

impl Default for InspectorConfig {
    fn default() -> Self {
        Self {
            workers: 4,
            worker_seconds: 60,
            worker_mebibytes: 1024,
            policy: Policy::default(),
            limits: Limits::default(),
        }
    }
}

/// All that the inspector needs to start. It keeps no state.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where sockets are.
    pub run_dir: PathBuf,
    /// The section.
    pub inspector: InspectorConfig,
    /// Whether the member is an ESP: workers check signatures and look into nothing.
    pub verify_only: bool,
    /// The command that becomes a worker: this program with its hidden subcommand.
    pub worker: Vec<PathBuf>,
}

impl Settings {
    /// The socket for one kind of caller.
    #[must_use]
    pub fn socket(run_dir: &Path, caller: &str) -> PathBuf {
        run_dir.join(format!("inspector.{caller}.sock"))
    }
}
