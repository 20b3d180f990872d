//! Mail that waits for an officer: what the gateway keeps is opened, shown and released
//! here, each time under the officer's name (`spec/keyserver.md`, 4.7).
//!
//! The hold key opens what the gateway encrypted for its store and nothing else. What a
//! sender encrypted stays closed below it; for that a ticket is needed, as for any mail.

use crate::decision::{Made, Step};
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, lock};
use ssmax_api::Problem;
use ssmax_api::keyserver::{HeldObject, OpenHeld, ReleaseForReview, Reviewed};
use ssmax_api::person::PersonProblem;
use ssmax_chain::binding::{held_ukm, release_ukm};
use ssmax_chain::held_decision::HeldDeed;
use ssmax_chain::{Digest, HopRecord};
use ssmax_cms::enveloped::{
    ContentCipher, KeyName, RecipientId, RecipientInfo, RsaTransport, UnwrapPolicy, recipient_info,
    recipient_info_for_key,
};
use ssmax_hsm::KeyPurpose;
use ssmax_inspection::Outcome;
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::ContentKey;
use ssmax_store::query;
use ssmax_token::{KeyAlgorithm, KeyPair as _};
use time::{Duration, OffsetDateTime};

/// How long it is remembered that a mail was stopped: longer than a gateway keeps one
/// (`MAX_HOLD_DAYS` there).
const REMEMBERED: Duration = Duration::days(100);

/// A mail that an inspection stopped.
pub(crate) enum StoppedMail {
    /// Another member's, by its hop.
    Hop { from_org: String, hop: String },
    /// What an own user encrypted, by (tail, kcv) of each part.
    Ciphertext(Vec<(Digest, Digest)>),
}

impl Keyserver {
    /// The public key that held mail is encrypted with; made when it is first asked for.
    pub(crate) fn hold_key(&self) -> Result<Vec<u8>, Problem> {
        if let Some(key) = self.newest_key(KeyPurpose::Hold, false)? {
            return Ok(key.spki().to_vec());
        }
        let id = self.keys.generate(KeyPurpose::Hold, KeyAlgorithm::EcP256).map_err(failed)?;
        Ok(self.keys.key(KeyPurpose::Hold, &id).map_err(failed)?.spki().to_vec())
    }

    /// A held mail's content key, for the gateway's key of the moment.
    pub(crate) async fn open_held(&self, request: &OpenHeld) -> Result<Vec<u8>, Problem> {
        let fits =
            |made: &Made| made.is_about(&request.held.id) && made.asked.op != HeldDeed::HoldDelete;
        let made = self.carry_out_decision(&request.decision, Step::Open, fits).await?;
        let key = self.held_key(&request.held)?;
        let (id, tail) = (&request.held.id, &request.held.tail);
        let ukm = release_ukm(id, "held", tail);
        let to_id = key_identifier(&request.to);
        let info = recipient_info_for_key(&request.to, &to_id, &key, Some(&ukm))
            .map_err(|_| Problem::Malformed)?;
        tracing::warn!(held.id = %id, officer = %made.officer, "a held mail is opened for its gateway");
        Ok(info)
    }

    fn held_key(&self, held: &HeldObject) -> Result<ContentKey, Problem> {
        let info = RecipientInfo::parse(&held.recipient).map_err(|_| Problem::Malformed)?;
        if info.ukm() != Some(held_ukm(&held.id, &held.tail).as_slice()) {
            return Err(Problem::NotAllowed);
        }
        let names = |id: &RecipientId, key_id: &[u8]| matches!(id, RecipientId::KeyId(found) if found == key_id);
        for key in self.keys_of(KeyPurpose::Hold)? {
            let key_id = key_identifier(key.spki());
            if !info.identifiers().iter().any(|id| names(id, &key_id)) {
                continue;
            }
            let policy = UnwrapPolicy { allow_pkcs1: false };
            let cipher = ContentCipher::Aes256Gcm;
            return info
                .unwrap(KeyName::KeyId(&key_id), key.as_ref(), &policy, cipher.key_len())
                .map_err(|fault| match fault {
                    ssmax_cms::CmsError::KeyUnavailable => failed(fault),
                    _ => Problem::NotAllowed,
                });
        }
        Err(Problem::NotFound)
    }

