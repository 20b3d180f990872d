//! `[ca]` of `ssmax.toml`.

use serde::{Deserialize, Deserializer, de::Error as _};
use ssmax_api::Organisation;
use ssmax_daemon::config::address;
use ssmax_hsm::{Backend, HsmError, KeyStore, Pkcs11Config, Token, UnlockSecret};
use ssmax_store::{Place, StateConfig};
use ssmax_transport::Transport;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `[ca]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaConfig {
    /// The file with the secret that unlocks the CA keys.
    pub unlock_file: PathBuf,
    /// Where new keys are made: `file`, encrypted files, or `pkcs11`, a token. Keys that
    /// are there already are used from either. Default `file`.
    #[serde(default)]
    pub backend: Backend,
    /// Which token, for the backend `pkcs11`.
    #[serde(default)]
    pub pkcs11: Option<Pkcs11Config>,
    /// How long user certificates run, in days; at most 825 (S/MIME Baseline
    /// Requirements 6.3.2). Default 730.
    #[serde(default = "default_user_days")]
    pub user_days: u16,
    /// How long relay encryption certificates run, in days; at most 400. Default 400.
    #[serde(default = "default_relay_days")]
    pub relay_days: u16,
    /// How many new relay certificates the directory may cause in an hour; what is there
    /// already does not count. Default 10,000.
    #[serde(default = "default_directory_relays_per_hour")]
    pub directory_relays_per_hour: u32,
    /// The authenticator assurance level that a device secret counts for: 1, or 2
    /// where it is handed out only after the person has proved two factors. Default 1.
    #[serde(default = "default_device_aal")]
    pub device_secret_aal: u8,
    /// `[ca.login]`.
    #[serde(default)]
    pub login: LoginConfig,
    /// For how many days after its holder was revoked an address rests before another person
    /// may get it, from 0 to 3650. Default 180.
    #[serde(default = "default_quarantine_days", deserialize_with = "quarantine_days")]
    pub address_quarantine_days: u16,
    /// For how many days after the rights have ended the registration is kept: name, addresses,
    /// how identity was proved. From 825, when the last certificate has run out, to 36500. Default 1830: five
    /// years. The number stays, since old mail hangs on it.
    #[serde(default = "default_registration_days", deserialize_with = "registration_days")]
    pub registration_days: u16,
    /// For how many days a relay certificate is kept after it has run out, at most 36500.
    /// Default 400.
    #[serde(default = "default_relay_days", deserialize_with = "relay_kept_days")]
    pub relay_kept_days: u16,
    /// Where the tables are, if not in the role's directory.
    #[serde(default)]
    pub state: StateConfig,
    /// Where roles of other hosts ask, over TLS. Default: only on this host.
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub listen: Option<SocketAddr>,
    /// How long the certificates of roles for TLS run, in days, 1 to 398. They are renewed
    /// in the last third of that. Default 90.
    #[serde(default = "default_transport_days", deserialize_with = "transport_days")]
    pub transport_days: u16,
    /// What is published about certificates. Default: nothing.
    #[serde(default)]
    pub publish: crate::revocation::config::PublishConfig,
}

/// `[ca.login]`: logins with more than a password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoginConfig {
    /// How many half minutes early or late a one-time code may be, 0 to 10. Default 1.
    #[serde(deserialize_with = "drift")]
    pub code_drift_steps: u8,
    /// How many one-time codes a person may try behind the right password within
    /// `wrong_codes_minutes`, 1 to 100; then none counts until the time is over. Default 5.
    #[serde(deserialize_with = "tries")]
    pub wrong_codes: u8,
    /// See there, in minutes, 1 to 1440. Default 15.
    #[serde(deserialize_with = "tries_minutes")]
    pub wrong_codes_minutes: u16,
    /// Whether people may log in by TLS with their signing certificate. Default false.
    pub certificates: bool,
    /// The authenticator assurance level of such a login where the key is on a card, 1 to 3.
    /// Default 3: the card asks for its PIN.
    #[serde(deserialize_with = "aal")]
    pub card_aal: u8,
    /// The same where the key is in a file, 1 to 2. Default 1: nobody sees here whether the
    /// mailer asks for a password.
    #[serde(deserialize_with = "file_aal")]
    pub key_file_aal: u8,
    /// For how many hours an invitation to the enrolment page counts, 1 to 720. Default 72.
    #[serde(deserialize_with = "invitation_hours")]
    pub invitation_hours: u16,
    /// How many wrong codes it stands, 1 to 20. Default 5.
    #[serde(deserialize_with = "invitation_tries")]
    pub invitation_tries: u8,
}

impl Default for LoginConfig {
    fn default() -> Self {
        Self {
            code_drift_steps: 1,
            wrong_codes: 5,
            wrong_codes_minutes: 15,
            certificates: false,
            card_aal: 3,
            key_file_aal: 1,
            invitation_hours: 72,
            invitation_tries: 5,
        }
    }
}

fn within<'de, D, T>(from: D, name: &str, least: T, most: T) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialOrd + std::fmt::Display,
{
    let number = T::deserialize(from)?;
    if least <= number && number <= most {
        Ok(number)
    } else {
        Err(D::Error::custom(format_args!("{name} is from {least} to {most}")))
    }
}

fn drift<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    within(from, "code_drift_steps", 0, 10)
}

fn tries<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    within(from, "wrong_codes", 1, 100)
}

fn tries_minutes<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    within(from, "wrong_codes_minutes", 1, 1440)
}

fn aal<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    within(from, "card_aal", 1, 3)
}

fn invitation_hours<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    within(from, "invitation_hours", 1, 720)
}

fn invitation_tries<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    within(from, "invitation_tries", 1, 20)
}

fn file_aal<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    within(from, "key_file_aal", 1, 2)
}

/// The longest that a certificate for TLS may run, in days.
const MAX_TRANSPORT_DAYS: u16 = 398;

/// The longest that an address may rest, in days.
const MAX_QUARANTINE_DAYS: u16 = 3650;

fn default_quarantine_days() -> u16 {
    180
}

fn quarantine_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let days = u16::deserialize(deserializer)?;
    if days <= MAX_QUARANTINE_DAYS {
        Ok(days)
    } else {
        let most = MAX_QUARANTINE_DAYS;
        Err(D::Error::custom(format_args!("address_quarantine_days is from 0 to {most}")))
    }
}

/// The longest that anything is kept, in days.
const MAX_KEPT_DAYS: u16 = 36_500;

/// The shortest that a registration is kept, in days: no certificate of the person is valid
/// after that (S/MIME Baseline Requirements 6.3.2).
const MIN_REGISTRATION_DAYS: u16 = 825;

fn default_registration_days() -> u16 {
    1830
}

fn registration_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let days = u16::deserialize(deserializer)?;
    if (MIN_REGISTRATION_DAYS..=MAX_KEPT_DAYS).contains(&days) {
        Ok(days)
    } else {
        let (least, most) = (MIN_REGISTRATION_DAYS, MAX_KEPT_DAYS);
        Err(D::Error::custom(format_args!("registration_days is from {least} to {most}")))
    }
}

fn relay_kept_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let days = u16::deserialize(deserializer)?;
    if days <= MAX_KEPT_DAYS {
        Ok(days)
    } else {
        Err(D::Error::custom(format_args!("relay_kept_days is at most {MAX_KEPT_DAYS}")))
    }
}

fn default_transport_days() -> u16 {
    90
}

fn transport_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let days = u16::deserialize(deserializer)?;
    if (1..=MAX_TRANSPORT_DAYS).contains(&days) {
        Ok(days)
    } else {
        Err(D::Error::custom(format_args!("transport_days is from 1 to {MAX_TRANSPORT_DAYS}")))
    }
}

fn default_user_days() -> u16 {
    730
}

fn default_relay_days() -> u16 {
    400
}

fn default_directory_relays_per_hour() -> u32 {
    10_000
}

fn default_device_aal() -> u8 {
    1
}

/// All that the CA needs to start.
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
    pub ca: CaConfig,
}

impl Settings {
    /// The CA's own state.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.state_dir.join("ca")
    }

    /// Where the tables are.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(self.dir(), &self.ca.state)
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
        let unlock = UnlockSecret::from_file(&self.ca.unlock_file)?;
        let keys = KeyStore::open(&self.key_dir(), &unlock)?;
        Ok(keys.with_token(self.open_token()?))
    }

    /// Makes an empty key store.
    ///
    /// # Errors
    /// [`HsmError`] when there is one, or the token is not to be had.
    pub fn create_keys(&self) -> Result<KeyStore, HsmError> {
        let unlock = UnlockSecret::from_file(&self.ca.unlock_file)?;
        // First, so that nothing is left behind when the token is missing.
        let token = self.open_token()?;
        Ok(KeyStore::create(&self.key_dir(), &unlock)?.with_token(token))
    }

    /// The token, tried: nothing is promised that it cannot do.
    fn open_token(&self) -> Result<Option<Arc<Token>>, HsmError> {
        let token = self.ca.backend.open(self.ca.pkcs11.as_ref())?;
        if let Some(token) = &token {
            token.capabilities()?;
        }
        Ok(token)
    }

    /// The socket for one kind of caller.
    #[must_use]
    pub fn socket(run_dir: &Path, caller: &str) -> PathBuf {
        ssmax_daemon::place::socket(run_dir, "ca", caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_of_logins_are_settings_within_their_own() {
        let read = |text: &str| toml::from_str::<LoginConfig>(text);
        assert_eq!(read("").unwrap(), LoginConfig::default());
        let set = read(
            "code_drift_steps = 0\nwrong_codes = 100\nwrong_codes_minutes = 1440\ncertificates = true\ncard_aal = 2\nkey_file_aal = 2",
        );
        let set = set.unwrap();
        assert_eq!(
            (set.code_drift_steps, set.wrong_codes, set.wrong_codes_minutes),
            (0, 100, 1440)
        );
        assert_eq!((set.certificates, set.card_aal, set.key_file_aal), (true, 2, 2));
        for (bad, said) in [
            ("code_drift_steps = 11", "from 0 to 10"),
            ("wrong_codes = 0", "from 1 to 100"),
            ("wrong_codes_minutes = 1441", "from 1 to 1440"),
            ("card_aal = 4", "from 1 to 3"),
            ("key_file_aal = 3", "from 1 to 2"),
            ("invitation_hours = 721", "from 1 to 720"),
            ("invitation_tries = 0", "from 1 to 20"),
            ("wrong_code = 1", "unknown field"),
        ] {
            assert!(read(bad).unwrap_err().to_string().contains(said), "{bad}");
        }
    }
}
