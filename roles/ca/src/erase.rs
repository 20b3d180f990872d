//! Deleting what is kept no longer: the registration of who has long left, and relay
//! certificates that ran out long ago. The keyserver's audit log has it first: without that
//! nothing is deleted.

use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::keyserver::{CaRequest, MAX_ERASED};
use ssmax_daemon::stop::Stop;
use ssmax_store::query;
use std::time::Duration;
use time::OffsetDateTime;

/// How often it is looked what is old.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// How long after the start of the roles a look waits that could not be taken.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

impl Ca {
    /// Deletes in its time what is kept no longer, until `stop`.
    pub(crate) async fn erase_old(&self, stop: &Stop) {
        loop {
            let wait = match self.erase_by(OffsetDateTime::now_utc()).await {
                Ok(()) => LOOK_EVERY,
                Err(problem) => {
                    tracing::warn!(%problem, "what is kept no longer could not be deleted");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = stop.stopped() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn erase_by(&self, now: OffsetDateTime) -> Result<(), Problem> {
        let before = |days: u16| (now - time::Duration::days(i64::from(days))).unix_timestamp();
        while self.erase_registrations(before(self.settings.ca.registration_days)).await? {}
        while self.erase_relays(before(self.settings.ca.relay_kept_days)).await? {}
        Ok(())
    }

    /// Deletes registrations that ended before then; the numbers stay. `false` if there was
    /// none.
    async fn erase_registrations(&self, before: i64) -> Result<bool, Problem> {
        let _changing = self.changing.lock().await;
        let rows: Vec<(String,)> = query(
            "SELECT user FROM person
             WHERE active = 0 AND erased IS NULL AND ended < ? ORDER BY user LIMIT ?",
        )
        .bind(before)
        .bind(i64::try_from(MAX_ERASED).unwrap_or(i64::MAX))
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let users: Vec<String> = rows.into_iter().map(|(user,)| user).collect();
        if users.is_empty() {
            return Ok(false);
        }
        self.note_erasure("registration", &users).await?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut write = self.database.begin_write().await.map_err(failed)?;
        for user in &users {
            query(
                "UPDATE person SET erased = ?, name = '', proof = '', kana = NULL, english = NULL,
                     department = NULL, proof_reference = NULL, proved_by = NULL
                 WHERE user = ?",
            )
            .bind(now)
            .bind(user)
            .execute(&mut write)
            .await
            .map_err(failed)?;
            for statement in [
                "DELETE FROM former_person WHERE user = ?",
                "DELETE FROM address WHERE user = ?",
                "DELETE FROM former_address WHERE user = ?",
                "DELETE FROM credential WHERE user = ?",
                "DELETE FROM one_time_code WHERE user = ?",
                "DELETE FROM invitation WHERE user = ?",
                "DELETE FROM scim_user WHERE person = ?",
                // The name stands in it. That there was one stays, under its serial number.
                "UPDATE certificate SET der = NULL WHERE subject = ? AND kind LIKE 'user-%'",
            ] {
                query(statement).bind(user).execute(&mut write).await.map_err(failed)?;
            }
        }
        write.commit().await.map_err(failed)?;
        tracing::warn!(
            registrations = users.len(),
            "registrations of who has long left are deleted"
        );
        Ok(true)
    }

    /// Deletes relay certificates that ran out before then. `false` if there was none.
    async fn erase_relays(&self, before: i64) -> Result<bool, Problem> {
        let rows: Vec<(String,)> = query(
            "SELECT DISTINCT address FROM relay WHERE not_after < ? ORDER BY address LIMIT ?",
        )
        .bind(before)
        .bind(i64::try_from(MAX_ERASED).unwrap_or(i64::MAX))
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let addresses: Vec<String> = rows.into_iter().map(|(address,)| address).collect();
        if addresses.is_empty() {
            return Ok(false);
        }
        self.note_erasure("relay", &addresses).await?;
        let mut write = self.database.begin_write().await.map_err(failed)?;
        for address in &addresses {
            for statement in [
                // What was revoked stays on the CRL.
                "DELETE FROM certificate WHERE kind = 'relay' AND revoked IS NULL AND der IN
                     (SELECT der FROM relay WHERE address = ? AND not_after < ?)",
                "DELETE FROM relay WHERE address = ? AND not_after < ?",
            ] {
                query(statement)
                    .bind(address)
                    .bind(before)
                    .execute(&mut write)
                    .await
                    .map_err(failed)?;
            }
        }
        write.commit().await.map_err(failed)?;
        tracing::info!(addresses = addresses.len(), "old relay certificates are deleted");
        Ok(true)
    }

    async fn note_erasure(&self, class: &str, whose: &[String]) -> Result<(), Problem> {
        let (class, whose) = (class.to_owned(), whose.to_vec());
        self.ask_keyserver::<()>(&CaRequest::NoteErasure { class, whose }).await
    }
}
