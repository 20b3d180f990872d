//! What the keyserver holds while it runs.

use crate::admit::StatementKey;
use crate::audit::Writer;
use crate::config::Settings;
use crate::limits::Counters;
use crate::member_list::ListState;
use crate::ticket::Tickets;
use ssmax_api::Problem;
use ssmax_hsm::{KeyPurpose, KeyStore, StoredKey};
use ssmax_pki::Certificate;
use ssmax_primitives::SystemRandom;
use ssmax_store::{Alone, Database};
use ssmax_token::{KeyPair as _, Random as _};
use std::sync::{Arc, Mutex};
use time::OffsetDateTime;

/// The running keyserver.
pub struct Keyserver {
    pub(crate) settings: Settings,
    pub(crate) keys: Arc<KeyStore>,
    pub(crate) database: Database,
    pub(crate) own: OwnCertificates,
    pub(crate) statement_keys: Vec<StatementKey>,
    pub(crate) decisions: crate::decision::Decisions,
    pub(crate) list: Mutex<ListState>,
    pub(crate) tickets: Tickets,
    pub(crate) random: SystemRandom,
    pub(crate) ca: ssmax_daemon::call::Client,
    pub(crate) audit: Writer,
    pub(crate) alone: Alone,
    pub(crate) counters: Counters,
    /// What was found in the folder of outside certificates.
    pub(crate) outside: Arc<Mutex<crate::outside::Kept>>,
}

/// The member's own certificates.
#[derive(Debug, Clone)]
pub(crate) struct OwnCertificates {
    pub(crate) root: Certificate,
    pub(crate) issuing_ca: Certificate,
    pub(crate) member_ca: Certificate,
    pub(crate) seal_ca: Certificate,
    pub(crate) organisation_signing: Certificate,
    /// Newest first; old ones still open mail.
    pub(crate) federation_encryption: Vec<Certificate>,
}

impl OwnCertificates {
    /// What is sent along with a user's signature: nearest issuer first.
    pub(crate) fn user_chain(&self) -> Vec<Certificate> {
        vec![self.member_ca.clone(), self.issuing_ca.clone(), self.root.clone()]
    }
}

impl Keyserver {
    /// Now. The keyserver's clock decides about tickets, standing and hop times.
    pub(crate) fn now() -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    /// Now, in whole seconds, as records say it.
    pub(crate) fn now_as_told() -> OffsetDateTime {
        let now = Self::now();
        now.replace_nanosecond(0).unwrap_or(now)
    }

    /// A new ticket name.
    pub(crate) fn ticket_id(&self) -> String {
        hex::encode(self.octets::<16>())
    }

    /// Random octets.
    pub(crate) fn octets<const N: usize>(&self) -> [u8; N] {
        let mut octets = [0; N];
        self.random.fill(&mut octets);
        octets
    }

    /// The key of this purpose whose public half is in `spki`.
    pub(crate) fn key_for(
        &self,
        purpose: KeyPurpose,
        spki: &[u8],
    ) -> Result<Arc<StoredKey>, Problem> {
        let id = ssmax_hsm::key_id(spki);
        self.keys.key(purpose, &id).map_err(|error| {
            tracing::error!(purpose = purpose.as_str(), key = %id, %error, "a key cannot be used");
            Problem::Failed
        })
    }

    /// All keys of a purpose, newest first.
    pub(crate) fn keys_of(&self, purpose: KeyPurpose) -> Result<Vec<Arc<StoredKey>>, Problem> {
        let ids = self.keys.keys(purpose).map_err(failed)?;
        ids.iter().map(|id| self.keys.key(purpose, id).map_err(failed)).collect()
    }

    /// The newest key of a purpose that is RSA or not, as asked.
    pub(crate) fn newest_key(
        &self,
        purpose: KeyPurpose,
        rsa: bool,
    ) -> Result<Option<Arc<StoredKey>>, Problem> {
        Ok(self.keys_of(purpose)?.into_iter().find(|key| key.algorithm().is_rsa() == rsa))
    }
}

/// Logs a failure of something the keyserver needs; outside it is just a failure.
pub(crate) fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "something the keyserver needs has failed");
    Problem::Failed
}
