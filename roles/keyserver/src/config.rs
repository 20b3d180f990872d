//! `[keyserver]` of `ssmax.toml`.

use crate::levels::{Expected, Level, Levels};
use crate::limits::Limits;
use serde::{Deserialize, Deserializer, de::Error as _};
use ssmax_api::Organisation;
use ssmax_daemon::config::address;
use ssmax_hsm::{Backend, HsmError, KeyStore, Pkcs11Config, Token, UnlockSecret};
use ssmax_store::{Place, StateConfig};
use ssmax_transport::Transport;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `[keyserver]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyserverConfig {
    /// The file with the secret that unlocks the keys. Keep it on another medium than
    /// the state, or have the service manager hand it in.
    pub unlock_file: PathBuf,
    /// Where new keys are made: `file`, encrypted files, or `pkcs11`, a token. Keys that
    /// are there already are used from either. Default `file`.
    #[serde(default)]
    pub backend: Backend,
    /// Which token, for the backend `pkcs11`.
    #[serde(default)]
    pub pkcs11: Option<Pkcs11Config>,
    /// How many private-key operations one mail may cost. Default 4.
    #[serde(default = "default_operations")]
    pub max_private_operations: usize,
    /// Whether RSA keys open PKCS#1 v1.5, for old mailers. Default false.
    #[serde(default)]
    pub allow_pkcs1_decryption: bool,
    /// Whether the keyserver may sign for people who sent unsigned mail (form (d)).
    /// Default false.
    #[serde(default)]
    pub sign_for_users: bool,
    /// Whether the gateway may say by its own key that a person has logged in there. Not
    /// needed where all people submit at the MTA; held mail that they submitted at the
    /// gateway is then not released either. Default: unless the key of an MTA's submission
    /// service is registered.
    #[serde(default)]
    pub gateway_logins: Option<bool>,
    /// A folder with S/MIME certificates (PEM, one each, `*.pem`) of people outside the
    /// federation, to whom mail may be encrypted. Default: none.
    pub outside_certificates: Option<PathBuf>,
    /// How long what was found there is used, in seconds, before the folder is looked at
    /// again; a file is read anew when it has changed. Default 10.
    #[serde(default = "default_outside_seconds")]
    pub outside_certificates_seconds: u64,
    /// Addresses or user ids of the own people who decide about held mail, and to whom it
    /// may be shown. Default: nobody.
    #[serde(default)]
    pub reviewers: Vec<String>,
    /// How well own people have to be known to write to somebody, by address or domain of
    /// the recipient. Default: no more than to write at all.
    #[serde(default)]
    pub demands: Levels<Level>,
    /// How well others are expected to be known, by address or domain of From. Default:
    /// nothing is expected.
    #[serde(default)]
    pub expects: Levels<Expected>,
    /// How many encrypted parts of their own mail one person may have wrapped anew in a
    /// day (UTC): after a lost card, or to forward. 0 switches it off. Default 2000.
    #[serde(default = "default_rewrap_own")]
    pub rewrap_own_per_day: u32,
    /// `[keyserver.archive]`.
    #[serde(default)]
    pub archive: ArchiveConfig,
    /// `[keyserver.trace]`.
    #[serde(default)]
    pub trace: TraceConfig,
    /// How long the audit log is kept, in days. Default 1830: five years.
    #[serde(default = "default_audit_days")]
    pub audit_days: u16,
    /// Where the tables are, if not in the role's directory.
    #[serde(default)]
    pub state: StateConfig,
    /// Where roles of other hosts ask, over TLS. Default: only on this host.
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub listen: Option<SocketAddr>,
    /// `[keyserver.limits]`.
    #[serde(default)]
    pub limits: Limits,
}

/// `[keyserver.archive]`: mail of others, opened by two officers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArchiveConfig {
    /// User ids of the people two of whom may do so. Default: nobody.
    pub officers: Vec<String>,
    /// The address that is told as well, and alone where the mailbox has no reader any
    /// more. Default: none.
    pub notice: Option<String>,
    /// How many encrypted parts one request may name, at most 5000. Default 200.
    pub parts_per_request: usize,
    /// How many encrypted parts may be opened in a day (UTC), over all requests.
    /// Default 2000.
    pub parts_per_day: u32,
    /// How long a request may be carried out at most, in hours. Default 72.
    pub request_hours: u16,
}

impl Default for ArchiveConfig {
    fn default() -> Self {
        Self {
            officers: Vec::new(),
            notice: None,
            parts_per_request: 200,
            parts_per_day: 2000,
            request_hours: 72,
        }
    }
}

/// `[keyserver.trace]`: the person behind a mail or a certificate, told by two officers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TraceConfig {
    /// User ids of the people two of whom may do so. Default: nobody.
    pub officers: Vec<String>,
    /// The address that is told of each: the data-protection officer's. Default: none.
    pub notice: Option<String>,
    /// How long a request may be carried out at most, in hours. Default 72.
    pub request_hours: u16,
    /// How many requests may be carried out in a day (UTC). Default 20.
    pub requests_per_day: u32,
    /// For how long it is kept who submitted the mail of a hop, in days. Default 1830: five
    /// years.
    #[serde(deserialize_with = "hop_days")]
    pub hop_days: u16,
}

impl Default for TraceConfig {
    fn default() -> Self {
        Self {
            officers: Vec::new(),
            notice: None,
            request_hours: 72,
            requests_per_day: 20,
            hop_days: default_audit_days(),
        }
    }
}

fn hop_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        // Forgotten at once, nobody would be found: that is said by naming no officers.
        0 => Err(D::Error::custom("hop_days is 1 or more")),
        days => Ok(days),
    }
}

fn default_outside_seconds() -> u64 {
    10
}

fn default_audit_days() -> u16 {
    1830
}

fn default_rewrap_own() -> u32 {
    2000
}

fn default_operations() -> usize {
    ssmax_chain::manifest::USUAL_FILES
}

/// All that the keyserver needs to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who we are.
    pub organisation: Organisation,
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// Where sockets are.
    pub run_dir: PathBuf,
    /// Where the other roles are.
    pub transport: Transport,
    /// The section.
    pub keyserver: KeyserverConfig,
}

impl Settings {
    /// The keyserver's own state.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.state_dir.join("keyserver")
    }

    /// Where the tables are.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(self.dir(), &self.keyserver.state)
    }

    /// Where the encrypted key files are.
    #[must_use]
    pub fn key_dir(&self) -> PathBuf {
        self.dir().join("keys")
    }

    /// Opens the keys.
    ///
    /// # Errors
    /// [`HsmError`] when there are none, or secret or token do not open them.
    pub fn open_keys(&self) -> Result<KeyStore, HsmError> {
        let unlock = UnlockSecret::from_file(&self.keyserver.unlock_file)?;
        let keys = KeyStore::open(&self.key_dir(), &unlock)?;
        Ok(keys.with_token(self.open_token()?))
    }

    /// Makes an empty key store.
    ///
    /// # Errors
    /// [`HsmError`] when there is one, or the token is not to be had.
    pub fn create_keys(&self) -> Result<KeyStore, HsmError> {
        let unlock = UnlockSecret::from_file(&self.keyserver.unlock_file)?;
        // First, so that nothing is left behind when the token is missing.
        let token = self.open_token()?;
        Ok(KeyStore::create(&self.key_dir(), &unlock)?.with_token(token))
    }

    /// The token, tried: nothing is promised that it cannot do.
    fn open_token(&self) -> Result<Option<Arc<Token>>, HsmError> {
        let token = self.keyserver.backend.open(self.keyserver.pkcs11.as_ref())?;
        if let Some(token) = &token {
            token.capabilities()?;
        }
        Ok(token)
    }

    /// The socket for one kind of caller.
    #[must_use]
    pub fn socket(run_dir: &Path, caller: &str) -> PathBuf {
        ssmax_daemon::place::socket(run_dir, "keyserver", caller)
    }
}
