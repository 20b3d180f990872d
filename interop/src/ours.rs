//! Our library: what it makes, and whether what it reads is what was asked for.

use crate::case::{
    Case, Certificates, Digest, Encoding, Encrypted, Form, Kdf, Key, Named, Signed, Signer,
    Transport, Ukm, Way, Wrap,
};
use crate::people::{People, Person};
use ssmax_cms::enveloped::{
    AgreementKdf, Curve, Enveloped, KeyWrap, RecipientId, RecipientKind, RsaTransport,
    UnwrapPolicy, WrapChoice, encrypt, recipient_info_with,
};
use ssmax_cms::signed::{SignRequest, SignedData, sign_over};
use ssmax_cms::{Limits, ber, compressed};
use ssmax_primitives::{ContentKey, DigestAlgorithm, SoftwareKey, SystemRandom};
use ssmax_token::{OaepHash, SignatureAlgorithm, SigningKey as _};
use std::fmt::Debug;

/// The user keying material of all messages that have one.
pub(crate) const UKM: [u8; 32] = *b"user keying material, 32 octets.";

/// What a fault of ours is called: its own name.
fn named(fault: impl Debug) -> String {
    format!("{fault:?}")
}

/// A fact that the message does not have; what else it is.
fn check<T: Debug + PartialEq>(what: &str, found: T, wanted: T) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what} is {found:?}, and not {wanted:?}"))
}

/// The message that this case asks for.
///
/// # Errors
/// The fault, or that we cannot make it.
pub(crate) fn make(people: &People, case: &Case) -> Result<Vec<u8>, String> {
    match case {
        Case::Signed(signed) => make_signed(people, signed),
        Case::Encrypted(encrypted) => make_encrypted(people, encrypted),
        Case::Compressed { .. } => Err("we never compress".to_owned()),
    }
}

fn make_signed(people: &People, signed: &Signed) -> Result<Vec<u8>, String> {
    let signer = people.of(signed.signer.key());
    let content = signed.size.content();
    let pkcs8 = signer.key()?.to_pkcs8();
    let key = SoftwareKey::from_pkcs8(&pkcs8).map_err(named)?;
    let key = key.with_signature_algorithm(signature_algorithm(signed)).map_err(named)?;
    let certificates: &[_] = match signed.certificates {
        Certificates::Along => std::slice::from_ref(&signer.certificate),
        Certificates::Known => &[],
    };
    let request = SignRequest {
        content_digest: [0; 32],
        content: (signed.form == Form::Opaque).then_some(content.as_slice()),
        signing_time: None,
        extra_signed: Vec::new(),
        unsigned: Vec::new(),
        certificates,
        signer: &signer.certificate,
    };
    check("the algorithm", key.signature_algorithm(), signature_algorithm(signed))?;
    sign_over(&request, &content, &key).map_err(named)
}

fn make_encrypted(people: &People, encrypted: &Encrypted) -> Result<Vec<u8>, String> {
    let cipher = encrypted.cipher.content_cipher();
    let key = ContentKey::random(&SystemRandom, cipher.key_len());
    let content = encrypted.size.content();
    let sealed = encrypt(&content, cipher, &key, &SystemRandom).map_err(named)?;
    let info = |reader: Key| recipient(people.of(reader), encrypted, &key);
    let infos = encrypted.keys().into_iter().map(info).collect::<Result<Vec<_>, _>>()?;
    Ok(sealed.with_recipients(&infos))
}

/// The `RecipientInfo` for one of the recipients.
fn recipient(person: &Person, encrypted: &Encrypted, key: &ContentKey) -> Result<Vec<u8>, String> {
    let mut choice = WrapChoice::new(RsaTransport::Pkcs1);
    choice.by_key_id = encrypted.named == Named::KeyId;
    let mut ukm = None;
    match encrypted.way {
        Way::Transport(transport) => {
            choice.transport = match transport {
                Transport::Pkcs1 => RsaTransport::Pkcs1,
                Transport::OaepSha1 => RsaTransport::OaepSha1,
                Transport::OaepSha256 => RsaTransport::OaepSha256,
                Transport::OaepSha384 => RsaTransport::OaepSha384,
                Transport::OaepSha512 => RsaTransport::OaepSha512,
            };
        }
        Way::Agreement { kdf, wrap, ukm: material } => {
            choice.kdf = Some(agreement_kdf(kdf));
            choice.wrap = Some(key_wrap(wrap));
            ukm = (material == Ukm::Present).then_some(&UKM[..]);
        }
    }
    recipient_info_with(&person.certificate, key, ukm, &choice).map_err(named)
}

