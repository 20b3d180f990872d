//! What the gateway is asked by officers, about mail that waits for a person.

use crate::person::SignedRequest;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use ssmax_chain::{Digest, Reason};
use ssmax_inspection::{Finding, Outcome};

/// Over the gateway's socket for officers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum OfficerRequest {
    /// The mails that are held, oldest first. Answered by `Vec<HeldMail>`.
    List {
        /// Also those that were released, deleted or have expired, as long as they are
        /// remembered.
        ended: bool,
    },
    /// One mail without its content. Answered by [`HeldMail`].
    Show {
        /// Its name.
        id: String,
    },
    /// One mail encrypted for a reviewer; logged. Answered by the mail, a `ByteBuf`.
    Review {
        /// Its name.
        id: String,
        /// The officer's decision.
        decision: SignedRequest,
        /// The reviewer's encryption certificate, DER.
        #[serde(with = "serde_bytes")]
        certificate: Vec<u8>,
    },
    /// Sends a mail on, judged anew; logged. Answered by [`Released`].
    Release {
        /// Its name.
        id: String,
        /// The officer's decision.
        decision: SignedRequest,
    },
    /// Gives a mail up; logged. Answered by [`HeldMail`].
    Delete {
        /// Its name.
        id: String,
        /// The officer's decision.
        decision: SignedRequest,
    },
}

/// The mail for a reviewer.
pub type ReviewMail = ByteBuf;

/// How far a held mail has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeldState {
    /// It waits.
    Held,
    /// An officer released it, and every recipient has it.
    Released,
    /// An officer gave it up.
    Deleted,
    /// Nobody decided in time.
    Expired,
}

impl HeldState {
    /// The word in JSON and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Released => "released",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
        }
    }

    /// The state of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Held, Self::Released, Self::Deleted, Self::Expired]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// A held mail without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldMail {
    /// Its name: 16 hexadecimal digits.
    pub id: String,
    /// How far it has come.
    pub state: HeldState,
    /// Since when it is held, in seconds since 1970.
    pub at: i64,
    /// When it expires.
    pub expires: i64,
    /// "outbound" or "inbound".
    pub direction: String,
    /// The envelope sender.
    pub mail_from: String,
    /// The address in From.
    pub from: String,
    /// Whether the sender is known by a login or by the chain.
    pub sender_verified: bool,
    /// The recipients who have not got it.
    pub recipients: Vec<String>,
    /// Those whom a release has reached.
    pub released_to: Vec<String>,
    /// The Message-ID.
    pub message_id: String,
    /// The step that stopped it.
    pub stage: String,
    /// Why, as for the own people.
    pub reason: Reason,
    /// Hold or block: the latter is released by an override only.
    pub outcome: Outcome,
    /// What was found, masked.
    pub findings: Vec<Finding>,
    /// Whether the sender encrypted it as a whole; files in it may be encrypted all the same.
    pub encrypted: bool,
    /// Octets of the mail.
    pub bytes: u64,
    /// By what the keyserver knows the mail: an officer decides about no other. Not known
    /// of what an earlier build kept, until it is shown to a reviewer.
    pub digest: Option<Digest>,
    /// Whether what is known of it can be read. Else only name, times and size are true.
    pub readable: bool,
    /// Who ended it and why, when an officer did.
    pub ended_by: Option<EndedBy>,
}

/// The officer who ended a held mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedBy {
    /// The name.
    pub officer: String,
    /// Why.
    pub reason: String,
}

/// What a release has come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// The state now: still held if a recipient could not be served.
    pub state: HeldState,
    /// Whether it had ended before, so that nothing was done.
    pub ended_before: bool,
    /// What became of the mail for each recipient now.
    pub fates: Vec<ReleasedTo>,
}

/// One recipient of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedTo {
    /// The address.
    pub recipient: String,
    /// "passed", "repeated" or "refused".
    pub fate: String,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// The next hop's answer, or ours.
    pub reply: String,
}
