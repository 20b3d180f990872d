//! Opening an encrypted mail with a private key.

use ssmax_cms::enveloped::{
    Curve, Enveloped, Kind, Probe, RecipientId, RecipientInfo, RecipientKind, UnwrapPolicy, kcv,
};
use ssmax_cms::signed::SignedData;
use ssmax_cms::{CmsError, Limits};
use ssmax_mail::{Entity, MailFault, canonical};
use ssmax_pki::{Certificate, key_identifier};
use ssmax_primitives::ContentKey;
use ssmax_token::DecryptionKey;
use zeroize::Zeroizing;

use crate::content::{ObjectKind, is_encrypted};
use crate::form::Form;

/// How many octets of a CBC plaintext must read as the beginning of a header.
const PROBED_BYTES: usize = 64;

/// What the owner of a key allows for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenPolicy {
    /// Whether Triple-DES is read, to open old mail. Off by default: it is refused by
    /// name, so that a sender who still uses it is noticed.
    pub allow_triple_des: bool,
    /// Whether an RSA key opens PKCS#1 v1.5. On by default, as most mailers write
    /// nothing else; a person's own program, run by hand, is no oracle.
    pub allow_pkcs1: bool,
    /// How many times the key is used for one mail at most, where nothing tells which
    /// recipient is its owner; 4 by default. Each costs milliseconds, or a round to the
    /// key's home, and the sender chooses how many recipients there are.
    pub max_key_uses: usize,
}

impl Default for OpenPolicy {
    fn default() -> Self {
        Self { allow_triple_des: false, allow_pkcs1: true, max_key_uses: 4 }
    }
}

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

/// Decrypts a mail: its content entity, octet for octet. A file that holds the CMS object
/// alone (DER or BER, PEM), such as a saved attachment, is opened likewise.
///
/// What is encrypted must be the whole mail, or the whole of what is signed around it.
/// An encrypted part beside others is never opened: merged with what stands around it,
/// it could be sent to whoever put it there.
///
/// The recipient is the first that names `certificate`; else the first that names the
/// key by the usual key identifier; else each whose kind fits the key is tried, up to
/// [`OpenPolicy::max_key_uses`], as with a certificate that was renewed for the same key.
/// For a mail to many, whoever has the certificate gives it.
///
/// AES-CBC proves nothing: the result is to be believed only by a signature inside. What
/// is compressed inside (RFC 3274) comes back as it is.
///
/// # Errors
/// [`DecryptFault`] by cause; from the use of the key on only
/// [`DecryptFault::Failed`].
pub fn decrypt(
    message: &[u8],
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
) -> Result<Zeroizing<Vec<u8>>, DecryptFault> {
    decrypt_with(message, key, certificate, &OpenPolicy::default())
}

/// As [`decrypt`], by the owner's own policy.
///
/// # Errors
/// As [`decrypt`].
pub fn decrypt_with(
    message: &[u8],
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
    policy: &OpenPolicy,
) -> Result<Zeroizing<Vec<u8>>, DecryptFault> {
    let form = Form::of(message);
    let is_mail = form == Form::Mail;
    let object = match form {
        Form::Mail => {
            let mail = ssmax_mail::parse(message, &ssmax_mail::Limits::default())
                .map_err(DecryptFault::Mail)?;
            encrypted_object(&mail)?
        }
        Form::Ber => message.to_vec(),
        Form::Pem(_, object) => object,
    };
    let enveloped = read(object, policy)?;
    let content_key = content_key(&enveloped, key, certificate, policy, |content_key, found| {
        // The only one needs no trying: it is used below, in the memory of the message.
        // Of several, also a certain one may be another sender's: anybody can put one in.
        if found.is_only {
            return Ok(());
        }
        probe(&enveloped, content_key, |found| !is_mail || may_be_entity(&found.beginning))
    })?;
    let is_cbc = enveloped.kind() == Kind::Enveloped;
    let content = enveloped.into_decrypted(&content_key).map_err(|_| DecryptFault::Failed)?;
    if is_mail && is_cbc && !may_be_entity(&content) {
        return Err(DecryptFault::Failed);
    }
    Ok(content)
}

/// Whether a file is a CMS object alone, in BER or PEM, and not a mail; told by its first
/// octets.
#[must_use]
pub fn is_bare_object(file: &[u8]) -> bool {
    Form::of(file) != Form::Mail
}

/// Reads an encrypted object.
pub(crate) fn read(object: Vec<u8>, policy: &OpenPolicy) -> Result<Enveloped, DecryptFault> {
    let limits = Limits::default();
    let parsed = if policy.allow_triple_des {
        Enveloped::parse_old_vec(object, &limits)
    } else {
        Enveloped::parse_vec(object, &limits)
    };
    parsed.map_err(|fault| match fault {
        CmsError::WrongContentType => DecryptFault::NotEncrypted,
        other => DecryptFault::Object(other),
    })
}

