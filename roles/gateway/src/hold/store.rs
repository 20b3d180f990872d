//! Tables and files of held mail. The octets of each are a file of their own: in a row of
//! a table they would be in memory three times (`docs/decisions/0028-held-mail.md`). Where
//! the tables are on a server, several gateways share them, and the octets with them: they
//! are rows there, in pieces.

use crate::dsn::{MailOptions, RecipientOptions};
use crate::outbound::Stated;
use serde::{Deserialize, Serialize};
use ssmax_api::gateway::{EndedBy, HeldMail, HeldState};
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::{Finding, Outcome};
use ssmax_store::{
    Database, Executor, Looked, Migration, Place, Row, SqlFault, StoreError, files, query,
};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};

/// How long an ended mail is remembered, without its octets.
const REMEMBERED: Duration = Duration::days(30);

/// Octets of a piece of a mail that is kept in rows: so much more of it is in memory.
const PIECE_BYTES: usize = 1024 * 1024;

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    -- Mail that waits for an officer, and for a while what has ended. `known` is SHA-256
    -- over direction, mail and recipients: a mail that comes again is kept once. `facts`
    -- is JSON. The octets are in a file of the name `id`.
    CREATE TABLE held (
        id TEXT NOT NULL PRIMARY KEY,
        state TEXT NOT NULL,
        at INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        known TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        facts TEXT NOT NULL,
        -- 0: nobody was told, 1: that it is held, 2: that it expires soon.
        told INTEGER NOT NULL DEFAULT 0,
        ended INTEGER,
        officer TEXT,
        why TEXT
    ) STRICT;
    CREATE UNIQUE INDEX held_once ON held (known) WHERE state = 'held';
    CREATE INDEX held_expires ON held (state, expires);
    -- Recipients whom a release has reached: never twice.
    CREATE TABLE released (
        id TEXT NOT NULL,
        recipient TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (id, recipient)
    ) STRICT;
    -- Notices, to bound how many one person gets.
    CREATE TABLE notice (address TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE INDEX notice_address ON notice (address, at);
    ",
    },
    Migration {
        version: 2,
        sql: "
    -- The octets of held mail where several gateways share the tables; else each is a file.
    CREATE TABLE held_piece (
        id TEXT NOT NULL REFERENCES held(id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        octets BLOB NOT NULL,
        PRIMARY KEY (id, place)
    ) STRICT;
    ",
    },
];

/// What is known of a held mail besides its octets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    pub(super) direction: String,
    pub(super) mail_from: String,
    pub(super) from: String,
    pub(super) sender_verified: bool,
    pub(super) recipients: Vec<String>,
    pub(super) message_id: String,
    pub(super) smtputf8: bool,
    pub(super) stage: String,
    pub(super) reason: Reason,
    pub(super) outcome: Outcome,
    pub(super) findings: Vec<Finding>,
    pub(super) encrypted: bool,
    pub(super) login: Option<HeldLogin>,
    /// Where automatic mail came from.
    pub(super) source: Option<String>,
    /// The statement that it brought along.
    #[serde(default)]
    pub(super) stated: Option<Stated>,
    /// What MAIL said of reports.
    #[serde(default)]
    pub(super) mail_options: MailOptions,
    /// What RCPT said of reports, in the order of `recipients`.
    #[serde(default)]
    pub(super) recipient_options: Vec<RecipientOptions>,
    /// By what the keyserver knows it. An earlier build did not write it down.
    #[serde(default)]
    pub(super) digest: Option<Digest>,
}

impl Facts {
    /// Instead of what cannot be read.
    fn unreadable() -> Self {
        Self {
            direction: "unknown".to_owned(),
            mail_from: String::new(),
            from: String::new(),
            sender_verified: false,
            recipients: vec![],
            message_id: String::new(),
            smtputf8: false,
            stage: String::new(),
            reason: Reason::Internal,
            outcome: Outcome::Block,
            findings: vec![],
            encrypted: true,
            login: None,
            source: None,
            stated: None,
            mail_options: MailOptions::default(),
            recipient_options: vec![],
            digest: None,
        }
    }
}

