//! Held mails as the tables tell them.

use super::HoldStore;
use super::facts::{Facts, Held};
use ssmax_api::gateway::{EndedBy, HeldState};
use ssmax_store::{Row, StoreError, query};
use time::OffsetDateTime;

impl HoldStore {
    /// A mail by its name.
    pub(in crate::hold) async fn find(&self, id: &str) -> Result<Option<Held>, StoreError> {
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
    pub(in crate::hold) async fn list(&self, ended: bool) -> Result<Vec<Held>, StoreError> {
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
    pub(in crate::hold) async fn untold(
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
