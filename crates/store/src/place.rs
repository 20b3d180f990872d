//! Where a role keeps its tables: in its own directory, or on a PostgreSQL server.

use crate::error::{ServerFault, StoreError};
use crate::files;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// How an address begins.
const SCHEMES: [&str; 2] = ["postgresql://", "postgres://"];

/// What may stand behind the `?` of an address.
const PARAMETERS: [&str; 8] =
    ["host", "port", "user", "dbname", "sslmode", "sslrootcert", "sslcert", "sslkey"];

/// `[ROLE.state]` of `ssmax.toml`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateConfig {
    /// Where the role's tables are:
    /// `postgresql://USER@HOST/DATABASE?sslmode=verify-full&sslrootcert=FILE`, or over a
    /// socket of this host, `postgresql:///DATABASE?host=/run/postgresql`. Default: SQLite,
    /// in the role's own directory.
    pub url: Option<String>,
    /// A file with the user's password, 0600, one line. Default: none; the server knows the
    /// user by the socket or by a certificate.
    pub password_file: Option<PathBuf>,
    /// How many connections to the server one process has at most for each of its schemas, 2
    /// to 100. Default 8.
    #[serde(deserialize_with = "connections")]
    pub connections: u32,
}

/// How many connections a process may have.
const CONNECTIONS: std::ops::RangeInclusive<u32> = 2..=100;

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let connections = u32::deserialize(deserializer)?;
    if CONNECTIONS.contains(&connections) {
        return Ok(connections);
    }
    let (least, most) = (CONNECTIONS.start(), CONNECTIONS.end());
    Err(D::Error::custom(format_args!("connections is from {least} to {most}")))
}

impl Default for StateConfig {
    fn default() -> Self {
        Self { url: None, password_file: None, connections: 8 }
    }
}

// Whoever wrote a password into the address finds it in no log.
impl std::fmt::Debug for StateConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("StateConfig")
            .field("server", &self.url.is_some())
            .field("password_file", &self.password_file)
            .field("connections", &self.connections)
            .finish()
    }
}

impl StateConfig {
    /// Makes relative paths absolute.
    pub fn resolve(&mut self, absolute: impl FnMut(&mut PathBuf)) {
        self.password_file.iter_mut().for_each(absolute);
    }

    /// Looks whether an address that is set can be used, without going there.
    ///
    /// # Errors
    /// [`StoreError::ServerAddress`], which shows nothing of it.
    pub fn check(&self) -> Result<(), StoreError> {
        self.url.as_deref().map_or(Ok(()), |url| parse(url).map(drop))
    }
}

/// A role's directory, and the server in whose database its tables are, if they are not
/// there.
#[derive(Debug, Clone)]
pub struct Place {
    directory: PathBuf,
    state: StateConfig,
}

impl Place {
    /// A role's place by its directory and `[ROLE.state]`.
    #[must_use]
    pub fn new(directory: PathBuf, state: &StateConfig) -> Self {
        Self { directory, state: state.clone() }
    }

    /// A place whose tables are in this directory, whatever the settings say: a server that
    /// they name is left out.
    #[must_use]
    pub fn in_directory(directory: &Path) -> Self {
        Self::new(directory.to_owned(), &StateConfig::default())
    }

    /// The role's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the settings say of it.
    #[must_use]
    pub fn state(&self) -> &StateConfig {
        &self.state
    }

    /// Whether the tables are on a server, where others may be at them too.
    #[must_use]
    pub fn is_server(&self) -> bool {
        self.state.url.is_some()
    }

    /// Whether the database of this name may be there: its file, or a server.
    #[must_use]
    pub fn may_have(&self, name: &str) -> bool {
        self.is_server() || self.directory.join(format!("{name}.sqlite")).is_file()
    }

    /// Whether two places are one: the same files, or the same address.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.state.url == other.state.url && (self.is_server() || self.directory == other.directory)
    }

    pub(crate) fn connections(&self) -> u32 {
        self.state.connections
    }

    /// How to reach the server, with the password; `None` for SQLite.
    pub(crate) fn server(&self) -> Result<Option<PgConnectOptions>, StoreError> {
        let Some(url) = &self.state.url else { return Ok(None) };
        let options = parse(url)?;
        let Some(path) = &self.state.password_file else { return Ok(Some(options)) };
        let octets = files::read_private(path)?;
        let fault = StoreError::ServerAddress(ServerFault::PasswordFile);
        let text = std::str::from_utf8(&octets).map_err(|_| fault.clone())?;
        let password = text.trim_end_matches(['\r', '\n']);
        if password.is_empty() || password.contains(['\r', '\n', '\0']) {
            return Err(fault);
        }
        Ok(Some(options.password(password)))
    }
}

