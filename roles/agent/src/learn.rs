//! Taking an encryption certificate, and what its mailer reads, out of a signed mail.

use ssmax_chain::attachments;
use ssmax_cms::capabilities::Capabilities;
use ssmax_cms::signed::encryption_key_preference;
use ssmax_mail::address::{Address, AddressFault};
use ssmax_mail::{Limits, MailFault};
use ssmax_pki::Certificate;
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_smime::content::{SignedContent, signed_content};
use ssmax_smime::judge::{Judgement, Question, Record, Verdict, judge, judge_opened};
use time::OffsetDateTime;

/// The attribute SMIMECapabilities (RFC 8551 2.5.2).
const SMIME_CAPABILITIES: &str = "1.2.840.113549.1.9.15";

/// The attribute SMIMEEncryptionKeyPreference (RFC 8551 2.5.3).
const ENCRYPTION_KEY_PREFERENCE: &str = "1.2.840.113549.1.9.16.2.11";

/// szOID_MICROSOFT_Encryption_Key_Preference, which Outlook and NSS write beside it.
const MICROSOFT_PREFERENCE: &str = "1.3.6.1.4.1.311.16.4";

/// The tag of an IssuerAndSerialNumber.
const SEQUENCE: u8 = 0x30;

/// The largest list of capabilities that is kept, in octets. Mailers write some hundred.
pub const MAX_CAPABILITIES_BYTES: usize = 4096;

/// What one mail taught about its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learnt {
    /// The sender: the address in From.
    pub address: Address,
    /// The certificate to encrypt for; it carries the address.
    pub certificate: Certificate,
    /// What the sender's mailer reads, as it was signed.
    pub capabilities: Option<Vec<u8>>,
    /// When the mail was signed: its signing time, else the time in the seal it was
    /// delivered with, but never later than it was learnt. `None` if neither is there.
    pub at: Option<OffsetDateTime>,
}

impl Learnt {
    /// [`Learnt::capabilities`], read.
    #[must_use]
    pub fn read_capabilities(&self) -> Option<Capabilities> {
        Capabilities::parse(self.capabilities.as_deref()?).ok()
    }
}

/// Why nothing was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnFault {
    /// The mail cannot be read.
    #[error("the mail cannot be read: {0}")]
    Mail(MailFault),
    /// From cannot be read.
    #[error("From cannot be read: {0}")]
    From(AddressFault),
    /// The mail is not judged good: whoever made it could plant a certificate.
    #[error("the mail is not signed by its sender")]
    NotGood,
    /// The mail is good, but no certificate in it is the sender's, valid, for encryption,
    /// and the one that the sender prefers, if any is preferred.
    #[error("the mail carries no certificate to encrypt for")]
    NoCertificate,
}

/// Learns from a mail as it was delivered.
///
/// Taken is an embedded certificate for encryption that carries the From address and is
/// valid at `question.at` under its anchors: the one that the sender prefers (RFC 8551
/// 2.5.3), else, without a preference, the one that begins last, as in Thunderbird
/// (measured). Certificates of other people are left alone: a signature speaks for its
/// signer only.
///
/// The preference is signed and the certificates are not: whoever carries the mail can
/// change which go along. So a preference for none of these teaches nothing, instead of
/// another certificate of the same sender, perhaps one whose key is lost.
///
/// # Errors
/// [`LearnFault`] by cause.
pub fn learn(message: &[u8], question: &Question<'_>) -> Result<Learnt, LearnFault> {
    let judgement = judge(message, question);
    from_entity(message, &judgement, question)
}

/// As [`learn`] for a mail that was encrypted: `content` is what decrypting gave.
///
/// # Errors
/// [`LearnFault`] by cause.
pub fn learn_opened(
    delivered: &[u8],
    content: &[u8],
    question: &Question<'_>,
) -> Result<Learnt, LearnFault> {
    let judgement = judge_opened(delivered, content, question);
    from_entity(content, &judgement, question)
}