/// Reads a message, demands that it is what the case asked for, and gives the content.
///
/// # Errors
/// The fault, or the difference.
pub(crate) fn read(people: &People, case: &Case, message: &[u8]) -> Result<Vec<u8>, String> {
    match case {
        Case::Signed(signed) => read_signed(people, signed, message),
        Case::Encrypted(encrypted) => {
            check_encoding(encrypted.encoding, message)?;
            let (enveloped, key) = opened(people, encrypted, message)?;
            Ok(enveloped.decrypt(&key).map_err(named)?.to_vec())
        }
        Case::Compressed { encoding, .. } => {
            check_encoding(*encoding, message)?;
            compressed::decompress(message, &Limits::default()).map_err(named)
        }
    }
}

/// Whether the structure has lengths in front. What is DER otherwise may differ in small
/// things, such as the order of a set.
fn check_encoding(encoding: Encoding, message: &[u8]) -> Result<(), String> {
    let _ = ber::to_der(message, &Limits::default()).map_err(named)?;
    let found = if message.get(1) == Some(&0x80) { Encoding::Ber } else { Encoding::Der };
    check("the encoding", found, encoding)
}

fn read_signed(people: &People, signed: &Signed, message: &[u8]) -> Result<Vec<u8>, String> {
    check_encoding(signed.encoding, message)?;
    let person = people.of(signed.signer.key());
    let content = signed.size.content();
    let found = SignedData::parse(message, &Limits::default()).map_err(named)?;
    let form = if found.content().is_some() { Form::Opaque } else { Form::Detached };
    check("the content", form, signed.form)?;
    let is_along = found.certificates().contains(&person.certificate);
    check("a certificate", is_along, signed.certificates == Certificates::Along)?;
    let [signer] = found.signers() else { return Err("not one signer".to_owned()) };
    check("the algorithm", signer.signature_algorithm(), Ok(signature_algorithm(signed)))?;
    check("the digest", signer.digest_algorithm(), Ok(signing_digest(signed)))?;
    check_name(signer.identifier(), signed.named, person)?;
    let read = found.content().map_or(content, <[u8]>::to_vec);
    signer.verify(&person.certificate, &read).map_err(named)?;
    if signer.verify(&person.certificate, &[&read[..], b"!"].concat()).is_ok() {
        return Err("another content is as good".to_owned());
    }
    Ok(read)
}

fn check_name(id: &RecipientId, named: Named, person: &Person) -> Result<(), String> {
    let found = match id {
        RecipientId::KeyId(_) => Named::KeyId,
        _ => Named::IssuerSerial,
    };
    check("the name", found, named)?;
    check("the person", id.names(&person.certificate), true)
}

/// The message, and its content key got by the reader.
fn opened(
    people: &People,
    encrypted: &Encrypted,
    message: &[u8],
) -> Result<(Enveloped, ContentKey), String> {
    let reader = people.of(encrypted.key);
    let enveloped = Enveloped::parse(message, &Limits::default()).map_err(named)?;
    check("the cipher", enveloped.cipher(), encrypted.cipher.content_cipher())?;
    check("an attribute", has_attribute(message), encrypted.cipher.has_attributes())?;
    let identifiers = enveloped.recipients().iter().map(|info| info.identifiers().len());
    check("the number of recipients", identifiers.sum::<usize>(), encrypted.keys().len())?;
    let mut infos = enveloped.recipients().iter();
    let info = infos.find(|info| info.names(&reader.certificate)).ok_or("nobody is named")?;
    let ids = info.identifiers().iter();
    for id in ids.filter(|id| id.names(&reader.certificate)) {
        check_name(id, encrypted.named, reader)?;
    }
    check("the way", info.kind(), recipient_kind(encrypted))?;
    let has_ukm = matches!(encrypted.way, Way::Agreement { ukm: Ukm::Present, .. });
    check("the user keying material", info.ukm(), has_ukm.then_some(&UKM[..]))?;
    let policy = UnwrapPolicy { allow_pkcs1: true };
    let key_len = enveloped.cipher().key_len();
    let key = info.unwrap(&reader.certificate, reader.key()?, &policy, key_len).map_err(named)?;
    Ok((enveloped, key))
}

/// Whether there is an attribute contentType with the value id-data, as the makers of
/// authenticated attributes are told.
fn has_attribute(message: &[u8]) -> bool {
    let wanted = b"\x30\x18\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03\
        \x31\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let der = ber::to_der(message, &Limits::default()).unwrap_or_default();
    // Behind the ciphertext, and before the tag.
    let end = der.get(der.len().saturating_sub(100)..).unwrap_or_default();
    end.windows(wanted.len()).any(|octets| octets == wanted)
}

