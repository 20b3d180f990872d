//! Encrypting a mail to certificates.

use ssmax_cms::CmsError;
use ssmax_cms::enveloped::{self, ContentCipher, RsaTransport, recipient_info};
use ssmax_mail::{Limits, MailFault, compose};
use ssmax_pki::Certificate;
use ssmax_primitives::ContentKey;
use ssmax_token::Random;
use time::OffsetDateTime;

use crate::parts;

/// What every mailer reads; AES-GCM they show as a blank page (measured).
const CIPHER: ContentCipher = ContentCipher::Aes256Cbc;

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
    /// This certificate is not for encryption.
    #[error("{0:?} is not for encryption")]
    NotForEncryption(Certificate),
    /// This certificate is not valid now.
    #[error("{0:?} is not valid now")]
    NotValidNow(Certificate),
    /// This certificate's key cannot be used.
    #[error("the key of {0:?} cannot be used")]
    Key(Certificate),
    /// The mail is too large for the cipher.
    #[error("encrypting failed: {0}")]
    Cipher(CmsError),
}

/// Encrypts a mail with AES-256-CBC to the owners of `recipients`: its body becomes
/// enveloped-data (RFC 8551 3.3), its other fields stay as they are, readable.
///
/// `transport` says how RSA keys get the content key; EC keys always agree on it
/// (RFC 5753). Whether a certificate is to be trusted is the caller's to decide: a person
/// named it, or [`crate::learn`] found it.
///
/// # Errors
/// [`EncryptFault`] by cause.
pub fn encrypt(
    message: &[u8],
    recipients: &[Certificate],
    transport: RsaTransport,
    at: OffsetDateTime,
    random: &dyn Random,
) -> Result<Vec<u8>, EncryptFault> {
    let mail = ssmax_mail::parse(message, &Limits::default()).map_err(EncryptFault::Mail)?;
    if recipients.is_empty() {
        return Err(EncryptFault::NoRecipient);
    }
    let key = ContentKey::random(random, CIPHER.key_len());
    let mut infos = Vec::new();
    for certificate in recipients {
        if !certificate.allows_encryption() || certificate.is_ca() {
            return Err(EncryptFault::NotForEncryption(certificate.clone()));
        }
        if at < certificate.not_before() || at > certificate.not_after() {
            return Err(EncryptFault::NotValidNow(certificate.clone()));
        }
        infos.push(
            recipient_info(certificate, &key, None, transport)
                .map_err(|_| EncryptFault::Key(certificate.clone()))?,
        );
    }
    let sealed = enveloped::encrypt(&parts::inner_entity(&mail), CIPHER, &key, random)
        .map_err(EncryptFault::Cipher)?;
    let mut entity = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; \
        name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\
        Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n"
        .to_vec();
    entity.extend(compose::base64_body(&sealed.with_recipients(&infos)));
    Ok(parts::join(&parts::outer_fields(&mail), &entity))
}