    /// Lets a mail pass whose release an officer has decided. Before a worker has the
    /// keys: what it judges then is not changed behind its back.
    pub(crate) async fn tolerate(
        &self,
        ticket: &str,
        held: &str,
        decision: &str,
    ) -> Result<(), Problem> {
        let open = self.tickets.find(ticket, Self::now())?;
        let fits = |made: &Made| {
            let open = lock(&open);
            let goes_on = open.worker.is_none() && !open.review_only;
            goes_on && made.asked.op.releases() && made.is_about(held) && made.is_of(&open)
        };
        let made = self.carry_out_decision(decision, Step::Tolerate, fits).await?;
        let outcome = match made.asked.op {
            HeldDeed::HoldRelease => Outcome::Hold,
            HeldDeed::HoldOverride => Outcome::Block,
            HeldDeed::HoldShow | HeldDeed::HoldDelete => return Err(Problem::NotAllowed),
        };
        let mut open = lock(&open);
        if made.concerns_its_officer(&open) {
            return Err(Problem::NotBelieved(PersonProblem::OfficerConcerned));
        }
        if open.worker.is_some() {
            return Err(Problem::NotAllowed);
        }
        open.tolerated = outcome;
        tracing::warn!(
            held.id = %made.asked.held, officer = %made.officer, ?outcome,
            "an officer releases a held mail",
        );
        Ok(())
    }

    /// The content key of a held mail for a reviewer: an own person, by a certificate
    /// that the CA installed here.
    pub(crate) async fn release_for_review(
        &self,
        request: &ReleaseForReview,
    ) -> Result<Vec<u8>, Problem> {
        // Nobody looks into a mail at an ESP.
        self.not_at_an_esp()?;
        let fits = |made: &Made| made.asked.certificate == Some(Digest::of(&request.certificate));
        let made = self.carry_out_decision(&request.decision, Step::Review, fits).await?;
        let certificate =
            Certificate::from_der(&request.certificate).map_err(|_| Problem::Malformed)?;
        let reviewer = self.reviewer(&certificate).await?;
        let key = match &request.what {
            Reviewed::Held(held) if made.is_about(&held.id) => self.held_key(held)?,
            Reviewed::Held(_) => return Err(Problem::NotAllowed),
            Reviewed::Part(ticket) => self.stopped_key(ticket, &made).await?,
        };
        let name = match &request.what {
            Reviewed::Held(held) => held.id.clone(),
            Reviewed::Part(ticket) => ssmax_api::ticket_name(ticket),
        };
        tracing::warn!(
            mail = %name, officer = %made.officer, %reviewer,
            "a held mail is shown to a reviewer",
        );
        recipient_info(&certificate, &key, None, RsaTransport::OaepSha256)
            .map_err(|_| Problem::Malformed)
    }

    /// The address of the person whose valid encryption certificate this is, if the
    /// person may review.
    async fn reviewer(&self, certificate: &Certificate) -> Result<String, Problem> {
        let now = Self::now();
        let in_time = certificate.not_before() <= now && now <= certificate.not_after();
        if !in_time || !certificate.allows_encryption() {
            return Err(Problem::NotAllowed);
        }
        for text in certificate.emails() {
            let Ok(address) = Address::parse(&text) else { continue };
            let Some(person) = self.person_at(&address).await? else { continue };
            let known = person.active
                && person.encryption.iter().any(|der| der.as_slice() == certificate.der());
            if known && self.is_reviewer(&person).await.map_err(|_| Problem::Failed)? {
                return Ok(address.to_string());
            }
        }
        Err(Problem::NotAllowed)
    }

