//! `[transport]`: roles on other hosts.

use super::Config;
use serde::Deserialize;
use ssmax_transport::{Denied, Pace, PortLimits, Servers, Transport};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

/// `[transport]`: roles on other hosts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransportConfig {
    /// Where the keyserver is, `tls://HOST:PORT`. Default: on this host.
    #[serde(default)]
    pub(super) keyserver: Servers,
    /// Where the CA is, `tls://HOST:PORT`. Default: on this host.
    #[serde(default)]
    pub(super) ca: Servers,
    /// Where the inspectors are, `tls://HOST:PORT`, one or a list of which the next is
    /// asked when one is away. Default: on this host.
    #[serde(default)]
    pub(super) inspector: Servers,
    /// SHA-256 of certificates that count no more, in hexadecimal. Default: none.
    #[serde(default)]
    pub(super) denied: Vec<String>,
    /// A file with more of them, one on each line, which is looked at with every new
    /// connection. Default: none.
    #[serde(default)]
    pub(super) denied_file: Option<PathBuf>,
    /// How long a TLS handshake may take, in seconds. Default 10.
    #[serde(default = "default_handshake_seconds")]
    pub(super) handshake_seconds: u64,
    /// How many TLS handshakes one port has under way at a time; one more ends the
    /// oldest of the host that has the most. Default 256.
    #[serde(default = "default_max_handshakes")]
    pub(super) max_handshakes: usize,
    /// How many of them may be of one host; one more ends the oldest of that host.
    /// Default 64.
    #[serde(default = "default_max_handshakes_per_host")]
    pub(super) max_handshakes_per_host: usize,
    /// How long a request or an answer may be on its way between hosts, in seconds, not
    /// counting the time in which it is as fast as `transfer_octets_per_second`. Default 30.
    #[serde(default = "default_transfer_seconds")]
    pub(super) transfer_seconds: u64,
    /// What is fast enough, in octets a second, at least 1. Default 262,144.
    #[serde(default = "default_transfer_rate")]
    pub(super) transfer_octets_per_second: NonZeroU64,
}

fn default_handshake_seconds() -> u64 {
    10
}

fn default_max_handshakes() -> usize {
    PortLimits::default().max_handshakes
}

fn default_max_handshakes_per_host() -> usize {
    PortLimits::default().max_handshakes_per_host
}

fn default_transfer_seconds() -> u64 {
    Pace::default().patience.as_secs()
}

fn default_transfer_rate() -> NonZeroU64 {
    NonZeroU64::new(Pace::default().min_rate).unwrap_or(NonZeroU64::MIN)
}

impl Config {
    /// Where the roles are, as this host sees it.
    pub(crate) fn transport(&self) -> Transport {
        let member = self.file.organisation.as_ref().map(|one| one.id.clone());
        let section = self.file.transport.as_ref();
        Transport {
            member: member.unwrap_or_default(),
            state_dir: self.file.state_dir.clone(),
            keyserver: section.map(|section| section.keyserver.clone()).unwrap_or_default(),
            ca: section.map(|section| section.ca.clone()).unwrap_or_default(),
            inspector: section.map(|section| section.inspector.clone()).unwrap_or_default(),
            denied: Denied {
                listed: self.denied.clone(),
                file: section.and_then(|section| section.denied_file.clone()),
            },
            limits: section.map_or_else(PortLimits::default, |section| PortLimits {
                handshake: Duration::from_secs(section.handshake_seconds),
                max_handshakes: section.max_handshakes,
                max_handshakes_per_host: section.max_handshakes_per_host,
            }),
            pace: section.map_or_else(Pace::default, |section| Pace {
                patience: Duration::from_secs(section.transfer_seconds),
                min_rate: section.transfer_octets_per_second.get(),
            }),
        }
    }
}
