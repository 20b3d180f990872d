//! What became of each mail: written and synced when it happened, asked on a retry.

mod journey;

pub use journey::{JourneyRow, journey};
use ssmax_chain::{Digest, HopId, Refusal};
use ssmax_store::{Database, Migration, StoreError, sqlx};
use std::path::Path;
use time::{Duration, OffsetDateTime};

/// How far back fates are compared with tickets: the keyserver tells of those of thirty
/// days, and a ticket is older than its fate.
const COMPARED: Duration = Duration::days(29);

/// How long a mail is known again.
const KEPT_DAYS: i64 = 30;

const MIGRATIONS: &[Migration] = &[
    Migration {
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
    },
    Migration {
        version: 2,
        sql: "
    -- A mail of an own user that the next hop took for a recipient: the client sends the
    -- whole mail again when one of its recipients has to wait. `body` is SHA-256 of the
    -- octets as the client sent them.
    CREATE TABLE sent (
        user TEXT NOT NULL,
        body TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (user, body, recipient)
    ) STRICT;
    -- A mail that comes again is kept once. `digest` is SHA-256 of the mail.
    ALTER TABLE held ADD COLUMN digest TEXT;
    CREATE UNIQUE INDEX held_once ON held (direction, digest, recipients);
    -- The signed member list in force, for a start while the authority is down.
    CREATE TABLE list (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        signed BLOB NOT NULL
    ) STRICT;
    ",
    },
    Migration {
        version: 3,
        sql: "
    -- Whether the mail was ambiguous as it came, and went on in another form.
    ALTER TABLE journal ADD COLUMN rebuilt INTEGER NOT NULL DEFAULT 0;
    ",
    },
    Migration {
        version: 4,
        sql: "
    -- Held mail has a store of its own, where it is encrypted.
    DROP TABLE held;
    ",
    },
    Migration {
        version: 5,
        sql: "
    -- The ticket by its name in logs, to be compared with the keyserver's audit log.
    ALTER TABLE journal ADD COLUMN ticket TEXT;
    ",
    },
    Migration {
        version: 6,
        sql: "
    -- What `ssmax journey` tells: this gateway's own name for the mail, where it came in,
    -- who had logged in, what the inspection said with the rules that fired, the stages
    -- with their milliseconds, and the member that a copy went to.
    ALTER TABLE journal ADD COLUMN mail TEXT;
    ALTER TABLE journal ADD COLUMN listener TEXT;
    ALTER TABLE journal ADD COLUMN login TEXT;
    ALTER TABLE journal ADD COLUMN bytes INTEGER;
    ALTER TABLE journal ADD COLUMN verdict TEXT;
    ALTER TABLE journal ADD COLUMN stages TEXT NOT NULL DEFAULT '';
    ALTER TABLE journal ADD COLUMN to_org TEXT;
    CREATE INDEX journal_hop ON journal (hop);
    CREATE INDEX journal_queue ON journal (queue_id);
    CREATE INDEX journal_mail ON journal (mail);
    CREATE INDEX journal_at ON journal (at);
    ",
    },
];

