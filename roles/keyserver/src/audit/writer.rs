//! One writer for all rows. Rows that wait while others are being synced go to the disk
//! together with them, so many mails at a time cost few syncs.

use super::record::Entry;
use super::row::{Head, Row, VERSION, hash, labelled};
use super::sender::{HopSender, SenderKey};
use super::{DATABASE, MIGRATIONS};
use ssmax_api::Problem;
use ssmax_api::keyserver::ticket_name;
use ssmax_chain::{Digest, HopId};
use ssmax_primitives::{SystemRandom, hmac_sha256};
use ssmax_store::{Database, Place, StoreError, Transaction, query};
use ssmax_token::SigningKey;
use std::sync::Arc;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

/// How many rows one sync takes at most.
const MAX_BATCH: usize = 256;

/// How many rows may wait; who comes later waits to be let in.
const MAX_WAITING: usize = 4096;

/// A signed head is kept for about so many rows; those between are replaced by the next.
const KEEP_HEAD_EVERY: u64 = 1000;

/// Octets of a keyed hash that a row shows: enough to tell addresses apart.
const SHOWN_HASH_OCTETS: usize = 16;

/// Hands rows to the writer.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    waiting: mpsc::Sender<Waiting>,
    database: Database,
    sender_key: SenderKey,
}

struct Waiting {
    entry: Entry,
    done: oneshot::Sender<bool>,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Waiting").finish_non_exhaustive()
    }
}

/// A row could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit log cannot be written")]
pub(crate) struct NotWritten;

impl Writer {
    /// Opens the log and goes on where it ended.
    pub(crate) async fn open(
        place: Place,
        organisation: &str,
        key: Arc<dyn SigningKey>,
        address_key: Vec<u8>,
    ) -> Result<Self, StoreError> {
        let database = Database::open(place, DATABASE, MIGRATIONS).await?;
        let sender_key = SenderKey::of(&address_key);
        let last: Option<(i64, Vec<u8>)> =
            query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
                .fetch_optional(&database)
                .await?;
        let heads: Vec<(i64,)> =
            query("SELECT seq FROM head ORDER BY seq DESC LIMIT 2").fetch_all(&database).await?;
        let mut heads = heads.iter().map(|(seq,)| unsigned(*seq));
        let head = heads.next().unwrap_or_default();
        let chain = Chain {
            database: database.clone(),
            organisation: organisation.to_owned(),
            key,
            sender_key: sender_key.clone(),
            address_key,
            seq: last.as_ref().map_or(0, |(seq, _)| unsigned(*seq)),
            hash: last.and_then(|(_, hash)| hash.try_into().ok()).map_or(Digest([0; 32]), Digest),
            head,
            kept_head: heads.next().unwrap_or(head),
            doubtful: None,
        };
        let (waiting, receiver) = mpsc::channel(MAX_WAITING);
        tokio::spawn(chain.run(receiver));
        Ok(Self { waiting, database, sender_key })
    }

    /// The log's own database.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Who stands behind a hop, and since when that is known.
    pub(crate) async fn sender_of(&self, hop: &HopId) -> Result<Option<(i64, HopSender)>, Problem> {
        self.sender_key.find(&self.database, hop).await
    }

    /// Forgets whose hops before `oldest` were. Gives how many.
    pub(crate) async fn forget_senders(&self, oldest: OffsetDateTime) -> Result<u64, Problem> {
        super::sender::forget(&self.database, oldest).await
    }

    /// Appends a row and waits until it is on the disk.
    pub(crate) async fn append(&self, entry: Entry) -> Result<(), NotWritten> {
        self.append_all([entry]).await
    }

    /// Appends rows in their order, which share their syncs, and waits until all are on the
    /// disk.
    pub(crate) async fn append_all(
        &self,
        entries: impl IntoIterator<Item = Entry>,
    ) -> Result<(), NotWritten> {
        let mut waiting = Vec::new();
        for entry in entries {
            let (done, written) = oneshot::channel();
            self.waiting.send(Waiting { entry, done }).await.map_err(|_| NotWritten)?;
            waiting.push(written);
        }
        let mut all = true;
        for written in waiting {
            all &= matches!(written.await, Ok(true));
        }
        if all { Ok(()) } else { Err(NotWritten) }
    }
}

/// The end of the chain.
struct Chain {
    database: Database,
    organisation: String,
    key: Arc<dyn SigningKey>,
    address_key: Vec<u8>,
    sender_key: SenderKey,
    seq: u64,
    hash: Digest,
    /// The newest head, and the newest that stays.
    head: u64,
    kept_head: u64,
    /// The end as it would be by a batch of which the commit failed: where the connection
    /// broke just then, it is there all the same.
    doubtful: Option<End>,
}

/// Where the chain ends.
#[derive(Clone, Copy)]
struct End {
    seq: u64,
    hash: Digest,
    kept_head: u64,
}

