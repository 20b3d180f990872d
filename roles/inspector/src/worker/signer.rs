//! Who signed the content, and whether that is who it must be.

use super::open::Opened;
use ssmax_api::inspector::Plan;
use ssmax_api::keyserver::{ExpectedSigner, Released};
use ssmax_chain::{Digest, Reason};
use ssmax_cms::Limits;
use ssmax_cms::signed::SignedData;
use ssmax_mail::address::{Address, parse_from};
use ssmax_mail::{Entity, canonical};
use ssmax_pki::Certificate;
use ssmax_smime::content::{ContentFault, SignedContent, signed_content};
use ssmax_smime::sender::{self, Sender, SenderFault, Trust};
use time::OffsetDateTime;

/// The largest sender's signature that is taken, with its certificates, in octets.
/// Mailers send four to eight thousand.
const MAX_SIGNATURE_BYTES: usize = 128 * 1024;

/// A signed content entity whose signer is the expected one.
pub(super) struct Signed {
    /// The entity, octet for octet.
    pub(super) entity: Vec<u8>,
    /// The signer.
    pub(super) sender: Sender,
    /// The signature as it came or was made, for what travels on.
    pub(super) signed_data: Vec<u8>,
}

/// Finds and judges the signature. `None` only for mail from outside the federation.
pub(super) fn judge(
    opened: &Opened,
    plan: &Plan,
    released: &Released,
) -> Result<Option<Signed>, Reason> {
    let mail = ssmax_mail::parse(&opened.message, &ssmax_mail::Limits::default())
        .map_err(|_| opened.ambiguous())?;
    let expected_from = match &released.signer {
        ExpectedSigner::Anybody => return Ok(None),
        ExpectedSigner::OwnUser { from, .. } | ExpectedSigner::Announced { from, .. } => from,
    };
    // The fields outside had one From; what was decrypted may have brought another.
    let from = one_from(&mail)
        .map_err(|reason| if opened.encrypted { opened.ambiguous() } else { reason })?;
    if !Address::parse(expected_from).is_ok_and(|expected| expected.matches(&from)) {
        return Err(if opened.encrypted {
            Reason::InnerSignerNotFrom
        } else {
            Reason::FromNotSubmitter
        });
    }
    let content = content(&mail, plan, opened.encrypted)?;
    let anchors = certificates(&released.anchors);
    let intermediates = certificates(&released.intermediates);
    let trust = Trust {
        anchors: &anchors,
        intermediates: &intermediates,
        at: OffsetDateTime::from_unix_timestamp(released.at).unwrap_or(OffsetDateTime::UNIX_EPOCH),
    };
    let sender = sender::check(&content, &from, &trust)
        .map_err(|fault| refusal(&fault, opened.encrypted))?;
    // It becomes evidence in every seal; a pile of certificates would not fit.
    if sender.detached.len() > MAX_SIGNATURE_BYTES {
        return Err(if opened.encrypted {
            Reason::InnerSignatureBad
        } else {
            Reason::SignatureBad
        });
    }
    let hash = Digest(sender.certificate.sha256());
    if let ExpectedSigner::OwnUser { certificates, .. } = &released.signer
        && !certificates.contains(&hash)
    {
        return Err(if opened.encrypted {
            Reason::InnerSignerNotFrom
        } else {
            Reason::SignerNotOurs
        });
    }
    let signed_data = sender.detached.clone();
    Ok(Some(Signed { entity: content.into_entity(), sender, signed_data }))
}

/// The one address in From.
fn one_from(mail: &Entity<'_>) -> Result<Address, Reason> {
    let field = mail.header().one("From").ok().flatten().ok_or(Reason::FromNotOne)?;
    match parse_from(&field.unfolded()) {
        Ok(mailboxes) if mailboxes.len() == 1 => {
            mailboxes.into_iter().next().map(|one| one.address).ok_or(Reason::FromNotOne)
        }
        _ => Err(Reason::FromNotOne),
    }
}

/// The signed content: in the mail, or signed by the keyserver just now.
fn content<'a>(
    mail: &Entity<'a>,
    plan: &Plan,
    encrypted: bool,
) -> Result<SignedContent<'a>, Reason> {
    if let Some(signature) = &plan.server_signature {
        let signed_data =
            SignedData::parse(signature, &Limits::default()).map_err(|_| Reason::SignatureBad)?;
        let entity = canonical::content_entity(mail);
        return Ok(SignedContent::detached(entity, signed_data));
    }
    match signed_content(mail) {
        Ok(content) => Ok(content),
        Err(ContentFault::NotSigned) if encrypted => Err(Reason::InnerSignatureMissing),
        Err(_) if encrypted => Err(Reason::InnerSignatureBad),
        Err(ContentFault::NotSigned) => Err(Reason::UnsignedNotAllowed),
        Err(_) => Err(Reason::SignatureBad),
    }
}

/// Names the fault: the numbered reason in clear, the inner one after opening.
fn refusal(fault: &SenderFault, encrypted: bool) -> Reason {
    match (fault, encrypted) {
        (SenderFault::OtherAddress, true) => Reason::InnerSignerNotFrom,
        (_, true) => Reason::InnerSignatureBad,
        (SenderFault::NotOne(_), false) => Reason::SignaturesNotOne,
        (SenderFault::OtherAddress, false) => Reason::SignerNotFrom,
        (SenderFault::Relay | SenderFault::Path(_) | SenderFault::NoCertificate, false) => {
            Reason::SignerNotOurs
        }
        _ => Reason::SignatureBad,
    }
}

fn certificates(ders: &[serde_bytes::ByteBuf]) -> Vec<Certificate> {
    ders.iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
}
