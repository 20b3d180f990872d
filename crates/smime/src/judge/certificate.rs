//! The signature, and the certificate it is believed by.

use der::asn1::{AnyRef, Ia5StringRef, ObjectIdentifier};
use der::{Decode, Reader, SliceReader};
use ssmax_cms::SignatureFault;
use ssmax_cms::signed::{SignaturePolicy, SignerInfo};
use ssmax_mail::Header;
use ssmax_mail::address::Address;
use ssmax_pki::path::{self, Path, PathInput, Purpose, Revocation};
use ssmax_pki::{Certificate, is_usable_address, oid};
use ssmax_primitives::KeyError;
use time::format_description::well_known::Rfc2822;
use time::{Duration, OffsetDateTime};

use super::check::{CheckName, Outcome, Sheet};
use super::{Question, Reason};
use crate::content::SignedContent;

/// How far the signing time may be from Date before mailers complain (measured).
const DATE_TOLERANCE: Duration = Duration::HOUR;

/// The one signature with the certificate it names.
pub(super) struct Found<'a> {
    pub(super) signer: &'a SignerInfo,
    pub(super) certificate: &'a Certificate,
    /// Whether the signature holds over the content.
    pub(super) holds: bool,
}

/// Checks `signature` and `algorithm`; `None` without exactly one signer whose
/// certificate is there.
pub(super) fn signature<'a>(
    sheet: &mut Sheet,
    content: &'a SignedContent<'_>,
    question: &Question<'_>,
) -> Option<Found<'a>> {
    let [signer] = content.signed_data.signers() else {
        let several = !content.signed_data.signers().is_empty();
        let reason = if several { Reason::SeveralSigners } else { Reason::NoSigner };
        sheet.fail(CheckName::Signature, reason);
        return None;
    };
    let certificate = signer.certificate(content.signed_data.certificates());
    let policy = SignaturePolicy { allow_sha1: question.allow_sha1 };
    let algorithm = match signer.signature_algorithm() {
        Ok(_) => Ok(Reason::Holds),
        Err(SignatureFault::WeakDigest) if question.allow_sha1 => Ok(Reason::Sha1Allowed),
        Err(fault) => Err(Reason::Signature(fault)),
    };
    let algorithm =
        algorithm.and_then(|reason| certificate.map_or(Ok(()), strong_key).map(|()| reason));
    let algorithm = sheet.note(CheckName::Algorithm, algorithm);
    if let Some(reason) = algorithm {
        sheet.set(CheckName::Algorithm, Outcome::Pass, reason);
    }
    let Some(certificate) = certificate else {
        sheet.fail(CheckName::Signature, Reason::NoCertificate);
        return None;
    };
    let holds = signer.verify_with(certificate, content.entity(), &policy);
    // Of SHA-1 not every form is allowed.
    let is_strong = algorithm.is_some() && holds != Err(SignatureFault::WeakDigest);
    if algorithm.is_some() && !is_strong {
        sheet.fail(CheckName::Algorithm, Reason::Signature(SignatureFault::WeakDigest));
    }
    let holds = holds.map_err(Reason::Signature);
    // With a weak algorithm the question whether it holds has no worth.
    if is_strong {
        sheet.note(CheckName::Signature, holds);
    } else {
        sheet.set(CheckName::Signature, Outcome::Skipped, Reason::WeakAlgorithm);
    }
    Some(Found { signer, certificate, holds: is_strong && holds.is_ok() })
}

/// An RSA key outside the bounds proves nothing, or costs more than it proves.
fn strong_key(certificate: &Certificate) -> Result<(), Reason> {
    match ssmax_primitives::key_algorithm(certificate.spki()) {
        Err(KeyError::RsaTooSmall { .. } | KeyError::RsaTooLarge { .. }) => Err(Reason::WeakKey),
        _ => Ok(()),
    }
}

/// Checks `time`, `path` and `revocation`.
pub(super) fn validity(
    sheet: &mut Sheet,
    found: &Found<'_>,
    content: &SignedContent<'_>,
    header: &Header<'_>,
    question: &Question<'_>,
) {
    let leaf = found.certificate;
    let time = valid_at(leaf, question.at).and_then(|()| against_date(found.signer, header));
    if let Some(reason) = sheet.note(CheckName::Time, time) {
        sheet.set(CheckName::Time, Outcome::Pass, reason);
    }
    let intermediates: Vec<Certificate> =
        content.signed_data.certificates().iter().chain(question.intermediates).cloned().collect();
    let input = PathInput {
        leaf,
        intermediates: &intermediates,
        anchors: question.anchors,
        crls: question.crls,
        ocsp: question.ocsp,
        // The leaf's own validity is the check `time`; here it would hide what else
        // there is to say about the path.
        at: nearest(leaf, question.at),
        purpose: Purpose::EmailSigning,
        limits: path::Limits::default(),
        revocation: Revocation::Skip,
    };
    let path = if question.anchors.is_empty() {
        Err(Reason::NoAnchor)
    } else {
        path::validate(&input).map_err(Reason::Path)
    };
    let Some(path) = sheet.note(CheckName::Path, path) else { return };
    if question.crls.is_empty() && question.ocsp.is_empty() {
        sheet.set(CheckName::Revocation, Outcome::Skipped, Reason::NoCrl);
        return;
    }
    match revocation(&path, &PathInput { at: question.at, ..input }) {
        Ok(reason) => sheet.set(CheckName::Revocation, Outcome::Pass, reason),
        Err(reason) => sheet.fail(CheckName::Revocation, reason),
    }
}

