//! How much somebody has sent: the fates that are written anyway tell it, for all gateways
//! that share them.

use super::Journal;
use ssmax_store::{StoreError, query};

impl Journal {
    /// To how many recipients mail that `login` submitted has gone or is held, since this
    /// moment (seconds since 1970). What was refused reached nobody.
    pub(crate) async fn volume(&self, login: &str, since: i64) -> Result<u64, StoreError> {
        let (count,): (i64,) = query(
            "SELECT COUNT(*) FROM journal WHERE login = ? AND at >= ?
             AND direction = 'outbound' AND fate IN ('passed', 'held')",
        )
        .bind(login)
        .bind(since)
        .fetch_one(&self.database)
        .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
