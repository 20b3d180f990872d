//! What the gateway asks the keyserver about mail that waits for an officer.

use crate::TicketId;
use serde::{Deserialize, Serialize};
use ssmax_chain::Digest;

/// A held mail as the gateway keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldObject {
    /// The name of the held mail.
    pub id: String,
    /// The tail of the object it is encrypted in.
    pub tail: Digest,
    /// That object's RecipientInfo, DER.
    #[serde(with = "serde_bytes")]
    pub recipient: Vec<u8>,
}

/// Opens a held mail for its gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenHeld {
    /// The mail.
    pub held: HeldObject,
    /// The nonce of the decision that it is opened for.
    pub decision: String,
    /// The gateway's key, SPKI DER, P-256.
    #[serde(with = "serde_bytes")]
    pub to: Vec<u8>,
}

/// Shows a held mail to a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReleaseForReview {
    /// Which ciphertext.
    pub what: Reviewed,
    /// The nonce of the decision that it is shown for.
    pub decision: String,
    /// The reviewer's encryption certificate, DER: an own person's.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
}

/// Who has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The officer, as others know the person.
    pub officer: String,
    /// The user id.
    pub user: String,
    /// The person's addresses: nobody releases mail of their own.
    pub addresses: Vec<String>,
}

/// What is shown to a reviewer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Reviewed {
    /// The held object itself: the mail came in clear.
    Held(HeldObject),
    /// The encrypted part of a mail that was admitted anew, and that an inspection here
    /// has stopped before.
    Part(TicketId),
}
