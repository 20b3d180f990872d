//! The records that organisations signed about a mail.

use der::Decode;
use der::asn1::{OctetStringRef, Utf8StringRef};
use serde::Serialize;
use ssmax_chain::HopRecord;
use ssmax_chain::evidence::Evidence;
use ssmax_chain::seal_record::SealRecord;
use ssmax_cms::Limits;
use ssmax_cms::signed::{SignedData, SignerInfo};
use ssmax_pki::{Certificate, oid};

/// id-messageDigest (RFC 5652 11.2).
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";

/// One hop of a mail, as an organisation signed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Record {
    /// Hop 3: the receiving organisation to the recipient.
    Seal(Box<SealRecord>),
    /// Hop 2: the sending organisation to the receiving one.
    Hop(Box<HopRecord>),
}

/// A record is there and cannot be read, or somebody signed it who may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordUnusable;

/// The records that `signer` signed or carries, newest first.
///
/// A record counts only from an organisation: any person with a certificate could sign
/// one about themselves.
pub(super) fn records(
    signer: &SignerInfo,
    certificate: &Certificate,
) -> Result<Vec<Record>, RecordUnusable> {
    let attribute = signer.signed_attribute(oid::HOP_RECORD).map_err(|_| RecordUnusable)?;
    let Some(value) = attribute else { return Ok(Vec::new()) };
    let json = Utf8StringRef::from_der(value).map_err(|_| RecordUnusable)?;
    if certificate.has_policy(oid::POLICY_RELAY) {
        let seal = SealRecord::parse(json.as_str()).map_err(|_| RecordUnusable)?;
        let before = before_seal(signer, &seal);
        let mut records = vec![Record::Seal(Box::new(seal))];
        records.extend(before.map(|hop| Record::Hop(Box::new(hop))));
        return Ok(records);
    }
    let hop = HopRecord::parse(json.as_str()).map_err(|_| RecordUnusable)?;
    if is_from(certificate, &hop) {
        Ok(vec![Record::Hop(Box::new(hop))])
    } else {
        Err(RecordUnusable)
    }
}

/// The hop before a seal, out of its evidence.
///
/// Nothing protects an unsigned attribute, so what does not fit the seal, or is not
/// signed by the organisation it names, is as if it were not there.
fn before_seal(signer: &SignerInfo, seal: &SealRecord) -> Option<HopRecord> {
    let evidence = signer.unsigned_attribute(oid::EVIDENCE).ok()??;
    let evidence = Evidence::from_der(evidence).ok()?;
    let signed_data = SignedData::parse(&evidence.organisation, &Limits::default()).ok()?;
    let [organisation] = signed_data.signers() else { return None };
    let certificate = organisation.certificate(signed_data.certificates())?;
    let json = organisation.signed_attribute(oid::HOP_RECORD).ok()??;
    let hop = HopRecord::parse(Utf8StringRef::from_der(json).ok()?.as_str()).ok()?;
    let fits = hop.id == seal.id && hop.from_org == seal.from_org && hop.to_org == seal.to_org;
    if !fits || !is_from(certificate, &hop) {
        return None;
    }
    // The mail of that hop is gone; its digest as signed stands for it.
    let digest = organisation.signed_attribute(MESSAGE_DIGEST).ok()??;
    let digest: &OctetStringRef = Decode::from_der(digest).ok()?;
    organisation.verify_digest(certificate, digest.as_bytes()).ok()?;
    Some(hop)
}

fn is_from(certificate: &Certificate, hop: &HopRecord) -> bool {
    certificate.has_policy(oid::POLICY_ORGANISATION)
        && certificate.organization_identifier().as_deref() == Some(hop.from_org.as_str())
}
