//! Who may write in whose name. The keyserver keeps the records, since it alone acts on
//! them; here names become people.

use crate::serve::{Ca, failed};
use ssmax_api::Problem;
use ssmax_api::ca::AccountKind;
use ssmax_api::keyserver::{CaRequest, Delegation};
use ssmax_store::query;
use time::{Duration, OffsetDateTime};

/// The longest that anybody may write in another's name before it is looked at again, in
/// days.
const MAX_DAYS: i64 = 825;

impl Ca {
    /// Lets a person write in the name of another or of a shared mailbox.
    pub(crate) async fn delegate(
        &self,
        owner: &str,
        actor: &str,
        until: i64,
    ) -> Result<(), Problem> {
        let (owner, owner_kind) = self.active_account(owner).await?;
        let (actor, actor_kind) = self.active_account(actor).await?;
        // Who writes has to log in, and a role's name is for machines only.
        let may = matches!(owner_kind, AccountKind::Person | AccountKind::Shared)
            && actor_kind == AccountKind::Person
            && owner != actor;
        let now = OffsetDateTime::now_utc();
        let latest = (now + Duration::days(MAX_DAYS)).unix_timestamp();
        if !may || until <= now.unix_timestamp() || until > latest {
            return Err(Problem::Malformed);
        }
        let delegation = Delegation { owner: owner.clone(), actor: actor.clone(), until };
        self.ask_keyserver::<()>(&CaRequest::Delegate(delegation)).await?;
        tracing::warn!(%owner, %actor, until, "somebody may write in another's name");
        Ok(())
    }

    /// Ends that.
    pub(crate) async fn end_delegation(&self, owner: &str, actor: &str) -> Result<(), Problem> {
        let (owner, _) = self.active_account(owner).await?;
        let (actor, _) = self.active_account(actor).await?;
        let request = CaRequest::EndDelegation { owner: owner.clone(), actor: actor.clone() };
        self.ask_keyserver::<()>(&request).await?;
        tracing::warn!(%owner, %actor, "somebody may no longer write in another's name");
        Ok(())
    }

    /// All that have not ended.
    pub(crate) async fn list_delegations(&self) -> Result<Vec<Delegation>, Problem> {
        self.ask_keyserver(&CaRequest::ListDelegations).await
    }

    async fn active_account(&self, name: &str) -> Result<(String, AccountKind), Problem> {
        let user = self.account(name).await?;
        let (kind,): (String,) = query("SELECT kind FROM person WHERE user = ?")
            .bind(&user)
            .fetch_one(&self.database)
            .await
            .map_err(failed)?;
        let kind = AccountKind::from_word(&kind).ok_or_else(|| failed("an unknown kind"))?;
        Ok((user, kind))
    }
}
