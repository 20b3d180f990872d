//! The submission statement: the word of the service that saw the login.
//! Specification: `spec/chain.md`, "Submission statement".
//!
//! An after-queue filter cannot see who logged in. Whoever can (the milter beside the
//! MTA's submission service, or the gateway's own AUTH listener) signs this with a key
//! of its own, and the keyserver believes it alone.

use crate::Digest;
use crate::hop_record::{RecordFault, check_version, to_json};
use serde::{Deserialize, Serialize};
use ssmax_mail::{Entity, MailFault};
use ssmax_token::{SigningKey, TokenError};
use time::OffsetDateTime;

/// How old a statement may be when the keyserver reads it: the time a mail may wait
/// in the MTA's queue between submission and filter.
pub const MAX_AGE: time::Duration = time::Duration::days(5);

/// How far a statement may lie in the future: clocks of two hosts differ.
pub const MAX_AHEAD: time::Duration = time::Duration::minutes(5);

/// The largest statement that is read, in octets: a thousand recipients fit.
pub const MAX_STATEMENT_BYTES: usize = 512 * 1024;

/// What the submission service saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// [`crate::hop_record::RECORD_VERSION`].
    pub v: u8,
    /// The login name.
    pub user: String,
    /// Authenticator assurance level of the login, 0 to 3.
    pub aal: u8,
    /// How the login was proved, as "password".
    pub method: String,
    /// The address in From.
    pub from: String,
    /// The envelope sender.
    pub mail_from: String,
    /// The envelope recipients.
    pub recipients: Vec<String>,
    /// SHA-256 of the mail as submitted; of one that comes through an MTA [`mail_digest`].
    pub body: Digest,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Sixteen random octets in hexadecimal: a statement serves one admission, or one mail
    /// if it comes through an MTA.
    pub nonce: String,
    /// For automatic mail, which nobody logged in for: where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A statement with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedStatement {
    /// The JSON text, exactly as signed.
    pub json: String,
    /// Signature over the label and the text by the statement key.
    #[serde(with = "octets")]
    pub signature: Vec<u8>,
}

/// Why a statement is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementFault {
    /// The signature is not by the statement key.
    #[error("the statement is not signed by the submission service")]
    Signature,
    /// It cannot be read.
    #[error("the statement cannot be read")]
    Record(#[from] RecordFault),
    /// Older than [`MAX_AGE`].
    #[error("the statement is too old")]
    TooOld,
    /// Further ahead than [`MAX_AHEAD`]: a clock is wrong, and the statement becomes good when
    /// its time comes.
    #[error("the statement's time has not come")]
    Ahead,
}

impl Statement {
    /// Signs the statement.
    ///
    /// # Errors
    /// [`TokenError`] when the key cannot be used.
    pub fn sign(&self, key: &dyn SigningKey) -> Result<SignedStatement, TokenError> {
        let json = to_json(self);
        let signature = key.sign(&labelled(&json))?;
        Ok(SignedStatement { json, signature })
    }

    /// Whether the statement is of now.
    ///
    /// # Errors
    /// [`StatementFault::TooOld`], [`StatementFault::Ahead`].
    pub fn check_time(&self, now: OffsetDateTime) -> Result<(), StatementFault> {
        if self.at > now + MAX_AHEAD {
            Err(StatementFault::Ahead)
        } else if self.at < now - MAX_AGE {
            Err(StatementFault::TooOld)
        } else {
            Ok(())
        }
    }
}

/// What a statement of an MTA's submission service says of a mail: the digest of the header
/// fields that a hop record covers ([`crate::binding::headers_digest`]), and SHA-256 of the
/// content entity ([`ssmax_mail::canonical::content_entity`]). Of the rest of the header
/// servers write on the way.
#[must_use]
pub fn mail_digest(headers: &Digest, entity: &Digest) -> Digest {
    Digest::of_fields("SSMAX1-submitted", &[&headers.0, &entity.0])
}

