//! Encrypting a mail to certificates.

use ssmax_cms::CmsError;
use ssmax_cms::enveloped::{ContentCipher, ENCRYPT_ROOM, Kind, RsaTransport};
use ssmax_mail::header_protection::{
    Confidentiality, HeaderProtectionFault, Mode, OBSCURED_SUBJECT,
};
use ssmax_mail::{Entity, Limits, MailFault, compose};
use ssmax_pki::Certificate;
use ssmax_smime::choice::{self, ChoiceFault, Family, Plan, Recipient, RsaPadding};
use ssmax_token::Random;
use time::OffsetDateTime;

use crate::parts;

/// How a mail is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Cipher and key wraps.
    pub choice: choice::Policy,
    /// Whether RSA and EC recipients get copies of their own, instead of a refusal.
    pub split: bool,
    /// Whether the header is repeated inside (RFC 9788), and what of it is kept from who
    /// carries the mail. `None` repeats nothing. A mail that is signed already has inside
    /// what its signature covers, and nothing is added to that.
    pub header: Option<Confidentiality>,
}

/// An encrypted mail, with those who can read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// The mail.
    pub octets: Vec<u8>,
    /// Positions among the recipients given.
    pub recipients: Vec<usize>,
    /// The kind of their keys.
    pub family: Family,
    /// The cipher.
    pub cipher: ContentCipher,
}

/// Why a mail was not encrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptFault {
    /// The mail cannot be read in one way only.
    #[error("the mail cannot be read: {0}")]
    Mail(MailFault),
    /// No certificate was given.
    #[error("there is no recipient")]
    NoRecipient,
    /// More than the policy's `max_recipients`.
    #[error("there are too many recipients")]
    TooManyRecipients,
    /// This certificate is not for encryption.
    #[error("{0:?} is not for encryption")]
    NotForEncryption(Certificate),
    /// This certificate is not valid now.
    #[error("{0:?} is not valid now")]
    NotValidNow(Certificate),
    /// This certificate's key cannot be used.
    #[error("the key of {0:?} cannot be used")]
    Key(Certificate),
    /// The mailer of this certificate's owner reads old ciphers only.
    #[error("the mailer of {0:?} reads old ciphers only")]
    WeakMailer(Certificate),
    /// Some have RSA keys and some EC keys, and one copy was wanted.
    #[error("recipients with RSA keys and with EC keys do not go into one message")]
    Mixed,
    /// The subject was to be hidden of a signed mail that does not carry it inside: to
    /// its reader it would be lost.
    #[error("the signed mail does not carry the subject inside")]
    SubjectNotInside,
    /// The header cannot be repeated inside.
    #[error("the header cannot be protected: {0}")]
    Header(HeaderProtectionFault),
    /// The mail is too large for the cipher.
    #[error("encrypting failed: {0}")]
    Cipher(CmsError),
}

