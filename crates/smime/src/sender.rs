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
    /// The SignedData without its content, DER: small enough to be kept as evidence.
    pub detached: Vec<u8>,
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
    content: &SignedContent,
    from: &Address,
    trust: &Trust<'_>,
) -> Result<Sender, SenderFault> {
    let signers = content.signed_data.signers();
    let [signer] = signers else { return Err(SenderFault::NotOne(signers.len())) };
    let embedded = content.signed_data.certificates();
    let certificate = signer.certificate(embedded).ok_or(SenderFault::NoCertificate)?;
    signer.verify(certificate, &content.entity).map_err(SenderFault::Signature)?;
    if !certificate.has_email(&from.to_string()) {
        return Err(SenderFault::OtherAddress);
    }
    if certificate.has_policy(oid::POLICY_RELAY) {
        return Err(SenderFault::Relay);
    }
    let intermediates: Vec<Certificate> =
        embedded.iter().chain(trust.intermediates).cloned().collect();
    path::validate(&PathInput {
        leaf: certificate,
        intermediates: &intermediates,
        anchors: trust.anchors,
        crls: &[],
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
    })
}
