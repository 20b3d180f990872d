//! From a hop or a certificate to a person, by the word of two officers: what they hand in,
//! and what the one who proposed it learns. Specification: `spec/keyserver.md`, "From a
//! mail to a person".

use crate::archive::Approval;
use crate::ca::{AccountKind, FormerAddress};
use crate::person::SignedRequest;
use serde::{Deserialize, Serialize};

/// What is handed in: the request, its approvals, and the asking of today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// A [`ssmax_chain::trace_request::TraceRequest`], exactly as signed.
    pub request: String,
    /// Who approved it.
    pub approvals: Vec<Approval>,
    /// A [`ssmax_chain::officers::Asking`] by the proposer.
    pub asking: SignedRequest,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// When the mail was signed or sealed, for a hop; when the certificate was issued:
    /// seconds since 1970.
    pub at: i64,
    /// Who submitted the mail, or whose certificate it is.
    pub person: Identity,
    /// In whose name the mail was written, if that is somebody else.
    pub in_name_of: Option<Identity>,
    /// The certificate, if one was asked about.
    pub certificate: Option<IssuedCertificate>,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Employee or contract number.
    pub user: String,
    /// What it is.
    pub kind: AccountKind,
    /// The name.
    pub name: String,
    /// The addresses.
    pub addresses: Vec<String>,
    /// The addresses that were this person's last and are nobody's now.
    pub former: Vec<FormerAddress>,
    /// How identity was proved at registration, and the level of that.
    pub proof: String,
    /// The level.
    pub ial: u8,
    /// When the person was registered, in seconds since 1970.
    pub registered: i64,
    /// When the rights ended, likewise.
    pub ended: Option<i64>,
}

/// A certificate of the own CA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCertificate {
    /// The serial number, hexadecimal.
    pub serial: String,
    /// What it is for: `user-signing` or `user-encryption`.
    pub kind: String,
    /// When it was to be signed, in seconds since 1970.
    pub issued: i64,
    /// When it was revoked, likewise.
    pub revoked: Option<i64>,
}

/// What the keyserver asks its CA, once two officers are believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// The person of this user id.
    User(String),
    /// The person whose certificate has this SHA-256.
    Certificate([u8; 32]),
    /// The person whose certificate has this serial number.
    Serial(serde_bytes::ByteBuf),
}

/// What the CA knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Known {
    /// Somebody.
    Identity(Box<Identity>, Option<IssuedCertificate>),
    /// It knew somebody, and has deleted what it knew.
    Erased,
}
