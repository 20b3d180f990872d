//! `[ca.publish]` of `ssmax.toml`.

use serde::{Deserialize, Deserializer, de::Error as _};
use ssmax_daemon::config::address;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The longest base address: what is put behind it has to fit into a URL of a certificate.
const MAX_URL_BYTES: usize = 200;

/// `[ca.publish]`: what everybody may know about certificates of this CA. Without `listen`
/// and `directory` nothing is published.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PublishConfig {
    /// The http address that new certificates name, such as `http://pki.a.example`. It has
    /// to lead to `listen`, or to a server of the files in `directory`. Default: none.
    #[serde(deserialize_with = "base_url")]
    pub url: Option<String>,
    /// Whether what answers at `url` is `listen`, so that new certificates name it for OCSP
    /// too. Default true.
    pub ocsp: bool,
    /// Where CRLs, CA certificates and OCSP are served over plain HTTP. Default: nowhere.
    #[serde(deserialize_with = "address::fixed_if_set")]
    pub listen: Option<SocketAddr>,
    /// Where CRLs and CA certificates are written as files. Default: nowhere.
    pub directory: Option<PathBuf>,
    /// How long a CRL counts, in hours, 25 to 240 (S/MIME Baseline Requirements 4.9.7).
    /// A new one is made every day and at each revocation. Default 96.
    #[serde(deserialize_with = "crl_hours")]
    pub crl_hours: u16,
    /// How long an OCSP answer counts, in minutes, 1 to 1440. Default 60.
    #[serde(deserialize_with = "ocsp_minutes")]
    pub ocsp_minutes: u16,
    /// How many are served at a time, 1 to 4096, a quarter of them for one address; others wait
    /// in the system's queue. Default 64.
    #[serde(deserialize_with = "max_connections")]
    pub max_connections: u16,
    /// How long one connection may take, in seconds, 1 to 300. Default 10.
    #[serde(deserialize_with = "seconds")]
    pub seconds: u16,
    /// How large an OCSP request may be, in octets; at most 4096. Default 4096.
    #[serde(deserialize_with = "request_bytes")]
    pub max_request_bytes: usize,
    /// How many OCSP answers are signed in a second, 1 to 10,000; who asks beyond is told to try later.
    /// Default 200.
    #[serde(deserialize_with = "answers_per_second")]
    pub answers_per_second: u16,
}

impl Default for PublishConfig {
    fn default() -> Self {
        Self {
            url: None,
            ocsp: true,
            listen: None,
            directory: None,
            crl_hours: 96,
            ocsp_minutes: 60,
            max_connections: 64,
            seconds: 10,
            max_request_bytes: ssmax_pki::ocsp::MAX_REQUEST_BYTES,
            answers_per_second: 200,
        }
    }
}

impl PublishConfig {
    /// Whether anything is published.
    pub(crate) fn is_on(&self) -> bool {
        self.listen.is_some() || self.directory.is_some()
    }

    pub(crate) fn connection_time(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }
}

fn base_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(deserializer)?;
    let rest = url.strip_prefix("http://").unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    let is_plain = url.bytes().all(|octet| octet.is_ascii_graphic());
    let is_base = !host.is_empty() && !url.ends_with('/') && !url.contains(['@', '?', '#']);
    if is_plain && is_base && url.len() <= MAX_URL_BYTES {
        Ok(Some(url))
    } else {
        Err(D::Error::custom(
            "url is an http address without login, query and slash at its end, at most 200 octets",
        ))
    }
}

fn within<'de, D: Deserializer<'de>>(
    deserializer: D,
    name: &str,
    (least, most): (u16, u16),
) -> Result<u16, D::Error> {
    let number = u16::deserialize(deserializer)?;
    if (least..=most).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format_args!("{name} is from {least} to {most}")))
    }
}

fn crl_hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, "crl_hours", (25, 240))
}

fn ocsp_minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, "ocsp_minutes", (1, 1440))
}

fn max_connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, "max_connections", (1, 4096))
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, "seconds", (1, 300))
}

fn answers_per_second<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    within(deserializer, "answers_per_second", (1, 10_000))
}

fn request_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, "max_request_bytes", (1, 4096)).map(usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PublishConfig, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn nothing_is_published_by_default() {
        let config = read("").unwrap();
        assert_eq!(config, PublishConfig::default());
        assert!(!config.is_on());
        assert!(read("listen = '127.0.0.1:8080'").unwrap().is_on());
        assert!(read("directory = 'pki'").unwrap().is_on());
    }

    #[test]
    fn only_a_plain_http_address_is_put_into_certificates() {
        let url = format!("http://{}", "x".repeat(193));
        for url in ["http://pki.a.example", "http://pki.a.example:8080/ca", &url] {
            assert_eq!(read(&format!("url = '{url}'")).unwrap().url.as_deref(), Some(url));
        }
        let long = format!("{url}x");
        for url in ["https://a.example", "http://", "http://a/", "http://u@a", "http://a?b", &long]
        {
            assert!(read(&format!("url = '{url}'")).is_err(), "{url}");
        }
    }

    #[test]
    fn bounds_are_taken_to_their_ends_and_no_further() {
        for (text, is_taken) in [
            ("crl_hours = 24", false),
            ("crl_hours = 25", true),
            ("crl_hours = 240", true),
            ("crl_hours = 241", false),
            ("ocsp_minutes = 0", false),
            ("ocsp_minutes = 1440", true),
            ("ocsp_minutes = 1441", false),
            ("max_connections = 0", false),
            ("max_connections = 4096", true),
            ("max_connections = 4097", false),
            ("seconds = 0", false),
            ("seconds = 300", true),
            ("seconds = 301", false),
            ("answers_per_second = 0", false),
            ("answers_per_second = 10000", true),
            ("answers_per_second = 10001", false),
            ("max_request_bytes = 0", false),
            ("max_request_bytes = 4096", true),
            ("max_request_bytes = 4097", false),
        ] {
            assert_eq!(read(text).is_ok(), is_taken, "{text}");
        }
    }
}
