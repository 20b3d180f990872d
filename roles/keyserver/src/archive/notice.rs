//! What is granted, and who will be told: stored together, before anything is given. The
//! gateway fetches the notices and says what became of them; until then they stay.

use super::Granted;
use crate::audit::Entry;
use crate::people::shown;
use crate::person::down;
use crate::state::{Keyserver, failed};
use ssmax_api::Problem;
use ssmax_api::archive::{Approval, ArchiveNotice, RewrapArchive};
use ssmax_api::person::PersonProblem;
use ssmax_chain::Digest;
use ssmax_store::query;

/// How many notices the gateway gets at a time.
const MAX_NOTICES: i64 = 50;

/// How long a notice is kept that has had its end, in days.
const KEPT_DAYS: i64 = 100;

impl Keyserver {
    /// Stores the grant with a notice for each who is to be told, all or nothing.
    pub(super) async fn store_opening(
        &self,
        granted: &Granted<'_>,
        asked: &RewrapArchive,
    ) -> Result<(), PersonProblem> {
        let request = granted.request;
        let notice = ArchiveNotice {
            id: 0,
            to: String::new(),
            mailbox: granted.mailbox.to_string(),
            reader: shown(&granted.reader),
            officers: granted.officers.both.iter().map(shown).collect(),
            reason: request.reason.clone(),
            mails: request.mails,
            parts: u32::try_from(request.objects.len()).unwrap_or(u32::MAX),
            at: Self::now().unix_timestamp(),
            traced: None,
        };
        let told = self.whom_to_tell(granted);
        self.store_grant(&asked.request, &asked.approvals, &notice, &told).await?;
        tracing::warn!(
            reader = %granted.reader.user,
            parts = request.objects.len(),
            "archive copies are opened by the word of two officers",
        );
        Ok(())
    }

    /// Stores what two officers were granted, and the notice of it for each of these
    /// addresses.
    pub(crate) async fn store_grant(
        &self,
        request: &str,
        approvals: &[Approval],
        notice: &ArchiveNotice,
        told: &[String],
    ) -> Result<(), PersonProblem> {
        let mut write = self.database.begin_write().await.map_err(down)?;
        query("INSERT INTO archive_grant (request, text, approvals, granted) VALUES (?, ?, ?, ?)")
            .bind(Digest::of(request.as_bytes()).0.as_slice())
            .bind(request)
            .bind(packed(&approvals)?)
            .bind(notice.at)
            .execute(&mut write)
            .await
            .map_err(down)?;
        for to in told {
            let notice = ArchiveNotice { to: to.clone(), ..notice.clone() };
            query("INSERT INTO archive_notice (notice) VALUES (?)")
                .bind(packed(&notice)?)
                .execute(&mut write)
                .await
                .map_err(down)?;
        }
        write.commit().await.map_err(down)
    }

    /// The mailbox if it has a reader, and whoever the setting names.
    fn whom_to_tell(&self, granted: &Granted<'_>) -> Vec<String> {
        let has_reader = granted.owner.as_ref().is_some_and(super::reads);
        let mailbox = has_reader.then(|| granted.mailbox.to_string());
        let also = self.settings.keyserver.archive.notice.clone();
        let also = also.filter(|also| mailbox.as_ref() != Some(also));
        mailbox.into_iter().chain(also).collect()
    }

    /// The notices that wait, the oldest first. One that had to wait does not keep others
    /// waiting for ever: the gateway tries all that it gets.
    pub(crate) async fn archive_notices(&self) -> Result<Vec<ArchiveNotice>, Problem> {
        let rows: Vec<(i64, Vec<u8>)> = query(
            // Not the oldest: those that cannot be delivered would keep all others waiting.
            "SELECT id, notice FROM archive_notice WHERE ended IS NULL ORDER BY RANDOM() LIMIT ?",
        )
        .bind(MAX_NOTICES)
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        let read = |(id, octets): (i64, Vec<u8>)| {
            let notice: ArchiveNotice = ciborium::from_reader(octets.as_slice()).map_err(failed)?;
            Ok(ArchiveNotice { id, ..notice })
        };
        rows.into_iter().map(read).collect()
    }

    /// Ends a notice, once.
    pub(crate) async fn end_notice(&self, id: i64, delivered: bool) -> Result<(), Problem> {
        let ended = query("UPDATE archive_notice SET ended = ? WHERE id = ? AND ended IS NULL")
            .bind(Self::now().unix_timestamp())
            .bind(id)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        if ended.rows_affected() == 0 {
            return Err(Problem::NotFound);
        }
        if !delivered {
            tracing::error!(notice = id, "somebody could not be told of opened archive copies");
        }
        Ok(())
    }

    /// Forgets notices that have had their end, requests that cannot be used any more, and
    /// grants of which the audit log says nothing any more.
    pub(crate) async fn forget_archive(&self) -> Result<(), Problem> {
        let now = Self::now().unix_timestamp();
        let days = |days: i64| now - days * 24 * 60 * 60;
        for (statement, before) in [
            ("DELETE FROM archive_notice WHERE ended < ?", days(KEPT_DAYS)),
            ("DELETE FROM archive_request WHERE until < ?", days(1)),
            ("DELETE FROM archive_use WHERE day < ? / 86400", days(1)),
            ("DELETE FROM trace_use WHERE day < ? / 86400", days(1)),
            (
                "DELETE FROM archive_grant WHERE granted < ?",
                days(i64::from(self.settings.keyserver.audit_days)),
            ),
        ] {
            query(statement).bind(before).execute(&self.database).await.map_err(failed)?;
        }
        Ok(())
    }
}

impl Entry {
    /// What two officers ask, as they claim to be.
    pub(crate) fn of_archive(asked: &RewrapArchive) -> Self {
        let row = Self::new("rewrap-archive");
        let Ok(request) = ssmax_chain::archive_request::ArchiveRequest::parse(&asked.request)
        else {
            return row;
        };
        let officers = asked.approvals.iter().map(|one: &Approval| one.officer.clone());
        let concerned = [request.mailbox, request.target];
        row.who(officers.chain(concerned)).about(Digest::of(asked.request.as_bytes()))
    }
}

fn packed<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, PersonProblem> {
    let mut octets = Vec::new();
    ciborium::into_writer(value, &mut octets).map_err(down)?;
    Ok(octets)
}
