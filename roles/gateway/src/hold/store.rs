//! Tables and octets of held mail. The octets of each are a file of their own: in a row of
//! a table they would be in memory three times (`docs/decisions/0028-held-mail.md`). Where
//! the tables are on a server, several gateways share them, and the octets with them: they
//! are rows there, in pieces. Where a bucket is set they are objects there
//! (`docs/decisions/0052-objects-by-url.md`).

mod facts;
mod find;
mod octets;
mod schema;
mod told;

pub(super) use facts::{Facts, Held, HeldLogin};
pub use octets::try_objects;

use octets::{Octets, add_pieces, counted, new_name};
use schema::MIGRATIONS;
pub(crate) use schema::TABLES;
use ssmax_api::gateway::{EndedBy, HeldState};
use ssmax_chain::Digest;
use ssmax_store::objects::ObjectsConfig;
use ssmax_store::{Database, Executor, Looked, Place, StoreError, query};
use std::sync::Arc;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;

/// How long an ended mail is remembered, without its octets.
const REMEMBERED: Duration = Duration::days(30);

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
    octets: Octets,
    /// Says that a mail has ended whose object is in a bucket.
    ended: Arc<Notify>,
}

impl HoldStore {
    /// Opens the store. Nobody is asked for a bucket yet: one that is away keeps no gateway
    /// from starting.
    pub(crate) async fn open(place: Place, config: &ObjectsConfig) -> Result<Self, StoreError> {
        let database = Database::open(place.clone(), "hold", MIGRATIONS).await?;
        let octets = Octets::open(&place, &database, config).await?;
        let store = Self { database, octets, ended: Arc::default() };
        store.remove_strays().await?;
        Ok(store)
    }

    /// Looks at its tables on their server, if they have one.
    pub(crate) async fn look(place: &Place) -> Result<Option<Looked>, StoreError> {
        Database::look(place, "hold", MIGRATIONS).await
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

    /// Keeps a mail: its octets and its row are there for good when this returns.
    pub(super) async fn keep(
        &self,
        mail: &NewMail,
        object: Vec<u8>,
        room: Room,
    ) -> Result<Kept, StoreError> {
        let bytes = u64::try_from(object.len()).unwrap_or(u64::MAX);
        let digest = Digest::of(&object).to_string();
        let octets = NewOctets { bytes, digest: &digest, object: None, pieces: &[] };
        let added = match (&self.octets.bucket, &self.octets.files) {
            (Some(bucket), _) => {
                let name = new_name();
                counted(bucket.put(&name, object).await)?;
                let octets = NewOctets { object: Some(&name), ..octets };
                // After an error the row may be there all the same, the answer being lost:
                // an object without one is found later.
                let added = self.add(mail, room, octets).await?;
                if added != Added::New
                    && let Err(error) = counted(bucket.remove(&name).await)
                {
                    tracing::warn!(%error, object = %name, "an object is left over for now");
                }
                added
            }
            (None, Some(files)) => {
                files.put(&mail.id, object).await?;
                let added = self.add(mail, room, octets).await;
                if !matches!(added, Ok(Added::New)) {
                    files.remove(&mail.id).await?;
                }
                added?
            }
            (None, None) => self.add(mail, room, NewOctets { pieces: &object, ..octets }).await?,
        };
        Ok(match added {
            Added::New | Added::Known => Kept::Kept,
            Added::Full => Kept::Full,
        })
    }

    /// Adds a row, and the pieces of what is in the tables.
    async fn add(
        &self,
        mail: &NewMail,
        room: Room,
        octets: NewOctets<'_>,
    ) -> Result<Added, StoreError> {
        let NewOctets { bytes, digest, object, pieces } = octets;
        let facts = serde_json::to_string(&mail.facts).unwrap_or_default();
        let mut change = self.database.begin_write().await?;
        if !has_room(&mut change, bytes, room).await? {
            return Ok(Added::Full);
        }
        let added = query(
            "INSERT INTO held (id, state, at, expires, known, bytes, facts, digest, object)
             VALUES (?, 'held', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&mail.id)
        .bind(mail.at.unix_timestamp())
        .bind(mail.expires.unix_timestamp())
        .bind(&mail.known)
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .bind(facts)
        .bind(digest)
        .bind(object)
        .execute(&mut change)
        .await?;
        if added.rows_affected() == 0 {
            change.rollback().await?;
            return Ok(Added::Known);
        }
        add_pieces(&mut change, &mail.id, pieces).await?;
        change.commit().await?;
        Ok(Added::New)
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

    /// Ends a mail that is held, and removes its octets: those in a bucket soon afterwards,
    /// so that nobody waits for it ([`HoldStore::remove_ended`]). `false` if it had ended
    /// before.
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
        if let Some(files) = &self.octets.files {
            files.remove(id).await?;
        }
        self.ended.notify_one();
        Ok(true)
    }

    /// Waits until a mail ends.
    pub(super) async fn ending(&self) {
        self.ended.notified().await;
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

/// The octets of a mail that is added: how many, and where they are if not in a file.
struct NewOctets<'a> {
    bytes: u64,
    digest: &'a str,
    object: Option<&'a str>,
    pieces: &'a [u8],
}

#[derive(Debug, PartialEq, Eq)]
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

#[cfg(test)]
mod tests;