/// A message for others: the reader of `from` gives its content key to the recipients
/// of `to`. The ciphertext stays as it is.
///
/// # Errors
/// The fault, or the difference between the message and `from`.
pub(crate) fn rewrap(
    people: &People,
    message: &[u8],
    from: &Encrypted,
    to: &Encrypted,
) -> Result<Vec<u8>, String> {
    check_encoding(from.encoding, message)?;
    let (enveloped, key) = opened(people, from, message)?;
    let info = |reader: Key| recipient(people.of(reader), to, &key);
    let infos = to.keys().into_iter().map(info).collect::<Result<Vec<_>, _>>()?;
    let again = enveloped.with_recipients(&infos);
    let tail = Enveloped::parse(&again, &Limits::default()).map_err(named)?.tail();
    check("the tail", tail, enveloped.tail())?;
    Ok(again)
}

fn recipient_kind(encrypted: &Encrypted) -> RecipientKind {
    match encrypted.way {
        Way::Transport(Transport::Pkcs1) => RecipientKind::KeyTransPkcs1,
        Way::Transport(Transport::OaepSha1) => RecipientKind::KeyTransOaep(OaepHash::Sha1),
        Way::Transport(Transport::OaepSha256) => RecipientKind::KeyTransOaep(OaepHash::Sha256),
        Way::Transport(Transport::OaepSha384) => RecipientKind::KeyTransOaep(OaepHash::Sha384),
        Way::Transport(Transport::OaepSha512) => RecipientKind::KeyTransOaep(OaepHash::Sha512),
        Way::Agreement { kdf, wrap, .. } => RecipientKind::KeyAgree {
            curve: match encrypted.key {
                Key::P384 => Curve::P384,
                Key::P521 => Curve::P521,
                Key::X25519 => Curve::X25519,
                _ => Curve::P256,
            },
            kdf: agreement_kdf(kdf),
            wrap: key_wrap(wrap),
        },
    }
}

fn agreement_kdf(kdf: Kdf) -> AgreementKdf {
    match kdf {
        Kdf::Sha1 => AgreementKdf::X963(DigestAlgorithm::Sha1),
        Kdf::Sha256 => AgreementKdf::X963(DigestAlgorithm::Sha256),
        Kdf::Sha384 => AgreementKdf::X963(DigestAlgorithm::Sha384),
        Kdf::Sha512 => AgreementKdf::X963(DigestAlgorithm::Sha512),
        Kdf::HkdfSha256 => AgreementKdf::Hkdf(DigestAlgorithm::Sha256),
        Kdf::HkdfSha384 => AgreementKdf::Hkdf(DigestAlgorithm::Sha384),
        Kdf::HkdfSha512 => AgreementKdf::Hkdf(DigestAlgorithm::Sha512),
    }
}

fn key_wrap(wrap: Wrap) -> KeyWrap {
    match wrap {
        Wrap::Aes128 => KeyWrap::Aes128,
        Wrap::Aes192 => KeyWrap::Aes192,
        Wrap::Aes256 => KeyWrap::Aes256,
    }
}

fn signing_digest(signed: &Signed) -> DigestAlgorithm {
    match signed.digest {
        Digest::Sha256 => DigestAlgorithm::Sha256,
        Digest::Sha384 => DigestAlgorithm::Sha384,
        Digest::Sha512 => DigestAlgorithm::Sha512,
    }
}

fn signature_algorithm(signed: &Signed) -> SignatureAlgorithm {
    use SignatureAlgorithm as A;
    let [pkcs1, pss, ecdsa] = match signed.digest {
        Digest::Sha256 => [A::RsaPkcs1Sha256, A::RsaPssSha256, A::EcdsaSha256],
        Digest::Sha384 => [A::RsaPkcs1Sha384, A::RsaPssSha384, A::EcdsaSha384],
        Digest::Sha512 => [A::RsaPkcs1Sha512, A::RsaPssSha512, A::EcdsaSha512],
    };
    match signed.signer {
        Signer::Rsa2048 | Signer::Rsa3072 => pkcs1,
        Signer::Rsa2048Pss | Signer::Rsa3072Pss => pss,
        Signer::P256 | Signer::P384 | Signer::P521 => ecdsa,
        Signer::Ed25519 => A::Ed25519,
    }
}
