//! `[submission]` of `ssmax.toml`.

use serde::{Deserialize, Deserializer, de};
use ssmax_daemon::config::address::{self, AddressFault};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The highest authenticator assurance level (NIST SP 800-63B).
const MAX_AAL: u8 = 3;

/// Where the MTA connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MilterAddress {
    /// `unix:PATH`.
    Unix(PathBuf),
    /// `inet:ADDRESS:PORT`, on this host.
    Inet(SocketAddr),
}

/// Why a text is no address of the milter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// It is not of either form.
    #[error("neither `unix:PATH` nor `inet:ADDRESS:PORT` with a loopback address")]
    Form,
    /// What follows `inet:`.
    #[error(transparent)]
    Inet(AddressFault),
}

impl std::str::FromStr for MilterAddress {
    type Err = NotAnAddress;

    /// An address that others can reach is none: whoever can connect is believed about
    /// who logged in.
    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        match text.split_once(':') {
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(("inet", address)) => match address::parse(address) {
                Ok(address) if !address.ip().is_loopback() => {
                    Err(NotAnAddress::Inet(AddressFault::NotLoopback))
                }
                Ok(address) if address.port() == 0 => {
                    Err(NotAnAddress::Inet(AddressFault::PortZero))
                }
                Ok(address) => Ok(Self::Inet(address)),
                Err(fault) => Err(NotAnAddress::Inet(fault)),
            },
            _ => Err(NotAnAddress::Form),
        }
    }
}

impl<'de> Deserialize<'de> for MilterAddress {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|fault| match fault {
            NotAnAddress::Inet(fault) => fault.of(&text),
            NotAnAddress::Form => de::Error::custom(fault),
        })
    }
}

impl std::fmt::Display for MilterAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
            Self::Inet(address) => write!(out, "inet:{address}"),
        }
    }
}

/// Who may open the UNIX socket; whose processes are answered is another question
/// ([`SubmissionConfig::peers`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Its owner: mode 0600.
    Owner,
    /// The group of its folder too: mode 0660.
    #[default]
    Group,
}

impl Access {
    pub(crate) fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Group => 0o660,
        }
    }
}

/// What becomes of mail that nobody logged in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unauthenticated {
    /// It is refused.
    #[default]
    Refuse,
    /// It goes on without a statement; what the client brought for one is taken off.
    Pass,
}

/// `[submission]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubmissionConfig {
    /// Where the MTA connects to, as in its `smtpd_milters`.
    pub milter: MilterAddress,
    /// Who may open the UNIX socket. Default group.
    #[serde(default)]
    pub access: Access,
    /// The users whose processes are answered on the UNIX socket, by name or number, besides
    /// root and the role's own. Default `["postfix"]`.
    #[serde(default = "default_peers")]
    pub peers: Vec<String>,
    /// What becomes of mail that nobody logged in for. Default refuse.
    #[serde(default)]
    pub unauthenticated: Unauthenticated,
    /// The authenticator assurance level of a login, 1 to 3. Default 1: the MTA says how
    /// somebody logged in, and not how good their secret is.
    #[serde(default = "default_aal", deserialize_with = "aal")]
    pub aal: u8,
    /// The level of logins by one SASL mechanism, where it is another.
    #[serde(default, deserialize_with = "mechanisms")]
    pub mechanisms: BTreeMap<String, u8>,
    /// Clients whose TLS certificate counts as a login; none by default.
    #[serde(default)]
    pub certificates: Option<CertificateConfig>,
    /// Bounds.
    #[serde(default)]
    pub limits: Limits,
}

/// `[submission.certificates]`: a client that the MTA has verified by its certificate and
/// that has not logged in otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateConfig {
    /// The common name of the issuer whose certificates name people in their own common name,
    /// by an address or a user id. Whom the MTA trusts is its own setting; it has to be nobody
    /// else who can issue under this name.
    pub issuer: String,
    /// The authenticator assurance level, 1 to 3. Default 1.
    #[serde(default = "default_aal", deserialize_with = "aal")]
    pub aal: u8,
}

fn default_peers() -> Vec<String> {
    vec!["postfix".to_owned()]
}

fn default_aal() -> u8 {
    1
}

fn checked<E: de::Error>(level: u8) -> Result<u8, E> {
    if (1..=MAX_AAL).contains(&level) {
        Ok(level)
    } else {
        Err(E::custom(format_args!("a level is from 1 to {MAX_AAL}")))
    }
}

fn aal<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    checked(u8::deserialize(from)?)
}

fn mechanisms<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, u8>, D::Error> {
    let levels = BTreeMap::<String, u8>::deserialize(from)?;
    for (name, level) in &levels {
        checked::<D::Error>(*level)?;
        if !is_mechanism(name) {
            return Err(de::Error::custom(format_args!("`{name}` is no SASL mechanism")));
        }
    }
    Ok(levels)
}

/// RFC 4422 3.1: 1 to 20 upper-case letters, digits, hyphens and underscores.
pub(crate) fn is_mechanism(name: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_');
    (1..=20).contains(&name.len()) && name.bytes().all(is_part)
}

impl SubmissionConfig {
    /// The level of a login by this mechanism.
    #[must_use]
    pub fn level(&self, mechanism: &str) -> u8 {
        self.mechanisms.get(mechanism).copied().unwrap_or(self.aal)
    }
}

