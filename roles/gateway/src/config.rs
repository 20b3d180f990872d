//! `[gateway]` and `[federation]` of `ssmax.toml`.

use crate::list::Lists;
use crate::listen::Limits;
use crate::system::SystemConfig;
use crate::wire::Route;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use ssmax_api::Organisation;
use ssmax_api::inspector::AttachmentDelivery;
use ssmax_daemon::config::address;
use ssmax_store::objects::ObjectsConfig;
use ssmax_store::{Place, StateConfig};
use ssmax_transport::Transport;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use time::Duration;

/// `[federation]`: where the member list comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederationConfig {
    /// The authority's address, `https://HOST:PORT`.
    pub authority_url: String,
    /// What its TLS certificate is verified with, PEM.
    pub tls_ca: PathBuf,
    /// The federation's root, PEM: what the member list is verified with.
    pub root: PathBuf,
    /// How often the list is asked for, in seconds. A suspension must reach every
    /// gateway within a minute. Default 30.
    #[serde(default = "default_poll")]
    pub poll_seconds: u64,
}

fn default_poll() -> u64 {
    30
}

/// What happens to a mail that is stopped after a private key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterOpening {
    /// It is taken, kept encrypted, and waits for a person.
    Hold,
    /// It is refused with the one answer for every cause.
    Refuse,
}

/// What happens to a mail that two programs may read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ambiguous {
    /// It is written anew so that all read it alike, if it came in clear and unsigned and
    /// has one sane reading; else it is refused.
    #[default]
    Rebuild,
    /// It is refused.
    Refuse,
}

/// What becomes of mail to a recipient whose domain is no member's. What its sender
/// encrypted never goes there in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outside {
    /// It is refused.
    #[default]
    Reject,
    /// It leaves as its sender's mailer made it, if it came in clear.
    Clear,
    /// It leaves encrypted, if the keyserver knows a certificate of the recipient.
    EncryptIfKnown,
    /// It waits for an officer; released, it leaves encrypted if a certificate is known,
    /// else in clear if it came so.
    Hold,
}

/// What a recipient here gets of a mail that came encrypted or signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// The sender's content under this organisation's seal, freshly encrypted.
    #[default]
    Seal,
    /// The sender's ciphertext, re-wrapped; mailers show the sender's own signature. What
    /// cannot be given so is sealed.
    Preserve,
}

/// Who is told of held mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// The own recipients of a mail that came in; of one that goes out, its sender.
    #[default]
    Recipient,
    /// Nobody.
    None,
}

/// The longest time that mail is held, in days: the keyserver remembers for a hundred when
/// it first stopped a mail.
const MAX_HOLD_DAYS: u16 = 90;

/// `[gateway.hold]`: mail that waits for an officer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldConfig {
    /// How long a mail is held, in days, 1 to 90. Default 14.
    #[serde(default = "default_days", deserialize_with = "hold_days")]
    pub days: u16,
    /// Who is told. Default recipient.
    #[serde(default)]
    pub notify: Notify,
    /// How many mails are held at most; more are answered 4xx. Default 10000.
    #[serde(default = "default_mails")]
    pub max_mails: u64,
}

impl Default for HoldConfig {
    fn default() -> Self {
        Self { days: default_days(), notify: Notify::default(), max_mails: default_mails() }
    }
}

impl HoldConfig {
    /// How long a mail is held.
    pub(crate) fn lifetime(&self) -> Duration {
        Duration::days(i64::from(self.days))
    }
}

fn default_days() -> u16 {
    14
}

fn default_mails() -> u64 {
    10_000
}

fn hold_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let days = u16::deserialize(deserializer)?;
    if (1..=MAX_HOLD_DAYS).contains(&days) {
        Ok(days)
    } else {
        Err(D::Error::custom(format_args!("days is from 1 to {MAX_HOLD_DAYS}")))
    }
}

/// The shortest and the longest time that the journal tells of a mail, in days.
const JOURNAL_DAYS: std::ops::RangeInclusive<u16> = 30..=3660;

fn default_journal_days() -> u16 {
    *JOURNAL_DAYS.start()
}

fn journal_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let days = u16::deserialize(deserializer)?;
    if JOURNAL_DAYS.contains(&days) {
        return Ok(days);
    }
    let (first, last) = (JOURNAL_DAYS.start(), JOURNAL_DAYS.end());
    Err(D::Error::custom(format_args!("journal_days is from {first} to {last}")))
}

/// `[gateway.volume]`: to how many recipients one person may send. Past it their mail is held
/// for an officer: whoever took over an account sends to many, and soon.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VolumeConfig {
    /// Recipients in an hour, each of each mail counted. Default 500.
    pub recipients_per_hour: u64,
    /// Recipients in a day. Default 2000.
    pub recipients_per_day: u64,
    /// User ids to whom this does not apply.
    pub exempt: BTreeSet<String>,
}

impl Default for VolumeConfig {
    fn default() -> Self {
        Self { recipients_per_hour: 500, recipients_per_day: 2000, exempt: BTreeSet::new() }
    }
}

