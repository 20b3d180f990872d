//! What the keyserver is asked. No ticket, no use of a key.
//! Specification: `spec/keyserver.md`.

mod held;
mod people;
mod worker;

pub use crate::ticket_name;
pub use held::{Decided, HeldObject, OpenHeld, ReleaseForReview, Reviewed};
pub use people::{
    CaRequest, Delegation, ERASED, MAX_ERASED, MAX_PEOPLE, PrivateKey, RelayKeys, UserKeys,
    UserRecord,
};
pub use worker::{
    AnnouncedMail, ExpectedSigner, InnerSigner, InspectorRequest, Released, Seal, VERDICT_LABEL,
    VerdictBody, WorkerAsk,
};

use crate::TicketId;
use crate::person::SignedRequest;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use ssmax_chain::held_decision::HeldDecision;
use ssmax_chain::seal_record::MailClass;
use ssmax_chain::statement::SignedStatement;
use ssmax_chain::{Digest, HopId};

/// An encrypted part as found in a mail, offered for a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedPart {
    /// Where it stands, as "1"; the whole mail is "".
    pub path: String,
    /// Its RecipientInfos, each DER, in encoded order.
    pub recipients: Vec<ByteBuf>,
    /// Its tail.
    pub tail: Digest,
    /// The content cipher, as "aes256-cbc" (`ContentCipher::name`).
    pub cipher: String,
}

/// How a mail comes from its sender (hop 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// (a) encrypted to the own organisation around a signature.
    Enveloped,
    /// (b), (c) signed in clear.
    Signed,
    /// (d) unsigned: the keyserver signs for the person.
    Unsigned,
    /// (e) attachment mode: signed in clear, each file encrypted by itself.
    Attachments,
    /// (f) automatic, without a login: the keyserver signs for the organisation, under
    /// a role address.
    System,
}

impl Form {
    /// Whether something in the mail is encrypted, so that a key is used for it.
    #[must_use]
    pub fn is_encrypted(self) -> bool {
        matches!(self, Self::Enveloped | Self::Attachments)
    }
}

/// Over the keyserver's socket for the gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum GatewayRequest {
    /// Opens a ticket for a mail of an own user. Answered by [`OutboundTicket`].
    AdmitOutbound(Box<AdmitOutbound>),
    /// Opens a ticket for a mail of another member. Answered by [`InboundAnswer`].
    AdmitInbound(Box<AdmitInbound>),
    /// As `AdmitInbound`, for a mail that was held here and that an officer releases: its
    /// age is judged by when this keyserver first saw it stopped. Answered by
    /// [`InboundTicket`].
    ReadmitInbound(Box<AdmitInbound>),
    /// Opens a ticket to inspect a mail that came in clear from outside the
    /// federation: no key, no seal. Answered by `TicketId`.
    AdmitOutside {
        /// The envelope recipients.
        recipients: Vec<String>,
    },
    /// Signs a content entity with the submitter's server-held key (form (d)).
    /// Answered by the detached SignedData, DER.
    SignUser {
        /// The ticket.
        ticket: TicketId,
        /// SHA-256 of the content entity.
        entity: Digest,
    },
    /// Makes one copy for one member: new RecipientInfos for the ticket's part and the
    /// sealed record. Answered by [`MemberCopy`].
    Rewrap {
        /// The ticket.
        ticket: TicketId,
        /// The receiving member.
        to_org: String,
        /// Whom of the envelope this copy is for.
        recipients: Vec<String>,
        /// Which part: the submitted one, or one that a worker made fresh.
        tail: Digest,
    },
    /// RecipientInfos for one recipient here of a mail that is preserved: the sender's
    /// ciphertext, or what a worker encrypted freshly, goes to them as it is. Answered by
    /// [`RecipientCopy`].
    Preserve {
        /// The ticket.
        ticket: TicketId,
        /// The recipient, in the envelope and here.
        recipient: String,
        /// Which part.
        tail: Digest,
    },
    /// As `Rewrap`, for a mail in attachment mode: new RecipientInfos for all its files.
    /// Answered by [`FilesCopy`].
    RewrapFiles {
        /// The ticket.
        ticket: TicketId,
        /// The receiving member.
        to_org: String,
        /// Whom of the envelope this copy is for.
        recipients: Vec<String>,
    },
    /// Signs a copy for its way. Answered by the detached SignedData, DER.
    SignHop {
        /// The ticket.
        ticket: TicketId,
        /// The copy.
        id: HopId,
        /// SHA-256 of the multipart/mixed entity.
        content: Digest,
        /// SHA-256 over the RecipientInfos of the copy is built by the keyserver; these
        /// are the outer header fields.
        headers: Digest,
        /// The Message-ID.
        message_id: String,
    },
    /// An officer decides about a held mail: a
    /// [`ssmax_chain::held_decision::HeldDecision`] with the officer's signature. What the
    /// three below do, they do for such a decision. Answered by [`Decided`].
    Decide(Box<SignedRequest>),
    /// Lets a mail pass whose release an officer has decided, although an inspection stops
    /// it. Before its keys are released; logged. Answered by `()`.
    Tolerate {
        /// The ticket.
        ticket: TicketId,
        /// The name of the held mail.
        held: String,
        /// The nonce of the decision.
        decision: String,
    },
    /// The public key that the gateway encrypts held mail with. Answered by its SPKI, DER.
    HoldKey,
    /// The content key of a held mail, for the gateway's own key made for this once
    /// (ukm: `binding::release_ukm(id, "held", tail)`); logged. Answered by a
    /// RecipientInfo, DER.
    OpenHeld(Box<OpenHeld>),
    /// A held mail's content keys for an officer who reviews it; logged. Answered by a
    /// RecipientInfo, DER.
    ReleaseForReview(Box<ReleaseForReview>),
    /// Ends a ticket whose mail has its fate: its keys are forgotten at once. Answered by
    /// `()`.
    Close {
        /// The ticket.
        ticket: TicketId,
    },
    /// What people are to be told about opened archive copies. Answered by
    /// `Vec<ArchiveNotice>` ([`crate::archive::ArchiveNotice`]), the oldest first.
    ArchiveNotices,
    /// A notice has its end: the next hop took it, or refused it for good. Answered by `()`.
    NoticeEnded {
        /// Its number.
        id: i64,
        /// Whether it was taken.
        delivered: bool,
    },
    /// Installs a member list: the keyserver checks signature, version and time itself.
    /// Answered by [`ListInstalled`].
    InstallList {
        /// The signed list.
        #[serde(with = "serde_bytes")]
        list: Vec<u8>,
        /// Bodies of certificates that were missing; kept if the list names their hash.
        certificates: Vec<ByteBuf>,
    },
    /// Brings the member list in force forward to a checkpoint; again the keyserver checks
    /// all of it itself. Answered by [`ListInstalled`].
    AdvanceList {
        /// The signed checkpoint.
        #[serde(with = "serde_bytes")]
        checkpoint: Vec<u8>,
        /// Signed deltas that lead there, in their order; none if the version is the same.
        deltas: Vec<ByteBuf>,
        /// As with [`GatewayRequest::InstallList`].
        certificates: Vec<ByteBuf>,
    },
    /// What the keyserver keeps of the list over a restart. Answered by
    /// `Option<KeptList>`.
    KeptList,
}

