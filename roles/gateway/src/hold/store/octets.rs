//! Where the octets of held mail are: in files, in pieces within the tables where these are
//! on a server, or in a bucket where one is set. A mail stays where it was put, whatever is
//! set afterwards.

use super::HoldStore;
use super::schema::FOLDER;
use ssmax_chain::Digest;
use ssmax_metrics::list as metrics;
use ssmax_primitives::SystemRandom;
use ssmax_store::objects::{Bucket, ObjectFault, Objects, ObjectsConfig};
use ssmax_store::{Database, Place, StoreError, Transaction, query};
use ssmax_token::Random as _;
use std::collections::HashSet;
use std::time::Duration;

/// Octets of a piece of a mail that is kept in rows: so much more of it is in memory.
pub(super) const PIECE_BYTES: usize = 1024 * 1024;

/// Hexadecimal digits of an object's name: 128 bits that nobody guesses.
const NAME_DIGITS: usize = 32;

/// How many removals one pass makes up for.
const REMOVALS: i64 = 100;

/// Where octets are.
#[derive(Debug, Clone)]
pub(super) struct Octets {
    /// `None` where what is in no bucket is in the tables.
    pub(super) files: Option<Objects>,
    /// The folder of the bucket that belongs to these tables.
    pub(super) bucket: Option<Objects>,
}

impl Octets {
    pub(super) async fn open(
        place: &Place,
        database: &Database,
        config: &ObjectsConfig,
    ) -> Result<Self, StoreError> {
        let files = if place.is_server() {
            None
        } else {
            Some(Objects::directory(place.directory().join(FOLDER))?)
        };
        let bucket = match Bucket::open(config)? {
            Some(bucket) => {
                let folder = format!("held/{}", folder(database).await?);
                Some(Objects::Bucket(bucket.below(&folder)))
            }
            None => None,
        };
        Ok(Self { files, bucket })
    }
}

/// Tries the bucket of these settings, if one is set: writes an object, reads it, finds it in a
/// listing and removes it.
///
/// # Errors
/// [`StoreError`], by what is in the way.
pub async fn try_objects(config: &ObjectsConfig) -> Result<(), StoreError> {
    let Some(bucket) = Bucket::open(config)? else { return Ok(()) };
    let objects = Objects::Bucket(bucket.below("check"));
    let (name, octets) = (new_name(), new_name().into_bytes());
    let bytes = u64::try_from(octets.len()).unwrap_or(u64::MAX);
    objects.put(&name, octets.clone()).await?;
    let (read, listed) = (objects.get(&name, bytes).await, objects.list().await);
    // Whatever it said: nothing is to stay behind.
    objects.remove(&name).await?;
    if read? != octets {
        return Err(ObjectFault::Changed.into());
    }
    if listed?.iter().any(|one| one.name == name) {
        Ok(())
    } else {
        Err(ObjectFault::Missing.into())
    }
}

/// The name of the folder that belongs to these tables, made when first asked for.
async fn folder(database: &Database) -> Result<String, StoreError> {
    query("INSERT INTO held_folder (id, name) VALUES (1, ?) ON CONFLICT DO NOTHING")
        .bind(new_name())
        .execute(database)
        .await?;
    query("SELECT name FROM held_folder WHERE id = 1").fetch_one::<String>(database).await
}