/// Encrypts a mail to people of whose mailers nothing is known but their certificates,
/// in one copy; RSA keys get the content key as `transport` says.
///
/// # Errors
/// As [`encrypt_copies`].
pub fn encrypt(
    message: &[u8],
    recipients: &[Certificate],
    transport: RsaTransport,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<u8>, EncryptFault> {
    let recipients: Vec<Recipient<'_>> = recipients.iter().map(Recipient::from).collect();
    let rsa = RsaPadding::Always(transport);
    let choice = choice::Policy { rsa, ..choice::Policy::default() };
    let options = Options { choice, ..Options::default() };
    let mut copies = encrypt_copies(message, &recipients, &options, at, random)?;
    copies.pop().map(|copy| copy.octets).ok_or(EncryptFault::NoRecipient)
}

/// Encrypts a mail to the owners of `recipients`: its body becomes enveloped-data (RFC
/// 8551 3.3) or, where all their mailers are known to read it, authEnveloped-data; its
/// other fields stay as they are, readable, but for a hidden subject.
///
/// A certificate given twice counts once. Whether one is to be trusted is the caller's
/// to decide: a person named it, or [`crate::learn`] found it.
///
/// # Errors
/// [`EncryptFault`] by cause.
pub fn encrypt_copies(
    message: &[u8],
    recipients: &[Recipient<'_>],
    options: &Options,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<Copy>, EncryptFault> {
    Prepared::new(message, recipients, options, at)?.seal(random)
}

/// As [`encrypt_copies`], and frees the memory of the message before that of the result
/// is needed.
///
/// # Errors
/// As [`encrypt_copies`].
pub fn encrypt_copies_vec(
    message: Vec<u8>,
    recipients: &[Recipient<'_>],
    options: &Options,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<Copy>, EncryptFault> {
    let prepared = Prepared::new(&message, recipients, options, at)?;
    drop(message);
    prepared.seal(random)
}

/// A mail cut up, with the plan for it.
struct Prepared<'r> {
    /// The recipients, each once, and where they stood among those given.
    wanted: Vec<Recipient<'r>>,
    positions: Vec<usize>,
    plan: Plan,
    fields: Vec<u8>,
    entity: Vec<u8>,
}

impl<'r> Prepared<'r> {
    fn new(
        message: &[u8],
        recipients: &[Recipient<'r>],
        options: &Options,
        at: OffsetDateTime,
    ) -> Result<Self, EncryptFault> {
        let mail = ssmax_mail::parse(message, &Limits::default()).map_err(EncryptFault::Mail)?;
        let mut positions: Vec<usize> = Vec::new();
        let mut wanted: Vec<Recipient<'r>> = Vec::new();
        for (position, recipient) in recipients.iter().enumerate() {
            check(recipient.certificate, at)?;
            if wanted.iter().all(|known| known.certificate != recipient.certificate) {
                positions.push(position);
                wanted.push(*recipient);
            }
        }
        let plan =
            choice::plan(&wanted, &options.choice).map_err(|fault| fault_of(fault, &wanted))?;
        if plan.groups.len() > 1 && !options.split {
            return Err(EncryptFault::Mixed);
        }
        let (fields, mut entity) = cut(&mail, options.header)?;
        entity.reserve_exact(ENCRYPT_ROOM);
        Ok(Self { wanted, positions, plan, fields, entity })
    }

    fn seal(self, random: &dyn Random) -> Result<Vec<Copy>, EncryptFault> {
        let Self { wanted, positions, plan, fields, entity } = self;
        let objects =
            plan.seal_vec(&wanted, entity, random).map_err(|fault| fault_of(fault, &wanted))?;
        let copies = plan.groups.iter().zip(objects).map(|(group, object)| Copy {
            octets: encrypted_mail(&fields, plan.cipher, object),
            recipients: group
                .members
                .iter()
                .filter_map(|member| positions.get(member.index).copied())
                .collect(),
            family: group.family,
            cipher: plan.cipher,
        });
        Ok(copies.collect())
    }
}

pub(crate) fn check(certificate: &Certificate, at: OffsetDateTime) -> Result<(), EncryptFault> {
    if !certificate.allows_encryption() {
        return Err(EncryptFault::NotForEncryption(certificate.clone()));
    }
    if at < certificate.not_before() || at > certificate.not_after() {
        return Err(EncryptFault::NotValidNow(certificate.clone()));
    }
    Ok(())
}

pub(crate) fn fault_of(fault: ChoiceFault, recipients: &[Recipient<'_>]) -> EncryptFault {
    let whose = |index: usize, make: fn(Certificate) -> EncryptFault| {
        let recipient = recipients.get(index);
        recipient.map_or(EncryptFault::NoRecipient, |found| make(found.certificate.clone()))
    };
    match fault {
        ChoiceFault::TooManyRecipients => EncryptFault::TooManyRecipients,
        ChoiceFault::Key(index) => whose(index, EncryptFault::Key),
        ChoiceFault::WeakMailer(index) => whose(index, EncryptFault::WeakMailer),
        ChoiceFault::Cipher(fault) => EncryptFault::Cipher(fault),
        _ => EncryptFault::NoRecipient,
    }
}

/// What stays outside and what goes inside.
fn cut(
    mail: &Entity<'_>,
    header: Option<Confidentiality>,
) -> Result<(Vec<u8>, Vec<u8>), EncryptFault> {
    if parts::is_cryptographic(mail) {
        if header == Some(Confidentiality::Baseline) && !hides_subject(mail) {
            return Err(EncryptFault::SubjectNotInside);
        }
        return Ok((parts::outer_fields(mail), parts::inner_entity(mail)));
    }
    parts::protected(mail, header.map(Mode::Cipher)).map_err(EncryptFault::Header)
}

/// Whether a signed mail was made to be encrypted with its subject hidden.
fn hides_subject(mail: &Entity<'_>) -> bool {
    let outside = mail.header().one("Subject").ok().flatten();
    let [content, _] = mail.children() else { return false };
    content.content_type().parameter("hp") == Some("cipher")
        && outside.is_none_or(|field| field.unfolded() == OBSCURED_SUBJECT)
}

fn encrypted_mail(fields: &[u8], cipher: ContentCipher, object: Vec<u8>) -> Vec<u8> {
    let kind = match cipher.kind() {
        Kind::Enveloped => "enveloped-data",
        Kind::AuthEnveloped => "authEnveloped-data",
    };
    let header = format!(
        "Content-Type: application/pkcs7-mime; smime-type={kind}; name=\"smime.p7m\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"
    );
    let head = parts::join(fields, header.as_bytes());
    compose::base64_body_behind(&head, object)
}
