//! What became of each mail: written and synced when it happened, asked on a retry.

mod journey;
mod volume;
mod writes;

pub use journey::{JourneyRow, journey};
use ssmax_chain::{Digest, HopId, Refusal};
use ssmax_store::{Database, Looked, Migration, Place, StoreError, query};
use time::{Duration, OffsetDateTime};
use writes::Writes;

/// How far back fates are compared with tickets: the keyserver tells of those of thirty
/// days, and a ticket is older than its fate.
const COMPARED: Duration = Duration::days(29);

/// How long a mail is known again.
const KEPT_DAYS: i64 = 30;

pub(crate) const MIGRATIONS: &[Migration] = &[
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
    Migration {
        version: 7,
        sql: "
    -- How much somebody has sent lately.
    CREATE INDEX journal_login ON journal (login, at);
    ",
    },
    Migration {
        version: 8,
        sql: "
    -- The member list is the keyserver's to keep.
    DROP TABLE list;
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
pub(crate) struct Journal {
    database: Database,
    writes: Writes,
}

impl Journal {
    pub(crate) async fn open(place: Place) -> Result<Self, StoreError> {
        let database = Database::open(place, "gateway", MIGRATIONS).await?;
        Ok(Self { database, writes: Writes::default() })
    }

    /// Looks at it on its server, if it has one.
    pub(crate) async fn look(place: &Place) -> Result<Option<Looked>, StoreError> {
        Database::look(place, "gateway", MIGRATIONS).await
    }

    /// Writes a fate, synced.
    pub(crate) async fn write(&self, entry: &Entry<'_>) -> Result<(), StoreError> {
        let done = query(
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
        .execute(&self.database)
        .await;
        self.writes.note(done.map(drop))
    }

    /// Whether what becomes of the next mail can be written. Asked before anything is
    /// sent: a mail that was, and of which nothing is known, comes twice when its sender
    /// tries again.
    pub(crate) async fn can_write(&self) -> Result<(), StoreError> {
        if self.writes.worked_just_before(tokio::time::Instant::now()) {
            return Ok(());
        }
        self.writes.note(self.try_writing().await.map(drop))
    }

    /// Whether a recipient has this copy already.
    pub(crate) async fn has(
        &self,
        from_org: &str,
        hop: HopId,
        recipient: &str,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> =
            query("SELECT at FROM replay WHERE from_org = ? AND hop = ? AND recipient = ?")
                .bind(from_org)
                .bind(hop.to_string())
                .bind(recipient)
                .fetch_optional(&self.database)
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
        let done = query(
            "INSERT INTO replay (from_org, hop, recipient, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(from_org)
        .bind(hop.to_string())
        .bind(recipient)
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .execute(&self.database)
        .await;
        self.writes.note(done.map(drop))
    }

    /// Whether a recipient has this very mail of an own user already.
    pub(crate) async fn has_sent(
        &self,
        mail: &SentMail,
        recipient: &str,
    ) -> Result<bool, StoreError> {
        let row: Option<(i64,)> =
            query("SELECT at FROM sent WHERE user = ? AND body = ? AND recipient = ?")
                .bind(&mail.user)
                .bind(mail.body.to_string())
                .bind(recipient)
                .fetch_optional(&self.database)
                .await?;
        Ok(row.is_some())
    }

    /// Remembers that the next hop took this mail of an own user for a recipient.
    pub(crate) async fn sent(&self, mail: &SentMail, recipient: &str) -> Result<(), StoreError> {
        let done = query("INSERT INTO sent (user, body, recipient, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(&mail.user)
            .bind(mail.body.to_string())
            .bind(recipient)
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .execute(&self.database)
            .await;
        self.writes.note(done.map(drop))
    }

    /// Writes down which version of the member list is judged by, for who asks about it.
    pub(crate) async fn list_in_force(&self, version: u64) -> Result<(), StoreError> {
        query(
            "INSERT INTO status (name, value) VALUES ('list', ?)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(version.to_string())
        .execute(&self.database)
        .await?;
        Ok(())
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
            query(statement).bind(oldest(days)).execute(&self.database).await?;
        }
        Ok(())
    }

    /// How many fates there are. Asking writes as well: a store that can only be read would
    /// lose the next mail's fate.
    pub(crate) async fn try_writing(&self) -> Result<i64, StoreError> {
        query(
            "INSERT INTO status (name, value) VALUES ('looked', ?)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(OffsetDateTime::now_utc().unix_timestamp().to_string())
        .execute(&self.database)
        .await?;
        let (rows,): (i64,) =
            query("SELECT COUNT(*) FROM journal").fetch_one(&self.database).await?;
        Ok(rows)
    }

    /// When the last mail of this direction got its fate.
    pub(crate) async fn last_mail(&self, direction: &str) -> Result<Option<i64>, StoreError> {
        let (at,): (Option<i64>,) =
            query("SELECT (SELECT at FROM journal WHERE direction = ? ORDER BY id DESC LIMIT 1)")
                .bind(direction)
                .fetch_one(&self.database)
                .await?;
        Ok(at)
    }

    /// The database itself.
    pub(crate) fn database(&self) -> &Database {
        &self.database
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
pub async fn fates_of(place: Place, message_id: &str) -> Result<Vec<FateRow>, StoreError> {
    let journal = Journal::open(place).await?;
    type Text = Option<String>;
    type Row = (String, String, String, Text, Text, Text, String, bool);
    let rows: Vec<Row> = query(
        "SELECT direction, recipient, fate, stage, reason, hop, reply, rebuilt FROM journal
         WHERE message_id = ? ORDER BY id",
    )
    .bind(message_id)
    .fetch_all(&journal.database)
    .await?;
    journal.database.close().await;
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
pub async fn ticket_fates(place: Place) -> Result<Option<Vec<TicketFate>>, StoreError> {
    // Opening makes one, and an empty journal would fit a log without copies.
    let is_there = match Journal::look(&place).await? {
        Some(found) => found.version > 0,
        None => place.may_have("gateway"),
    };
    if !is_there {
        return Ok(None);
    }
    let journal = Journal::open(place).await?;
    let rows: Vec<(i64, String, String, Option<String>)> =
        query("SELECT at, message_id, fate, ticket FROM journal WHERE at >= ? ORDER BY id")
            .bind((OffsetDateTime::now_utc() - COMPARED).unix_timestamp())
            .fetch_all(&journal.database)
            .await?;
    journal.database.close().await;
    let row = |(at, message_id, fate, ticket)| TicketFate { at, message_id, fate, ticket };
    Ok(Some(rows.into_iter().map(row).collect()))
}

/// The version of the member list that a gateway judges by, if it has fetched one.
///
/// # Errors
/// [`StoreError`] when the store cannot be read.
pub async fn list_version(place: Place) -> Result<Option<u64>, StoreError> {
    let journal = Journal::open(place).await?;
    let row: Option<(String,)> = query("SELECT value FROM status WHERE name = 'list'")
        .fetch_optional(&journal.database)
        .await?;
    journal.database.close().await;
    Ok(row.and_then(|(value,)| value.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Claims;

    fn run(test: impl AsyncFn(Journal)) {
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            test(Journal::open(Place::in_directory(&dir.path().join("gateway"))).await.unwrap())
                .await;
            if let Some(server) = ssmax_test_postgres::shared() {
                test(at(&server.database()).await).await;
            }
        });
    }

    /// The journal of a gateway whose tables are at this address.
    async fn at(address: &str) -> Journal {
        let url = Some(address.to_owned());
        let state = ssmax_store::StateConfig { url, ..Default::default() };
        Journal::open(Place::new("/nowhere".into(), &state)).await.unwrap()
    }

    /// Two gateways behind one mail server.
    #[tokio::test]
    async fn what_one_gateway_has_delivered_is_a_repeat_at_another_that_shares_its_tables() {
        let Some(server) = ssmax_test_postgres::shared() else { return };
        let address = server.database();
        let (one, other) = (at(&address).await, at(&address).await);
        let hop = HopId::new(OffsetDateTime::now_utc(), [7; 10]);
        let to = "b@b.example";
        assert!(!other.has("A", hop, to).await.unwrap());
        one.delivered("A", hop, to).await.unwrap();
        assert!(other.has("A", hop, to).await.unwrap());
        let mail = SentMail { user: "alice".into(), body: Digest::of(b"x") };
        other.sent(&mail, to).await.unwrap();
        assert!(one.has_sent(&mail, to).await.unwrap());
        // While one of them delivers, the other waits.
        let claims = |journal: &Journal| Claims::shared_by(journal.database().locks());
        let (here, there) = (claims(&one), claims(&other));
        let claim = here.take("A", "hop", to).await.unwrap().unwrap();
        assert!(there.take("A", "hop", to).await.unwrap().is_none());
        assert!(there.take("A", "hop", "c@b.example").await.unwrap().is_some());
        drop(claim);
        let claim = here.take("A", "hop", to).await.unwrap();
        assert!(claim.is_some(), "given up before it is asked for again");
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
                query(
                    "INSERT INTO journal (at, direction, message_id, mail_from, recipient, fate,
                     reply) VALUES (?, 'inbound', ?, '', '', 'passed', '')",
                )
                .bind(days_ago(days))
                .bind(days.to_string())
                .execute(&journal.database)
                .await
                .unwrap();
                query("INSERT INTO replay (from_org, hop, recipient, at) VALUES ('', ?, '', ?)")
                    .bind(days.to_string())
                    .bind(days_ago(days))
                    .execute(&journal.database)
                    .await
                    .unwrap();
            }
            let journal = &journal;
            let left = async |names: &'static str| {
                query(names).fetch_all::<String>(&journal.database).await.unwrap()
            };
            let fates = "SELECT message_id FROM journal ORDER BY at DESC";
            let repeats = "SELECT hop FROM replay ORDER BY at DESC";
            journal.forget_old(100).await.unwrap();
            assert_eq!(left(fates).await, ["29", "31", "99"]);
            assert_eq!(left(repeats).await, ["29"]);
            journal.forget_old(30).await.unwrap();
            assert_eq!(left(fates).await, ["29"]);
        });
    }
}
