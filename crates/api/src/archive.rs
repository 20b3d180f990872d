//! Mail of somebody else's mailbox, by the word of two officers: what they hand in, and
//! what people are told of what officers did. Specification: `spec/keyserver.md`, "Mail of others".

use crate::person::SignedRequest;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// What is handed in: the request, its approvals, and the asking of today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RewrapArchive {
    /// A [`ssmax_chain::archive_request::ArchiveRequest`], exactly as signed.
    pub request: String,
    /// Who approved it.
    pub approvals: Vec<Approval>,
    /// A [`ssmax_chain::officers::Asking`] by one of them.
    pub asking: SignedRequest,
    /// The parts, in the order of the request.
    pub parts: Vec<ArchivedPart>,
}

/// One officer's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The user id, or an address of the officer.
    pub officer: String,
    /// Detached SignedData over `officers::approved_octets`, DER.
    pub signature: ByteBuf,
}

/// What the keyserver opens one encrypted part with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedPart {
    /// The archive's RecipientInfo, DER.
    pub archive: ByteBuf,
    /// The owner's, DER: of a part with an RSA archive copy it proves whose mail it is.
    pub owner: Option<ByteBuf>,
}

/// What somebody is to be told: mail of a mailbox has become readable, or a person was
/// looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveNotice {
    /// Its number.
    pub id: i64,
    /// Whom to tell: an address.
    pub to: String,
    /// The mailbox; empty, if mail was not opened but a person looked for.
    pub mailbox: String,
    /// Who can read the mail now, or knows the person, as user id and address.
    pub reader: String,
    /// The officers, likewise.
    pub officers: Vec<String>,
    /// Why.
    pub reason: String,
    /// How many mails.
    pub mails: u32,
    /// How many encrypted parts they have.
    pub parts: u32,
    /// When: seconds since 1970.
    pub at: i64,
    /// The hop or certificate whose person two officers looked for, if it is that.
    #[serde(default)]
    pub traced: Option<String>,
}
