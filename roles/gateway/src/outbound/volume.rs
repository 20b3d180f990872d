//! Has this person sent more than people do? Whoever took over an account sends to
//! many, and soon: such mail waits for an officer.

use super::accept::Submitted;
use crate::fate::Fates;
use crate::gateway::Gateway;
use ssmax_chain::{Reason, Refusal};
use ssmax_inspection::Outcome;
use time::{Duration, OffsetDateTime};

impl Gateway {
    /// Stops a mail with which its submitter goes over a bound, to be held. Automatic mail
    /// and that of lists has bounds where it comes from; what an officer has released goes.
    pub(super) async fn within_volume(
        &self,
        submitted: &Submitted,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let volume = &self.settings.gateway.volume;
        let user = &submitted.login.user;
        let is_person = submitted.source.is_none();
        if !is_person || fates.release.is_some() || volume.exempt.contains(user) {
            return Ok(());
        }
        let more = u64::try_from(submitted.mail.envelope().recipients.len()).unwrap_or(u64::MAX);
        let now = OffsetDateTime::now_utc();
        for (bound, span) in [
            (volume.recipients_per_hour, Duration::hours(1)),
            (volume.recipients_per_day, Duration::days(1)),
        ] {
            let since = (now - span).unix_timestamp();
            let sent = self.journal.volume(user, since).await.map_err(|error| {
                tracing::error!(%error, "the journal cannot say how much somebody has sent");
                Refusal::from(Reason::StoreUnavailable)
            })?;
            if sent.saturating_add(more) > bound {
                tracing::warn!(
                    %user, sent, more, bound, hours = span.whole_hours(),
                    "somebody sends more than people do; the mail is held",
                );
                fates.found(Outcome::Hold, Vec::new());
                return Err(Reason::SenderVolume.into());
            }
        }
        Ok(())
    }
}