/// Who submitted a mail, for when it is admitted again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldLogin {
    pub(super) user: String,
    pub(super) method: String,
    pub(super) aal: u8,
}

/// A held mail as the tables tell it.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) state: HeldState,
    pub(super) at: i64,
    pub(super) expires: i64,
    pub(super) bytes: u64,
    pub(super) facts: Facts,
    /// Whether `facts` are what was written: of a mail that cannot be read somebody is
    /// told all the same, since its sender was answered that it is kept.
    pub(super) readable: bool,
    pub(super) released_to: Vec<String>,
    pub(super) ended_by: Option<EndedBy>,
}

impl Held {
    /// Recipients who have not got it.
    pub(super) fn waiting(&self) -> Vec<String> {
        let has = |one: &&String| !self.released_to.contains(one);
        self.facts.recipients.iter().filter(has).cloned().collect()
    }

    /// As officers see it.
    pub(super) fn shown(&self) -> HeldMail {
        let facts = self.facts.clone();
        HeldMail {
            id: self.id.clone(),
            state: self.state,
            at: self.at,
            expires: self.expires,
            direction: facts.direction,
            mail_from: facts.mail_from,
            from: facts.from,
            sender_verified: facts.sender_verified,
            recipients: self.waiting(),
            released_to: self.released_to.clone(),
            message_id: facts.message_id,
            stage: facts.stage,
            reason: facts.reason,
            outcome: facts.outcome,
            findings: facts.findings,
            encrypted: facts.encrypted,
            bytes: self.bytes,
            digest: facts.digest,
            readable: self.readable,
            ended_by: self.ended_by.clone(),
        }
    }
}

/// Bounds of the store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Octets of all held mail.
    pub(crate) bytes: u64,
    /// Number of held mails.
    pub(crate) mails: u64,
}

/// Whether a mail is kept for an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is, by now or from before.
    Kept,
    /// There is no room for it.
    Full,
}

/// A mail to be kept.
#[derive(Debug)]
pub(super) struct NewMail {
    pub(super) id: String,
    pub(super) known: String,
    pub(super) at: OffsetDateTime,
    pub(super) expires: OffsetDateTime,
    pub(super) facts: Facts,
}

/// Held mail.
#[derive(Debug, Clone)]
pub(crate) struct HoldStore {
    database: Database,
    /// Where the octets are; `None` where they are in the tables.
    files: Option<PathBuf>,
}

impl HoldStore {
    /// Opens the store. Files of mail that never came into the table, since the gateway was
    /// stopped in between, are removed: nobody was told that they are kept.
    pub(crate) async fn open(place: Place) -> Result<Self, StoreError> {
        let files = (!place.is_server()).then(|| place.directory().join("held"));
        let database = Database::open(place, "hold", MIGRATIONS).await?;
        let store = Self { database, files };
        if let Some(files) = &store.files {
            files::create_private_dir(files)?;
            store.remove_strays(files).await?;
        }
        Ok(store)
    }

    /// Looks at its tables on their server, if they have one.
    pub(crate) async fn look(place: &Place) -> Result<Option<Looked>, StoreError> {
        Database::look(place, "hold", MIGRATIONS).await
    }