/// What [`mail_digest`] is made of: the digest of the covered fields, and SHA-256 of the
/// content entity.
///
/// # Errors
/// [`MailFault`] when a covered field stands there twice.
pub fn parts_of_mail(mail: &Entity<'_>) -> Result<(Digest, Digest), MailFault> {
    let headers = crate::binding::headers_digest(mail.header())?;
    Ok((headers, Digest::of(&ssmax_mail::canonical::content_entity(mail))))
}

impl SignedStatement {
    /// Checks signature and time and reads the statement.
    ///
    /// # Errors
    /// [`StatementFault`] by cause.
    pub fn open(&self, spki: &[u8], now: OffsetDateTime) -> Result<Statement, StatementFault> {
        let statement = self.verify(spki)?;
        statement.check_time(now)?;
        Ok(statement)
    }

    /// As [`SignedStatement::open`], whatever its time.
    ///
    /// # Errors
    /// [`StatementFault`] but for those of its time.
    pub fn verify(&self, spki: &[u8]) -> Result<Statement, StatementFault> {
        if self.json.len() > MAX_STATEMENT_BYTES {
            return Err(RecordFault::TooLarge.into());
        }
        ssmax_primitives::verify(
            ssmax_token::SignatureAlgorithm::EcdsaSha256,
            spki,
            &labelled(&self.json),
            &self.signature,
        )
        .map_err(|_| StatementFault::Signature)?;
        let statement: Statement =
            serde_json::from_str(&self.json).map_err(|_| RecordFault::Malformed)?;
        check_version(statement.v)?;
        Ok(statement)
    }

    /// What the statement says of itself. Nobody has verified it: good for looking up what
    /// is believed only when the keyserver believes the statement.
    #[must_use]
    pub fn claimed(&self) -> Option<Statement> {
        if self.json.len() > MAX_STATEMENT_BYTES {
            return None;
        }
        serde_json::from_str(&self.json).ok()
    }
}

/// The signed octets: a label keeps this key's signatures apart from any other use.
fn labelled(json: &str) -> Vec<u8> {
    let mut message = b"SSMAX1-statement\0".to_vec();
    message.extend_from_slice(json.as_bytes());
    message
}

/// Octets as base64 in JSON and as octets in CBOR.
mod octets {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &[u8], out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&STANDARD.encode(value))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(input)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::{KeyAlgorithm, KeyPair};

    fn statement(at: OffsetDateTime) -> Statement {
        Statement {
            v: 1,
            user: "alice".into(),
            aal: 2,
            method: "device-secret".into(),
            from: "alice@a.example".into(),
            mail_from: "alice@a.example".into(),
            recipients: vec!["bob@b.example".into()],
            body: Digest::of(b"mail"),
            at,
            nonce: "00".repeat(16),
            source: None,
        }
    }

    #[test]
    fn a_signed_statement_is_believed_within_its_time_only() {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let signed = statement(now).sign(&key).unwrap();
        assert_eq!(signed.open(key.spki(), now), Ok(statement(now)));
        assert_eq!(signed.open(key.spki(), now + MAX_AGE), Ok(statement(now)));
        assert_eq!(
            signed.open(key.spki(), now + MAX_AGE + time::Duration::SECOND),
            Err(StatementFault::TooOld)
        );
        assert_eq!(
            signed.open(key.spki(), now - MAX_AHEAD - time::Duration::SECOND),
            Err(StatementFault::Ahead)
        );
    }

    #[test]
    fn another_key_or_another_text_is_not_believed() {
        let key = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let other = SoftwareKey::generate(KeyAlgorithm::EcP256).unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
        let mut signed = statement(now).sign(&key).unwrap();
        assert_eq!(signed.open(other.spki(), now), Err(StatementFault::Signature));
        signed.json = signed.json.replace("alice", "carol");
        assert_eq!(signed.open(key.spki(), now), Err(StatementFault::Signature));
    }
}