impl Chain {
    async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>) {
        while let Some(first) = receiver.recv().await {
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH {
                let Ok(next) = receiver.try_recv() else { break };
                batch.push(next);
            }
            let written = match self.write(&batch).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::error!(%error, "the audit log cannot be written");
                    false
                }
            };
            for waiting in batch {
                // Who has gone does not want to know.
                let _ = waiting.done.send(written);
            }
        }
        self.database.close().await;
    }

    /// Writes all of a batch, with a signed head, in one transaction.
    async fn write(&mut self, batch: &[Waiting]) -> Result<(), WriteError> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let mut change = self.database.begin_write().await?;
        self.settle(&mut change).await?;
        let (mut seq, mut last) = (self.seq, self.hash);
        for waiting in batch {
            seq += 1;
            let text = self.row(&waiting.entry, seq, now, last).text();
            last = hash(&text);
            query("INSERT INTO audit (seq, row, hash) VALUES (?, ?, ?)")
                .bind(signed(seq))
                .bind(&text)
                .bind(last.0.as_slice())
                .execute(&mut change)
                .await?;
            if let Some(sender) = &waiting.entry.sender {
                self.keep_sender(&mut change, sender, now).await?;
            }
        }
        let head =
            Head { v: VERSION, organisation: self.organisation.clone(), seq, hash: last, at: now }
                .text();
        let signature = self.key.sign(&labelled(&head)).map_err(|_| WriteError::Key)?;
        query("INSERT INTO head (seq, head, signature) VALUES (?, ?, ?)")
            .bind(signed(seq))
            .bind(&head)
            .bind(signature)
            .execute(&mut change)
            .await?;
        let stays = self.head >= self.kept_head + KEEP_HEAD_EVERY;
        if self.head != self.kept_head && !stays {
            query("DELETE FROM head WHERE seq = ?")
                .bind(signed(self.head))
                .execute(&mut change)
                .await?;
        }
        let kept_head = match (stays, self.kept_head) {
            (true, _) => self.head,
            (false, 0) => seq,
            (false, kept) => kept,
        };
        let end = End { seq, hash: last, kept_head };
        self.doubtful = Some(end);
        change.commit().await?;
        self.goes_on_from(end);
        Ok(())
    }

    fn goes_on_from(&mut self, end: End) {
        self.doubtful = None;
        (self.seq, self.hash, self.head) = (end.seq, end.hash, end.seq);
        self.kept_head = end.kept_head;
    }

    /// Looks whether a batch of which the commit failed is there, before its numbers are
    /// used again. Only what this very writer wrote is gone on from. It is asked as the one
    /// writer: by then that commit has ended this way or that.
    async fn settle(&mut self, change: &mut Transaction) -> Result<(), StoreError> {
        let Some(end) = self.doubtful else { return Ok(()) };
        let hash: Option<Vec<u8>> = query("SELECT hash FROM audit WHERE seq = ?")
            .bind(signed(end.seq))
            .fetch_optional(change)
            .await?;
        if hash.is_some_and(|hash| hash == end.hash.0) {
            self.goes_on_from(end);
        }
        self.doubtful = None;
        Ok(())
    }

    async fn keep_sender(
        &self,
        change: &mut Transaction,
        sender: &HopSender,
        now: i64,
    ) -> Result<(), WriteError> {
        let sealed = self.sender_key.seal(sender, &SystemRandom).ok_or(WriteError::Key)?;
        query("INSERT INTO sender (hop, at, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(sender.hop.to_string())
            .bind(now)
            .bind(sealed)
            .execute(change)
            .await?;
        Ok(())
    }

    fn row(&self, entry: &Entry, seq: u64, at: i64, prev: Digest) -> Row {
        let keyed = |text: &String| {
            let mac = hmac_sha256(&self.address_key, &[text.to_lowercase().as_bytes()]);
            hex::encode(mac.get(..SHOWN_HASH_OCTETS).unwrap_or_default())
        };
        Row {
            v: VERSION,
            seq,
            at,
            op: entry.op.to_owned(),
            ticket: entry.ticket.as_deref().map(ticket_name),
            who: entry.who.iter().map(keyed).collect(),
            about: entry.about.clone(),
            result: entry.result.clone(),
            prev,
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the key of the log cannot be used")]
    Key,
}

/// The operation by which a removal is announced; its row names the last row that goes.
pub(super) const RETAIN: &str = "retain";

impl Writer {
    /// Removes rows that are older than a kept head from before `oldest`; that head says
    /// what the first row left is chained to. It is announced in the log first: rows that
    /// are missing at its beginning without that were taken away. Gives how many went.
    pub(crate) async fn retain(&self, oldest: OffsetDateTime) -> Result<u64, RetainError> {
        let heads: Vec<(i64, String)> =
            query("SELECT seq, head FROM head ORDER BY seq DESC").fetch_all(&self.database).await?;
        let (first,): (i64,) =
            query("SELECT COALESCE(MIN(seq), 0) FROM audit").fetch_one(&self.database).await?;
        let is_old = |text: &str| {
            serde_json::from_str::<Head>(text).is_ok_and(|head| head.at < oldest.unix_timestamp())
        };
        // The newest head goes with the next row, so it is none to be chained to.
        let Some((seq, _)) = heads.iter().skip(1).find(|(seq, text)| *seq >= first && is_old(text))
        else {
            return Ok(0);
        };
        let entry =
            Entry { result: "ok".to_owned(), about: Some(seq.to_string()), ..Entry::new(RETAIN) };
        self.append(entry).await?;
        let mut change = self.database.begin_write().await?;
        let removed = query("DELETE FROM audit WHERE seq <= ?")
            .bind(*seq)
            .execute(&mut change)
            .await?
            .rows_affected();
        query("DELETE FROM head WHERE seq < ?").bind(*seq).execute(&mut change).await?;
        change.commit().await?;
        Ok(removed)
    }
}

/// Old rows could not be removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RetainError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NotWritten(#[from] NotWritten),
}

/// SQLite's integers have a sign; a log never gets so long that it matters.
fn signed(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or_default()
}

#[cfg(test)]
mod tests;