/// `[gateway]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayConfig {
    /// The name in `Authentication-Results`, greetings and EHLO: this gateway's host.
    pub host_name: String,
    /// Where own users submit, with AUTH (sites without an MTA of their own).
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub submission: Option<SocketAddr>,
    /// Where the own MTA hands in by LMTP what own users submitted at it, with the statement
    /// of its submission service (after-queue filter).
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub submission_lmtp: Option<SocketAddr>,
    /// Where other organisations' mail arrives by SMTP.
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub inbound_smtp: Option<SocketAddr>,
    /// Where the own MTA hands in arriving mail by LMTP (after-queue filter).
    #[serde(default, deserialize_with = "address::fixed_if_set")]
    pub inbound_lmtp: Option<SocketAddr>,
    /// TLS for the listeners: certificate chain, PEM.
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, PEM, 0600.
    pub tls_key: Option<PathBuf>,
    /// Whether passwords may come without TLS; loopback only. Default false.
    #[serde(default)]
    pub allow_plaintext_auth: bool,
    /// Whether clients are asked for a certificate where own users submit, to log in with
    /// (SASL EXTERNAL). Which count is the CA's to say (`[ca.login] certificates`). Default
    /// false: some mailers ask the person each time when a server asks.
    #[serde(default)]
    pub client_certificates: bool,
    /// Where mail goes that no route below names: the own MTA.
    pub next_hop: Route,
    /// Routes by domain.
    #[serde(default)]
    pub routes: BTreeMap<String, Route>,
    /// Whether DSN (RFC 3461) is offered: reports that a sender asks for, or wants to be
    /// spared. Only where every next hop offers it, which makes them: a current Postfix
    /// does, Dovecot's LMTP does not. Default false.
    #[serde(default)]
    pub dsn: bool,
    /// What `smtp+tls://` routes are verified with, PEM.
    pub route_ca: Option<PathBuf>,
    /// What a mail from another member is, that is stopped after opening. Default hold.
    #[serde(default = "default_inbound")]
    pub inbound_after_opening: AfterOpening,
    /// What a mail of an own user is, that is stopped after opening. Default refuse.
    #[serde(default = "default_outbound")]
    pub outbound_after_opening: AfterOpening,
    /// What a mail is, that two programs may read differently. Default rebuild.
    #[serde(default)]
    pub ambiguous: Ambiguous,
    /// What becomes of mail to recipients outside the federation. Default reject.
    #[serde(default)]
    pub outside: Outside,
    /// What a recipient here gets of a mail over the chain or from a colleague: `seal` or
    /// `preserve`. An ESP always preserves. Default seal.
    #[serde(default)]
    pub delivery: Delivery,
    /// What a recipient here gets of a mail whose attachments came encrypted one by one:
    /// `whole`, one encrypted mail that every mailer shows; `keep`, the files as they came,
    /// re-wrapped. Default whole.
    #[serde(default)]
    pub attachments: AttachmentDelivery,
    /// How much mail is kept for officers at most, in MiB; past it, what would be kept
    /// is answered 4xx. Default 10240.
    #[serde(default = "default_held")]
    pub max_held_mebibytes: u64,
    /// How long the journal tells what became of a mail, in days, 30 to 3660: addresses and
    /// Message-IDs are in it. Default 30, as long as `ssmax audit verify` compares.
    #[serde(default = "default_journal_days", deserialize_with = "journal_days")]
    pub journal_days: u16,
    /// Lists, by address: what comes in goes on to the members.
    #[serde(default)]
    pub lists: Lists,
    /// Redirects: what comes in for the one address goes on to the other.
    #[serde(default)]
    pub redirects: BTreeMap<String, String>,
    /// Largest mail that is taken from own people and machines, in octets. Default: what
    /// other members take when it has become a mail between organisations
    /// ([`GatewayConfig::largest_submission`]), if they take what we do.
    #[serde(default)]
    pub max_submission_bytes: Option<usize>,
    /// How many members a list may have. Default 200.
    #[serde(default = "default_list_members")]
    pub max_list_members: usize,
    /// How mail is kept for officers.
    #[serde(default)]
    pub hold: HoldConfig,
    /// How much one person sends before mail is held.
    #[serde(default)]
    pub volume: VolumeConfig,
    /// Mail that nobody logs in for.
    #[serde(default)]
    pub system: SystemConfig,
    /// Where the tables are, if not in the role's directory.
    #[serde(default)]
    pub state: StateConfig,
    /// Where held mail is, if not there.
    #[serde(default)]
    pub objects: ObjectsConfig,
    /// Bounds of the listeners.
    #[serde(default)]
    pub limits: Limits,
}

/// Octets between organisations for octets that came in: base64 in lines of 76 characters
/// and CRLF for 57 octets (RFC 2045 6.8), once. What came encrypted grows no more.
const GROWTH: (u64, u64) = (78, 57);

/// What a mail between organisations has beside that at most: the header once more (256 KiB),
/// the sealed record for 100 recipients, two signatures with their certificates, and what
/// mail servers put on top.
const FIELDS_BYTES: u64 = 1024 * 1024;

