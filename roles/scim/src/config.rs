//! `[scim]` of `ssmax.toml`.

use crate::person::Number;
use crate::token::Token;
use serde::{Deserialize, Deserializer};
use ssmax_api::Organisation;
use ssmax_daemon::config::address;
use ssmax_transport::Transport;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// `[scim]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScimConfig {
    /// Where the identity provider connects. None: nowhere.
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub listen: Option<SocketAddr>,
    /// The certificate chain for TLS, PEM, leaf first.
    #[serde(default)]
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, PEM.
    #[serde(default)]
    pub tls_key: Option<PathBuf>,
    /// Whether it is served without TLS: behind a proxy on this host, at a loopback address
    /// only. Default false.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// `https://HOST[:PORT]` as the provider has it. Default: with the address of `listen`.
    #[serde(default)]
    pub url: Option<String>,
    /// By what a person is known here for ever: `employeeNumber` (default), `externalId` or
    /// `userName`.
    #[serde(default)]
    pub number: Number,
    /// How identity is proved of people who come this way. Default `hr-record`.
    #[serde(default = "hr_record")]
    pub proof: String,
    /// Who may ask.
    #[serde(default)]
    pub tokens: Vec<Token>,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
}

fn hr_record() -> String {
    "hr-record".to_owned()
}

/// What clients may ask. Each is a setting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at the same time, a quarter of them of one address. Default 64.
    pub max_connections: usize,
    /// Octets of a request's content. Beyond: 413. Default 262,144.
    pub max_request_bytes: usize,
    /// Users of one answer. Default 200.
    pub max_results: usize,
    /// Requests a second of one token; for a moment ten times as many. Beyond: 429. Default
    /// 50.
    pub requests_per_second: u32,
    /// Wrong tokens of one address in an hour. Beyond: 429. Default 100.
    pub failed_logins_per_hour: u32,
    /// How long a request may take to come in, and the TLS handshake. Default 10 s.
    #[serde(deserialize_with = "seconds", rename = "request_seconds")]
    pub request: Duration,
    /// How long an answer may take us. Default 60 s: keys are made for who joins.
    #[serde(deserialize_with = "seconds", rename = "answer_seconds")]
    pub answer: Duration,
    /// How long a connection may last. Default 600 s.
    #[serde(deserialize_with = "seconds", rename = "connection_seconds")]
    pub connection: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 64,
            max_request_bytes: 256 * 1024,
            max_results: 200,
            requests_per_second: 50,
            failed_logins_per_hour: 100,
            request: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            connection: Duration::from_secs(600),
        }
    }
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_secs)
}

/// All that the service needs to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who we are.
    pub organisation: Organisation,
    /// Where sockets are.
    pub run_dir: PathBuf,
    /// Where the other roles are.
    pub transport: Transport,
    /// The section.
    pub scim: ScimConfig,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<ScimConfig, String> {
        toml::from_str(text).map_err(|fault: toml::de::Error| fault.message().to_owned())
    }

    #[test]
    fn nothing_is_open_that_nobody_has_opened() {
        let config = parsed("").unwrap();
        assert!(config.listen.is_none() && config.tokens.is_empty() && !config.allow_plaintext);
        assert_eq!((config.number, config.proof.as_str()), (Number::EmployeeNumber, "hr-record"));
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn what_is_set_is_read() {
        let config = parsed(
            "listen = '0.0.0.0:8447'\nnumber = 'externalId'\nurl = 'https://scim.a.example'\n\
             [limits]\nrequest_seconds = 7\nmax_results = 4",
        )
        .unwrap();
        assert_eq!(config.number, Number::ExternalId);
        assert_eq!((config.limits.request, config.limits.max_results), (Duration::from_secs(7), 4));
        for bad in ["listen = '0.0.0.0'", "number = 'mail'", "[limits]\nx = 5", "tokens = ['x']"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
