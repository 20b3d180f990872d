//! What the inspector's workers ask the keyserver, and what they are answered and report.
//! Every answer is bound to the ticket of the mail that a worker has.

use super::{FreshForm, StatedMail};
use crate::TicketId;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::{Digest, HopId};
use ssmax_inspection::{Direction, Outcome};

/// Over the keyserver's socket for the inspector.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InspectorRequest {
    /// The ticket of the mail being inspected.
    pub ticket: TicketId,
    /// What is asked.
    pub ask: WorkerAsk,
}

/// What a worker asks; every answer is bound to its ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum WorkerAsk {
    /// The content keys, sealed to the worker's own key. Once per ticket. Answered by
    /// [`Released`].
    Release {
        /// The worker's public key, SPKI DER, P-256.
        #[serde(with = "serde_bytes")]
        worker: Vec<u8>,
    },
    /// As [`WorkerAsk::Release`], at an ESP and for its own users' mail only: what the
    /// worker gets serves to check the sender's signature, and a worker that got content
    /// keys may say [`WorkerAsk::Verified`] and nothing else. Answered by [`Released`].
    VerifySubmission {
        /// The worker's public key, SPKI DER, P-256.
        #[serde(with = "serde_bytes")]
        worker: Vec<u8>,
    },
    /// What a verification found, signed by the key given at
    /// [`WorkerAsk::VerifySubmission`]. Answered by `()`.
    Verified {
        /// [`crate::verified::VerifiedSubmission`], of one size whatever was found.
        #[serde(with = "serde_bytes")]
        answer: Vec<u8>,
        /// ECDSA-SHA-256 over [`crate::verified::VERIFIED_LABEL`], the ticket and the answer.
        #[serde(with = "serde_bytes")]
        signature: Vec<u8>,
    },
    /// The worker's finding, signed by the key it gave at release. Answered by `()`.
    Verdict {
        /// [`VerdictBody`] as CBOR.
        #[serde(with = "serde_bytes")]
        body: Vec<u8>,
        /// ECDSA-SHA-256 over [`VERDICT_LABEL`] and body.
        #[serde(with = "serde_bytes")]
        signature: Vec<u8>,
    },
    /// Adds a part that the worker encrypted freshly. Answered by `()`.
    EncryptFresh {
        /// Its form.
        form: FreshForm,
        /// Its tail.
        tail: Digest,
        /// Its content key, as a RecipientInfo for [`Released::reply_key`].
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// A seal over the content for one recipient. Answered by [`Seal`].
    Seal {
        /// The recipient.
        recipient: String,
        /// SHA-256 of the content entity.
        entity: Digest,
        /// Digest over the covered header fields as they will be delivered.
        headers: Digest,
    },
    /// A list's signature over new mail that it makes of a mail which passed. Answered by
    /// the detached SignedData, DER.
    SignPost {
        /// The list, a recipient of the mail.
        list: String,
        /// SHA-256 of the new content entity.
        entity: Digest,
    },
    /// The RecipientInfo for our own submission key of a list's new mail. Answered by
    /// `Vec<ByteBuf>`.
    EncryptPost {
        /// The list.
        list: String,
        /// The tail of the new mail.
        tail: Digest,
        /// Its content key, as a RecipientInfo for [`Released::reply_key`].
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// RecipientInfos of each file of a mail in attachment mode, for one recipient and the
    /// archive. Answered by `Vec<Vec<ByteBuf>>`, in the order of the files.
    RewrapTo {
        /// The recipient.
        recipient: String,
    },
    /// The RecipientInfo of a mail for a recipient outside the federation, by a certificate
    /// that the keyserver looks up. Answered by a `ByteBuf`.
    EncryptOutside {
        /// The recipient.
        recipient: String,
        /// The tail of the mail.
        tail: Digest,
        /// Its content key, as a RecipientInfo for [`Released::reply_key`].
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
    /// RecipientInfos of a sealed mail for one recipient and the archive. Answered by
    /// `Vec<ByteBuf>`.
    EncryptTo {
        /// The recipient.
        recipient: String,
        /// The tail of the sealed mail.
        tail: Digest,
        /// Its content key, as a RecipientInfo for [`Released::reply_key`].
        #[serde(with = "serde_bytes")]
        key: Vec<u8>,
    },
}

impl WorkerAsk {
    /// As [`super::GatewayRequest::is_repeatable`].
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        matches!(self, Self::Seal { .. } | Self::RewrapTo { .. } | Self::EncryptTo { .. })
    }
}

/// What a worker gets for its ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// For each part its path and a RecipientInfo for the worker's key
    /// (ukm: `binding::release_ukm(ticket, "worker", tail)`).
    pub keys: Vec<(String, ByteBuf)>,
    /// Where the worker sends content keys it made: SPKI DER, P-256, of this ticket
    /// only (ukm: `binding::release_ukm(ticket, "keyserver", tail)`).
    #[serde(with = "serde_bytes")]
    pub reply_key: Vec<u8>,
    /// The direction.
    pub direction: Direction,
    /// Which mail it is, where a submission statement says it.
    pub body: Option<StatedMail>,
    /// What the sending organisation signed, for a mail that came over the chain.
    pub announced: Option<AnnouncedMail>,
    /// Who may have signed the content.
    pub signer: ExpectedSigner,
    /// The anchors under which a sender's certificate must lie.
    pub anchors: Vec<ByteBuf>,
    /// Certificates that may be needed on the way.
    pub intermediates: Vec<ByteBuf>,
    /// The own seal CA: nothing it signed enters or leaves.
    #[serde(with = "serde_bytes")]
    pub seal_ca: Vec<u8>,
    /// When the content was signed at the latest, for the sender's path: seconds since
    /// 1970.
    pub at: i64,
}