/// One recipient's fate.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    pub(crate) direction: &'a str,
    pub(crate) message_id: &'a str,
    pub(crate) queue_id: Option<&'a str>,
    pub(crate) mail_from: &'a str,
    pub(crate) recipient: &'a str,
    pub(crate) hop: Option<HopId>,
    /// "passed", "refused", "held", "repeated"; of what was held also "deleted", "expired".
    pub(crate) fate: &'a str,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) reply: &'a str,
    pub(crate) rebuilt: bool,
    /// The ticket by its name in logs.
    pub(crate) ticket: Option<&'a str>,
    /// This gateway's own name for the mail.
    pub(crate) mail: Option<&'a str>,
    /// Where it came in.
    pub(crate) listener: Option<&'a str>,
    /// Who had logged in.
    pub(crate) login: Option<&'a str>,
    /// Octets, as it came.
    pub(crate) bytes: Option<usize>,
    /// What the inspection said.
    pub(crate) verdict: Option<&'a str>,
    /// The stages with their milliseconds.
    pub(crate) stages: &'a str,
    /// The member that the copy went to.
    pub(crate) to_org: Option<&'a str>,
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
             hop, fate, stage, reason, reply, rebuilt, ticket, mail, listener, login, bytes,
             verdict, stages, to_org)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        .bind(entry.rebuilt)
        .bind(entry.ticket)
        .bind(entry.mail)
        .bind(entry.listener)
        .bind(entry.login)
        .bind(entry.bytes.and_then(|bytes| i64::try_from(bytes).ok()))
        .bind(entry.verdict)
        .bind(entry.stages)
        .bind(entry.to_org)
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

    /// Whether a recipient has this very mail of an own user already.
    pub(crate) async fn has_sent(
        &self,
        mail: &SentMail,
        recipient: &str,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> =
            sqlx::query_as("SELECT at FROM sent WHERE user = ? AND body = ? AND recipient = ?")
                .bind(&mail.user)
                .bind(mail.body.to_string())
                .bind(recipient)
                .fetch_optional(self.0.pool())
                .await?;
        Ok(row.is_some())
    }

    /// Remembers that the next hop took this mail of an own user for a recipient.
    pub(crate) async fn sent(&self, mail: &SentMail, recipient: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT OR IGNORE INTO sent (user, body, recipient, at) VALUES (?, ?, ?, ?)")
            .bind(&mail.user)
            .bind(mail.body.to_string())
            .bind(recipient)
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .execute(self.0.pool())
            .await?;
        Ok(())
    }

    /// Remembers which member list is in force, and the signed list itself.
    pub(crate) async fn list_in_force(
        &self,
        version: u64,
        signed: &[u8],
    ) -> Result<(), StoreError> {
        let mut change = self.0.begin_write().await?;
        sqlx::query("INSERT OR REPLACE INTO status (name, value) VALUES ('list', ?)")
            .bind(version.to_string())
            .execute(&mut *change)
            .await?;
        sqlx::query("INSERT OR REPLACE INTO list (id, signed) VALUES (1, ?)")
            .bind(signed)
            .execute(&mut *change)
            .await?;
        change.commit().await?;
        Ok(())
    }

    /// The signed member list that was in force last, if there was one.
    pub(crate) async fn last_list(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Vec<u8>,)> =
            sqlx::query_as("SELECT signed FROM list").fetch_optional(self.0.pool()).await?;
        Ok(row.map(|(signed,)| signed))
    }

    /// Forgets fates older than `days`, since they are personal data, and what a mail is
    /// known again by after [`KEPT_DAYS`]: one older than a week is refused before it could
    /// be a repeat.
    pub(crate) async fn forget_old(&self, days: u16) -> Result<(), StoreError> {
        let oldest =
            |days: i64| (OffsetDateTime::now_utc() - Duration::days(days)).unix_timestamp();
        for (statement, days) in [
            ("DELETE FROM journal WHERE at < ?", i64::from(days)),
            ("DELETE FROM replay WHERE at < ?", KEPT_DAYS),
            ("DELETE FROM sent WHERE at < ?", KEPT_DAYS),
        ] {
            sqlx::query(statement).bind(oldest(days)).execute(self.0.pool()).await?;
        }
        Ok(())
    }

    /// How many fates there are. Asking writes as well: a store that can only be read would
    /// lose the next mail's fate.
    pub(crate) async fn look(&self) -> Result<i64, StoreError> {
        sqlx::query("INSERT OR REPLACE INTO status (name, value) VALUES ('looked', ?)")
            .bind(OffsetDateTime::now_utc().unix_timestamp().to_string())
            .execute(self.0.pool())
            .await?;
        let (rows,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM journal").fetch_one(self.0.pool()).await?;
        Ok(rows)
    }

    /// When the last mail of this direction got its fate.
    pub(crate) async fn last_mail(&self, direction: &str) -> Result<Option<i64>, StoreError> {
        let (at,): (Option<i64>,) = sqlx::query_as(
            "SELECT (SELECT at FROM journal WHERE direction = ? ORDER BY id DESC LIMIT 1)",
        )
        .bind(direction)
        .fetch_one(self.0.pool())
        .await?;
        Ok(at)
    }

    /// The database file.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A mail of an own user, by which it is known when it comes again.
#[derive(Debug, Clone)]
pub(crate) struct SentMail {
    pub(crate) user: String,
    /// Over the octets as the client sent them.
    pub(crate) body: Digest,
}

/// One recipient's fate as the journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FateRow {
    /// "outbound" or "inbound".
    pub direction: String,
    /// The recipient.
    pub recipient: String,
    /// "passed", "refused", "held", "repeated"; of what was held also "deleted", "expired".
    pub fate: String,
    /// The step that found the reason, if it did not pass.
    pub stage: Option<String>,
    /// The reason's code, as for the own people: never told outside.
    pub reason: Option<String>,
    /// The hop's name, where there is one.
    pub hop: Option<String>,
    /// What was answered.
    pub reply: String,
    /// Whether the mail was rebuilt, since it was ambiguous as it came.
    pub rebuilt: bool,
}

