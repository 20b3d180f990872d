//! `[gateway.objects]` of `ssmax.toml`.

use super::fault::{AddressFault, ObjectFault};
use crate::error::StoreError;
use hyper::Uri;
use serde::{Deserialize, Deserializer};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where Debian and others keep the public CAs that the system trusts.
const SYSTEM_CAS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How many seconds an answer may take: a gateway has answered its MTA within thirty.
const TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=20;

/// How many hours an object without a row is left alone: longer than a write takes by far,
/// shorter than addresses may be kept.
const ORPHAN_HOURS: RangeInclusive<u64> = 1..=720;

/// Octets of a prefix at most: names of objects have 1,024 in all.
const MAX_PREFIX_BYTES: usize = 512;

/// An S3-compatible store for large objects.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectsConfig {
    /// Where held mail is kept: `s3://BUCKET/PREFIX`, of an S3-compatible store. Several
    /// organisations may share a bucket by different prefixes. Default: in the role's
    /// directory, or in its database where that is a server.
    pub url: Option<String>,
    /// The store's address, `https://HOST:PORT`; `http://` only to this very host.
    pub endpoint: Option<String>,
    /// The region that requests are signed for. Default us-east-1.
    pub region: String,
    /// A file with the lines `aws_access_key_id = ...` and `aws_secret_access_key = ...`,
    /// 0600, of the role's user. It is read for every request: a changed key needs no restart.
    pub credentials_file: Option<PathBuf>,
    /// What the endpoint's TLS certificate is verified with, PEM. Default
    /// /etc/ssl/certs/ca-certificates.crt.
    pub ca_file: PathBuf,
    /// How long an answer may take, in seconds, 1 to 20, and a second more for every 4 MiB
    /// on its way. Default 15.
    #[serde(deserialize_with = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// After how many hours an object that no held mail belongs to is removed, 1 to 720.
    /// Default 24.
    #[serde(deserialize_with = "orphan_hours")]
    pub orphan_hours: u64,
}

fn timeout_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(u64::deserialize(deserializer)?, "timeout_seconds", &TIMEOUT_SECONDS)
}

fn orphan_hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(u64::deserialize(deserializer)?, "orphan_hours", &ORPHAN_HOURS)
}

fn within<E: serde::de::Error>(
    value: u64,
    name: &str,
    range: &RangeInclusive<u64>,
) -> Result<u64, E> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(E::custom(format_args!("{name} is from {} to {}", range.start(), range.end())))
}

impl Default for ObjectsConfig {
    fn default() -> Self {
        Self {
            url: None,
            endpoint: None,
            region: "us-east-1".to_owned(),
            credentials_file: None,
            ca_file: SYSTEM_CAS.into(),
            timeout_seconds: 15,
            orphan_hours: 24,
        }
    }
}

// Whoever wrote a key into an address finds it in no log.
impl std::fmt::Debug for ObjectsConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ObjectsConfig")
            .field("bucket", &self.url.is_some())
            .field("credentials_file", &self.credentials_file)
            .field("ca_file", &self.ca_file)
            .field("timeout_seconds", &self.timeout_seconds)
            .field("orphan_hours", &self.orphan_hours)
            .finish_non_exhaustive()
    }
}

/// A store as its settings name it, looked at and taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) bucket: String,
    /// Ends with `/` unless it is empty.
    pub(super) prefix: String,
    /// `https://HOST:PORT`.
    pub(super) endpoint: String,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
    pub(super) region: String,
    pub(super) credentials_file: PathBuf,
}

impl ObjectsConfig {
    /// Makes relative paths absolute.
    pub fn resolve(&mut self, mut absolute: impl FnMut(&mut PathBuf)) {
        self.credentials_file.iter_mut().for_each(&mut absolute);
        absolute(&mut self.ca_file);
    }

    /// Looks whether settings for a bucket can be used, without going there.
    ///
    /// # Errors
    /// [`ObjectFault::Address`], which shows nothing of them.
    pub fn check(&self) -> Result<(), StoreError> {
        self.address().map(drop)
    }

    /// How long an object without a row is left alone.
    #[must_use]
    pub fn orphans_after(&self) -> Duration {
        Duration::from_secs(self.orphan_hours.saturating_mul(3600))
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }

    pub(super) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// `None` where no bucket is set.
    pub(super) fn address(&self) -> Result<Option<Address>, StoreError> {
        let Some(url) = &self.url else { return Ok(None) };
        let address =
            self.parsed(url).map_err(|fault| StoreError::from(ObjectFault::from(fault)))?;
        Ok(Some(address))
    }

    fn parsed(&self, url: &str) -> Result<Address, AddressFault> {
        let endpoint = self.endpoint.as_deref().ok_or(AddressFault::Endpoint)?;
        if url.contains('@') || endpoint.contains('@') {
            return Err(AddressFault::Secret);
        }
        let rest = url.strip_prefix("s3://").ok_or(AddressFault::Url)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !is_bucket(bucket) || !is_prefix(prefix) {
            return Err(AddressFault::Url);
        }
        let uri: Uri = endpoint.parse().map_err(|_| AddressFault::Endpoint)?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(AddressFault::Endpoint),
        };
        let authority = uri.authority().ok_or(AddressFault::Endpoint)?;
        let host = authority.host().trim_matches(['[', ']']);
        if host.is_empty() || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(AddressFault::Endpoint);
        }
        if !is_tls && !is_loopback(host) {
            return Err(AddressFault::Unverified);
        }
        let is_region =
            |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        if !(1..=64).contains(&self.region.len()) || !self.region.bytes().all(is_region) {
            return Err(AddressFault::Region);
        }
        Ok(Address {
            bucket: bucket.to_owned(),
            prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
            endpoint: format!("{}://{authority}", if is_tls { "https" } else { "http" }),
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
            region: self.region.clone(),
            credentials_file: self.credentials_file.clone().ok_or(AddressFault::NoCredentials)?,
        })
    }
}