/// Whether a content key that is not certain gives a content: of GCM the tag tells; of CBC
/// the padding and, by `is_plausible`, the beginning, at one cost for every size.
pub(crate) fn probe(
    enveloped: &Enveloped,
    content_key: &ContentKey,
    is_plausible: impl FnOnce(&Probe) -> bool,
) -> Result<(), DecryptFault> {
    let found = enveloped.probe(content_key, PROBED_BYTES).map_err(|_| DecryptFault::Failed)?;
    let is_content = enveloped.kind() == Kind::AuthEnveloped || is_plausible(&found);
    if is_content { Ok(()) } else { Err(DecryptFault::Failed) }
}

/// How a content key was got.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// Whether it is certain to be what its sender wrapped. It is not where PKCS#1 v1.5
    /// gave it: with a wrong key, or from a damaged message, it is then a random one
    /// (implicit rejection). OAEP and AES key wrap prove themselves.
    pub(crate) is_certain: bool,
    /// Whether no other recipient could be this key's.
    pub(crate) is_only: bool,
}

/// Gets the content key: the first that `try_key` takes.
///
/// Only the key's owner runs this, on a mail of their own: trying several recipients
/// tells nobody anything. A gateway never does it.
pub(crate) fn content_key(
    enveloped: &Enveloped,
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
    policy: &OpenPolicy,
    try_key: impl Fn(&ContentKey, Found) -> Result<(), DecryptFault>,
) -> Result<ContentKey, DecryptFault> {
    let mut fault = DecryptFault::NotARecipient;
    let candidates = candidates(enveloped, key, certificate)?;
    let is_only = candidates.len() == 1;
    for (recipient, id) in candidates.into_iter().take(policy.max_key_uses) {
        let is_certain = recipient.kind() != RecipientKind::KeyTransPkcs1;
        let tried = unwrap(enveloped, recipient, &id, key, policy).and_then(|content_key| {
            try_key(&content_key, Found { is_certain, is_only }).map(|()| content_key)
        });
        match tried {
            Ok(content_key) => return Ok(content_key),
            Err(found) => fault = worse(fault, found),
        }
        if fault == DecryptFault::KeyUnavailable {
            break;
        }
    }
    Err(fault)
}

/// Which of two faults of different recipients is told: once a key was used, that it
/// failed and nothing else.
fn worse(before: DecryptFault, found: DecryptFault) -> DecryptFault {
    match (before, found) {
        (_, DecryptFault::KeyUnavailable) => found,
        (DecryptFault::Failed, _) => before,
        _ => found,
    }
}

fn unwrap(
    enveloped: &Enveloped,
    recipient: &RecipientInfo,
    id: &RecipientId,
    key: &dyn DecryptionKey,
    policy: &OpenPolicy,
) -> Result<ContentKey, DecryptFault> {
    let policy = UnwrapPolicy { allow_pkcs1: policy.allow_pkcs1 };
    recipient.unwrap(id, key, &policy, enveloped.cipher().key_len()).map_err(|fault| match fault {
        CmsError::Decryption => DecryptFault::Failed,
        CmsError::KeyUnavailable => DecryptFault::KeyUnavailable,
        CmsError::KeyMismatch => DecryptFault::KeyMismatch,
        CmsError::NotNamed | CmsError::KeyKind => DecryptFault::NotARecipient,
        other => DecryptFault::Object(other),
    })
}

/// The CMS object that is the mail, or that all of it signs.
fn encrypted_object(mail: &Entity<'_>) -> Result<Vec<u8>, DecryptFault> {
    let holder = match mail.children() {
        [content, _] if mail.content_type().is("multipart", "signed") => content,
        _ => mail,
    };
    if !is_pkcs7_mime(holder) {
        return Err(DecryptFault::NotEncrypted);
    }
    let object = holder.decoded_body().map_err(DecryptFault::Mail)?;
    if ObjectKind::of(&object) == ObjectKind::Signed { opaquely_signed(object) } else { Ok(object) }
}

/// The encrypted object that all of an opaque signature is over.
fn opaquely_signed(object: Vec<u8>) -> Result<Vec<u8>, DecryptFault> {
    let signed = SignedData::parse_vec(object, &Limits::default()).map_err(DecryptFault::Object)?;
    let content = canonical::into_crlf(signed.into_content().unwrap_or_default());
    let entity = ssmax_mail::parse(&content, &ssmax_mail::Limits::default())
        .map_err(|_| DecryptFault::NotEncrypted)?;
    if !is_encrypted(&entity) {
        return Err(DecryptFault::NotEncrypted);
    }
    entity.decoded_body().map_err(DecryptFault::Mail)
}

