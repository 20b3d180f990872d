//! Who is being served just now: a mail that comes in two sessions at once is delivered
//! by one of them, also where the sessions are at two gateways that share their tables.

use ssmax_store::{Lock, Locks, StoreError};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is claimed: whose mail, which one, and for whom.
type Key = (String, String, String);

/// The claims of all sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    here: Arc<Mutex<HashSet<Key>>>,
    /// Those of the other gateways.
    shared: Option<Locks>,
}

/// One session's claim; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    // Given up first, so that who claims next in this process does not find it held.
    _shared: Option<Lock>,
    _here: Here,
}

#[derive(Debug)]
struct Here {
    claims: Claims,
    key: Key,
}

impl Claims {
    /// Claims among the sessions of this process, and of those that have the same locks.
    pub(crate) fn shared_by(shared: Option<Locks>) -> Self {
        Self { here: Arc::default(), shared }
    }

    /// Claims a recipient of a mail, unless another session has.
    ///
    /// What the tables tell is asked under the claim: asked before it, the other session
    /// could deliver in between.
    ///
    /// # Errors
    /// [`StoreError`] when it is not known whether another gateway has.
    pub(crate) async fn take(
        &self,
        whose: &str,
        mail: &str,
        recipient: &str,
    ) -> Result<Option<Claim>, StoreError> {
        let key = (whose.to_owned(), mail.to_owned(), recipient.to_owned());
        if !self.lock().insert(key.clone()) {
            return Ok(None);
        }
        let here = Here { claims: self.clone(), key };
        let Some(locks) = &self.shared else {
            return Ok(Some(Claim { _shared: None, _here: here }));
        };
        // None of the three has a line break.
        let name = [whose, mail, recipient].join("\n");
        let lock = locks.take(&name).await?;
        Ok(lock.map(|lock| Claim { _shared: Some(lock), _here: here }))
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        self.claims.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_free(claims: &Claims, whose: &str) -> Option<Claim> {
        claims.take(whose, "hop", "bob@b.example").await.unwrap()
    }

    #[tokio::test]
    async fn a_claim_is_alone_until_it_is_dropped() {
        let claims = Claims::default();
        let first = is_free(&claims, "B").await;
        assert!(first.is_some());
        assert!(is_free(&claims, "B").await.is_none());
        assert!(is_free(&claims, "C").await.is_some());
        drop(first);
        assert!(is_free(&claims, "B").await.is_some());
    }
}
