//! The hop record of hop 3: what the receiving organisation signs in a seal.
//! Specification: `spec/chain.md`, "Seal record".

use crate::hop_record::{RecordFault, check_version, parse_strict, to_json};
use crate::sealed_record::{SenderAssertion, SignedBy};
use crate::{Digest, HopId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How far the receiving side trusts a mail, as shown to the recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailClass {
    /// Pretends to come from a member, and does not.
    Forged,
    /// Something speaks against it.
    Suspicious,
    /// Nothing is known for or against it.
    Unknown,
    /// The sender's domain is proved by other means.
    Authenticated,
    /// Came over the chain: person, organisation and content are proved.
    Verified,
}

impl MailClass {
    /// The word used in header fields and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forged => "forged",
            Self::Suspicious => "suspicious",
            Self::Unknown => "unknown",
            Self::Authenticated => "authenticated",
            Self::Verified => "verified",
        }
    }
}

/// The part of the sender assertion that the recipient is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownAssertion {
    /// How identity was proved at registration.
    pub proof: String,
    /// Identity assurance level.
    pub ial: u8,
    /// How the sender logged in.
    pub auth: String,
    /// Authenticator assurance level.
    pub aal: u8,
    /// Who made the sender's signature.
    pub signed_by: SignedBy,
    /// Who acted for the From address, if somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<String>,
}

impl From<&SenderAssertion> for ShownAssertion {
    fn from(sender: &SenderAssertion) -> Self {
        Self {
            proof: sender.proof.clone(),
            ial: sender.ial,
            auth: sender.auth.clone(),
            aal: sender.aal,
            signed_by: sender.signed_by,
            on_behalf: sender.on_behalf.clone(),
        }
    }
}

/// What a seal says beyond the content it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealRecord {
    /// [`crate::hop_record::RECORD_VERSION`].
    pub v: u8,
    /// Always 3; tells this record from one of hop 2 under the same identifier.
    pub hop: u8,
    /// The hop-2 record it continues, or a name of its own for mail inside.
    pub id: HopId,
    /// The sending member.
    pub from_org: String,
    /// The member that seals.
    pub to_org: String,
    /// When it was sealed. No signingTime is sent: mailers object to one that is far
    /// from Date.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The version of the member list it was judged by.
    pub list: u64,
    /// The recipient of this very copy.
    pub recipient: String,
    /// Digest over the covered header fields as delivered.
    pub headers: Digest,
    /// SHA-256 of the content entity under the seal.
    pub entity: Digest,
    /// Whether the content was derived from what the sender signed (a part removed, a
    /// form converted), not that itself.
    pub derived: bool,
    /// The verdict.
    pub class: MailClass,
    /// The sending member's standing then.
    pub standing: String,
    /// How the sender is known.
    pub sender: ShownAssertion,
    /// The hop that the sender says this mail continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<HopId>,
}

impl SealRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// [`RecordFault`] when it is too large, malformed, of another version or hop.
    pub fn parse(json: &str) -> Result<Self, RecordFault> {
        let record: Self = parse_strict(json)?;
        check_version(record.v)?;
        if record.hop != 3 {
            return Err(RecordFault::Malformed);
        }
        Ok(record)
    }

    /// The JSON text that gets signed.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }
}
