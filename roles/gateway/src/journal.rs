//! What became of each mail: written and synced when it happened, asked on a retry.

use ssmax_chain::{HopId, Refusal};
use ssmax_store::{Database, Migration, StoreError, sqlx};
use std::path::Path;
use time::{Duration, OffsetDateTime};

/// How long the journal remembers a mail.
const KEPT_DAYS: i64 = 30;

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    -- One row for each recipient's fate. `stage` and `reason` are for the own people;
    -- the outside is told less. Addresses are personal data: rows go after a month.
    CREATE TABLE journal (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        direction TEXT NOT NULL,
        message_id TEXT NOT NULL,
        queue_id TEXT,
        mail_from TEXT NOT NULL,
        recipient TEXT NOT NULL,
        hop TEXT,
        fate TEXT NOT NULL,
        stage TEXT,
        reason TEXT,
        reply TEXT NOT NULL
    ) STRICT;
    CREATE INDEX journal_message ON journal (message_id);
    -- A copy that a recipient has; a repeat is answered 250 and not delivered again.
    CREATE TABLE replay (
        from_org TEXT NOT NULL,
        hop TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (from_org, hop, recipient)
    ) STRICT;
    -- What `ssmax status` tells of a running gateway.
    CREATE TABLE status (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
    -- Mail that waits for a person: the octets as they came, so encrypted.
    CREATE TABLE held (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        direction TEXT NOT NULL,
        message_id TEXT NOT NULL,
        mail_from TEXT NOT NULL,
        recipients TEXT NOT NULL,
        stage TEXT NOT NULL,
        reason TEXT NOT NULL,
        mail BLOB NOT NULL
    ) STRICT;
    ",
}];

/// One recipient's fate.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) direction: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) queue_id: Option<&'a str>,
    pub(crate) mail_from: &'a str,
    pub(crate) recipient: &'a str,
    pub(crate) hop: Option<HopId>,
    /// "passed", "refused", "held" or "repeated".
    pub(crate) fate: &'a str,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) reply: &'a str,
}

/// The gateway's tables.
#[derive(Debug, Clone)]
pub(crate) struct Journal(Database);

impl Journal {
    pub(crate) async fn open(dir: &Path) -> Result<Self, StoreError> {
        Ok(Self(Database::open(dir, "gateway", MIGRATIONS).await?))
    }

    /// Writes a fate, synced.
    pub(crate) async fn write(&self, entry: &Entry<'_>) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO journal (at, direction, message_id, queue_id, mail_from, recipient,
             hop, fate, stage, reason, reply) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .bind(entry.direction)
        .bind(entry.message_id)
        .bind(entry.queue_id)
        .bind(entry.mail_from)
        .bind(entry.recipient)
        .bind(entry.hop.map(|hop| hop.to_string()))
        .bind(entry.fate)
        .bind(entry.refusal.map(|refusal| refusal.stage.as_str()))
        .bind(entry.refusal.map(|refusal| refusal.reason.code()))
        .bind(entry.reply)
        .execute(self.0.pool())
        .await?;
        Ok(())
    }

    /// Whether a recipient has this copy already.
    pub(crate) async fn has(
        &self,
        from_org: &str,
        hop: HopId,
        recipient: &str,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> = sqlx::query_as(
            "SELECT at FROM replay WHERE from_org = ? AND hop = ? AND recipient = ?",
        )
        .bind(from_org)
        .bind(hop.to_string())
        .bind(recipient)
        .fetch_optional(self.0.pool())
        .await?;
        Ok(row.is_some())
    }

    /// Remembers that a recipient has this copy.
    pub(crate) async fn delivered(
        &self,
        from_org: &str,
        hop: HopId,
        recipient: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT OR IGNORE INTO replay (from_org, hop, recipient, at) VALUES (?, ?, ?, ?)",
        )
        .bind(from_org)
        .bind(hop.to_string())
        .bind(recipient)
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .execute(self.0.pool())
        .await?;
        Ok(())
    }

    /// Remembers which member list is in force.
    pub(crate) async fn list_in_force(&self, version: u64) -> Result<(), StoreError> {
        sqlx::query("INSERT OR REPLACE INTO status (name, value) VALUES ('list', ?)")
            .bind(version.to_string())
            .execute(self.0.pool())
            .await?;
        Ok(())
    }

    /// Forgets rows older than [`KEPT_DAYS`]: the journal holds personal data, and a mail
    /// older than a week is refused before it could be a repeat.
    pub(crate) async fn forget_old(&self) -> Result<(), StoreError> {
        let oldest = (OffsetDateTime::now_utc() - Duration::days(KEPT_DAYS)).unix_timestamp();
        for statement in ["DELETE FROM journal WHERE at < ?", "DELETE FROM replay WHERE at < ?"] {
            sqlx::query(statement).bind(oldest).execute(self.0.pool()).await?;
        }
        Ok(())
    }

    /// Keeps a mail for a person, synced before it is answered.
    pub(crate) async fn hold(
        &self,
        direction: &str,
        message_id: &str,
        envelope: &ssmax_chain::journey::Envelope,
        refusal: Refusal,
        mail: &[u8],
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO held (at, direction, message_id, mail_from, recipients, stage, reason,
             mail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .bind(direction)
        .bind(message_id)
        .bind(&envelope.mail_from)
        .bind(envelope.recipients.join("\n"))
        .bind(refusal.stage.as_str())
        .bind(refusal.reason.code())
        .bind(mail)
        .execute(self.0.pool())
        .await?;
        Ok(())
    }
}

/// One recipient's fate as the journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FateRow {
    /// "outbound" or "inbound".
    pub direction: String,
    /// The recipient.
    pub recipient: String,
    /// "passed", "refused", "held" or "repeated".
    pub fate: String,
    /// The step that found the reason, if it did not pass.
    pub stage: Option<String>,
    /// The reason's code, as for the own people: never told outside.
    pub reason: Option<String>,
    /// The hop's name, where there is one.
    pub hop: Option<String>,
    /// What was answered.
    pub reply: String,
}

/// The fates of a mail, oldest first, read beside a running gateway.
///
/// # Errors
/// [`StoreError`] when the journal cannot be read.
pub async fn fates_of(state_dir: &Path, message_id: &str) -> Result<Vec<FateRow>, StoreError> {
    let journal = Journal::open(&state_dir.join("gateway")).await?;
    type Row = (String, String, String, Option<String>, Option<String>, Option<String>, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT direction, recipient, fate, stage, reason, hop, reply FROM journal
         WHERE message_id = ? ORDER BY id",
    )
    .bind(message_id)
    .fetch_all(journal.0.pool())
    .await?;
    journal.0.close().await;
    let row = |(direction, recipient, fate, stage, reason, hop, reply): Row| FateRow {
        direction,
        recipient,
        fate,
        stage,
        reason,
        hop,
        reply,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The version of the member list that a gateway judges by, if it has fetched one.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn list_version(state_dir: &Path) -> Result<Option<u64>, StoreError> {
    let journal = Journal::open(&state_dir.join("gateway")).await?;
    let row: Option<(String,)> = sqlx::query_as("SELECT value FROM status WHERE name = 'list'")
        .fetch_optional(journal.0.pool())
        .await?;
    journal.0.close().await;
    Ok(row.and_then(|(value,)| value.parse().ok()))
}