/// The content key of an object whose check value (`kcv`) somebody has signed: a wrong
/// one, whatever it came from, does not have it.
///
/// # Errors
/// As [`decrypt`].
pub fn listed_key(
    enveloped: &Enveloped,
    listed: &[u8; 32],
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
    policy: &OpenPolicy,
) -> Result<ContentKey, DecryptFault> {
    let tail = enveloped.tail();
    content_key(enveloped, key, certificate, policy, |content_key, _| {
        if kcv(content_key, &tail) == *listed { Ok(()) } else { Err(DecryptFault::Failed) }
    })
}

/// Whether an entity is, by its type, a CMS object.
pub(crate) fn is_pkcs7_mime(entity: &Entity<'_>) -> bool {
    let essence = entity.content_type().essence();
    essence == "application/pkcs7-mime" || essence == "application/x-pkcs7-mime"
}

type Candidate<'e> = (&'e RecipientInfo, RecipientId);

/// Whom to open the mail as: the certificate's recipient, or the key's by its
/// identifier, or each that a key of this kind could belong to.
fn candidates<'e>(
    enveloped: &'e Enveloped,
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
) -> Result<Vec<Candidate<'e>>, DecryptFault> {
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
    Ok(all().filter(|(info, _)| fits(info.kind(), key)).collect())
}

/// Whether a key of this kind can open such a recipient. One that is refused whoever
/// opens it fits nobody.
fn fits(kind: RecipientKind, key: &dyn DecryptionKey) -> bool {
    match kind {
        RecipientKind::KeyTransPkcs1 | RecipientKind::KeyTransOaep(_) => key.algorithm().is_rsa(),
        RecipientKind::KeyAgree { curve, .. } => Curve::of(key.algorithm()) == Some(curve),
        _ => false,
    }
}

