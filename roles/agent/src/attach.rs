//! Signing a mail and encrypting its attachments one by one (attachment mode).
//!
//! The text stays readable for whoever carries the mail. It is for what a file has to be
//! by itself: given on without the others, re-wrapped without decrypting it, stored as it
//! came. Specification: `spec/chain.md`, "Attachment mode".

use ssmax_chain::attachments::{around, manifest_part};
use ssmax_chain::binding::submission_ukm;
use ssmax_chain::manifest::{MAX_LISTED_FILES, Manifest, is_file_name};
use ssmax_chain::{Digest, HopId};
use ssmax_cms::enveloped::{ContentCipher, encrypt_vec, kcv};
use ssmax_mail::address::Address;
use ssmax_mail::header_protection::Mode;
use ssmax_mail::{Entity, Limits, compose};
use ssmax_pki::{Certificate, oid};
use ssmax_primitives::ContentKey;
use ssmax_smime::choice::{self, Group, Recipient};
use ssmax_token::Random;
use time::OffsetDateTime;

use crate::encrypt::{EncryptFault, check, fault_of};
use crate::parts;
use crate::sign::{SignFault, Signer, one_from, sign_with_header};

/// Why the attachments were not encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttachFault {
    /// Signing.
    #[error(transparent)]
    Sign(#[from] SignFault),
    /// Encrypting.
    #[error(transparent)]
    Encrypt(#[from] EncryptFault),
    /// There is nothing to encrypt.
    #[error("the mail has no attachment")]
    NoAttachment,
    /// A file within an inner part, such as a picture in a page: it would stay readable.
    #[error("a file lies inside another part")]
    AttachmentBelow,
    /// A file whose name cannot be listed.
    #[error("{0:?} cannot be the name of a file")]
    Name(String),
    /// More files than a manifest may list.
    #[error("there are more than {MAX_LISTED_FILES} attachments")]
    TooMany,
}

/// A file encrypted for its readers, as it is listed.
pub(crate) struct Attached {
    pub(crate) name: String,
    pub(crate) object: Vec<u8>,
    pub(crate) tail: Digest,
    pub(crate) kcv: Digest,
}

/// Signs a mail as its From and encrypts each attachment to the owners of `recipients`,
/// by AES-256-CBC, which every program opens.
///
/// What is no attachment, the text, stays in clear under the signature. The copy for a
/// relay certificate is bound to From: only From can submit it.
///
/// # Errors
/// [`AttachFault`] by cause.
pub fn attach(
    message: &[u8],
    signer: &Signer<'_>,
    recipients: &[Recipient<'_>],
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<u8>, AttachFault> {
    let mail = ssmax_mail::parse(message, &Limits::default()).map_err(SignFault::Mail)?;
    if parts::is_cryptographic(&mail) {
        return Err(SignFault::SignedAlready.into());
    }
    let from = one_from(&mail)?;
    let (text, files) = cut(&mail)?;
    let group = readers(recipients, at)?;
    let mut attached = Vec::with_capacity(files.len());
    for (name, octets) in files {
        let cipher = ContentCipher::Aes256Cbc;
        let key = ContentKey::random(random, cipher.key_len());
        let sealed = encrypt_vec(octets, cipher, &key, random).map_err(EncryptFault::Cipher)?;
        let tail = Digest(sealed.tail());
        let infos = wrap(&group, recipients, &key, &from, &tail)?;
        let kcv = Digest(kcv(&key, &tail.0));
        attached.push(Attached { name, object: sealed.into_message(&infos), tail, kcv });
    }
    let fields = parts::outer_fields(&mail);
    sealed_mail(&fields, text, attached, None, signer, at, random)
}

/// The copies of a content key, each bound to From where it is for a relay certificate.
pub(crate) fn wrap(
    group: &Group,
    recipients: &[Recipient<'_>],
    key: &ContentKey,
    from: &Address,
    tail: &Digest,
) -> Result<Vec<Vec<u8>>, EncryptFault> {
    let bound = |certificate: &Certificate| {
        certificate.has_policy(oid::POLICY_RELAY).then(|| submission_ukm(from, tail))
    };
    group.wrap_bound(recipients, key, bound).map_err(|fault| fault_of(fault, recipients))
}

/// Those who get a copy: all with keys of one kind, valid now and for encryption.
pub(crate) fn readers(
    recipients: &[Recipient<'_>],
    at: OffsetDateTime,
) -> Result<Group, EncryptFault> {
    for recipient in recipients {
        check(recipient.certificate, at)?;
    }
    let policy = choice::Policy { gcm: false, ..choice::Policy::default() };
    let plan = choice::plan(recipients, &policy).map_err(|fault| fault_of(fault, recipients))?;
    match <[Group; 1]>::try_from(plan.groups) {
        Ok([only]) => Ok(only),
        Err(_) => Err(EncryptFault::Mixed),
    }
}

/// The mail: fields, text and manifest under the signature, the files behind it.
pub(crate) fn sealed_mail(
    fields: &[u8],
    mut text: Vec<Vec<u8>>,
    files: Vec<Attached>,
    prev: Option<HopId>,
    signer: &Signer<'_>,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<u8>, AttachFault> {
    let listed = files.iter().map(|file| (file.name.clone(), file.tail, file.kcv)).collect();
    let manifest = Manifest::new(listed, prev);
    let boundary = || {
        let mut octets = [0; 16];
        random.fill(&mut octets);
        compose::boundary(octets)
    };
    text.push(manifest_part(&manifest));
    let content = compose::multipart("mixed", &[], &boundary(), &text);
    let plain = parts::join(fields, &content);
    let signed = sign_with_header(&plain, signer, Some(Mode::Clear), at, random)?;
    let mail = ssmax_mail::parse(&signed, &Limits::default()).map_err(SignFault::Mail)?;
    let head = parts::head(&parts::outer_fields(&mail));
    let objects = files.iter().map(|file| (file.name.as_str(), file.object.clone())).collect();
    Ok(around(&head, parts::inner_entity(&mail), objects, &boundary()))
}

type Cut = (Vec<Vec<u8>>, Vec<(String, Vec<u8>)>);

/// The parts that stay in clear, as they are, and the files by name and content.
fn cut(mail: &Entity<'_>) -> Result<Cut, AttachFault> {
    let has_file_below = |part: &Entity<'_>| part.walk().any(is_file);
    if !mail.content_type().is("multipart", "mixed") {
        return Err(match has_file_below(mail) {
            true => AttachFault::AttachmentBelow,
            false => AttachFault::NoAttachment,
        });
    }
    let (mut text, mut files) = (Vec::new(), Vec::new());
    for part in mail.children() {
        if is_file(part) {
            let name = part.file_name().unwrap_or_else(|| unnamed(part, files.len()));
            if !is_file_name(&name) {
                return Err(AttachFault::Name(name));
            }
            files.push((name, part.decoded_body().map_err(SignFault::Mail)?));
        } else if has_file_below(part) {
            return Err(AttachFault::AttachmentBelow);
        } else {
            text.push(part.raw().to_vec());
        }
    }
    match files.len() {
        0 => Err(AttachFault::NoAttachment),
        1..=MAX_LISTED_FILES => Ok((text, files)),
        _ => Err(AttachFault::TooMany),
    }
}

/// Whether a part is a file, and not text to be read with the mail.
fn is_file(part: &Entity<'_>) -> bool {
    if part.content_type().is_multipart() {
        return false;
    }
    part.content_type().kind() != "text"
        || part.file_name().is_some()
        || part.disposition().is_some_and(|disposition| disposition.is_attachment())
}

fn unnamed(part: &Entity<'_>, before: usize) -> String {
    let ending = if part.content_type().is_message() { "eml" } else { "bin" };
    format!("attachment-{}.{ending}", before + 1)
}
