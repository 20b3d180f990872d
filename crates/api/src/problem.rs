//! Why a request got no result.

use crate::person::PersonProblem;
use serde::{Deserialize, Serialize};
use ssmax_chain::Reason;

/// Why a request got no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Problem {
    /// The mail is refused for this reason; asking again gives the same.
    #[error("refused: {0}")]
    Refused(Reason),
    /// No ticket of this name, or it has expired.
    #[error("no such ticket")]
    NoTicket,
    /// The ticket does not allow this: another order of steps, another target, another
    /// key. Never happens between honest roles.
    #[error("the ticket does not allow this")]
    NotAllowed,
    /// The request itself cannot be read.
    #[error("the request is malformed")]
    Malformed,
    /// No such person, address or certificate.
    #[error("not found")]
    NotFound,
    /// It exists already.
    #[error("exists already")]
    Exists,
    /// The person who has signed for it is not believed, and why.
    #[error("not by the word of who may decide: {0}")]
    NotBelieved(PersonProblem),
    /// The person or role was here, and its rights have ended.
    #[error("revoked")]
    Ended,
    /// The address was another person's, and rests or was not asked for as such.
    #[error("an address is kept for who had it")]
    AddressKept,
    /// Identity was proved less well than at registration.
    #[error("the proof of identity is weaker than the one at registration")]
    ProofTooWeak,
    /// Something needed is down; later may help.
    #[error("failed, later may help")]
    Failed,
}
