//! Opening an encrypted mail with a private key.

use ssmax_cms::enveloped::{Enveloped, Kind, RecipientId, RecipientInfo, RecipientKind, UnwrapPolicy};
use ssmax_cms::{CmsError, Limits};
use ssmax_mail::{Entity, MailFault};
use ssmax_pki::{Certificate, key_identifier};
use ssmax_token::DecryptionKey;
use zeroize::Zeroizing;

/// How many octets of a CBC plaintext must read as the beginning of a header.
const PROBED_BYTES: usize = 64;

/// Why a mail could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptFault {
    /// The mail cannot be read in one way only.
    #[error("the mail cannot be read: {0}")]
    Mail(MailFault),
    /// Nothing in it is encrypted by its type.
    #[error("the mail is not encrypted")]
    NotEncrypted,
    /// The encrypted object is malformed, or in a form or with a cipher that is refused.
    #[error("the encrypted object is refused: {0}")]
    Object(CmsError),
    /// Certificate and key do not belong together.
    #[error("the certificate is for another key")]
    KeyMismatch,
    /// No recipient can be this key's owner.
    #[error("the mail is encrypted to somebody else")]
    NotARecipient,
    /// Several recipients have keys of this kind, and none says which it is: the
    /// certificate would.
    #[error("several recipients could be this key's owner")]
    SeveralRecipients,
    /// The key's home does not answer; trying later may help.
    #[error("the key store is not available")]
    KeyUnavailable,
    /// Anything that failed once the key was used: one answer for every cause.
    #[error("the mail cannot be decrypted")]
    Failed,
}

/// Decrypts a mail: its content entity, octet for octet.
///
/// What is encrypted must be the whole mail, or the whole of what is signed around it.
/// An encrypted part beside others is never opened: merged with what stands around it,
/// it could be sent to whoever put it there.
///
/// The recipient is the first that names `certificate`; else the first that names the
/// key by the usual key identifier; else the only one whose kind fits the key, as with
/// a certificate that was renewed for the same key. No two are ever tried.
///
/// AES-CBC proves nothing: the result is to be believed only by a signature inside.
///
/// # Errors
/// [`DecryptFault`] by cause; from the use of the key on only
/// [`DecryptFault::Failed`].
pub fn decrypt(
    message: &[u8],
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
) -> Result<Zeroizing<Vec<u8>>, DecryptFault> {
    let mail = ssmax_mail::parse(message, &ssmax_mail::Limits::default())
        .map_err(DecryptFault::Mail)?;
    let object = encrypted_object(&mail)?;
    let enveloped = Enveloped::parse(&object, &Limits::default()).map_err(|fault| match fault {
        CmsError::WrongContentType => DecryptFault::NotEncrypted,
        other => DecryptFault::Object(other),
    })?;
    let (recipient, id) = choose(&enveloped, key, certificate)?;
    let policy = UnwrapPolicy { allow_pkcs1: true };
    let content_key = recipient
        .unwrap(&id, key, &policy, enveloped.cipher().key_len())
        .map_err(|fault| match fault {
            CmsError::Decryption => DecryptFault::Failed,
            CmsError::KeyUnavailable => DecryptFault::KeyUnavailable,
            CmsError::KeyMismatch => DecryptFault::KeyMismatch,
            CmsError::NotNamed | CmsError::KeyKind => DecryptFault::NotARecipient,
            other => DecryptFault::Object(other),
        })?;
    let content = enveloped.decrypt(&content_key).map_err(|_| DecryptFault::Failed)?;
    if enveloped.kind() == Kind::Enveloped && !may_be_entity(&content) {
        return Err(DecryptFault::Failed);
    }
    Ok(content)
}

/// The CMS object that is the mail, or that all of it signs.
fn encrypted_object(mail: &Entity<'_>) -> Result<Vec<u8>, DecryptFault> {
    let is_pkcs7_mime = |entity: &Entity<'_>| {
        let essence = entity.content_type().essence();
        essence == "application/pkcs7-mime" || essence == "application/x-pkcs7-mime"
    };
    let holder = match mail.children() {
        [content, _] if mail.content_type().is("multipart", "signed") => content,
        _ => mail,
    };
    if !is_pkcs7_mime(holder) {
        return Err(DecryptFault::NotEncrypted);
    }
    holder.decoded_body().map_err(DecryptFault::Mail)
}

fn choose<'e>(
    enveloped: &'e Enveloped,
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
) -> Result<(&'e RecipientInfo, RecipientId), DecryptFault> {
    let all = || {
        enveloped
            .recipients()
            .iter()
            .flat_map(|info| info.identifiers().iter().map(move |id| (info, id.clone())))
    };
    if let Some(certificate) = certificate {
        if certificate.spki() != key.spki() {
            return Err(DecryptFault::KeyMismatch);
        }
        if let Some(named) = all().find(|(_, id)| id.names(certificate)) {
            return Ok(named);
        }
    }
    let by_key = RecipientId::KeyId(key_identifier(key.spki()));
    if let Some(named) = all().find(|(_, id)| *id == by_key) {
        return Ok(named);
    }
    let mut fitting = all().filter(|(info, _)| fits(info.kind(), key));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(DecryptFault::NotARecipient),
        (Some(_), Some(_)) => Err(DecryptFault::SeveralRecipients),
    }
}

fn fits(kind: RecipientKind, key: &dyn DecryptionKey) -> bool {
    match kind {
        RecipientKind::KeyTransPkcs1 | RecipientKind::KeyTransOaep(_) => key.algorithm().is_rsa(),
        RecipientKind::KeyAgree { .. } => !key.algorithm().is_rsa(),
        _ => false,
    }
}

/// Whether octets can be a MIME entity, or text without a header as some programs
/// encrypt it. The wrong RSA key gives a random content key (implicit rejection), and one
/// random key in 256 gives a padding that looks right.
fn may_be_entity(content: &[u8]) -> bool {
    let probe = content.get(..PROBED_BYTES).unwrap_or(content);
    if probe.starts_with(b"\r\n") || begins_with_field_name(probe) {
        return true;
    }
    let text = match str::from_utf8(probe) {
        Ok(text) => text,
        // A character may be cut at the end of the probe.
        Err(fault) if fault.error_len().is_none() => {
            str::from_utf8(probe.get(..fault.valid_up_to()).unwrap_or_default()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.chars().any(|char| char.is_control() && !matches!(char, '\t' | '\r' | '\n' | '\u{1b}'))
}

/// RFC 5322 3.6.8: printable characters and a colon.
fn begins_with_field_name(octets: &[u8]) -> bool {
    let name = octets.iter().take_while(|octet| octet.is_ascii_graphic() && **octet != b':');
    let length = name.count();
    length > 0 && octets.get(length) == Some(&b':')
}