    /// The one content key of a ticket whose mail an inspection has stopped before.
    /// Whoever could show any mail to a person could read all of them.
    async fn stopped_key(&self, ticket: &str, made: &Made) -> Result<ContentKey, Problem> {
        self.not_at_an_esp()?;
        let (stopped, key) = {
            let open = self.tickets.find(ticket, Self::now())?;
            let open = lock(&open);
            let [part] = open.parts.as_slice() else { return Err(Problem::NotAllowed) };
            if open.worker.is_some() || !made.is_of(&open) {
                return Err(Problem::NotAllowed);
            }
            let stopped = match &open.origin {
                Origin::Member(mail) => StoppedMail::of_hop(&mail.hop),
                Origin::Own(_) => StoppedMail::Ciphertext(vec![(part.tail, part.kcv)]),
                Origin::Outside => return Err(Problem::NotAllowed),
            };
            (stopped, part.key.clone())
        };
        if self.first_stopped(&stopped).await?.is_none() {
            return Err(Problem::NotAllowed);
        }
        Ok(key)
    }

    /// Remembers that an inspection has stopped a mail, and since when.
    pub(crate) async fn remember_stopped(&self, stopped: &StoppedMail) -> Result<(), Problem> {
        let now = Self::now().unix_timestamp();
        match stopped {
            StoppedMail::Hop { from_org, hop } => {
                query(
                    "INSERT INTO stopped_hop (from_org, hop, first_seen) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                )
                .bind(from_org)
                .bind(hop)
                .bind(now)
                .execute(&self.database)
                .await
                .map_err(failed)?;
            }
            StoppedMail::Ciphertext(parts) => {
                for (tail, kcv) in parts {
                    query(
                        "INSERT INTO stopped_ciphertext (tail, kcv, first_seen)
                         VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    )
                    .bind(tail.0.as_slice())
                    .bind(kcv.0.as_slice())
                    .bind(now)
                    .execute(&self.database)
                    .await
                    .map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// When an inspection first stopped this mail, if one did.
    pub(crate) async fn first_stopped(
        &self,
        stopped: &StoppedMail,
    ) -> Result<Option<OffsetDateTime>, Problem> {
        let row: Option<(i64,)> = match stopped {
            StoppedMail::Hop { from_org, hop } => {
                query("SELECT first_seen FROM stopped_hop WHERE from_org = ? AND hop = ?")
                    .bind(from_org)
                    .bind(hop)
                    .fetch_optional(&self.database)
                    .await
                    .map_err(failed)?
            }
            StoppedMail::Ciphertext(parts) => {
                let Some((tail, kcv)) = parts.first() else { return Ok(None) };
                query("SELECT first_seen FROM stopped_ciphertext WHERE tail = ? AND kcv = ?")
                    .bind(tail.0.as_slice())
                    .bind(kcv.0.as_slice())
                    .fetch_optional(&self.database)
                    .await
                    .map_err(failed)?
            }
        };
        Ok(row.and_then(|(at,)| OffsetDateTime::from_unix_timestamp(at).ok()))
    }

    /// Forgets stopped mail that no gateway keeps any longer.
    pub(crate) async fn forget_stopped(&self) -> Result<(), Problem> {
        let oldest = (Self::now() - REMEMBERED).unix_timestamp();
        for statement in [
            "DELETE FROM stopped_hop WHERE first_seen < ?",
            "DELETE FROM stopped_ciphertext WHERE first_seen < ?",
            "DELETE FROM submitted_statement WHERE first_used < ?",
        ] {
            query(statement).bind(oldest).execute(&self.database).await.map_err(failed)?;
        }
        Ok(())
    }
}

impl StoppedMail {
    /// The mail of this hop.
    pub(crate) fn of_hop(hop: &HopRecord) -> Self {
        Self::Hop { from_org: hop.from_org.clone(), hop: hop.id.to_string() }
    }
}
