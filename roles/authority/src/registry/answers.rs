//! What members were answered. An answer is a file that people carry, and files get lost;
//! the keys in it cannot be certified a second time.

use ssmax_federation::admission::Admission;
use ssmax_store::{Transaction, query};
use time::OffsetDateTime;

use super::{Registry, time_text};
use crate::error::AuthorityError;

/// SHA-256 of what was asked, without what differs each time somebody signs the same.
pub(crate) type Asked = [u8; 32];

/// What a member asked for was done, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer.
    pub admission: Admission,
    /// Whether it was given before: then nothing has changed now, and it is the same,
    /// octet for octet.
    pub is_repeat: bool,
}

impl Answered {
    pub(crate) fn now(admission: Admission) -> Self {
        Self { admission, is_repeat: false }
    }
}

impl Registry {
    /// The answer that was given to the same request, if there was one.
    pub(crate) async fn answered(&self, asked: &Asked) -> Result<Option<Answered>, AuthorityError> {
        let text: Option<String> = query("SELECT answer FROM answer WHERE asked = ?")
            .bind(asked.as_slice())
            .fetch_optional(&self.database)
            .await?;
        let Some(text) = text else { return Ok(None) };
        let admission =
            Admission::from_json(text.as_bytes()).map_err(|_| AuthorityError::Damaged)?;
        Ok(Some(Answered { admission, is_repeat: true }))
    }
}

/// Keeps an answer, within the change that it tells of.
pub(super) async fn keep_answer(
    transaction: &mut Transaction,
    asked: &Asked,
    admission: &Admission,
    at: OffsetDateTime,
) -> Result<(), AuthorityError> {
    query("INSERT INTO answer (asked, member, answer, at) VALUES (?, ?, ?, ?)")
        .bind(asked.as_slice())
        .bind(&admission.id)
        .bind(admission.to_json())
        .bind(time_text(at)?)
        .execute(transaction)
        .await?;
    Ok(())
}
