//! `[directory]` of `ssmax.toml`.

use crate::ldap::FilterLimits;
use crate::name::Name;
use serde::{Deserialize, Deserializer, de};
use ssmax_api::Organisation;
use ssmax_daemon::config::{address, network::Network};
use ssmax_transport::Transport;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// With what mail to colleagues is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Internal {
    /// A relay certificate, so that mail between colleagues is inspected too.
    #[default]
    Relay,
    /// Their own: for where mail between colleagues does not go through the gateway.
    Own,
}

/// `[directory]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryConfig {
    /// Where mailers connect without TLS at first. None: nowhere.
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub ldap: Option<SocketAddr>,
    /// Where they connect with TLS from the start. None: nowhere.
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub ldaps: Option<SocketAddr>,
    /// The certificate chain for TLS, PEM, leaf first.
    #[serde(default)]
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, PEM.
    #[serde(default)]
    pub tls_key: Option<PathBuf>,
    /// Whether anonymous searches are answered without TLS. Passwords never are. Default false.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// From where anonymous searches are answered. Default: from nowhere.
    #[serde(default)]
    pub networks: Vec<Network>,
    /// The distinguished name below which people are. Default: the main domain, as
    /// `dc=a,dc=example`.
    #[serde(default, deserialize_with = "base")]
    pub base: Option<Name>,
    /// With what mail to colleagues is encrypted. Default relay.
    #[serde(default)]
    pub internal: Internal,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
}

fn base<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Name>, D::Error> {
    let text = String::deserialize(from)?;
    match Name::parse(&text) {
        Some(name) if !name.is_empty() => Ok(Some(name)),
        _ => Err(de::Error::custom("a base is written dc=a,dc=example")),
    }
}

/// What clients may ask. Each is a setting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at the same time; one more is told so and closed. Default 1000.
    pub max_connections: usize,
    /// Of one address, or one IPv6 /64. Default 100.
    pub max_connections_per_address: usize,
    /// Requests a second of one address, or one IPv6 /64; for a moment ten times as many.
    /// Beyond: 51, busy. Default 20.
    pub requests_per_second: u32,
    /// Octets of a request. Beyond: the connection ends. Default 16,384.
    pub max_request_bytes: usize,
    /// Filters within filters. Beyond: 11, administrative limit. Default 8.
    pub max_filter_depth: usize,
    /// Filters of a search, and pieces of values in them. Beyond: 11. Default 256.
    pub max_filter_terms: usize,
    /// Addresses that one search names. Beyond: 11. Default 50.
    pub max_addresses: usize,
    /// Letters of a name that have to be typed before somebody is suggested. Default 2.
    pub min_letters: usize,
    /// People that are suggested at a time. Beyond: these, and 4, size limit. Default 20.
    pub max_suggestions: u32,
    /// People that are suggested to one address in an hour. Beyond: 11. Default 5000.
    pub suggestions_per_hour: u32,
    /// Wrong passwords of one address in an hour. Beyond: 51. Default 100.
    pub failed_binds_per_hour: u32,
    /// How long a client may take for a request, and be silent. Default 60 s.
    #[serde(deserialize_with = "seconds", rename = "idle_seconds")]
    pub idle: Duration,
    /// How long a TLS handshake may take. Default 10 s.
    #[serde(deserialize_with = "seconds", rename = "tls_timeout_seconds")]
    pub tls_timeout: Duration,
    /// How long an answer may take us, and the client to read it. Default 5 s: a mailer
    /// waits for it, and does nothing else.
    #[serde(deserialize_with = "seconds", rename = "answer_seconds")]
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1000,
            max_connections_per_address: 100,
            requests_per_second: 20,
            max_request_bytes: 16 * 1024,
            max_filter_depth: 8,
            max_filter_terms: 256,
            max_addresses: 50,
            min_letters: 2,
            max_suggestions: 20,
            suggestions_per_hour: 5000,
            failed_binds_per_hour: 100,
            idle: Duration::from_secs(60),
            tls_timeout: Duration::from_secs(10),
            answer: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// How large a filter may be.
    #[must_use]
    pub fn filter(&self) -> FilterLimits {
        FilterLimits { depth: self.max_filter_depth, terms: self.max_filter_terms }
    }
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_secs)
}

/// All that the directory needs to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who we are.
    pub organisation: Organisation,
    /// Where sockets are.
    pub run_dir: PathBuf,
    /// Where the other roles are.
    pub transport: Transport,
    /// The section.
    pub directory: DirectoryConfig,
}

impl Settings {
    /// The name below which people are.
    #[must_use]
    pub fn base(&self) -> Name {
        self.directory.base.clone().unwrap_or_else(|| base_of(&self.organisation))
    }
}

/// The name below which people are, unless it is set otherwise: that of the main domain.
#[must_use]
pub fn base_of(organisation: &Organisation) -> Name {
    let domain = organisation.domains.first().map(String::as_str).unwrap_or_default();
    Name::of_domain(domain.split('.').filter(|label| !label.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<DirectoryConfig, String> {
        toml::from_str(text).map_err(|fault: toml::de::Error| fault.message().to_owned())
    }

    #[test]
    fn nothing_is_open_that_nobody_has_opened() {
        let config = parsed("").unwrap();
        assert!(config.ldap.is_none() && config.ldaps.is_none());
        assert!(!config.allow_plaintext && config.networks.is_empty());
        assert_eq!((config.internal, config.limits), (Internal::Relay, Limits::default()));
    }

    #[test]
    fn what_is_set_is_read() {
        let config = parsed(
            "ldaps = '0.0.0.0:636'\nnetworks = ['10.0.0.0/8']\nbase = 'o=A'\ninternal = 'own'\n\
             allow_plaintext = true\n[limits]\nidle_seconds = 7\nmin_letters = 4",
        )
        .unwrap();
        assert!(config.networks[0].holds("10.1.2.3".parse().unwrap()));
        assert_eq!(config.base.unwrap().to_string(), "o=A");
        assert_eq!(config.internal, Internal::Own);
        assert!(config.allow_plaintext);
        assert_eq!((config.limits.idle, config.limits.min_letters), (Duration::from_secs(7), 4));
        for bad in [
            "ldap = '0.0.0.0'",
            "networks = ['10/8']",
            "base = ''",
            "base = 'A'",
            "internal = 'none'",
            "[limits]\nmax_entrys = 5",
        ] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_base_is_the_main_domain() {
        let settings = Settings {
            organisation: toml::from_str(
                "id = 'x'\nname = 'A'\ndomains = ['mail.a.example', 'b.example']",
            )
            .unwrap(),
            run_dir: PathBuf::new(),
            transport: Transport::local(),
            directory: DirectoryConfig::default(),
        };
        assert_eq!(settings.base().to_string(), "dc=mail,dc=a,dc=example");
    }
}