/// A name that nobody guesses.
pub(super) fn new_name() -> String {
    let mut octets = [0; NAME_DIGITS / 2];
    SystemRandom.fill(&mut octets);
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn is_name(name: &str) -> bool {
    name.len() == NAME_DIGITS && name.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// Adds the pieces of a mail to the transaction that adds its row.
pub(super) async fn add_pieces(
    change: &mut Transaction,
    id: &str,
    octets: &[u8],
) -> Result<(), StoreError> {
    for (place, piece) in (0_i64..).zip(octets.chunks(PIECE_BYTES)) {
        query("INSERT INTO held_piece (id, place, octets) VALUES (?, ?, ?)")
            .bind(id)
            .bind(place)
            .bind(piece)
            .execute(&mut *change)
            .await?;
    }
    Ok(())
}

/// Counts what a bucket did not do.
pub(super) fn counted<T>(answer: Result<T, StoreError>) -> Result<T, StoreError> {
    if let Err(StoreError::Object(fault)) = &answer
        && !matches!(fault, ObjectFault::Missing | ObjectFault::Changed)
    {
        metrics::DEPENDENCY_FAILURES.count(["objects".into()]);
    }
    answer
}

impl HoldStore {
    /// The octets of a held mail, as it was encrypted.
    ///
    /// # Errors
    /// [`ObjectFault::Missing`] and [`ObjectFault::Changed`] if they are not what was kept,
    /// [`ObjectFault::NotSet`] if they are in a bucket and none is set.
    pub(in crate::hold) async fn object(&self, id: &str) -> Result<Vec<u8>, StoreError> {
        let row: Option<(Option<String>, Option<String>, i64)> =
            query("SELECT object, digest, bytes FROM held WHERE id = ?")
                .bind(id)
                .fetch_optional(&self.database)
                .await?;
        let (name, digest, bytes) = row.ok_or(ObjectFault::Missing)?;
        let bytes = u64::try_from(bytes).unwrap_or_default();
        let octets = match (name, &self.octets.files) {
            (Some(name), _) => {
                let bucket = self.octets.bucket.as_ref().ok_or(ObjectFault::NotSet)?;
                counted(bucket.get(&name, bytes).await)?
            }
            (None, Some(files)) => files.get(id, bytes).await?,
            (None, None) => self.pieces(id, bytes).await?,
        };
        // An earlier build wrote none down; whoever opens the mail sees a change all the same.
        if digest.is_some_and(|digest| digest != Digest::of(&octets).to_string()) {
            return Err(ObjectFault::Changed.into());
        }
        Ok(octets)
    }

    async fn pieces(&self, id: &str, bytes: u64) -> Result<Vec<u8>, StoreError> {
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
        if object.is_empty() {
            Err(ObjectFault::Missing.into())
        } else if u64::try_from(object.len()) == Ok(bytes) {
            Ok(object)
        } else {
            Err(ObjectFault::Changed.into())
        }
    }

    /// Whether the bucket answers, if one is set.
    pub(crate) async fn look_at_bucket(&self) -> Option<Result<(), StoreError>> {
        match &self.octets.bucket {
            Some(Objects::Bucket(bucket)) => Some(bucket.look().await),
            _ => None,
        }
    }

    /// Removes the files of mail that never came into the table, since the gateway was
    /// stopped in between: nobody was told that they are kept.
    pub(super) async fn remove_strays(&self) -> Result<(), StoreError> {
        let Some(files) = &self.octets.files else { return Ok(()) };
        let rows: Vec<(String,)> =
            query("SELECT id FROM held WHERE state = 'held' AND object IS NULL")
                .fetch_all(&self.database)
                .await?;
        let known: HashSet<String> = rows.into_iter().map(|(id,)| id).collect();
        for file in files.list().await? {
            if !known.contains(&file.name) {
                tracing::warn!(file = %file.name, "a file without a held mail is removed");
                files.remove(&file.name).await?;
            }
        }
        Ok(())
    }

    /// Removes the objects of mails that have ended. `false` if there may be more.
    pub(in crate::hold) async fn remove_ended(&self) -> Result<bool, StoreError> {
        let Some(bucket) = &self.octets.bucket else { return Ok(true) };
        let rows: Vec<(String, String)> = query(
            "SELECT id, object FROM held WHERE state != 'held' AND object IS NOT NULL
             ORDER BY ended, id LIMIT ?",
        )
        .bind(REMOVALS)
        .fetch_all(&self.database)
        .await?;
        let is_all = i64::try_from(rows.len()).is_ok_and(|found| found < REMOVALS);
        for (id, name) in rows {
            counted(bucket.remove(&name).await)?;
            query("UPDATE held SET object = NULL WHERE id = ?")
                .bind(&id)
                .execute(&self.database)
                .await?;
        }
        Ok(is_all)
    }

    /// Removes objects that have been there for some time and belong to no mail: the
    /// gateway was stopped between the object and its row, or its answer was lost.
    pub(in crate::hold) async fn remove_orphans(
        &self,
        now: i64,
        after: Duration,
    ) -> Result<usize, StoreError> {
        let Some(bucket) = &self.octets.bucket else { return Ok(0) };
        let listed = counted(bucket.list().await)?;
        // Asked afterwards: what has been put in meanwhile is known by now.
        let rows: Vec<(String,)> = query("SELECT object FROM held WHERE object IS NOT NULL")
            .fetch_all(&self.database)
            .await?;
        let known: HashSet<String> = rows.into_iter().map(|(name,)| name).collect();
        let oldest = now.saturating_sub(i64::try_from(after.as_secs()).unwrap_or(i64::MAX));
        let mut removed = 0;
        for one in listed {
            // What else somebody laid there is theirs.
            if one.written > oldest || known.contains(&one.name) || !is_name(&one.name) {
                continue;
            }
            counted(bucket.remove(&one.name).await)?;
            tracing::warn!(object = %one.name, "an object without a held mail is removed");
            removed += 1;
        }
        Ok(removed)
    }
}
