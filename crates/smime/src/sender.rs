//! Whether a signature is the sender's: one signer, over exactly this content, with a
//! valid certificate for the From address.

use crate::content::SignedContent;
use ssmax_cms::SignatureFault;
use ssmax_mail::address::Address;
use ssmax_pki::path::{self, PathFault, PathInput, Purpose, Revocation};
use ssmax_pki::{Certificate, oid};
use time::OffsetDateTime;

/// Under which a sender's certificate must lie.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// The anchors.
    pub anchors: &'a [Certificate],
    /// Certificates that may be needed on the way, beside those in the mail.
    pub intermediates: &'a [Certificate],
    /// When the signature was made at the latest.
    pub at: OffsetDateTime,
}

/// A sender whose signature holds.
#[derive(Debug, Clone)]
pub struct Sender {
    /// SHA-256 of the SignerInfo without unsigned attributes.
    pub signer_info: [u8; 32],
    /// The certificate.
    pub certificate: Certificate,
    /// The SignedData without its content, DER, as it came otherwise.
    pub detached: Vec<u8>,
    /// The SignedData to be kept as evidence, DER: the signature, and the certificates of
    /// the path that was found but for the anchor. Nothing in it was added on the way.
    pub evidence: Vec<u8>,
}

/// Why a signature is not the sender's.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SenderFault {
    /// Zero or several SignerInfos: mailers differ in which one they show.
    #[error("there are {0} signatures instead of one")]
    NotOne(usize),
    /// The signer's certificate is not among those sent.
    #[error("the signer's certificate is missing")]
    NoCertificate,
    /// The signature does not hold.
    #[error("the signature does not hold: {0}")]
    Signature(SignatureFault),
    /// The certificate has not the From address.
    #[error("the signer's certificate does not carry the From address")]
    OtherAddress,
    /// A relay certificate vouches inside one member only, never for a sender.
    #[error("the signature is a gateway's seal, not a sender's")]
    Relay,
    /// The path to an anchor does not hold.
    #[error("the certificate is not valid: {0}")]
    Path(PathFault),
}

/// Checks the signature over `content` as From's.
///
/// The order is from cheap to costly; the path comes last, so that an attacker's
/// certificates cost nothing when the signature fails anyway.
///
/// # Errors
/// [`SenderFault`] by cause.
pub fn check(
    content: &SignedContent<'_>,
    from: &Address,
    trust: &Trust<'_>,
) -> Result<Sender, SenderFault> {
    let signers = content.signed_data.signers();
    let [signer] = signers else { return Err(SenderFault::NotOne(signers.len())) };
    let embedded = content.signed_data.certificates();
    let certificate = signer.certificate(embedded).ok_or(SenderFault::NoCertificate)?;
    signer.verify(certificate, content.entity()).map_err(SenderFault::Signature)?;
    if !certificate.has_email(&from.to_string()) {
        return Err(SenderFault::OtherAddress);
    }
    if certificate.has_policy(oid::POLICY_RELAY) {
        return Err(SenderFault::Relay);
    }
    let intermediates: Vec<Certificate> =
        embedded.iter().chain(trust.intermediates).cloned().collect();
    let path = path::validate(&PathInput {
        leaf: certificate,
        intermediates: &intermediates,
        anchors: trust.anchors,
        crls: &[],
        ocsp: &[],
        at: trust.at,
        purpose: Purpose::EmailSigning,
        revocation: Revocation::Skip,
        limits: path::Limits::default(),
    })
    .map_err(SenderFault::Path)?;
    Ok(Sender {
        signer_info: signer.hash(),
        certificate: certificate.clone(),
        detached: content.signed_data.detached(),
        evidence: content.signed_data.stripped(without_anchor(&path)),
    })
}

