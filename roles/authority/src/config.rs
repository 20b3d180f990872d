//! The section `[authority]` of ssmax.toml.

use ssmax_daemon::config::address;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use ssmax_daemon::config::{self, ConfigError};
use ssmax_store::{Place, StateConfig};

/// Settings of the authority.
///
/// `state_dir` and `run_dir` stand at the top of ssmax.toml, since every role has them;
/// [`AuthorityConfig::placed`] brings them in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityConfig {
    /// Name of the federation, as its certificates show it. Used by `init` only.
    pub name: String,
    /// Where members reach this authority: `https://HOST[:PORT]`, without a path.
    pub url: String,
    /// Address of the HTTPS listener. Default 127.0.0.1:8443.
    #[serde(default = "default_listen", deserialize_with = "address::fixed")]
    pub listen: SocketAddr,
    /// File with the secret that unlocks the keys. Keep it apart from `state_dir`.
    pub unlock_file: PathBuf,
    /// How often an unchanged list is issued again, in seconds. Default 3600.
    #[serde(default = "default_reissue_seconds")]
    pub reissue_seconds: u32,
    /// How long after its issue a list is accepted as news, in hours. Default 24.
    #[serde(default = "default_list_hours")]
    pub list_hours: u32,
    /// Connections served at the same time; a quarter of them for one address. Default 256.
    #[serde(default = "default_max_connections")]
    pub max_connections: usize,
    /// How long a client may take for the TLS handshake, and for each request's header,
    /// in seconds. Default 10.
    #[serde(default = "default_request_seconds")]
    pub request_seconds: u32,
    /// How long one connection may last in all, in seconds. Default 120.
    #[serde(default = "default_connection_seconds")]
    pub connection_seconds: u32,
    /// Where the tables are, if not in the authority's directory.
    #[serde(default)]
    pub state: StateConfig,
    /// Where roles keep their state; the authority's is in `authority` below it.
    #[serde(skip)]
    pub state_dir: PathBuf,
    /// Where running roles say that they run.
    #[serde(skip)]
    pub run_dir: PathBuf,
}

/// What the authority reads of ssmax.toml. The other roles' sections are theirs to check.
#[derive(Debug, Deserialize)]
struct File {
    state_dir: PathBuf,
    run_dir: PathBuf,
    authority: AuthorityConfig,
}

impl AuthorityConfig {
    /// Reads the section and the directories out of an ssmax.toml. Relative paths start
    /// at the file's folder.
    ///
    /// # Errors
    /// [`ConfigError`], naming line and field.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let file: File = config::load(path)?;
        let resolve = |value: &Path| config::resolve(path, value);
        let unlock_file = resolve(&file.authority.unlock_file);
        let mut authority = Self { unlock_file, ..file.authority };
        authority.state.resolve(|value| *value = resolve(value));
        Ok(authority.placed(resolve(&file.state_dir), resolve(&file.run_dir)))
    }

    /// The same settings with the directories from the top of ssmax.toml, as they are:
    /// whoever read the file has resolved them.
    #[must_use]
    pub fn placed(self, state_dir: PathBuf, run_dir: PathBuf) -> Self {
        Self { state_dir, run_dir, ..self }
    }

    /// The authority's own directory.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.state_dir.join("authority")
    }

    /// Where the tables are.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(self.home(), &self.state)
    }

    /// The authority's keys, encrypted.
    #[must_use]
    pub fn keys_dir(&self) -> PathBuf {
        self.home().join("keys")
    }

    /// The federation's root certificate, PEM, for members.
    #[must_use]
    pub fn root_file(&self) -> PathBuf {
        self.home().join("root.pem")
    }

    /// What the HTTPS listener's certificate is verified with, PEM, for members.
    #[must_use]
    pub fn tls_ca_file(&self) -> PathBuf {
        self.home().join("tls-ca.pem")
    }

    pub(crate) fn reissue(&self) -> Duration {
        Duration::from_secs(u64::from(self.reissue_seconds.max(1)))
    }

    pub(crate) fn list_lifetime(&self) -> time::Duration {
        time::Duration::hours(i64::from(self.list_hours.max(1)))
    }

    pub(crate) fn request_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.request_seconds.max(1)))
    }

    pub(crate) fn connection_time(&self) -> Duration {
        Duration::from_secs(u64::from(self.connection_seconds.max(1)))
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 8443))
}

fn default_reissue_seconds() -> u32 {
    3600
}

fn default_list_hours() -> u32 {
    24
}

fn default_max_connections() -> usize {
    256
}

fn default_request_seconds() -> u32 {
    10
}

fn default_connection_seconds() -> u32 {
    120
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(section: &str) -> Result<AuthorityConfig, ConfigError> {
        let text = format!(
            "state_dir = \"state\"\nrun_dir = \"/run/ssmax\"\nlog = \"info\"\n\
             [authority]\nname = \"F\"\nurl = \"https://f.example\"\n{section}\n[gateway]\n"
        );
        config::parse::<File>(&text, Path::new("ssmax.toml")).map(|file| file.authority)
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let config = parsed("unlock_file = \"unlock\"").unwrap();
        assert_eq!(config.listen, "127.0.0.1:8443".parse().unwrap());
        assert_eq!(config.reissue(), Duration::from_secs(3600));
        assert_eq!(config.list_lifetime(), time::Duration::hours(24));
        assert_eq!(config.request_time(), Duration::from_secs(10));
        assert_eq!(config.connection_time(), Duration::from_secs(120));
        assert_eq!(config.max_connections, 256);
    }

    #[test]
    fn what_is_set_counts() {
        let config = parsed(
            "unlock_file = \"u\"\nlisten = \"[::1]:9\"\nreissue_seconds = 60\nlist_hours = 2\n\
             max_connections = 8\nrequest_seconds = 3\nconnection_seconds = 4",
        )
        .unwrap();
        assert_eq!(config.listen, "[::1]:9".parse().unwrap());
        assert_eq!(config.reissue(), Duration::from_secs(60));
        assert_eq!(config.list_lifetime(), time::Duration::hours(2));
        assert_eq!(config.request_time(), Duration::from_secs(3));
        assert_eq!(config.connection_time(), Duration::from_secs(4));
        assert_eq!(config.max_connections, 8);
    }

    #[test]
    fn an_unknown_field_and_a_missing_one_are_refused() {
        assert!(parsed("unlock_file = \"u\"\nreisue_seconds = 1").is_err());
        assert!(parsed("").is_err());
    }

    #[test]
    fn relative_paths_start_at_the_files_folder() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("ssmax.toml");
        let text = "state_dir = \"state\"\nrun_dir = \"/run/x\"\n[authority]\nname = \"F\"\n\
                    url = \"https://f.example\"\nunlock_file = \"secret/unlock\"\n";
        std::fs::write(&path, text).unwrap();
        let config = AuthorityConfig::load(&path).unwrap();
        assert_eq!(config.home(), dir.path().join("state/authority"));
        assert_eq!(config.unlock_file, dir.path().join("secret/unlock"));
        assert_eq!(config.run_dir, Path::new("/run/x"));
    }
}