impl GatewayConfig {
    /// Which mail surely fits into [`Limits::max_mail_bytes`] once it is encrypted and
    /// signed for another member, which opens it to what it was and encrypts that again,
    /// so that it grows once only.
    ///
    /// Of small limits an eighth is left for fields. Mail that is written anew because
    /// programs differ about it may grow more, and comes back by a report.
    #[must_use]
    pub fn largest_submission(&self) -> usize {
        let most = u64::try_from(self.limits.max_mail_bytes).unwrap_or(u64::MAX);
        let content = most.saturating_sub(FIELDS_BYTES.min(most / 8));
        let (grown, from) = GROWTH;
        let fits = u128::from(content) * u128::from(from) / u128::from(grown);
        usize::try_from(fits).unwrap_or(usize::MAX)
    }

    /// Which mail is taken from own people.
    #[must_use]
    pub fn submission_bytes(&self) -> usize {
        self.max_submission_bytes.unwrap_or_else(|| self.largest_submission())
    }
}

fn default_inbound() -> AfterOpening {
    AfterOpening::Hold
}

fn default_list_members() -> usize {
    200
}

fn default_held() -> u64 {
    10 * 1024
}

fn default_outbound() -> AfterOpening {
    AfterOpening::Refuse
}

/// All that the gateway needs to start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who we are.
    pub organisation: Organisation,
    /// The federation.
    pub federation: FederationConfig,
    /// Where state is kept.
    pub state_dir: PathBuf,
    /// Where sockets are.
    pub run_dir: PathBuf,
    /// Where the other roles are.
    pub transport: Transport,
    /// The section.
    pub gateway: GatewayConfig,
}

impl Settings {
    /// The gateway's own state.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.state_dir.join("gateway")
    }

    /// Where the tables are.
    #[must_use]
    pub fn place(&self) -> Place {
        Place::new(self.dir(), &self.gateway.state)
    }

    /// Whether recipients here get what the sender encrypted.
    #[must_use]
    pub(crate) fn preserves(&self) -> bool {
        self.organisation.is_esp() || self.gateway.delivery == Delivery::Preserve
    }

    /// The socket for one kind of caller.
    #[must_use]
    pub fn socket(run_dir: &Path, caller: &str) -> PathBuf {
        ssmax_daemon::place::socket(run_dir, "gateway", caller)
    }

    /// Whether an address is of one of our domains.
    #[must_use]
    pub(crate) fn is_inside(&self, recipient: &str) -> bool {
        recipient.rsplit_once('@').is_some_and(|(_, domain)| self.organisation.has_domain(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_kept_from_a_month_to_ten_years() {
        let parsed = |days: u16| {
            let text = format!(
                "host_name = 'mx.a.example'\nnext_hop = 'smtp://127.0.0.1:25'\njournal_days = {days}"
            );
            toml::from_str::<GatewayConfig>(&text).map(|config| config.journal_days)
        };
        assert_eq!((parsed(30), parsed(3660)), (Ok(30), Ok(3660)));
        for days in [29, 3661] {
            let fault = parsed(days).unwrap_err();
            assert!(fault.message().contains("from 30 to 3660"), "{fault}");
        }
        let without = "host_name = 'mx.a.example'\nnext_hop = 'smtp://127.0.0.1:25'";
        assert_eq!(toml::from_str::<GatewayConfig>(without).unwrap().journal_days, 30);
    }

    #[test]
    fn what_is_submitted_is_bounded_so_that_it_fits_when_it_has_grown() {
        let parsed = |more: &str| {
            let text = format!("host_name = 'mx.a.example'\nnext_hop = 'smtp://[::1]:25'\n{more}");
            toml::from_str::<GatewayConfig>(&text).unwrap()
        };
        assert_eq!(parsed("").submission_bytes(), 72_310_656);
        assert_eq!(parsed("[limits]\nmax_mail_bytes = 2000000").submission_bytes(), 1_278_846);
        assert_eq!(parsed("[limits]\nmax_mail_bytes = 0").submission_bytes(), 0);
        let set = parsed("max_submission_bytes = 90000000");
        assert_eq!((set.submission_bytes(), set.largest_submission()), (90_000_000, 72_310_656));
    }

    #[test]
    fn mail_is_held_from_a_day_to_as_long_as_the_keyserver_remembers_it() {
        let parsed = |text: &str| toml::from_str::<HoldConfig>(text);
        assert_eq!(parsed("").unwrap(), HoldConfig::default());
        let config = parsed("days = 90\nnotify = \"none\"\nmax_mails = 1").unwrap();
        assert_eq!((config.days, config.notify, config.max_mails), (90, Notify::None, 1));
        assert_eq!(parsed("days = 1").unwrap().lifetime(), Duration::days(1));
        for days in [0, 91] {
            let fault = parsed(&format!("days = {days}")).unwrap_err();
            assert!(fault.message().contains("from 1 to 90"), "{fault}");
        }
    }
}
