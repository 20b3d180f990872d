//! `[watch]` of `ssmax.toml`.

use serde::Deserialize;
use ssmax_daemon::config::address;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// `[watch]`. Without this section nothing is served over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WatchConfig {
    /// Where HTTP is served: nobody logs in, and nothing is encrypted. Default
    /// `127.0.0.1:9464`.
    #[serde(deserialize_with = "address::any_port")]
    pub listen: SocketAddr,
    /// How many are served at a time; others wait in the system's queue. Default 16.
    pub max_connections: usize,
    /// How long one connection may take from its first octet to its last, in seconds.
    /// Default 15: the roles have 8 of them.
    pub seconds: u64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9464)),
            max_connections: 16,
            seconds: 15,
        }
    }
}

/// All that the watch needs to start. It keeps no state.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the roles' sockets are.
    pub run_dir: PathBuf,
    /// The roles that should run here.
    pub roles: Vec<String>,
    /// The section.
    pub watch: WatchConfig,
}

impl Settings {
    pub(crate) fn connection_time(&self) -> Duration {
        Duration::from_secs(self.watch.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_listens_on_loopback() {
        let config: WatchConfig = toml::from_str("").unwrap();
        assert_eq!(config, WatchConfig::default());
        assert!(config.listen.ip().is_loopback());
        let set = "listen = '[::1]:9000'\nmax_connections = 2\nseconds = 3";
        let config: WatchConfig = toml::from_str(set).unwrap();
        assert_eq!((config.max_connections, config.seconds), (2, 3));
        assert_eq!(config.listen, "[::1]:9000".parse().unwrap());
        toml::from_str::<WatchConfig>("lisen = '[::1]:9000'").unwrap_err();
    }
}
