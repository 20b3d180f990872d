//! The deltas that were published.

use ssmax_store::query;

use super::Registry;
use crate::error::AuthorityError;

/// How many deltas are kept. Who has been away for longer fetches the whole list.
const KEPT: u32 = 1000;

impl Registry {
    /// The version published last before, if one was.
    pub(crate) async fn published(&self) -> Result<Option<u64>, AuthorityError> {
        let version: i64 = query("SELECT published FROM list").fetch_one(self.database()).await?;
        let version = u64::try_from(version).map_err(|_| AuthorityError::Damaged)?;
        Ok((version > 0).then_some(version))
    }

    /// The ids of the members whose entries have changed since a version.
    pub(crate) async fn changed_since(&self, version: u64) -> Result<Vec<String>, AuthorityError> {
        let ids = query("SELECT id FROM member WHERE changed > ? ORDER BY id")
            .bind(number(version)?)
            .fetch_all(self.database())
            .await?;
        Ok(ids.into_iter().map(|(id,): (String,)| id).collect())
    }

    /// Writes down that `version` is published, with the delta that leads there from
    /// the one before. If another process has published meanwhile, its delta stays: each
    /// version has one successor, whoever asks.
    pub(crate) async fn set_published(
        &self,
        version: u64,
        delta: Option<(u64, &[u8])>,
    ) -> Result<(), AuthorityError> {
        let version = number(version)?;
        let mut transaction = self.database().begin_write().await?;
        if let Some((previous, signed)) = delta {
            query(
                "INSERT INTO delta (previous, version, signed) VALUES (?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )
            .bind(number(previous)?)
            .bind(version)
            .bind(signed)
            .execute(&mut transaction)
            .await?;
            query(
                "DELETE FROM delta WHERE previous NOT IN
                 (SELECT previous FROM delta ORDER BY previous DESC LIMIT ?)",
            )
            .bind(i64::from(KEPT))
            .execute(&mut transaction)
            .await?;
        }
        query("UPDATE list SET published = ? WHERE published < ?")
            .bind(version)
            .bind(version)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The signed delta that leads on from a version.
    pub(crate) async fn delta(&self, from: u64) -> Result<Option<Vec<u8>>, AuthorityError> {
        let query = query("SELECT signed FROM delta WHERE previous = ?").bind(number(from)?);
        Ok(query.fetch_optional(self.database()).await?)
    }

    /// Every delta that is kept, with the version that it leads on from.
    pub(crate) async fn deltas(&self) -> Result<Vec<(u64, Vec<u8>)>, AuthorityError> {
        let rows: Vec<(i64, Vec<u8>)> =
            query("SELECT previous, signed FROM delta").fetch_all(self.database()).await?;
        let known = |(previous, signed): (i64, Vec<u8>)| {
            u64::try_from(previous)
                .map(|previous| (previous, signed))
                .map_err(|_| AuthorityError::Damaged)
        };
        rows.into_iter().map(known).collect()
    }
}

fn number(version: u64) -> Result<i64, AuthorityError> {
    i64::try_from(version).map_err(|_| AuthorityError::Damaged)
}