/// Names of buckets as all S3-compatible stores take them.
fn is_bucket(name: &str) -> bool {
    let is_good = |octet: u8| {
        octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'.')
    };
    (3..=63).contains(&name.len())
        && name.bytes().all(is_good)
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
        && !name.contains("..")
}

/// Letters that mean themselves in every address.
fn is_prefix(prefix: &str) -> bool {
    let is_good = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.');
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(is_good) && !part.bytes().all(|octet| octet == b'.')
    };
    prefix.is_empty() || (prefix.len() <= MAX_PREFIX_BYTES && prefix.split('/').all(is_part))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use AddressFault as F;

    fn config(url: &str, endpoint: &str) -> ObjectsConfig {
        ObjectsConfig {
            url: Some(url.to_owned()),
            endpoint: Some(endpoint.to_owned()),
            credentials_file: Some("/etc/ssmax/objects.key".into()),
            ..ObjectsConfig::default()
        }
    }

    #[test]
    fn a_bucket_is_named_by_a_url_and_reached_over_tls_or_on_this_host() {
        for (url, endpoint, prefix, host, port, is_tls) in [
            ("s3://held-mail", "https://s3.example", "", "s3.example", 443, true),
            ("s3://held.mail/a", "https://s3.example:9000/", "a/", "s3.example", 9000, true),
            ("s3://held/a/b-1/", "http://127.0.0.1:9000", "a/b-1/", "127.0.0.1", 9000, false),
            ("s3://held", "http://[::1]", "", "::1", 80, false),
            ("s3://held", "http://localhost:1", "", "localhost", 1, false),
        ] {
            let found = config(url, endpoint).address().unwrap().unwrap();
            let facts = (found.prefix.as_str(), found.host.as_str(), found.port, found.is_tls);
            assert_eq!(facts, (prefix, host, port, is_tls), "{url} {endpoint}");
        }
        assert_eq!(ObjectsConfig::default().address(), Ok(None));
    }

    #[test]
    fn what_is_no_address_or_says_too_much_is_refused_and_not_repeated() {
        let https = "https://s3.example";
        for (url, endpoint, fault) in [
            ("http://held", https, F::Url),
            ("s3://", https, F::Url),
            ("s3://He", https, F::Url),
            ("s3://held/a//b", https, F::Url),
            ("s3://held/../b", https, F::Url),
            ("s3://held/a?b", https, F::Url),
            ("s3://held", "s3.example", F::Endpoint),
            ("s3://held", "ftp://s3.example", F::Endpoint),
            ("s3://held", "https://s3.example/path", F::Endpoint),
            ("s3://held", "http://s3.example", F::Unverified),
            ("s3://held", "http://127.0.0.1.example", F::Unverified),
            ("s3://key:s3cret@held", https, F::Secret),
            ("s3://held", "https://key:s3cret@s3.example", F::Secret),
        ] {
            let config = config(url, endpoint);
            let error = config.check().unwrap_err();
            assert_eq!(error, ObjectFault::Address(fault).into(), "{url} {endpoint}");
            assert!(!format!("{error} {error:?} {config:?}").contains("s3cret"));
        }
        let without = ObjectsConfig { endpoint: None, ..config("s3://held", https) };
        assert_eq!(without.check(), Err(ObjectFault::Address(F::Endpoint).into()));
        let without = ObjectsConfig { credentials_file: None, ..config("s3://held", https) };
        assert_eq!(without.check(), Err(ObjectFault::Address(F::NoCredentials).into()));
        let region = ObjectsConfig { region: "eu/central".into(), ..config("s3://held", https) };
        assert_eq!(region.check(), Err(ObjectFault::Address(F::Region).into()));
    }

    #[test]
    fn bounds_of_time_are_held_to() {
        let parsed = |text: &str| serde_json::from_str::<ObjectsConfig>(text);
        assert_eq!(parsed("{}").unwrap(), ObjectsConfig::default());
        for (name, value, accepted) in [
            ("timeout_seconds", 0, false),
            ("timeout_seconds", 1, true),
            ("timeout_seconds", 20, true),
            ("timeout_seconds", 21, false),
            ("orphan_hours", 0, false),
            ("orphan_hours", 1, true),
            ("orphan_hours", 720, true),
            ("orphan_hours", 721, false),
        ] {
            let config = parsed(&format!("{{\"{name}\": {value}}}"));
            assert_eq!(config.is_ok(), accepted, "{name} = {value}");
        }
        let hour = ObjectsConfig { orphan_hours: 1, ..ObjectsConfig::default() };
        assert_eq!(hour.orphans_after(), Duration::from_secs(3600));
    }
}
