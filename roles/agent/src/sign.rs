//! Signing a mail as its From.

use std::borrow::Cow;

use ssmax_cms::CmsError;
use ssmax_cms::signed::{self, SignRequest, encryption_key_preference};
use ssmax_mail::address::{Address, AddressFault, parse_from};
use ssmax_mail::header_protection::{HeaderProtectionFault, Mode};
use ssmax_mail::{Entity, Limits, MailFault, canonical, compose};
use ssmax_pki::Certificate;
use ssmax_smime::content::is_nested_signature;
use ssmax_token::{Random, SignatureAlgorithm as Algorithm, SigningKey};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use crate::parts;

/// Who signs, and what goes along for those who answer.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The key.
    pub key: &'a dyn SigningKey,
    /// Its certificate, which must carry the From address.
    pub certificate: &'a Certificate,
    /// CAs up to what recipients trust. Mailers look for none themselves (measured), so
    /// without them nobody can check the signature.
    pub chain: &'a [Certificate],
    /// The certificate that answers shall be encrypted for, if there is one.
    pub encryption: Option<&'a Certificate>,
}

/// Why a mail was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignFault {
    /// The mail cannot be read in one way only, or cannot be made 7bit.
    #[error("the mail cannot be read: {0}")]
    Mail(MailFault),
    /// From cannot be read.
    #[error("From cannot be read: {0}")]
    From(AddressFault),
    /// From is missing, there twice, or has several addresses.
    #[error("the mail has not exactly one From address")]
    NotOneFrom,
    /// The certificate does not carry the From address: every reader would refuse it.
    #[error("the certificate is for another address than From")]
    OtherAddress,
    /// The certificate is not for signing mail.
    #[error("the certificate is not for signing")]
    NotForSigning,
    /// The certificate is not valid now.
    #[error("the certificate is not valid now")]
    NotValidNow,
    /// It is signed already: mailers disagree about a signature in a signature.
    #[error("the mail is signed already")]
    SignedAlready,
    /// The header cannot be repeated inside.
    #[error("the header cannot be protected: {0}")]
    Header(HeaderProtectionFault),
    /// Key and certificate do not belong together, or the key failed.
    #[error("signing failed: {0}")]
    Key(CmsError),
}