impl GatewayRequest {
    /// The ticket that it is about; admissions have none yet.
    #[must_use]
    pub fn ticket(&self) -> Option<&TicketId> {
        match self {
            Self::SignUser { ticket, .. }
            | Self::Rewrap { ticket, .. }
            | Self::Preserve { ticket, .. }
            | Self::RewrapFiles { ticket, .. }
            | Self::SignHop { ticket, .. }
            | Self::Tolerate { ticket, .. }
            | Self::Close { ticket } => Some(ticket),
            _ => None,
        }
    }

    /// The nonce of the officer's decision that it is for.
    #[must_use]
    pub fn decision(&self) -> Option<String> {
        match self {
            Self::Decide(signed) => HeldDecision::parse(&signed.json).ok().map(|one| one.nonce),
            Self::Tolerate { decision, .. } => Some(decision.clone()),
            Self::OpenHeld(open) => Some(open.decision.clone()),
            Self::ReleaseForReview(review) => Some(review.decision.clone()),
            _ => None,
        }
    }

    /// Whether asking the same again, after a connection was lost, gives the same answer
    /// and does nothing twice.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        matches!(
            self,
            Self::SignUser { .. }
                | Self::Rewrap { .. }
                | Self::RewrapFiles { .. }
                | Self::Preserve { .. }
                | Self::SignHop { .. }
        )
    }
}

/// A mail of an own user.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AdmitOutbound {
    /// The submission service's word.
    pub statement: SignedStatement,
    /// The form.
    pub form: Form,
    /// The encrypted parts.
    pub parts: Vec<OfferedPart>,
    /// With a statement of an MTA's submission service, which is not the gateway's: what
    /// the gateway has before it.
    #[serde(default)]
    pub received: Option<Received>,
}

/// What a statement says of the mail of an own user, so that the worker looks into no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StatedMail {
    /// SHA-256 of all of it.
    Whole(Digest),
    /// Of what comes through an MTA `statement::mail_digest`.
    Content(Digest),
}

/// A mail as the gateway had it from an MTA, to be compared with the statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The envelope sender.
    pub mail_from: String,
    /// The envelope recipients of this transaction: an MTA splits and tries again.
    pub recipients: Vec<String>,
    /// The address in From.
    pub from: String,
    /// The digest of the covered header fields (`binding::headers_digest`).
    pub headers: Digest,
    /// SHA-256 of the content entity.
    pub entity: Digest,
    /// When it waited for an officer, the nonce of the decision: the age of the statement
    /// is then judged by when it was first used.
    #[serde(default)]
    pub decision: Option<String>,
}

