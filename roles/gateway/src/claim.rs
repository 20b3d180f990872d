//! Who is being served just now: a mail that comes in two sessions at once is delivered
//! by one of them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is claimed: whose mail, which one, and for whom.
type Key = (String, String, String);

/// The claims of all sessions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims(Arc<Mutex<HashSet<Key>>>);

/// One session's claim; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    claims: Claims,
    key: Key,
}

impl Claims {
    /// Claims a recipient of a mail, unless another session has.
    ///
    /// What the tables tell is asked under the claim: asked before it, the other session
    /// could deliver in between.
    pub(crate) fn take(&self, whose: &str, mail: &str, recipient: &str) -> Option<Claim> {
        let key = (whose.to_owned(), mail.to_owned(), recipient.to_owned());
        self.lock().insert(key.clone()).then(|| Claim { claims: self.clone(), key })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.claims.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_alone_until_it_is_dropped() {
        let claims = Claims::default();
        let first = claims.take("B", "hop", "bob@b.example");
        assert!(first.is_some());
        assert!(claims.take("B", "hop", "bob@b.example").is_none());
        assert!(claims.take("C", "hop", "bob@b.example").is_some());
        drop(first);
        assert!(claims.take("B", "hop", "bob@b.example").is_some());
    }
}