fn parse(url: &str) -> Result<PgConnectOptions, StoreError> {
    checked(url).map_err(StoreError::ServerAddress)
}

fn checked(url: &str) -> Result<PgConnectOptions, ServerFault> {
    let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or(ServerFault::Malformed)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        return Err(ServerFault::Password);
    }
    let mut names = Vec::new();
    if let Some((_, query)) = rest.split_once('?') {
        for pair in query.split('&') {
            let (name, _) = pair.split_once('=').ok_or(ServerFault::Malformed)?;
            if name == "password" {
                return Err(ServerFault::Password);
            }
            if !PARAMETERS.contains(&name) {
                return Err(ServerFault::UnknownParameter);
            }
            names.push(name);
        }
    }
    let options: PgConnectOptions = url.parse().map_err(|_| ServerFault::Malformed)?;
    if options.get_database().is_none() {
        return Err(ServerFault::Malformed);
    }
    let is_here = options.get_socket().is_some() || is_loopback(options.get_host());
    // Without a root of one's own, any public CA could vouch for the server.
    let is_verified =
        matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) && names.contains(&"sslrootcert");
    if is_here || is_verified { Ok(options) } else { Err(ServerFault::Unverified) }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServerFault as F;

    #[test]
    fn a_server_elsewhere_is_verified_and_one_here_need_not_be() {
        let verified = "sslmode=verify-full&sslrootcert=/etc/ssmax/db.pem";
        for url in [
            "postgresql:///ssmax?host=/run/postgresql",
            "postgres://ssmax@127.0.0.1:5433/ssmax",
            "postgresql://ssmax@[::1]/ssmax",
            "postgresql://localhost/ssmax",
            &format!("postgresql://ssmax@db.example/ssmax?{verified}"),
        ] {
            assert!(checked(url).is_ok(), "{url}");
        }
        for url in [
            "postgresql://ssmax@db.example/ssmax",
            "postgresql://ssmax@db.example/ssmax?sslmode=require",
            "postgresql://ssmax@db.example/ssmax?sslmode=verify-ca&sslrootcert=/x",
            "postgresql://ssmax@db.example/ssmax?sslmode=verify-full",
            "postgresql://ssmax@127.0.0.1.example/ssmax",
            "postgresql:///ssmax?host=db.example",
        ] {
            assert_eq!(checked(url).err(), Some(F::Unverified), "{url}");
        }
    }

    #[test]
    fn what_is_no_address_or_says_too_much_is_refused_and_not_repeated() {
        for (url, fault) in [
            ("mysql://ssmax@localhost/ssmax", F::Malformed),
            ("postgresql://localhost", F::Malformed),
            ("postgresql://localhost/x?sslmode", F::Malformed),
            ("postgresql://localhost/x?sslmode=often", F::Malformed),
            ("postgresql://ssmax:s3cret@localhost/x", F::Password),
            ("postgresql://localhost/x?password=s3cret", F::Password),
            ("postgresql://localhost/x?pass%77ord=s3cret", F::UnknownParameter),
            ("postgresql://localhost/x?options=-cfsync%3Doff", F::UnknownParameter),
        ] {
            let state = StateConfig { url: Some(url.to_owned()), ..StateConfig::default() };
            let error = state.check().unwrap_err();
            assert_eq!(error, StoreError::ServerAddress(fault), "{url}");
            assert!(!format!("{error} {error:?} {state:?}").contains("s3cret"));
        }
    }

    #[test]
    fn a_process_has_from_two_to_a_hundred_connections() {
        let parsed = |text: &str| serde_json::from_str::<StateConfig>(text);
        assert_eq!(parsed("{}").unwrap().connections, 8);
        for (set, accepted) in [(1, false), (2, true), (100, true), (101, false)] {
            let state = parsed(&format!("{{\"connections\": {set}}}"));
            assert_eq!(state.is_ok(), accepted, "{set}");
        }
    }
}
