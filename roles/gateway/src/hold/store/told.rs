//! Who was told of what.

use super::HoldStore;
use ssmax_store::{StoreError, query};
use time::OffsetDateTime;

impl HoldStore {
    /// Whether people were told as far as `told`, or there is nothing more to tell.
    pub(in crate::hold) async fn is_told(&self, id: &str, told: i64) -> Result<bool, StoreError> {
        let so_far: Option<i64> = query("SELECT told FROM held WHERE id = ? AND state = 'held'")
            .bind(id)
            .fetch_optional(&self.database)
            .await?;
        Ok(so_far.is_none_or(|so_far| so_far >= told))
    }

    /// Remembers how far people were told.
    pub(in crate::hold) async fn told(&self, id: &str, told: i64) -> Result<(), StoreError> {
        query("UPDATE held SET told = ? WHERE id = ? AND told < ?")
            .bind(told)
            .bind(id)
            .bind(told)
            .execute(&self.database)
            .await?;
        Ok(())
    }

    /// How many notices an address got since a moment; older ones are forgotten.
    pub(in crate::hold) async fn notices(
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
    pub(in crate::hold) async fn noticed(
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
}
