//! Taking encryption certificates out of a signed mail.

use std::collections::BTreeMap;

use ssmax_cms::signed::encryption_key_preference;
use ssmax_mail::{Limits, MailFault};
use ssmax_pki::Certificate;
use ssmax_pki::path::{self, PathInput, Purpose, Revocation};
use ssmax_smime::content::{SignedContent, signed_content};
use ssmax_smime::judge::{Judgement, Question, Verdict, judge, judge_opened};

/// The certificates to encrypt for, by address, as the certificates spell it.
pub type Learnt = BTreeMap<String, Certificate>;

/// Why nothing was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnFault {
    /// The mail cannot be read.
    #[error("the mail cannot be read: {0}")]
    Mail(MailFault),
    /// The mail is not judged good: whoever made it could plant a certificate.
    #[error("the mail is not signed by its sender")]
    NotGood,
}

/// Learns from a mail as it was delivered.
///
/// Taken are embedded certificates for encryption that are valid at `question.at` under
/// its anchors. Where an address has several, the one that the sender prefers
/// (RFC 8551 2.5.3) counts for the signer, and else the one that begins last, as in
/// Thunderbird (measured).
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
    let entity = ssmax_mail::parse(entity, &Limits::default()).map_err(LearnFault::Mail)?;
    let content = signed_content(&entity).map_err(|_| LearnFault::NotGood)?;
    let candidates = content.signed_data.certificates();
    let mut learnt = Learnt::new();
    for certificate in candidates {
        if !is_usable(certificate, candidates, question) {
            continue;
        }
        for address in certificate.emails() {
            let is_newer = learnt
                .get(&address)
                .is_none_or(|known| known.not_before() < certificate.not_before());
            if is_newer {
                learnt.insert(address, certificate.clone());
            }
        }
    }
    if let (Some(signer), Some(preferred)) = (&judgement.signer, preferred(&content))
        && preferred.has_email(signer)
        && is_usable(preferred, candidates, question)
    {
        for address in preferred.emails() {
            learnt.insert(address, preferred.clone());
        }
    }
    Ok(learnt)
}

fn is_usable(certificate: &Certificate, others: &[Certificate], question: &Question<'_>) -> bool {
    if certificate.is_ca() || !certificate.allows_encryption() {
        return false;
    }
    let intermediates: Vec<Certificate> =
        others.iter().chain(question.intermediates).cloned().collect();
    let revocation = if question.crls.is_empty() { Revocation::Skip } else { Revocation::Require };
    path::validate(&PathInput {
        leaf: certificate,
        intermediates: &intermediates,
        anchors: question.anchors,
        crls: question.crls,
        at: question.at,
        purpose: Purpose::EmailEncryption,
        limits: path::Limits::default(),
        revocation,
    })
    .is_ok()
}

/// The embedded certificate that the sender prefers.
fn preferred(content: &SignedContent) -> Option<&Certificate> {
    let [signer] = content.signed_data.signers() else { return None };
    content.signed_data.certificates().iter().find(|certificate| {
        let attribute = encryption_key_preference(certificate);
        let found = signer.signed_attribute(&attribute.oid);
        found.is_ok_and(|found| found == Some(attribute.value.as_slice()))
    })
}