    async fn remove_strays(&self, files: &Path) -> Result<(), StoreError> {
        let rows: Vec<(String,)> =
            query("SELECT id FROM held WHERE state = 'held'").fetch_all(&self.database).await?;
        let known: HashSet<String> = rows.into_iter().map(|(id,)| id).collect();
        let Ok(entries) = std::fs::read_dir(files) else { return Ok(()) };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name.to_str().is_none_or(|name| !known.contains(name)) {
                tracing::warn!(file = ?name, "a file without a held mail is removed");
                files::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Whether this very mail is held, or there is no room for it: asked before it is
    /// encrypted. `None` if it is to be kept.
    pub(super) async fn asked(
        &self,
        known: &str,
        bytes: u64,
        room: Room,
    ) -> Result<Option<Kept>, StoreError> {
        if self.is_kept(known).await? {
            return Ok(Some(Kept::Kept));
        }
        Ok((!has_room(&self.database, bytes, room).await?).then_some(Kept::Full))
    }

    /// Whether this mail is kept so that an officer can decide about it. One that cannot be
    /// read makes room under its name for the same mail, which is answered as kept only
    /// when it is.
    async fn is_kept(&self, known: &str) -> Result<bool, StoreError> {
        let row: Option<(String, String)> =
            query("SELECT id, facts FROM held WHERE known = ? AND state = 'held'")
                .bind(known)
                .fetch_optional(&self.database)
                .await?;
        let Some((id, facts)) = row else { return Ok(false) };
        if serde_json::from_str::<Facts>(&facts).is_ok() {
            return Ok(true);
        }
        query("UPDATE held SET known = ? WHERE id = ?")
            .bind(format!("{known} {id}"))
            .bind(&id)
            .execute(&self.database)
            .await?;
        tracing::error!(held.id = %id, "a held mail that cannot be read is kept a second time");
        Ok(false)
    }

    /// Writes down what a mail is, when that has become known.
    pub(super) async fn identified(&self, held: &Held, digest: Digest) -> Result<(), StoreError> {
        let facts = Facts { digest: Some(digest), ..held.facts.clone() };
        query("UPDATE held SET facts = ? WHERE id = ?")
            .bind(serde_json::to_string(&facts).unwrap_or_default())
            .bind(&held.id)
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Keeps a mail: its octets and its row are synced when this returns.
    pub(super) async fn keep(
        &self,
        mail: &NewMail,
        object: Vec<u8>,
        room: Room,
    ) -> Result<Kept, StoreError> {
        let bytes = u64::try_from(object.len()).unwrap_or(u64::MAX);
        let added = match &self.files {
            Some(files) => {
                let path = files.join(&mail.id);
                let written = path.clone();
                on_disk(move || files::create_private(&written, &object)).await?;
                let added = self.add(mail, bytes, room, &[]).await;
                if !matches!(added, Ok(Added::New)) {
                    on_disk(move || files::remove(&path)).await?;
                }
                added
            }
            None => self.add(mail, bytes, room, &object).await,
        };
        Ok(match added? {
            Added::New | Added::Known => Kept::Kept,
            Added::Full => Kept::Full,
        })
    }

    /// Adds a row, and the pieces of what is not in a file.
    async fn add(
        &self,
        mail: &NewMail,
        bytes: u64,
        room: Room,
        pieces: &[u8],
    ) -> Result<Added, StoreError> {
        let facts = serde_json::to_string(&mail.facts).unwrap_or_default();
        let mut change = self.database.begin_write().await?;
        if !has_room(&mut change, bytes, room).await? {
            return Ok(Added::Full);
        }
        let added = query(
            "INSERT INTO held (id, state, at, expires, known, bytes, facts)
             VALUES (?, 'held', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&mail.id)
        .bind(mail.at.unix_timestamp())
        .bind(mail.expires.unix_timestamp())
        .bind(&mail.known)
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(facts)
        .execute(&mut change)
        .await?;
        if added.rows_affected() == 0 {
            change.rollback().await?;
            return Ok(Added::Known);
        }
        for (place, piece) in (0_i64..).zip(pieces.chunks(PIECE_BYTES)) {
            query("INSERT INTO held_piece (id, place, octets) VALUES (?, ?, ?)")
                .bind(&mail.id)
                .bind(place)
                .bind(piece)
                .execute(&mut change)
                .await?;
        }
        change.commit().await?;
        Ok(Added::New)
    }

    /// The octets of a held mail, as it was encrypted.
    pub(super) async fn object(&self, id: &str) -> Result<Vec<u8>, StoreError> {
        let Some(files) = &self.files else { return self.pieces(id).await };
        let path = files.join(id);
        // Ciphertext needs no wiping, and a copy would be in memory beside it.
        on_disk(move || files::read_private(&path).map(|mut octets| std::mem::take(&mut *octets)))
            .await
    }

    async fn pieces(&self, id: &str) -> Result<Vec<u8>, StoreError> {
        // As of one moment: a mail that ends in between would be cut off.
        let mut read = self.database.begin_read().await?;
        let mut object = Vec::new();
        for place in 0_i64.. {
            let piece: Option<Vec<u8>> =
                query("SELECT octets FROM held_piece WHERE id = ? AND place = ?")
                    .bind(id)
                    .bind(place)
                    .fetch_optional(&mut read)
                    .await?;
            let Some(piece) = piece else { break };
            object.extend_from_slice(&piece);
        }
        read.rollback().await?;
        if object.is_empty() { Err(StoreError::Sql(SqlFault::NoRow)) } else { Ok(object) }
    }

    /// A mail by its name.
    pub(super) async fn find(&self, id: &str) -> Result<Option<Held>, StoreError> {
        let row: Option<Row> = query(
            "SELECT id, state, at, expires, bytes, facts, officer, why FROM held WHERE id = ?",
        )
        .bind(id)
        .fetch_optional(&self.database)
        .await?;
        match row {
            Some(row) => self.held(&row).await.map(Some),
            None => Ok(None),
        }
    }

    /// All that is held, oldest first; what has ended too if asked for.
    pub(super) async fn list(&self, ended: bool) -> Result<Vec<Held>, StoreError> {
        let rows: Vec<Row> = query(
            "SELECT id, state, at, expires, bytes, facts, officer, why FROM held
             WHERE ? = 1 OR state = 'held' ORDER BY at, id",
        )
        .bind(ended)
        .fetch_all(&self.database)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push(self.held(row).await?);
        }
        Ok(found)
    }

    /// Mails of which nobody was told yet as far as `told`, and that expire before a
    /// moment.
    pub(super) async fn untold(
        &self,
        told: i64,
        expire_before: OffsetDateTime,
    ) -> Result<Vec<Held>, StoreError> {
        let rows: Vec<Row> = query(
            "SELECT id, state, at, expires, bytes, facts, officer, why FROM held
             WHERE state = 'held' AND told < ? AND expires <= ? ORDER BY at",
        )
        .bind(told)
        .bind(expire_before.unix_timestamp())
        .fetch_all(&self.database)
        .await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push(self.held(row).await?);
        }
        Ok(found)
    }

    /// Whether people were told as far as `told`, or there is nothing more to tell.
    pub(super) async fn is_told(&self, id: &str, told: i64) -> Result<bool, StoreError> {
        let so_far: Option<i64> = query("SELECT told FROM held WHERE id = ? AND state = 'held'")
            .bind(id)
            .fetch_optional(&self.database)
            .await?;
        Ok(so_far.is_none_or(|so_far| so_far >= told))
    }

    /// Remembers how far people were told.
    pub(super) async fn told(&self, id: &str, told: i64) -> Result<(), StoreError> {
        query("UPDATE held SET told = ? WHERE id = ? AND told < ?")
            .bind(told)
            .bind(id)
            .bind(told)
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// How many notices an address got since a moment; older ones are forgotten.
    pub(super) async fn notices(
        &self,
        address: &str,
        since: OffsetDateTime,
    ) -> Result<i64, StoreError> {
        query("DELETE FROM notice WHERE at < ?")
            .bind(since.unix_timestamp())
            .execute(&self.database)
            .await?;
        let (sent,): (i64,) = query("SELECT COUNT(*) FROM notice WHERE address = ?")
            .bind(address)
            .fetch_one(&self.database)
            .await?;
        Ok(sent)
    }

    /// Counts a notice.
    pub(super) async fn noticed(
        &self,
        address: &str,
        at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        query("INSERT INTO notice (address, at) VALUES (?, ?)")
            .bind(address)
            .bind(at.unix_timestamp())
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Remembers that a release has reached a recipient.
    pub(super) async fn reached(&self, id: &str, recipient: &str) -> Result<(), StoreError> {
        query("INSERT INTO released (id, recipient, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(id)
            .bind(recipient)
            .bind(OffsetDateTime::now_utc().unix_timestamp())
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// Ends a mail that is held, and removes its octets. `false` if it had ended before.
    pub(super) async fn end(
        &self,
        id: &str,
        state: HeldState,
        by: Option<&EndedBy>,
    ) -> Result<bool, StoreError> {
        let mut change = self.database.begin_write().await?;
        let changed = query(
            "UPDATE held SET state = ?, ended = ?, officer = ?, why = ?
             WHERE id = ? AND state = 'held'",
        )
        .bind(state.as_str())
        .bind(OffsetDateTime::now_utc().unix_timestamp())
        .bind(by.map(|by| by.officer.as_str()))
        .bind(by.map(|by| by.reason.as_str()))
        .bind(id)
        .execute(&mut change)
        .await?;
        if changed.rows_affected() == 0 {
            change.rollback().await?;
            return Ok(false);
        }
        query("DELETE FROM held_piece WHERE id = ?").bind(id).execute(&mut change).await?;
        change.commit().await?;
        if let Some(files) = &self.files {
            let path = files.join(id);
            on_disk(move || files::remove(&path)).await?;
        }
        Ok(true)
    }

    /// Forgets what has ended long ago: addresses are personal data.
    pub(crate) async fn forget_old(&self, now: OffsetDateTime) -> Result<(), StoreError> {
        let oldest = (now - REMEMBERED).unix_timestamp();
        query("DELETE FROM held WHERE state != 'held' AND ended < ?")
            .bind(oldest)
            .execute(&self.database)
            .await?;
        query("DELETE FROM released WHERE id NOT IN (SELECT id FROM held)")
            .execute(&self.database)
            .await?;
        Ok(())
    }

    async fn held(&self, row: &Row) -> Result<Held, StoreError> {
        let id: String = row.try_get("id")?;
        let facts: String = row.try_get("facts")?;
        let state: String = row.try_get("state")?;
        let (facts, state) = (serde_json::from_str(&facts), HeldState::parse(&state));
        let readable = facts.is_ok() && state.is_some();
        if !readable {
            tracing::error!(held.id = %id, "what is known of a held mail cannot be read");
        }
        let reached: Vec<(String,)> =
            query("SELECT recipient FROM released WHERE id = ? ORDER BY at, recipient")
                .bind(&id)
                .fetch_all(&self.database)
                .await?;
        let officer: Option<String> = row.try_get("officer")?;
        let why: Option<String> = row.try_get("why")?;
        let bytes: i64 = row.try_get("bytes")?;
        Ok(Held {
            id,
            state: state.unwrap_or(HeldState::Held),
            at: row.try_get("at")?,
            expires: row.try_get("expires")?,
            bytes: u64::try_from(bytes).unwrap_or_default(),
            facts: facts.unwrap_or_else(|_| Facts::unreadable()),
            readable,
            released_to: reached.into_iter().map(|(recipient,)| recipient).collect(),
            ended_by: officer.map(|officer| EndedBy { officer, reason: why.unwrap_or_default() }),
        })
    }
}

impl HoldStore {
    /// How many mails wait, how many octets they have, and since when the oldest waits.
    pub(crate) async fn waiting(&self) -> Result<(i64, i64, Option<i64>), StoreError> {
        let row = query(
            "SELECT COUNT(*), COALESCE(CAST(SUM(bytes) AS BIGINT), 0), MIN(at) FROM held WHERE state = 'held'",
        )
        .fetch_one(&self.database)
        .await?;
        Ok(row)
    }

    /// The database itself.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

enum Added {
    New,
    Known,
    Full,
}

async fn has_room(on: impl Executor, bytes: u64, room: Room) -> Result<bool, StoreError> {
    let (mails, kept): (i64, i64) = query(
        "SELECT COUNT(*), COALESCE(CAST(SUM(bytes) AS BIGINT), 0) FROM held WHERE state = 'held'",
    )
    .fetch_one(on)
    .await?;
    let (mails, kept) = (u64::try_from(mails), u64::try_from(kept));
    let (mails, kept) = (mails.unwrap_or(u64::MAX), kept.unwrap_or(u64::MAX));
    Ok(mails < room.mails && kept.saturating_add(bytes) <= room.bytes)
}

/// Runs what waits for the disk where nobody waits for it but who asked.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // It ends so only while the whole role is ending.
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Sql(SqlFault::Closed)))
}

#[cfg(test)]
mod tests;