/// A path but for its last certificate, which whoever verifies has; a leaf that is its own
/// anchor stays.
fn without_anchor(path: &path::Path) -> &[Certificate] {
    match path.certificates.split_last() {
        Some((_, before)) if !before.is_empty() => before,
        _ => &path.certificates,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::signed_content;
    use crate::fixture::{
        ENTITY, Extra, FROM_ALICE, Holder, NOW, WORLD, clear_signed, mail, signature,
    };
    use ssmax_cms::Limits;
    use ssmax_cms::signed::SignedData;

    fn signed(by: &Holder, extra: Extra) -> SignedContent<'static> {
        let message = mail(FROM_ALICE, &clear_signed(ENTITY, &signature(by, ENTITY, extra)));
        let message = ssmax_mail::parse(&message, &ssmax_mail::Limits::default()).unwrap();
        let SignedContent { signed_data, .. } = signed_content(&message).unwrap();
        SignedContent::detached(ENTITY, signed_data)
    }

    fn checked(content: &SignedContent<'_>, from: &str) -> Result<Sender, SenderFault> {
        let anchors = [WORLD.root.certificate.clone(), WORLD.seal_ca.certificate.clone()];
        let from = Address::parse(from).unwrap();
        check(content, &from, &Trust { anchors: &anchors, intermediates: &[], at: NOW })
    }

    fn fault(content: &SignedContent<'_>, from: &str) -> SenderFault {
        checked(content, from).map(drop).unwrap_err()
    }

    #[test]
    fn the_sender_is_who_signed_with_the_from_address() {
        let content = signed(&WORLD.alice, Extra::default());
        let sender = checked(&content, "alice@A.example").unwrap();
        assert_eq!(sender.certificate, WORLD.alice.certificate);
        assert_eq!(sender.signer_info, content.signed_data.signers()[0].hash());
    }

    #[test]
    fn the_kept_signature_has_no_content_and_still_holds() {
        let content = signed(&WORLD.alice, Extra::default());
        let sender = checked(&content, "alice@a.example").unwrap();
        let kept = SignedData::parse(&sender.detached, &Limits::default()).unwrap();
        assert_eq!(kept.content(), None);
        assert_eq!(kept.signers()[0].verify(&sender.certificate, ENTITY), Ok(()));
    }

    #[test]
    fn evidence_is_the_signature_and_the_path_and_nothing_that_was_added() {
        let content = signed(&WORLD.alice, Extra::default());
        let sender = checked(&content, "alice@a.example").unwrap();
        let kept = SignedData::parse(&sender.evidence, &Limits::default()).unwrap();
        assert_eq!(kept.certificates()[0], WORLD.alice.certificate);
        assert!(!kept.certificates().contains(&WORLD.root.certificate));
        assert_eq!(kept.signers()[0].hash(), sender.signer_info);
        assert_eq!(kept.signers()[0].verify(&sender.certificate, ENTITY), Ok(()));
    }

    #[test]
    fn each_cause_has_its_fault() {
        let content = signed(&WORLD.alice, Extra::default());
        assert_eq!(fault(&content, "boss@a.example"), SenderFault::OtherAddress);
        let changed = SignedContent::detached(&b"other"[..], content.signed_data.clone());
        assert_eq!(
            fault(&changed, "alice@a.example"),
            SenderFault::Signature(SignatureFault::DigestMismatch)
        );
        let bare = signed(&WORLD.alice, Extra { bare: true, ..Extra::default() });
        assert_eq!(fault(&bare, "alice@a.example"), SenderFault::NoCertificate);
        let from = Address::parse("alice@a.example").unwrap();
        let trust = Trust { anchors: &[], intermediates: &[], at: NOW };
        assert_eq!(
            check(&content, &from, &trust).map(drop),
            Err(SenderFault::Path(PathFault::NoIssuer))
        );
    }

    #[test]
    fn a_seal_is_no_sender_even_under_a_trusted_seal_ca() {
        let content = signed(&WORLD.seal, Extra::default());
        assert_eq!(fault(&content, "alice@a.example"), SenderFault::Relay);
    }
}
