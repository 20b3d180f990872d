//! Time passes: people are told of held mail, and what nobody decides about expires.

use super::notice::About;
use super::store::Held;
use crate::config::Notify;
use crate::gateway::Gateway;
use crate::journal::Entry;
use ssmax_api::gateway::HeldState;
use ssmax_daemon::Stop;
use ssmax_store::StoreError;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// How often the store is looked through, besides when a mail is put in.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// How long before its expiry a mail is told of again; a quarter of its time, if that is
/// less.
pub(super) const NOTICE_BEFORE: Duration = Duration::days(2);

/// How far people were told, as the store counts it.
const TOLD_HELD: i64 = 1;
const TOLD_EXPIRING: i64 = 2;

/// Looks after the store until `stop`.
pub(crate) async fn watch(gateway: Arc<Gateway>, stop: Stop) {
    loop {
        if let Err(error) = gateway.look_after_held(OffsetDateTime::now_utc()).await {
            tracing::warn!(%error, "held mail could not be looked after");
        }
        tokio::select! {
            () = stop.stopped() => return,
            () = gateway.hold_changed.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

impl Gateway {
    async fn look_after_held(self: &Arc<Self>, now: OffsetDateTime) -> Result<(), StoreError> {
        let lifetime = self.settings.gateway.hold.lifetime();
        let before = NOTICE_BEFORE.min(lifetime / 4);
        for held in self.hold.untold(i64::MAX, now).await? {
            self.expire(&held).await?;
        }
        let notices = [
            (About::Held, TOLD_HELD, now + lifetime * 2),
            (About::Expiring, TOLD_EXPIRING, now + before),
        ];
        for (about, told, expire_before) in notices {
            for held in self.hold.untold(told, expire_before).await? {
                // Another gateway may be telling them, or have told them just now.
                let claim = self.claims.take("told", &held.id, "").await?;
                if claim.is_none() || self.hold.is_told(&held.id, told).await? {
                    continue;
                }
                let wanted = self.settings.gateway.hold.notify == Notify::Recipient;
                if !wanted || self.tell(&held, about, now).await {
                    self.hold.told(&held.id, told).await?;
                }
            }
        }
        self.hold.forget_old(now).await
    }

    async fn expire(&self, held: &Held) -> Result<(), StoreError> {
        // A release that is under way goes on.
        let claim = self.claims.take("held", &held.id, "").await?;
        let Some(_claim) = claim else { return Ok(()) };
        if self.hold.end(&held.id, HeldState::Expired, None).await? {
            tracing::warn!(held.id = %held.id, "a held mail has expired");
            self.write_end(held, "expired").await;
        }
        Ok(())
    }

    /// Writes into the journal that a held mail has ended without reaching its recipients.
    pub(super) async fn write_end(&self, held: &Held, fate: &str) {
        for recipient in held.waiting() {
            let entry = Entry {
                ticket: None,
                direction: &held.facts.direction,
                message_id: &held.facts.message_id,
                queue_id: None,
                mail_from: &held.facts.mail_from,
                recipient: &recipient,
                hop: None,
                fate,
                refusal: Some(held.facts.reason.into()),
                reply: "",
                rebuilt: false,
                mail: None,
                listener: None,
                login: None,
                bytes: None,
                verdict: None,
                stages: "",
                to_org: None,
            };
            if let Err(error) = self.journal.write(&entry).await {
                tracing::error!(%error, "a fate could not be written to the journal");
            }
        }
    }
}
