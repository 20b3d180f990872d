//! `[enrol]` of `ssmax.toml`.

use serde::{Deserialize, Deserializer, de};
use ssmax_api::Organisation;
use ssmax_daemon::config::address;
use ssmax_transport::Transport;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `[enrol]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolConfig {
    /// Where browsers connect, over TLS.
    #[serde(deserialize_with = "address::fixed")]
    pub listen: SocketAddr,
    /// What stands before `/e/` in a link, `https://HOST[:PORT]`.
    #[serde(deserialize_with = "url")]
    pub url: String,
    /// The certificate chain for TLS, PEM, leaf first.
    pub tls_certificate: PathBuf,
    /// Its private key, PEM.
    pub tls_key: PathBuf,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
}

fn url<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    let host = text.strip_prefix("https://").unwrap_or_default();
    let is_host = !host.is_empty()
        && host.bytes().all(|octet| {
            octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b':' | b'[' | b']')
        });
    if is_host {
        Ok(text)
    } else {
        Err(de::Error::custom("url is https://HOST or https://HOST:PORT"))
    }
}

/// What browsers may ask. Each is a setting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at the same time; one more waits. Default 100.
    pub max_connections: usize,
    /// Of one address, or one IPv6 /64. Beyond: closed. Default 20.
    pub max_connections_per_address: usize,
    /// Links and codes that were wrong, of one address in an hour. Beyond: 429. Default 20.
    pub failures_per_hour: u32,
    /// Octets of what a form sends. Beyond: 413. Default 16,384.
    pub max_form_bytes: usize,
    /// How long a request may take to come in, and an answer to be taken. Default 15 s.
    #[serde(deserialize_with = "seconds", rename = "request_seconds")]
    pub request: Duration,
    /// Packages that are kept to be fetched. Beyond: 503, and the link stays good. Default 100.
    pub max_packages: usize,
    /// For how many minutes. Default 10.
    #[serde(deserialize_with = "minutes", rename = "package_minutes")]
    pub package: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 100,
            max_connections_per_address: 20,
            failures_per_hour: 20,
            max_form_bytes: 16 * 1024,
            request: Duration::from_secs(15),
            max_packages: 100,
            package: Duration::from_secs(600),
        }
    }
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_secs)
}

fn minutes<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(|minutes| Duration::from_secs(minutes.saturating_mul(60)))
}

/// All that the role needs to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who we are.
    pub organisation: Organisation,
    /// Where sockets are.
    pub run_dir: PathBuf,
    /// Where the CA is.
    pub transport: Transport,
    /// The section.
    pub enrol: EnrolConfig,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_begins_with_https_and_a_host_and_nothing_else() {
        let read = |url: &str| {
            toml::from_str::<EnrolConfig>(&format!(
                "listen = '127.0.0.1:8444'\nurl = '{url}'\ntls_certificate = 'c'\ntls_key = 'k'"
            ))
        };
        for good in ["https://enrol.a.example", "https://a.example:8444", "https://[::1]:1"] {
            assert_eq!(read(good).unwrap().url, good);
        }
        for bad in ["http://a.example", "https://", "https://a.example/", "https://a/?x", "a"] {
            assert!(read(bad).unwrap_err().to_string().contains("url is https://"), "{bad}");
        }
    }

    #[test]
    fn bounds_are_settings_and_a_misspelt_one_is_refused() {
        let limits: Limits =
            toml::from_str("request_seconds = 7\npackage_minutes = 2\nmax_packages = 5").unwrap();
        assert_eq!((limits.request, limits.max_packages), (Duration::from_secs(7), 5));
        assert_eq!(limits.package, Duration::from_secs(120));
        assert!(toml::from_str::<Limits>("max_package = 5").is_err());
    }
}
