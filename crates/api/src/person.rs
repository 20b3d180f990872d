//! What a person asks the keyserver for, over a socket of its own. Each request carries
//! the person's own signature: whoever can connect may hand in requests, and make none.
//! Specification: `spec/keyserver.md`, "Person operations".

use crate::archive::RewrapArchive;
use crate::trace::Trace;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use ssmax_chain::Digest;

/// Over the keyserver's socket for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PersonRequest {
    /// Own mail wrapped anew: a [`ssmax_chain::person_request::RewrapOwn`]. Answered by
    /// `Vec<RewrappedPart>`, in the order of its parts.
    RewrapOwn(SignedRequest),
    /// Mail of somebody else's mailbox wrapped for a person, by the word of two officers.
    /// Answered by `Vec<RewrappedPart>`, in the order of its parts.
    RewrapArchive(Box<RewrapArchive>),
    /// The person behind a hop or a certificate, by the word of two officers. Answered by
    /// [`crate::trace::Found`].
    Trace(Trace),
}

/// A request with the signature of the person who makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRequest {
    /// The JSON text, exactly as signed.
    pub json: String,
    /// Detached SignedData over `person_request::signed_octets`, DER.
    pub signature: ByteBuf,
}

/// One part for its new reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewrappedPart {
    /// All its RecipientInfos to come, each DER: the new reader's, and the archive's
    /// where the mail stays in the mailbox.
    pub recipients: Vec<ByteBuf>,
    /// Names the content key, with the tail.
    pub kcv: Digest,
}

/// What travels back over the socket for people.
pub type PersonAnswer = Result<ByteBuf, PersonProblem>;

/// Why a person's request got no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PersonProblem {
    /// The request cannot be read, or is over a bound.
    #[error("the request cannot be read")]
    Malformed,
    /// Its time is not now.
    #[error("the request's time is not now")]
    TimeOutside,
    /// Not signed by a certificate of that person which is valid now and whose key the
    /// person holds. One answer for an unknown person and for a wrong signature.
    #[error("not signed by a valid certificate of that person")]
    NotSigned,
    /// The request was used before.
    #[error("the request was used before")]
    Replayed,
    /// The mailbox is not one of the person's addresses.
    #[error("the mailbox is not the person's")]
    NotYourMailbox,
    /// An ESP keeps nobody's encryption keys.
    #[error("an ESP keeps no encryption keys")]
    KeepsNoKeys,
    /// A RecipientInfo that cannot be read, or a cipher that nothing is written with.
    #[error("an encryption that is not re-wrapped")]
    EncryptionRefused,
    /// A part is not encrypted for this person.
    #[error("not encrypted for this person")]
    NotForYou,
    /// The person has no encryption certificate that is valid now.
    #[error("no valid encryption certificate to wrap for")]
    NoCertificate,
    /// As many as the person may have in a day.
    #[error("the limit for one day is reached")]
    LimitReached,
    /// Not approved by two different officers.
    #[error("not approved by two different officers")]
    TwoOfficers,
    /// Somebody who approved or asks is not named as an officer.
    #[error("somebody who is no officer for this")]
    NotAnOfficer,
    /// An officer is the owner of the mail, or would be its reader.
    #[error("an officer whom the mail itself concerns")]
    OfficerConcerned,
    /// What was approved may not be carried out any more, or not yet.
    #[error("the approval's time is over, or it is for longer than is allowed")]
    Expired,
    /// What is handed in is not what was approved.
    #[error("not what the officers approved")]
    NotAsApproved,
    /// More parts than one request may have.
    #[error("too many parts for one request")]
    TooMany,
    /// A RecipientInfo that is for no archive key of this organisation.
    #[error("not a copy for the archive")]
    NotArchived,
    /// The part is not shown to be from the mailbox that the request names.
    #[error("not shown to be from that mailbox")]
    OtherMailbox,
    /// Somebody asks for an answer that another officer is to get.
    #[error("the answer is for the officer who proposed it")]
    NotTheProposer,
    /// No hop of this organisation, or none that is kept any more, or no certificate of a
    /// person that it issued.
    #[error("nothing is known of that hop or certificate")]
    Unknown,
    /// What was known of the person was deleted when its time had come.
    #[error("the person's registration was deleted in its time")]
    Erased,
    /// Neither has the mailbox a reader, nor is anybody named who is told instead.
    #[error("nobody could be told")]
    NobodyToTell,
    /// The key was used and gave nothing; no cause is told.
    #[error("it could not be opened")]
    NotOpened,
    /// Something needed is down; later may help.
    #[error("failed, later may help")]
    Failed,
}

/// Packs a result for its way back.
///
/// # Errors
/// The [`PersonProblem`] as it is; [`PersonProblem::Failed`] for a value that CBOR cannot
/// hold.
pub fn encode<T: Serialize>(result: Result<T, PersonProblem>) -> PersonAnswer {
    crate::encode(Ok(result?)).map_err(|_| PersonProblem::Failed)
}

/// Unpacks an answer as the type that the request promises.
///
/// # Errors
/// The [`PersonProblem`] that was answered; [`PersonProblem::Malformed`] for another type.
pub fn decode<T: serde::de::DeserializeOwned>(answer: PersonAnswer) -> Result<T, PersonProblem> {
    crate::decode(Ok(answer?)).map_err(|_| PersonProblem::Malformed)
}