/// Whether octets can be a MIME entity, or text without a header as some programs
/// encrypt it. The wrong RSA key gives a random content key (implicit rejection), and one
/// random key in 256 gives a padding that looks right.
pub(crate) fn may_be_entity(content: &[u8]) -> bool {
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

/// RFC 5322 3.6.8: printable characters and a colon; then no control characters up to the
/// end of the line.
fn begins_with_field_name(octets: &[u8]) -> bool {
    let name = octets.iter().take_while(|octet| octet.is_ascii_graphic() && **octet != b':');
    let length = name.count();
    let Some((b':', body)) = octets.get(length..).and_then(<[u8]>::split_first) else {
        return false;
    };
    let mut rest = body.iter().skip_while(|octet| **octet == b'\t' || !octet.is_ascii_control());
    let ends = match (rest.next(), rest.next()) {
        (Some(b'\r'), after) => after.is_none_or(|octet| *octet == b'\n'),
        (end, _) => end.is_none_or(|octet| *octet == b'\n'),
    };
    length > 0 && ends
}

/// Whether octets can be what somebody encrypts into a file without a mail around it: a
/// MIME entity, text, or another CMS object in BER.
pub(crate) fn may_be_file(content: &Probe) -> bool {
    may_be_entity(&content.beginning) || is_object(&content.beginning, content.content_bytes)
}

/// The beginning of a SEQUENCE that is all of `content_bytes`, or of indefinite length and
/// with an object identifier first.
fn is_object(beginning: &[u8], content_bytes: usize) -> bool {
    const SEQUENCE: u8 = 0x30;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    let Some((&SEQUENCE, [first, rest @ ..])) = beginning.split_first() else { return false };
    let octets = match first {
        0x80 => return rest.first() == Some(&OBJECT_IDENTIFIER),
        short @ ..0x80 => return usize::from(*short) + 2 == content_bytes,
        long => usize::from(long & 0x7f),
    };
    let Some(length) = rest.get(..octets).filter(|length| length.len() <= 8) else { return false };
    let length = length.iter().fold(0_u64, |length, octet| length << 8 | u64::from(*octet));
    let inside = content_bytes.checked_sub(2 + octets);
    inside.is_some_and(|inside| u64::try_from(inside) == Ok(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{
        ENTITY, Extra, FROM_ALICE, WORLD, clear_signed, encrypted, mail, opaque, signature,
    };
    use ssmax_mail::compose;
    use ssmax_primitives::SoftwareKey;
    use ssmax_token::{KeyAlgorithm, KeyPair, OaepHash, TokenError};
    use std::sync::atomic::{AtomicUsize, Ordering};

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

    /// Counts its uses.
    struct Counted<'a>(&'a SoftwareKey, AtomicUsize);

    impl KeyPair for Counted<'_> {
        fn algorithm(&self) -> KeyAlgorithm {
            self.0.algorithm()
        }
        fn spki(&self) -> &[u8] {
            self.0.spki()
        }
    }

    impl DecryptionKey for Counted<'_> {
        fn agree(&self, peer_point: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.agree(peer_point)
        }
        fn decrypt_oaep(&self, _: OaepHash, _: &[u8]) -> Result<Zeroizing<Vec<u8>>, TokenError> {
            Err(TokenError::WrongAlgorithm)
        }
        fn decrypt_pkcs1(&self, _: &[u8], _: usize) -> Result<Zeroizing<Vec<u8>>, TokenError> {
            Err(TokenError::WrongAlgorithm)
        }
    }

    /// Opens a mail in which Bob stands behind so many others; also how often the key was
    /// used.
    fn behind(others: usize, policy: &OpenPolicy) -> (Result<Vec<u8>, DecryptFault>, usize) {
        let mut to = vec![&WORLD.alice; others];
        to.push(&WORLD.bob_encryption);
        let message = mail(FROM_ALICE, &encrypted(ENTITY, &to));
        let key = Counted(&WORLD.bob_encryption.key, AtomicUsize::new(0));
        let found = decrypt_with(&message, &key, None, policy).map(|content| content.to_vec());
        (found, key.1.into_inner())
    }

    #[test]
    fn the_fourth_unnamed_recipient_is_tried_and_the_fifth_is_not() {
        let policy = OpenPolicy::default();
        assert_eq!(behind(3, &policy), (Ok(ENTITY.to_vec()), 4));
        assert_eq!(behind(4, &policy), (Err(DecryptFault::Failed), 4));
        assert_eq!(behind(100, &policy), (Err(DecryptFault::Failed), 4));
    }

    #[test]
    fn how_often_a_key_is_used_is_a_setting() {
        for max_key_uses in [1, 2, 6] {
            let policy = OpenPolicy { max_key_uses, ..OpenPolicy::default() };
            assert_eq!(behind(max_key_uses - 1, &policy), (Ok(ENTITY.to_vec()), max_key_uses));
            assert_eq!(behind(max_key_uses, &policy), (Err(DecryptFault::Failed), max_key_uses));
        }
    }

    #[test]
    fn a_recipient_with_the_certificates_name_is_found_wherever_it_stands() {
        let mut to = vec![&WORLD.alice; 20];
        to.push(&WORLD.bob_encryption);
        let message = mail(FROM_ALICE, &encrypted(ENTITY, &to));
        assert_eq!(opened(&message, Some(&WORLD.bob_encryption.certificate)).unwrap(), ENTITY);
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
        let before = to_bob();
        let entity = ssmax_mail::parse(&before, &ssmax_mail::Limits::default()).unwrap();
        let mut object = entity.decoded_body().unwrap();
        // The ciphertext ends the object. The last octet of the block before the last one
        // goes into the length of the padding, which is never 128 and more.
        let at = object.len() - 17;
        object[at] ^= 0x80;
        let part = ssmax_chain::hop_mail::pkcs7_part(
            ssmax_chain::hop_mail::SmimeType::Enveloped,
            "smime.p7m",
            &object,
        );
        assert_eq!(opened(&mail(FROM_ALICE, &part), None), Err(DecryptFault::Failed));
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
        for garbage in [
            &b"\x00\x01"[..],
            b"\x93\xfa\x96",
            b"ab\x07cd efg",
            b"\x80",
            b"a:\xfa\x01",
            b"a: \xfa\rb",
        ] {
            assert!(!may_be_entity(garbage), "{garbage:?}");
        }
    }

    #[test]
    fn a_file_may_hold_another_object_that_ends_where_it_says() {
        let may_be = |beginning: &[u8], content_bytes| {
            may_be_file(&Probe { beginning: Zeroizing::new(beginning.to_vec()), content_bytes })
        };
        assert!(may_be(b"Content-Type: text/plain\r\n\r\n\x93\xfa", 2_000));
        assert!(may_be(b"\x30\x80\x06\x09\x01", 2_000));
        assert!(!may_be(b"\x30\x80\x07\x09\x01", 2_000));
        for (beginning, content_bytes) in [
            (&b"\x30\x03\x01\x01\xff"[..], 5),
            (b"\x30\x81\xc8\x01", 203),
            (b"\x30\x82\x03\xe8\x01", 1_004),
            (b"\x30\x84\x00\x00\x03\xe8\x01", 1_006),
        ] {
            assert!(may_be(beginning, content_bytes), "{beginning:?}");
            for other in [content_bytes - 1, content_bytes + 1, 0] {
                assert!(!may_be(beginning, other), "{beginning:?}");
            }
        }
        let long = [&b"\x30\x89"[..], &[0; 9]].concat();
        for cut in [&b"\x30\x82"[..], b"\x30\x82\x01", b"\x30\xff\x01", &long] {
            assert!(!may_be(cut, 11), "{cut:?}");
        }
    }
}