fn from_entity(
    entity: &[u8],
    judgement: &Judgement,
    question: &Question<'_>,
) -> Result<Learnt, LearnFault> {
    if judgement.verdict != Verdict::Good {
        return Err(LearnFault::NotGood);
    }
    let from = judgement.from.as_deref().ok_or(LearnFault::NotGood)?;
    let address = Address::parse(from).map_err(LearnFault::From)?;
    let entity = ssmax_mail::parse(entity, &Limits::default()).map_err(LearnFault::Mail)?;
    // In attachment mode the signature that was judged stands in the first part.
    let signed = match (attachments::take_apart(&entity), entity.children()) {
        (Ok(Some(_)), [signed, ..]) => signed,
        _ => &entity,
    };
    let content = signed_content(signed).map_err(|_| LearnFault::NotGood)?;
    let embedded = content.signed_data.certificates();
    let candidates = || {
        embedded.iter().filter(|certificate| {
            certificate.has_email(from) && is_usable(certificate, embedded, question)
        })
    };
    let preferences = preferences(&content)?;
    let certificate = candidates()
        .filter(|certificate| preferences.iter().all(|preference| preference.is_for(certificate)))
        .max_by_key(|certificate| certificate.not_before())
        .ok_or(LearnFault::NoCertificate)?;
    Ok(Learnt {
        address,
        certificate: certificate.clone(),
        capabilities: capabilities(&content),
        at: signed_at(&content, judgement).map(|at| at.min(question.at)),
    })
}

fn is_usable(certificate: &Certificate, others: &[Certificate], question: &Question<'_>) -> bool {
    if certificate.is_ca() || !certificate.allows_encryption() {
        return false;
    }
    let intermediates: Vec<Certificate> =
        others.iter().chain(question.intermediates).cloned().collect();
    let nothing_known = question.crls.is_empty() && question.ocsp.is_empty();
    let revocation = if nothing_known { Revocation::Skip } else { Revocation::Require };
    path::validate(&PathInput {
        leaf: certificate,
        intermediates: &intermediates,
        anchors: question.anchors,
        crls: question.crls,
        ocsp: question.ocsp,
        at: question.at,
        purpose: Purpose::EmailEncryption,
        limits: path::Limits::default(),
        revocation,
    })
    .is_ok()
}

/// A signed attribute that names the certificate for answers.
#[derive(Debug, Clone, Copy)]
enum Preference<'a> {
    /// SMIMEEncryptionKeyPreference (RFC 8551 2.5.3).
    Standard(&'a [u8]),
    /// Microsoft's older one, an IssuerAndSerialNumber.
    Microsoft(&'a [u8]),
}

impl Preference<'_> {
    /// Whether it names this certificate, by issuer and serial number or by key
    /// identifier. What is written in any other way names none.
    fn is_for(self, certificate: &Certificate) -> bool {
        let by_issuer = encryption_key_preference(certificate).value;
        match self {
            Self::Microsoft(value) => {
                value.split_first() == by_issuer.split_first().map(|(_, rest)| (&SEQUENCE, rest))
            }
            Self::Standard(value) => {
                let by_key = certificate.subject_key_id().unwrap_or_default();
                value == by_issuer || (!by_key.is_empty() && is_key_id(value, by_key))
            }
        }
    }
}

/// Whether a value is `[1] RecipientKeyIdentifier` without date, or `[2]
/// SubjectKeyIdentifier`, of this key. Both have short lengths.
fn is_key_id(value: &[u8], key_id: &[u8]) -> bool {
    let is_of = |length: u8, content: &[u8]| usize::from(length) == content.len();
    match value {
        [0x82, length, id @ ..] => is_of(*length, id) && id == key_id,
        [0xa1, outer, 0x04, length, id @ ..] => {
            value.get(2..).is_some_and(|inside| is_of(*outer, inside))
                && is_of(*length, id)
                && id == key_id
        }
        _ => false,
    }
}

/// What the sender prefers; the certificate must be named by each. One that stands twice
/// or has several values names none.
fn preferences<'c>(content: &'c SignedContent<'_>) -> Result<Vec<Preference<'c>>, LearnFault> {
    let [signer] = content.signed_data.signers() else { return Err(LearnFault::NoCertificate) };
    let value = |oid| signer.signed_attribute(oid).map_err(|_| LearnFault::NoCertificate);
    let standard = value(ENCRYPTION_KEY_PREFERENCE)?.map(Preference::Standard);
    let microsoft = value(MICROSOFT_PREFERENCE)?.map(Preference::Microsoft);
    Ok(standard.into_iter().chain(microsoft).collect())
}

fn capabilities(content: &SignedContent<'_>) -> Option<Vec<u8>> {
    let [signer] = content.signed_data.signers() else { return None };
    let value = signer.signed_attribute(SMIME_CAPABILITIES).ok()??;
    let is_readable = value.len() <= MAX_CAPABILITIES_BYTES && Capabilities::parse(value).is_ok();
    is_readable.then(|| value.to_vec())
}

fn signed_at(content: &SignedContent<'_>, judgement: &Judgement) -> Option<OffsetDateTime> {
    let [signer] = content.signed_data.signers() else { return None };
    // Seals carry no signing time, because mailers compare it with Date.
    signer.signing_time().or_else(|| match judgement.chain.first() {
        Some(Record::Seal(record)) => Some(record.at),
        _ => None,
    })
}
