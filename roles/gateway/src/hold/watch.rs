//! Time passes: people are told of held mail, and what nobody decides about expires.

use super::notice::About;
use super::store::Held;
use crate::config::Notify;
use crate::gateway::Gateway;
use crate::journal::Entry;
use ssmax_api::gateway::HeldState;
use ssmax_daemon::Stop;
use ssmax_store::StoreError;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;
use time::{Duration, OffsetDateTime};

/// How often the store is looked through, besides when a mail is put in.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// How often a bucket is looked through for what belongs to no mail.
const ORPHANS_EVERY: std::time::Duration = std::time::Duration::from_secs(3600);

/// How long before its expiry a mail is told of again; a quarter of its time, if that is
/// less.
pub(super) const NOTICE_BEFORE: Duration = Duration::days(2);

/// How far people were told, as the store counts it.
const TOLD_HELD: i64 = 1;
const TOLD_EXPIRING: i64 = 2;

/// How long notices are sent before the store is looked through again. Each goes the way of
/// a mail, and the next one waits for it.
const PASS: std::time::Duration = std::time::Duration::from_secs(30);

/// Looks after the store until `stop`. What expires waits for no notice.
pub(crate) async fn watch(gateway: Arc<Gateway>, stop: Stop) {
    tokio::join!(
        expire_in_time(&gateway, stop.clone()),
        tell_in_time(&gateway, stop.clone()),
        remove_in_time(&gateway, stop),
    );
}

/// Removes from the bucket what belongs to no held mail any more.
async fn remove_in_time(gateway: &Gateway, stop: Stop) {
    let after = gateway.settings.gateway.objects.orphans_after();
    let mut orphans_at = Instant::now();
    loop {
        let removed = async {
            while !gateway.hold.remove_ended().await? {}
            if Instant::now() >= orphans_at {
                let now = OffsetDateTime::now_utc().unix_timestamp();
                gateway.hold.remove_orphans(now, after).await?;
                orphans_at = Instant::now() + ORPHANS_EVERY;
            }
            Ok::<_, StoreError>(())
        };
        tokio::select! {
            () = stop.stopped() => return,
            removed = removed => if let Err(error) = removed {
                tracing::warn!(%error, "what belongs to no held mail could not be removed");
            },
        }
        tokio::select! {
            () = stop.stopped() => return,
            () = gateway.hold.ending() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn expire_in_time(gateway: &Gateway, stop: Stop) {
    loop {
        if let Err(error) = gateway.expire_held(OffsetDateTime::now_utc()).await {
            tracing::warn!(%error, "held mail could not be looked after");
        }
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn tell_in_time(gateway: &Arc<Gateway>, stop: Stop) {
    let mut round = Round::default();
    loop {
        // What is put in has the store looked through, also for what has expired.
        if let Err(error) = gateway.expire_held(OffsetDateTime::now_utc()).await {
            tracing::warn!(%error, "held mail could not be looked after");
        }
        let all = match gateway.tell_of_held(OffsetDateTime::now_utc(), &mut round).await {
            Ok(all) => all,
            Err(error) => {
                tracing::warn!(%error, "people could not be told of held mail");
                true
            }
        };
        let pause = if all { LOOK_EVERY } else { std::time::Duration::ZERO };
        tokio::select! {
            () = stop.stopped() => return,
            () = gateway.hold_changed.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What was tried since every mail had its turn: notices that wait must not keep others
/// from being sent.
#[derive(Debug, Default)]
struct Round(HashSet<(String, i64)>);

impl Round {
    /// Whether this mail has its turn now.
    fn take(&mut self, id: &str, told: i64) -> bool {
        self.0.insert((id.to_owned(), told))
    }
}

impl Gateway {
    /// Ends what has expired, and forgets what has ended long ago.
    async fn expire_held(&self, now: OffsetDateTime) -> Result<(), StoreError> {
        for held in self.hold.untold(i64::MAX, now).await? {
            self.expire(&held).await?;
        }
        self.hold.forget_old(now).await
    }

    /// Tells people, for as long as a pass takes. `false` if somebody has not had their turn.
    async fn tell_of_held(
        self: &Arc<Self>,
        now: OffsetDateTime,
        round: &mut Round,
    ) -> Result<bool, StoreError> {
        let begun = Instant::now();
        let lifetime = self.settings.gateway.hold.lifetime();
        let before = NOTICE_BEFORE.min(lifetime / 4);
        let wanted = self.settings.gateway.hold.notify == Notify::Recipient;
        let notices = [
            (About::Held, TOLD_HELD, now + lifetime * 2),
            (About::Expiring, TOLD_EXPIRING, now + before),
        ];
        for (about, told, expire_before) in notices {
            for held in self.hold.untold(told, expire_before).await? {
                if !round.take(&held.id, told) {
                    continue;
                }
                // Another gateway may be telling them, or have told them just now.
                let claim = self.claims.take("told", &held.id, "").await?;
                if claim.is_none() || self.hold.is_told(&held.id, told).await? {
                    continue;
                }
                if !wanted || self.tell(&held, about, now).await {
                    self.hold.told(&held.id, told).await?;
                }
                if begun.elapsed() >= PASS {
                    return Ok(false);
                }
            }
        }
        *round = Round::default();
        Ok(true)
    }

    async fn expire(&self, held: &Held) -> Result<(), StoreError> {
        // A release that is under way goes on.
        let claim = self.claims.take("held", &held.id, "").await?;
        let Some(_claim) = claim else { return Ok(()) };
        if self.hold.end(&held.id, HeldState::Expired, None).await? {
            tracing::warn!(
                held.id = %held.id, readable = held.readable, "a held mail has expired",
            );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_that_waits_has_its_turn_once_in_a_round() {
        let mut round = Round::default();
        assert!(round.take("1", TOLD_HELD));
        // The pass was over; the next one begins with the others.
        assert!(!round.take("1", TOLD_HELD));
        assert!(round.take("2", TOLD_HELD) && round.take("1", TOLD_EXPIRING));
    }
}
