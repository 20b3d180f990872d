//! One mail's story, as the journal tells it to whoever may read it.

use super::Journal;
use serde::{Deserialize, Serialize};
use ssmax_store::{Place, Row, StoreError, query};

/// How many fates one story has at most: two mails with a thousand recipients each.
const MAX_ROWS: i64 = 2_000;

/// A recipient's fate with all that is known of the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyRow {
    /// When it was decided, in seconds since 1970.
    pub at: i64,
    /// "outbound" or "inbound".
    pub direction: String,
    /// The Message-ID.
    pub message_id: String,
    /// This gateway's own name for the mail: another time the mail comes, it is another.
    pub mail: Option<String>,
    /// The MTA's.
    pub queue_id: Option<String>,
    /// Where it came in; `None` when it was taken up again after it was held.
    pub listener: Option<String>,
    /// Who had logged in.
    pub login: Option<String>,
    /// The envelope sender.
    pub mail_from: String,
    /// Octets, as it came.
    pub bytes: Option<i64>,
    /// Whether it was rebuilt, since it was ambiguous as it came.
    pub rebuilt: bool,
    /// The ticket by its name in logs.
    pub ticket: Option<String>,
    /// The inspection's outcome, and the rules that fired.
    pub verdict: Option<String>,
    /// The stages, each with its milliseconds.
    pub stages: String,
    /// The recipient.
    pub recipient: String,
    /// "passed", "refused", "held", "repeated"; of what was held also "deleted", "expired".
    pub fate: String,
    /// The step that found the reason.
    pub stage: Option<String>,
    /// The reason's code.
    pub reason: Option<String>,
    /// The hop's name.
    pub hop: Option<String>,
    /// The member that the copy went to.
    pub to_org: Option<String>,
    /// What was answered.
    pub reply: String,
}

/// The fates of the mails that have this name, oldest first, read beside a running
/// gateway: a Message-ID, a hop, an MTA's queue id, or this gateway's own name. By whichever
/// it is found, all that came under the same Message-ID is told.
///
/// # Errors
/// [`StoreError`] when the journal cannot be read.
pub async fn journey(place: Place, name: &str) -> Result<Vec<JourneyRow>, StoreError> {
    let journal = Journal::open(place).await?;
    let rows: Vec<Row> = query(
        "WITH found AS (
             SELECT id, message_id FROM journal
             WHERE message_id = ?1 OR message_id = '<' || ?1 || '>' OR hop = ?1
                OR queue_id = ?1 OR mail = ?1)
         SELECT at, direction, message_id, mail, queue_id, listener, login, mail_from, bytes,
                rebuilt, ticket, verdict, stages, recipient, fate, stage, reason, hop, to_org, reply
         FROM journal
         WHERE id IN (SELECT id FROM found)
            OR message_id IN (SELECT message_id FROM found WHERE message_id != '')
         ORDER BY id LIMIT ?2",
    )
    .bind(name)
    .bind(MAX_ROWS)
    .fetch_all(&journal.database)
    .await?;
    journal.database.close().await;
    let row = |row: &Row| {
        Ok(JourneyRow {
            at: row.try_get("at")?,
            direction: row.try_get("direction")?,
            message_id: row.try_get("message_id")?,
            mail: row.try_get("mail")?,
            queue_id: row.try_get("queue_id")?,
            listener: row.try_get("listener")?,
            login: row.try_get("login")?,
            mail_from: row.try_get("mail_from")?,
            bytes: row.try_get("bytes")?,
            rebuilt: row.try_get("rebuilt")?,
            ticket: row.try_get("ticket")?,
            verdict: row.try_get("verdict")?,
            stages: row.try_get("stages")?,
            recipient: row.try_get("recipient")?,
            fate: row.try_get("fate")?,
            stage: row.try_get("stage")?,
            reason: row.try_get("reason")?,
            hop: row.try_get("hop")?,
            to_org: row.try_get("to_org")?,
            reply: row.try_get("reply")?,
        })
    };
    rows.iter().map(row).collect()
}