/// A ticket for a mail going out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundTicket {
    /// The ticket.
    pub ticket: TicketId,
    /// The recipients, sorted by where they go.
    pub routes: Vec<RecipientRoute>,
}

/// Where one recipient is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecipientRoute {
    /// Inside this organisation, with an encryption certificate.
    Inside {
        /// The address.
        recipient: String,
    },
    /// A list or a redirect of this organisation, which sends it on.
    List {
        /// The address.
        recipient: String,
    },
    /// At another member.
    Member {
        /// The address.
        recipient: String,
        /// The member.
        to_org: String,
        /// The form of fresh encryption it wants.
        form: FreshForm,
    },
    /// At no member. What becomes of it is the gateway's setting.
    Outside {
        /// The address.
        recipient: String,
        /// Whether a certificate is known to encrypt with.
        certified: bool,
    },
    /// Not to be sent to, and why.
    Refused {
        /// The address.
        recipient: String,
        /// Why.
        reason: ssmax_chain::Reason,
    },
}

/// The form in which content that came in clear is encrypted for another member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FreshForm {
    /// AES-256-GCM around the whole message.
    WrappedGcm,
    /// AES-256-CBC around the signed entity.
    MailCbc,
}

/// A mail from another member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AdmitInbound {
    /// The organisation's SignedData.
    #[serde(with = "serde_bytes")]
    pub signed_data: Vec<u8>,
    /// SHA-256 of the signed entity as it came.
    pub content: Digest,
    /// The address in From.
    pub from: String,
    /// The Message-ID as it stands outside.
    pub message_id: String,
    /// Digest over the covered outer header fields as they came.
    pub headers: Digest,
    /// The encrypted mail, or in attachment mode its files in their order.
    pub parts: Vec<OfferedPart>,
    /// The encrypted sealed record.
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
    /// The envelope recipients here.
    pub recipients: Vec<String>,
    /// What the gateway has delivered already, by the names that the mail gives itself.
    pub delivered: Option<DeliveredBefore>,
    /// When it waited for an officer, the nonce of the decision: to be released, or to be
    /// shown and nothing else.
    #[serde(default)]
    pub decision: Option<String>,
}

/// A copy that recipients here have got before. It is looked for before anybody has
/// verified what the mail calls itself; the keyserver compares the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredBefore {
    /// The sending member.
    pub from_org: String,
    /// The hop.
    pub id: HopId,
    /// Who has it.
    pub recipients: Vec<String>,
}

/// What becomes of a mail that came in over the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum InboundAnswer {
    /// It has a ticket.
    Admitted(InboundTicket),
    /// Everybody has it: no key was used, and there is nothing left to do.
    Repeat(HopId),
}

/// A ticket for a mail that came in over the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundTicket {
    /// The ticket.
    pub ticket: TicketId,
    /// The hop.
    pub id: HopId,
    /// The sending member.
    pub from_org: String,
    /// Its name.
    pub from_name: String,
    /// Its standing.
    pub standing: String,
    /// The version of the member list that it signed under.
    pub list: u64,
    /// The class of the mail.
    pub class: MailClass,
    /// Recipients without an encryption certificate here.
    pub without_certificate: Vec<String>,
    /// Recipients that are lists or redirects.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Whether the sender is known less well than is expected here.
    #[serde(default)]
    pub below: bool,
}

/// The list now in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListInstalled {
    /// Its version.
    pub version: u64,
    /// Certificates it names whose bodies the keyserver has not got, or the first of them.
    pub missing: Vec<Digest>,
}

/// A member list with what has come since, all of it as signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptList {
    /// The list.
    #[serde(with = "serde_bytes")]
    pub list: Vec<u8>,
    /// Deltas from there on.
    pub deltas: Vec<ByteBuf>,
    /// The last checkpoint, if one came after the list.
    pub checkpoint: Option<ByteBuf>,
}

/// One copy for one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCopy {
    /// Its name.
    pub id: HopId,
    /// The RecipientInfos of the mail part.
    pub recipients: Vec<ByteBuf>,
    /// The sealed record, CMS AuthEnvelopedData.
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
}

/// What a recipient here needs to read a mail that is preserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientCopy {
    /// The RecipientInfos: the recipient, and an organisation's archive.
    pub recipients: Vec<ByteBuf>,
    /// How the sender is known.
    pub sender: ssmax_chain::seal_record::ShownAssertion,
}

/// One copy for one member of a mail in attachment mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesCopy {
    /// Its name.
    pub id: HopId,
    /// The RecipientInfo of each file, in their order.
    pub files: Vec<ByteBuf>,
    /// The sealed record, CMS AuthEnvelopedData.
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
}