/// Checks that the certificate speaks for the address in From.
///
/// An address in the subject is told apart: it counts here, for old mail, and nowhere in
/// the federation.
pub(super) fn binding(found: &Found<'_>, from: &Address) -> Result<Reason, Reason> {
    if found.certificate.has_email(&from.to_string()) {
        return Ok(Reason::Holds);
    }
    if speaks_for(found.certificate, from) {
        return Ok(Reason::AddressInSubject);
    }
    Err(Reason::OtherAddress)
}

/// The address by which the signer is told.
pub(super) fn signer_address(certificate: &Certificate, from: Option<&Address>) -> Option<String> {
    from.filter(|from| speaks_for(certificate, from))
        .map(ToString::to_string)
        .or_else(|| certificate.emails().into_iter().next())
        .or_else(|| legacy_address(certificate).map(|address| address.to_string()))
}

fn speaks_for(certificate: &Certificate, from: &Address) -> bool {
    certificate.has_email(&from.to_string())
        || legacy_address(certificate).is_some_and(|address| address.matches(from))
}

/// The address in the subject of a certificate without alternative names: with any, of
/// whatever kind, whoever issued it knew where addresses belong.
///
/// RFC 8550 section 3: "Receiving agents MUST recognize email addresses in the
/// Distinguished Name field in the PKCS #9 emailAddress attribute". Only the one
/// attribute, in its one string type, with an address of the plain kind; name
/// constraints bind it too (RFC 5280 4.2.1.10).
fn legacy_address(certificate: &Certificate) -> Option<Address> {
    if certificate.has_alternative_names() {
        return None;
    }
    let addresses = addresses_of(certificate.subject()).ok()?;
    let [only] = addresses.as_slice() else { return None };
    if !is_usable_address(only) {
        return None;
    }
    Address::parse(only).ok()
}

/// The emailAddress attributes of a DER name.
fn addresses_of(name: &[u8]) -> der::Result<Vec<String>> {
    let wanted = ObjectIdentifier::new(oid::EMAIL_ADDRESS)?;
    let mut addresses = Vec::new();
    for relative in members(AnyRef::from_der(name)?)? {
        for attribute in members(relative)? {
            let mut reader = SliceReader::new(attribute.value())?;
            if ObjectIdentifier::decode(&mut reader)? == wanted {
                addresses.push(Ia5StringRef::decode(&mut reader)?.as_str().to_owned());
            }
        }
    }
    Ok(addresses)
}

fn members(whole: AnyRef<'_>) -> der::Result<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(whole.value())?;
    let mut members = Vec::new();
    while !reader.is_finished() {
        members.push(AnyRef::decode(&mut reader)?);
    }
    Ok(members)
}

/// Compares the signing time, where there is one, with Date, which nothing protects.
///
/// A Date after the signature is what an old mail has that is sent again as a new one;
/// mailers show it as not good (measured). A signature after Date may just have waited.
fn against_date(signer: &SignerInfo, header: &Header<'_>) -> Result<Reason, Reason> {
    let signed = signer.signing_time();
    let date = match header.one("Date") {
        // Readers show the first or the last.
        Err(_) => return Err(Reason::SeveralDates),
        Ok(None) => return Ok(Reason::Holds),
        Ok(Some(field)) => OffsetDateTime::parse(&field.unfolded(), &Rfc2822).ok(),
    };
    // What we cannot read, another reader may, and show it as new.
    if signed.is_some() && date.is_none() {
        return Err(Reason::DateUnreadable);
    }
    match (signed, date) {
        (Some(signed), Some(date)) if date - signed > DATE_TOLERANCE => {
            Err(Reason::SignedBeforeDate)
        }
        (Some(signed), Some(date)) if signed - date > DATE_TOLERANCE => Ok(Reason::SignedAfterDate),
        _ => Ok(Reason::Holds),
    }
}

fn valid_at(certificate: &Certificate, at: OffsetDateTime) -> Result<(), Reason> {
    if at < certificate.not_before() {
        return Err(Reason::NotYetValid);
    }
    if at > certificate.not_after() { Err(Reason::Expired) } else { Ok(()) }
}

/// The moment of the certificate's validity that is nearest to `at`.
fn nearest(certificate: &Certificate, at: OffsetDateTime) -> OffsetDateTime {
    // Not clamp(), which panics on a certificate that ends before it begins.
    at.max(certificate.not_before()).min(certificate.not_after())
}

/// Asks the lists about every certificate of the path.
///
/// About the signer's they must know. About a CA's they may be silent, because people
/// have the list of the CA that issues and seldom that of the root; but a CA that they
/// do call revoked ends it.
fn revocation(path: &Path, input: &PathInput<'_>) -> Result<Reason, Reason> {
    let mut reason = Reason::Holds;
    for (position, pair) in path.certificates.windows(2).enumerate() {
        let [below, issuer] = pair else { continue };
        let purpose = if position == 0 { Purpose::EmailSigning } else { Purpose::Any };
        let step = PathInput {
            leaf: below,
            anchors: std::slice::from_ref(issuer),
            purpose,
            revocation: Revocation::Require,
            ..*input
        };
        match path::validate(&step) {
            Ok(_) => {}
            Err(fault) if position > 0 && fault.is_state_unknown() => {
                reason = Reason::AuthoritiesUnknown;
            }
            Err(fault) => return Err(Reason::Path(fault)),
        }
    }
    Ok(reason)
}
