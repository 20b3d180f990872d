//! `[inspector]` of `ssmax.toml`.

use crate::clamav::ClamdAddress;
use serde::Deserialize;
use ssmax_api::inspector::ClamavBounds;
use ssmax_daemon::config::address;
use ssmax_inspection::{Limits, Policy};
use ssmax_transport::Transport;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// `[inspector]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InspectorConfig {
    /// How many mails are inspected at a time; others wait. From two on, one place is kept
    /// for mail that is not from outside; with a single one, mail from outside that takes
    /// its time keeps the members' own waiting. Default 4.
    pub workers: usize,
    /// How long one mail may take, in seconds; past it the worker is killed and the
    /// mail counts as not inspected (4xx). Default 60.
    pub worker_seconds: u64,
    /// How much memory one worker may use, in MiB. Default 1024.
    pub worker_mebibytes: u64,
    /// Where clamd listens, `unix:/PATH` or `tcp:127.0.0.1:PORT`. Default: ClamAV is
    /// not asked.
    pub clamav: Option<ClamdAddress>,
    /// How long connecting to clamd and each scan may take, in seconds; past it the mail
    /// counts as not inspected (4xx). Default 20.
    pub clamav_seconds: u64,
    /// The largest file that clamd is given, in octets: at most its `StreamMaxLength`. A
    /// larger one is `archive.too-large`. Default 100 MB.
    pub clamav_bytes: u64,
    /// clamd's own configuration, which `ssmax check` reads. Default
    /// `/etc/clamav/clamd.conf`.
    pub clamd_conf: PathBuf,
    /// What becomes of a mail in which a rule fired, per rule and direction.
    pub policy: Policy,
    /// How far archives are opened.
    pub limits: Limits,
    /// Where gateways of other hosts ask, over TLS. Default: only on this host.
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub listen: Option<SocketAddr>,
}

impl Default for InspectorConfig {
    fn default() -> Self {
        Self {
            workers: 4,
            worker_seconds: 60,
            worker_mebibytes: 1024,
            clamav: None,
            clamav_seconds: 20,
            clamav_bytes: 100_000_000,
            clamd_conf: PathBuf::from("/etc/clamav/clamd.conf"),
            policy: Policy::default(),
            limits: Limits::default(),
            listen: None,
        }
    }
}

impl InspectorConfig {
    /// How a worker asks ClamAV, if it does.
    pub(crate) fn clamav_bounds(&self) -> Option<ClamavBounds> {
        let bounds = ClamavBounds { seconds: self.clamav_seconds, bytes: self.clamav_bytes };
        self.clamav.as_ref().map(|_| bounds)
    }
}

/// All that the inspector needs to start. It keeps no state.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where sockets are.
    pub run_dir: PathBuf,
    /// Where the other roles are.
    pub transport: Transport,
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
        ssmax_daemon::place::socket(run_dir, "inspector", caller)
    }
}