/// The fates of a mail, oldest first, read beside a running gateway.
///
/// # Errors
/// [`StoreError`] when the journal cannot be read.
pub async fn fates_of(state_dir: &Path, message_id: &str) -> Result<Vec<FateRow>, StoreError> {
    let journal = Journal::open(&state_dir.join("gateway")).await?;
    type Text = Option<String>;
    type Row = (String, String, String, Text, Text, Text, String, bool);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT direction, recipient, fate, stage, reason, hop, reply, rebuilt FROM journal
         WHERE message_id = ? ORDER BY id",
    )
    .bind(message_id)
    .fetch_all(journal.0.pool())
    .await?;
    journal.0.close().await;
    let row = |(direction, recipient, fate, stage, reason, hop, reply, rebuilt): Row| FateRow {
        direction,
        recipient,
        fate,
        stage,
        reason,
        hop,
        reply,
        rebuilt,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// A fate with its ticket, for the comparison with the keyserver's audit log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TicketFate {
    /// Seconds since 1970.
    pub at: i64,
    /// The Message-ID.
    pub message_id: String,
    /// "passed", "refused", "held" or "repeated".
    pub fate: String,
    /// The ticket by its name in logs; `None` for a mail that got none.
    pub ticket: Option<String>,
}

/// The fates of the last days that a keyserver's audit log is compared by, oldest first,
/// read beside a running gateway. `None` where there is no journal.
///
/// # Errors
/// [`StoreError`] when the journal cannot be read.
pub async fn ticket_fates(state_dir: &Path) -> Result<Option<Vec<TicketFate>>, StoreError> {
    let dir = state_dir.join("gateway");
    // Opening makes one, and an empty journal would fit a log without copies.
    if !dir.join("gateway.sqlite").exists() {
        return Ok(None);
    }
    let journal = Journal::open(&dir).await?;
    let rows: Vec<(i64, String, String, Option<String>)> = sqlx::query_as(
        "SELECT at, message_id, fate, ticket FROM journal WHERE at >= ? ORDER BY id",
    )
    .bind((OffsetDateTime::now_utc() - COMPARED).unix_timestamp())
    .fetch_all(journal.0.pool())
    .await?;
    journal.0.close().await;
    let row = |(at, message_id, fate, ticket)| TicketFate { at, message_id, fate, ticket };
    Ok(Some(rows.into_iter().map(row).collect()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(test: impl AsyncFnOnce(Journal)) {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            test(Journal::open(&dir.path().join("gateway")).await.unwrap()).await;
        });
    }

    #[test]
    fn a_sent_mail_is_known_again_by_user_octets_and_recipient() {
        run(async |journal| {
            let mail =
                |user: &str, body: &[u8]| SentMail { user: user.into(), body: Digest::of(body) };
            journal.sent(&mail("alice", b"x"), "b@b.example").await.unwrap();
            let known = async |mail: SentMail, recipient: &str| {
                journal.has_sent(&mail, recipient).await.unwrap()
            };
            assert!(known(mail("alice", b"x"), "b@b.example").await);
            assert!(!known(mail("alice", b"x"), "c@b.example").await);
            assert!(!known(mail("alice", b"y"), "b@b.example").await);
            assert!(!known(mail("mallory", b"x"), "b@b.example").await);
        });
    }

    #[test]
    fn fates_are_forgotten_after_the_days_of_the_setting_and_repeats_after_a_month() {
        run(async |journal| {
            let days_ago =
                |days: i64| (OffsetDateTime::now_utc() - Duration::days(days)).unix_timestamp();
            for days in [29, 31, 99, 101] {
                sqlx::query(
                    "INSERT INTO journal (at, direction, message_id, mail_from, recipient, fate,
                     reply) VALUES (?, 'inbound', ?, '', '', 'passed', '')",
                )
                .bind(days_ago(days))
                .bind(days.to_string())
                .execute(journal.0.pool())
                .await
                .unwrap();
                sqlx::query(
                    "INSERT INTO replay (from_org, hop, recipient, at) VALUES ('', ?, '', ?)",
                )
                .bind(days.to_string())
                .bind(days_ago(days))
                .execute(journal.0.pool())
                .await
                .unwrap();
            }
            let left = async |table: &str| {
                let names = if table == "journal" { "message_id" } else { "hop" };
                let query = format!("SELECT {names} FROM {table} ORDER BY at DESC");
                let rows: Vec<(String,)> = sqlx::query_as(sqlx::AssertSqlSafe(query))
                    .fetch_all(journal.0.pool())
                    .await
                    .unwrap();
                rows.into_iter().map(|(name,)| name).collect::<Vec<_>>()
            };
            journal.forget_old(100).await.unwrap();
            assert_eq!(left("journal").await, ["29", "31", "99"]);
            assert_eq!(left("replay").await, ["29"]);
            journal.forget_old(30).await.unwrap();
            assert_eq!(left("journal").await, ["29"]);
        });
    }

    #[test]
    fn the_list_in_force_is_there_after_a_restart() {
        run(async |journal| {
            assert_eq!(journal.last_list().await.unwrap(), None);
            journal.list_in_force(1, b"one").await.unwrap();
            journal.list_in_force(2, b"two").await.unwrap();
            assert_eq!(journal.last_list().await.unwrap().unwrap(), b"two");
        });
    }
}
