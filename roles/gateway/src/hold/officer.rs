//! What `ssmax hold` asks, over `gateway.officer.sock`.

use super::object::failed;
use super::release::Release;
use crate::gateway::Gateway;
use serde_bytes::ByteBuf;
use ssmax_api::gateway::{EndedBy, HeldMail, HeldState, OfficerRequest};
use ssmax_api::{Answer, Problem, encode};
use ssmax_inspection::Outcome;

/// The longest name of an officer and the longest reason, in octets.
const MAX_WORDS_BYTES: usize = 1000;

/// Answers an officer.
pub(crate) async fn answer(gateway: &Gateway, request: OfficerRequest) -> Answer {
    match request {
        OfficerRequest::List { ended } => encode(gateway.list_held(ended).await),
        OfficerRequest::Show { id } => encode(gateway.show_held(&id).await),
        OfficerRequest::Review { id, officer, certificate } => encode(
            match named(&officer, "") {
                Ok(()) => gateway.review_held(&id, &officer, &certificate).await,
                Err(problem) => Err(problem),
            }
            .map(ByteBuf::from),
        ),
        OfficerRequest::Release { id, officer, reason, override_block } => {
            if let Err(problem) = named(&officer, &reason) {
                return encode::<()>(Err(problem));
            }
            let tolerate = if override_block { Outcome::Block } else { Outcome::Hold };
            encode(gateway.release_held(&id, Release { officer, reason, tolerate }).await)
        }
        OfficerRequest::Delete { id, officer, reason } => {
            encode(gateway.delete_held(&id, officer, reason).await)
        }
    }
}

impl Gateway {
    async fn list_held(&self, ended: bool) -> Result<Vec<HeldMail>, Problem> {
        let found = self.hold.list(ended).await.map_err(failed)?;
        Ok(found.iter().map(super::store::Held::shown).collect())
    }

    async fn show_held(&self, id: &str) -> Result<HeldMail, Problem> {
        let found = self.hold.find(id).await.map_err(failed)?.ok_or(Problem::NotFound)?;
        Ok(found.shown())
    }

    /// Gives a mail up. Its octets are gone afterwards; who did it and why stays known.
    async fn delete_held(
        &self,
        id: &str,
        officer: String,
        reason: String,
    ) -> Result<HeldMail, Problem> {
        named(&officer, &reason)?;
        if reason.trim().is_empty() {
            return Err(Problem::NotAllowed);
        }
        let _claim = self.claims.take("held", id, "").ok_or(Problem::Exists)?;
        let held = self.hold.find(id).await.map_err(failed)?.ok_or(Problem::NotFound)?;
        let by = EndedBy { officer, reason };
        if self.hold.end(id, HeldState::Deleted, Some(&by)).await.map_err(failed)? {
            tracing::warn!(
                held.id = %id, officer = %by.officer, why = %by.reason,
                "an officer has deleted a held mail",
            );
            self.write_end(&held, "deleted").await;
        }
        self.show_held(id).await
    }
}

/// An officer has a name, and what they write is one line of bounded length.
fn named(officer: &str, reason: &str) -> Result<(), Problem> {
    let well = |word: &str| word.len() <= MAX_WORDS_BYTES && !word.contains(char::is_control);
    if officer.trim().is_empty() || !well(officer) || !well(reason) {
        return Err(Problem::Malformed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_decides_without_a_name_or_in_more_than_one_line() {
        assert_eq!(named("hanako", "looked at"), Ok(()));
        assert_eq!(named(" ", "looked at"), Err(Problem::Malformed));
        assert_eq!(named("hanako", "a\nb"), Err(Problem::Malformed));
        let longest = "x".repeat(MAX_WORDS_BYTES);
        assert_eq!(named("hanako", &longest), Ok(()));
        assert_eq!(named("hanako", &format!("{longest}x")), Err(Problem::Malformed));
    }
}
