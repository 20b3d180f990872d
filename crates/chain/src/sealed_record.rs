//! The sealed record: what the sending organisation tells the receiving one alone.
//! Specification: `spec/chain.md`, "Sealed record".

use crate::hop_record::{RecordFault, check_version, parse_strict, to_json};
use crate::{Digest, HopId};
use serde::{Deserialize, Serialize};
use ssmax_mail::address::Address;

/// Most recipients of one copy. The record tells a salt and a digest of each, about 130
/// octets, and is at most [`crate::hop_record::MAX_RECORD_BYTES`] long.
pub const MAX_RECIPIENTS_PER_COPY: usize = 100;

/// Who made the sender's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignedBy {
    /// The person, with a key that stays on a card.
    Token,
    /// The person, with a key in a file.
    File,
    /// The keyserver, for a person who was logged in.
    Server,
    /// The organisation, for automatic mail.
    System,
}

/// What the sending organisation knows about the person: the paper's
/// 送信者の本人確認方法の通知.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderAssertion {
    /// SHA-256 of the sender's SignerInfo without unsigned attributes.
    pub si: Digest,
    /// SHA-256 of the sender's certificate.
    pub cert: Digest,
    /// How the person's identity was proved at registration, as "in-person".
    pub proof: String,
    /// Identity assurance level of that proof (NIST SP 800-63A), 0 to 3.
    pub ial: u8,
    /// How the sender logged in for this mail, as "password" or "device-secret".
    pub auth: String,
    /// Authenticator assurance level of that login (NIST SP 800-63B), 0 to 3.
    pub aal: u8,
    /// Who made the signature.
    pub signed_by: SignedBy,
    /// Who acted, where From is another person's mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<String>,
}

/// One recipient's salt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientSalt {
    /// The salt, 16 octets in lower-case hexadecimal.
    pub salt: String,
    /// The salted digest as in the hop record.
    pub digest: Digest,
}

impl RecipientSalt {
    /// Whether this entry names `recipient`.
    #[must_use]
    pub fn names(&self, recipient: &Address) -> bool {
        self.octets()
            .is_some_and(|salt| crate::binding::recipient_digest(&salt, recipient) == self.digest)
    }

    /// The salt's octets, if it is well-formed.
    #[must_use]
    pub fn octets(&self) -> Option<[u8; 16]> {
        let mut salt = [0; 16];
        hex::decode_to_slice(&self.salt, &mut salt).ok()?;
        Some(salt)
    }
}

/// The record, encrypted for the receiving organisation beside the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedRecord {
    /// [`crate::hop_record::RECORD_VERSION`].
    pub v: u8,
    /// The hop record's id: a sealed record cannot serve another copy.
    pub id: HopId,
    /// The salts of `rcpt`.
    pub salts: Vec<RecipientSalt>,
    /// SHA-256 of the content entity that the sender signed.
    pub entity: Digest,
    /// The sender.
    pub sender: SenderAssertion,
    /// What the sending organisation's inspection said: "pass" or "none".
    pub inspection: String,
}

impl SealedRecord {
    /// Reads a record.
    ///
    /// # Errors
    /// [`RecordFault`] when it is too large, malformed or of another version.
    pub fn parse(json: &str) -> Result<Self, RecordFault> {
        let record: Self = parse_strict(json)?;
        check_version(record.v)?;
        Ok(record)
    }

    /// The JSON text that gets encrypted.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
    }

    /// The salt entry that names `recipient`, if the sender meant this person.
    #[must_use]
    pub fn salt_of(&self, recipient: &Address) -> Option<&RecipientSalt> {
        self.salts.iter().find(|entry| entry.names(recipient))
    }
}