/// Signs a mail: its body becomes multipart/signed (RFC 8551 3.5.3), its other fields
/// stay as they are.
///
/// What is signed is made 7bit first, so that no server on the way re-encodes it. `at`
/// is the signing time; mailers complain if it is more than an hour from Date. The
/// signature tells which ciphers the signer reads and, if `signer.encryption` is there,
/// which certificate answers shall be encrypted for.
///
/// # Errors
/// [`SignFault`] by cause.
pub fn sign(
    message: &[u8],
    signer: &Signer<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<u8>, SignFault> {
    sign_with_header(message, signer, None, at, random)
}

/// As [`sign`], with the header repeated under the signature (RFC 9788) as `mode` says:
/// [`Mode::Clear`] for a mail that is only signed, [`Mode::Cipher`] for one that will be
/// encrypted as well. `None` repeats nothing. With
/// `Mode::Cipher(Confidentiality::Baseline)` the subject stands only inside, so the
/// result must not be sent without encrypting it: its reader would see no subject.
///
/// # Errors
/// [`SignFault`] by cause.
pub fn sign_with_header(
    message: &[u8],
    signer: &Signer<'_>,
    mode: Option<Mode>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<u8>, SignFault> {
    let limits = Limits::default();
    let mail = ssmax_mail::parse(message, &limits).map_err(SignFault::Mail)?;
    check(signer.certificate, &one_from(&mail)?, at)?;
    if is_nested_signature(&mail) {
        return Err(SignFault::SignedAlready);
    }
    let mut plain = Cow::Borrowed(mail.raw());
    if matches!(mode, Some(Mode::Cipher(_))) && !canonical::is_seven_bit(mail.raw()) {
        // HP-Outer quotes whole fields, which could not be encoded afterwards.
        plain = canonical::to_seven_bit(&mail).map_err(SignFault::Mail)?.into();
    }
    let mail = ssmax_mail::parse(&plain, &limits).map_err(SignFault::Mail)?;
    let (fields, entity) = parts::protected(&mail, mode).map_err(SignFault::Header)?;
    let entity = canonical::into_seven_bit(entity, &limits).map_err(SignFault::Mail)?;
    let mut certificates = vec![signer.certificate.clone()];
    certificates.extend(signer.encryption.cloned());
    certificates.extend_from_slice(signer.chain);
    certificates.dedup();
    let request = SignRequest {
        // Not used by `sign_over`.
        content_digest: [0; 32],
        content: None,
        signing_time: Some(at),
        extra_signed: signer.encryption.map(encryption_key_preference).into_iter().collect(),
        unsigned: Vec::new(),
        certificates: &certificates,
        signer: signer.certificate,
    };
    let signature = signed::sign_over(&request, &entity, signer.key).map_err(SignFault::Key)?;
    let mut octets = [0; 16];
    random.fill(&mut octets);
    // In the memory of the entity: a large mail is there twice, as it came and signed.
    Ok(compose::multipart_behind(
        &parts::head(&fields),
        "signed",
        &[("protocol", "application/pkcs7-signature"), ("micalg", micalg(signer.key))],
        &compose::boundary(octets),
        entity,
        &[signature_part(&signature)],
    ))
}

/// The mail with a Date, which RFC 5322 3.6 demands: the one that it has, or `at`. A
/// server on the way would add it outside of the signature, where it could be anybody's.
///
/// # Errors
/// [`SignFault::Mail`].
pub fn with_date(mut message: Vec<u8>, at: OffsetDateTime) -> Result<Vec<u8>, SignFault> {
    let mail = ssmax_mail::parse(&message, &Limits::default()).map_err(SignFault::Mail)?;
    if mail.header().all("Date").next().is_none()
        && let Ok(date) = at.format(&Rfc2822)
    {
        message.splice(..0, format!("Date: {date}\r\n").into_bytes());
    }
    Ok(message)
}

/// The name of the digest (RFC 8551 3.5.3.2).
fn micalg(key: &dyn SigningKey) -> &'static str {
    match key.signature_algorithm() {
        Algorithm::EcdsaSha384 | Algorithm::RsaPkcs1Sha384 | Algorithm::RsaPssSha384 => "sha-384",
        // RFC 8419 3.1: Ed25519 goes with SHA-512.
        Algorithm::EcdsaSha512
        | Algorithm::RsaPkcs1Sha512
        | Algorithm::RsaPssSha512
        | Algorithm::Ed25519 => "sha-512",
        _ => "sha-256",
    }
}

pub(crate) fn one_from(mail: &Entity<'_>) -> Result<Address, SignFault> {
    let field = mail.header().one("From").ok().flatten().ok_or(SignFault::NotOneFrom)?;
    let mut mailboxes = parse_from(&field.unfolded()).map_err(SignFault::From)?;
    match (mailboxes.pop(), mailboxes.is_empty()) {
        (Some(only), true) => Ok(only.address),
        _ => Err(SignFault::NotOneFrom),
    }
}

fn check(certificate: &Certificate, from: &Address, at: OffsetDateTime) -> Result<(), SignFault> {
    if !certificate.has_email(&from.to_string()) {
        return Err(SignFault::OtherAddress);
    }
    if !certificate.allows_signing() || certificate.is_ca() {
        return Err(SignFault::NotForSigning);
    }
    if at < certificate.not_before() || at > certificate.not_after() {
        return Err(SignFault::NotValidNow);
    }
    Ok(())
}

fn signature_part(signature: &[u8]) -> Vec<u8> {
    compose::Part::attachment("application/pkcs7-signature", "smime.p7s", signature).into_octets()
}
