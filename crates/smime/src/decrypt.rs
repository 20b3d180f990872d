//! Opening an encrypted mail with a private key.

use ssmax_cms::enveloped::{
    Enveloped, Kind, RecipientId, RecipientInfo, RecipientKind, UnwrapPolicy,
};
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
    let mail =
        ssmax_mail::parse(message, &ssmax_mail::Limits::default()).map_err(DecryptFault::Mail)?;
    let object = encrypted_object(&mail)?;
    let enveloped = Enveloped::parse(&object, &Limits::default()).map_err(|fault| match fault {
        CmsError::WrongContentType => DecryptFault::NotEncrypted,
        other => DecryptFault::Object(other),
    })?;
    let mut fault = DecryptFault::NotARecipient;
    // Only the key's owner runs this, on a mail of their own: trying several recipients
    // tells nobody anything. A gateway never does it.
    for (recipient, id) in candidates(&enveloped, key, certificate)? {
        match open_as(&enveloped, recipient, &id, key) {
            Ok(content) => return Ok(content),
            Err(found) => fault = found,
        }
        if fault == DecryptFault::KeyUnavailable {
            break;
        }
    }
    Err(fault)
}

fn open_as(
    enveloped: &Enveloped,
    recipient: &RecipientInfo,
    id: &RecipientId,
    key: &dyn DecryptionKey,
) -> Result<Zeroizing<Vec<u8>>, DecryptFault> {
    let policy = UnwrapPolicy { allow_pkcs1: true };
    let content_key =
        recipient.unwrap(id, key, &policy, enveloped.cipher().key_len()).map_err(|fault| {
            match fault {
                CmsError::Decryption => DecryptFault::Failed,
                CmsError::KeyUnavailable => DecryptFault::KeyUnavailable,
                CmsError::KeyMismatch => DecryptFault::KeyMismatch,
                CmsError::NotNamed | CmsError::KeyKind => DecryptFault::NotARecipient,
                other => DecryptFault::Object(other),
            }
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

/// How many recipients are tried at most where nothing tells which is ours.
const MAX_TRIED: usize = 16;

/// Whom to open the mail as: the certificate's recipient, or the key's by its
/// identifier, or each that a key of this kind could belong to.
fn candidates<'e>(
    enveloped: &'e Enveloped,
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
) -> Result<Vec<(&'e RecipientInfo, RecipientId)>, DecryptFault> {
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
            return Ok(vec![named]);
        }
    }
    let by_key = RecipientId::KeyId(key_identifier(key.spki()));
    if let Some(named) = all().find(|(_, id)| *id == by_key) {
        return Ok(vec![named]);
    }
    Ok(all().filter(|(info, _)| fits(info.kind(), key)).take(MAX_TRIED).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{
        ENTITY, Extra, FROM_ALICE, WORLD, clear_signed, encrypted, mail, opaque, signature,
    };
    use ssmax_mail::compose;
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::KeyAlgorithm;

    fn opened(message: &[u8], certificate: Option<&Certificate>) -> Result<Vec<u8>, DecryptFault> {
        decrypt(message, &WORLD.bob_encryption.key, certificate).map(|content| content.to_vec())
    }

    fn to_bob() -> Vec<u8> {
        mail(FROM_ALICE, &encrypted(ENTITY, &[&WORLD.bob_encryption]))
    }

    #[test]
    fn the_content_comes_back_octet_for_octet_with_and_without_certificate() {
        let certificate = &WORLD.bob_encryption.certificate;
        assert_eq!(opened(&to_bob(), Some(certificate)).unwrap(), ENTITY);
        assert_eq!(opened(&to_bob(), None).unwrap(), ENTITY);
    }

    #[test]
    fn among_several_recipients_the_right_one_is_found_with_and_without_certificate() {
        let message = mail(FROM_ALICE, &encrypted(ENTITY, &[&WORLD.alice, &WORLD.bob_encryption]));
        assert_eq!(opened(&message, Some(&WORLD.bob_encryption.certificate)).unwrap(), ENTITY);
        assert_eq!(opened(&message, None).unwrap(), ENTITY);
    }

    #[test]
    fn what_is_signed_around_the_ciphertext_does_not_hide_it() {
        let ciphertext = encrypted(ENTITY, &[&WORLD.bob_encryption]);
        let around = signature(&WORLD.alice, &ciphertext, Extra::default());
        assert_eq!(
            opened(&mail(FROM_ALICE, &clear_signed(&ciphertext, &around)), None).unwrap(),
            ENTITY
        );
    }

    #[test]
    fn an_encrypted_part_beside_others_is_never_opened() {
        let ciphertext = encrypted(ENTITY, &[&WORLD.bob_encryption]);
        for parts in [vec![ciphertext.clone()], vec![ENTITY.to_vec(), ciphertext]] {
            let message = mail(FROM_ALICE, &compose::multipart("mixed", &[], "=_x", &parts));
            assert_eq!(opened(&message, None), Err(DecryptFault::NotEncrypted));
        }
    }

    #[test]
    fn plain_and_signed_mails_are_not_encrypted() {
        assert_eq!(opened(&mail(FROM_ALICE, ENTITY), None), Err(DecryptFault::NotEncrypted));
        let object = signature(&WORLD.alice, ENTITY, Extra { opaque: true, ..Extra::default() });
        assert_eq!(
            opened(&mail(FROM_ALICE, &opaque(&object)), None),
            Err(DecryptFault::NotEncrypted)
        );
    }

    #[test]
    fn the_wrong_key_and_a_changed_ciphertext_have_one_answer() {
        let other = decrypt(&to_bob(), &WORLD.alice.key, None).map(drop);
        assert_eq!(other, Err(DecryptFault::Failed));
        // The last base64 line holds the end of the ciphertext: its padding breaks.
        let mut changed = to_bob();
        let at = changed.len() - 12;
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(opened(&changed, None), Err(DecryptFault::Failed));
    }

    #[test]
    fn a_key_of_another_kind_is_not_used() {
        let rsa = SoftwareKey::generate(KeyAlgorithm::Rsa2048).unwrap();
        assert_eq!(decrypt(&to_bob(), &rsa, None).map(drop), Err(DecryptFault::NotARecipient));
    }

    #[test]
    fn certificate_and_key_must_belong_together() {
        let other = Some(&WORLD.alice.certificate);
        assert_eq!(opened(&to_bob(), other), Err(DecryptFault::KeyMismatch));
    }

    #[test]
    fn text_is_told_from_what_a_wrong_key_leaves() {
        for content in [
            &b"Content-Type: text/plain\r\n\r\n\x93\xfa"[..],
            b"\r\n\x93\xfa",
            b"hello\n",
            "日本語の本文".as_bytes(),
            "日".repeat(40).as_bytes(),
            b"\x1b$B\r\n",
            b"",
        ] {
            assert!(may_be_entity(content), "{content:?}");
        }
        for garbage in [&b"\x00\x01"[..], b"\x93\xfa\x96", b"ab\x07cd efg", b"\x80"] {
            assert!(!may_be_entity(garbage), "{garbage:?}");
        }
    }
}