/// Bounds of the milter. Each is a setting.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections at the same time; more are closed at once, and the MTA puts its clients
    /// off. Default 500.
    pub max_connections: usize,
    /// Octets of one frame. Past it the connection ends. Default 262,144: an MTA sends a
    /// body in pieces of 65,535 octets, and a header field in one.
    pub max_frame_bytes: usize,
    /// Octets of a mail's header. Past it: 550 5.6.0, SSMAX-1001. Default 262,144.
    pub max_header_bytes: usize,
    /// Recipients of one mail. Past it: 452 4.5.3. Default 1000.
    pub max_recipients: usize,
    /// Octets of the field with the statement, which names every recipient. Past it: 452
    /// 4.5.3. Default 48,000: Postfix cuts a field off after 60,000.
    pub max_field_bytes: usize,
    /// How long the MTA may be silent, while its client writes. Default 7200 s.
    #[serde(deserialize_with = "seconds", rename = "idle_seconds")]
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 500,
            max_frame_bytes: 256 * 1024,
            max_header_bytes: 256 * 1024,
            max_recipients: 1000,
            max_field_bytes: 48_000,
            idle: Duration::from_secs(7200),
        }
    }
}

fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_secs)
}

/// All that the role needs to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// Where the ready file is.
    pub run_dir: PathBuf,
    /// The section.
    pub submission: SubmissionConfig,
}

impl Settings {
    /// The role's own state.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        dir(&self.state_dir)
    }
}

fn dir(state_dir: &Path) -> PathBuf {
    state_dir.join("submission")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<SubmissionConfig, String> {
        toml::from_str(text).map_err(|fault: toml::de::Error| fault.message().to_owned())
    }

    #[test]
    fn the_least_that_is_said_is_where_and_a_login_is_of_the_lowest_level() {
        let config = parsed("milter = 'unix:/run/m.sock'").unwrap();
        assert_eq!(config.milter, MilterAddress::Unix("/run/m.sock".into()));
        assert_eq!(config.level("PLAIN"), 1);
        assert_eq!(config.unauthenticated, Unauthenticated::Refuse);
        assert_eq!((config.access.mode(), config.peers), (0o660, vec!["postfix".to_owned()]));
        assert_eq!(config.limits, Limits::default());
        assert_eq!(parsed("milter = 'unix:/m'\naccess = 'owner'").unwrap().access.mode(), 0o600);
    }

    #[test]
    fn a_level_is_set_for_all_or_for_a_mechanism() {
        let config = "milter = 'inet:127.0.0.1:1'\naal = 2\nmechanisms = { EXTERNAL = 3 }";
        let config = parsed(config).unwrap();
        assert_eq!((config.level("PLAIN"), config.level("EXTERNAL")), (2, 3));
        for bad in
            ["aal = 0", "aal = 4", "mechanisms = { PLAIN = 4 }", "mechanisms = { plain = 1 }"]
        {
            let fault = parsed(&format!("milter = 'unix:/m'\n{bad}")).unwrap_err();
            assert!(fault.contains("from 1 to 3") || fault.contains("no SASL"), "{bad}: {fault}");
        }
    }

    #[test]
    fn certificates_count_by_their_issuer_and_at_a_level() {
        let config = parsed("milter = 'unix:/m'\ncertificates = { issuer = 'A CA', aal = 3 }");
        let certificates = config.unwrap().certificates.unwrap();
        assert_eq!((certificates.issuer.as_str(), certificates.aal), ("A CA", 3));
        let config = parsed("milter = 'unix:/m'\ncertificates = { issuer = 'A CA' }");
        assert_eq!(config.unwrap().certificates.unwrap().aal, 1);
        for bad in ["{ aal = 2 }", "{ issuer = 'A CA', aal = 0 }", "{ issuer = 'A CA', cn = 'x' }"]
        {
            assert!(parsed(&format!("milter = 'unix:/m'\ncertificates = {bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn nobody_elsewhere_can_connect() {
        for good in ["inet:127.0.0.1:8891", "inet:[::1]:8891", "unix:/run/m.sock"] {
            assert_eq!(good.parse::<MilterAddress>().unwrap().to_string(), good);
        }
        for (bad, fault) in [
            ("inet:0.0.0.0:8891", NotAnAddress::Inet(AddressFault::NotLoopback)),
            ("inet:192.0.2.1:8891", NotAnAddress::Inet(AddressFault::NotLoopback)),
            ("inet:8891", NotAnAddress::Inet(AddressFault::NoPort)),
            ("inet:127.0.0.1:0", NotAnAddress::Inet(AddressFault::PortZero)),
            ("inet:127.0.0.1:x", NotAnAddress::Inet(AddressFault::PortNotNumber)),
            ("unix:", NotAnAddress::Form),
            ("/m", NotAnAddress::Form),
            ("", NotAnAddress::Form),
        ] {
            assert_eq!(bad.parse::<MilterAddress>(), Err(fault), "{bad}");
        }
    }

    #[test]
    fn bounds_are_settings_and_a_misspelt_one_is_refused() {
        let limits: Limits = toml::from_str("idle_seconds = 7\nmax_recipients = 5").unwrap();
        assert_eq!((limits.idle, limits.max_recipients), (Duration::from_secs(7), 5));
        assert!(toml::from_str::<Limits>("max_recipient = 5").is_err());
    }
}
