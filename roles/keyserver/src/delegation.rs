//! Who may write in whose name, and until when.

use crate::state::{Keyserver, failed};
use ssmax_api::Problem;
use ssmax_api::keyserver::Delegation;
use ssmax_store::query;

impl Keyserver {
    /// Takes a delegation, or another end of one.
    pub(crate) async fn delegate(&self, delegation: &Delegation) -> Result<(), Problem> {
        for user in [&delegation.owner, &delegation.actor] {
            self.person(user).await?.ok_or(Problem::NotFound)?;
        }
        query(
            "INSERT INTO delegation (owner, actor, until) VALUES (?, ?, ?)
             ON CONFLICT (owner, actor) DO UPDATE SET until = excluded.until",
        )
        .bind(&delegation.owner)
        .bind(&delegation.actor)
        .bind(delegation.until)
        .execute(&self.database)
        .await
        .map_err(failed)?;
        Ok(())
    }

    /// Ends a delegation.
    pub(crate) async fn end_delegation(&self, owner: &str, actor: &str) -> Result<(), Problem> {
        let ended = query("DELETE FROM delegation WHERE owner = ? AND actor = ?")
            .bind(owner)
            .bind(actor)
            .execute(&self.database)
            .await
            .map_err(failed)?;
        if ended.rows_affected() == 0 { Err(Problem::NotFound) } else { Ok(()) }
    }

    /// Those that have not ended.
    pub(crate) async fn list_delegations(&self) -> Result<Vec<Delegation>, Problem> {
        let rows: Vec<(String, String, i64)> = query(
            "SELECT owner, actor, until FROM delegation WHERE until > ? ORDER BY owner, actor",
        )
        .bind(Self::now().unix_timestamp())
        .fetch_all(&self.database)
        .await
        .map_err(failed)?;
        Ok(rows
            .into_iter()
            .map(|(owner, actor, until)| Delegation { owner, actor, until })
            .collect())
    }

    /// Whether `actor` may write in the owner's name now.
    pub(crate) async fn may_act_for(&self, owner: &str, actor: &str) -> Result<bool, Problem> {
        let row: Option<(i64,)> =
            query("SELECT until FROM delegation WHERE owner = ? AND actor = ? AND until > ?")
                .bind(owner)
                .bind(actor)
                .bind(Self::now().unix_timestamp())
                .fetch_optional(&self.database)
                .await
                .map_err(failed)?;
        Ok(row.is_some())
    }
}