/// The octets that the sending organisation signed, as digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedMail {
    /// SHA-256 of the signed entity.
    pub content: Digest,
    /// Digest over the covered header fields.
    pub headers: Digest,
}

/// Who must have signed the content, and what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpectedSigner {
    /// An own user: From, whose certificates these are (SHA-256 each).
    OwnUser {
        /// The From address.
        from: String,
        /// The certificates.
        certificates: Vec<Digest>,
    },
    /// Another member's user, as its organisation says.
    Announced {
        /// The From address.
        from: String,
        /// SHA-256 of the SignerInfo.
        si: Digest,
        /// SHA-256 of the certificate.
        certificate: Digest,
        /// SHA-256 of the content entity.
        entity: Digest,
    },
    /// Nobody: a mail from outside, in clear.
    Anybody,
}

/// What a worker signs before a verdict's octets: it keeps these signatures apart from
/// any other use of its key.
pub const VERDICT_LABEL: &[u8] = b"SSMAX1-verdict\0";

/// A worker's finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictBody {
    /// The ticket.
    pub ticket: TicketId,
    /// The outcome.
    pub outcome: Outcome,
    /// For each opened part: path, tail as the worker computed it, kcv of its key.
    pub parts: Vec<(String, Digest, Digest)>,
    /// SHA-256 of the content entity, where there is one signed.
    pub entity: Option<Digest>,
    /// The sender's signature, where there is one.
    pub signer: Option<InnerSigner>,
    /// SHA-256 of the entity that was made out of a mail in attachment mode, where one
    /// was: the signed entity and the decrypted files.
    pub derived: Option<Digest>,
    /// The hop that the sender says to continue.
    pub prev: Option<HopId>,
    /// The rules that fired, for the log.
    pub rules: Vec<String>,
}

impl VerdictBody {
    /// That the mail of a ticket is stopped, with nothing known of what is in it.
    #[must_use]
    pub fn stopped(ticket: TicketId) -> Self {
        Self {
            ticket,
            outcome: Outcome::Block,
            parts: vec![],
            entity: None,
            signer: None,
            derived: None,
            prev: None,
            rules: vec![],
        }
    }
}

/// The sender's signature as the worker verified it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InnerSigner {
    /// SHA-256 of the SignerInfo without unsigned attributes.
    pub si: Digest,
    /// The certificate.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// The detached SignedData, for the evidence.
    #[serde(with = "serde_bytes")]
    pub signed_data: Vec<u8>,
}

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// Detached SignedData, DER.
    #[serde(with = "serde_bytes")]
    pub signed_data: Vec<u8>,
    /// The class it states.
    pub class: MailClass,
    /// How it says the sender is known.
    pub sender: ssmax_chain::seal_record::ShownAssertion,
}
